/** The check against a sandbox: the partner's own tenant, an app that may read all of it and write apps, and a certificate. */
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createHttpsClient } from '../../src/core/adapters/https-client';
import { generateSigningKeys, startSandbox, type RunningSandbox, type SandboxOptions, type SeedFile, type SigningKeys } from '../../src/sandbox/index';
import { DEFAULT_SEED } from '../../src/sandbox/seed-default';
import { createCertificate } from '../../src/sandbox/x509';
import type { ClientCredential, VerifyPorts, VerifySettings } from '../../src/verify-tenant/model';
import type { RuleResult } from '../../src/verify-tenant/report';
import { verifyTenant, type VerifyReport } from '../../src/verify-tenant/run';

export const ROLES = ['Organization.Read.All', 'User.Read.All', 'Application.ReadWrite.All', 'Group.Read.All', 'Directory.Read.All', 'RoleManagement.Read.Directory'] as const;

const DAY_MS = 86_400_000;
let sharedKeys: Promise<SigningKeys> | undefined;

export interface VerifyStage {
  readonly sandbox: RunningSandbox;
  readonly certificate: Extract<ClientCredential, { kind: 'certificate' }>;
  settings(changes?: Partial<VerifySettings>): VerifySettings;
  ports(changes?: Partial<VerifyPorts>): VerifyPorts;
  verify(changes?: Partial<VerifySettings>, ports?: Partial<VerifyPorts>, signal?: AbortSignal): Promise<VerifyReport>;
  secretSettings(): Pick<VerifySettings, 'credential'>;
  stop(): Promise<void>;
}

function seedWith(roles: readonly string[]): SeedFile {
  return {
    apps: DEFAULT_SEED.apps.map((app) => (app.key === 'backup' ? { ...app, homeRoles: roles } : app)),
    tenants: DEFAULT_SEED.tenants.filter(({ key }) => key === 'partner').map((tenant) => ({
      ...tenant,
      people: [...tenant.people, ...['per', 'pia', 'poul'].map((alias) => ({ alias, name: alias }))],
      groups: [{ name: 'Staff', members: ['olga', 'oscar'] }],
    })),
  };
}

export async function startVerifyStage(options: SandboxOptions = {}, roles: readonly string[] = ROLES): Promise<VerifyStage> {
  sharedKeys ??= generateSigningKeys(Date.now());
  const sandbox = await startSandbox({ signingKeys: await sharedKeys, seed: seedWith(roles), ...options });
  const { ready } = sandbox;
  const app = ready.apps[0];
  const home = ready.tenants.find(({ tenantId }) => tenantId === ready.homeTenantId);
  if (app === undefined || home === undefined) throw new Error('The seed has no app.');
  const https = createHttpsClient({ ca: readFileSync(ready.caFile, 'utf8'), userAgent: 'test', timeoutMs: 20_000 });
  const certificate = registeredCertificate(sandbox, app.objectId);
  const settings = (changes: Partial<VerifySettings> = {}): VerifySettings => ({
    hosts: { login: ready.login, graph: ready.graph, graphResource: 'https://graph.microsoft.com' },
    tenantId: ready.homeTenantId,
    domain: home.domain,
    clientId: app.appId,
    credential: certificate,
    write: false,
    ...changes,
  });
  const ports = (changes: Partial<VerifyPorts> = {}): VerifyPorts => ({
    https,
    now: () => sandbox.clock.now(),
    randomBytes: (size) => randomBytes(size),
    wait: async (milliseconds) => sandbox.clock.advance(milliseconds / 1000),
    say: () => {},
    ...changes,
  });
  return {
    sandbox,
    certificate,
    settings,
    ports,
    verify: async (changes, given, signal = new AbortController().signal) => verifyTenant(ports(given), settings(changes), signal),
    secretSettings: () => ({ credential: { kind: 'secret', reveal: () => app.clientSecret } }),
    stop: async () => {
      https.close();
      await sandbox.stop();
    },
  };
}

function registeredCertificate({ world }: RunningSandbox, objectId: string): VerifyStage['certificate'] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const certificateDer = createCertificate({ subject: 'verify', subjectKey: privateKey, notBeforeAt: Date.now() - DAY_MS, notAfterAt: Date.now() + 365 * DAY_MS, isAuthority: false });
  const home = world.tenants.get(world.homeTenantId);
  const registered = home?.applications.get(objectId, world.now());
  if (home === undefined || registered === undefined) throw new Error('The seed has no app registration.');
  const entry = {
    keyId: randomUUID(),
    key: certificateDer.toString('base64'),
    customKeyIdentifier: createHash('sha1').update(certificateDer).digest('hex').toUpperCase(),
    displayName: 'CN=verify',
    startDateTime: wholeSeconds(Date.now() - DAY_MS / 2),
    endDateTime: wholeSeconds(Date.now() + 30 * DAY_MS),
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
  } as const;
  home.applications.put(registered.id, { ...registered, keyCredentials: [entry] }, world.now());
  return { kind: 'certificate', certificateDer, privateKeyPem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

function wholeSeconds(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function differing({ rules }: Pick<VerifyReport, 'rules'>): readonly RuleResult[] {
  return rules.filter(({ result }) => result === 'differs');
}

export function resultsOf({ rules }: Pick<VerifyReport, 'rules'>, result: RuleResult['result']): readonly string[] {
  return rules.filter((rule) => rule.result === result).map(({ id }) => id);
}
