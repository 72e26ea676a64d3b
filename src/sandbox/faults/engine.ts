/**
 * A fault plan at work around the sandbox's answers. It decides by the plan (or by a recorded trace), lets the request see
 * the directory through the replicas it fell to, spoils the answer, writes the trace and judges the client's manners.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SandboxRequest, SandboxResponse } from '../http';
import type { ReplicationScope } from '../model';
import type { ControlledWorld } from '../world';
import { answerInstead, spoil } from './answers';
import { counterKey, readAsked, type Asked } from './asked';
import { readItems, withItems, withoutItems } from './batch-items';
import { addUp, Decider, type Trouble } from './decide';
import { Counters } from './draws';
import type { KeyRotation } from './key-rotation';
import type { FaultPlan, FaultRule } from './plan';
import { Politeness, type Verdict } from './politeness';
import { Replicas } from './replicas';
import type { Recorded, Replay, TraceRow } from './trace';

export interface EngineOptions {
  readonly plan: FaultPlan;
  readonly world: ControlledWorld;
  readonly keys: KeyRotation;
  /** Delays and slow bodies take real time; otherwise the sandbox's clock moves and nobody waits. */
  readonly realTime: boolean;
  readonly onRow: (row: TraceRow) => void;
  /** Decides in the plan's place. */
  readonly replay?: Replay | undefined;
}

export interface FaultReport {
  readonly plan: FaultPlan;
  /** How often each rule acted, by id. */
  readonly fired: Readonly<Record<string, number>>;
  readonly expect: Verdict;
  /** Requests of a replay that the trace does not know. */
  readonly unrecorded: number;
}

interface Decision {
  readonly fired: readonly FaultRule[];
  readonly items: ReadonlyMap<string, readonly FaultRule[]>;
  readonly recorded: Recorded | undefined;
}

export class FaultEngine {
  readonly #decider: Decider;
  readonly #replicas: Replicas;
  readonly #manners: Politeness;
  readonly #requests = new Counters();
  readonly #fired = new Map<string, number>();
  readonly #beganAt: number;
  #unrecorded = 0;

  constructor(readonly options: EngineOptions) {
    this.#decider = new Decider(options.plan);
    this.#replicas = new Replicas(options.plan);
    this.#manners = new Politeness(options.plan.expect);
    this.#beganAt = options.world.now();
  }

  report(): FaultReport {
    return { plan: this.options.plan, fired: Object.fromEntries(this.#fired), expect: this.#manners.verdict(), unrecorded: this.#unrecorded };
  }

  async around(request: SandboxRequest, answer: (request: SandboxRequest) => Promise<SandboxResponse>): Promise<SandboxResponse> {
    const { world, onRow } = this.options;
    const asked = readAsked(request);
    const count = this.#requests.next(counterKey('request', asked));
    const atMs = world.now() - this.#beganAt;
    this.#manners.ask(asked, world.now());
    const items = readItems(request, asked);
    const decision = this.#decide(asked, count, items, atMs);
    for (const rule of [...decision.fired, ...[...decision.items.values()].flat()]) this.#fired.set(rule.id, (this.#fired.get(rule.id) ?? 0) + 1);
    const trouble = addUp(decision.fired);
    await this.#prepare(trouble);
    const replicas: Partial<Record<ReplicationScope, number>> = {};
    const response = await this.#respond({ request, asked, trouble, decision, items, replicas }, answer);
    this.#manners.answered(asked, response, world.now());
    onRow({ atMs, ...asked, ...rowOf(decision), count, replicas, status: response.status });
    return response;
  }

  #decide(asked: Asked, count: number, items: ReturnType<typeof readItems>, atMs: number): Decision {
    const { replay, plan } = this.options;
    const recorded = replay?.find(asked, count);
    if (replay === undefined) {
      const fired = this.#decider.decide(asked, atMs);
      return { fired, recorded, items: new Map(items.map(({ id, asked: item }) => [id, this.#decider.decide(item, atMs)])) };
    }
    if (recorded === undefined) this.#unrecorded += 1;
    const named = (ids: readonly string[] | undefined) => plan.rules.filter(({ id }) => ids?.includes(id) === true);
    return { fired: named(recorded?.fired), recorded, items: new Map(Object.entries(recorded?.items ?? {}).map(([id, ids]) => [id, named(ids)])) };
  }

  async #prepare({ delayMs, rotateKeys }: Trouble): Promise<void> {
    const { world, keys, realTime } = this.options;
    if (rotateKeys !== undefined) keys.rotate(rotateKeys);
    if (delayMs === 0) return;
    if (realTime) await pause(delayMs);
    else world.advance(delayMs / 1000);
  }

  async #respond(met: Met, answer: (request: SandboxRequest) => Promise<SandboxResponse>): Promise<SandboxResponse> {
    const { world, realTime } = this.options;
    const { answer: rule, deliver, clockSkewMs } = met.trouble;
    const instead = rule?.do.status === undefined ? undefined : answerInstead(rule, met.request, world.now() + clockSkewMs);
    const isDone = rule === undefined || rule.do.apply || (instead === undefined && rule.do.transport !== 'reset-before-headers');
    const done = isDone ? await this.#carryOut(met, answer) : undefined;
    const honest = instead ?? done ?? EMPTY;
    const response = rule === undefined ? honest : spoil(honest, rule, { paused: realTime, nowMs: world.now() + clockSkewMs });
    const dated = clockSkewMs === 0 ? {} : { date: new Date(world.now() + clockSkewMs).toUTCString() };
    const delivered = deliver === undefined ? {} : { [DELIVER_HEADER]: deliver };
    return { ...response, headers: { ...response.headers, ...dated, ...delivered }, trace: done?.trace ?? traceOf(met.asked) };
  }

  async #carryOut({ request, asked, trouble, decision, items, replicas }: Met, answer: (request: SandboxRequest) => Promise<SandboxResponse>): Promise<SandboxResponse> {
    const { world } = this.options;
    const answered = new Map([...decision.items].flatMap(([id, rules]) => rules.filter((rule) => rule.do.status !== undefined).slice(0, 1).map((rule) => [id, rule] as const)));
    const lagMs = (scope: ReplicationScope) => this.#lagMs(scope, { request, asked, decision, replicas }) + trouble.staleMs;
    // Nobody writes with a wrong clock: the directory's history has one order.
    const skewMs = request.method === 'GET' || request.path.endsWith('/token') ? trouble.clockSkewMs : 0;
    const run = (given: SandboxRequest) => world.through({ lagMs, skewMs, isPresent: (scope) => this.#replicas.has(scope) || trouble.staleMs > 0 }, () => answer(given));
    if (answered.size === 0) return run(request);
    const left = withoutItems(request, items, answered);
    const response = left === undefined ? { status: 200, headers: JSON_HEADERS, body: '{"responses":[]}' } : await run(left);
    return withItems(response, request, answered, world.now());
  }

  #lagMs(scope: ReplicationScope, { request, asked, decision, replicas }: Pick<Met, 'request' | 'asked' | 'decision' | 'replicas'>): number {
    const chosen = replicas[scope] ?? decision.recorded?.replicas[scope] ?? this.#replicas.choose(scope, asked, request.socketId);
    if (chosen === undefined) return 0;
    replicas[scope] = chosen;
    return this.#replicas.lagMs(scope, chosen);
  }
}

interface Met {
  readonly request: SandboxRequest;
  readonly asked: Asked;
  readonly trouble: Trouble;
  readonly decision: Decision;
  readonly items: ReturnType<typeof readItems>;
  readonly replicas: Partial<Record<ReplicationScope, number>>;
}

/** Tells the played browser how often to bring the answer back; real ones ignore it. */
export const DELIVER_HEADER = 'x-sandbox-deliver';

function traceOf({ app, tenant }: Asked): NonNullable<SandboxResponse['trace']> {
  return { ...(app === '' ? {} : { appId: app }), ...(tenant === '' ? {} : { tenantId: tenant }) };
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const EMPTY: SandboxResponse = { status: 200, headers: {}, body: '' };

function rowOf({ fired, items }: Decision): Pick<TraceRow, 'fired' | 'items'> {
  const ids = (rules: readonly FaultRule[]) => rules.map(({ id }) => id);
  const troubled = [...items].filter(([, rules]) => rules.length > 0).map(([id, rules]) => [id, ids(rules)] as const);
  return { fired: ids(fired), ...(troubled.length === 0 ? {} : { items: Object.fromEntries(troubled) }) };
}
