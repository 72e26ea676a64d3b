// Runs whole workflows in n8n's own engine, in one process and without its server. The engine is installed here, apart
// from the root: 350 MB that nobody needs who uses the package. Where it cannot be installed, that is said and no failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installOnce } from '../install-once.mts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

if (!installOnce(folder)) {
  process.stderr.write("SKIPPED: nothing ran in n8n's engine, because it could not be installed on this machine.\n");
  process.exit(0);
}

const home = mkdtempSync(join(tmpdir(), 'n8n-home-'));
// n8n puts its own modules on this path, which is where nodes find n8n-workflow; it also writes to its user's folder.
const env = { ...process.env, NODE_PATH: `${folder}node_modules`, N8N_USER_FOLDER: home };
// The nodes keep their state open for the next execution, as in a server that runs on: the end is forced.
const { status } = spawnSync(process.execPath, ['--test', '--test-force-exit', 'test/n8n-core/*.test.mts'], { cwd: root, env, stdio: 'inherit' });
rmSync(home, { recursive: true, force: true });
process.exit(status ?? 1);
