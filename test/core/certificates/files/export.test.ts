import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../../../src/core/adapters/key-deriver';
import { createKeyGenerator } from '../../../../src/core/adapters/node-keys';
import { exportCertificate } from '../../../../src/core/certificates/files/export';
import { openKeyFile } from '../../../../src/core/certificates/files/key-file';
import type { CertificateRecord } from '../../../../src/core/certificates/model';
import { listCertificates, openPrivateKey, readCertificateDer } from '../../../../src/core/certificates/records/records';
import { createCertificate, importCertificate } from '../../../../src/core/certificates/records/store-certificate';
import { listSigners } from '../../../../src/core/certificates/rotation/signers';
import { secret } from '../../../../src/core/internal/secret';
import type { RsaKeyPair } from '../../../../src/core/ports';
import { corePorts } from '../../../support/core-ports';

let shared: RsaKeyPair | undefined;
const keys = { generateRsa: async () => (shared ??= await createKeyGenerator().generateRsa(2048)) };
const keyDeriver = createKeyDeriver();
const password = secret('hunter2');
let ports: ReturnType<typeof corePorts> & { keys: typeof keys; keyDeriver: typeof keyDeriver };
let record: CertificateRecord;

beforeEach(async () => {
  ports = { ...corePorts(), keys, keyDeriver };
  record = await createCertificate(ports, { name: 'Bäckup / 2027', subject: 'Backup' }, 'op-1');
});

describe('exporting a certificate', () => {
  it.each(['cer', 'pem'] as const)('hands out the public part as %s, without a password', async (format) => {
    const file = await exportCertificate(ports, record.id, { format }, 'op-1');
    expect(file).toMatchObject({ includesPrivateKey: false, fileName: `Bäckup-2027.${format}`, record: { id: record.id } });
    expect(new X509Certificate(file.bytes).raw.equals(await readCertificateDer(ports, record.id))).toBe(true);
    expect(Buffer.from(file.bytes).toString('latin1')).not.toContain('PRIVATE KEY');
  });

  it.each(['pfx', 'pem'] as const)('hands out the private key as %s under the password only, and audits it', async (format) => {
    const file = await exportCertificate(ports, record.id, { format, password }, 'op-1');
    expect(file.includesPrivateKey).toBe(true);
    await expect(openKeyFile(ports, { bytes: file.bytes })).rejects.toMatchObject({ code: 'PFX_PASSWORD_REQUIRED' });
    const { certificate } = await openKeyFile(ports, { bytes: file.bytes, password });
    const stored = await openPrivateKey(ports, record.id);
    expect(createPrivateKey(certificate.privateKey.reveal()).equals(createPrivateKey(stored.privateKey.reveal()))).toBe(true);
    const events = ports.audit.events.filter(({ action }) => action === 'certificate.exported');
    expect(events.map(({ phase, outcome, actor, subject }) => [phase, outcome, actor, subject])).toEqual([['intent', undefined, 'op-1', record.id], ['outcome', 'done', 'op-1', record.id]]);
    expect(JSON.stringify(ports.audit.events)).not.toContain('hunter2');
  });

  it('notes that the key is out once there is a file, and not for one that could not be made', async () => {
    const failing = { ...ports, keyDeriver: { derive: async () => Promise.reject(new Error('no derivation')) } };
    await expect(exportCertificate(failing, record.id, { format: 'pfx', password }, 'op-1')).rejects.toThrow('no derivation');
    expect(await listSigners(ports, record.thumbprintSha256)).toEqual([]);
    await exportCertificate(ports, record.id, { format: 'cer' }, 'op-1');
    expect(await listSigners(ports, record.thumbprintSha256)).toEqual([]);
    await exportCertificate(ports, record.id, { format: 'pfx', password }, 'op-1');
    expect(await listSigners(ports, record.thumbprintSha256)).toMatchObject([{ id: `export:${record.id}`, source: 'export' }]);
  });

  it('hands out nothing private when the audit is down, before or after', async () => {
    for (const downFrom of ['intent', 'outcome'] as const) {
      const audit = { append: async (event: { readonly phase: string }) => (event.phase === downFrom ? Promise.reject(new Error('down')) : undefined) };
      await expect(exportCertificate({ ...ports, audit }, record.id, { format: 'pfx', password }, 'op-1')).rejects.toThrow('down');
    }
  });

  it.each([[undefined], [secret('')]])('refuses a PFX without a password, and audits nothing', async (none) => {
    await expect(exportCertificate(ports, record.id, { format: 'pfx', password: none }, 'op-1')).rejects.toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter: 'password' } });
    expect(ports.audit.events.some(({ action }) => action === 'certificate.exported')).toBe(false);
  });

  it('refuses a format or a profile it does not know, and an unknown certificate', async () => {
    await expect(exportCertificate(ports, record.id, { format: 'jks' as 'pfx', password }, 'op-1')).rejects.toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter: 'format' } });
    await expect(exportCertificate(ports, record.id, { format: 'pfx', profile: 'rc2' as 'legacy', password }, 'op-1')).rejects.toMatchObject({ details: { parameter: 'profile' } });
    await expect(exportCertificate(ports, 'nobody', { format: 'cer' }, 'op-1')).rejects.toMatchObject({ code: 'CERTIFICATE_NOT_FOUND' });
  });
});

describe('importing a certificate', () => {
  const exported = async () => (await openKeyFile(ports, { bytes: (await exportCertificate(ports, record.id, { format: 'pfx', password }, 'op-1')).bytes, password })).certificate;

  it('stores it as imported, with the same thumbprint and key, in another store', async () => {
    const certificate = await exported();
    const elsewhere = { ...ports, ...corePorts('elsewhere') };
    const imported = await importCertificate(elsewhere, { name: 'Taken over', description: 'from the old host' }, certificate, 'op-2');
    expect(imported).toMatchObject({ name: 'Taken over', description: 'from the old host', source: 'imported', state: 'next', thumbprintSha256: record.thumbprintSha256, createdBy: 'op-2' });
    expect((await openPrivateKey(elsewhere, imported.id)).privateKey.reveal()).toBe(certificate.privateKey.reveal());
    expect(elsewhere.audit.events.map(({ action, phase }) => [action, phase])).toEqual([['certificate.imported', 'intent'], ['certificate.imported', 'outcome']]);
  });

  it('refuses one that is stored already, or a name that is taken, naming the other', async () => {
    const certificate = await exported();
    await expect(importCertificate(ports, { name: 'Another name' }, certificate, 'op-1')).rejects.toMatchObject({ code: 'CERTIFICATE_EXISTS', details: { certificateId: record.id } });
    const elsewhere = { ...ports, ...corePorts('elsewhere') };
    const first = await createCertificate(elsewhere, { name: 'Backup', subject: 'Backup' }, 'op-1');
    await expect(importCertificate(elsewhere, { name: 'BACKUP' }, certificate, 'op-1')).rejects.toMatchObject({ code: 'CERTIFICATE_NAME_TAKEN', details: { certificateId: first.id } });
  });

  it('lets one of two that race for the same certificate win, and frees the other\'s name', async () => {
    const certificate = await exported();
    const elsewhere = { ...ports, ...corePorts('elsewhere') };
    const results = await Promise.allSettled(['One', 'Two'].map((name) => importCertificate(elsewhere, { name }, certificate, 'op-1')));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')).toMatchObject({ reason: { code: 'CERTIFICATE_EXISTS' } });
    const [stored] = await listCertificates(elsewhere);
    const loser = stored?.name === 'One' ? 'Two' : 'One';
    expect(await createCertificate(elsewhere, { name: loser, subject: 'Backup', lifetimeDays: 7 }, 'op-1')).toMatchObject({ name: loser });
  });
});
