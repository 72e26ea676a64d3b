/**
 * Many seeds of one preset, one test each, so that a failing seed names itself. `SEEDS` is how many (200), `SEED` a single
 * one. Every fifth seed is a customer who never granted everything, each of them in the next one of the ways there are.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { endsActive, neverFalselyGreen, openStage, type Stage } from '../journeys/trouble-cases';
import { neverGranted, WAY_NAMES } from '../journeys/ungranted';

const { SEED, SEEDS = '200' } = process.env;
const seeds = SEED === undefined ? Array.from({ length: Number(SEEDS) }, (_, index) => String(index + 1)) : [SEED];

export function defineSeeds(preset: string): void {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage();
  });

  afterAll(async () => stage.story.stop());

  describe(`under ${preset}`, () => {
    it.each(seeds)('an onboarding comes to its right end (SEED=%s)', async (seed) => {
      if (Number(seed) % 5 === 0) await neverGreen(stage, preset, seed);
      else await endsActive(stage, preset, seed);
    });
  });
}

/** The first of the ways is a permission that is in no registration. */
async function neverGreen(stage: Stage, preset: string, seed: string): Promise<void> {
  const way = WAY_NAMES[((Number(seed) / 5) % (WAY_NAMES.length + 1)) - 1];
  await (way === undefined ? neverFalselyGreen(stage, preset, seed) : neverGranted(stage.story, way, { preset, seed }));
}
