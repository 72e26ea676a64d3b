import { beforeEach, describe, expect, it } from 'vitest';
import { editCertificate } from '../../../../src/core/certificates/records/edit';
import { listCertificates, requireCertificate } from '../../../../src/core/certificates/records/records';
import { createCertificate } from '../../../../src/core/certificates/records/store-certificate';
import type { StateStore } from '../../../../src/core/ports';
import { createDyingStore, createInterruptedStore, watchWrites } from '../../../journeys/mortal-store';
import { createRecordsWorld, errorOf } from './records-world';

let world: ReturnType<typeof createRecordsWorld>;
let id: string;
beforeEach(async () => {
  await begin();
});
async function begin(): Promise<void> {
  world = createRecordsWorld();
  ({ id } = await create('Backup'));
  world.events.length = 0;
}
const create = async (name: string, store?: StateStore) => createCertificate(world.ports(store), { name, description: 'old words', subject: 'x' }, 'op-1');
const edit = async (change: Parameters<typeof editCertificate>[2], store?: StateStore, of = id) => editCertificate(world.ports(store), of, change, 'op-2');
const namesClaimed = async () => (await world.keysOf('certificates/name/')).map((key) => key.slice('certificates/name/'.length));
const settle = () => world.clock.advance(11 * 60_000);

describe('editing a certificate', () => {
  it('changes the name and the description, each alone or both, and nothing else', async () => {
    const before = await requireCertificate(world.ports(), id);
    expect(await edit({ name: ' Restore ' })).toEqual({ ...before, name: 'Restore' });
    expect(await edit({ description: 'new words' })).toEqual({ ...before, name: 'Restore', description: 'new words' });
    expect(await edit({ name: 'Third', description: '' })).toEqual({ ...before, name: 'Third', description: '' });
    expect(await listCertificates(world.ports())).toEqual([{ ...before, name: 'Third', description: '' }]);
  });

  it('frees the old name and keeps the new one', async () => {
    await edit({ name: 'Restore' });
    settle();
    expect(await namesClaimed()).toEqual(['restore']);
    expect((await errorOf(create('RESTORE')))?.details).toEqual({ certificateId: id });
    expect(await create('Backup')).toMatchObject({ name: 'Backup' });
  });

  it('lets a certificate change the case of its own name', async () => {
    expect(await edit({ name: 'BACKUP' })).toMatchObject({ name: 'BACKUP' });
    settle();
    expect(await namesClaimed()).toEqual(['backup']);
  });

  it('refuses a name that another has, whatever its case, and names the other', async () => {
    const other = await create('Restore');
    const refusal = await errorOf(edit({ name: 'ＲESTORE' }));
    expect(refusal).toMatchObject({ code: 'CERTIFICATE_NAME_TAKEN', details: { certificateId: other.id } });
    expect(await requireCertificate(world.ports(), id)).toMatchObject({ name: 'Backup' });
    expect(world.events.at(-1)).toMatchObject({ action: 'certificate.edited', phase: 'outcome', outcome: 'refused' });
  });

  it('writes nothing at all when nothing changes', async () => {
    let writes = 0;
    const store = watchWrites(world.store, () => (writes += 1));
    for (const change of [{}, { name: 'Backup' }, { description: 'old words' }, { name: ' Backup ', description: ' old words ' }]) await edit(change, store);
    expect([writes, world.events]).toEqual([0, []]);
  });

  it('is audited as intent and outcome, with what was and what is', async () => {
    await edit({ name: 'Restore' });
    expect(world.events).toMatchObject([
      { action: 'certificate.edited', phase: 'intent', actor: 'op-2', subject: id, details: { from: { name: 'Backup' }, to: { name: 'Restore', description: 'old words' } } },
      { action: 'certificate.edited', phase: 'outcome', outcome: 'done', intentId: world.events[0]?.id },
    ]);
  });

  it('changes nothing when the audit is down before', async () => {
    world.failAudit(({ phase }) => phase === 'intent');
    expect((await errorOf(edit({ name: 'Restore' })))?.code).toBe('AUDIT_UNAVAILABLE');
    expect(await requireCertificate(world.ports(), id)).toMatchObject({ name: 'Backup' });
    expect(await namesClaimed()).toEqual(['backup']);
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(81) }, 'name'],
    [{ name: 'a\u0000b' }, 'name'],
    [{ description: 'x'.repeat(401) }, 'description'],
  ])('refuses %j', async (change, parameter) => {
    expect(await errorOf(edit(change))).toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter } });
    expect(world.events).toEqual([]);
  });

  it('refuses a certificate that is not there', async () => {
    expect((await errorOf(edit({ name: 'x' }, undefined, 'nothing')))?.code).toBe('CERTIFICATE_NOT_FOUND');
  });
});

describe('editing that is killed after any of its writes', () => {
  it('has happened or not, can be repeated at once, and costs neither name', async () => {
    let kills = 0;
    for (let writes = 1; ; writes += 1) {
      await begin();
      const mortal = createDyingStore(world.store);
      mortal.dieAfter(writes);
      await errorOf(edit({ name: 'Restore', description: 'new words' }, mortal.store));
      if (!mortal.died()) break;
      kills += 1;
      expect(await edit({ name: 'Restore', description: 'new words' })).toMatchObject({ name: 'Restore', description: 'new words' });
      expect(await create('Backup')).toMatchObject({ name: 'Backup' });
      settle();
      expect((await errorOf(create('restore')))?.details).toEqual({ certificateId: id });
      expect(await listCertificates(world.ports())).toHaveLength(2);
    }
    expect(kills).toBe(4);
  });

  it('leaves the old name to its certificate when it is not repeated', async () => {
    for (let writes = 1; writes <= 4; writes += 1) {
      await begin();
      const mortal = createDyingStore(world.store);
      mortal.dieAfter(writes);
      await errorOf(edit({ name: 'Restore' }, mortal.store));
      settle();
      const { name } = await requireCertificate(world.ports(), id);
      expect((await errorOf(create(name)))?.details).toEqual({ certificateId: id });
      expect(await create(name === 'Backup' ? 'Restore' : 'Backup')).toMatchObject({ state: 'next' });
    }
  });
});

describe('a name that two want at once', () => {
  it('goes to exactly one, wherever in the edit of the first the second comes in', async () => {
    let meetings = 0;
    for (let at = 1; ; at += 1) {
      await begin();
      const other = await create('Other');
      let writes = 0;
      let second: Promise<unknown> | undefined;
      const store = createInterruptedStore(world.store, async () => {
        writes += 1;
        if (writes !== at) return;
        second = errorOf(edit({ name: 'Wanted' }, undefined, other.id));
        await second;
      });
      const first = await errorOf(edit({ name: 'Wanted' }, store));
      if (second === undefined) break;
      meetings += 1;
      expect([first?.code, ((await second) as typeof first)?.code].filter((code) => code !== undefined)).toEqual(['CERTIFICATE_NAME_TAKEN']);
      settle();
      expect((await listCertificates(world.ports())).filter(({ name }) => name === 'Wanted')).toHaveLength(1);
    }
    expect(meetings).toBeGreaterThanOrEqual(4);
  });

  it('is not kept by an edit that slept until somebody else had it', async () => {
    const store = createInterruptedStore(world.store, async (key) => {
      if (key !== `certificates/record/${id}` || (await listCertificates(world.ports())).length > 1) return;
      settle();
      await create('Wanted');
    });
    expect((await errorOf(edit({ name: 'Wanted' }, store)))?.code).toBe('STATE_CONFLICT');
    expect(await requireCertificate(world.ports(), id)).toMatchObject({ name: 'Backup' });
    expect(await namesClaimed()).toEqual(['backup', 'wanted']);
  });

  it('ends well for edits of one certificate to different names', async () => {
    await Promise.all(['One', 'Two', 'Three', 'Four'].map(async (name) => errorOf(edit({ name }))));
    settle();
    const { name } = await requireCertificate(world.ports(), id);
    for (const free of ['Backup', 'One', 'Two', 'Three', 'Four'].filter((other) => other !== name)) expect(await create(free)).toMatchObject({ name: free });
    expect((await errorOf(create(name)))?.details).toEqual({ certificateId: id });
  });
});
