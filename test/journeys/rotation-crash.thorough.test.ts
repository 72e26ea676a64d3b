/** A rotation whose state dies under it after a write, whichever write it was, and whose audit is down when it is needed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOnboardingError, OnboardingError } from '../../src/core/errors';
import { findRotation, type RotationState } from '../../src/core/certificates/rotation/rotation-model';
import type { RotationReport } from '../../src/core/corridor/certificates/rotate';
import { auditOf, codeOf } from './attacks';
import { keyIdsOf, registrationOf } from './key-stage';
import { createDyingStore, createInterruptedStore, type DyingStore } from './mortal-store';
import { registered, signOnce } from './rotations';
import { OPERATOR, startStory, type Story } from './story';

const APPS = ['backup', 'restore'];

let story: Story;
let dying: DyingStore | undefined;
let first: string;
/** What was written last. */
let lastKey = '';

const certificates = () => story.installation.certificates;

beforeAll(async () => {
  story = await startStory();
});

afterAll(async () => story.stop());

async function renewMortal(): Promise<void> {
  dying?.dieAfter(undefined);
  await story.renew({
    wrapStore: (store) => {
      dying = createDyingStore(
        createInterruptedStore(store, async (key) => {
          lastKey = key;
        }),
      );
      return dying.store;
    },
  });
  first = await registered(story, APPS);
}

async function onceMore(act: () => Promise<RotationReport>): Promise<RotationReport | undefined> {
  try {
    return await act();
  } catch (error) {
    // A dead state is met as what needed it: the audit, or the record.
    if (!isOnboardingError(error) || !['STATE_UNAVAILABLE', 'AUDIT_UNAVAILABLE'].includes(error.code)) throw error;
    return undefined;
  }
}

/** Whoever looks at any moment finds a key that signs, and one successor. */
async function expectSound(when: string): Promise<void> {
  for (const appKey of APPS) await expect(signOnce(story, appKey), `${when}, ${appKey}`).resolves.toBeDefined();
  const line = (await certificates().list(OPERATOR)).filter(({ lineId }) => lineId === first);
  expect(line.length, when).toBeLessThanOrEqual(1);
  expect(registrationOf(story).keyCredentials.length, when).toBeLessThanOrEqual(2);
}

/**
 * Dies after every write: a life lasts for one write, and the next for one more when this one was died of in this state before,
 * which is to say that it has to be done again each time. Returns how often it died.
 */
async function dieUntil(state: RotationState, act: () => Promise<RotationReport> = () => certificates().rotate(first, OPERATOR)): Promise<number> {
  let deaths = 0;
  let writes = 1;
  const diedOf = new Set<string>();
  for (let turn = 0; turn < 600; turn += 1) {
    dying?.dieAfter(writes);
    const report = await onceMore(act);
    const died = dying?.died() === true;
    dying?.dieAfter(undefined);
    const now = (await findRotation(story.installation.ports, first))?.value.state;
    if (died) {
      deaths += 1;
      // Every attempt to issue makes another key.
      const cause = `${now} ${lastKey.replace(/[0-9A-F]{64}/, 'thumbprint')}`;
      if (diedOf.has(cause)) writes += 1;
      diedOf.add(cause);
      if (deaths % 8 === 0) await expectSound(`after death ${deaths}`);
      continue;
    }
    writes = 1;
    if (report?.rotation.state === state) return deaths;
    story.advanceClock(Math.max(0, ((report?.rotation.nextStepAt ?? 0) - story.clock.now()) / 1000));
  }
  throw new Error(`Never ${state}: ${JSON.stringify(await findRotation(story.installation.ports, first))}`);
}

async function expectTidy(): Promise<void> {
  const audit = await auditOf(story);
  expect(audit.length - new Set(audit.map(({ id }) => id)).size).toBe(0);
  expect((await story.installation.audit.orphanedIntents()).map(({ id }) => id)).toEqual([]);
  expect(await story.installation.audit.verify()).toMatchObject({ intact: true });
}

describe('a rotation whose state dies after a write', () => {
  it('comes to its end, with every effect there once, whichever write it was', { timeout: 200_000 }, async () => {
    await renewMortal();
    expect(await dieUntil('done')).toBeGreaterThan(60);
    const { value } = (await findRotation(story.installation.ports, first))!;
    expect(value.state).toBe('done');
    const states = (await auditOf(story)).filter(({ action }) => action === 'certificate.rotation').map(({ details }) => details?.['state']);
    expect(states).toEqual(['issuing', 'registering', 'proving', 'overlap', 'retiring', 'done']);
    for (const appKey of APPS) {
      expect(keyIdsOf(story, appKey)).toEqual([value.apps.find((app) => app.appKey === appKey)?.newKeyId]);
      expect(await signOnce(story, appKey)).toBe(value.toCertificateId);
    }
    expect(await certificates().list(OPERATOR)).toHaveLength(2);
    await expectTidy();
  });

  it.each(['registering', 'proving', 'overlap'] as const)('and that is undone from "%s" comes back to where it began', { timeout: 120_000 }, async (from) => {
    await renewMortal();
    for (;;) {
      const report = await certificates().rotate(first, OPERATOR);
      if (report.rotation.state === from) break;
      story.advanceClock(Math.max(0, (report.rotation.nextStepAt - story.clock.now()) / 1000));
    }
    await dieUntil('rolled_back', () => certificates().undoRotation(first, OPERATOR));
    for (const appKey of APPS) {
      expect(keyIdsOf(story, appKey)).toHaveLength(1);
      expect(await signOnce(story, appKey)).toBe(first);
    }
    expect((await certificates().list(OPERATOR)).filter(({ id }) => id !== first)).toMatchObject([{ state: 'retired', usedBy: [] }]);
    await expectTidy();
  });
});

describe('a rotation without an audit', () => {
  it('does nothing that it could not announce', { timeout: 60_000 }, async () => {
    let isDown = false;
    await story.renew({
      wrapStore: (store) =>
        createInterruptedStore(store, async (key) => {
          if (isDown && key.startsWith('audit/')) throw new OnboardingError('STATE_UNAVAILABLE', 'The audit is gone.');
        }),
    });
    first = await registered(story, APPS);
    const look = async () => ({ keys: APPS.map((appKey) => keyIdsOf(story, appKey)), certificates: (await certificates().list(OPERATOR)).map(({ id, state, usedBy }) => ({ id, state, usedBy })), signs: await signOnce(story, 'backup') });
    const refused: string[] = [];
    for (let call = 0; call < 40; call += 1) {
      const before = await look();
      const rotation = await findRotation(story.installation.ports, first);
      isDown = true;
      const step = await certificates().rotate(first, OPERATOR).then(({ step: taken }) => taken, (error: unknown) => (isOnboardingError(error) ? error.code : String(error)));
      isDown = false;
      if (step === 'AUDIT_UNAVAILABLE') {
        refused.push(rotation?.value.state ?? 'none');
        expect(await look(), `without an audit in ${refused.at(-1)}`).toEqual(before);
        expect((await findRotation(story.installation.ports, first))?.value.state ?? 'issuing').toBe(rotation?.value.state ?? 'issuing');
      } else {
        expect(['wait', 'prove', 'release'], `in ${rotation?.value.state}`).toContain(step);
      }
      if (step === 'prove') continue;
      const report = await certificates().rotate(first, OPERATOR);
      if (report.rotation.state === 'done') break;
      story.advanceClock(Math.max(0, (report.rotation.nextStepAt - story.clock.now()) / 1000));
    }
    expect(refused).toEqual(['none', 'registering', 'proving', 'overlap', 'retiring']);
    await expectTidy();
    expect(await codeOf(certificates().undoRotation(first, 'nobody'))).toBe('OPERATOR_NOT_ALLOWED');
  });
});
