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
}

/** An account that lives here, a person's name, an assignment of their own, the widest role: in this order of weight. */
export const DEFAULT_RANKING: RankPreferences = { order: ['cloud_only', 'named', 'direct', 'global'] };

interface Criterion {
  readonly holds: (entry: RankedPerson) => boolean;
  readonly yes: (entry: RankedPerson) => string;
  readonly no: (entry: RankedPerson) => string;
}

const CRITERIA: Readonly<Record<RankCriterion, Criterion>> = {
  cloud_only: {
    holds: ({ person }) => !person.synced,
    yes: () => 'Cloud-only account.',
    no: () => 'Synchronised from an on-premises directory, so it can be locked out from there.',
  },
  named: {
    holds: ({ person }) => !looksShared(person.upn),
    yes: () => 'A named person\'s account.',
    no: () => 'Looks like a shared or emergency account.',
  },
  direct: {
    holds: ({ routes }) => usableRoutes(routes).some((route) => route.via === 'direct'),
    yes: () => 'The role is assigned directly.',
    no: ({ routes }) => `The role comes through the group ${usableRoutes(routes)[0]?.groupName ?? 'of unknown name'}.`,
  },
  global: {
    holds: ({ routes }) => usableRoutes(routes).some((route) => route.roleTemplateId === GLOBAL_ADMINISTRATOR),
    yes: () => 'Holds Global Administrator.',
    no: ({ routes }) => `Holds ${[...new Set(usableRoutes(routes).map((route) => route.role))].join(' and ')}.`,
  },
};

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
export function rankAdmins(people: readonly RankedPerson[], preferences: RankPreferences = DEFAULT_RANKING): AdminCandidate[] {
  const criteria = preferences.order.map((name) => CRITERIA[name]);
  const compare = (left: RankedPerson, right: RankedPerson) => {
    const deciding = criteria.find((criterion) => criterion.holds(left) !== criterion.holds(right));
    if (deciding !== undefined) return deciding.holds(left) ? -1 : 1;
    return left.person.objectId < right.person.objectId ? -1 : 1;
  };
  return [...people].sort(compare).map(({ person, routes }, index) => ({
    objectId: person.objectId,
    upn: person.upn,
    displayName: person.displayName,
    rank: index + 1,
    reasons: ['Enabled member account.', ...criteria.map((criterion) => (criterion.holds({ person, routes }) ? criterion.yes : criterion.no)({ person, routes }))],
    routes,
  }));
}
