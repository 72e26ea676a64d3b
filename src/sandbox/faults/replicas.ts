/**
 * Which copy of the directory answers, and how far behind it is. A replica's lag is drawn once and stays, so that no
 * replica ever forgets what it has shown; which replica answers is drawn per request, or once per connection.
 */
import type { ReplicationScope } from '../model';
import { counterKey, type Asked } from './asked';
import { Counters, draw, pickMs } from './draws';
import type { FaultPlan, ReplicationRule } from './plan';

export class Replicas {
  readonly #bySocket = new Map<string, number>();
  readonly #counters = new Counters();
  readonly #rules: ReadonlyMap<ReplicationScope, ReplicationRule>;

  constructor(readonly plan: Pick<FaultPlan, 'seed' | 'replication'>) {
    this.#rules = new Map(plan.replication.map((rule) => [rule.scope, rule]));
  }

  has(scope: ReplicationScope): boolean {
    return this.#rules.has(scope);
  }

  /** The replica of this kind of read that answers the request; undefined when the plan says nothing about it. */
  choose(scope: ReplicationScope, asked: Asked, socketId: number): number | undefined {
    const rule = this.#rules.get(scope);
    if (rule === undefined) return undefined;
    if (rule.sticky === 'none') return this.#pick(rule, 'read', counterKey('request', asked));
    // Sockets are numbered as they come; what counts is the how-manieth socket this app has in this tenant.
    const socket = `${scope} ${socketId}`;
    const known = this.#bySocket.get(socket);
    const chosen = known ?? this.#pick(rule, 'connection', counterKey('app+tenant', asked));
    this.#bySocket.set(socket, chosen);
    return chosen;
  }

  lagMs(scope: ReplicationScope, replica: number): number {
    const rule = this.#rules.get(scope);
    return rule === undefined ? 0 : pickMs(rule.lagMs, draw(this.plan.seed, `lag ${scope}`, String(replica), 1));
  }

  #pick({ scope, replicas }: ReplicationRule, what: string, key: string): number {
    return Math.floor(draw(this.plan.seed, `replica ${scope}`, `${what} ${key}`, this.#counters.next(scope, key)) * replicas);
  }
}
