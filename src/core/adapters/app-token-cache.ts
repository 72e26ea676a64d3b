/**
 * App tokens by everything that makes them what they are. Bounded, least recently used first out, and expired by the
 * injected clock; a token is given out only while it has five minutes left, so that a long read does not end in a 401.
 */
import type { AppToken, Clock } from '../ports';

const MARGIN_MS = 5 * 60_000;
const DEFAULT_CAPACITY = 5000;

export interface AppTokenKey {
  readonly cloud: string;
  readonly authorityHost: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly resource: string;
  /** Thumbprint or secret id: a rotated credential must prove itself and not live on an old token. */
  readonly credentialId: string;
}

export interface AppTokenCache {
  find(key: string): AppToken | undefined;
  /** Keep a token unless one that was asked for later is there already. */
  keep(key: string, appToken: AppToken, requestedAt: number): void;
}

/** One unambiguous text per key; ids are compared without regard to case. */
export function appTokenCacheKey(key: AppTokenKey): string {
  return JSON.stringify([key.cloud, key.authorityHost, key.tenantId.toLowerCase(), key.clientId.toLowerCase(), key.resource, key.credentialId]);
}

export function createAppTokenCache(clock: Pick<Clock, 'now'>, capacity = DEFAULT_CAPACITY): AppTokenCache {
  const entries = new Map<string, { readonly appToken: AppToken; readonly requestedAt: number }>();

  return {
    find(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (entry.appToken.expiresAt - MARGIN_MS <= clock.now()) return undefined;
      entries.set(key, entry);
      return entry.appToken;
    },

    keep(key, appToken, requestedAt) {
      const present = entries.get(key);
      if (present !== undefined && present.requestedAt > requestedAt) return;
      entries.delete(key);
      entries.set(key, { appToken, requestedAt });
      const [oldest] = entries.keys();
      if (entries.size > capacity && oldest !== undefined) entries.delete(oldest);
    },
  };
}
