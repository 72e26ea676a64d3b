// A host is a folder with a lock file of its own: what is big and what nobody needs who uses the package is installed there
// when a suite first asks for it. Whether it could be installed is for the caller to tell.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** False where it cannot be installed; npm has then said why. Does nothing when every dependency is there at its version. */
export function installOnce(folder: string): boolean {
  return isInstalled(folder) || spawnSync('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

function isInstalled(folder: string): boolean {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly dependencies: Readonly<Record<string, string>> };
  return Object.entries(dependencies).every(([name, version]) => {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    return existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version === version;
  });
}
