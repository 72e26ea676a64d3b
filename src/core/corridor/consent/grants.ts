/**
 * Consent without the admin's browser: service principals, application permissions and delegated grants of the declared apps,
 * made by somebody who holds the rights, only what is missing, nothing twice. Acts only in the tenant that is proven to be the
 * account's, so it serves a newer declaration, another app, and the repair of drift; the first consent is the admin's own. Killed
 * anywhere, the next call goes on under the same entries of the audit. What was made is proven afterwards like any consent.
 */
import { type JourneyState, readJourney, type Reason } from '../../accounts/journey';
import { type PartnerApp, requireApp } from '../../consent/apps/apps';
import { auditIntent, concludeGrantChange, findGrantChange, type GrantChange, openGrantChange, settleGrantChanges } from '../../consent/grants/change-records';
import { compareGrants, describeGrant, type NamedGrant } from '../../consent/grants/compare';
import { ensurePermissions, ensureServicePrincipal } from '../../consent/grants/ensure';
import { findPrincipal, listAssignments, listGrants } from '../../consent/grants/present';
import { type ResolvedResource, resolvePermissions } from '../../consent/grants/resolve';
import type { GrantWork } from '../../consent/grants/routes';
import type { DirectoryAsk } from '../../directory-ask';
import { hasCode, isOnboardingError, OnboardingError } from '../../errors';
import { type ConsentGrantsOptions, type GrantInput, openRoute, type OpenedRoute, requireOwnedAccount } from './grant-entry';
import { startProof } from './grant-journey';
import type { OnboardingContext } from '../context';
import { requireNotRemoved } from '../end-access';

export interface GrantConsentInput extends GrantInput {
  /** Of the configuration; absent: all of them. */
  readonly appKeys?: readonly string[] | undefined;
  /** Say what would be made, and make nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface AppGrantReport {
  readonly key: string;
  readonly appId: string;
  readonly servicePrincipal: 'present' | 'missing' | 'created';
  readonly servicePrincipalId: string | null;
  readonly alreadyGranted: readonly NamedGrant[];
  /** What was missing before, and is made by this call unless it is a dry run or pending. */
  readonly toGrant: readonly NamedGrant[];
}

export interface ConsentGrantReport {
  readonly accountId: string;
  readonly tenantId: string;
  readonly route: string;
  /**
   * `planned`: a dry run, nothing was made; `nothing_missing`, also of a dry run; `pending`: run it again; `made`: the directory shows all of it,
   * and the proof has begun.
   */
  readonly state: 'planned' | 'nothing_missing' | 'pending' | 'made';
  readonly apps: readonly AppGrantReport[];
  /** Declared apps that were left out of this call and lack something. */
  readonly leftOut: readonly string[];
  readonly journey: JourneyState;
  readonly reasons: readonly Reason[];
}

const SECOND_LOOK_MS = 2000;

interface PlannedApp {
  readonly app: PartnerApp;
  readonly resources: readonly ResolvedResource[];
  readonly report: AppGrantReport;
}

/**
 * Least permissions: see `GRANT_ROUTES`. Raises `OPERATOR_NOT_ALLOWED`, `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`,
 * `ACCOUNT_OFFBOARDED`, `SSO_OWNERSHIP_UNPROVEN`, `CONSENT_ROUTE_MISSING`, `APP_UNKNOWN`, `TENANT_MISMATCH`, `CONSENT_TOKEN_REFUSED`,
 * `CONSENT_GRANT_NOT_ALLOWED`, `CONSENT_GRANT_REFUSED`, `CONSENT_PERMISSION_UNKNOWN` (nothing was made), `AUDIT_UNAVAILABLE` (nothing
 * was made), `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, and what the transports raise.
 */
export async function grantConsent(context: OnboardingContext, options: ConsentGrantsOptions, input: GrantConsentInput): Promise<ConsentGrantReport> {
  const { ports, settings } = context;
  const { account, tenantId } = await requireOwnedAccount(context, input);
  const chosen = input.appKeys === undefined ? settings.apps : input.appKeys.map((key) => requireApp(settings.apps, key));
  const { state } = await readJourney(ports, account.id);
  if (state === 'offboarded') throw new OnboardingError('ACCOUNT_OFFBOARDED', `The customer account ${account.id} was offboarded.`, { details: { accountId: account.id } });
  const opened = await openRoute(context, options, { ...input, tenantId });
  const planned = await planSurely(opened.ask, chosen);
  const report = { accountId: account.id, tenantId, route: opened.name, leftOut: await lacking(opened.ask, settings.apps.filter((app) => !chosen.includes(app))), reasons: [] };
  if (input.dryRun === true) return { ...report, state: missingOf(planned).length === 0 ? 'nothing_missing' : 'planned', apps: planned.map((one) => one.report), journey: state };
  await settleGrantChanges(ports, account.id);
  const ended = await grantPlanned(context, { ...report, opened, planned, input });
  await requireNotRemoved(context, account);
  return ended;
}

type Work = Omit<ConsentGrantReport, 'state' | 'apps' | 'journey'> & { readonly opened: OpenedRoute; readonly planned: readonly PlannedApp[]; readonly input: GrantConsentInput };

async function grantPlanned(context: OnboardingContext, { opened, planned, input, ...report }: Work): Promise<ConsentGrantReport> {
  const { ports } = context;
  const { journey, change } = await beginGrant(context, { opened, planned, input, ...report });
  if (change === undefined) return { ...report, state: 'nothing_missing', apps: planned.map((one) => one.report), journey };
  try {
    const made = await makeGrants(opened.ask, planned);
    if (made.pending !== undefined) return { ...report, state: 'pending', apps: made.apps, journey, reasons: [{ code: 'CONSENT_GRANT_PENDING', message: made.pending }] };
    // A part of the apps is no consent yet: what the others lack would end the proof.
    const state = report.leftOut.length === 0 ? (await startProof(context, report.accountId, report.tenantId)).state : journey;
    await concludeGrantChange(ports, change, { outcome: 'done', reason: null, shown: [...change.asked], left: [] });
    ports.events.emit({ type: 'consent.granted_programmatically', at: ports.clock.now(), accountId: report.accountId, data: { tenantId: report.tenantId, apps: planned.map(({ app }) => app.key) } });
    return { ...report, state: 'made', apps: made.apps, journey: state };
  } catch (error) {
    if (isOnboardingError(error) && error.code.startsWith('CONSENT_')) await concludeGrantChange(ports, change, { outcome: 'refused', reason: error.code, ...(await whatBecame(opened.ask, change, planned)) });
    throw error;
  }
}

/** The intent comes before anything is made; a change that died before its end is gone on with, although nothing is missing any more. */
async function beginGrant({ ports }: OnboardingContext, { opened, planned, input, accountId, tenantId }: Work): Promise<{ readonly journey: JourneyState; readonly change: GrantChange | undefined }> {
  const { state: journey } = await readJourney(ports, accountId);
  const request = JSON.stringify(planned.map(({ app }) => app.key).toSorted());
  const asked = missingOf(planned);
  const begin = { accountId, tenantId, kind: 'grant', request, route: opened.name, actor: input.operatorId, adminObjectId: opened.adminObjectId, asked } as const;
  opened.requireRights(workOf(planned));
  const change = asked.length === 0 ? await findGrantChange(ports, begin) : await openGrantChange(ports, begin);
  if (change === undefined) return { journey, change };
  await auditIntent(ports, change);
  return { journey, change };
}

function missingOf(planned: readonly PlannedApp[]): readonly string[] {
  return planned.flatMap(({ app, report }) => [...(report.servicePrincipal === 'missing' ? [`${app.key}: service principal`] : []), ...report.toGrant.map((grant) => describeGrant(app.key, grant))]);
}

/** A refusal may come after something was made: whoever reads the audit must not believe that nothing was. */
async function whatBecame(ask: DirectoryAsk, { asked }: GrantChange, planned: readonly PlannedApp[]): Promise<{ readonly shown: string[]; readonly left: string[] }> {
  try {
    const missing = missingOf(await planApps(ask, planned.map(({ app }) => app)));
    return { shown: asked.filter((one) => !missing.includes(one)), left: asked.filter((one) => missing.includes(one)) };
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return { shown: [], left: [...asked] };
  }
}

function workOf(planned: readonly PlannedApp[]): GrantWork {
  const lacks = (type: NamedGrant['type']) => planned.some(({ report }) => report.toGrant.some((grant) => grant.type === type));
  return { principals: planned.some(({ report }) => report.servicePrincipal === 'missing'), application: lacks('application'), delegated: lacks('delegated') };
}

/** One replica that has not heard of a loss shows everything: that nothing is missing takes two reads. */
async function planSurely(ask: DirectoryAsk, apps: readonly PartnerApp[]): Promise<readonly PlannedApp[]> {
  const planned = await planApps(ask, apps);
  if (planned.some(({ report }) => report.servicePrincipal === 'missing' || report.toGrant.length > 0)) return planned;
  await ask.clock.sleep(SECOND_LOOK_MS, ask.signal);
  return planApps(ask, apps);
}

async function planApps(ask: DirectoryAsk, apps: readonly PartnerApp[]): Promise<readonly PlannedApp[]> {
  const planned: PlannedApp[] = [];
  for (const app of apps) {
    const resources = await resolvePermissions(ask, app.requiredPermissions);
    const what = 'Reading what is granted';
    const servicePrincipalId = await findPrincipal(ask, app.appId, what);
    const { present, missing } = servicePrincipalId === undefined ? compareGrants(resources, [], []) : compareGrants(resources, await listAssignments(ask, servicePrincipalId, what), await listGrants(ask, servicePrincipalId, what));
    const servicePrincipal = servicePrincipalId === undefined ? 'missing' : 'present';
    planned.push({ app, resources, report: { key: app.key, appId: app.appId, servicePrincipal, servicePrincipalId: servicePrincipalId ?? null, alreadyGranted: present, toGrant: missing } });
  }
  return planned;
}

async function makeGrants(ask: DirectoryAsk, planned: readonly PlannedApp[]): Promise<{ readonly apps: readonly AppGrantReport[]; readonly pending: string | undefined }> {
  const apps: AppGrantReport[] = [];
  const pending: string[] = [];
  for (const { app, resources, report } of planned) {
    const principal = await ensureServicePrincipal(ask, app.appId);
    const ensured = principal.kind === 'done' ? await ensurePermissions(ask, principal.value, resources) : principal;
    if (ensured.kind === 'pending') pending.push(`${app.key}: ${ensured.message}`);
    apps.push(principal.kind === 'pending' ? report : { ...report, servicePrincipal: report.servicePrincipal === 'missing' ? 'created' : 'present', servicePrincipalId: principal.value });
  }
  return { apps, pending: pending.length === 0 ? undefined : pending.join(' ') };
}

/** Of the apps that are not part of the call. One that needs what the tenant does not offer lacks something, too. */
async function lacking(ask: DirectoryAsk, others: readonly PartnerApp[]): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const app of others) {
    try {
      const [planned] = await planApps(ask, [app]);
      if (planned?.report.servicePrincipal === 'missing' || planned?.report.toGrant.length !== 0) keys.push(app.key);
    } catch (error) {
      if (!hasCode(error, 'CONSENT_PERMISSION_UNKNOWN')) throw error;
      keys.push(app.key);
    }
  }
  return keys;
}
