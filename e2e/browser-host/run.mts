// Opens the nodes in n8n's editor with a real browser and takes pictures for people to look at. Chromium comes from the
// machine, what drives it is installed here, n8n is the other suite's. What is missing is said and is no failure.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPostgres } from '../../test/n8n/postgres.mts';
import { findChromium } from '../../test/n8n-browser/chromium.mts';
import { installOnce } from '../install-once.mts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

if (findChromium() === undefined) skip('there is no Chromium on this machine (Debian: apt-get install chromium)');
if (findPostgres() === undefined) skip("PostgreSQL, which keeps n8n's data, is not on this machine (Debian: apt-get install postgresql)");
if (!installOnce(at('.'))) skip('what drives it could not be installed');
if (!installOnce(at('../n8n-host'))) skip('n8n could not be installed on this machine');

const { status } = spawnSync(process.execPath, ['--test', 'test/n8n-browser/*.test.mts'], { cwd: at('../..'), stdio: 'inherit' });
process.exit(status ?? 1);

function skip(why: string): never {
  process.stderr.write(`SKIPPED: no browser opened n8n's editor, because ${why}.\n`);
  process.exit(0);
}
