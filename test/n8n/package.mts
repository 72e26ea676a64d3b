/** The package as it would be published, and installed as n8n's users install it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const PACKAGE = 'n8n-nodes-m365-onboarding';

/** The archive, in this folder. */
export function pack(folder: string): string {
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as { filename: string }[];
  return join(folder, packed?.filename ?? '');
}

/** By npm, into the folder where an n8n with this home looks for what its users added. */
export function installInto(home: string, archive: string): void {
  const nodes = join(home, '.n8n', 'nodes');
  mkdirSync(nodes, { recursive: true });
  execFileSync('npm', ['install', archive, '--ignore-scripts', '--legacy-peer-deps', '--omit=dev', '--no-audit', '--no-fund'], { cwd: nodes, stdio: ['ignore', 'ignore', 'inherit'] });
}
