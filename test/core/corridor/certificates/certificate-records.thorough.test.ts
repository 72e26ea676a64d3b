/** Editing and deleting as an installation offers them, with what its configuration, its store and its files say. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore, type IdentifiedStore } from '../../../../src/core/adapters/memory-store';
import { joinLine, switchLine } from '../../../../src/core/certificates/rotation/line';
import { openPrivateKey, recordCertificateUse } from '../../../../src/core/certificates/records/records';
import { retireCertificate } from '../../../../src/core/certificates/records/retire';
import { listSigners, noteSigner } from '../../../../src/core/certificates/rotation/signers';
import { createCertificate } from '../../../../src/core/certificates/records/store-certificate';
import { parseConfiguration } from '../../../../src/core/configuration';
import { OnboardingError, secret } from '../../../../src/core/index';
import { createInstallation, type Installation } from '../../../../src/core/installation';
import { parseKeyRing } from '../../../../src/core/sealing';
import { createMovableClock } from '../../../../src/core/testing/movable-clock';
import { errorOf } from '../../certificates/records/records-world';

const OPERATOR = 'op-1';
const NOW = Date.UTC(2026, 10, 22);
const PASSWORD = 'correct horse';

let clock: ReturnType<typeof createMovableClock>;
let store: IdentifiedStore;
let files: Map<string, string | Uint8Array>;
let installation: Installation;

beforeEach(async () => {
  clock = createMovableClock(NOW);
  store = createMemoryStore({ clock, storeId: 'test' });
  // Without its secret the app signs in nowhere, so nothing here asks the network.
  files = new Map();
  installation = await install({ secretFile: 'backup.secret' });
});
afterEach(async () => installation.close());

/** The state stays; what the configuration says about the app's credential is new. */
async function install(credential: Record<string, string>): Promise<Installation> {
  const configuration = parseConfiguration({
    homeTenantId: '11111111-1111-4111-8111-111111111111',
    apps: [{ key: 'backup', appId: '22222222-2222-4222-8222-222222222222', round: 1, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'Organization.Read.All', reason: 'x' }], credential }],
    operators: [
      { id: OPERATOR, name: 'First', accounts: 'all', may: ['certificates'] },
      { id: 'op-2', name: 'Second', accounts: 'all', may: ['onboard'] },
    ],
    publicBaseUrl: 'https://portal.northwind.example',
  });
  const readFile = (path: string) => {
    const content = files.get(path);
    if (content === undefined) throw new Error('no such file');
    return content;
  };
  return createInstallation({ configuration, store, clock, masterKeys: parseKeyRing(`k1:${Buffer.alloc(32, 5).toString('base64')}`), readFile, environment: { PFX_PASSWORD: PASSWORD }, deployment: 'process' });
}
const generate = async (name = 'Backup') => installation.certificates.generate({ name, keyBits: 2048 }, OPERATOR);
const remove = async (id: string) => installation.certificates.remove(id, { confirm: true }, OPERATOR);

describe('deleting by way of an installation', () => {
  it('is for operators who may look after certificates only, and so is editing', async () => {
    const { id } = await generate();
    for (const work of [installation.certificates.remove(id, { confirm: true }, 'op-2'), installation.certificates.edit(id, { name: 'x' }, 'op-2')]) expect((await errorOf(work))?.code).toBe('OPERATOR_NOT_ALLOWED');
    expect(await installation.certificates.show(id, OPERATOR)).toMatchObject({ name: 'Backup' });
  });

  it('deletes what nobody needs', async () => {
    const { id } = await generate();
    expect(await remove(id)).toMatchObject({ id, removed: true });
    expect(await installation.certificates.list(OPERATOR)).toEqual([]);
  });

  it('names the apps that have its key', async () => {
    const { id } = await generate();
    await recordCertificateUse(installation.ports, id, { appKey: 'backup', appId: 'a', keyId: 'k', registeredAt: NOW });
    expect(await errorOf(remove(id))).toMatchObject({ code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'app', appKey: 'backup', appId: 'a', keyId: 'k' }] } });
  });

  it('names the configuration of the app that signs in with it', async () => {
    const { id } = await generate();
    installation = await install({ certificateId: id });
    expect(await errorOf(remove(id))).toMatchObject({ code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'configuration', appKey: 'backup' }] } });
  });

  it('deletes a retired certificate of a line that the configuration names by its id, and goes on refusing the one that signs', async () => {
    const first = await generate();
    const second = await createCertificate(installation.ports, { id: 'second', lineId: first.id, name: 'Backup 2', subject: 'x' }, OPERATOR);
    const third = await createCertificate(installation.ports, { id: 'third', lineId: first.id, name: 'Backup 3', subject: 'x' }, OPERATOR);
    await joinLine(installation.ports, third.id, first.id);
    await switchLine(installation.ports, first.id, { currentId: third.id, previousId: null, switchedAt: NOW, decidedBy: 'a rotation' }, async () => true);
    for (const named of [first.id, second.id]) {
      installation = await install({ certificateId: named });
      await remove(named);
      expect(await errorOf(remove(third.id))).toMatchObject({ code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'configuration', appKey: 'backup' }] } });
    }
  });

  it.each(['pfx', 'pem'] as const)('names a %s file of the configuration with the same certificate', async (source) => {
    const { id } = await generate();
    const other = await generate('Other');
    const file = `backup.${source}`;
    const pfx = await installation.certificates.exportFile(id, { format: 'pfx', password: secret(PASSWORD) }, OPERATOR);
    files.set('backup.pfx', pfx.bytes);
    files.set('backup.pem', await pemOf(id));
    installation = await install(source === 'pfx' ? { pfxFile: file, pfxPasswordEnv: 'PFX_PASSWORD' } : { pemFile: file });
    expect(await errorOf(remove(id))).toMatchObject({ code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'static_source', appKey: 'backup', source, file }] } });
    await remove(other.id);
  });

  it('deletes what is retired only when nobody was seen with it any more, and forgets who was', async () => {
    const { id } = await generate();
    await installation.certificates.exportFile(id, { format: 'pfx', password: secret(PASSWORD) }, OPERATOR);
    await retireCertificate(installation.ports, id);
    const refusal = await errorOf(remove(id));
    expect(refusal).toMatchObject({ code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'signer', source: 'export' }] } });
    await installation.certificates.releaseSigner(`export:${id}`, OPERATOR);
    await remove(id);
    for await (const { key } of store.list('certificates/')) expect(key).toBe('nothing');
  });
});

describe("an operator's word that a signer is gone", () => {
  it('is not taken while the audit is down, since a key is retired on it', async () => {
    const { id } = await generate();
    await installation.certificates.exportFile(id, { format: 'pfx', password: secret(PASSWORD) }, OPERATOR);
    await retireCertificate(installation.ports, id);
    const down = vi.spyOn(installation.ports.audit, 'append').mockRejectedValue(new OnboardingError('AUDIT_UNAVAILABLE', 'down'));
    expect((await errorOf(installation.certificates.releaseSigner(`export:${id}`, OPERATOR)))?.code).toBe('AUDIT_UNAVAILABLE');
    down.mockRestore();
    expect((await errorOf(remove(id)))?.code).toBe('CERTIFICATE_IN_USE');
  });

  it('ends as soon as it is seen again', async () => {
    const { thumbprintSha256 } = await generate();
    const note = { signerId: 'host-1', label: 'a host', appKey: 'backup', source: 'pem', thumbprintSha256 } as const;
    await noteSigner(installation.ports, note);
    await installation.certificates.releaseSigner('host-1:backup', OPERATOR);
    expect(await listSigners(installation.ports, thumbprintSha256)).toEqual([]);
    await noteSigner(installation.ports, note);
    expect(await listSigners(installation.ports, thumbprintSha256)).toMatchObject([{ label: 'a host', releasedBy: null }]);
  });
});

describe('importing with a repeated password', () => {
  const importing = async (password: string | undefined, repeated: string) => {
    const { id } = await generate();
    const { bytes } = await installation.certificates.exportFile(id, { format: 'pfx', password: secret(PASSWORD) }, OPERATOR);
    await remove(id);
    const request = { name: 'Imported', bytes, password: password === undefined ? undefined : secret(password), repeatedPassword: secret(repeated) };
    return installation.certificates.importFile(request, OPERATOR);
  };

  it('takes the same one twice', async () => {
    expect(await importing(PASSWORD, PASSWORD)).toMatchObject({ record: { name: 'Imported', source: 'imported' } });
  });

  it.each([[PASSWORD, `${PASSWORD} `], [PASSWORD, ''], [undefined, PASSWORD]])('refuses %j and %j before anything is stored', async (password, repeated) => {
    const refusal = await errorOf(importing(password, repeated));
    expect(refusal).toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter: 'repeatedPassword' } });
    expect(JSON.stringify([refusal, refusal?.message])).not.toContain(PASSWORD);
    expect(await installation.certificates.list(OPERATOR)).toEqual([]);
  });
});

describe('a certificate as it is shown', () => {
  it('has its thumbprints in every spelling, in lists as well', async () => {
    const { lifetimeLimit, ...made } = await generate();
    expect(lifetimeLimit).toBe('unreadable');
    expect(made.thumbprints).toMatchObject({ sha1Hex: made.thumbprintSha1, sha256Hex: made.thumbprintSha256 });
    expect(await installation.certificates.show(made.id, OPERATOR)).toEqual(made);
    expect(await installation.certificates.list(OPERATOR)).toEqual([made]);
    expect(await installation.certificates.edit(made.id, { description: 'x' }, OPERATOR)).toEqual({ ...made, description: 'x' });
    for await (const { key, value } of store.list('certificates/record/')) expect([key, value.includes('thumbprints')]).toEqual([`certificates/record/${made.id}`, false]);
  });
});

async function pemOf(id: string): Promise<string> {
  const { bytes } = await installation.certificates.exportFile(id, { format: 'pem' }, OPERATOR);

  return `${(await openPrivateKey(installation.ports, id)).privateKey.reveal()}${Buffer.from(bytes).toString('utf8')}`;
}
