import { describe, expect, it } from 'vitest';
import { createAuditLog, type AuditLog } from '../../../src/core/audit/log';
import type { AuditEntry } from '../../../src/core/audit/chain';
import type { AuditEvent, StateStore } from '../../../src/core/ports';
import { createSealer, parseKeyRing } from '../../../src/core/sealing';
import { corePorts } from '../../support/core-ports';

const event = (id: string, more: Partial<AuditEvent> = {}): AuditEvent => ({ id, action: 'test.done', phase: 'note', actor: 'operator-1', ...more });
const IDS = ['one', 'two', 'three'];
const unavailable = expect.objectContaining({ code: 'AUDIT_UNAVAILABLE' });

async function collect(log: AuditLog): Promise<AuditEntry[]> {
  const entries = [];
  for await (const entry of log.list()) entries.push(entry);
  return entries;
}

async function written(ids = IDS) {
  const ports = corePorts();
  const log = createAuditLog(ports);
  for (const id of ids) await log.append(event(id));
  return { ports, log };
}

const entryKey = (seq: number) => `audit/entry/${String(seq).padStart(12, '0')}`;

/** Fails at the n-th write, before it happened or after; then it is gone for good, as a killed process is. */
function dyingStore(store: StateStore, dieAt: number, when: 'before' | 'after'): StateStore {
  let writes = 0;
  const dying =
    <A extends unknown[], R>(act: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      writes += 1;
      if (writes > dieAt || (writes === dieAt && when === 'before')) throw new Error('killed');
      const result = await act(...args);
      if (writes === dieAt) throw new Error('killed');
      return result;
    };
  return {
    ...store,
    set: dying((key, value, expiresAt) => store.set(key, value, expiresAt)),
    claim: dying((key, value, expiresAt) => store.claim(key, value, expiresAt)),
    replace: dying((key, version, value, expiresAt) => store.replace(key, version, value, expiresAt)),
    delete: dying((key) => store.delete(key)),
  };
}

describe('the audit', () => {
  it('keeps what it is told, in order, chained and dated by the clock', async () => {
    const ports = corePorts();
    const log = createAuditLog(ports);
    const full = event('a', { phase: 'intent', subject: 'user-1', accountId: 'acme', tenantId: 't', reason: 'ticket 7', outcome: 'done', details: { n: 1, deep: { list: [null, true, 'x'] } } });
    await log.append(full);
    ports.clock.advance(5000);
    await log.append(event('b', { phase: 'outcome', intentId: 'a', outcome: 'failed' }));

    const [first, second] = await collect(log);
    expect(first).toMatchObject({ ...full, seq: 1, at: ports.clock.now() - 5000, previousHash: '0'.repeat(64) });
    expect(second).toMatchObject({ id: 'b', seq: 2, previousHash: first?.hash });
    expect(second).not.toHaveProperty('reason');
    expect(await log.verify()).toEqual({ entries: 2, intact: true, brokenAt: null, unsigned: 0 });
  });

  it('keeps the first entry of an id, whoever repeats it', async () => {
    const { ports, log } = await written();
    await log.append(event('two', { reason: 'again' }));
    await createAuditLog(ports).append(event('one'));
    expect((await collect(log)).map((entry) => entry.id)).toEqual(IDS);
  });

  it('is one chain for several writers, with every id once', async () => {
    const ports = corePorts();
    const writers = [createAuditLog(ports), createAuditLog(ports), createAuditLog(ports)];
    const ids = Array.from({ length: 20 }, (_, index) => `id-${index}`);
    await Promise.all(writers.flatMap((log, writer) => [...ids.map((id) => log.append(event(id))), log.append(event(`own-${writer}`))]));
    const log = createAuditLog(ports);
    expect((await collect(log)).map((entry) => entry.id).sort()).toEqual([...ids, 'own-0', 'own-1', 'own-2'].sort());
    expect(await log.verify()).toMatchObject({ entries: 23, intact: true });
    expect((await log.head())?.seq).toBe(23);
  });

  it.each(['before', 'after'] as const)('neither loses nor doubles an entry when its process is killed %s any write', async (when) => {
    let kills = 0;
    for (let dieAt = 1; ; dieAt += 1) {
      const ports = corePorts();
      const doomed = createAuditLog({ ...ports, store: dyingStore(ports.store, dieAt, when) });
      const outcomes = await Promise.allSettled(IDS.map((id) => doomed.append(event(id))));
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toEqual(unavailable);
      const promised = IDS.filter((_, index) => outcomes[index]?.status === 'fulfilled');

      const next = createAuditLog(ports);
      // Somebody else's entry may come first.
      await next.append(event('other'));
      expect((await collect(next)).map((entry) => entry.id)).toEqual(expect.arrayContaining(promised));
      for (const id of IDS) await next.append(event(id));
      expect((await collect(next)).map((entry) => entry.id).sort(), `killed ${when} write ${dieAt}`).toEqual([...IDS, 'other'].sort());
      expect(await next.verify()).toMatchObject({ entries: 4, intact: true });
      if (promised.length === IDS.length) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThanOrEqual(3 * IDS.length);
  });

  it('brings a head up to date that a killed process left behind', async () => {
    const ports = corePorts();
    // The third write of an append moves the head.
    const doomed = createAuditLog({ ...ports, store: dyingStore(ports.store, 3, 'before') });
    await expect(doomed.append(event('one'))).rejects.toEqual(unavailable);
    expect(await ports.store.get('audit/head')).toBeUndefined();
    await createAuditLog(ports).append(event('one'));
    expect(JSON.parse((await ports.store.get('audit/head'))?.value ?? '')).toMatchObject({ seq: 1 });
  });

  it('raises when the store is out, and goes on when it is back', async () => {
    const ports = corePorts();
    let isOut = true;
    const store: StateStore = {
      ...ports.store,
      get: async (key) => {
        if (isOut) throw new Error('the store is out');
        return ports.store.get(key);
      },
    };
    const log = createAuditLog({ ...ports, store });
    await expect(log.append(event('a'))).rejects.toEqual(unavailable);
    isOut = false;
    await log.append(event('a'));
    expect(await log.verify()).toMatchObject({ entries: 1, intact: true });
  });

  it('shows intents that have no outcome', async () => {
    const { log } = await written([]);
    await log.append(event('grant:1:intent', { phase: 'intent' }));
    await log.append(event('grant:1:outcome', { phase: 'outcome', intentId: 'grant:1:intent', outcome: 'done' }));
    await log.append(event('grant:2:intent', { phase: 'intent' }));
    await log.append(event('note'));
    expect((await log.orphanedIntents()).map((entry) => entry.id)).toEqual(['grant:2:intent']);
  });
});

describe('an attacker who can write the store but has no master key', () => {
  async function tamper(change: (store: StateStore) => Promise<unknown>) {
    const { ports } = await written();
    await change(ports.store);
    const log = createAuditLog(ports);
    return { ports, log, report: await log.verify() };
  }

  async function edit(store: StateStore, seq: number, change: Partial<AuditEntry>): Promise<void> {
    const entry = JSON.parse((await store.get(entryKey(seq)))?.value ?? '') as AuditEntry;
    await store.set(entryKey(seq), JSON.stringify({ ...entry, ...change }));
  }

  it('cannot change an entry', async () => {
    const { report } = await tamper((store) => edit(store, 2, { actor: 'somebody else' }));
    expect(report).toMatchObject({ intact: false, brokenAt: 2 });
  });

  it('cannot change an entry and its hash', async () => {
    const forged = await forgedChain();
    const { report } = await tamper(async (store) => store.set(entryKey(3), (await forged.get(entryKey(3)))?.value ?? ''));
    expect(report).toMatchObject({ intact: false, brokenAt: 3 });
  });

  it('cannot take an entry out of the middle, or off the start', async () => {
    expect((await tamper((store) => store.delete(entryKey(2)))).report).toMatchObject({ intact: false, brokenAt: 2 });
    expect((await tamper((store) => store.delete(entryKey(1)))).report).toMatchObject({ intact: false, brokenAt: 1 });
  });

  it('cannot cut off the end, and nothing is built on what is left', async () => {
    const { report, log } = await tamper((store) => store.delete(entryKey(3)));
    expect(report).toMatchObject({ entries: 2, intact: false, brokenAt: 3 });
    await expect(log.append(event('new'))).rejects.toEqual(unavailable);
  });

  it('cannot cut off the end and take the head away', async () => {
    const { report } = await tamper(async (store) => {
      await store.delete(entryKey(3));
      await store.delete('audit/head');
    });
    expect(report).toMatchObject({ entries: 2, intact: false, brokenAt: 3 });
  });

  it('cannot cut off the end and move the head', async () => {
    const { report } = await tamper(async (store) => {
      const second = JSON.parse((await store.get(entryKey(2)))?.value ?? '') as AuditEntry;
      await store.delete(entryKey(3));
      await store.set('audit/head', JSON.stringify({ seq: 2, hash: second.hash, code: second.code }));
    });
    expect(report).toMatchObject({ intact: false, brokenAt: 3 });
  });

  it('cannot put an older head back unnoticed by whoever kept a newer one', async () => {
    const { ports, log } = await written(['one', 'two']);
    const older = (await ports.store.get('audit/head'))?.value ?? '';
    await log.append(event('three'));
    const anchor = await log.head();
    await ports.store.delete(entryKey(3));
    await ports.store.set('audit/head', older);
    expect(await log.verify(anchor)).toMatchObject({ intact: false, brokenAt: 3 });
    // Without the anchor this is how the audit looked a moment earlier.
    expect(await log.verify()).toMatchObject({ intact: true });
  });

  it('cannot add an entry, signed by nobody or by another key', async () => {
    for (const forger of [await forgedChain(4), await forgedChain(4, 'other key')]) {
      const last = JSON.parse((await forger.get(entryKey(4)))?.value ?? '') as AuditEntry;
      const { report, log } = await tamper((store) => store.set(entryKey(4), JSON.stringify(last)));
      expect(report).toMatchObject({ intact: false, brokenAt: 4 });
      await expect(log.append(event('new'))).rejects.toEqual(unavailable);
    }
  });

  it('cannot replace the whole chain by another', async () => {
    const forged = await forgedChain();
    const { report } = await tamper(async (store) => {
      for await (const { key, value } of forged.list('audit/')) await store.set(key, value);
    });
    expect(report).toMatchObject({ intact: false, brokenAt: 1 });
  });

  it('cannot make an entry unreadable unnoticed', async () => {
    for (const text of ['', '{', 'null', '{"seq":2}']) {
      expect((await tamper((store) => store.set(entryKey(2), text))).report).toMatchObject({ intact: false, brokenAt: 2 });
      const { ports } = await written();
      await ports.store.set(entryKey(2), text);
      await expect(collect(createAuditLog(ports))).rejects.toMatchObject({ code: 'STATE_RECORD_INVALID' });
    }
  });

  it('cannot break it by spoiling the head, which is a short cut only', async () => {
    const { log } = await tamper((store) => store.set('audit/head', 'spoiled'));
    expect(await log.verify()).toMatchObject({ intact: false, brokenAt: 4 });
    await log.append(event('four'));
    expect((await collect(log)).map((entry) => entry.id)).toEqual([...IDS, 'four']);
    expect(await log.verify()).toMatchObject({ intact: true });
  });

  /** The same events with other content, written without the right key. */
  async function forgedChain(length = 3, key?: string): Promise<StateStore> {
    const { clock, store, random } = corePorts();
    const ring = key === undefined ? undefined : parseKeyRing(`k1:${Buffer.alloc(32, key).toString('base64')}`);
    const sealer = createSealer({ ring, storeId: store.storeId, randomBytes: (bytes) => random.bytes(bytes) });
    const log = createAuditLog({ clock, store, sealer });
    for (let seq = 1; seq <= length; seq += 1) await log.append(event(IDS[seq - 1] ?? 'added', { actor: 'operator-1' }));
    return store;
  }
});

describe('an anchor kept elsewhere', () => {
  it('shows that an unsigned chain was rewritten, to whoever has no master key', async () => {
    const { clock, store } = corePorts();
    const log = createAuditLog({ clock, store });
    for (const id of IDS) await log.append(event(id));
    const anchor = await log.head();
    for await (const { key } of store.list('audit/')) await store.delete(key);
    const forger = createAuditLog({ clock, store });
    for (const id of [...IDS, 'four']) await forger.append(event(id, { actor: 'somebody else' }));
    expect(await log.verify()).toMatchObject({ intact: true });
    expect(await log.verify(anchor)).toMatchObject({ intact: false, brokenAt: 3 });
  });
});

describe('the audit and its master key', () => {
  it('works without one, and says that nothing is signed', async () => {
    const { clock, store } = corePorts();
    const log = createAuditLog({ clock, store });
    for (const id of IDS) await log.append(event(id));
    expect(await log.verify()).toEqual({ entries: 3, intact: true, brokenAt: null, unsigned: 3 });
    expect(await log.head()).not.toHaveProperty('code');
  });

  it('is signed from when there is one, which proves what came before', async () => {
    const ports = corePorts();
    await createAuditLog({ clock: ports.clock, store: ports.store }).append(event('before'));
    const log = createAuditLog(ports);
    expect(await log.verify()).toMatchObject({ intact: false, brokenAt: 1, unsigned: 1 });
    await log.append(event('after'));
    expect(await log.verify()).toEqual({ entries: 2, intact: true, brokenAt: null, unsigned: 1 });
  });

  it('is not continued by a process that lacks it', async () => {
    const { ports, log } = await written();
    await expect(createAuditLog({ clock: ports.clock, store: ports.store }).append(event('new'))).rejects.toEqual(unavailable);
    expect(await log.verify()).toMatchObject({ entries: 3, intact: true });
  });

  it('outlives a rotation while the old key is in the ring', async () => {
    const { ports } = await written();
    const ring = parseKeyRing(`k2:${Buffer.alloc(32, 9).toString('base64')},k1:${Buffer.alloc(32, 7).toString('base64')}`);
    const sealer = createSealer({ ring, storeId: ports.store.storeId, randomBytes: (bytes) => ports.random.bytes(bytes) });
    const log = createAuditLog({ ...ports, sealer });
    await log.append(event('four'));
    expect(await log.verify()).toMatchObject({ entries: 4, intact: true });
  });
});
