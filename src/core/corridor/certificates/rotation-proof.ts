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
  const tenants = [work.context.settings.homeTenantId, ...(await sampleTenants(work, rotation))];
  const asks = tenants.flatMap((tenantId) => rotation.apps.map(({ appKey }) => ({ tenantId, appKey })));
  const answers: ProofAnswer[] = [];
  for (let start = 0; start < asks.length; start += AT_ONCE) {
    answers.push(...(await Promise.all(asks.slice(start, start + AT_ONCE).map(async (ask) => askOnce(work, tokens, ask)))));
  }
  return answers;
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

/** The same tenants in every round of a rotation, others in the next; one of each region before a second of any. */
async function sampleTenants({ context, settings, signal }: RotationWork, rotation: CertificateRotation): Promise<readonly string[]> {
  const { ports } = context;
  if (settings.sampleTenants === 0) return [];
  const accounts = (await listAccounts(ports)).toSorted((left, right) => compare(orderOf(rotation, left.id), orderOf(rotation, right.id)));
  const found: { readonly tenantId: string; readonly region: string }[] = [];
  for (const { id } of accounts) {
    const tenantId = (await findOwnership(ports, id))?.tenantId;
    if (tenantId === undefined) continue;
    found.push({ tenantId, region: (await ports.tenants.findRegion?.(tenantId, signal).catch(() => undefined)) ?? '' });
    if (found.length >= settings.sampleTenants * CANDIDATES_PER_PLACE) break;
  }
  return spread(found).slice(0, settings.sampleTenants);
}

function spread(found: readonly { readonly tenantId: string; readonly region: string }[]): readonly string[] {
  const seen = new Map<string, number>();
  const ranked = found.map(({ tenantId, region }) => {
    const rank = seen.get(region) ?? 0;
    seen.set(region, rank + 1);
    return { tenantId, rank };
  });
  return ranked.toSorted((left, right) => left.rank - right.rank).map(({ tenantId }) => tenantId);
}

function orderOf({ id }: CertificateRotation, accountId: string): string {
  return sha256Hex(`${id}/${accountId}`);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : 1;
}
