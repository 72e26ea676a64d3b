/**
 * Removing a customer app: marked first, so that a call that was killed is gone on with; then what was made in the tenant,
 * with evidence from the directory; then the audit, the certificate's use, and the record last. What was adopted stays: only
 * our key goes, and what was granted to the app is named.
 */
import { requireAccount } from '../../accounts/account';
import { keyIdOf } from '../../certificates/keys/key-credentials';
import { findContradiction, noteKey, readLedger, withoutEntry } from '../../certificates/keys/key-ledger';
import { withKeyWriter } from '../../certificates/keys/key-writer';
import { requireCertificate } from '../../certificates/records/records';
import { releaseCertificateUse } from '../../certificates/records/retire';
import type { CustomerApp } from '../../customer-apps/model';
import { changeCustomerApp, dropCustomerApps, endCustomerApp, findReadableApps, requireCustomerApp } from '../../customer-apps/records';
import { type ReadKeys, removeApplication, removeKey, type RemovalEvidence } from '../../customer-apps/remove';
import type { Asked, DirectoryAsk } from '../../directory-ask';
import { hasCode, OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import type { Secret } from '../../internal/secret';
import type { StillMine } from '../../records';
import { requireOwnership } from '../../sso/ownership';
import type { OnboardingContext } from '../context';
import { completeRemovalAudit, noteAdmin, openRemovalAudit } from './customer-app-audit';
import { type CustomerAppsOptions, openAsk, requireDone, requireMaker, tokenMissing } from './customer-app-entry';

export interface RemoveCustomerAppInput {
  readonly accountId: string;
  readonly key: string;
  /** Needed as soon as something may have been made in the tenant. Kept nowhere. */
  readonly adminToken?: Secret | undefined;
  /** Also out of the tenant's recycle bin: nobody can restore it. */
  readonly purge?: boolean | undefined;
  /** For an adopted app: take our key off it and leave it otherwise as it is. */
  readonly keyOnly?: boolean | undefined;
  readonly operatorId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface RemovedCustomerApp {
  readonly accountId: string;
  readonly key: string;
  readonly appId: string | null;
  readonly removed: true;
  /** What the directory showed after the act; null when nothing had been made there. */
  readonly evidence: RemovalEvidence | null;
  /** Stays in the store, in use by nobody for this app: delete it when it is not needed. */
  readonly certificateId: string | null;
  /** Permissions that stay granted to an adopted app. */
  readonly stillGranted: readonly { readonly resourceAppId: string; readonly roles: readonly string[]; readonly scopes: readonly string[] }[];
}

export async function removeCustomerApp(context: OnboardingContext, options: CustomerAppsOptions, input: RemoveCustomerAppInput): Promise<RemovedCustomerApp> {
  const { ports } = context;
  await requireMaker(context, input.operatorId, input.accountId);
  await requireAccount(ports, input.accountId);
  const app = await requireCustomerApp(ports, input);
  if (app.origin === 'adopted' && input.keyOnly !== true) throw new OnboardingError('CUSTOMER_APP_ADOPTED', 'The app registration was adopted; it is the customer\'s.', { details: { appId: app.appId } });
  const opened = mayHaveMade(app) ? await openForRemoval(context, options, app, input) : undefined;
  const marked = await mark(context, app, input);
  await openRemovalAudit(ports, marked, input.operatorId, opened?.adminObjectId);
  if (opened !== undefined) await noteAdmin(ports, marked, input.operatorId, opened.adminObjectId);
  const evidence = opened === undefined ? null : requireDone(await takeBack(context, opened.ask, marked));
  await completeRemovalAudit(ports, marked, input.operatorId, { evidence: evidence === null ? null : { ...evidence } });
  await freeCertificate(context, marked);
  await endCustomerApp(ports, marked);
  ports.events.emit({ type: 'customer_app.removed', at: ports.clock.now(), accountId: app.accountId, data: { key: app.key, appId: app.appId, tenantId: app.tenantId } });
  return { accountId: app.accountId, key: app.key, appId: app.appId, removed: true, evidence, certificateId: app.certificateId, stillGranted: app.origin === 'adopted' ? (app.granted ?? []) : [] };
}

/** Nothing is asked of the tenant for what never got beyond our own state. */
function mayHaveMade(app: CustomerApp): boolean {
  return app.origin === 'registered' ? app.askedAt !== null : app.objectId !== null && app.certificateId !== null;
}

async function openForRemoval(context: OnboardingContext, options: CustomerAppsOptions, app: CustomerApp, input: RemoveCustomerAppInput) {
  const { tenantId } = await requireOwnership(context.ports, app.accountId);
  if (!sameGuid(tenantId, app.tenantId)) throw new OnboardingError('TENANT_MISMATCH', 'The customer app was made in a tenant that does not belong to the account any more.', { details: { tenantId: app.tenantId } });
  const opened = await openAsk(context, options, { ...input, tenantId });
  if (opened === undefined) throw tokenMissing();
  return opened;
}

async function mark({ ports }: OnboardingContext, app: CustomerApp, { operatorId, purge = false }: RemoveCustomerAppInput): Promise<CustomerApp> {
  const removal = { startedAt: ports.clock.now(), startedBy: operatorId, purge };
  return changeCustomerApp(ports, app, (current) => ({ ...current, removal: current.removal === null ? removal : { ...current.removal, purge: current.removal.purge || purge }, reasons: [] }));
}

async function takeBack(context: OnboardingContext, ask: DirectoryAsk, app: CustomerApp): Promise<Asked<RemovalEvidence>> {
  const { objectId, servicePrincipalId, askedAt, removal } = app;
  if (app.origin === 'adopted') return takeKeyOff(context, ask, app);
  return removeApplication(ask, { uniqueName: app.uniqueName ?? '', objectId, servicePrincipalId, askedAt, purge: removal?.purge === true });
}

/** As every writer of key credentials here: one at a time, and put down before and after, so that nobody takes it for a stranger's. */
async function takeKeyOff({ ports }: OnboardingContext, ask: DirectoryAsk, { appId, objectId, ...app }: CustomerApp): Promise<Asked<RemovalEvidence>> {
  // A registration whose answer was lost has the key id it would have been given.
  const keyId = app.keyId ?? keyIdOf(await requireCertificate(ports, app.certificateId ?? ''));
  const access = { applicationAppId: appId ?? '', actor: app.removal?.startedBy ?? app.createdBy, signal: ask.signal };
  return withKeyWriter(ports, access, async (writer) => {
    const ledger = withoutEntry(await readLedger(ports, access.applicationAppId), keyId);
    // What has been so for longer than any lag is somebody else's doing, and not ours to wait out.
    const isOld = (keys: ReadKeys) => findContradiction(ledger, keys, ports.clock.now())?.settled === false;
    await noteKey(ports, access.applicationAppId, { keyId, thumbprintSha256: null, state: 'removing', endsAt: null });
    const taken = await removeKey(ask, objectId ?? '', keyId, { isOld, keep: async () => writer.keep() });
    if (taken.kind === 'done') await noteKey(ports, access.applicationAppId, { keyId, thumbprintSha256: null, state: 'removed', endsAt: null });
    return taken;
  });
}

async function freeCertificate({ ports }: OnboardingContext, app: CustomerApp): Promise<void> {
  if (app.certificateId === null || app.appId === null) return;
  try {
    await releaseCertificateUse(ports, app.certificateId, app.appId);
  } catch (error) {
    // Somebody has deleted it already.
    if (!hasCode(error, 'CERTIFICATE_NOT_FOUND')) throw error;
  }
}

/** For the end of an account: its certificates are free and its records go; what stands in the tenant stays. False when it is not `stillMine`. */
export async function leaveCustomerApps(context: OnboardingContext, accountId: string, stillMine: StillMine): Promise<boolean> {
  for (const app of await findReadableApps(context.ports, accountId)) await freeCertificate(context, app);
  return dropCustomerApps(context.ports, accountId, stillMine);
}
