/**
 * What the product makes of the sandbox's lies. All of them take a minute or two: `npm run docs:lies` lives through them and
 * writes down what came of it. Here are the ones that would let a stranger in or take a refusal for a consent.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIES, type LieId } from '../../src/sandbox/index';
import { readOutcomes, writeOutcomes, type Outcomes } from '../sandbox/lies-page';
import { liveThrough, openLyingStory, type LieOutcome } from './lies';
import { HARMLESS } from './lies-harmless';
import type { Story } from './story';

/** A product that does not notice one of these is broken, whatever the list says. */
const MUST_NOTICE: readonly LieId[] = [
  'L-IDT-AUDIENCE', 'L-IDT-ISSUER', 'L-IDT-TENANT', 'L-IDT-NONCE', 'L-IDT-SIGNATURE', 'L-IDT-UNSIGNED', 'L-IDT-CONSUMER-KEY', 'L-IDT-EXPIRED',
  'L-KEYS-SWAPPED', 'L-AT-TENANT', 'L-AUTHZ-STATE', 'L-CONSENT-STATE', 'L-CONSENT-TENANT', 'L-CONSENT-NOTHING', 'L-CONSENT-PARTIAL',
];
/** Lived through in every test run. */
const LIVED: readonly LieId[] = ['L-IDT-AUDIENCE', 'L-IDT-CONSUMER-KEY', 'L-IDT-UNSIGNED', 'L-AT-TENANT', 'L-CONSENT-NOTHING'];

const isWriting = process.env.WRITE_LIES === '1';
let story: Story;

beforeAll(async () => {
  story = await openLyingStory();
});

afterAll(async () => story.stop());

it.runIf(isWriting)('every lie is lived through and its outcome written down', { timeout: 1_800_000 }, async () => {
  const outcomes = new Map<LieId, LieOutcome>();
  for (const { id } of LIES) outcomes.set(id, await liveThrough(story, id));
  writeOutcomes(Object.fromEntries(outcomes) as Outcomes);
});

describe.skipIf(isWriting)('the product', () => {
  it.each(LIVED)('notices %s', { timeout: 120_000 }, async (lie) => {
    expect(await liveThrough(story, lie)).toEqual(readOutcomes()[lie]);
  });

  it('noticed every lie that would let a stranger in or take a refusal for a consent', () => {
    const outcomes = readOutcomes();
    expect(MUST_NOTICE.filter((lie) => outcomes[lie].outcome !== 'noticed')).toEqual([]);
  });

  it('has a reason for every lie that it did not notice, and for no other', () => {
    const outcomes = readOutcomes();
    expect(Object.keys(outcomes).toSorted()).toEqual(LIES.map(({ id }) => id).toSorted());
    const unnoticed = LIES.filter(({ id }) => outcomes[id].outcome === 'unnoticed').map(({ id }) => id);
    expect(Object.keys(HARMLESS).toSorted()).toEqual(unnoticed.toSorted());
  });
});
