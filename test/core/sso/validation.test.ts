import { describe, expect, it } from 'vitest';
import type { BindingReason, ConsentVerdict, SsoBinding, StandingEvidence, ValidationPolicy } from '../../../src/core/sso/model';
import { applyValidation, classifyReading, DEFAULT_VALIDATION_POLICY, judgeBinding } from '../../../src/core/sso/validation';
import { START } from '../../support/core-ports';
import { ADA, BOB, boundPorts, overtakenStore, qualifying, TENANT, testPorts } from './support';

const GOOD = qualifying();
const UNKNOWN: StandingEvidence = { outcome: 'unknown', roles: [], reasons: ['unreadable'] };
const FIVE: ValidationPolicy = { ...DEFAULT_VALIDATION_POLICY, readsNeeded: 5 };

function no(...reasons: string[]): StandingEvidence {
  return { ...qualifying(), outcome: 'does_not', reasons };
}

function binding(overrides: Partial<SsoBinding> = {}): SsoBinding {
  return { accountId: 'contoso', tenantId: TENANT, userObjectId: ADA, state: 'validating', validatedAt: null, reasons: [], upn: 'old@contoso.example', displayName: 'Old', boundAt: START, boundBy: 'op-1', deadlineAt: START + 3_600_000, goodReads: [], sequence: 1, history: [], successor: null, ...overrides };
}

function judge(given: Partial<SsoBinding>, standing: StandingEvidence, consentVerdict: ConsentVerdict = 'granted', seconds = 0, policy = DEFAULT_VALIDATION_POLICY) {
  return judgeBinding({ binding: binding(given), standing, consentVerdict, now: START + seconds * 1000, policy });
}

function revokedAt(sessionsValidFromAt: number): StandingEvidence {
  const { person, ...rest } = qualifying();
  return person === undefined ? rest : { ...rest, person: { ...person, sessionsValidFromAt } };
}

const ACTIVE = { state: 'active', validatedAt: START, goodReads: [START - 60_000, START] } as const;

describe('classifyReading', () => {
  it.each<[string, StandingEvidence, ConsentVerdict, string, readonly BindingReason[]]>([
    ['a qualifying person with consent', GOOD, 'granted', 'good', []],
    ['an unreadable person', UNKNOWN, 'granted', 'unknown', ['standing_unknown']],
    ['an unreadable consent', GOOD, 'unknown', 'unknown', ['consent_unknown']],
    ['a yes about nobody', { outcome: 'qualifies', roles: [], reasons: [] }, 'granted', 'unknown', ['standing_unknown']],
    ['a person not found', { outcome: 'does_not', roles: [], reasons: ['not_found'] }, 'granted', 'replicating', ['not_found']],
    ['a missing role', no('role_missing'), 'granted', 'replicating', ['role_missing']],
    ['a missing consent', GOOD, 'missing', 'replicating', ['consent_missing']],
    ['a disabled person', no('disabled'), 'granted', 'wrong', ['disabled']],
    ['a guest', no('guest'), 'granted', 'wrong', ['guest']],
    ['a scoped role', no('role_scoped_only'), 'granted', 'wrong', ['role_scoped_only']],
    ['an eligible role', no('role_eligible_only'), 'granted', 'wrong', ['role_eligible_only']],
    ['a no for a reason it does not know', no('something_new'), 'granted', 'replicating', ['role_missing']],
    ['a disabled person and a missing consent', no('disabled'), 'missing', 'wrong', ['disabled', 'consent_missing']],
    ['a missing role and an unreadable consent', no('role_missing'), 'unknown', 'replicating', ['role_missing']],
    ['sessions revoked since', revokedAt(START + 1), 'granted', 'wrong', ['sessions_revoked']],
    ['sessions revoked before', revokedAt(START), 'granted', 'good', []],
    ['the same name behind another object id', qualifying(BOB), 'granted', 'wrong', ['other_person']],
  ])('%s', (_, standing, consentVerdict, kind, reasons) => {
    expect(classifyReading({ userObjectId: ADA, boundAt: START }, standing, consentVerdict)).toEqual({ kind, reasons });
  });

  it('compares object ids without regard to case', () => {
    expect(classifyReading({ userObjectId: ADA.toUpperCase(), boundAt: START }, GOOD, 'granted').kind).toBe('good');
  });
});

describe('judgeBinding', () => {
  it('needs two good reads a minute apart', () => {
    const first = judge({}, GOOD);
    expect(first).toMatchObject({ state: 'validating', validatedAt: null, goodReads: [START], nextCheckAt: START + 60_000, reasons: [] });
    const tooEarly = judge({ goodReads: first.goodReads }, GOOD, 'granted', 59);
    expect(tooEarly).toMatchObject({ state: 'validating', goodReads: [START], nextCheckAt: START + 60_000 });
    expect(judge({ goodReads: first.goodReads }, GOOD, 'granted', 60)).toMatchObject({ state: 'active', validatedAt: START + 60_000, nextCheckAt: START + 60_000 + 86_400_000 });
  });

  it('needs five independent reads when the policy says so: many at once count as one', () => {
    let goodReads: readonly number[] = [];
    const states: string[] = [];
    for (const seconds of [0, 0, 1, 2, 14, 15, 30, 45, 59, 60]) {
      const judged = judge({ goodReads }, GOOD, 'granted', seconds, FIVE);
      goodReads = judged.goodReads;
      states.push(`${goodReads.length}${judged.state === 'active' ? ' active' : ''}`);
    }
    expect(states).toEqual(['1', '1', '1', '1', '1', '2', '3', '4', '4', '5 active']);
  });

  it('is satisfied by one read when one is needed', () => {
    expect(judge({}, GOOD, 'granted', 0, { ...DEFAULT_VALIDATION_POLICY, readsNeeded: 1 })).toMatchObject({ state: 'active' });
  });

  it('updates the snapshot of a renamed person and nothing else', () => {
    expect(judge({}, qualifying(ADA, { upn: 'new@contoso.example', displayName: 'New' }))).toMatchObject({ upn: 'new@contoso.example', displayName: 'New', state: 'validating' });
    expect(judge({}, qualifying(BOB, { upn: 'old@contoso.example' }))).toMatchObject({ upn: 'old@contoso.example', displayName: 'Old', state: 'stale', reasons: ['other_person'] });
  });

  it('waits for replication until the deadline, and starts the count of good reads over', () => {
    expect(judge({ goodReads: [START] }, no('role_missing'), 'granted', 30)).toMatchObject({ state: 'validating', reasons: ['replicating', 'role_missing'], goodReads: [], nextCheckAt: START + 60_000 });
    expect(judge({}, no('role_missing'), 'granted', 3599)).toMatchObject({ state: 'validating', nextCheckAt: START + 3_600_000 });
    expect(judge({}, no('role_missing'), 'granted', 3600)).toMatchObject({ state: 'stale', reasons: ['deadline_passed', 'role_missing'] });
  });

  it('says at once what no waiting cures', () => {
    expect(judge({}, no('disabled'))).toMatchObject({ state: 'stale', reasons: ['disabled'], goodReads: [] });
  });

  it('never turns green on an unknown answer, and keeps what was counted', () => {
    expect(judge({ goodReads: [START] }, UNKNOWN, 'granted', 60)).toMatchObject({ state: 'validating', reasons: ['standing_unknown'], goodReads: [START] });
    expect(judge({ goodReads: [START] }, GOOD, 'unknown', 60)).toMatchObject({ state: 'validating', reasons: ['consent_unknown'] });
    expect(judge({}, UNKNOWN, 'granted', 3600)).toMatchObject({ state: 'stale', reasons: ['deadline_passed', 'standing_unknown'] });
  });

  it('lets a good read after the deadline go on, since nothing speaks against it', () => {
    expect(judge({ goodReads: [START] }, GOOD, 'granted', 3601)).toMatchObject({ state: 'active' });
  });

  it('makes an active binding stale at the first contradiction', () => {
    for (const standing of [no('role_missing'), no('disabled'), { outcome: 'does_not', roles: [], reasons: ['not_found'] } as const]) expect(judge(ACTIVE, standing, 'granted', 60)).toMatchObject({ state: 'stale', goodReads: [] });
    expect(judge(ACTIVE, GOOD, 'missing', 60)).toMatchObject({ state: 'stale', reasons: ['consent_missing'] });
  });

  it('lets an active binding survive unknown answers for a day, and no longer', () => {
    expect(judge(ACTIVE, UNKNOWN, 'granted', 86_400)).toMatchObject({ state: 'active', validatedAt: START, reasons: ['standing_unknown'] });
    expect(judge(ACTIVE, UNKNOWN, 'granted', 86_401)).toMatchObject({ state: 'stale', reasons: ['evidence_expired', 'standing_unknown'] });
  });

  it('renews an active binding by one good read', () => {
    expect(judge({ ...ACTIVE, reasons: ['standing_unknown'] }, GOOD, 'granted', 60)).toMatchObject({ state: 'active', validatedAt: START + 60_000, reasons: [] });
  });

  it('makes a stale binding prove itself again from the start', () => {
    const stale = { state: 'stale', reasons: ['disabled'], goodReads: [START - 3_600_000], deadlineAt: START - 1 } as const;
    expect(judge(stale, UNKNOWN)).toMatchObject({ state: 'stale', reasons: ['disabled'] });
    expect(judge(stale, GOOD)).toMatchObject({ state: 'validating', reasons: [], goodReads: [START], deadlineAt: START + 3_600_000 });
  });

  it('lets no reading revive a binding whose person another account took', () => {
    expect(judge({ state: 'stale', reasons: ['claimed_elsewhere'] }, GOOD, 'granted', 0, { ...DEFAULT_VALIDATION_POLICY, readsNeeded: 1 })).toMatchObject({ state: 'stale', reasons: ['claimed_elsewhere'] });
  });

  it('is not hurried by a clock that was set back', () => {
    expect(judge({ goodReads: [START + 120_000] }, GOOD)).toMatchObject({ state: 'validating', goodReads: [START + 120_000] });
  });
});

describe('applyValidation', () => {
  const good = { accountId: 'contoso', standing: GOOD, consentVerdict: 'granted' as const };

  it('keeps the way to active and notes each change of state once', async () => {
    const ports = await boundPorts();
    await applyValidation(ports, good);
    ports.clock.advance(60_000);
    expect((await applyValidation(ports, good)).binding).toMatchObject({ state: 'active', validatedAt: ports.clock.now(), upn: '1@contoso.example' });
    ports.clock.advance(60_000);
    await applyValidation(ports, good);
    expect((await applyValidation(ports, { ...good, standing: no('disabled') })).binding).toMatchObject({ state: 'stale', reasons: ['disabled'] });
    expect(ports.audit.events.filter((event) => event.action.startsWith('sso.binding')).map(({ action, phase, details }) => [action, phase, details?.['reasons']])).toEqual([
      ['sso.binding_active', 'note', []],
      ['sso.binding_stale', 'note', ['disabled']],
    ]);
  });

  it('goes stale although the audit is down, and owes the entry until it is written', async () => {
    const ports = await boundPorts();
    ports.audit.down = true;
    await expect(applyValidation(ports, { ...good, standing: no('disabled') })).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    ports.audit.down = false;
    expect((await applyValidation(ports, { ...good, standing: UNKNOWN })).binding).toMatchObject({ state: 'stale', reasons: ['disabled'] });
    expect(ports.audit.events.filter((event) => event.action === 'sso.binding_stale')).toHaveLength(1);
  });

  it('counts two validations at the same moment as one read', async () => {
    const ports = await boundPorts();
    await Promise.all([applyValidation(ports, good), applyValidation(ports, good), applyValidation(ports, good)]);
    expect((await applyValidation(ports, good)).binding).toMatchObject({ state: 'validating', goodReads: [ports.clock.now()] });
  });

  it('judges again when another reading was faster', async () => {
    const ports = await boundPorts();
    const store = overtakenStore(ports.store, 'sso/binding/contoso', () => applyValidation(ports, { ...good, standing: no('disabled') }));
    expect((await applyValidation({ ...ports, store }, good)).binding).toMatchObject({ state: 'validating', goodReads: [ports.clock.now()] });
    expect(ports.audit.events.map((event) => event.action).slice(-2)).toEqual(['sso.binding_stale', 'sso.binding_validating']);
  });

  it('has nothing to validate without a binding', async () => {
    await expect(applyValidation(testPorts(), good)).rejects.toMatchObject({ code: 'SSO_BINDING_NOT_FOUND' });
  });
});
