/**
 * Many seeds of one preset, one test each, so that a failing seed names itself. `SEEDS` is how many (200), `SEED` a single
 * one. Every fifth seed is a customer who never granted everything.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { endsActive, neverFalselyGreen, openStage, type Stage } from '../journeys/trouble-cases';

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
      if (Number(seed) % 5 === 0) await neverFalselyGreen(stage, preset, seed);
      else await endsActive(stage, preset, seed);
    });
  });
}
