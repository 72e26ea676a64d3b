import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { listCertificates, openPrivateKey, readCertificateDer } from '../../../../src/core/certificates/records/records';
import { createCertificate, importCertificate } from '../../../../src/core/certificates/records/store-certificate';
import { generateCertificate } from '../../../../src/core/certificates/generate';
import { createDyingStore, createInterruptedStore } from '../../../journeys/mortal-store';
import { createRecordsWorld, errorOf } from './records-world';

const INPUT = { id: 'next-1', lineId: 'first', name: 'Backup 2', subject: 'Backup' };

let world: ReturnType<typeof createRecordsWorld>;
beforeEach(() => {
  world = createRecordsWorld();
});
const create = (ports = world.ports(), input: typeof INPUT & { readonly id: string } = INPUT) => createCertificate(ports, input, 'op-1');

/** Exactly one record, whole: its key opens and fits, its claims are its own, the audit ends well. */
async function expectOne(name = INPUT.name): Promise<void> {
  const [record, ...more] = await listCertificates(world.ports());
  expect(more).toEqual([]);
  expect(record).toMatchObject({ id: INPUT.id, lineId: INPUT.lineId, name });
  const { privateKey, thumbprintSha256 } = await openPrivateKey(world.ports(), INPUT.id);
  const certificate = new X509Certificate(await readCertificateDer(world.ports(), INPUT.id));
  expect(certificate.checkPrivateKey(createPrivateKey(privateKey.reveal()))).toBe(true);
  expect(certificate.fingerprint256.replaceAll(':', '')).toBe(thumbprintSha256);
  expect(world.events.filter(({ outcome }) => outcome === 'done')).toHaveLength(1);
  // What a killed writer claimed is over after minutes; what the record has, is not.
  world.clock.advance(11 * 60_000);
  expect(await world.keysOf('certificates/')).toEqual(['certificates/name/backup%202', `certificates/record/${INPUT.id}`, `certificates/thumbprint/${thumbprintSha256}`]);
}

describe('a certificate under an id that was chosen before', () => {
  it('is made once, however often it is asked for', async () => {
    const first = await create();
    expect(first).toMatchObject({ id: 'next-1', lineId: 'first', state: 'next' });
    expect(await create()).toEqual(first);
    await expectOne();
  });

  it('is finished at once by the next caller when the first was killed after any of its writes', async () => {
    let kills = 0;
    for (let writes = 1; ; writes += 1) {
      world = createRecordsWorld();
      const mortal = createDyingStore(world.store);
      mortal.dieAfter(writes);
      await errorOf(create(world.ports(mortal.store)));
      if (!mortal.died()) break;
      kills += 1;
      expect(await create()).toMatchObject({ id: 'next-1' });
      await expectOne();
    }
    expect(kills).toBeGreaterThanOrEqual(5);
  });

  it('is finished when the killed one is followed by another that is killed', async () => {
    for (let writes = 1; writes <= 5; writes += 1) {
      world = createRecordsWorld();
      const mortal = createDyingStore(world.store);
      for (const life of [writes, 6 - writes]) {
        mortal.dieAfter(life);
        await errorOf(create(world.ports(mortal.store)));
      }
      await create();
      await expectOne();
    }
  });

  it('is one and the same for many callers at once, each with a key of its own', async () => {
    const records = await Promise.all(Array.from({ length: 6 }, async () => create()));
    expect(new Set(records.map(({ thumbprintSha256 }) => thumbprintSha256)).size).toBe(1);
    await expectOne();
  });

  it('is one and the same when a second caller comes in between any two writes of the first', async () => {
    let meetings = 0;
    for (let at = 1; ; at += 1) {
      world = createRecordsWorld();
      let writes = 0;
      let second: Promise<unknown> | undefined;
      const store = createInterruptedStore(world.store, async () => {
        writes += 1;
        if (writes === at) second = create();
        if (writes === at) await second;
      });
      const first = await create(world.ports(store));
      if (second === undefined) break;
      meetings += 1;
      expect(await second).toEqual(first);
      await expectOne();
    }
    expect(meetings).toBeGreaterThanOrEqual(5);
  });

  it('stays when its audit fails at the end, and the next call ends it', async () => {
    world.failAudit(({ phase }) => phase === 'outcome');
    expect((await errorOf(create()))?.code).toBe('AUDIT_UNAVAILABLE');
    world.failAudit(() => false);
    await create();
    await expectOne();
  });

  it('is audited to its end after an attempt that was refused', async () => {
    let isFirst = true;
    const racing = createInterruptedStore(world.store, async () => {
      if (!isFirst) return;
      isFirst = false;
      await createCertificate(world.ports(), { name: 'backup 2', subject: 'x' }, 'op-1');
    });
    const refusal = await errorOf(create(world.ports(racing)));
    expect(refusal?.code).toBe('CERTIFICATE_NAME_TAKEN');
    for (const key of await world.keysOf('certificates/record/')) await world.store.delete(key);
    await create();
    expect(world.events.filter(({ subject, phase }) => subject === INPUT.id && phase === 'outcome').map(({ outcome }) => outcome)).toEqual(['refused', 'done']);
  });

  it.each(['', 'a/b', '../x', 'x'.repeat(65), 'ä'])('is not stored under the id "%s"', async (id) => {
    expect(await errorOf(create(world.ports(), { ...INPUT, id }))).toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter: 'id' } });
    expect(await world.keysOf()).toEqual([]);
  });
});

describe('a claim that a killed writer left behind', () => {
  it('does not keep a name or a thumbprint once it is permanent and its certificate is gone', async () => {
    const certificate = await generateCertificate(world.ports(), { subject: 'x' });
    const { id } = await importCertificate(world.ports(), { name: 'Backup' }, certificate, 'op-1');
    await world.store.delete(`certificates/record/${id}`);
    const again = await importCertificate(world.ports(), { name: 'BACKUP' }, certificate, 'op-1');
    expect(await listCertificates(world.ports())).toEqual([again]);
    expect(await world.keysOf('certificates/name/')).toHaveLength(1);
  });

  it('keeps them while it is pending, since its writer may be at work', async () => {
    const mortal = createDyingStore(world.store);
    mortal.dieAfter(1);
    await errorOf(createCertificate(world.ports(mortal.store), { name: 'Backup', subject: 'x' }, 'op-1'));
    const attempt = async () => createCertificate(world.ports(), { name: 'Backup', subject: 'x' }, 'op-1');
    expect((await errorOf(attempt()))?.code).toBe('CERTIFICATE_NAME_TAKEN');
    world.clock.advance(11 * 60_000);
    expect(await attempt()).toMatchObject({ name: 'Backup' });
  });
});
