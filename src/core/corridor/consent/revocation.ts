/**
 * Taking back what a customer granted: one permission, one app, or everything, with evidence of what is gone, what could not be
 * taken back and by whom it can, and what stays valid until when. It needs a confirmation and the proven tenant. Stopping goes
 * through when the audit is down: what the audit misses is kept with the change until it can be told. Killed anywhere, the next
 * call goes on with what was found at the beginning.
 */
import { type JourneyState, readJourney, type Reason } from '../../accounts/journey';
import { type PartnerApp, requireApp, resourceName } from '../../consent/apps/apps';
import { auditIntent, concludeGrantChange, findGrantChange, type GrantChange, noteTargets, openGrantChange, type RevocationTarget, settleGrantChanges } from '../../consent/grants/change-records';
import { describeGrant, isRequired } from '../../consent/grants/compare';
import { chooseTarget, findTargets, type FoundTargets, orderTargets, type PermissionChoice } from '../../consent/grants/targets';
import { isRestorable, type Withdrawal, withdrawGrants } from '../../consent/grants/withdraw';
import { GRANT_ROUTES } from '../../consent/grants/routes';
import type { DirectoryAsk } from '../../directory-ask';
import { type ErrorOwner, hasCode, isOnboardingError, OnboardingError } from '../../errors';
import type { OnboardingContext } from '../context';
import { type ConsentGrantsOptions, type GrantInput, openRoute, type OpenedRoute, requireOwnedAccount } from './grant-entry';
import { endConsentAccess, noteLoss } from './grant-journey';

export type RevocationScope =
  | { readonly kind: 'permission'; readonly appKey: string; readonly permission: PermissionChoice }
  /** Every grant of the app, whoever asked for it; its service principal only when that is said. */
  | { readonly kind: 'app'; readonly appKey: string; readonly deleteServicePrincipal?: boolean | undefined }
  | { readonly kind: 'everything'; readonly deleteServicePrincipals?: boolean | undefined };

export interface RevokeGrantsInput extends GrantInput {
  readonly what: RevocationScope;
  readonly confirmed?: boolean | undefined;
}

export interface RevokedItem {
  readonly app: string;
  readonly kind: 'application' | 'delegated' | 'service_principal';
  readonly resource: string;
  readonly resourceAppId: string;
  readonly name: string;
  readonly id: string;
}

export interface NotRevokedItem extends RevokedItem {
  readonly because: { readonly code: string; readonly serviceCode: string | null; readonly message: string };
  /** Who can take it back instead. */
  readonly owner: ErrorOwner;
  readonly remedy: string;
}

export interface StaysValid {
  readonly what: 'app_tokens' | 'own_consents' | 'deleted_service_principals';
  /** Milliseconds since the Unix epoch; null without an end. */
  readonly untilAt: number | null;
  readonly message: string;
}

export interface RevocationReport {
  readonly accountId: string;
  readonly tenantId: string;
  readonly route: string;
  /** `revoked`: all of it is gone, also when nothing was there; `pending`: run it again; `incomplete`: some of it was refused. */
  readonly state: 'revoked' | 'pending' | 'incomplete';
  /** What was there when the revocation began. */
  readonly found: readonly RevokedItem[];
  /** Shown gone by two reads in a row after the act. */
  readonly gone: readonly RevokedItem[];
  readonly stillShown: readonly RevokedItem[];
  readonly notRevoked: readonly NotRevokedItem[];
  readonly staysValid: readonly StaysValid[];
  readonly evidenceAt: number;
  readonly journey: JourneyState;
  /** False while an entry waits for the audit; any later change of grants, and `advance`, hands it over. */
  readonly audited: boolean;
}

/** Microsoft: app tokens live 60 to 90 minutes, and no revocation ends them. */
const TOKEN_LIFE_MS = 90 * 60_000;
const RECYCLE_BIN_MS = 30 * 86_400_000;
/** Something may have been granted between the look and the act. */
const MAX_PASSES = 3;
const SECOND_LOOK_MS = 2000;

/**
 * Least permissions: see `GRANT_ROUTES`. Raises `CONSENT_REVOCATION_UNCONFIRMED`, `OPERATOR_NOT_ALLOWED`, `ACCOUNT_NOT_FOUND`,
 * `ACCOUNT_REMOVING`, `SSO_OWNERSHIP_UNPROVEN`, `CONSENT_ROUTE_MISSING`, `APP_UNKNOWN`, `CONSENT_PERMISSION_UNKNOWN`,
 * `TENANT_MISMATCH`, `CONSENT_TOKEN_REFUSED`, `CONSENT_GRANT_NOT_ALLOWED` and `CONSENT_GRANT_REFUSED` when nothing could be read,
 * `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`, and what the transports raise.
 */
export async function revokeGrants(context: OnboardingContext, options: ConsentGrantsOptions, input: RevokeGrantsInput): Promise<RevocationReport> {
  const { ports } = context;
  const { tenantId } = await requireOwnedAccount(context, input);
  const apps = chosenApps(context, input.what);
  if (input.confirmed !== true) throw new OnboardingError('CONSENT_REVOCATION_UNCONFIRMED', `This takes back what the customer granted (${describeScope(input.what)}).`, { details: { accountId: input.accountId, tenantId, apps: apps.map(({ key }) => key) } });
  const opened = await openRoute(context, options, { ...input, tenantId });
  const wanted = { accountId: input.accountId, tenantId, kind: 'revoke', request: JSON.stringify(input.what), route: opened.name, actor: input.operatorId, adminObjectId: opened.adminObjectId, asked: [describeScope(input.what)] } as const;
  // Looked for before anything is written: a name nobody knows leaves no trace.
  const known = (await findGrantChange(ports, wanted))?.targets ?? [];
  // Nothing was there when a process died over it: that says nothing about today.
  const found = known.length === 0 ? await find(opened.ask, apps, input.what) : undefined;
  const change = await openGrantChange(ports, wanted);
  const isTold = await unlessAuditDown(auditIntent(ports, change));
  const noted = found === undefined ? change : ((await noteTargets(ports, change, found.targets, found.ownConsents)) ?? change);
  const report = await conclude(context, { opened, apps, input, tenantId }, noted);
  return { ...report, audited: report.audited && isTold && (await settleGrantChanges(ports, input.accountId)) };
}

interface Work {
  readonly opened: OpenedRoute;
  readonly apps: readonly PartnerApp[];
  readonly input: RevokeGrantsInput;
  readonly tenantId: string;
}

async function conclude(context: OnboardingContext, work: Work, change: GrantChange): Promise<RevocationReport> {
  const { ports } = context;
  const { input, opened, tenantId } = work;
  const access = { audited: true };
  const found = change.targets ?? [];
  const onSent = async (sent: readonly RevocationTarget[]) => {
    if (!losesConsent(work.apps, sent)) return;
    access.audited = (await endConsentAccess(context, input.accountId, input.operatorId)).audited && access.audited;
    await noteLoss(context, input.accountId, reasonsOf(work.apps, sent, input.operatorId));
  };
  const withdrawal = await withdrawAll(work, found, onSent).catch(async (error: unknown) => {
    // The change stays open, with what was found, for whoever runs it again; a refusal is its end.
    if (isOnboardingError(error) && !error.retryable) await concludeGrantChange(ports, change, { outcome: 'failed', reason: error.code, shown: [], left: found.map(describeTarget) });
    throw error;
  });
  const { gone, stillShown, refused } = withdrawal;
  const state = stillShown.length > 0 ? 'pending' : refused.length > 0 ? 'incomplete' : 'revoked';
  const outcome = { outcome: state === 'revoked' ? 'done' : 'failed', reason: refused[0]?.error.code ?? null, shown: gone.map(describeTarget), left: refused.map(({ target }) => describeTarget(target)) } as const;
  const told = state === 'pending' ? { audited: true } : await concludeGrantChange(ports, change, outcome);
  const evidenceAt = ports.clock.now();
  if (state !== 'pending') ports.events.emit({ type: 'consent.grants_revoked', at: evidenceAt, accountId: input.accountId, data: { tenantId, gone: gone.length, notRevoked: refused.length } });
  return {
    accountId: input.accountId,
    tenantId,
    route: opened.name,
    state,
    found: found.map(itemOf),
    gone: gone.map(itemOf),
    stillShown: stillShown.map(itemOf),
    notRevoked: refused.map(({ target, error }) => ({ ...itemOf(target), because: { code: error.code, serviceCode: error.serviceCode ?? null, message: error.message }, owner: error.owner, remedy: error.remedy })),
    staysValid: await staysValid(opened.ask, change, withdrawal, evidenceAt),
    evidenceAt,
    journey: (await readJourney(ports, input.accountId)).state,
    audited: told.audited && access.audited,
  };
}

/** A whole app is looked at again until nothing new turns up: a replica may have been behind when the targets were read. */
async function withdrawAll({ opened, apps, input }: Work, found: readonly RevocationTarget[], onSent: (sent: readonly RevocationTarget[]) => Promise<void>): Promise<Withdrawal> {
  const actingAs = input.route?.kind === 'app' ? input.route.appKey : undefined;
  const rights = GRANT_ROUTES.find(({ kind }) => kind === 'app')?.graphPermissions ?? [];
  const all: Withdrawal[] = [];
  let targets = found;
  for (let pass = 0; pass < MAX_PASSES && targets.length > 0; pass += 1) {
    all.push(await withdrawGrants(opened.ask, orderTargets(targets, actingAs, rights), onSent));
    const seen = all.flatMap(({ gone, stillShown, refused }) => [...gone, ...stillShown, ...refused.map(({ target }) => target)]);
    const isClear = all.every(({ stillShown }) => stillShown.length === 0);
    targets = input.what.kind === 'permission' || !isClear ? [] : (await find(opened.ask, apps, input.what)).targets.filter((target) => !seen.some((one) => isSame(one, target)));
  }
  return { gone: all.flatMap(({ gone }) => gone), stillShown: all.flatMap(({ stillShown }) => stillShown), refused: all.flatMap(({ refused }) => refused) };
}

async function find(ask: DirectoryAsk, apps: readonly PartnerApp[], what: RevocationScope): Promise<{ readonly targets: readonly RevocationTarget[]; readonly ownConsents: number }> {
  const principal = (what.kind === 'app' && what.deleteServicePrincipal === true) || (what.kind === 'everything' && what.deleteServicePrincipals === true);
  const targets: RevocationTarget[] = [];
  let ownConsents = 0;
  for (const app of apps) {
    const found = await findSurely(ask, app, { principal });
    targets.push(...(what.kind === 'permission' ? chooseTarget(found.targets, what.permission) : found.targets));
    ownConsents += found.ownConsents;
  }
  return { targets, ownConsents };
}

/** One replica that has never heard of the app shows nothing: that nothing is there takes two reads. */
async function findSurely(ask: DirectoryAsk, app: PartnerApp, options: { readonly principal: boolean }): Promise<FoundTargets> {
  const found = await findTargets(ask, app, options);
  if (found.targets.length > 0) return found;
  await ask.clock.sleep(SECOND_LOOK_MS, ask.signal);
  return findTargets(ask, app, options);
}

function chosenApps({ settings }: OnboardingContext, what: RevocationScope): readonly PartnerApp[] {
  return what.kind === 'everything' ? settings.apps : [requireApp(settings.apps, what.appKey)];
}

/** What nobody asked for may go without a loss. */
function losesConsent(apps: readonly PartnerApp[], targets: readonly RevocationTarget[]): boolean {
  return targets.some((target) => isNeeded(apps, target));
}

function isNeeded(apps: readonly PartnerApp[], target: RevocationTarget): boolean {
  const app = apps.find(({ key }) => key === target.appKey);
  if (target.kind === 'service_principal') return true;
  return app !== undefined && isRequired(app, { ...target, type: target.kind });
}

function reasonsOf(apps: readonly PartnerApp[], targets: readonly RevocationTarget[], actor: string): readonly Reason[] {
  const needed = targets.filter((target) => isNeeded(apps, target));
  return [...Map.groupBy(needed, ({ appKey }) => appKey)].map(([key, of]) => ({ code: 'CONSENT_MISSING_PERMISSIONS', message: `${key}: taken back by ${actor}: ${of.map(({ name, kind, resource }) => (kind === 'service_principal' ? 'its service principal' : `${name} on ${resource}`)).join(', ')}.` }));
}

async function staysValid(ask: DirectoryAsk, { ownConsents }: GrantChange, { gone, stillShown }: Withdrawal, now: number): Promise<readonly StaysValid[]> {
  const touched = [...gone, ...stillShown];
  const principals = gone.filter(({ kind }) => kind === 'service_principal');
  const stays: StaysValid[] = [];
  if (touched.some(({ kind }) => kind !== 'delegated')) stays.push({ what: 'app_tokens', untilAt: now + TOKEN_LIFE_MS, message: 'App tokens that were issued before keep their permissions until they end, 60 to 90 minutes after they were issued.' });
  if (ownConsents > 0 && principals.length === 0) stays.push({ what: 'own_consents', untilAt: null, message: `${ownConsents} delegated grant(s) that people made for themselves stay; they end with the service principal, or one by one by an admin of the customer.` });
  if (principals.length > 0 && (await isBinned(ask, principals))) stays.push({ what: 'deleted_service_principals', untilAt: now + RECYCLE_BIN_MS, message: 'An admin of the customer can restore the deleted service principals for 30 days. A new consent within the next 5 to 15 minutes may meet AADSTS650051: wait, and do not delete it again.' });
  return stays;
}

/** Nobody may say after an app has taken away its own rights: then it is said as if it were so. */
async function isBinned(ask: DirectoryAsk, principals: readonly RevocationTarget[]): Promise<boolean> {
  for (const { objectId } of principals) if ((await isRestorable(ask, objectId)) !== false) return true;
  return false;
}

function isSame(left: RevocationTarget, right: RevocationTarget): boolean {
  return left.kind === right.kind && left.objectId === right.objectId && left.name === right.name;
}

function itemOf({ appKey, kind, resource, resourceAppId, name, id }: RevocationTarget): RevokedItem {
  return { app: appKey, kind, resource, resourceAppId, name, id };
}

function describeTarget(target: RevocationTarget): string {
  return target.kind === 'service_principal' ? `${target.appKey}: service principal` : describeGrant(target.appKey, { ...target, type: target.kind });
}

function describeScope(what: RevocationScope): string {
  if (what.kind === 'permission') return `${what.appKey}: ${what.permission.name}${what.permission.resourceAppId === undefined ? '' : ` on ${resourceName(what.permission.resourceAppId)}`}`;
  if (what.kind === 'app') return `${what.appKey}: everything${what.deleteServicePrincipal === true ? ', and its service principal' : ''}`;
  return `every declared app: everything${what.deleteServicePrincipals === true ? ', and the service principals' : ''}`;
}

async function unlessAuditDown(step: Promise<unknown>): Promise<boolean> {
  try {
    await step;
    return true;
  } catch (error) {
    if (hasCode(error, 'AUDIT_UNAVAILABLE')) return false;
    throw error;
  }
}
