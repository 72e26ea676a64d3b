/**
 * Whether what the partner backs up works in a customer's tenant: grants as they were proven, licences, and one cheap read
 * per service. It refuses a tenant whose ownership is not proven and a consent that never was. Nothing here changes the journey;
 * what got worse since the last check is told once.
 */
import { requireAccount } from '../../accounts/account';
import { type Journey, readJourney } from '../../accounts/journey';
import { directoryReader } from '../../consent/apps/apps';
import type { ConsentVerdict } from '../../consent/evidence/verdict';
import { probeServices } from '../../consent/services/ask';
import { judgeServices } from '../../consent/services/judge';
import type { GrantedApp, ServiceReport } from '../../consent/services/model';
import { findRememberedServices, type RememberedServices, rememberServices } from '../../consent/services/records';
import { OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import { requireOwnedTenant } from '../admins';
import type { OnboardingContext } from '../context';
import { requireNotRemoved } from '../end-access';
import { findProof, readConsent } from './look-at-consent';

/** `checkedAt` and `nextCheckAt` in milliseconds since the epoch. */
export interface ServicesReport {
  readonly accountId: string;
  readonly tenantId: string;
  readonly checkedAt: number;
  /** Every declared service is ready. */
  readonly ready: boolean;
  /** The earliest instant at which time alone may have changed something; null when nothing waits for time. */
  readonly nextCheckAt: number | null;
  readonly services: readonly ServiceReport[];
}

/**
 * Probe every service some app declares, with two batches per app at most, and remember the result. Emits
 * `services.changed` for what got worse. Least Graph permissions: docs/permissions.md.
 * Raises `ACCOUNT_NOT_FOUND`, `SSO_OWNERSHIP_UNPROVEN`, `CONSENT_NOT_STARTED` before the consent was ever proven, and what
 * the store raises. What Microsoft refuses or does not answer is in the report.
 */
export async function checkServices(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<ServicesReport> {
  const { ports, settings } = context;
  const account = await requireAccount(ports, accountId);
  const tenantId = await requireOwnedTenant(context, accountId);
  const { grants, provenAt } = await readGrants(context, await readJourney(ports, accountId), tenantId, signal);
  const evidence = await probeServices(ports, { tenantId, apps: settings.apps, grants, readerKey: directoryReader(settings.apps).key, signal });
  const services = judgeServices({ apps: settings.apps, grants, provenAt, now: evidence.readAt }, evidence);
  const worsened = await rememberServices(ports, { accountId, tenantId, checkedAt: evidence.readAt, services });
  await requireNotRemoved(context, account);
  if (worsened.length > 0) ports.events.emit({ type: 'services.changed', at: evidence.readAt, accountId, data: { tenantId, worsened: worsened.map((one) => ({ ...one })) } });
  return { accountId, tenantId, checkedAt: evidence.readAt, ready: services.every(({ state }) => state === 'ready'), nextCheckAt: earliest(services), services };
}

/**
 * What the last check found, without asking anybody; undefined when this tenant's services were never checked.
 * Raises `ACCOUNT_NOT_FOUND`, `SSO_OWNERSHIP_UNPROVEN`.
 */
export async function lastServices(context: OnboardingContext, accountId: string): Promise<RememberedServices | undefined> {
  const tenantId = await requireOwnedTenant(context, accountId);
  const remembered = await findRememberedServices(context.ports, accountId);
  return remembered === undefined || !sameGuid(remembered.tenantId, tenantId) ? undefined : remembered;
}

interface ReadGrants {
  readonly grants: readonly GrantedApp[];
  readonly provenAt: number;
}

/** As they were proven; read anew where the proof is of another tenant, older than the records of it, or no longer believed. */
async function readGrants(context: OnboardingContext, journey: Journey, tenantId: string, signal?: AbortSignal): Promise<ReadGrants> {
  const own = await findProof(context, { accountId: journey.accountId, provenTenantId: tenantId });
  if (own !== undefined && journey.consentEvidenceAt !== null) return { grants: own.apps, provenAt: own.provenAt };
  if (own === undefined && journey.consentEvidenceAt === null) {
    throw new OnboardingError('CONSENT_NOT_STARTED', 'The consent of this account is not proven yet; its services are looked at after that.', { details: { state: journey.state } });
  }
  const verdict = await readConsent(context, tenantId, signal, own);
  return { grants: verdict.apps.map(toGranted), provenAt: own?.provenAt ?? journey.consentEvidenceAt ?? 0 };
}

function toGranted({ key, servicePrincipalId, granted, unproven }: ConsentVerdict['apps'][number]): GrantedApp {
  return { key, servicePrincipalId, granted, unread: unproven };
}

function earliest(services: readonly ServiceReport[]): number | null {
  const instants = services.flatMap(({ nextCheckAt }) => (nextCheckAt === null ? [] : [nextCheckAt]));
  return instants.length === 0 ? null : Math.min(...instants);
}
