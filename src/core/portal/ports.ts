/**
 * What the kit needs from the portal it lives in: an http client, some state, a clock, randomness, its own customer
 * accounts and its own log. Every type is structural; a StateStore of this package fits `PortalState` as it is.
 */
import type { AccessLevel } from '../impersonation/levels';
import type { Clock, StateStore } from '../ports';

export interface PortalHttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface PortalHttpResponse {
  readonly status: number;
  readonly body: string;
}

/** Over TLS with checks on, without following redirects, with a time-out. A rejection means no answer was had. */
export type PortalHttp = (request: PortalHttpRequest) => Promise<PortalHttpResponse>;

/**
 * Single use, pending confirmations and sessions. `claim` must be atomic over every process of the portal; a rejection
 * always refuses. Values are JSON without secrets; keys of sessions and confirmations are hashes.
 */
export type PortalState = Pick<StateStore, 'get' | 'set' | 'delete' | 'claim'>;

/** The portal's own knowledge about a customer account; what a grant says is compared with it. */
export interface PortalAccount {
  readonly name: string;
  /** The customer tenant this account backs up. */
  readonly tenantId: string;
  /** How to call the bound admin on pages; their object id when absent. */
  readonly adminName?: string | undefined;
}

/** Undefined when the portal has no such account. */
export type FindPortalAccount = (accountId: string, userObjectId: string) => Promise<PortalAccount | undefined>;

/** One line for the portal's log: the operator is the doer, the admin only the person acted as. */
export interface PortalLogEntry {
  readonly action: 'impersonation.entered' | 'impersonation.started' | 'impersonation.cancelled' | 'impersonation.ended';
  readonly at: number;
  readonly actor: { readonly issuer: string; readonly id: string };
  /** The admin acted as: `<tenant id>:<object id>`. */
  readonly subject: string;
  readonly accountId: string;
  readonly accessLevel: AccessLevel;
  readonly reason: string;
  /** Of the grant; the partner's audit knows it by the same id. */
  readonly jti: string;
}

/** Must be durable before it resolves: a rejection refuses entering and starting, never ending. */
export type PortalLog = (entry: PortalLogEntry) => Promise<void>;

interface Entry {
  readonly value: string;
  readonly version: string;
  readonly expiresAt: number;
}

/** State for a portal that is one process and may forget its sessions on a restart. */
export function createMemoryState(clock: Pick<Clock, 'now'>): PortalState {
  const entries = new Map<string, Entry>();
  let writes = 0;

  function live(key: string): Entry | undefined {
    const entry = entries.get(key);
    return entry !== undefined && entry.expiresAt > clock.now() ? entry : undefined;
  }

  function put(key: string, value: string, expiresAt = Number.POSITIVE_INFINITY): void {
    for (const [name, entry] of entries) if (entry.expiresAt <= clock.now()) entries.delete(name);
    writes += 1;
    entries.set(key, { value, version: String(writes), expiresAt });
  }

  return {
    async get(key) {
      return live(key);
    },
    async set(key, value, expiresAt) {
      put(key, value, expiresAt);
    },
    async delete(key) {
      return live(key) !== undefined && entries.delete(key);
    },
    async claim(key, value, expiresAt) {
      if (live(key) !== undefined) return false;
      put(key, value, expiresAt);
      return true;
    },
  };
}
