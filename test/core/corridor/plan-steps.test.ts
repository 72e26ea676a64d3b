import { describe, expect, it } from 'vitest';
import { JOURNEY_STATES, type JourneyState } from '../../../src/core/accounts/journey';
import { remainingSteps, type StepsInput } from '../../../src/core/corridor/consent/plan-steps';

const BOTH = [{ round: 1, displayName: 'Protect' }, { round: 2, displayName: 'Restore' }];
const steps = (state: JourneyState, change: Partial<StepsInput> = {}) => remainingSteps({ state, openRounds: [], isInvited: true, isOwned: false, isReconsentNeeded: false, adminChoice: 'manual', ...change });
const whoDoesWhat = (...args: Parameters<typeof steps>) => steps(...args).map(({ state, who }) => `${state}: ${who}`);

describe('the steps that remain', () => {
  it('are all of them for a new account, the invitation first and a round per app', () => {
    expect(whoDoesWhat('new', { openRounds: BOTH, isInvited: false, isReconsentNeeded: true })).toEqual([
      'new: operator',
      'consent_pending: customer admin',
      'consent_pending: customer admin',
      'consent_verifying: this package',
      'consented: customer admin',
      'admin_needed: operator',
      'sso_validating: this package',
      'active: this package',
    ]);
  });

  it('leave out the rounds that are answered and the sign-in that was made', () => {
    expect(steps('consent_pending', { openRounds: BOTH.slice(1) })[0]).toMatchObject({ who: 'customer admin', does: expect.stringContaining('Restore') as string });
    expect(whoDoesWhat('consent_verifying', { isOwned: true })).toEqual(['consent_verifying: this package', 'admin_needed: operator', 'sso_validating: this package', 'active: this package']);
  });

  it('begin with an invitation while a browser is still needed and none is out, and not afterwards', () => {
    expect(whoDoesWhat('consented', { isInvited: false })[0]).toBe('consented: operator');
    expect(whoDoesWhat('consented')[0]).toBe('consented: customer admin');
    expect(whoDoesWhat('sso_validating', { isInvited: false, isOwned: true })).toEqual(['sso_validating: this package', 'active: this package']);
  });

  it('name who chooses the admin as it is configured', () => {
    const chooser = (adminChoice: 'manual' | 'first') => steps('admin_needed', { adminChoice, isOwned: true })[0]?.who;
    expect([chooser('manual'), chooser('first')]).toEqual(['operator', 'this package']);
  });

  it.each<JourneyState>(['consented', 'active', 'attention'])('begin with a new consent request when something is declared that is not granted (%s)', (state) => {
    expect(steps(state, { isReconsentNeeded: true, isOwned: true })[0]).toMatchObject({ who: 'operator', does: expect.stringContaining('permissions that are new') as string });
    expect(steps(state, { isOwned: true })[0]?.does).not.toContain('consent request');
  });

  it.each(JOURNEY_STATES)('say for every step of %s what is done, asked, written, and why', (state) => {
    const remaining = steps(state, { openRounds: BOTH });
    expect(remaining.length === 0).toBe(state === 'offboarded');
    for (const { does, asks, writes, why } of remaining) expect([does, asks, writes, why].every((text) => text === null || text.length > 20)).toBe(true);
  });
});
