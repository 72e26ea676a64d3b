/**
 * What the portal looks after here: the sandbox as the partner's home tenant, an installation with its state in a temporary
 * folder, and one certificate that both apps sign in with. The sandbox's clock is the installation's, so a rotation of a day can
 * be watched in a minute.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, createInstallation, type Installation, openStateStore, parseConfiguration, parseKeyRing } from 'n8n-nodes-m365-onboarding';
import { buildConfig, type RunningSandbox, type SandboxOptions, startSandbox } from 'n8n-nodes-m365-onboarding/sandbox';
import { type OperatorPortal, startOperatorPortal } from './server.mts';

export interface PortalStage {
  readonly sandbox: RunningSandbox;
  readonly installation: Installation;
  readonly portal: OperatorPortal;
  readonly operatorId: string;
  /** The certificate that signs. */
  readonly certificateId: string;
  /** Texts that must never appear in any output. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export interface PortalStageOptions {
  readonly sandbox?: SandboxOptions;
  /** Of the certificate that signs; the library's default. */
  readonly keyBits?: 2048;
  readonly port?: number;
  readonly now?: () => number;
  readonly log?: (line: string) => void;
}

/** Whatever was started before something failed is ended again. */
export async function setPortalStage(options: PortalStageOptions = {}): Promise<PortalStage> {
  const endings: (() => unknown)[] = [];
  const close = async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await build(options, endings)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build({ sandbox: sandboxOptions, keyBits, port, now, log }: PortalStageOptions, endings: (() => unknown)[]): Promise<Omit<PortalStage, 'close'>> {
  const folder = mkdtempSync(join(tmpdir(), 'm365-onboarding-portal-'));
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  const sandbox = await startSandbox(sandboxOptions);
  endings.push(async () => sandbox.stop());
  const clock: Clock = { now: () => sandbox.clock.now(), sleep: async (ms) => sandbox.clock.advance(ms / 1000) };
  const masterKey = randomBytes(32).toString('base64');
  const base = buildConfig(sandbox.ready);
  const { operator: operatorId } = base;
  const install = async (certificateId?: string) =>
    createInstallation({
      configuration: parseConfiguration({ ...base, apps: base.apps.map((app) => (certificateId === undefined ? app : { ...app, credential: { certificateId } })) }),
      store: await openStateStore('sqlite:state/portal.sqlite', { clock, folder }),
      clock,
      masterKeys: parseKeyRing(`portal:${masterKey}`),
      ca: readFileSync(sandbox.ready.caFile, 'utf8'),
      readFile: (path) => sandbox.ready.apps.find((app) => path === `${app.key}.secret`)?.clientSecret ?? '',
      environment: {},
      signer: { label: 'the operator portal' },
      deployment: 'host',
    });
  const bootstrap = await install();
  const { id: certificateId } = await bootstrap.certificates.generate({ name: 'Backup sign-in', description: 'What the apps of the backup service sign in with.', keyBits }, operatorId);
  for (const app of base.apps) await bootstrap.certificates.register(certificateId, app.key, operatorId);
  await bootstrap.close();
  const installation = await install(certificateId);
  endings.push(async () => installation.close());
  const portal = await startOperatorPortal({
    installation,
    partnerName: base.partnerName,
    operator: { id: operatorId, name: base.operators[0]?.name ?? operatorId },
    apps: base.apps.map(({ key, displayName }) => ({ key, name: displayName })),
    ...(port === undefined ? {} : { port }),
    ...(now === undefined ? {} : { now }),
    ...(log === undefined ? {} : { log }),
  });
  endings.push(async () => portal.close());
  return { sandbox, installation, portal, operatorId, certificateId, secrets: [masterKey, ...sandbox.ready.apps.map((app) => app.clientSecret)] };
}
