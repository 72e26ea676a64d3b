/**
 * Customer-owned apps: an app registration in the customer's own tenant, with a certificate generated here, made by the
 * customer's admin through an access token they hand over for the moment. Acts only for accounts whose tenant is proven, and
 * only in that tenant. Every call goes on where the last one stopped; killed anywhere, nothing is made twice.
 */
import { requireAccount } from '../../accounts/account';
import { APP_KEY_PATTERN, type CustomerApp, type CustomerAppReason, type CustomerAppState, type CustomerAppStep, needsAdmin, nextStep, samePermissions, stateOf, type WantedPermission } from '../../customer-apps/model';
import { changeCustomerApp, findCustomerApp, listCustomerApps, openCustomerApp, requireCustomerApp } from '../../customer-apps/records';
import { isOnboardingError, OnboardingError } from '../../errors';
import { isGuid, sameGuid } from '../../internal/guid';
import type { Secret } from '../../internal/secret';
import type { OperatorAction } from '../../ports';
import { requireOwnership } from '../../sso/ownership';
import { type OnboardingContext, requireOperator } from '../context';
import { completeAudit, noteAdmin, noteRefusal, openAudit } from './customer-app-audit';
import { type CustomerAppsOptions, openAsk, type OpenedAsk, requireMaker, tokenMissing } from './customer-app-entry';
import { type RemoveCustomerAppInput, removeCustomerApp, type RemovedCustomerApp } from './customer-app-removal';
import { takeStep } from './customer-app-steps';

interface CustomerAppInput {
  readonly accountId: string;
  /** Names the app among the account's; lower-case letters, digits and hyphens. */
  readonly key: string;
  /** Needed once, when the app is new; afterwards the same or absent. Empty: none. */
  readonly permissions?: readonly WantedPermission[] | undefined;
  /** A Microsoft Graph access token of the customer's admin; not needed when only the proof is left. Kept nowhere. */
  readonly adminToken?: Secret | undefined;
  readonly keyBits?: 2048 | 3072 | 4096 | undefined;
  readonly lifetimeDays?: number | undefined;
  readonly operatorId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface RegisterCustomerAppInput extends CustomerAppInput {
  /** Shown in the customer's tenant; default: the partner's name and the key. */
  readonly displayName?: string | undefined;
}

export interface AdoptCustomerAppInput extends CustomerAppInput {
  /** "Application (client) ID" of an app registration the customer's tenant owns. */
  readonly appId: string;
}

/** What people and programs see of a customer app. */
export interface CustomerAppView {
  readonly accountId: string;
  readonly key: string;
  readonly tenantId: string;
  readonly origin: CustomerApp['origin'];
  readonly displayName: string;
  readonly state: CustomerAppState;
  /** What is next; null when it is active. */
  readonly step: CustomerAppStep | null;
  readonly reasons: readonly CustomerAppReason[];
  readonly appId: string | null;
  readonly objectId: string | null;
  readonly servicePrincipalId: string | null;
  readonly certificateId: string | null;
  readonly keyId: string | null;
  readonly permissions: readonly WantedPermission[];
  readonly provenAt: number | null;
  /** The admin whose access token was used last. */
  readonly adminObjectId: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface CustomerApps {
  /**
   * Register a new app in the account's tenant, or go on with it; `state` is `active` once a fresh token of its own carried
   * every role. Least permissions of the access token (delegated): User.Read, Application.ReadWrite.All,
   * AppRoleAssignment.ReadWrite.All, for delegated permissions DelegatedPermissionGrant.ReadWrite.All.
   * Raises `OPERATOR_NOT_ALLOWED`, `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`, `SSO_OWNERSHIP_UNPROVEN`, `TENANT_MISMATCH`,
   * `INPUT_INVALID`, `CUSTOMER_APP_EXISTS`, `CUSTOMER_APP_REMOVING`, `CUSTOMER_APP_TOKEN_MISSING`,
   * `CUSTOMER_APP_TOKEN_REFUSED`, `CUSTOMER_APP_NOT_ALLOWED`, `CUSTOMER_APP_REFUSED`, `CUSTOMER_APP_PERMISSION_UNKNOWN`,
   * `CUSTOMER_APP_UNKNOWN` when it was removed meanwhile, `KEY_CREDENTIAL_REFUSED`, `KEY_CREDENTIAL_FOREIGN_CHANGE`,
   * `MASTER_KEY_MISSING`, `AUDIT_UNAVAILABLE`, and what the transports raise.
   */
  register(input: RegisterCustomerAppInput): Promise<CustomerAppView>;
  /** The same for an app registration that is there, by its app id. Raises `CUSTOMER_APP_NOT_FOUND`, `CUSTOMER_APP_MULTI_TENANT` and like `register`. */
  adopt(input: AdoptCustomerAppInput): Promise<CustomerAppView>;
  /** Of one account, or of all the operator may see. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`. */
  list(operatorId: string, accountId?: string): Promise<readonly CustomerAppView[]>;
  /** Raises `CUSTOMER_APP_UNKNOWN`, `OPERATOR_NOT_ALLOWED` and like `list`. */
  show(accountId: string, key: string, operatorId: string): Promise<CustomerAppView>;
  /**
   * Delete what was registered, or take our key off what was adopted; then the record goes and the certificate is free.
   * Raises `CUSTOMER_APP_ADOPTED`, `CUSTOMER_APP_PENDING` (run it again), `CUSTOMER_APP_FOREIGN`, `CUSTOMER_APP_UNKNOWN` and
   * like `register`.
   */
  remove(input: RemoveCustomerAppInput): Promise<RemovedCustomerApp>;
}

const READERS: readonly OperatorAction[] = ['onboard', 'certificates'];

export function createCustomerApps(context: OnboardingContext, options: CustomerAppsOptions): CustomerApps {
  const { ports } = context;
  const mayRead = async (operatorId: string, accountId: string) => {
    for (const action of READERS) if (await ports.authorizer.authorize(operatorId, action, accountId)) return true;
    return false;
  };
  return {
    register: async (input) => goOn(context, options, input, () => newRegistration(context, input)),
    adopt: async (input) => goOn(context, options, { ...input, appId: requireAppId(input.appId) }, () => newAdoption(context, input)),
    list: async (operatorId, accountId) => {
      const views: CustomerAppView[] = [];
      for (const app of await listCustomerApps(ports, accountId)) if (await mayRead(operatorId, app.accountId)) views.push(viewOf(app));
      return views;
    },
    show: async (accountId, key, operatorId) => {
      if (!(await mayRead(operatorId, accountId))) await requireOperator(context, operatorId, 'onboard', accountId);
      return viewOf(await requireCustomerApp(ports, { accountId, key }));
    },
    remove: async (input) => removeCustomerApp(context, options, input),
  };
}

export function viewOf(app: CustomerApp): CustomerAppView {
  const { accountId, key, tenantId, origin, displayName, reasons, appId, objectId, servicePrincipalId, certificateId, keyId, permissions, provenAt, adminObjectId, createdAt, createdBy } = app;
  return { accountId, key, tenantId, origin, displayName, state: stateOf(app), step: nextStep(app) ?? null, reasons, appId, objectId, servicePrincipalId, certificateId, keyId, permissions, provenAt, adminObjectId, createdAt, createdBy };
}

type Expected = CustomerAppInput & { readonly appId?: string };

async function goOn(context: OnboardingContext, options: CustomerAppsOptions, input: Expected, begin: () => Promise<CustomerApp>): Promise<CustomerAppView> {
  const { ports } = context;
  if (!APP_KEY_PATTERN.test(input.key)) throw invalid('key', 'A key is 1 to 32 lower-case letters, digits and hyphens.');
  await requireMaker(context, input.operatorId, input.accountId);
  await requireAccount(ports, input.accountId);
  const { tenantId } = await requireOwnership(ports, input.accountId);
  const present = await findCustomerApp(ports, input);
  if (present !== undefined) requireSameApp(present, input, tenantId);
  // Whose access token it is comes before anything is written: a wrong one leaves no trace.
  const opened = await openAsk(context, options, { ...input, tenantId });
  if (present === undefined && opened === undefined) throw tokenMissing();
  const app = present ?? (await openCustomerApp(ports, { ...(await begin()), tenantId }));
  requireSameApp(app, input, tenantId);
  try {
    return viewOf(await advance(context, options, { input, opened, app }));
  } catch (error) {
    throw isOnboardingError(error) ? await keepReason(context, app, input.operatorId, error) : error;
  }
}

interface Work {
  readonly input: Expected;
  readonly opened: OpenedAsk | undefined;
  readonly app: CustomerApp;
}

async function advance(context: OnboardingContext, options: CustomerAppsOptions, work: Work): Promise<CustomerApp> {
  const { ports } = context;
  const { input, opened } = work;
  let { app } = work;
  if (nextStep(app) === undefined) return app;
  await openAudit(ports, app, input.operatorId, opened?.adminObjectId);
  if (opened !== undefined && app.adminObjectId !== opened.adminObjectId) {
    await noteAdmin(ports, app, input.operatorId, opened.adminObjectId);
    app = await changeCustomerApp(ports, app, (current) => ({ ...current, adminObjectId: opened.adminObjectId }));
  }
  for (let step = nextStep(app); step !== undefined; step = nextStep(app)) {
    if (app.removal !== null) throw removing(app);
    if (needsAdmin(step) && opened === undefined) throw tokenMissing();
    const taken = await takeStep({ context, options, input, ask: opened?.ask, app }, step);
    if (taken.kind === 'pending') return changeCustomerApp(ports, app, (current) => ({ ...current, reasons: [{ code: 'CUSTOMER_APP_PENDING', message: taken.message }] }));
    // The audit first: an app that reads as active has its outcome on record.
    if (step === 'proof') await completeAudit(ports, app, input.operatorId);
    app = await changeCustomerApp(ports, app, (current) => ({ ...current, ...onlyMissing(current, taken.value), reasons: [] }));
  }
  ports.events.emit({ type: 'customer_app.active', at: ports.clock.now(), accountId: app.accountId, data: { key: app.key, appId: app.appId, tenantId: app.tenantId } });
  return app;
}

/** Two calls at once may take the same step; the first note of it stands. */
function onlyMissing(current: CustomerApp, found: Partial<CustomerApp>): Partial<CustomerApp> {
  return Object.fromEntries(Object.entries(found).filter(([name]) => current[name as keyof CustomerApp] === null));
}

async function keepReason(context: OnboardingContext, app: CustomerApp, operatorId: string, error: OnboardingError): Promise<OnboardingError> {
  // Why it stopped is a courtesy for whoever looks later; what stopped it is what the caller has to hear.
  await changeCustomerApp(context.ports, app, (current) => ({ ...current, reasons: [{ code: error.code, message: error.message }] })).catch(() => undefined);
  if (!error.retryable && error.code !== 'CUSTOMER_APP_TOKEN_MISSING') await noteRefusal(context.ports, app, operatorId, error.code).catch(() => undefined);
  return error;
}

async function newRegistration(context: OnboardingContext, input: RegisterCustomerAppInput): Promise<CustomerApp> {
  const displayName = (input.displayName ?? `${context.settings.partnerName} ${input.key}`).trim();
  if (displayName === '' || displayName.length > 120 || /\p{Cc}/u.test(displayName)) throw invalid('displayName', 'A display name has 1 to 120 characters and no control characters.');
  const blank = await blankApp(context, input);
  return { ...blank, origin: 'registered', displayName, uniqueName: `m365-onboarding-${blank.id}` };
}

async function newAdoption(context: OnboardingContext, input: AdoptCustomerAppInput): Promise<CustomerApp> {
  return { ...(await blankApp(context, input)), origin: 'adopted', displayName: '', uniqueName: null, appId: input.appId.toLowerCase() };
}

async function blankApp({ ports }: OnboardingContext, { accountId, key, permissions = [], operatorId }: CustomerAppInput): Promise<Omit<CustomerApp, 'origin' | 'displayName' | 'uniqueName'>> {
  const { name } = await requireAccount(ports, accountId);
  const id = ports.random.uuid();
  return {
    id,
    accountId,
    key,
    tenantId: '',
    permissions: permissions.map(({ resourceAppId, type, name: permission, id: permissionId }) => ({ resourceAppId, type, ...(permission === undefined ? {} : { name: permission }), ...(permissionId === undefined ? {} : { id: permissionId }) })),
    // Random at its end: a later app under the same key has a certificate of its own.
    certificateName: `${Array.from(name).slice(0, 30).join('').trim()} ${key} app ${id.slice(0, 8)}`,
    certificateId: null,
    askedAt: null,
    appId: null,
    objectId: null,
    keyId: null,
    servicePrincipalId: null,
    granted: null,
    provenAt: null,
    adminObjectId: null,
    removal: null,
    reasons: [],
    createdAt: ports.clock.now(),
    createdBy: operatorId,
  };
}

function requireSameApp(app: CustomerApp, input: Expected, tenantId: string): void {
  if (app.removal !== null) throw removing(app);
  if (!sameGuid(app.tenantId, tenantId)) throw new OnboardingError('TENANT_MISMATCH', 'The customer app was made in a tenant that does not belong to the account any more.', { details: { tenantId: app.tenantId } });
  const isSameKind = input.appId === undefined ? app.origin === 'registered' : app.origin === 'adopted' && app.appId !== null && sameGuid(app.appId, input.appId);
  if (isSameKind && (input.permissions === undefined || samePermissions(app.permissions, input.permissions))) return;
  throw new OnboardingError('CUSTOMER_APP_EXISTS', `The account has a customer app "${app.key}" already, and it is not this one.`, { details: { accountId: app.accountId, origin: app.origin, appId: app.appId } });
}

function requireAppId(appId: string): string {
  if (isGuid(appId)) return appId;
  throw invalid('appId', 'An app is adopted by its app id, a GUID; a name proves nothing.');
}

function removing({ key }: CustomerApp): OnboardingError {
  return new OnboardingError('CUSTOMER_APP_REMOVING', `The customer app "${key}" is being removed.`);
}

function invalid(parameter: string, message: string): OnboardingError {
  return new OnboardingError('INPUT_INVALID', message, { details: { parameter } });
}
