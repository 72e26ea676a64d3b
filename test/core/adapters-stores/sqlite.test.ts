import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeKey, encodeKey, firstKeyBeyond } from '../../../src/core/adapters/sqlite-keys';
import { openSqliteStore } from '../../../src/core/adapters/sqlite-store';
import { SqliteFailure, startSqliteThread, type SqliteThread } from '../../../src/core/adapters/sqlite-worker';
import { createMovableClock } from '../../../src/core/testing/movable-clock';

const NOW = Date.UTC(2026, 2, 4, 5, 6, 7);
const clock = createMovableClock(NOW);
const unavailable = expect.objectContaining({ code: 'STATE_UNAVAILABLE' });
const corrupted = expect.objectContaining({ code: 'STATE_CORRUPTED' });
const sampleFolder = mkdtempSync(join(tmpdir(), 'sqlite-sample-'));
const sample = join(sampleFolder, 'sample.db');
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-'));
  path = join(folder, 'state.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => rmSync(sampleFolder, { recursive: true }));

const open = (options: { lockTimeoutMs?: number; startThread?: () => SqliteThread } = {}) => openSqliteStore({ path, clock, ...options });

/** A file with many rows, closed; made once and copied from then on. */
async function writeFile(): Promise<void> {
  if (!existsSync(sample)) {
    const store = await openSqliteStore({ path: sample, clock });
    await Promise.all(Array.from({ length: 60 }, (_, index) => store.set(`k/${index}`, 'v'.repeat(2000))));
    await store.close();
  }
  copyFileSync(sample, path);
}

describe('a damaged state file', () => {
  const damages: Record<string, () => void> = {
    'something else entirely': () => writeFileSync(path, 'these are not the rows you are looking for'),
    'empty, as after a failed copy': () => truncateSync(path, 0),
    'cut short': () => truncateSync(path, statSync(path).size / 2),
    'overwritten in the middle': () => overwrite(statSync(path).size / 2, 8192),
    'overwritten in its schema': () => overwrite(100, 3000),
    'a database of another program': () => {
      rmSync(path);
      const other = new DatabaseSync(path);
      other.exec('CREATE TABLE bookmarks (url TEXT)');
      other.close();
    },
  };

  function overwrite(from: number, length: number): void {
    const bytes = readFileSync(path);
    bytes.fill(0x5a, from, from + length);
    writeFileSync(path, bytes);
  }

  it.each(Object.entries(damages))('that is %s is refused, copied aside once, and left as it is', async (_how, damage) => {
    await writeFile();
    damage();
    const before = readFileSync(path);
    await expect(open()).rejects.toEqual(corrupted);
    await expect(open()).rejects.toEqual(corrupted);
    const copies = readdirSync(folder).filter((name) => name.includes('.corrupt-'));
    expect(copies).toEqual(['state.db.corrupt-20260304T050607Z']);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readFileSync(join(folder, copies[0] ?? '')).equals(before)).toBe(true);
    expect(statSync(join(folder, copies[0] ?? '')).mode & 0o777).toBe(0o600);
  });

  it('that is damaged in another way later is copied aside again', async () => {
    for (const content of ['one', 'two', 'one']) {
      writeFileSync(path, content);
      await expect(open()).rejects.toEqual(corrupted);
    }
    expect(readdirSync(folder).filter((name) => name.includes('.corrupt-'))).toHaveLength(2);
  });

  it('is refused also when the damage shows only while it is open', async () => {
    const store = await open({ startThread: () => failing(startSqliteThread(), 'all', new SqliteFailure('database disk image is malformed', 267)) });
    await expect(store.get('k')).rejects.toEqual(corrupted);
    await store.close();
  });

  it('whose log was not folded in yet keeps its log', async () => {
    const store = await open();
    await store.set('k', 'v');
    copyFileSync(path, join(folder, 'crashed.db'));
    copyFileSync(`${path}-wal`, join(folder, 'crashed.db-wal'));
    await store.close();
    path = join(folder, 'crashed.db');
    truncateSync(path, 10);
    const log = readFileSync(`${path}-wal`);
    await expect(open()).rejects.toEqual(corrupted);
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true);
    expect(readFileSync(`${path}.corrupt-20260304T050607Z-wal`).equals(log)).toBe(true);
  });

  it('written by a newer version is refused without being called damaged', async () => {
    await writeFile();
    const other = new DatabaseSync(path);
    other.exec('PRAGMA user_version = 2');
    other.close();
    await expect(open()).rejects.toMatchObject({ code: 'STATE_VERSION_UNSUPPORTED' });
    expect(readdirSync(folder)).not.toContainEqual(expect.stringContaining('corrupt'));
  });
});

describe('a state file that cannot be had', () => {
  it('is unavailable, not empty, when it was removed while open, and back when it is back', async () => {
    const store = await open();
    await store.set('k', 'v');
    renameSync(folder, `${folder}-away`);
    await expect(store.get('k')).rejects.toEqual(unavailable);
    await expect(store.set('k', 'w')).rejects.toEqual(unavailable);
    await expect(store.claim('new', 'w')).rejects.toEqual(unavailable);
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toEqual(unavailable);
    expect(existsSync(folder)).toBe(false);
    renameSync(`${folder}-away`, folder);
    expect((await store.get('k'))?.value).toBe('v');
    await store.close();
  });

  it('is unavailable when another store took its place', async () => {
    const store = await open();
    await store.set('k', 'v');
    const first = path;
    path = join(folder, 'other.db');
    await (await open()).close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(first + suffix);
    renameSync(path, first);
    await expect(store.get('k')).rejects.toEqual(unavailable);
    await expect(store.get('k')).rejects.toEqual(unavailable);
    await store.close();
  });

  it('is unavailable when its place is a folder, or its folder is a file', async () => {
    mkdirSync(path);
    await expect(open()).rejects.toEqual(unavailable);
    writeFileSync(join(folder, 'file'), '');
    path = join(folder, 'file', 'state.db');
    await expect(open()).rejects.toEqual(unavailable);
  });

  it('is unavailable when another writer holds it for too long', async () => {
    const store = await open({ lockTimeoutMs: 60 });
    await store.set('k', 'v');
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.set('k', 'w')).rejects.toEqual(unavailable);
    expect((await store.get('k'))?.value).toBe('v');
    other.exec('ROLLBACK');
    other.close();
    await store.set('k', 'w');
    await store.close();
  });

  it.each([
    ['disk I/O error', 778],
    ['attempt to write a readonly database', 8],
    ['database or disk is full', 13],
    ['unable to open database file', 14],
  ])('is unavailable after %s', async (message, errcode) => {
    await writeFile();
    const store = await open({ startThread: () => failing(startSqliteThread(), 'run', new SqliteFailure(message, errcode)) });
    await expect(store.claim('new', 'v')).rejects.toEqual(unavailable);
    expect(await store.get('new')).toBeUndefined();
    await store.close();
  });
});

describe('the thread', () => {
  it('that ends rejects what is under way; the next call starts another', async () => {
    const threads: SqliteThread[] = [];
    const store = await open({
      startThread: () => {
        const thread = startSqliteThread();
        threads.push(thread);
        return thread;
      },
    });
    await store.set('k', 'v');
    const underWay = Promise.allSettled([store.get('k'), store.set('k', 'w'), store.claim('new', 'w')]);
    // The requests are posted in the turns after this one.
    await nextTurn();
    await threads[0]?.end();
    for (const outcome of await underWay) {
      if (outcome.status === 'rejected') expect(outcome.reason).toEqual(unavailable);
    }
    const [one, two] = await Promise.all([store.get('k'), store.get('absent')]);
    expect(one?.value).toMatch(/^[vw]$/);
    expect(two).toBeUndefined();
    expect(threads).toHaveLength(2);
    await store.close();
  });

  it('that ended rejects by itself', async () => {
    const thread = startSqliteThread();
    const underWay = thread.send({ operation: 'close' });
    await Promise.all([expect(underWay).rejects.toEqual(unavailable), thread.end()]);
    expect(thread.alive).toBe(false);
    await expect(thread.send({ operation: 'close' })).rejects.toEqual(unavailable);
  });

  it('waits for another writer without holding the event loop', async () => {
    const store = await open();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const claimed = store.claim('k', 'v');
    let turns = 0;
    const until = performance.now() + 150;
    while (performance.now() < until) {
      await nextTurn();
      turns += 1;
    }
    other.exec('COMMIT');
    other.close();
    expect(await claimed).toBe(true);
    expect(turns).toBeGreaterThan(100);
    await store.close();
  });

  it('keeps two writers with FULL sync off the event loop', async () => {
    const stores = [await open(), await open()];
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await Promise.all(stores.map((store, writer) => writeMany(store, `writer-${writer}/`)));
    delay.disable();
    // Milliseconds from nanoseconds. The median leaves room for a busy machine; a commit on this loop would show in it.
    expect(delay.percentile(50) / 1e6).toBeLessThan(20);
    for (const store of stores) await store.close();
  });

  async function writeMany(store: Awaited<ReturnType<typeof open>>, prefix: string): Promise<void> {
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 10 }, (_, index) => store.set(`${prefix}${index}`, 'v'.repeat(4096))));
  }
});

describe('a write that resolved', () => {
  it('is in a log that was synchronized with the disk', async () => {
    const threads: SqliteThread[] = [];
    const store = await open({
      startThread: () => {
        const thread = startSqliteThread();
        threads.push(thread);
        return thread;
      },
    });
    const ask = async (sql: string) => (await threads[0]?.send({ operation: 'all', sql, params: [] }))?.rows?.[0];
    expect(store.durable).toBe(true);
    expect(await ask('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(await ask('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    await store.close();
  });
});

describe('rows that expired', () => {
  it('are removed from the file a day later, not before', async () => {
    const rows = () => {
      const file = new DatabaseSync(path, { readOnly: true });
      const count = file.prepare('SELECT count(*) AS n FROM state').get()?.['n'];
      file.close();
      return count;
    };
    const moving = createMovableClock(NOW);
    const store = await openSqliteStore({ path, clock: moving });
    for (let index = 0; index < 5; index += 1) await store.set(`old/${index}`, 'v', moving.now() + 1000);
    // The purge is nobody's to wait for; whoever asks after it is answered after it.
    const writeMuch = async () => {
      await Promise.all(Array.from({ length: 200 }, () => store.set('x', 'v')));
      await store.get('x');
    };
    moving.advance(60 * 60 * 1000);
    await writeMuch();
    expect(rows()).toBe(6);
    moving.advance(24 * 60 * 60 * 1000);
    await writeMuch();
    expect(rows()).toBe(1);
    await store.close();
  });
});

describe('keys as bytes', () => {
  const anyKey = fc.string({ unit: 'binary', maxLength: 12 });

  it('come back as they were and sort like the keys themselves', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        expect(decodeKey(encodeKey(a))).toBe(a);
        expect(Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it('lie below the bound of their prefix, and others do not', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (prefix, key) => {
        const isBetween = (other: string) => Buffer.compare(encodeKey(other), encodeKey(prefix)) >= 0 && Buffer.compare(encodeKey(other), firstKeyBeyond(prefix)) < 0;
        expect(isBetween(prefix + key)).toBe(true);
        expect(isBetween(key)).toBe(key.startsWith(prefix));
      }),
    );
  });
});

/** A thread that works until the file is open for writing, and then fails at one operation. */
function failing(thread: SqliteThread, operation: string, failure: Error): SqliteThread {
  let isOpen = false;
  return {
    get alive() {
      return thread.alive;
    },
    async send(request) {
      if (isOpen && request.operation === operation) throw failure;
      const result = await thread.send(request);
      isOpen ||= request.operation === 'open' && !request.readOnly && request.path === path;
      return result;
    },
    end: () => thread.end(),
  };
}
