/**
 * Which rules act on a request. Every matching rule counts it; what acts first with an answer or a broken line of its own
 * wins, and what only changes circumstances (delay, stale reads, clock, keys) adds up.
 */
import { counterKey, isMatch, isOperation, type Asked } from './asked';
import { Counters, draw } from './draws';
import type { Action, FaultPlan, FaultRule } from './plan';

export class Decider {
  readonly #counters = new Counters();
  /** When each rule's operation was last seen, in milliseconds since the plan began. */
  readonly #seenAt = new Map<string, number>();

  constructor(readonly plan: Pick<FaultPlan, 'seed' | 'rules'>) {}

  /** `atMs` since the plan began. */
  decide(asked: Asked, atMs: number): FaultRule[] {
    const fired = this.plan.rules.filter((rule) => isMatch(rule.match, asked) && this.#fires(rule, asked, atMs));
    for (const { id, when } of this.plan.rules) {
      if (when.withinMsOf !== undefined && isOperation(when.withinMsOf.op, asked)) this.#seenAt.set(id, atMs);
    }
    return fired;
  }

  #fires({ id, when }: FaultRule, asked: Asked, atMs: number): boolean {
    const key = counterKey(when.per, asked);
    const count = this.#counters.next(id, key);
    const seenAt = this.#seenAt.get(id) ?? Number.NEGATIVE_INFINITY;
    if (when.nth !== undefined && !when.nth.includes(count)) return false;
    if (when.window !== undefined && (atMs < when.window[0] || atMs >= when.window[1])) return false;
    if (when.withinMsOf !== undefined && atMs - seenAt > when.withinMsOf.ms) return false;
    return when.probability === undefined || draw(this.plan.seed, id, key, count) < when.probability;
  }
}

/** What all of them together do. Pure. */
export interface Trouble {
  /** The rule that answers, or breaks the line. */
  readonly answer: FaultRule | undefined;
  readonly delayMs: number;
  readonly staleMs: number;
  readonly clockSkewMs: number;
  readonly rotateKeys: Action['rotateKeys'];
  readonly deliver: Action['deliver'];
}

export function addUp(fired: readonly FaultRule[]): Trouble {
  const sum = (name: 'delayMs' | 'staleMs' | 'clockSkewMs') => fired.reduce((total, rule) => total + (rule.do[name] ?? 0), 0);
  return {
    answer: fired.find((rule) => rule.do.status !== undefined || rule.do.transport !== undefined || Object.keys(rule.do.headers).length > 0),
    delayMs: sum('delayMs'),
    staleMs: sum('staleMs'),
    clockSkewMs: sum('clockSkewMs'),
    rotateKeys: fired.find((rule) => rule.do.rotateKeys !== undefined)?.do.rotateKeys,
    deliver: fired.find((rule) => rule.do.deliver !== undefined)?.do.deliver,
  };
}
