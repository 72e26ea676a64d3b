/**
 * The composition root: one place where the adapters that reach the world are wired to the core, from a checked
 * configuration. Hosts with other needs build their own `Ports` and call `createOnboarding`.
 */
import { createConfiguredAuthorizer } from './accounts/operators';
import { type ConfiguredCredentialSource, createAppCredentialSource } from './adapters/app-credentials';
import { createDelegatedGraph } from './adapters/delegated-graph';
import { createGraphTransport } from './adapters/graph-client';
import { createHttpsClient, type HttpsClient, type HttpsClientOptions } from './adapters/https-client';
import { createJwtService } from './adapters/jose-jwt';
import { createKeyDeriver } from './adapters/key-deriver';
import { createKeyFallback } from './adapters/key-fallback';
import type { IdentifiedStore } from './adapters/memory-store';
import { createMsalTokenSource } from './adapters/msal-tokens';
import { createKeyGenerator } from './adapters/node-keys';
import { createNodeRandom } from './adapters/node-random';
import { createPortalKeySource } from './adapters/portal-keys';
import { readProxySettings } from './adapters/proxy-settings';
import { createServicePauses, type ServicePauses } from './adapters/service-pauses';
import { createSignInClient } from './adapters/sign-in-client';
import { createSweepTransports } from './adapters/sweep-transports';
import { createSystemClock } from './adapters/system-clock';
import { createTenantDirectory } from './adapters/tenant-directory';
import { limitTime } from './adapters/time-limit';
import { type AuditLog, createAuditLog } from './audit/log';
import { openKeyFile } from './certificates/files/key-file';
import { openSigningCertificate } from './certificates/rotation/line';
import { openPrivateKey } from './certificates/records/records';
import type { SignerIdentity } from './certificates/rotation/signers';
import { type AppCredentialSetting, type Configuration, placeOf } from './configuration';
import { createOverdueLook } from './corridor/certificates/check-certificates';
import type { OnboardingSettings } from './corridor/context';
import { type Credentials, createCredentials } from './corridor/certificates/credentials';
import type { CustomerAppsOptions } from './corridor/customer-apps/customer-app-entry';
import { createCustomerApps, type CustomerApps } from './corridor/customer-apps/customer-apps';
import { bindOperator, type OperatorOnboarding } from './corridor/operator';
import type { RouteOptions } from './corridor/routes';
import type { StaticSource } from './corridor/certificates/rotation-work';
import { createSignerReports, type SignerReports } from './corridor/certificates/signer-reports';
import type { SweepTransports } from './corridor/sweep';
import { isOnboardingError, OnboardingError } from './errors';
import { publicUrl } from './internal/public-url';
import { createOnboarding, type Onboarding } from './onboarding';
import type { AppCredentialSource, ClaimScope, Clock, EventSink, Logger, Ports, RandomSource, StateStore, TokenSource } from './ports';
import { createSealer, type KeyRing } from './sealing';

export interface InstallationOptions {
  readonly configuration: Configuration;
  /** Closed together with the installation. */
  readonly store: IdentifiedStore;
  /** Absent: whatever must be sealed or authenticated raises `MASTER_KEY_MISSING`. */
  readonly masterKeys?: KeyRing | undefined;
  /** Reads what the credentials name, with paths as the configuration has them. */
  readonly readFile: (path: string) => string | Uint8Array | Promise<string | Uint8Array>;
  /** What the credentials' `secretEnv` names, and `HTTPS_PROXY` with `NO_PROXY`, which neither the sandbox nor loopback is reached through. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
  /** PEM of the only authority to trust. For the sandbox; refused together with Microsoft's hosts. */
  readonly ca?: string | undefined;
  readonly logger?: Logger | undefined;
  readonly events?: EventSink | undefined;
  /** Who signs with the apps' certificates here: a rotation waits until it was seen with the new one. */
  readonly signer?: SignerIdentity | undefined;
  /** How many processes and hosts share the store. */
  readonly deployment: ClaimScope;
}

export interface Installation {
  /** Unbound: for hosts that authorise by themselves. */
  readonly onboarding: Onboarding;
  /** The onboarding as this authenticated operator may see it. */
  asOperator(operatorId: string): OperatorOnboarding;
  readonly audit: AuditLog;
  readonly certificates: Credentials;
  readonly customerApps: CustomerApps;
  /** What the parts were built from, for hosts that want one step of a room. */
  readonly ports: Ports;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** A certificate is made without the policy rather than late. */
const POLICY_TIMEOUT_MS = 5000;

/** Raises `CONFIG_INVALID`, `STATE_SCOPE_TOO_SMALL`. */
export async function createInstallation(options: InstallationOptions): Promise<Installation> {
  const { configuration } = options;
  if (options.ca !== undefined && configuration.sandbox === undefined) {
    throw new OnboardingError('CONFIG_INVALID', 'A custom authority is for the sandbox; Microsoft\'s hosts are checked against public ones.', { details: { field: 'sandbox.caFile' } });
  }
  const https = createHttpsClient({ userAgent: 'n8n-nodes-m365-onboarding', timeoutMs: REQUEST_TIMEOUT_MS, ...readRoute(options) });
  const { ports, audit, tokensWith, openSweep, graphPauses, readFileValidity, signerReports } = buildPorts(options, https);
  const settings = buildSettings(options);
  const check = { watch: { sources: configuration.credentials, readFileValidity }, lifecycle: configuration.certificates };
  const needsAttention = createOverdueLook({ settings, ports }, check);
  const reach = reachCustomerApps(configuration, ports, https, graphPauses);
  const onboarding = createOnboarding(settings, ports, { ...buildRoutes(options, ports, https), needsAttention }, { grants: reach, openSweep });
  return {
    onboarding,
    asOperator: (operatorId) => bindOperator(onboarding, ports.authorizer, operatorId),
    audit,
    certificates: createCredentials(
      { settings, ports },
      {
        tokensWith,
        staticSources: async () => findStaticSources(configuration, readFileValidity),
        storedCredentials: storedCredentials(configuration),
        limitPolicyTime: (signal) => limitTime(POLICY_TIMEOUT_MS, signal),
        settings: configuration.certificates.rotation,
        firstWaitSeconds: configuration.sandbox === undefined ? undefined : 0,
        check,
      },
    ),
    customerApps: createCustomerApps({ settings, ports }, reach),
    ports,
    close: async () => {
      https.close();
      await signerReports.close();
      await options.store.close();
    },
  };
}

/** The sandbox is on this machine, under an authority of its own; Microsoft is where the host's network leads. */
function readRoute({ configuration, ca, environment }: InstallationOptions): Pick<HttpsClientOptions, 'ca' | 'proxyEnv'> {
  if (configuration.sandbox !== undefined) return ca === undefined ? {} : { ca };
  const proxyEnv = readProxySettings(environment);
  return proxyEnv === undefined ? {} : { proxyEnv };
}

interface BuiltPorts {
  readonly ports: Ports;
  readonly audit: AuditLog;
  readonly tokensWith: (certificateId: string) => TokenSource;
  readonly openSweep: () => SweepTransports;
  /** Of Graph, by tenant and app key: also a call with a person's access token must not come too early. */
  readonly graphPauses: ServicePauses;
  readonly readFileValidity: ConfiguredCredentialSource['readFileValidity'];
  readonly signerReports: SignerReports;
}

function buildPorts(options: InstallationOptions, https: HttpsClient): BuiltPorts {
  const { configuration } = options;
  const { authorityHost, graphHost, graphResource } = configuration.endpoints;
  const clock = options.clock ?? createSystemClock();
  const random = options.random ?? createNodeRandom();
  const store: StateStore = options.store;
  const sealer = createSealer({ ring: options.masterKeys, storeId: options.store.storeId, randomBytes: (length) => random.bytes(length) });
  const jwt = createJwtService();
  const keyDeriver = createKeyDeriver();
  const audit = createAuditLog({ store, clock, sealer });
  const logger = options.logger ?? { debug: () => undefined, info: () => undefined, warn: () => undefined };
  const signerReports = createSignerReports(
    { store, sealer, clock, random, logger },
    { identity: options.signer ?? { label: 'a program that uses the library' }, settings: configuration.certificates.rotation, sourceOf: (appKey) => signerSourceOf(configuration.credentials.get(appKey)) },
  );
  const credentials = createAppCredentialSource(
    configuration.apps.map((app) => ({ key: app.key, credential: configuration.credentials.get(app.key) })),
    {
      certificates: (id) => openSigningCertificate({ store, sealer }, id),
      openPfx: async (bytes, password) => (await openKeyFile({ clock, keyDeriver }, { bytes, password })).certificate,
      readFile: async (path) => options.readFile(path),
      env: options.environment,
      report: (appKey, use) => signerReports.report(appKey, use),
      clock,
    },
  );
  const pauses = createServicePauses(clock);
  const graphPauses = createServicePauses(clock);
  const shared = { authorityHost, apps: configuration.apps, credentials, jwt, clock, random, https, pauses, keyFallback: createKeyFallback(clock) };
  const tokens = createMsalTokenSource({ ...shared, cloud: configuration.cloud });
  const ports: Ports = {
    clock,
    random,
    store,
    sealer,
    tokens,
    graph: createGraphTransport({ graphHost, graphResource, tokens, https, clock, random, pauses: graphPauses }),
    tenants: createTenantDirectory({ authorityHost, https, clock }),
    signIn: createSignInClient(shared),
    jwt,
    keys: createKeyGenerator(),
    keyDeriver,
    audit,
    events: options.events ?? { isSilent: true, emit: () => undefined },
    logger,
    authorizer: createConfiguredAuthorizer(configuration.operators),
  };
  const tokensWith = (id: string) =>
    createMsalTokenSource({ ...shared, cloud: configuration.cloud, credentials: signsWith(ports, id) });
  const openSweep = () => createSweepTransports({ ...shared, cloud: configuration.cloud, graphHost, graphResource, graphPauses });
  return { ports, audit, tokensWith, openSweep, graphPauses, readFileValidity: (appKey) => credentials.readFileValidity(appKey), signerReports };
}

/** This stored certificate and no other of its line, whatever signs at the moment. */
function signsWith(ports: Pick<Ports, 'store' | 'sealer'>, certificateId: string): AppCredentialSource {
  return { resolve: async () => ({ kind: 'certificate', ...(await openPrivateKey(ports, certificateId)) }) };
}

function signerSourceOf(credential: AppCredentialSetting | undefined): 'store' | 'pfx' | 'pem' | undefined {
  const source = credential === undefined ? 'secret' : placeOf(credential).source;
  return source === 'secret' ? undefined : source === 'stored' ? 'store' : source;
}

/** A file that is no credential signs nothing, so it keeps nothing from being retired; one that nobody had time to read might. */
async function findStaticSources({ credentials }: Configuration, readFileValidity: BuiltPorts['readFileValidity']): Promise<readonly StaticSource[]> {
  const found: StaticSource[] = [];
  for (const [appKey, setting] of credentials) {
    const { source, name } = placeOf(setting);
    if (source !== 'pfx' && source !== 'pem') continue;
    const validity = await readFileValidity(appKey).catch(unlessRetryable);
    if (validity !== undefined) found.push({ appKey, source, file: name, thumbprintSha256: validity.thumbprintSha256 });
  }
  return found;
}

function unlessRetryable(error: unknown): undefined {
  if (isOnboardingError(error) && !error.retryable) return undefined;
  throw error;
}

function storedCredentials({ credentials }: Configuration) {
  const places = [...credentials].map(([appKey, setting]) => ({ appKey, ...placeOf(setting) }));
  return places.flatMap(({ appKey, source, name }) => (source === 'stored' ? [{ appKey, certificateId: name }] : []));
}

/** A customer's tenant as its own admin sees it; apps that are not in the configuration sign in with their own certificates. */
function reachCustomerApps({ endpoints, cloud, sandbox }: Configuration, ports: Ports, https: HttpsClient, pauses: ServicePauses): CustomerAppsOptions {
  const { clock, random, jwt } = ports;
  const { authorityHost, graphHost, graphResource } = endpoints;
  return {
    graphAs: (personToken, tenantId) => createDelegatedGraph({ graphHost, graphResource, https, clock, random, pauses, tenantId, personToken }),
    tokensAs: (app, certificateId) =>
      createMsalTokenSource({ authorityHost, cloud, apps: [app], jwt, clock, random, https, credentials: signsWith(ports, certificateId) }),
    firstWaitSeconds: sandbox === undefined ? undefined : 0,
  };
}

function buildSettings({ configuration, deployment }: InstallationOptions): OnboardingSettings {
  const { partnerName, homeTenantId, endpoints, cloud, apps, publicBaseUrl, settingsUrl, adminChoice, admins, signInResponseMode, portal } = configuration;
  return { partnerName, homeTenantId: homeTenantId.toLowerCase(), endpoints, cloud, apps, publicBaseUrl, settingsUrl, adminChoice, admins, signInResponseMode, portal, deployment };
}

function buildRoutes({ configuration, deployment }: InstallationOptions, ports: Ports, https: HttpsClient): RouteOptions {
  const { portal, publicBaseUrl } = configuration;
  if (portal === undefined) return {};
  const keys = createPortalKeySource({ setting: portal.jwksOrClientKey, https, clock: ports.clock });
  return { redemption: { portal: { audience: portal.audience, keys }, redeemUrl: publicUrl(publicBaseUrl, '/impersonation/redeem'), issuer: publicBaseUrl, deployment } };
}
