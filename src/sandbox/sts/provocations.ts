/**
 * Refusals asked for: numbers whose cause the sandbox has no model of (a second factor, Conditional Access, an outage) but
 * which clients have to live with. Each is bound to a tenant, an app, a person, and to a number of times. Numbers and
 * meanings follow "Microsoft Entra authentication and authorization error codes"; where each one shows (a page, the
 * callback, the token endpoint), its error word and its status are only known for some of them.
 */
import type { Refusal } from './refusal';
import data from './provocations.json';

/** At which step a number shows: on a page after the password, at the consent, at the token endpoint. */
export type ProvokedAt = 'sign-in' | 'consent' | 'token';

export interface Provocation {
  readonly code: number;
  /** GUID; absent: every tenant. */
  readonly tenantId?: string | undefined;
  readonly appId?: string | undefined;
  /** The name the person signs in with. */
  readonly person?: string | undefined;
  /** For a number that shows at more than one step; absent: where it is listed first. */
  readonly at?: ProvokedAt | undefined;
  /** How often, until things are as before; absent: until they are cleared. */
  readonly times?: number | undefined;
}

export interface Scene {
  readonly tenantId: string | undefined;
  readonly appId: string | undefined;
  readonly person?: string | undefined;
}

const RULES = { 'sign-in': 'PROVOKED-SIGNIN', consent: 'PROVOKED-CONSENT', token: 'PROVOKED-TOKEN' } as const;
const STATUSES = [400, 401, 429, 503] as const;

export const PROVOKABLE_CODES: readonly number[] = [...new Set(data.map(({ code }) => code))];

/** Every step a number shows at, the usual one first. */
export function provokedAt(code: number): readonly ProvokedAt[] {
  return data.flatMap((row) => (row.code === code && isStep(row.at) ? [row.at] : []));
}

function isStep(at: string): at is ProvokedAt {
  return Object.hasOwn(RULES, at);
}

/** The refusals in force. */
export class Provocations {
  #inForce: readonly (Provocation & { readonly left: number })[] = [];

  /** Raises RangeError for a number nobody can provoke, or not there. */
  add(provocation: Provocation): void {
    const steps = provokedAt(provocation.code);
    if (steps.length === 0) throw new RangeError(`AADSTS${provocation.code} cannot be provoked this way; docs/sandbox.md says how.`);
    if (provocation.at !== undefined && !steps.includes(provocation.at)) throw new RangeError(`AADSTS${provocation.code} shows at: ${steps.join(', ')}.`);
    const { times = Number.POSITIVE_INFINITY } = provocation;
    if (!(times >= 1)) throw new RangeError('times is 1 or more.');
    this.#inForce = [...this.#inForce, { ...provocation, left: times }];
  }

  clear(): void {
    this.#inForce = [];
  }

  list(): readonly Provocation[] {
    return this.#inForce.map(({ left, ...provocation }) => ({ ...provocation, ...(Number.isFinite(left) ? { times: left } : {}) }));
  }

  /** The refusal due here, spent by being taken. */
  take(at: ProvokedAt, scene: Scene): Refusal | undefined {
    const due = this.#inForce.find((candidate) => (candidate.at ?? provokedAt(candidate.code)[0]) === at && isAbout(candidate, scene));
    if (due === undefined) return undefined;
    this.#inForce = this.#inForce.flatMap((candidate) => (candidate !== due ? [candidate] : due.left > 1 ? [{ ...due, left: due.left - 1 }] : []));
    return refusalOf(due.code, at);
  }
}

function isAbout(provocation: Provocation, scene: Scene): boolean {
  const isSame = (wanted: string | undefined, given: string | undefined) => wanted === undefined || wanted.toLowerCase() === given?.toLowerCase();
  return isSame(provocation.tenantId, scene.tenantId) && isSame(provocation.appId, scene.appId) && isSame(provocation.person, scene.person);
}

function refusalOf(code: number, at: ProvokedAt): Refusal {
  const row = data.find((candidate) => candidate.code === code && candidate.at === at);
  const status = STATUSES.find((known) => known === row?.status) ?? 400;
  return { rule: RULES[at], code, error: row?.error ?? 'server_error', status, message: row?.says ?? '' };
}
