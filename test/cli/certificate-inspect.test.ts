/** The PFX doctor on the command line: no configuration, no state, one answer per cause. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from './support';

const folder = mkdtempSync(join(tmpdir(), 'm365-inspect-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const vector = (file: string) => fileURLToPath(new URL(`../vectors/pfx/${file}`, import.meta.url));
const inspect = (file: string, input?: string, ...flags: readonly string[]) =>
  runCli(['--json', '--config', join(folder, 'absent.json'), 'certificate', 'inspect', file, ...(input === undefined ? [] : ['--password-stdin']), ...flags], input);

describe('certificate inspect', () => {
  it('answers what is in a file, without a configuration, and writes nothing', async () => {
    const result = await inspect(vector('node/agent1.pfx'), 'sample\n');
    expect(result).toMatchObject({ code: 0, json: { ok: true, format: 'pfx', usableForEntra: true, keys: [{ type: 'rsa', bits: 2048 }] } });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['the wrong password', 'node/agent1.pfx', 'hunter2', [], 'PFX_PASSWORD_WRONG'],
    ['no password', 'node/agent1.pfx', undefined, [], 'PFX_PASSWORD_REQUIRED'],
    ['the null password', 'node/agent1.pfx', undefined, ['--password-null'], 'PFX_PASSWORD_WRONG'],
    ['two passwords', 'node/agent1.pfx', 'hunter2', ['--password-null'], 'INPUT_INVALID'],
    ['a Java keystore', 'bouncycastle/JKS_Store.jks', undefined, [], 'NOT_A_PFX'],
    ['a file that is not there', 'absent.pfx', undefined, [], 'INPUT_INVALID'],
  ] as const)('refuses %s with exit code 3', async (_what, file, input, flags, code) => {
    const result = await inspect(vector(file), input, ...flags);
    expect(result).toMatchObject({ code: 3, json: { error: { code } } });
    expect(result.out + result.err).not.toContain('hunter2');
  });

  it('opens files without a password with either flag or none', async () => {
    for (const flags of [[], ['--password-null']]) expect(await inspect(vector('go-pkcs12/Windows_Azure_Tools.p12'), undefined, ...flags)).toMatchObject({ code: 0, json: { ok: true } });
    expect(await inspect(vector('go-pkcs12/testing_example_com.p12'), '')).toMatchObject({ code: 0, json: { ok: true } });
  });

  it('does not read a file that is too large', async () => {
    const large = join(folder, 'large.pfx');
    writeFileSync(large, Buffer.alloc(3 << 20));
    expect(await inspect(large)).toMatchObject({ code: 3, json: { ok: false, error: { code: 'PFX_TOO_LARGE' } } });
  });

  it('tells people the same in words', async () => {
    const good = await runCli(['certificate', 'inspect', vector('node/agent1.pfx'), '--password-stdin'], 'sample');
    expect(good.out).toMatch(/private key {2}rsa 2048, of [0-9A-F]{64}[\s\S]*An app can sign in to Microsoft with it\./);
    const bad = await runCli(['certificate', 'inspect', vector('bouncycastle/JKS_Store.jks')]);
    expect(bad.out).toContain('Java keystore');
  });
});
