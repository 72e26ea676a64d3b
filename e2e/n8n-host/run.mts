// Puts the packed package into a real n8n and uses it there: into one process, or with the word `queue` into one that hands
// its work to others. n8n is installed here, once for both and apart from the root: 2.7 GB that nobody needs who uses the
// package. Where it or a program it needs cannot be had, that is said and no failure.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPostgres } from '../../test/n8n/postgres.mts';
import { findRedis } from '../../test/n8n-queue/redis.mts';
import { installOnce } from '../install-once.mts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const isQueue = process.argv[2] === 'queue';

if (findPostgres() === undefined) skip('PostgreSQL, which keeps its data, is not on this machine (Debian: apt-get install postgresql)');
if (isQueue && findRedis() === undefined) skip('Redis, which carries the queue, is not on this machine (Debian: apt-get install redis-server)');
if (!installOnce(folder)) skip('it could not be installed on this machine');

// One file after the other: each has an n8n of its own, and two of them at once leave no processor for anything else.
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', isQueue ? 'test/n8n-queue/*.test.mts' : 'test/n8n/*.test.mts'], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);

function skip(why: string): never {
  process.stderr.write(`SKIPPED: nothing ran in a real n8n${isQueue ? ' with a queue' : ''}, because ${why}.\n`);
  process.exit(0);
}
