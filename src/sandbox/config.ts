/**
 * A ready-made configuration file for the product, pointing at a running sandbox. Client secrets go into files of
 * their own beside it (mode 0600); the configuration only names them.
 */
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Ready } from './ready';

export interface ConfigOptions {
  /** Where the product's own pages will be; its callbacks must be among the apps' redirect URIs. */
  readonly publicBaseUrl?: string;
  readonly settingsUrl?: string;
  readonly state?: string;
  readonly portal?: { readonly audience: string; readonly deliverTo: string; readonly jwksOrClientKey: string | object };
  /** File that holds an app's secret, as the configuration will name it. */
  readonly secretFileOf?: (appKey: string) => string;
}

const DEFAULT_PUBLIC_BASE_URL = 'http://localhost:4180';
const DEFAULT_PORTAL = { audience: 'https://backup-portal.northwind.example', deliverTo: 'http://localhost:4190/enter' };

/** The configuration as an object. Holds no secret. */
export function buildConfig(ready: Ready, options: ConfigOptions = {}) {
  const publicBaseUrl = options.publicBaseUrl ?? DEFAULT_PUBLIC_BASE_URL;
  const secretFileOf = options.secretFileOf ?? ((key: string) => `${key}.secret`);
  return {
    cloud: ready.cloud,
    partnerName: ready.tenants.find((tenant) => tenant.tenantId === ready.homeTenantId)?.displayName ?? 'Sandbox partner',
    homeTenantId: ready.homeTenantId,
    apps: ready.apps.map((app) => ({
      key: app.key,
      appId: app.appId,
      displayName: app.displayName,
      round: app.round,
      requiredPermissions: app.requiredPermissions,
      services: app.services,
      credential: { secretFile: secretFileOf(app.key) },
    })),
    operators: [{ id: 'op-1', name: 'Sandbox operator', accounts: 'all', may: ['onboard', 'impersonate', 'certificates'] }],
    operator: 'op-1',
    publicBaseUrl,
    ...(options.settingsUrl === undefined ? {} : { settingsUrl: options.settingsUrl }),
    ...(options.portal === undefined ? {} : { portal: options.portal }),
    state: options.state ?? 'sqlite:./state/m365.sqlite',
    sandbox: { authorityHost: ready.login, graphBaseUrl: ready.graph, caFile: ready.caFile, control: ready.control },
  };
}

/**
 * Write the configuration and the secret files beside it: one client secret per app, and the private key of a backup
 * portal whose public key the configuration holds (unless a portal is given). Returns the configuration's absolute path.
 * Raises TypeError for a sandbox in masquerade: under Microsoft's names the configuration would point at Microsoft.
 */
export function writeSandboxConfig(ready: Ready, file: string, options: ConfigOptions = {}): string {
  if (ready.proxy !== null) throw new TypeError('No configuration can point at a sandbox in masquerade: start one without it.');
  const path = resolve(file);
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true });
  const secretFileOf = (key: string) => `${basename(path, '.json')}.${key}.secret`;
  for (const app of ready.apps) writePrivately(join(directory, secretFileOf(app.key)), app.clientSecret);
  // A copy of its own: the sandbox removes its directory when it ends.
  const caFile = `${basename(path, '.json')}.ca.pem`;
  copyFileSync(ready.caFile, join(directory, caFile));
  const portal = options.portal ?? { ...DEFAULT_PORTAL, jwksOrClientKey: makePortalKey(join(directory, `${basename(path, '.json')}.portal-key.jwk.json`)) };
  writePrivately(path, `${JSON.stringify(buildConfig({ ...ready, caFile }, { ...options, portal, secretFileOf }), undefined, 2)}\n`);
  return path;
}

/** The portal signs its redemptions with this key (private_key_jwt, ES256). Returns the public half. */
function makePortalKey(file: string): object {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writePrivately(file, `${JSON.stringify(pair.privateKey.export({ format: 'jwk' }))}\n`);
  return pair.publicKey.export({ format: 'jwk' });
}

function writePrivately(path: string, content: string): void {
  writeFileSync(path, content, { mode: 0o600 });
}
