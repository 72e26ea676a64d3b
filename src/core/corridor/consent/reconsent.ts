/**
 * Asking an account again that belongs to its tenant already: which rounds are needed, and what is new in them. Only a tenant
 * whose ownership is proven is looked at, and what is found is no proof: whatever is not asked again is verified again all
 * the same. Where Microsoft cannot be read, the last proof says what is new, and what is in doubt is asked.
 */
import type { Journey } from '../../accounts/journey';
import type { PartnerApp, RequiredPermission } from '../../consent/apps/apps';
import type { AskedApp } from '../../consent/rounds/invitation';
import type { AppVerdict } from '../../consent/evidence/verdict';
import { type AppDifference, differenceOf } from '../../consent/apps/plan';
import { type ConsentProof, findConsentProof } from '../../consent/evidence/proof-records';
import { isLoss } from '../../consent/evidence/reasons';
import { sameGuid } from '../../internal/guid';
import type { OnboardingContext } from '../context';
import { isMicrosoftsMove } from '../microsofts-move';
import { readConsent } from './look-at-consent';

export interface Reconsent {
  readonly tenantId: string;
  /** The apps whose round is asked, with what is new or missing in each. Never empty. */
  readonly asks: readonly AskedApp[];
}

/** Undefined when nothing is missing. Reads once; see {@link readConsent}. Raises what the store raises. */
export async function planReconsent(context: OnboardingContext, owned: { readonly accountId: string; readonly tenantId: string }, journey: Journey, signal?: AbortSignal): Promise<Reconsent | undefined> {
  const { tenantId } = owned;
  const { apps } = context.settings;
  const proof = await findConsentProof(context.ports, owned.accountId);
  const proven = proof !== undefined && sameGuid(proof.tenantId, tenantId) ? proof : undefined;
  const verdicts = await readVerdicts(context, tenantId, signal);
  const differences = differenceOf(apps, proven?.apps ?? []);
  const isLost = journey.reasons.some(({ code }) => isLoss(code));
  const asks = apps.flatMap((app, index) => askOf(app, { verdict: verdicts.find(({ key }) => key === app.key), difference: differences[index], proven, isLost }));
  return asks.length === 0 ? undefined : { tenantId, asks };
}

/** The journey of a request that asks only these apps: the other rounds count as answered by the tenant that is owned. */
export function startReconsent(fresh: Journey, { tenantId, asks }: Reconsent, apps: readonly PartnerApp[], now: number): Journey {
  const rounds = apps.filter((app) => !asks.some((ask) => ask.key === app.key)).map((app) => ({ round: app.round, appKey: app.key, claimedTenantId: tenantId, callbackAt: now }));
  return { ...fresh, rounds, provenTenantId: tenantId };
}

interface Known {
  readonly verdict: AppVerdict | undefined;
  readonly difference: AppDifference | undefined;
  readonly proven: ConsentProof | undefined;
  /** Something was found missing before, nobody knows here in which app. */
  readonly isLost: boolean;
}

function askOf(app: PartnerApp, { verdict, difference, proven, isLost }: Known): AskedApp[] {
  const isRead = verdict !== undefined && verdict.state !== 'unknown';
  if (isRead && verdict.missing.every(isUnpublished)) return [];
  const added = difference?.added ?? app.requiredPermissions;
  const missing = isRead ? app.requiredPermissions.filter((required) => isMissing(required, verdict)) : added;
  if (!isRead && missing.length === 0 && !isLost) return [];
  return [{ key: app.key, added: missing.map((required) => ({ ...required, wasGranted: proven !== undefined && !added.includes(required) })) }];
}

/** What the tenant's resource does not offer no admin can grant, so that nobody is asked for it again. */
function isUnpublished({ isPublished }: AppVerdict['missing'][number]): boolean {
  return isPublished === false;
}

function isMissing(required: RequiredPermission, verdict: AppVerdict): boolean {
  return verdict.missing.some((finding) => !isUnpublished(finding) && finding.resourceAppId === required.resourceAppId && finding.type === required.type && (required.name === undefined ? finding.id === required.id : finding.name === required.name));
}

async function readVerdicts(context: OnboardingContext, tenantId: string, signal?: AbortSignal): Promise<readonly AppVerdict[]> {
  try {
    return (await readConsent(context, tenantId, signal)).apps;
  } catch (error) {
    if (!isMicrosoftsMove(error)) throw error;
    return [];
  }
}
