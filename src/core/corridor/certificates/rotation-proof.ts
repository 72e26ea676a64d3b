/**
 * One round of proof: fresh tokens with the new key, for every app of the rotation, in the home tenant and in a sample of the
 * customers' tenants from different regions, since each region's servers learn of a key by themselves.
 */
import { listAccounts } from '../../accounts/account';
import type { ProofAnswer } from '../../certificates/rotation/rotation';
import type { CertificateRotation } from '../../certificates/rotation/rotation-model';
import { hasCode, isOnboardingError } from '../../errors';
import { sha256Hex } from '../../internal/encoding';
import type { TokenSource } from '../../ports';
import { findOwnership } from '../../sso/ownership';
import type { RotationWork } from './rotation-work';

/** More would make a round of a large installation long and say little more. */
const AT_ONCE = 4;
/** Tenants whose region is looked up for each one that is taken. */
const CANDIDATES_PER_PLACE = 3;

export async function askRound(work: RotationWork, rotation: CertificateRotation): Promise<readonly ProofAnswer[]> {
  const tokens = work.tokensWith(rotation.toCertificateId);
  const tenants = [work.context.settings.homeTenantId, ...(await tenantsOf(work, rotation))];
  const asks = tenants.flatMap((tenantId) => rotation.apps.map(({ appKey }) => ({ tenantId, appKey })));
  return inTurns(asks, async (ask) => askOnce(work, tokens, ask));
}

async function askOnce({ context: { settings }, signal }: RotationWork, tokens: TokenSource, ask: Pick<ProofAnswer, 'tenantId' | 'appKey'>): Promise<ProofAnswer> {
  try {
    await tokens.acquire({ ...ask, resource: settings.endpoints.graphResource, fresh: true, ...(signal === undefined ? {} : { signal }) });
    return { ...ask, outcome: 'accepted' };
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    const { code, serviceCode, retryAfterSeconds } = error;
    const outcome = hasCode(error, 'STS_CREDENTIAL_REFUSED') ? 'refused' : hasCode(error, 'STS_APP_NOT_IN_TENANT', 'STS_APP_DISABLED', 'TENANT_NOT_FOUND', 'STS_REFUSED') ? 'not_there' : 'unknown';
    return { ...ask, outcome, code, serviceCode, retryAfterSeconds };
  }
}

/** Whoever was sampled and is still a customer whose tenant is proven. */
async function tenantsOf({ context: { ports } }: RotationWork, { sampleAccountIds = [] }: CertificateRotation): Promise<readonly string[]> {
  const owned = await Promise.all(sampleAccountIds.map(async (accountId) => findOwnership(ports, accountId)));
  return owned.flatMap((ownership) => (ownership === undefined ? [] : [ownership.tenantId]));
}

/** Accounts with proven tenants, others in each rotation; one of each region before a second of any. */
export async function chooseSample({ context, settings, signal }: RotationWork, rotation: CertificateRotation): Promise<string[]> {
  const { ports } = context;
  if (settings.sampleTenants === 0) return [];
  const accounts = (await listAccounts(ports)).toSorted((left, right) => compare(orderOf(rotation, left.id), orderOf(rotation, right.id)));
  const found: { readonly accountId: string; readonly tenantId: string }[] = [];
  for (const { id } of accounts) {
    const tenantId = (await findOwnership(ports, id))?.tenantId;
    if (tenantId !== undefined) found.push({ accountId: id, tenantId });
    if (found.length >= settings.sampleTenants * CANDIDATES_PER_PLACE) break;
  }
  const regions = await inTurns(found, async ({ tenantId }) => ports.tenants.findRegion?.(tenantId, signal).catch(() => undefined));
  return spread(found.map(({ accountId }, at) => ({ accountId, region: regions[at] ?? '' }))).slice(0, settings.sampleTenants);
}

async function inTurns<A, R>(all: readonly A[], ask: (one: A) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let start = 0; start < all.length; start += AT_ONCE) answers.push(...(await Promise.all(all.slice(start, start + AT_ONCE).map(ask))));
  return answers;
}

function spread(found: readonly { readonly accountId: string; readonly region: string }[]): string[] {
  const seen = new Map<string, number>();
  const ranked = found.map(({ accountId, region }) => {
    const rank = seen.get(region) ?? 0;
    seen.set(region, rank + 1);
    return { accountId, rank };
  });
  return ranked.toSorted((left, right) => left.rank - right.rank).map(({ accountId }) => accountId);
}

function orderOf({ id }: CertificateRotation, accountId: string): string {
  return sha256Hex(`${id}/${accountId}`);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : 1;
}
