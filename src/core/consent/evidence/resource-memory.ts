/**
 * What a tenant's resources publish, remembered in this process for a short while, so that a routine look need not carry
 * Microsoft Graph's whole list of permissions each time. A full read never rests on it, only refreshes it: a stale entry
 * can make a routine look disagree, and then the full read decides. Bounded; equal lists of many tenants are kept once.
 */
import { sha256Base64Url } from '../../internal/encoding';
import type { Clock } from '../../ports';
import type { ResourceEvidence, ResourceMemory } from './evidence-model';

const LIVES_MS = 2 * 3_600_000;
const CAPACITY = 20_000;
/** Different lists of permissions; a cloud has one or two of each resource. */
const MAX_LISTS = 64;

interface Entry {
  readonly objectId: string;
  readonly published: Pick<ResourceEvidence, 'roles' | 'scopes'>;
  readonly keptAt: number;
}

/** One for each cloud: `graphResource` tells them apart, for whoever holds several. */
export function createResourceMemory(clock: Pick<Clock, 'now'>, graphResource: string): ResourceMemory {
  const entries = new Map<string, Entry>();
  const lists = new Map<string, Entry['published']>();
  const keyOf = (tenantId: string, resourceAppId: string) => `${graphResource} ${tenantId.toLowerCase()} ${resourceAppId}`;

  return {
    find(tenantId, resourceAppId) {
      const entry = entries.get(keyOf(tenantId, resourceAppId));
      const ageMs = entry === undefined ? LIVES_MS : clock.now() - entry.keptAt;
      // An age below zero is of a clock that was set back.
      return entry === undefined || ageMs < 0 || ageMs >= LIVES_MS ? undefined : { objectId: entry.objectId, ...entry.published };
    },
    keep(tenantId, resourceAppId, { objectId, roles, scopes }) {
      const key = keyOf(tenantId, resourceAppId);
      entries.delete(key);
      entries.set(key, { objectId, published: keepOnce(lists, { roles, scopes }), keptAt: clock.now() });
      dropOldest(entries, CAPACITY);
    },
  };
}

function keepOnce(lists: Map<string, Entry['published']>, published: Entry['published']): Entry['published'] {
  const digest = sha256Base64Url(JSON.stringify(published));
  const known = lists.get(digest);
  if (known !== undefined) return known;
  lists.set(digest, published);
  dropOldest(lists, MAX_LISTS);
  return published;
}

function dropOldest(map: Map<string, unknown>, capacity: number): void {
  const [oldest] = map.keys();
  if (map.size > capacity && oldest !== undefined) map.delete(oldest);
}
