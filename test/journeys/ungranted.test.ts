/** Consent that was never given, on bad days: three of the ways there are for each preset; `npm run test:seeds` takes many more. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PRESET_NAMES } from '../../src/sandbox/index';
import { startStory, type Story } from './story';
import { neverGranted, WAY_NAMES, type WayName } from './ungranted';

let story: Story;

beforeAll(async () => {
  story = await startStory({ sandbox: { faultDelays: 'virtual' } });
});

afterAll(async () => story.stop());

/** Every way under two presets at least. */
const CASES = PRESET_NAMES.flatMap((preset, at) => [1, 2, 3].map((seed): [string, string, WayName] => [preset, String(seed), WAY_NAMES[(at * 3 + seed) % WAY_NAMES.length] ?? 'the admin pressed Cancel']));

describe('nothing is ever green', () => {
  it.each(CASES)('under %s (seed %s): %s', { timeout: 60_000 }, async (preset, seed, way) => {
    await neverGranted(story, way, { preset, seed });
  });
});
