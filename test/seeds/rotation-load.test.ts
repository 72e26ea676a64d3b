/**
 * Many requests while a certificate is rotated, under every propagation time of a key. `SEEDS=40 npm run test:seeds --
 * rotation-load` takes one seed of each, `SEED=17` that one; the default of 200 takes five.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lagging, type LoadStage, openLoadStage, rotateUnderLoad } from '../journeys/rotation-load';

const { SEED, SEEDS = '200' } = process.env;
const SEEDS_PER_RUN = 40;
const seeds = SEED === undefined ? Array.from({ length: Math.ceil(Number(SEEDS) / SEEDS_PER_RUN) }, (_, index) => String(index + 1)) : [SEED];
const plans: readonly (readonly [string, (seed: string) => object | undefined])[] = [
  ['known at once', () => undefined],
  ...[30, 120, 300, 1800].map((seconds) => [`known after up to ${seconds} s`, (seed: string) => lagging(seconds, seed)] as const),
  ['under replication-hell', (seed) => ({ preset: 'replication-hell', seed })],
];

let stage: LoadStage;

beforeAll(async () => {
  stage = await openLoadStage();
});

afterAll(async () => stage.stop());

describe.each(plans)('a rotation under load, its key %s', (name, planOf) => {
  it.each(seeds)('fails no request (SEED=%s)', { timeout: 600_000 }, async (seed) => {
    const run = await stage.renew();
    stage.story.sandbox.faults.set(planOf(seed));
    const result = await rotateUnderLoad(run, { betweenSteps: 150, atOnce: 50 });
    await run.close();
    process.stdout.write(`${name}, seed ${seed}: ${result.requests} token requests, ${result.failures.length} failed, ${result.fallbacks} met an unknown key; the steps met: ${result.stops.join(' ') || 'nothing'}\n`);
    expect(result.failures).toEqual([]);
    expect(result.last.rotation.state).toBe('done');
    expect(result.keys).toEqual(result.last.rotation.apps.map(({ newKeyId }) => [newKeyId]));
  });
});
