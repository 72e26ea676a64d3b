/** Files of OpenSSL, Node.js, pyca, NIST, Go and Bouncy Castle, each answered as its makers expect. */
import { describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../../../src/core/adapters/key-deriver';
import type { ErrorCode } from '../../../../src/core/errors';
import { inspectCertificateFile } from '../../../../src/core/certificates/pfx/inspect';
import { bytesOf, passwordOf, VECTORS } from './vectors';

const ports = { clock: { now: () => Date.UTC(2026, 10, 22), sleep: () => Promise.resolve() }, keyDeriver: createKeyDeriver() };
const inspect = (file: string, password: ReturnType<typeof passwordOf>) => inspectCertificateFile(ports, { bytes: bytesOf(file), password });

const REFUSALS: Readonly<Record<string, ErrorCode>> = { malformed: 'PFX_MALFORMED', 'bad-mac-params': 'PFX_MALFORMED', 'weak-mac-key': 'PFX_MALFORMED', 'not-pkcs12': 'NOT_A_PFX' };
/** Readable by the program that made it alone. */
const REFUSED_BY_NAME: Readonly<Record<string, string>> = { 'bouncycastle/pkcs5Cast5Pfx.p12': 'CAST5 (1.2.840.113533.7.66.10)' };

describe('a file of another program', () => {
  it.each(VECTORS.filter(({ expect: { ok }, file }) => ok && REFUSED_BY_NAME[file] === undefined).map((vector) => [vector.file, vector] as const))('%s is read as it was written', async (file, vector) => {
    const report = await inspect(file, passwordOf(vector));
    if (!report.ok) throw new Error(JSON.stringify(report.error));
    const { certificates, keys } = vector.expect;
    if (certificates !== undefined) expect(report.certificates.map(({ thumbprintSha256 }) => thumbprintSha256).toSorted()).toEqual(certificates.toSorted());
    if (keys !== undefined) expect(report.keys.map(({ spkiSha256 }) => spkiSha256 ?? '').toSorted()).toEqual(keys.toSorted());
  });

  it.each(VECTORS.filter(({ expect: { ok } }) => !ok).map((vector) => [vector.file, vector] as const))('%s is refused for what is wrong with it', async (file, vector) => {
    expect(await inspect(file, passwordOf(vector))).toMatchObject({ ok: false, error: { code: REFUSALS[vector.expect.error ?? ''] } });
  });

  it.each(Object.entries(REFUSED_BY_NAME))('%s is refused by the name of its algorithm', async (file, algorithm) => {
    const vector = VECTORS.find((candidate) => candidate.file === file);
    expect(await inspect(file, passwordOf(vector ?? { password: null }))).toMatchObject({ ok: false, error: { code: 'PFX_ALGORITHM_UNSUPPORTED', algorithm } });
  });

  it.each(VECTORS.filter(({ expect: { ok, keys }, password, tier }) => ok && tier === 'core' && (password ?? '') !== '' && (keys?.length ?? 0) > 0).map(({ file }) => [file]))('%s does not open with another password, and says that it was the password', async (file) => {
    expect(await inspect(file, passwordOf({ password: 'not the password' }))).toMatchObject({ ok: false, error: { code: 'PFX_PASSWORD_WRONG' } });
    expect(await inspectCertificateFile(ports, { bytes: bytesOf(file) })).toMatchObject({ ok: false, error: { code: 'PFX_PASSWORD_REQUIRED' } });
  });
});
