/** The packed package in a folder of its own, as a user's n8n has it, and the sandbox it talks to. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSandbox } from 'n8n-nodes-m365-onboarding/sandbox';
import { fillCredentials, NO_LAG } from '../support/n8n-credentials.mts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const TRIGGER_PATH = 'm365-onboarding';

/** `port`: where the trigger's pages will be. */
export async function openStage(port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'n8n-core-'));
  const directory = unpack(folder);
  // What the person who runs this n8n would have set for it.
  Object.assign(process.env, { M365_ONBOARDING_ALLOW_SANDBOX: 'true', M365_ONBOARDING_STATE_FOLDER: join(folder, 'state') });
  const page = (name: string) => `http://localhost/webhook/${TRIGGER_PATH}/${name}`;
  const sandbox = await startSandbox({ seed: { redirectUris: [page('consent/callback'), page('sign-in/callback')] } });
  sandbox.setReplicationLagMs(NO_LAG);
  return {
    directory,
    sandbox,
    ca: readFileSync(sandbox.ready.caFile, 'utf8'),
    credentials: fillCredentials(sandbox.ready, `http://localhost:${port}/webhook/${TRIGGER_PATH}`, Buffer.alloc(32, 11).toString('base64')),
    close: async () => {
      await sandbox.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function unpack(folder: string): string {
  const directory = join(folder, 'node_modules', 'n8n-nodes-m365-onboarding');
  mkdirSync(directory, { recursive: true });
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as { filename: string }[];
  execFileSync('tar', ['xzf', join(folder, packed?.filename ?? ''), '-C', directory, '--strip-components=1']);
  return directory;
}
