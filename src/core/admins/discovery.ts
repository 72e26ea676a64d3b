/**
 * Finds everybody who holds the wanted directory roles and tells candidates from people who cannot be used, because.
 * It refuses to answer from a part of the directory: a refused or cut read raises instead of shortening a list, so
 * "the app may not look" and "there is nobody" stay two different answers.
 */
import { OnboardingError } from '../errors';
import type { GraphScope, Ports } from '../ports';
import { readRoleHolders } from './evidence';
import { judgeAdmins } from './judge';
import { type AdminDiscovery, DEFAULT_EXCLUSIONS, type DiscoverAdminsInput } from './model';
import { DEFAULT_RANKING } from './ranking';
import { type AdminPolicy, DEFAULT_ADMIN_POLICY, isUsablePolicy } from './roles';

/**
 * Candidates and excluded people of a tenant. Nobody is a normal result: `candidates` is empty and `excluded` says what
 * would have to change. Least application permissions: RoleManagement.Read.Directory, User.Read.All, GroupMember.Read.All
 * (Directory.Read.All covers all three but eligibility).
 * Raises `ADMINS_UNREADABLE` (403; names permission and app), `GRAPH_REFUSED`, `GRAPH_UNAVAILABLE`, `GRAPH_THROTTLED`,
 * `GRAPH_ANSWER_INVALID`, `INPUT_INVALID` for a policy without GUIDs, and what the transport raises.
 *
 * @example
 * const { candidates, excluded } = await discoverAdmins({ graph, clock }, { tenantId, appKey: 'backup' });
 */
export async function discoverAdmins(ports: Pick<Ports, 'graph' | 'clock'>, input: DiscoverAdminsInput): Promise<AdminDiscovery> {
  const policy = requirePolicy(input.policy ?? DEFAULT_ADMIN_POLICY);
  const ranking = input.ranking ?? DEFAULT_RANKING;
  const evidence = await readRoleHolders(ports, graphScopeOf(input), { roleTemplateIds: policy.roleTemplateIds, withSignIns: ranking.order.includes('recent_sign_in') });
  return judgeAdmins(evidence, { policy, ranking, exclude: input.exclude ?? DEFAULT_EXCLUSIONS, now: ports.clock.now() });
}

/** Raises `INPUT_INVALID` when the policy names no role, or one that is not a GUID. */
export function requirePolicy(policy: AdminPolicy): AdminPolicy {
  if (isUsablePolicy(policy)) return policy;
  throw new OnboardingError('INPUT_INVALID', 'An admin policy names at least one role, each by its template id.', { details: { field: 'roleTemplateIds' } });
}

export function graphScopeOf(input: Pick<DiscoverAdminsInput, 'tenantId' | 'appKey' | 'fresh' | 'signal'>): GraphScope {
  return {
    tenantId: input.tenantId,
    appKey: input.appKey,
    ...(input.fresh === undefined ? {} : { fresh: input.fresh }),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
  };
}
