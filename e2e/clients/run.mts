// Clients that nobody here wrote, unchanged, against the sandbox; and our own OpenID Connect client against an issuer that
// nobody here wrote. They are installed here, apart from the root. Where they cannot be, that is said and no failure.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installOnce } from '../install-once.mts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

if (!installOnce(folder)) {
  process.stderr.write('SKIPPED: nothing ran against other people\'s clients, because they could not be installed on this machine.\n');
  process.exit(0);
}

// Debian's own interpreter: another one, first on the path, does not see Debian's packages.
const python = '/usr/bin/python3';
const hasMsal = spawnSync(python, ['-c', 'import msal'], { stdio: 'ignore' }).status === 0;
if (!hasMsal) process.stderr.write('SKIPPED: MSAL for Python did not run, because it is not installed on this machine (Debian: python3-msal).\n');

const env = { ...process.env, CLIENTS_PYTHON: hasMsal ? python : '' };
const { status } = spawnSync('vitest', ['run', '--project', 'clients', ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' });
process.exit(status ?? 1);
