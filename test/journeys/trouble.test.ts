/** Onboarding on bad days: three seeds of every preset; `npm run test:seeds` takes many more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRESET_NAMES } from '../../src/sandbox/index';
import { endsActive, neverFalselyGreen, openStage, type Stage } from './trouble-cases';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => stage.story.stop());

describe.each(PRESET_NAMES)('under %s', (preset) => {
  it.each(['1', '2', '3'])('an onboarding ends active, with everything there once (seed %s)', { timeout: 60_000 }, async (seed) => {
    const trouble = await endsActive(stage, preset, seed);
    if (preset === 'calm') expect(trouble.stops).toEqual([]);
    // A bad day on which nothing happened would prove nothing.
    else if (preset !== 'replication-hell') expect(Object.values(trouble.reports[0]?.fired ?? {}).reduce((sum, times) => sum + times, 0)).toBeGreaterThan(2);
  });

  it('what was not granted never looks granted', { timeout: 60_000 }, async () => {
    await neverFalselyGreen(stage, preset, '4');
  });
});
