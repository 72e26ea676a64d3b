/** The manifest and the lock: what n8n demands of a community package, and what makes two installs the same. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../tools/require-node24.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Record<string, Record<string, string>> & { keywords: string[] };

describe('the manifest', () => {
  it('is one that n8n installs', () => {
    expect(manifest).toMatchObject({ license: 'MIT', peerDependencies: { 'n8n-workflow': '*' }, n8n: { n8nNodesApiVersion: 1 } });
    expect(manifest.name).toMatch(/^n8n-nodes-/);
    expect(manifest.keywords).toContain('n8n-community-node-package');
    expect(manifest).not.toHaveProperty('overrides');
  });

  it('runs nothing on the machine that installs it', () => {
    const lifecycle = new Set(['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare', 'prepublish']);
    expect(Object.keys(manifest['scripts'] ?? {}).filter((name) => lifecycle.has(name))).toEqual([]);
  });

  it('pins every tool it is built and tested with', () => {
    expect(Object.entries(manifest['devDependencies'] ?? {}).filter(([, range]) => !/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/.test(range))).toEqual([]);
  });

  it('names every dependency that may run an install script, by name alone', () => {
    expect(Object.keys(manifest['allowScripts'] ?? {}).filter((name) => /@\d/.test(name))).toEqual([]);
  });
});

describe('the Node guard', () => {
  it('lets Node 24 and later pass', () => {
    expect(refusal('v24.0.0')).toBeUndefined();
    expect(refusal('v25.1.0')).toBeUndefined();
  });

  it.each(['v20.20.2', 'v22.19.0', 'v9.0.0'])('refuses %s in one sentence that says what to do', (version) => {
    expect(refusal(version)).toContain(`this is Node ${version.slice(1)}`);
    expect(refusal(version)).toContain('npm ci');
  });

  const old = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path) && Number(execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).split('.')[0]) < 24);
  if (old === undefined) process.stderr.write('SKIPPED: no Node older than 24 on this machine to run the guard under.\n');

  it.skipIf(old === undefined)('stops a script that runs under the Node of the machine', () => {
    const { status, stderr } = spawnSync(old ?? '', ['tools/require-node24.mjs'], { cwd: root, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('These scripts need Node 24');
  });

  it('stands before every script that runs our code', () => {
    const unguarded = Object.entries(manifest['scripts'] ?? {}).filter(([name, script]) => name !== 'clean' && !script.startsWith('node tools/require-node24.mjs && '));
    expect(unguarded).toEqual([]);
  });
});

describe('the lock check', () => {
  const check = (lock: string) => spawnSync(process.execPath, ['tools/lockcheck.mjs', lock], { cwd: root, encoding: 'utf8' });

  it.each(['package-lock.json', 'tools/node-floor/package-lock.json'])('passes %s', (lock) => {
    expect(check(lock).stdout).toMatch(/^lock OK/);
  });

  it.each([
    ['a dependency that is not locked', { '': { dependencies: { gone: '1.0.0' } } }, 'missing in lock: gone'],
    ['a recorded registry', { 'node_modules/a': { resolved: 'https://example.com/a.tgz', integrity: 'sha512-x' } }, 'resolved recorded'],
    ['a missing integrity', { 'node_modules/a': { version: '1.0.0' } }, 'no integrity'],
  ])('refuses %s', (_, packages, complaint) => {
    const folder = mkdtempSync(join(tmpdir(), 'lockcheck-'));
    writeFileSync(join(folder, 'lock.json'), JSON.stringify({ packages }));
    const { status, stdout } = check(join(folder, 'lock.json'));
    rmSync(folder, { recursive: true });
    expect(status).toBe(1);
    expect(stdout).toContain(complaint);
  });
});
