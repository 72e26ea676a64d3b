/** Every built file loads, by import and by require, on the Node we develop with and on the oldest we promise. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  name: string;
  version: string;
  bin: Record<string, string>;
  exports: Record<string, unknown>;
  engines: { node: string };
};
const floor = manifest.engines.node.replace('>=', '');
const nodes = [
  { version: process.versions.node, binary: process.execPath },
  { version: floor, binary: `${root}tools/node-floor/node_modules/.bin/node` },
];
const specifiers = Object.keys(manifest.exports).filter((path) => path !== './package.json').map((path) => manifest.name + path.slice(1));

for (const { version, binary } of nodes) {
  const isHere = existsSync(binary);
  if (!isHere) process.stderr.write(`SKIPPED: Node ${version} is not on this machine (tools/node-floor.mts installs it on Linux x64).\n`);

  describe.skipIf(!isHere)(`on Node ${version}`, () => {
    const run = (...parameters: readonly string[]) => spawnSync(binary, parameters, { cwd: root, encoding: 'utf8' });

    it('is really that Node', () => {
      expect(run('--version').stdout.trim()).toBe(`v${version}`);
    });

    it.each(specifiers)('imports and requires %s with the same names', (specifier) => {
      const names = 'Object.keys(loaded).filter((name) => name !== "default" && name !== "module.exports").sort()';
      const required = run('-e', `const loaded = require(${JSON.stringify(specifier)}); console.log(JSON.stringify(${names}))`);
      const imported = run('--input-type=module', '-e', `const loaded = await import(${JSON.stringify(specifier)}); console.log(JSON.stringify(${names}))`);
      expect(required.status, required.stderr).toBe(0);
      expect(imported.status, imported.stderr).toBe(0);
      expect(required.stdout).toBe(imported.stdout);
      expect(JSON.parse(required.stdout)).not.toEqual([]);
    });

    it('loads every single built file', () => {
      const files = globSync('dist/{core,sandbox,nodes,credentials}/**/*.{js,mjs}', { cwd: root });
      const load = `for (const file of ${JSON.stringify(files)}) { file.endsWith('.js') ? require('./' + file) : await import('./' + file); }`;
      const prelude = "import { createRequire } from 'node:module'; const require = createRequire(process.cwd() + '/x.js');";
      const loaded = run('--input-type=module', '-e', prelude + load.replaceAll("import('./'", "import(process.cwd() + '/'"));
      expect(files.length).toBeGreaterThan(50);
      expect(loaded.status, loaded.stderr).toBe(0);
    });

    it.each(Object.values(manifest.bin))('starts the command line %s', (file) => {
      const shown = run(file, '--version');
      expect(shown.stdout.trim(), shown.stderr).toBe(manifest.version);
      // npm links the file as it is: without these two it does not start from a shell.
      expect(readFileSync(`${root}${file}`, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
      expect(statSync(`${root}${file}`).mode & 0o111).not.toBe(0);
    });
  });
}

describe('a copy of each kind in one process', () => {
  it('recognises the errors and secrets of the other copy', () => {
    const script = `
      const required = require(${JSON.stringify(manifest.name)});
      import(${JSON.stringify(manifest.name)}).then((imported) => {
        const error = new required.OnboardingError('UNEXPECTED', 'x');
        console.log(JSON.stringify([required.OnboardingError === imported.OnboardingError, imported.isOnboardingError(error), imported.isSecret(required.secret('s'))]));
      });`;
    expect(JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' }))).toEqual([false, true, true]);
  });
});
