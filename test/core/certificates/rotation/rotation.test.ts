/** The rules of a rotation: what may be done at which instant, and what no sequence of answers can bring about. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lifecycleSettingsSchema, type RotationSettings } from '../../../../src/core/certificates/lifecycle';
import {
  afterFallback,
  afterRelease,
  afterRound,
  afterSwitchingBack,
  afterUndoing,
  canRollBack,
  FIRST_PROOF_MS,
  NO_PROOF,
  nextRotationStep,
  overlapEndsAt,
  planRotationSteps,
  proofDeadlineAt,
  type ProofAnswer,
} from '../../../../src/core/certificates/rotation/rotation';
import { type CertificateRotation, isRunning, ROTATION_STATES, type RotationState } from '../../../../src/core/certificates/rotation/rotation-model';

const START = Date.UTC(2026, 2, 1);
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const HOME = 'home';
const settings: RotationSettings = lifecycleSettingsSchema.parse({}).rotation;

function rotation(fields: Partial<CertificateRotation> = {}): CertificateRotation {
  const apps = [{ appKey: 'backup', appId: 'app-1', oldKeyId: 'old', newKeyId: 'new', registeredAt: START, removedAt: null }];
  return {
    id: 'r', lineId: 'a', fromCertificateId: 'a', toCertificateId: 'b', state: 'proving', apps, proof: NO_PROOF, startedAt: START, startedBy: 'op-1',
    activatedAt: null, lastFallbackAt: null, endedAt: null, nextStepAt: START, reasons: [], ...fields,
  };
}

const proven = { goodRounds: settings.proofs, lastGoodAt: START, rounds: settings.proofs, lastProblem: null };
const answer = (outcome: ProofAnswer['outcome'], tenantId = HOME, more: Partial<ProofAnswer> = {}): ProofAnswer => ({ tenantId, appKey: 'backup', outcome, ...(outcome === 'accepted' ? {} : { code: `CODE_${outcome}` }), ...more });
const round = (from: CertificateRotation, answers: readonly ProofAnswer[], now = START) => afterRound(from, answers, settings, { now, homeTenantId: HOME });

describe('the next step of a rotation', () => {
  const before = START - 1;
  const rows: readonly (readonly [RotationState, Partial<CertificateRotation>, string, string])[] = [
    ['issuing', {}, 'issue', 'issue'],
    ['registering', {}, 'register', 'register'],
    ['proving', {}, 'wait', 'prove'],
    ['proving', { proof: proven }, 'activate', 'activate'],
    ['proving', { proof: { ...proven, goodRounds: settings.proofs - 1 } }, 'wait', 'prove'],
    ['overlap', { proof: proven, activatedAt: START }, 'wait', 'release'],
    ['overlap', { proof: { ...proven, goodRounds: 0 }, activatedAt: START }, 'wait', 'prove'],
    ['retiring', { proof: proven, activatedAt: START }, 'retire', 'retire'],
    ['done', {}, 'none', 'none'],
    ['rolling_back', {}, 'wait', 'roll_back'],
    ['rolled_back', {}, 'none', 'none'],
  ];

  it.each(rows)('in state %s with %o is "%s" before its time and "%s" from then on', (state, fields, early, due) => {
    const given = rotation({ state, ...fields });
    expect(nextRotationStep(given, settings, before)).toBe(early);
    expect(nextRotationStep(given, settings, START)).toBe(due);
    expect(nextRotationStep(given, settings, START + 400 * 24 * HOUR_MS)).toBe(due);
  });

  it('is known for every state there is', () => {
    expect(new Set(rows.map(([state]) => state))).toEqual(new Set(ROTATION_STATES));
  });

  it('can be an operator\'s roll back only while the old key is not on its way out', () => {
    expect(ROTATION_STATES.filter((state) => canRollBack(rotation({ state })))).toEqual(['issuing', 'registering', 'proving', 'overlap']);
    expect(ROTATION_STATES.filter((state) => isRunning({ state }))).toEqual(['issuing', 'registering', 'proving', 'overlap', 'retiring', 'rolling_back']);
  });
});

describe('a round of proof', () => {
  it('counts when every answer is good, and the next one comes after the spacing', () => {
    expect(round(rotation(), [answer('accepted'), answer('accepted', 'customer')])).toMatchObject({ state: 'proving', proof: { goodRounds: 1, lastGoodAt: START, lastProblem: null }, nextStepAt: START + settings.proofSpacingSeconds * SECOND_MS });
  });

  it('counts although a customer has not got the app, which says nothing about the key', () => {
    expect(round(rotation(), [answer('accepted'), answer('not_there', 'customer')]).proof.goodRounds).toBe(1);
  });

  it('does not count when the home tenant has not got the app', () => {
    expect(round(rotation({ proof: proven }), [answer('not_there'), answer('accepted', 'customer')]).proof).toMatchObject({ goodRounds: proven.goodRounds, lastProblem: { code: 'CODE_not_there', tenantId: HOME } });
  });

  it('does not count without an answer of anybody', () => {
    expect(round(rotation(), []).proof).toMatchObject({ goodRounds: 0, lastProblem: { code: 'STS_UNAVAILABLE' } });
  });

  it('begins the count anew when one of many answers is a refusal, whatever else was said', () => {
    const counted = rotation({ proof: { ...proven, goodRounds: 2 } });
    expect(round(counted, [answer('unknown'), answer('accepted', 'x'), answer('refused', 'customer', { serviceCode: 'AADSTS700027' })]).proof).toMatchObject({ goodRounds: 0, lastProblem: { code: 'CODE_refused', serviceCode: 'AADSTS700027', tenantId: 'customer' } });
  });

  it('neither counts nor resets when the endpoint gave no answer', () => {
    const counted = rotation({ proof: { ...proven, goodRounds: 2 } });
    expect(round(counted, [answer('accepted'), answer('unknown', 'customer')]).proof.goodRounds).toBe(2);
  });

  it('waits as long as the service asks for, and otherwise longer and longer up to two minutes', () => {
    expect(round(rotation(), [answer('unknown', HOME, { retryAfterSeconds: 900 })]).nextStepAt).toBe(START + 900 * SECOND_MS);
    expect(round(rotation(), [answer('unknown', HOME, { retryAfterSeconds: 1e12 })]).nextStepAt).toBe(START + HOUR_MS);
    let current = rotation();
    const pauses: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      current = round(current, [answer('unknown')]);
      pauses.push((current.nextStepAt - START) / SECOND_MS);
    }
    expect(pauses).toEqual([30, 60, 120, 120, 120, 120]);
  });

  it('takes a refused key back at the deadline and not before', () => {
    const deadline = START + settings.proofDeadlineMinutes * MINUTE_MS;
    expect(proofDeadlineAt(rotation(), settings)).toBe(deadline);
    expect(round(rotation(), [answer('refused')], deadline - 1).state).toBe('proving');
    expect(round(rotation(), [answer('refused')], deadline)).toMatchObject({ state: 'rolling_back', reasons: [{ code: 'CERTIFICATE_NOT_ACCEPTED' }], nextStepAt: deadline });
  });

  it('takes nothing back for an endpoint that gives no answer, however long', () => {
    const muchLater = START + 400 * 24 * HOUR_MS;
    for (const outcome of ['unknown', 'not_there'] as const) expect(round(rotation(), [answer(outcome)], muchLater).state).toBe('proving');
  });

  it('takes nothing back once the new key signs', () => {
    expect(round(rotation({ state: 'overlap', activatedAt: START }), [answer('refused')], START + 400 * 24 * HOUR_MS)).toMatchObject({ state: 'overlap', proof: { goodRounds: 0 } });
  });

  it('counts the deadline from the registration that came last', () => {
    const [app] = rotation().apps;
    const later = rotation({ apps: [{ ...app!, registeredAt: START + HOUR_MS }, { ...app!, appKey: 'restore', registeredAt: START }] });
    expect(proofDeadlineAt(later, settings)).toBe(START + HOUR_MS + settings.proofDeadlineMinutes * MINUTE_MS);
  });

  it('that is the last good one in the overlap waits for the end of the overlap', () => {
    const inOverlap = rotation({ state: 'overlap', activatedAt: START, lastFallbackAt: START + HOUR_MS, proof: { ...proven, goodRounds: settings.proofs - 1 } });
    expect(round(inOverlap, [answer('accepted')], START + 2 * HOUR_MS).nextStepAt).toBe(START + HOUR_MS + settings.overlapHours * HOUR_MS);
  });
});

describe('a request that had to be signed with the old key', () => {
  it('begins the proof anew and the overlap with it', () => {
    const at = START + 5 * HOUR_MS;
    const after = afterFallback(rotation({ state: 'overlap', activatedAt: START, proof: proven, nextStepAt: START + settings.overlapHours * HOUR_MS }), settings, at);
    expect(after).toMatchObject({ lastFallbackAt: at, proof: { goodRounds: 0 }, nextStepAt: at + settings.proofSpacingSeconds * SECOND_MS });
    expect(overlapEndsAt(after, settings)).toBe(at + settings.overlapHours * HOUR_MS);
  });

  it('keeps the old key that was about to go, and comes too late for one that is gone', () => {
    const [app] = rotation({}).apps;
    expect(afterFallback(rotation({ state: 'retiring' }), settings, START)).toMatchObject({ state: 'overlap', lastFallbackAt: START, proof: { goodRounds: 0 } });
    const going = rotation({ state: 'retiring', apps: app === undefined ? [] : [{ ...app, removedAt: START }] });
    expect(afterFallback(going, settings, START)).toBe(going);
  });

  it.each(ROTATION_STATES.filter((state) => state !== 'overlap' && state !== 'retiring'))('changes nothing in state %s', (state) => {
    const given = rotation({ state });
    expect(afterFallback(given, settings, START)).toBe(given);
  });
});

describe('what keeps the old key', () => {
  it('is named, and asked again an hour later', () => {
    const blocker = { code: 'CERTIFICATE_EXPORTED', message: 'a file' };
    expect(afterRelease(rotation({ state: 'overlap' }), [blocker], START)).toMatchObject({ state: 'overlap', reasons: [blocker], nextStepAt: START + HOUR_MS });
    expect(afterRelease(rotation({ state: 'overlap', reasons: [blocker] }), [], START)).toMatchObject({ state: 'retiring', reasons: [] });
  });
});

describe('the plan of a rotation', () => {
  it('says for every setting when each step is due at the earliest, in the order in which they come', () => {
    fc.assert(
      fc.property(settingsArbitrary, (given) => {
        const steps = planRotationSteps(['backup', 'restore'], given, START);
        expect(steps.map(({ step }) => step)).toEqual(['issue', 'register', 'prove', 'activate', 'overlap', 'retire']);
        expect(steps.map(({ earliestAt }) => earliestAt)).toEqual(steps.map(({ earliestAt }) => earliestAt).toSorted((left, right) => left - right));
        const [activate, retire] = [steps[3]!.earliestAt, steps[5]!.earliestAt];
        expect(retire - activate).toBe(given.overlapHours * HOUR_MS);
        expect(activate).toBe(simulateUndisturbed(given));
      }),
    );
  });
});

const settingsArbitrary = fc.record({ proofs: fc.integer({ min: 2, max: 6 }), proofSpacingSeconds: fc.integer({ min: 120, max: 4000 }), sampleTenants: fc.constant(2), proofDeadlineMinutes: fc.integer({ min: 15, max: 300 }), overlapHours: fc.integer({ min: 24, max: 60 }) });

/** When the new key signs if every round is good and every step is taken in time. */
function simulateUndisturbed(given: RotationSettings): number {
  let current = rotation({ nextStepAt: START + FIRST_PROOF_MS });
  let now = START;
  while (nextRotationStep(current, given, now) !== 'activate') {
    now = Math.max(now, current.nextStepAt);
    current = afterRound(current, [answer('accepted')], given, { now, homeTenantId: HOME });
  }
  return now;
}

/** What can happen next, to whoever takes a step. */
const eventArbitrary = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('step' as const), answers: fc.array(fc.record({ outcome: fc.constantFrom<ProofAnswer['outcome'][]>('accepted', 'accepted', 'accepted', 'accepted', 'refused', 'not_there', 'unknown'), home: fc.boolean() }), { minLength: 1, maxLength: 3 }), isBlocked: fc.integer({ min: 0, max: 3 }).map((n) => n === 0) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('good' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('time' as const), seconds: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 30 * 3600 })) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('due' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fallback' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('undo' as const) }) },
);
type Happening = typeof eventArbitrary extends fc.Arbitrary<infer T> ? T : never;

const TABLE: Readonly<Record<RotationState, readonly RotationState[]>> = {
  issuing: ['registering', 'rolling_back'],
  registering: ['proving', 'rolling_back'],
  proving: ['overlap', 'rolling_back'],
  overlap: ['retiring', 'rolling_back'],
  retiring: ['done', 'overlap'],
  rolling_back: ['rolled_back'],
  done: [],
  rolled_back: [],
};

/** A bookkeeper of its own, who shares nothing with the rules. */
class Witness {
  goodInARow = 0;
  activatedAt = Number.POSITIVE_INFINITY;
  lastFallbackAt = Number.NEGATIVE_INFINITY;
  isLastRoundRefused = false;
  hasSwitchedBack = false;

  round(answers: readonly ProofAnswer[]): void {
    const isRefused = answers.some(({ outcome }) => outcome === 'refused');
    const isGood = answers.every(({ outcome, tenantId }) => outcome === 'accepted' || (outcome === 'not_there' && tenantId !== HOME));
    this.isLastRoundRefused = isRefused;
    this.goodInARow = isRefused ? 0 : this.goodInARow + (isGood ? 1 : 0);
  }
}

interface Scene {
  readonly settings: RotationSettings;
  readonly witness: Witness;
  now: number;
  current: CertificateRotation;
}

/** What the steps do between the rules, without a world. */
function takeStep(scene: Scene, answers: readonly ProofAnswer[], isBlocked: boolean): void {
  const { witness, now, current } = scene;
  const ask = () => {
    witness.round(answers);
    return afterRound(current, answers, scene.settings, { now, homeTenantId: HOME });
  };
  switch (nextRotationStep(current, scene.settings, now)) {
    case 'issue':
      return void (scene.current = { ...current, state: 'registering', nextStepAt: now });
    case 'register':
      return void (scene.current = { ...current, state: 'proving', apps: current.apps.map((app) => ({ ...app, registeredAt: now })), nextStepAt: now + FIRST_PROOF_MS });
    case 'prove':
      return void (scene.current = ask());
    case 'activate':
      expect(witness.goodInARow).toBeGreaterThanOrEqual(scene.settings.proofs);
      witness.activatedAt = now;
      return void (scene.current = { ...current, state: 'overlap', activatedAt: now, nextStepAt: now + scene.settings.overlapHours * HOUR_MS });
    case 'release': {
      const asked = ask();
      scene.current = asked.proof.lastProblem === null ? afterRelease(asked, isBlocked ? [{ code: 'X', message: 'y' }] : [], now) : asked;
      return;
    }
    case 'retire':
      return void (scene.current = { ...current, state: 'done', endedAt: now });
    case 'roll_back':
      scene.current = witness.activatedAt < now && !witness.hasSwitchedBack ? afterSwitchingBack(current, now) : { ...current, state: 'rolled_back', endedAt: now };
      witness.hasSwitchedBack = true;
      return;
    default:
  }
}

function happen(scene: Scene, event: Happening): void {
  if (event.kind === 'time') scene.now += event.seconds * SECOND_MS;
  else if (event.kind === 'due') scene.now = Math.max(scene.now, scene.current.nextStepAt);
  else if (event.kind === 'step') takeStep(scene, [answer('accepted'), ...event.answers.map(({ outcome, home }) => answer(outcome, home ? HOME : 'customer'))], event.isBlocked);
  else if (event.kind === 'good') {
    scene.now = Math.max(scene.now, scene.current.nextStepAt);
    takeStep(scene, [answer('accepted'), answer('accepted', 'customer')], false);
  } else if (event.kind === 'undo') {
    if (canRollBack(scene.current)) scene.current = afterUndoing(scene.current, { code: 'CERTIFICATE_ROTATION_UNDONE', message: '' }, scene.now);
  } else {
    if (scene.current.state === 'overlap' || scene.current.state === 'retiring') {
      scene.witness.lastFallbackAt = scene.now;
      scene.witness.goodInARow = 0;
    }
    scene.current = afterFallback(scene.current, scene.settings, scene.now);
  }
}

describe('whatever answers come, and whenever somebody asks', () => {
  it('the old key is released only proven, after the whole overlap, and taken back only refused or undone', () => {
    const reached = new Set<RotationState>();
    fc.assert(
      fc.property(settingsArbitrary, fc.array(eventArbitrary, { minLength: 10, maxLength: 80 }), (given, events) => {
        const witness = new Witness();
        const scene: Scene = { settings: given, witness, now: START, current: rotation({ state: 'issuing' }) };
        for (const event of events) {
          const before = scene.current.state;
          happen(scene, event);
          const { state } = scene.current;
          reached.add(state);
          if (state === before) continue;
          expect(TABLE[before], `${before} to ${state}`).toContain(state);
          if (state === 'retiring') {
            expect(witness.goodInARow).toBeGreaterThanOrEqual(given.proofs);
            expect(scene.now).toBeGreaterThanOrEqual(Math.max(witness.activatedAt, witness.lastFallbackAt) + given.overlapHours * HOUR_MS);
          }
          if (state === 'rolling_back' && event.kind !== 'undo') {
            expect(before).toBe('proving');
            expect(witness.isLastRoundRefused).toBe(true);
            expect(scene.now).toBeGreaterThanOrEqual(proofDeadlineAt(scene.current, given));
          }
        }
      }),
      { numRuns: 600 },
    );
    expect(ROTATION_STATES.filter((state) => !reached.has(state))).toEqual([]);
  });

  it('a rotation whose steps are taken and whose key is accepted comes to its end', () => {
    fc.assert(
      fc.property(settingsArbitrary, fc.array(eventArbitrary, { maxLength: 40 }), (given, events) => {
        const scene: Scene = { settings: given, witness: new Witness(), now: START, current: rotation({ state: 'issuing' }) };
        for (const event of events) happen(scene, event);
        for (let turn = 0; turn < 40; turn += 1) happen(scene, { kind: 'good' });
        expect(['done', 'rolled_back']).toContain(scene.current.state);
      }),
    );
  });
});
