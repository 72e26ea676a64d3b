/** What is done with the records of certificates on the command line: shown in every spelling, called something else, deleted. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliStage, runCli, startCliStage } from './support';

let stage: CliStage;
beforeAll(async () => {
  stage = await startCliStage();
});
afterAll(async () => stage.stop());

const cli = (...args: readonly string[]) => runCli(['--json', '--config', stage.config, 'certificate', ...args]);
const refused = (code: string) => ({ code: 3, json: { error: { code } } });

describe('records of certificates on the command line', { timeout: 90_000 }, () => {
  let id: string;
  let other: string;

  it('show gives the thumbprints in every spelling', async () => {
    const made = await cli('generate', '--name', 'Backup', '--description', 'for mail', '--key-bits', '2048');
    id = String(made.json['id']);
    other = String((await cli('generate', '--name', 'Other', '--key-bits', '2048')).json['id']);
    const file = join(stage.folder, 'backup.pem');
    await cli('export', id, '--format', 'pem', '--out', file);
    const { fingerprint, fingerprint256 } = new X509Certificate(readFileSync(file));
    const shown = (await runCli(['--config', stage.config, 'certificate', 'show', id])).out;
    for (const colons of [fingerprint, fingerprint256]) {
      const raw = Buffer.from(colons.replaceAll(':', ''), 'hex');
      for (const spelling of [colons, raw.toString('hex').toUpperCase(), raw.toString('base64url')]) expect(shown).toContain(spelling);
    }
    expect((await cli('show', id)).json).toMatchObject({ thumbprints: { sha1Colon: fingerprint, sha256Colon: fingerprint256 } });
  });

  it('edit changes what is named and leaves the rest', async () => {
    expect(await cli('edit', id, '--name', 'Renamed')).toMatchObject({ code: 0, json: { id, name: 'Renamed', description: 'for mail' } });
    expect(await cli('edit', id, '--description', '')).toMatchObject({ code: 0, json: { name: 'Renamed', description: '' } });
    expect(await cli('edit', id)).toMatchObject({ code: 0, json: { name: 'Renamed' } });
    expect(await cli('edit', id, '--name', 'OTHER')).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_NAME_TAKEN', details: { certificateId: other } } } });
    expect(await cli('edit', 'nobody', '--name', 'x')).toMatchObject(refused('CERTIFICATE_NOT_FOUND'));
  });

  it('delete needs its --yes, and deletes once', async () => {
    expect(await cli('delete', other)).toMatchObject(refused('CERTIFICATE_DELETION_UNCONFIRMED'));
    expect(await cli('delete', other, '--yes')).toMatchObject({ code: 0, json: { id: other, name: 'Other', removed: true } });
    expect(await cli('delete', other, '--yes')).toMatchObject(refused('CERTIFICATE_NOT_FOUND'));
    expect(await cli('generate', '--name', 'other', '--key-bits', '2048')).toMatchObject({ code: 0 });
  });

  it('delete is refused for a certificate that is registered and signs, and names both', async () => {
    expect(await cli('register', id, '--app', 'backup')).toMatchObject({ code: 0 });
    const written = JSON.parse(readFileSync(stage.config, 'utf8')) as { apps: { key: string; appId: string; credential: unknown }[] };
    const apps = written.apps.map((app) => (app.key === 'backup' ? { ...app, credential: { certificateId: id } } : app));
    writeFileSync(stage.config, JSON.stringify({ ...written, apps }));
    const { code, json } = await cli('delete', id, '--yes');
    const appId = written.apps.find(({ key }) => key === 'backup')?.appId;
    expect([code, json]).toMatchObject([3, { error: { code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'app', appKey: 'backup', appId }, { kind: 'configuration', appKey: 'backup' }] } } }]);
  });

  it('unregister is refused for what signs, and does nothing where there is nothing', async () => {
    expect(await cli('unregister', id, '--app', 'backup')).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'configuration', appKey: 'backup' }] } } } });
    expect(await cli('unregister', id, '--app', 'restore')).toMatchObject({ code: 0, json: { certificateId: id, appKey: 'restore', alreadyGone: true } });
  });
});
