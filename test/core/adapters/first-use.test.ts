/** Loading on first use: once, again after a failure, and never two libraries in one turn of the event loop. */
import { expect, it } from 'vitest';
import { onFirstUse } from '../../../src/core/adapters/first-use';

it('loads nothing before the first use, and once for all of them', async () => {
  let loads = 0;
  const library = {};
  const use = onFirstUse(async () => {
    loads += 1;
    return library;
  });
  expect(loads).toBe(0);
  expect(await Promise.all([use(), use()])).toEqual([library, library]);
  expect(await use()).toBe(library);
  expect(loads).toBe(1);
});

it('tries again after a load that failed', async () => {
  const outcomes = [async () => Promise.reject(new Error('half an installation')), async () => 'library'];
  const use = onFirstUse(async () => outcomes.shift()?.());
  await expect(use()).rejects.toThrow('half an installation');
  expect(await use()).toBe('library');
});

it('lets others run between two libraries that one call needs', async () => {
  const order: string[] = [];
  const first = onFirstUse(async () => void order.push('first library'));
  const second = onFirstUse(async () => void order.push('second library'));
  const call = (async () => {
    await first();
    await second();
  })();
  // Whoever waits for the loop meanwhile, as a request that has arrived does.
  const others = (async () => {
    while (order.at(-1) !== 'second library') {
      await new Promise((resolve) => setImmediate(resolve));
      if (order.length === 1) order.push('somebody else');
    }
  })();
  await Promise.all([call, others]);
  expect(order).toEqual(['first library', 'somebody else', 'second library']);
});
