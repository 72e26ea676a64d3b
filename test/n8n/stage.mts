/** A fresh n8n with the packed package installed as users install it, its own database, and the sandbox beside it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from 'n8n-nodes-m365-onboarding/sandbox';
import { fillCredentials, NO_LAG } from '../support/n8n-credentials.mts';
import { signUp } from './client.mts';
import { installInto, pack } from './package.mts';
import { startPortal } from './portal.mts';
import { findPostgres, startDatabase } from './postgres.mts';
import { freePort } from '../support/processes.mts';
import { startN8n } from './server.mts';

const MASTER_KEY = Buffer.alloc(32, 13).toString('base64');

export { PACKAGE } from './package.mts';
export const TRIGGER_PATH = 'm365-onboarding';

/** The customer that is onboarded here, and the account it becomes. */
export const CUSTOMER = { id: 'contoso', name: 'Contoso Ltd', domain: 'contoso.example' } as const;

const NAMES = { m365PartnerApp: 'M365 Partner App', m365OnboardingState: 'M365 Onboarding State' } as const;

export interface StageOptions {
  /** Taken when it is free; any other otherwise. */
  readonly port?: number;
  /** n8n's engine for expressions. `legacy` is five times faster; `vm` is what n8n's users have. */
  readonly engine?: 'legacy' | 'vm';
}

export async function openStage({ port: wantedPort, engine = 'legacy' }: StageOptions = {}) {
  await using begun = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'n8n-host-'));
  begun.defer(() => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, 'home');
  installInto(home, pack(folder));
  const database = await startDatabase(findPostgres() ?? '', await freePort());
  begun.defer(async () => database.stop());
  const page = (name: string) => `http://localhost/webhook/${TRIGGER_PATH}/${name}`;
  const sandbox = await startSandbox({ seed: { redirectUris: [page('consent/callback'), page('sign-in/callback')] } });
  begun.defer(async () => sandbox.stop());
  sandbox.setReplicationLagMs(NO_LAG);
  const port = await freePort(wantedPort);
  const settings = { ...database.environment, N8N_ENCRYPTION_KEY: 'a-key-of-this-run-only', N8N_EXPRESSION_ENGINE: engine, M365_ONBOARDING_ALLOW_SANDBOX: 'true' };
  let server = await startN8n(home, port, settings);
  begun.defer(async () => server.stop());
  const client = await signUp(server.origin);
  const publicBaseUrl = `${server.origin}/webhook/${TRIGGER_PATH}`;
  const tenantId = sandbox.ready.tenants.find((one) => one.domain === CUSTOMER.domain)?.tenantId ?? '';
  const { portal, clientKey, field } = await startPortal(publicBaseUrl, { [CUSTOMER.id]: { name: CUSTOMER.name, tenantId } });
  begun.defer(async () => portal.close());
  const filled = fillCredentials(sandbox.ready, publicBaseUrl, MASTER_KEY);
  const credentials = { ...filled, m365OnboardingState: { ...filled.m365OnboardingState, portal: field } };
  const everything = begun.move();
  return {
    get server() {
      return server;
    },
    /** The same n8n, stopped in order and started on what it kept, with another engine for expressions if one is named. */
    restart: async (next: NonNullable<StageOptions['engine']> = engine) => {
      await server.stop();
      server = await startN8n(home, port, { ...settings, N8N_EXPRESSION_ENGINE: next });
    },
    sandbox,
    client,
    database,
    portal,
    credentials,
    /** Both credentials, saved under the names the example workflow has for them: what nodes refer to. */
    saveCredentials: async () => {
      const kept: Record<string, { readonly id: string; readonly name: string }> = {};
      for (const [type, fields] of Object.entries(credentials)) {
        const name = NAMES[type as keyof typeof credentials];
        kept[type] = { id: (await client.addCredential(name, type, fields))['id'] as string, name };
      }
      return kept;
    },
    ca: readFileSync(sandbox.ready.caFile, 'utf8'),
    /** What nobody may find in n8n's log or database. */
    secrets: [MASTER_KEY, clientKey, ...sandbox.ready.apps.map(({ clientSecret }) => clientSecret)],
    close: async () => everything.disposeAsync(),
  };
}
