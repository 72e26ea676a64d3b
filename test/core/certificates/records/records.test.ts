import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore, type IdentifiedStore } from '../../../../src/core/adapters/memory-store';
import { createKeyGenerator } from '../../../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../../../src/core/adapters/node-random';
import { listCertificates, openPrivateKey, readCertificateDer, recordCertificateUse, requireCertificate } from '../../../../src/core/certificates/records/records';
import { createCertificate } from '../../../../src/core/certificates/records/store-certificate';
import { hasCode, OnboardingError } from '../../../../src/core/errors';
import type { AuditEvent, RsaKeyPair, StateStore } from '../../../../src/core/ports';
import { createSealer, parseKeyRing } from '../../../../src/core/sealing';
import { createMovableClock } from '../../../../src/core/testing/movable-clock';

const START = Date.UTC(2026, 10, 22);
const ring = parseKeyRing(`k1:${Buffer.alloc(32, 7).toString('base64')}`);
const random = createNodeRandom();

let shared: RsaKeyPair;
beforeAll(async () => {
  shared = await createKeyGenerator().generateRsa(2048);
});

let clock: ReturnType<typeof createMovableClock>;
let store: IdentifiedStore;
let events: AuditEvent[];
let auditFails: (event: AuditEvent) => boolean;

beforeEach(() => {
  clock = createMovableClock(START);
  store = createMemoryStore({ clock, storeId: 'test' });
  events = [];
  auditFails = () => false;
});

function ports(overrides: { readonly store?: StateStore; readonly withoutMasterKey?: boolean } = {}) {
  return {
    clock,
    random,
    store: overrides.store ?? store,
    sealer: createSealer({ ring: overrides.withoutMasterKey === true ? undefined : ring, storeId: 'test', randomBytes: (length) => random.bytes(length) }),
    keys: { generateRsa: () => Promise.resolve(shared) },
    audit: {
      append: (event: AuditEvent) => {
        if (auditFails(event)) return Promise.reject(new OnboardingError('AUDIT_UNAVAILABLE', 'down'));
        events.push(event);
        return Promise.resolve();
      },
    },
  };
}
const create = (name = 'Backup', world = ports()) => createCertificate(world, { name, subject: 'Backup' }, 'op-1');
async function keysOf(prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}
async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(() => undefined, (reason: unknown) => reason);
  return error instanceof OnboardingError ? error.code : 'no error of ours';
}

/** A store whose process dies before the n-th write. */
function dyingStore(writesLeft: number): StateStore {
  let left = writesLeft;
  const dyingAfter = async <T>(write: () => Promise<T>): Promise<T> => {
    left -= 1;
    if (left < 0) throw new Error('killed');
    return write();
  };
  return {
    ...store,
    claim: (...args) => dyingAfter(() => store.claim(...args)),
    replace: (...args) => dyingAfter(() => store.replace(...args)),
    delete: (...args) => dyingAfter(() => store.delete(...args)),
    set: (...args) => dyingAfter(() => store.set(...args)),
  };
}

describe('a stored certificate', () => {
  it('is listed and shown without its key, and opens for signing in', async () => {
    const record = await createCertificate(ports(), { name: ' Backup ', description: 'for mail', subject: 'Backup', lifetimeDays: 90 }, 'op-1');
    expect(record).toMatchObject({ name: 'Backup', description: 'for mail', source: 'generated', subject: 'CN=Backup', state: 'next', usedBy: [], createdAt: START, createdBy: 'op-1', keyType: 'rsa', keyBits: 2048 });
    expect(Object.keys(record)).not.toContain('sealedPrivateKey');
    expect(await listCertificates(ports())).toEqual([record]);
    expect(await requireCertificate(ports(), record.id)).toEqual(record);
    const { privateKey, thumbprintSha256 } = await openPrivateKey(ports(), record.id);
    const certificate = new X509Certificate(await readCertificateDer(ports(), record.id));
    expect(thumbprintSha256).toBe(certificate.fingerprint256.replaceAll(':', ''));
    expect(certificate.checkPrivateKey(createPrivateKey(privateKey.reveal()))).toBe(true);
  });

  it('lies in the store without a readable piece of its key', async () => {
    await create();
    // The first third of a PKCS#8 RSA key is its public modulus; what follows is secret.
    const lines = shared.privateKey.reveal().trim().split('\n').slice(10, -1);
    expect(lines.length).toBeGreaterThan(10);
    let written = JSON.stringify(events);
    for await (const { value } of store.list('')) written += value;
    for (const line of lines) expect(written).not.toContain(line);
  });

  it('is audited as intent and outcome under one id', async () => {
    const { id } = await create();
    expect(events.map(({ id: eventId, action, phase, outcome, actor, subject }) => ({ eventId, action, phase, outcome, actor, subject }))).toEqual([
      { eventId: `certificate.generated:${id}:intent`, action: 'certificate.generated', phase: 'intent', outcome: undefined, actor: 'op-1', subject: id },
      { eventId: `certificate.generated:${id}:outcome`, action: 'certificate.generated', phase: 'outcome', outcome: 'done', actor: 'op-1', subject: id },
    ]);
    expect(events[1]?.intentId).toBe(events[0]?.id);
  });

  it('becomes active when an app uses it, once however often that is said', async () => {
    const { id } = await create();
    const use = { appKey: 'backup', appId: 'a', keyId: 'k', registeredAt: START };
    expect(await recordCertificateUse(ports(), id, use)).toMatchObject({ state: 'active', usedBy: [use] });
    expect(await recordCertificateUse(ports(), id, { ...use, registeredAt: START + 1 })).toMatchObject({ usedBy: [use] });
    expect((await recordCertificateUse(ports(), id, { ...use, appId: 'b' })).usedBy).toHaveLength(2);
  });

  it('is asked for by an id that exists', async () => {
    for (const ask of [requireCertificate, openPrivateKey, readCertificateDer]) expect(await codeOf(ask(ports(), 'nothing'))).toBe('CERTIFICATE_NOT_FOUND');
    expect(await codeOf(recordCertificateUse(ports(), 'nothing', { appKey: 'a', appId: 'a', keyId: 'k', registeredAt: 0 }))).toBe('CERTIFICATE_NOT_FOUND');
  });
});

describe('nothing is written', () => {
  it('without a master key', async () => {
    expect(await codeOf(create('Backup', ports({ withoutMasterKey: true })))).toBe('MASTER_KEY_MISSING');
    expect([await keysOf(), events]).toEqual([[], []]);
  });

  it('when the audit is down, before or after the effect', async () => {
    for (const phase of ['intent', 'outcome']) {
      auditFails = (event) => event.phase === phase;
      expect(await codeOf(create())).toBe('AUDIT_UNAVAILABLE');
      expect(await keysOf()).toEqual([]);
    }
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(81) }, 'name'],
    [{ name: 'a\u0000b' }, 'name'],
    [{ description: 'x'.repeat(401) }, 'description'],
    [{ lifetimeDays: 0 }, 'lifetimeDays'],
  ])('for %j', async (input, parameter) => {
    const error: unknown = await createCertificate(ports(), { name: 'x', subject: 'x', ...input }, 'op-1').then(() => undefined, (reason: unknown) => reason);
    expect(hasCode(error, 'CERTIFICATE_INPUT_INVALID') && error.details['parameter']).toBe(parameter);
    expect([await keysOf(), events]).toEqual([[], []]);
  });
});

describe('a name', () => {
  it('belongs to one certificate, whatever its case and width', async () => {
    const { id } = await create('Straße Backup');
    for (const name of ['STRASSE BACKUP'.replace('SS', 'ß'), 'straße backup', 'Straße Ｂackup']) {
      const error: unknown = await create(name).then(() => undefined, (reason: unknown) => reason);
      expect(hasCode(error, 'CERTIFICATE_NAME_TAKEN') && error.details).toEqual({ certificateId: id });
    }
    expect(await listCertificates(ports())).toHaveLength(1);
  });

  it('goes to exactly one of many writers at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => create(index % 2 === 0 ? 'backup' : 'BACKUP')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await listCertificates(ports())).toHaveLength(1);
    expect(await keysOf('certificates/name/')).toHaveLength(1);
    expect(events.filter(({ outcome }) => outcome === 'done')).toHaveLength(1);
  });

  it.each([0, 1, 2])('is free or truly taken after a writer died at its write number %i', async (writes) => {
    await expect(create('Backup', ports({ store: dyingStore(writes) }))).rejects.toThrow('killed');
    const before = await listCertificates(ports());
    clock.advance(11 * 60_000);
    const again = await codeOf(create());
    expect(again).toBe(before.length === 1 ? 'CERTIFICATE_NAME_TAKEN' : 'no error of ours');
    expect(await listCertificates(ports())).toHaveLength(1);
  });

  it('is not taken back by a writer that slept while another took it', async () => {
    const slow = ports({
      store: {
        ...store,
        claim: async (key, value, expiresAt) => {
          if (key.startsWith('certificates/record/') && (await listCertificates(ports())).length === 0) {
            clock.advance(11 * 60_000);
            await create('Backup');
          }
          return store.claim(key, value, expiresAt);
        },
      },
    });
    expect(await codeOf(create('Backup', slow))).toBe('STATE_CONFLICT');
    expect(await listCertificates(ports())).toHaveLength(1);
    expect(events.map(({ outcome }) => outcome)).toContain('failed');
  });
});

describe('an attacker with the store but without the master key', () => {
  it('cannot change a record', async () => {
    const { id } = await create();
    const row = await store.get(`certificates/record/${id}`);
    await store.set(`certificates/record/${id}`, (row?.value ?? '').replace('Backup', 'Hacked'));
    expect(await codeOf(requireCertificate(ports(), id))).toBe('STATE_RECORD_TAMPERED');
    expect(await codeOf(openPrivateKey(ports(), id))).toBe('STATE_RECORD_TAMPERED');
  });

  it('cannot pass one certificate off as another', async () => {
    const [one, two] = [await create('one'), await create('two')];
    await store.set(`certificates/record/${two.id}`, (await store.get(`certificates/record/${one.id}`))?.value ?? '');
    expect(await codeOf(openPrivateKey(ports(), two.id))).toBe('STATE_RECORD_TAMPERED');
  });
});
