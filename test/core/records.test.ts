import * as z from 'zod/v4';
import { describe, expect, it } from 'vitest';
import { changeRecord, claimRecord, deleteRecord, dropRecord, dropRecordsWhere, findRecord, listRecords, recordKey, replaceRecord, retireRecord, updateRecord, type RecordKind, type Stored } from '../../src/core/records';
import type { StateStore } from '../../src/core/ports';
import { createSealer } from '../../src/core/sealing';
import { corePorts } from '../support/core-ports';

interface Level {
  readonly level: string;
  readonly count: number;
}

const LEVEL: RecordKind<Level> = { kind: 'test/level', schemaVersion: 1, schema: z.object({ level: z.string(), count: z.number() }), authenticated: true };
const PLAIN: RecordKind<Level> = { ...LEVEL, kind: 'test/plain', authenticated: false };
const tampered = expect.objectContaining({ code: 'STATE_RECORD_TAMPERED' });
const invalid = expect.objectContaining({ code: 'STATE_RECORD_INVALID' });

async function withRecord(kind = LEVEL) {
  const ports = corePorts();
  await claimRecord(ports, kind, 'acme', { level: 'none', count: 0 });
  const stored = (await ports.store.get(recordKey(kind, 'acme')))?.value ?? '';
  return { ports, kind, envelope: JSON.parse(stored) as Record<string, unknown> };
}

describe('a record', () => {
  it('is claimed once, read, replaced, listed and deleted', async () => {
    const { ports } = await withRecord();
    expect(await claimRecord(ports, LEVEL, 'acme', { level: 'full', count: 1 })).toBe(false);
    const read = (await findRecord(ports, LEVEL, 'acme')) as Stored<Level>;
    expect(read).toMatchObject({ value: { level: 'none', count: 0 }, revision: 1 });
    expect(await replaceRecord(ports, LEVEL, 'acme', read, { level: 'read', count: 1 })).toBe(true);
    expect(await replaceRecord(ports, LEVEL, 'acme', read, { level: 'full', count: 1 })).toBe(false);
    await claimRecord(ports, LEVEL, 'beta/1', { level: 'none', count: 5 });

    const listed = [];
    for await (const { id, revision, value } of listRecords(ports, LEVEL)) listed.push([id, revision, value.count]);
    expect(listed).toEqual([
      ['acme', 2, 1],
      ['beta/1', 1, 5],
    ]);
    expect(await deleteRecord(ports, LEVEL, 'acme')).toBe(true);
    expect(await findRecord(ports, LEVEL, 'acme')).toBeUndefined();
  });

  it('expires by the clock of the store', async () => {
    const ports = corePorts();
    await claimRecord(ports, LEVEL, 'acme', { level: 'none', count: 0 }, ports.clock.now() + 1000);
    ports.clock.advance(1000);
    expect(await findRecord(ports, LEVEL, 'acme')).toBeUndefined();
  });

  it('loses no change to somebody who was faster', async () => {
    const ports = corePorts();
    await Promise.all(Array.from({ length: 5 }, () => updateRecord(ports, LEVEL, 'acme', (now) => ({ level: 'none', count: (now?.count ?? 0) + 1 }))));
    expect((await findRecord(ports, LEVEL, 'acme'))?.value.count).toBe(5);
  });

  it('is not written when nothing changed', async () => {
    const { ports } = await withRecord();
    const before = await findRecord(ports, LEVEL, 'acme');
    await updateRecord(ports, LEVEL, 'acme', (now) => now ?? { level: 'full', count: 9 });
    expect(await findRecord(ports, LEVEL, 'acme')).toEqual(before);
  });

  it('gives up after eight lost races, and says so', async () => {
    const { ports } = await withRecord();
    let attempts = 0;
    const store: StateStore = { ...ports.store, replace: async () => (attempts += 1) < 0 };
    const change = (now: Level | undefined) => ({ level: 'none', count: (now?.count ?? 0) + 1 });
    await expect(updateRecord({ ...ports, store }, LEVEL, 'acme', change)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(attempts).toBe(8);
  });
});

describe('an authenticated record that somebody changed in the store', () => {
  const changes: Record<string, (envelope: Record<string, unknown>) => Record<string, unknown>> = {
    'its content': (envelope) => ({ ...envelope, content: '{"level":"full","count":0}' }),
    'its revision': (envelope) => ({ ...envelope, revision: 7 }),
    'its code': (envelope) => ({ ...envelope, code: `k1.${'A'.repeat(43)}` }),
    'its code to none': ({ schemaVersion, revision, content }) => ({ schemaVersion, revision, content }),
  };

  it.each(Object.entries(changes))('is refused: %s', async (_what, change) => {
    const { ports, envelope } = await withRecord();
    await ports.store.set(recordKey(LEVEL, 'acme'), JSON.stringify(change(envelope)));
    await expect(findRecord(ports, LEVEL, 'acme')).rejects.toEqual(tampered);
    await expect(updateRecord(ports, LEVEL, 'acme', (now) => now ?? { level: 'full', count: 0 })).rejects.toEqual(tampered);
  });

  it('is refused under another id, another kind or in another store', async () => {
    const { ports, envelope } = await withRecord();
    const copy = JSON.stringify(envelope);
    await ports.store.set(recordKey(LEVEL, 'other'), copy);
    await expect(findRecord(ports, LEVEL, 'other')).rejects.toEqual(tampered);
    const otherKind = { ...LEVEL, kind: 'test/other' };
    await ports.store.set(recordKey(otherKind, 'acme'), copy);
    await expect(findRecord(ports, otherKind, 'acme')).rejects.toEqual(tampered);
    const elsewhere = corePorts('elsewhere');
    await elsewhere.store.set(recordKey(LEVEL, 'acme'), copy);
    await expect(findRecord(elsewhere, LEVEL, 'acme')).rejects.toEqual(tampered);
  });

  it('is neither written nor read without a master key', async () => {
    const { ports } = await withRecord();
    const sealer = createSealer({ ring: undefined, storeId: 's', randomBytes: (length) => ports.random.bytes(length) });
    const keyless = { store: ports.store, sealer };
    await expect(findRecord(keyless, LEVEL, 'acme')).rejects.toMatchObject({ code: 'MASTER_KEY_MISSING' });
    await expect(claimRecord(keyless, LEVEL, 'new', { level: 'none', count: 0 })).rejects.toMatchObject({ code: 'MASTER_KEY_MISSING' });
    expect(await claimRecord(keyless, PLAIN, 'new', { level: 'none', count: 0 })).toBe(true);
  });
});

describe('a record in another form than documented', () => {
  it.each(['', 'null', '[]', '{"schemaVersion":1,"revision":1}', '{"schemaVersion":1,"revision":0,"content":"{}"}', '{"schemaVersion":1,"revision":1,"content":"{}"}', '{"schemaVersion":1,"revision":1,"content":"{"}'])('is refused: %s', async (text) => {
    const ports = corePorts();
    await ports.store.set(recordKey(PLAIN, 'acme'), text);
    await expect(findRecord(ports, PLAIN, 'acme')).rejects.toEqual(invalid);
    await expect(listRecords(ports, PLAIN).next()).rejects.toEqual(invalid);
  });

  it('is refused when it was written by another version of its kind', async () => {
    const { ports } = await withRecord(PLAIN);
    await expect(findRecord(ports, { ...PLAIN, schemaVersion: 2 }, 'acme')).rejects.toEqual(invalid);
  });
});

describe('a record that is dropped', () => {
  const mine = async () => true;

  it('is gone at once, is not brought back by a change, and can be claimed again', async () => {
    const { ports } = await withRecord();
    expect(await dropRecord(ports, LEVEL, 'acme', mine)).toBe(true);
    expect(await dropRecord(ports, LEVEL, 'acme', mine)).toBe(true);
    expect(await findRecord(ports, LEVEL, 'acme')).toBeUndefined();
    expect(await Array.fromAsync(listRecords(ports, LEVEL))).toEqual([]);
    expect(await changeRecord(ports, LEVEL, 'acme', (current) => ({ ...current, count: 9 }))).toBeUndefined();
    expect(await findRecord(ports, LEVEL, 'acme')).toBeUndefined();
    expect(await claimRecord(ports, LEVEL, 'acme', { level: 'none', count: 1 })).toBe(true);
  });

  it('was not changed since it was asked about: what somebody wrote meanwhile is judged again', async () => {
    const { ports } = await withRecord();
    let asked = 0;
    const busy = async () => {
      asked += 1;
      if (asked === 1) await updateRecord(ports, LEVEL, 'acme', () => ({ level: 'full', count: 2 }));
      return asked === 1;
    };
    expect(await dropRecord(ports, LEVEL, 'acme', busy)).toBe(false);
    expect(asked).toBe(2);
    expect((await findRecord(ports, LEVEL, 'acme'))?.value).toEqual({ level: 'full', count: 2 });
    expect(await dropRecord(ports, LEVEL, 'acme', mine, ({ level }) => level === 'none')).toBe(false);
  });

  it('is dropped by exactly one of many', async () => {
    const { ports } = await withRecord();
    const read = (await findRecord(ports, LEVEL, 'acme')) as Stored<Level>;
    const won = await Promise.all(Array.from({ length: 5 }, () => retireRecord(ports, LEVEL, 'acme', read)));
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  it('goes with its own kind only, past records nobody can read', async () => {
    const { ports } = await withRecord();
    await ports.store.set(recordKey(LEVEL, 'aardvark'), '{ nope');
    await claimRecord(ports, LEVEL, 'zeta', { level: 'none', count: 0 });
    await claimRecord(ports, LEVEL, 'other', { level: 'full', count: 0 });
    expect(await dropRecordsWhere(ports, LEVEL, ({ level }) => level === 'none', mine)).toBe(true);
    expect((await Array.fromAsync(ports.store.list('test/'))).map(({ key }) => key)).toEqual(['test/level/aardvark', 'test/level/other']);
    expect(await dropRecordsWhere(ports, LEVEL, () => true, async () => false)).toBe(false);
  });
});
