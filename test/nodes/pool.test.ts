import { describe, expect, it } from 'vitest';
import { createPool } from '../../src/nodes/host/pool';

function stage(maxOpen = 2) {
  const clock = { now: 0 };
  const opened: string[] = [];
  const closed: string[] = [];
  const pool = createPool<string>({ maxOpen, idleMs: 1000, now: () => clock.now, close: async (value) => void closed.push(value) });
  const borrow = async (key: string) => pool.borrow(key, async () => `${key}${opened.push(key)}`);
  return { clock, opened, closed, pool, borrow };
}

const settled = () => new Promise((resolve) => void setImmediate(resolve));

describe('the pool of installations', () => {
  it('opens once for whoever asks at the same moment', async () => {
    const { borrow, opened } = stage();
    const loans = await Promise.all([borrow('a'), borrow('a'), borrow('a')]);
    expect(new Set(loans.map(({ value }) => value)).size).toBe(1);
    expect(opened).toEqual(['a']);
  });

  it('closes the one that was unused for longest when the place is needed, and never one in use', async () => {
    const { borrow, closed } = stage();
    const inUse = await borrow('a');
    for (const key of ['b', 'c', 'b', 'd']) (await borrow(key)).release();
    await settled();
    expect(closed).toEqual(['b2', 'c3', 'b4']);
    inUse.release();
    (await borrow('e')).release();
    await settled();
    expect(closed).toContain('a1');
  });

  it('closes what nobody used for a while, at the next use of the pool', async () => {
    const { borrow, closed, clock } = stage(10);
    (await borrow('a')).release();
    clock.now = 999;
    (await borrow('b')).release();
    await settled();
    expect(closed).toEqual([]);
    clock.now = 1000;
    (await borrow('b')).release();
    await settled();
    expect(closed).toEqual(['a1']);
  });

  it('counts a loan given back twice once', async () => {
    const { borrow, closed, clock } = stage(10);
    const first = await borrow('a');
    const second = await borrow('a');
    first.release();
    first.release();
    clock.now = 5000;
    await borrow('b');
    await settled();
    expect(closed).toEqual([]);
    second.release();
  });

  it('forgets an opening that did not succeed', async () => {
    const { pool, borrow } = stage();
    await expect(pool.borrow('a', () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect((await borrow('a')).value).toBe('a1');
  });

  it('closes everything at the end', async () => {
    const { borrow, pool, closed } = stage();
    await borrow('a');
    (await borrow('b')).release();
    await pool.closeAll();
    expect(closed.toSorted()).toEqual(['a1', 'b2']);
  });
});
