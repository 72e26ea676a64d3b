/**
 * The steps of a customer app, each idempotent: what a step finds done it takes as done, so whoever was killed between an
 * effect and its note comes to the same place. The rooms meet here: the certificate and its registration are the
 * certificates room's, everything else the customer-apps room's.
 */
import { buildKeyCredential } from '../../certificates/keys/key-credentials';
import { readCertificateDer, recordCertificateUse, requireCertificate } from '../../certificates/records/records';
import { registerCertificate } from '../../certificates/keys/register';
import { createCertificate } from '../../certificates/records/store-certificate';
import { resourceIdentifier } from '../../consent/evidence/evidence-tokens';
import { ensurePermissions, ensureServicePrincipal } from '../../consent/grants/ensure';
import { resolvePermissions } from '../../consent/grants/resolve';
import { ensureApplication, requireAdoptable } from '../../customer-apps/application';
import { certificateUserOf, type CustomerApp, type CustomerAppStep } from '../../customer-apps/model';
import { proveCustomerApp } from '../../customer-apps/prove';
import { changeCustomerApp } from '../../customer-apps/records';
import { type Asked, type DirectoryAsk, done, patiently, pending } from '../../directory-ask';
import { hasCode, OnboardingError } from '../../errors';
import type { OnboardingContext } from '../context';
import { type CustomerAppsOptions, tokenMissing } from './customer-app-entry';

export interface StepWork {
  readonly context: OnboardingContext;
  readonly options: CustomerAppsOptions;
  readonly input: { readonly operatorId: string; readonly keyBits?: 2048 | 3072 | 4096 | undefined; readonly lifetimeDays?: number | undefined; readonly signal?: AbortSignal | undefined };
  /** Undefined without the admin's access token. */
  readonly ask: DirectoryAsk | undefined;
  readonly app: CustomerApp;
}

type Taken = Promise<Asked<Partial<CustomerApp>>>;

const FIRST_WAIT_SECONDS = 15;
const MAX_SUBJECT = 64;

/** What the step found or made, for the record. Raises what its room raises. */
export async function takeStep(work: StepWork, step: CustomerAppStep): Taken {
  if (step === 'certificate') return issueCertificate(work);
  if (step === 'proof') return prove(work);
  if (work.ask === undefined) throw tokenMissing();
  return ADMIN_STEPS[step](work, work.ask);
}

const ADMIN_STEPS: Readonly<Record<Exclude<CustomerAppStep, 'certificate' | 'proof'>, (work: StepWork, ask: DirectoryAsk) => Taken>> = {
  application: (work, ask) => (work.app.origin === 'adopted' ? adoptApplication(work, ask) : makeApplication(work, ask)),
  key: registerKey,
  service_principal: async ({ app }, ask) => mapped(await ensureServicePrincipal(ask, required(app.appId)), (servicePrincipalId) => ({ servicePrincipalId })),
  permissions: grantPermissions,
};

/** Under the record's own id, so that the call of a process that died makes no second one. */
async function issueCertificate({ context: { ports }, app, input }: StepWork): Taken {
  const subject = Array.from(app.certificateName).slice(0, MAX_SUBJECT).join('').trim();
  const description = `Signs in as the customer's own app "${app.key}" of ${app.accountId}.`;
  const { id } = await createCertificate(ports, { id: app.id, name: app.certificateName, subject, description, keyBits: input.keyBits, lifetimeDays: input.lifetimeDays }, input.operatorId);
  return done({ certificateId: id });
}

async function makeApplication({ context: { ports }, app }: StepWork, ask: DirectoryAsk): Taken {
  const resources = await resolvePermissions(ask, app.permissions);
  const certificate = await publicPart(ports, app);
  const isFirst = app.askedAt === null;
  // Written before Graph is asked: from here on a removal knows that there may be something to remove.
  if (isFirst) await changeCustomerApp(ports, app, (current) => (current.askedAt === null ? { ...current, askedAt: ports.clock.now() } : current));
  // Sent again the key would replace whatever keys the registration has by then.
  const keyCredential = isFirst ? buildKeyCredential(certificate) : undefined;
  const made = await ensureApplication(ask, { uniqueName: required(app.uniqueName), displayName: app.displayName, resources, keyCredential });
  return mapped(made, ({ id, appId }) => ({ objectId: id, appId: appId.toLowerCase() }));
}

/** Of what is adopted only the name is taken over; it is shown, and nothing is looked up by it. */
async function adoptApplication({ context: { ports }, app }: StepWork, ask: DirectoryAsk): Taken {
  const found = await requireAdoptable(ask, required(app.appId));
  await changeCustomerApp(ports, app, (current) => ({ ...current, displayName: (found.displayName ?? '').slice(0, 256) }));
  return done({ objectId: found.id });
}

async function registerKey({ context: { ports }, app, input }: StepWork, ask: DirectoryAsk): Taken {
  const certificate = await publicPart(ports, app);
  return patiently(ask, async () => {
    try {
      const registration = { homeTenantId: app.tenantId, appKey: 'customer-admin', applicationAppId: required(app.appId), certificate, actor: input.operatorId, signal: input.signal };
      const { applicationObjectId, keyId } = await registerCertificate({ ...ports, graph: ask.graph }, registration);
      if (applicationObjectId !== app.objectId) throw new OnboardingError('GRAPH_ANSWER_INVALID', 'The app id leads to another app registration than before.');
      return done({ keyId });
    } catch (error) {
      if (hasCode(error, 'CERTIFICATE_NOT_ACCEPTED', 'KEY_CREDENTIAL_STALE')) return pending('The key is not visible on the app registration yet.');
      if (!hasCode(error, 'KEY_CREDENTIAL_REFUSED')) throw error;
      const status = error.details['status'];
      if (status === 404) return pending('The app registration is not visible everywhere yet.');
      if (status === 401) throw new OnboardingError('CUSTOMER_APP_TOKEN_REFUSED', 'Microsoft Graph does not accept the admin\'s access token.', { cause: error, serviceCode: error.serviceCode, correlationId: error.correlationId });
      throw status === 403 ? new OnboardingError('CUSTOMER_APP_NOT_ALLOWED', 'The admin, or the access token, may not change the app registration.', { cause: error, serviceCode: error.serviceCode, correlationId: error.correlationId }) : error;
    }
  });
}

async function grantPermissions({ app }: StepWork, ask: DirectoryAsk): Taken {
  const resources = await resolvePermissions(ask, app.permissions);
  const granted = resources.map(({ resourceAppId, roles, scopes }) => ({ resourceAppId, roles: roles.map(({ name }) => name), scopes: scopes.map(({ name }) => name) }));
  return mapped(await ensurePermissions(ask, required(app.servicePrincipalId), resources), () => ({ granted }));
}

async function prove({ context: { ports, settings }, options, app, input }: StepWork): Taken {
  const certificateId = required(app.certificateId);
  const appId = required(app.appId);
  const withRoles = (app.granted ?? []).filter(({ roles }) => roles.length > 0);
  const expected = withRoles.map(({ resourceAppId, roles }) => ({ resource: resourceIdentifier(settings.endpoints, resourceAppId, undefined) ?? resourceAppId, roles }));
  const request = { appKey: app.key, tenantId: app.tenantId, expected: expected.length === 0 ? [{ resource: settings.endpoints.graphResource, roles: [] }] : expected, firstWaitSeconds: options.firstWaitSeconds ?? FIRST_WAIT_SECONDS, signal: input.signal };
  const proven = await proveCustomerApp({ clock: ports.clock, tokens: options.tokensAs({ key: app.key, appId }, certificateId) }, request);
  if (proven.kind === 'pending') return proven;
  await recordCertificateUse(ports, certificateId, { appKey: certificateUserOf(app), appId, keyId: required(app.keyId), registeredAt: proven.value });
  return done({ provenAt: proven.value });
}

/** Never the private key. */
export async function publicPart(ports: OnboardingContext['ports'], { certificateId }: CustomerApp) {
  const record = await requireCertificate(ports, required(certificateId));
  return { ...record, der: await readCertificateDer(ports, record.id) };
}

function mapped<T>(asked: Asked<T>, read: (value: T) => Partial<CustomerApp>): Asked<Partial<CustomerApp>> {
  return asked.kind === 'done' ? done(read(asked.value)) : asked;
}

/** A step is taken only when what it needs is there. */
function required<T>(value: T | null): T {
  if (value === null) throw new OnboardingError('STATE_RECORD_INVALID', 'A step of the customer app was taken out of order.');
  return value;
}
