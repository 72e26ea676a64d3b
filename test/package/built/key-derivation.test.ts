/** Keys are derived on a thread whose source travels inside the built file: it must start from each form that is published. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const oldest = `${root}tools/node-floor/node_modules/.bin/node`;
const script = (load: string) => `
  ${load};
  const bytes = require('node:fs').readFileSync('test/vectors/pfx/node/agent1.pfx');
  core.inspectCertificateFile({ clock: core.createSystemClock(), keyDeriver: core.createKeyDeriver() }, { bytes, password: core.secret('sample') })
    .then((report) => console.log(report.ok, report.keys?.length));`;

describe.each([['the Node of development', process.execPath], ['the oldest Node', oldest]])('on %s', (_name, binary) => {
  it.skipIf(!existsSync(binary)).each([
    ['the CommonJS library', "const core = require('n8n-nodes-m365-onboarding')"],
    ['the ESM library', "const core = await import('n8n-nodes-m365-onboarding'); const require = (await import('node:module')).createRequire(process.cwd() + '/x.js')"],
    ['the bundle for n8n', "const core = require('./dist/nodes/core.bundle.js')"],
  ])('%s reads a PFX, and ends by itself', (_form, load) => {
    const type = load.includes('await') ? ['--input-type=module'] : [];
    const { stdout, stderr, status } = spawnSync(binary, [...type, '-e', script(load)], { cwd: root, encoding: 'utf8', timeout: 50_000 });
    expect([stdout.trim(), status], stderr).toEqual(['true 1', 0]);
  });

  it.skipIf(!existsSync(binary))('the command line reads it from a shell', () => {
    const { stdout, status } = spawnSync(binary, ['dist/cli/bin.mjs', '--json', 'certificate', 'inspect', 'test/vectors/pfx/node/agent1.pfx', '--password-stdin'], { cwd: root, input: 'sample\n', encoding: 'utf8', timeout: 50_000 });
    expect([status, (JSON.parse(stdout) as { ok: boolean }).ok]).toEqual([0, true]);
  });
});
