// The package promises to run on the oldest Node named in package.json. That Node is installed here, apart from the root
// (its platform must not decide who can install the project), for the test that loads every built entry on it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('node-floor', import.meta.url));
const binary = `${folder}/node_modules/.bin/node`;

if (!existsSync(binary)) {
  const { status } = spawnSync('npm', ['ci', '--silent'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  // Not a failure: on another platform, or offline, the test says loudly that it skipped this Node.
  if (status !== 0) console.error('The oldest supported Node could not be installed on this machine; its loading test will be skipped.');
}
