import { describe, expect, it } from 'vitest';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { createSystemClock } from '../../../src/core/adapters/system-clock';
import { createMovableClock } from '../../../src/core/testing/movable-clock';

const settled = async (promise: Promise<unknown>) => Promise.race([promise.then(() => 'awake', () => 'aborted'), Promise.resolve('asleep')]);

describe('the movable clock', () => {
  it('stands still until it is moved, and wakes sleepers in the order they are due', async () => {
    const clock = createMovableClock(1000);
    const woken: string[] = [];
    const late = clock.sleep(20).then(() => woken.push('late'));
    const early = clock.sleep(10).then(() => woken.push('early'));
    const later = clock.sleep(30);
    expect(clock.now()).toBe(1000);
    clock.advance(9);
    expect(clock.sleepers).toBe(3);
    clock.advance(11);
    await Promise.all([late, early]);
    expect(woken).toEqual(['early', 'late']);
    expect(clock.now()).toBe(1020);
    expect(await settled(later)).toBe('asleep');
    clock.moveTo(500);
    expect(clock.sleepers).toBe(1);
  });

  it('lets a sleep of no length pass, and lets sleepers be aborted', async () => {
    const clock = createMovableClock(0);
    await clock.sleep(0);
    const aborting = new AbortController();
    const sleeping = clock.sleep(1000, aborting.signal);
    aborting.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    expect(clock.sleepers).toBe(0);
    await expect(clock.sleep(1, AbortSignal.abort(new Error('already')))).rejects.toThrow('already');
  });

  it('may move itself with every sleep', async () => {
    const clock = createMovableClock(0, { skipsSleeps: true });
    for (let round = 0; round < 3; round += 1) await clock.sleep(60_000);
    expect(clock.now()).toBe(180_000);
  });
});

describe('the system clock', () => {
  it('tells the time of the host', () => {
    expect(Math.abs(createSystemClock().now() - Date.now())).toBeLessThan(1000);
  });

  it('sleeps, and stops with the reason it was given', async () => {
    const clock = createSystemClock();
    await clock.sleep(1);
    await clock.sleep(-1);
    const aborting = new AbortController();
    // Longer than any timer of Node's, which would fire at once.
    const sleeping = clock.sleep(365 * 24 * 60 * 60 * 1000, aborting.signal);
    await clock.sleep(2);
    expect(await settled(sleeping)).toBe('asleep');
    aborting.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.sleep(1, AbortSignal.abort(new Error('already')))).rejects.toThrow('already');
  });
});

describe('randomness', () => {
  it('does not repeat itself', () => {
    const random = createNodeRandom();
    expect(random.bytes(32)).toHaveLength(32);
    expect(Buffer.compare(random.bytes(32), random.bytes(32))).not.toBe(0);
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(random.uuid()).not.toBe(random.uuid());
  });
});
