/**
 * Judges whether the clients behave as the plan expects: the sandbox itself says so, nobody has to trust a client's own
 * account. A retry is the same method at the same path by the same app in the same tenant; at the token endpoint that is
 * any token request of the app.
 */
import type { SandboxResponse } from '../http';
import { isJsonObject } from '../jwt';
import { counterKey, parseObject, type Asked } from './asked';
import type { Expectation } from './plan';

const MAX_KEPT = 100;

export interface Impoliteness {
  readonly what: 'retry-before-retry-after' | 'too-many-requests';
  readonly method: string;
  readonly path: string;
  readonly app: string;
  readonly tenant: string;
  /** Milliseconds by which the retry came too early; null for the other kind. */
  readonly earlyByMs: number | null;
}

export interface Verdict {
  readonly verdict: 'met' | 'broken';
  readonly requests: number;
  readonly violations: readonly Impoliteness[];
}

export class Politeness {
  readonly #waitUntil = new Map<string, number>();
  readonly #violations: Impoliteness[] = [];
  #requests = 0;

  constructor(readonly expected: Expectation) {}

  /** A request has arrived. */
  ask(asked: Asked, nowMs: number): void {
    this.#requests += 1;
    if (this.#requests === (this.expected.maxRequests ?? Number.POSITIVE_INFINITY) + 1) this.#note('too-many-requests', asked, null);
    if (this.expected.noRetryBefore === undefined) return;
    const until = this.#waitUntil.get(counterKey('request', asked)) ?? 0;
    if (nowMs < until) this.#note('retry-before-retry-after', asked, until - nowMs);
  }

  /** It was answered. */
  answered(asked: Asked, response: Pick<SandboxResponse, 'status' | 'headers' | 'body'>, nowMs: number): void {
    const waits = [...readWaits(response.status, response.headers, nowMs), ...readItemWaits(asked, response, nowMs)];
    if (waits.length > 0) this.#waitUntil.set(counterKey('request', asked), nowMs + Math.max(...waits) * 1000);
  }

  verdict(): Verdict {
    return { verdict: this.#violations.length === 0 ? 'met' : 'broken', requests: this.#requests, violations: [...this.#violations] };
  }

  #note(what: Impoliteness['what'], { method, path, app, tenant }: Asked, earlyByMs: number | null): void {
    if (this.#violations.length < MAX_KEPT) this.#violations.push({ what, method, path, app, tenant, earlyByMs });
  }
}

/** Seconds from now; empty when the answer does not ask to wait. RFC 9110 section 10.2.3: a number or a date. */
function readWaits(status: number, headers: Readonly<Record<string, unknown>>, nowMs: number): number[] {
  const [, asked] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after') ?? [];
  if ((status !== 429 && status !== 503) || typeof asked !== 'string') return [];
  if (/^\d+(?:\.\d+)?$/.test(asked)) return [Number(asked)];
  const at = Date.parse(asked);
  return Number.isNaN(at) ? [] : [Math.max(0, at - nowMs) / 1000];
}

function readItemWaits({ path, method }: Asked, { body, status }: Pick<SandboxResponse, 'body' | 'status'>, nowMs: number): number[] {
  if (status !== 200 || method !== 'POST' || !path.toLowerCase().endsWith('/$batch') || typeof body !== 'string') return [];
  const answer = parseObject(Buffer.from(body));
  const items: readonly unknown[] = Array.isArray(answer?.responses) ? answer.responses : [];
  return items.flatMap((item) => (isJsonObject(item) && typeof item.status === 'number' && isJsonObject(item.headers) ? readWaits(item.status, item.headers, nowMs) : []));
}
