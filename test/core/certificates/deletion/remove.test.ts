import { beforeEach, describe, expect, it } from 'vitest';
import type { CertificateDependent } from '../../../../src/core/certificates/deletion/dependents';
import { editCertificate } from '../../../../src/core/certificates/records/edit';
import { findLineId } from '../../../../src/core/certificates/rotation/line';
import { listCertificates, openPrivateKey, recordCertificateUse, requireCertificate } from '../../../../src/core/certificates/records/records';
import { removeCertificate } from '../../../../src/core/certificates/deletion/remove';
import { releaseCertificateUse, retireCertificate } from '../../../../src/core/certificates/records/retire';
import { createCertificate } from '../../../../src/core/certificates/records/store-certificate';
import type { StateStore } from '../../../../src/core/ports';
import { createDyingStore, createInterruptedStore } from '../../../journeys/mortal-store';
import { createRecordsWorld, errorOf } from '../records/records-world';

const APP: CertificateDependent = { kind: 'app', appKey: 'backup', appId: 'a-1', keyId: 'k-1' };

let world: ReturnType<typeof createRecordsWorld>;
let id: string;
let dependents: readonly CertificateDependent[];
beforeEach(async () => {
  await begin();
});
async function begin(lineId?: string): Promise<void> {
  world = createRecordsWorld();
  dependents = [];
  ({ id } = await createCertificate(world.ports(), { name: 'Backup', subject: 'x', lineId }, 'op-1'));
  world.events.length = 0;
}
const remove = async (store?: StateStore, confirm = true) => removeCertificate(world.ports(store), id, { confirm, findDependents: async () => Promise.resolve(dependents) }, 'op-2');
const codeOf = async (work: Promise<unknown>) => (await errorOf(work))?.code;

describe('deleting a certificate', () => {
  it('leaves nothing of it but the audit, and frees its name', async () => {
    const { name, thumbprintSha1, thumbprintSha256 } = await requireCertificate(world.ports(), id);
    expect(await remove()).toEqual({ id, name, thumbprintSha1, thumbprintSha256, removed: true });
    expect(await world.keysOf()).toEqual([]);
    expect(world.events.map(({ action, phase, outcome, actor, subject }) => [action, phase, outcome, actor, subject])).toEqual([
      ['certificate.deleted', 'intent', undefined, 'op-2', id],
      ['certificate.deleted', 'outcome', 'done', 'op-2', id],
    ]);
    expect(world.events[1]?.intentId).toBe(world.events[0]?.id);
    expect(await createCertificate(world.ports(), { name: 'backup', subject: 'x' }, 'op-1')).toMatchObject({ name: 'backup' });
  });

  it('finds nothing to delete the second time', async () => {
    await remove();
    expect(await codeOf(remove())).toBe('CERTIFICATE_NOT_FOUND');
  });

  it('needs a confirmation', async () => {
    expect(await errorOf(remove(undefined, false))).toMatchObject({ code: 'CERTIFICATE_DELETION_UNCONFIRMED', details: { certificateId: id } });
    expect(await requireCertificate(world.ports(), id)).toMatchObject({ name: 'Backup' });
    expect(world.events).toEqual([]);
  });

  it('is refused while anything needs the certificate, and names each of them', async () => {
    dependents = [APP, { kind: 'configuration', appKey: 'restore' }, { kind: 'static_source', appKey: 'third', source: 'pfx', file: 'third.pfx' }, { kind: 'rotation', rotationId: 'r-1', state: 'overlap' }];
    const refusal = await errorOf(remove());
    expect(refusal).toMatchObject({ code: 'CERTIFICATE_IN_USE', details: { certificateId: id, dependents } });
    for (const word of ['"backup" (a-1)', 'k-1', '"restore"', 'third.pfx', 'r-1', 'overlap']) expect(refusal?.message).toContain(word);
    expect(await openPrivateKey(world.ports(), id)).toBeDefined();
  });

  it('remembers the line of a certificate that continued one', async () => {
    await begin('first');
    await remove();
    expect(await findLineId(world.ports(), id)).toBe('first');
    expect(await findLineId(world.ports(), 'never was')).toBe('never was');
  });

  it('does not happen when the audit is down before', async () => {
    world.failAudit(({ phase }) => phase === 'intent');
    expect(await codeOf(remove())).toBe('AUDIT_UNAVAILABLE');
    expect(await openPrivateKey(world.ports(), id)).toBeDefined();
  });

  it('waits for an audit that is down after, hidden from everybody', async () => {
    world.failAudit(({ phase }) => phase === 'outcome');
    expect(await codeOf(remove())).toBe('AUDIT_UNAVAILABLE');
    expect(await listCertificates(world.ports())).toEqual([]);
    for (const ask of [requireCertificate, openPrivateKey, retireCertificate]) expect(await codeOf(ask(world.ports(), id))).toBe('CERTIFICATE_NOT_FOUND');
    expect(await codeOf(editCertificate(world.ports(), id, { name: 'x' }, 'op-1'))).toBe('CERTIFICATE_NOT_FOUND');
    world.failAudit(() => false);
    await remove();
    expect(await world.keysOf()).toEqual([]);
    expect(world.events.map(({ phase }) => phase)).toEqual(['intent', 'outcome']);
  });
});

describe('a deletion that is killed after any of its writes', () => {
  it('is ended by the next call, and never costs the name', async () => {
    let kills = 0;
    for (let writes = 1; ; writes += 1) {
      await begin('first');
      const mortal = createDyingStore(world.store);
      mortal.dieAfter(writes);
      await errorOf(remove(mortal.store));
      if (!mortal.died()) break;
      kills += 1;
      expect([undefined, 'CERTIFICATE_NOT_FOUND']).toContain(await codeOf(remove()));
      expect(await world.keysOf()).toEqual([`certificates/line-member/${id}`]);
      expect(world.events.map(({ phase, outcome }) => [phase, outcome])).toEqual([['intent', undefined], ['outcome', 'done']]);
    }
    expect(kills).toBe(5);
  });

  it('does not keep the name when nobody ends it', async () => {
    for (let writes = 1; writes <= 3; writes += 1) {
      await begin();
      const mortal = createDyingStore(world.store);
      mortal.dieAfter(writes);
      await errorOf(remove(mortal.store));
      const again = await createCertificate(world.ports(), { name: 'Backup', subject: 'x' }, 'op-1');
      await remove().catch(() => undefined);
      expect(await listCertificates(world.ports())).toEqual([again]);
      expect(await world.keysOf('certificates/name/')).toHaveLength(1);
    }
  });
});

describe('a deletion that somebody comes between', () => {
  it('is refused when the certificate comes into use before the mark, as the app that registered it says', async () => {
    let isFirst = true;
    const store = createInterruptedStore(world.store, async () => {
      if (!isFirst) return;
      isFirst = false;
      await recordCertificateUse(world.ports(), id, { appKey: 'backup', appId: 'a-1', keyId: 'k-1', registeredAt: 1 });
    });
    const findDependents = async ({ usedBy }: { readonly usedBy: readonly object[] }) => Promise.resolve(usedBy.length === 0 ? [] : [APP]);
    expect(await codeOf(removeCertificate(world.ports(store), id, { confirm: true, findDependents }, 'op-2'))).toBe('CERTIFICATE_IN_USE');
    expect(await requireCertificate(world.ports(), id)).toMatchObject({ state: 'active', usedBy: [{ appKey: 'backup' }] });
  });

  it('is taken back when something begins to need it right after the mark', async () => {
    let asked = 0;
    const findDependents = async () => Promise.resolve((asked += 1) === 1 ? [] : [APP]);
    expect(await codeOf(removeCertificate(world.ports(), id, { confirm: true, findDependents }, 'op-2'))).toBe('CERTIFICATE_IN_USE');
    expect(await openPrivateKey(world.ports(), id)).toBeDefined();
    expect(world.events.at(-1)).toMatchObject({ phase: 'outcome', outcome: 'refused' });
    await remove();
    expect(await world.keysOf()).toEqual([]);
  });

  it('ends once for two that delete at once, wherever the second comes in', async () => {
    let meetings = 0;
    for (let at = 1; ; at += 1) {
      await begin();
      let writes = 0;
      let second: string | undefined = 'nobody';
      const store = createInterruptedStore(world.store, async () => {
        writes += 1;
        if (writes === at) second = await codeOf(remove());
      });
      const first = await codeOf(remove(store));
      if (second === 'nobody') break;
      meetings += 1;
      expect([undefined, 'CERTIFICATE_NOT_FOUND']).toContain(first);
      expect(second).toBeUndefined();
      expect(await world.keysOf()).toEqual([]);
      expect(world.events.map(({ phase }) => phase)).toEqual(['intent', 'outcome']);
    }
    expect(meetings).toBeGreaterThanOrEqual(3);
  });
});

describe('the end of a certificate\'s work', () => {
  const use = (appId: string) => ({ appKey: appId, appId, keyId: 'k', registeredAt: 1 });

  it('is retired with the last app that had it', async () => {
    for (const appId of ['a', 'b']) await recordCertificateUse(world.ports(), id, use(appId));
    expect(await releaseCertificateUse(world.ports(), id, 'a')).toMatchObject({ state: 'active', usedBy: [use('b')] });
    expect(await releaseCertificateUse(world.ports(), id, 'a')).toMatchObject({ state: 'active' });
    expect(await releaseCertificateUse(world.ports(), id, 'b')).toMatchObject({ state: 'retired', usedBy: [] });
  });

  it('is retired from all of them at once, once', async () => {
    await recordCertificateUse(world.ports(), id, use('a'));
    const retired = await retireCertificate(world.ports(), id);
    expect(retired).toMatchObject({ state: 'retired', usedBy: [] });
    expect(await retireCertificate(world.ports(), id)).toEqual(retired);
  });
});
