import { describe, expect, it } from 'vitest';
import { decideIssue, type IssueFacts } from '../../../src/core/impersonation/policy';

const good: IssueFacts = {
  operatorAuthorized: true,
  chained: false,
  reason: 'Ticket 4711',
  ownershipProven: true,
  accessLevel: 'full',
  bindingState: 'active',
  standing: 'qualifies',
  consent: 'granted',
};

const codeOf = (changes: Partial<IssueFacts>) => {
  const decision = decideIssue({ ...good, ...changes });
  return decision.allowed ? decision.accessLevel : decision.code;
};

describe('deciding whether an impersonation may be issued', () => {
  it('allows what the customer allows when everything is proven', () => {
    expect(decideIssue(good)).toEqual({ allowed: true, accessLevel: 'full', reason: 'Ticket 4711' });
  });

  it.each<[string, Partial<IssueFacts>, string]>([
    ['an operator without the right', { operatorAuthorized: false }, 'IMPERSONATION_NOT_ALLOWED'],
    ['an operator who is impersonating already', { chained: true }, 'IMPERSONATION_CHAINED'],
    ['an empty reason', { reason: '' }, 'IMPERSONATION_REASON_REQUIRED'],
    ['a reason of blanks and invisible characters', { reason: ' \u202e\n\t \u200f' }, 'IMPERSONATION_REASON_REQUIRED'],
    ['a reason that would fill the log', { reason: 'x'.repeat(301) }, 'IMPERSONATION_REASON_REQUIRED'],
    ['an account whose tenant nobody has confirmed, whatever else is said of it', { ownershipProven: false, accessLevel: 'none', bindingState: undefined }, 'SSO_OWNERSHIP_UNPROVEN'],
    ['an account whose level is none', { accessLevel: 'none' }, 'IMPERSONATION_LEVEL_NONE'],
    ['asking for nothing', { requestedLevel: 'none' }, 'IMPERSONATION_LEVEL_NONE'],
    ['asking for more than the customer allows', { accessLevel: 'restricted', requestedLevel: 'full' }, 'ACCESS_LEVEL_RAISE_REFUSED'],
    ['an account without a binding', { bindingState: undefined }, 'IMPERSONATION_NOT_ACTIVE'],
    ['a binding that is still validating', { bindingState: 'validating' }, 'IMPERSONATION_NOT_ACTIVE'],
    ['a stale binding', { bindingState: 'stale' }, 'IMPERSONATION_NOT_ACTIVE'],
    ['a person who lost the role', { standing: 'does_not' }, 'IMPERSONATION_NOT_ACTIVE'],
    ['a consent that is gone', { consent: 'missing' }, 'IMPERSONATION_NOT_ACTIVE'],
    ['a person nobody could look up', { standing: 'unknown' }, 'IMPERSONATION_UNPROVEN'],
    ['a consent nobody could look up', { consent: 'unknown' }, 'IMPERSONATION_UNPROVEN'],
  ])('refuses %s', (_what, changes, code) => {
    expect(codeOf(changes)).toBe(code);
  });

  it('lets an operator ask for less than the customer allows', () => {
    expect(codeOf({ requestedLevel: 'restricted' })).toBe('restricted');
  });

  it('tells an operator without the right nothing about level, binding or person', () => {
    const worst = { operatorAuthorized: false, chained: true, reason: '', ownershipProven: false, accessLevel: 'none', bindingState: undefined, standing: 'unknown', consent: 'unknown' } as const;
    expect(codeOf(worst)).toBe('IMPERSONATION_NOT_ALLOWED');
  });

  it('keeps line breaks and direction overrides out of the recorded reason', () => {
    expect(decideIssue({ ...good, reason: '  Ticket\r\n4711\u202e ' })).toMatchObject({ reason: 'Ticket 4711' });
  });
});
