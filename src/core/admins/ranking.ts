/**
 * Puts candidates in order and says why. Pure and deterministic: the same people in any order give the same ranks, and
 * a tie is broken by object id, which never changes, never by a name.
 */
import type { AdminCandidate, AdminRoute, RankCriterion, RankPreferences } from './model';
import type { DirectoryPerson } from './people';
import { GLOBAL_ADMINISTRATOR } from './roles';

/** A usable admin: an enabled member whose routes are active and tenant-wide as far as they count. */
export interface RankedPerson {
  readonly person: DirectoryPerson;
  readonly routes: readonly AdminRoute[];
  /** Milliseconds since 1970; null when never, or not known. */
  readonly lastSignInAt: number | null;
}

/** An account that lives here, a person's name, an assignment of their own, the widest role: in this order of weight. */
export const DEFAULT_RANKING: RankPreferences = { order: ['cloud_only', 'named', 'direct', 'global'] };

/** A sign-in within this time is recent. */
const RECENT_MS = 30 * 86_400_000;

interface Criterion {
  /** More is better. */
  readonly weigh: (entry: RankedPerson, now: number) => number;
  readonly say: (entry: RankedPerson, now: number) => string;
}

/** For a question with a yes and a no. */
function whether(holds: (entry: RankedPerson, now: number) => boolean, yes: Criterion['say'], no: Criterion['say']): Criterion {
  return { weigh: (entry, now) => (holds(entry, now) ? 1 : 0), say: (entry, now) => (holds(entry, now) ? yes : no)(entry, now) };
}

const SYNCED = 'Synchronised from an on-premises directory, so it can be locked out from there.';

const CRITERIA: Readonly<Record<RankCriterion, Criterion>> = {
  cloud_only: whether(({ person }) => !person.synced, () => 'Cloud-only account.', () => SYNCED),
  synced: whether(({ person }) => person.synced, () => 'Managed in the on-premises directory, as wanted.', () => 'Cloud-only account, where one of the on-premises directory is wanted.'),
  named: whether(({ person }) => !looksShared(person.upn), () => 'A named person\'s account.', () => 'Looks like a shared or emergency account.'),
  direct: whether(
    ({ routes }) => usableRoutes(routes).some((route) => route.via === 'direct'),
    () => 'The role is assigned directly.',
    ({ routes }) => `The role comes through the group ${usableRoutes(routes)[0]?.groupName ?? 'of unknown name'}.`,
  ),
  global: whether(
    isGlobal,
    () => 'Holds Global Administrator.',
    ({ routes }) => `Holds ${rolesOf(routes).join(' and ')}.`,
  ),
  breadth: {
    // Global Administrator contains every other role.
    weigh: (entry) => (isGlobal(entry) ? Number.MAX_SAFE_INTEGER : rolesOf(entry.routes).length),
    say: ({ routes }) => `Holds ${rolesOf(routes).length === 1 ? 'one' : rolesOf(routes).length} of the roles asked for.`,
  },
  recent_sign_in: whether(
    ({ lastSignInAt }, now) => lastSignInAt !== null && now - lastSignInAt <= RECENT_MS,
    () => 'Signed in within the last 30 days.',
    () => 'Has not signed in within the last 30 days.',
  ),
};

function isGlobal({ routes }: RankedPerson): boolean {
  return usableRoutes(routes).some((route) => route.roleTemplateId === GLOBAL_ADMINISTRATOR);
}

function rolesOf(routes: readonly AdminRoute[]): string[] {
  return [...new Set(usableRoutes(routes).map((route) => route.role))];
}

const SHARED_NAME = /^(?:adm|admin|administrator|globaladmin|sysadmin|root|break-?glass.*|emergency.*|bg-?admin.*|shared.*|svc[-_.].*|service[-_.].*|backup|office|info|it|helpdesk|support)\d*$/;
const INITIAL_DOMAIN = /\.(?:onmicrosoft\.(?:com|us|de)|partner\.onmschina\.cn)$/;

/** True for an account nobody in particular owns: a role's name, an emergency account, or the tenant's initial domain. */
export function looksShared(upn: string): boolean {
  const [name = '', domain = ''] = upn.toLowerCase().split('@');
  return SHARED_NAME.test(name) || INITIAL_DOMAIN.test(domain);
}

/** Routes that count: active and for the whole tenant. */
export function usableRoutes(routes: readonly AdminRoute[]): AdminRoute[] {
  return routes.filter((route) => route.state === 'active' && route.scope === '/');
}

/** Candidates in order, rank 1 first. Raises nothing. */
export function rankAdmins(people: readonly RankedPerson[], preferences: RankPreferences, now: number): AdminCandidate[] {
  const criteria = preferences.order.map((name) => CRITERIA[name]);
  const weighed = people.map((entry) => ({ entry, weights: criteria.map((criterion) => criterion.weigh(entry, now)) }));
  weighed.sort((left, right) => {
    const deciding = criteria.findIndex((_, index) => left.weights[index] !== right.weights[index]);
    if (deciding >= 0) return (right.weights[deciding] ?? 0) - (left.weights[deciding] ?? 0);
    return left.entry.person.objectId < right.entry.person.objectId ? -1 : 1;
  });
  return weighed.map(({ entry }, index) => ({
    objectId: entry.person.objectId,
    upn: entry.person.upn,
    displayName: entry.person.displayName,
    rank: index + 1,
    reasons: ['Enabled member account.', ...criteria.map((criterion) => criterion.say(entry, now))],
    routes: entry.routes,
  }));
}
