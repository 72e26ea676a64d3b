/**
 * Decides whether an impersonation may be issued, from facts somebody else has just established. Pure: it reads no
 * store and no clock. It refuses whatever is not positively known: an unknown standing or consent is a refusal.
 * Follows the product's rule that the customer decides the level and an operator can only ask for less.
 */
import type { ErrorCode } from '../errors';
import { isWithinLevel, type AccessLevel, type GrantedLevel } from './levels';

export const MIN_REASON_LENGTH = 3;
export const MAX_REASON_LENGTH = 300;

/** Everything the decision rests on, established at this moment by the caller. */
export interface IssueFacts {
  /** The authorizer's answer for `impersonate` on this account. */
  readonly operatorAuthorized: boolean;
  /** True when the operator is acting inside an impersonated session. */
  readonly chained: boolean;
  readonly reason: string;
  /** Whether an admin of the tenant has confirmed that it belongs to this account. */
  readonly ownershipProven: boolean;
  /** What the customer allows. */
  readonly accessLevel: AccessLevel;
  /** What the operator asks for; absent means as much as the customer allows. */
  readonly requestedLevel?: AccessLevel | undefined;
  /** State of the SSO binding; absent when there is none. */
  readonly bindingState: 'validating' | 'active' | 'stale' | undefined;
  /** Whether the bound person still holds the role, read just now. */
  readonly standing: 'qualifies' | 'does_not' | 'unknown';
  /** Whether the consent still stands, read just now. */
  readonly consent: 'granted' | 'missing' | 'unknown';
}

export type IssueDecision =
  | { readonly allowed: true; readonly accessLevel: GrantedLevel; readonly reason: string }
  | { readonly allowed: false; readonly code: ErrorCode; readonly message: string };

/**
 * The first obstacle wins, in this order: the operator's right, chaining, the reason, the ownership, the customer's level, the
 * level asked for, the binding, the person's standing, the consent. What the operator may not know (is there a binding, what
 * level?) is therefore never answered to somebody without the right.
 *
 * Codes: `IMPERSONATION_NOT_ALLOWED`, `IMPERSONATION_CHAINED`, `IMPERSONATION_REASON_REQUIRED`, `SSO_OWNERSHIP_UNPROVEN`,
 * `IMPERSONATION_LEVEL_NONE`, `ACCESS_LEVEL_RAISE_REFUSED`, `IMPERSONATION_NOT_ACTIVE`, `IMPERSONATION_UNPROVEN`.
 */
export function decideIssue(facts: IssueFacts): IssueDecision {
  if (!facts.operatorAuthorized) return refuse('IMPERSONATION_NOT_ALLOWED', 'You may not impersonate for this account.');
  if (facts.chained) return refuse('IMPERSONATION_CHAINED', 'An impersonated session cannot start another one.');
  const reason = cleanReason(facts.reason);
  if (reason === undefined) {
    return refuse('IMPERSONATION_REASON_REQUIRED', `Give a reason of ${MIN_REASON_LENGTH} to ${MAX_REASON_LENGTH} characters.`);
  }
  // Before the level: without an owner there is none, and the next step is the confirmation that also offers it.
  if (!facts.ownershipProven) return refuse('SSO_OWNERSHIP_UNPROVEN', 'No admin of the tenant has yet confirmed that it belongs to this account.');
  const level = decideLevel(facts.accessLevel, facts.requestedLevel ?? facts.accessLevel);
  if (typeof level !== 'string') return level;
  return decideStanding(facts) ?? { allowed: true, accessLevel: level, reason };
}

/** The reason as it will be recorded, without control characters and outer space; undefined when it says too little or too much. */
export function cleanReason(reason: string): string | undefined {
  // Control characters and direction overrides would let a reason rewrite the line it is shown on.
  const clean = reason.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ').trim();
  return clean.length < MIN_REASON_LENGTH || clean.length > MAX_REASON_LENGTH ? undefined : clean;
}

function decideLevel(allowed: AccessLevel, asked: AccessLevel): GrantedLevel | IssueDecision {
  if (allowed === 'none' || asked === 'none') return refuse('IMPERSONATION_LEVEL_NONE', 'The access level for this account is none.');
  if (!isWithinLevel(asked, allowed)) {
    return refuse('ACCESS_LEVEL_RAISE_REFUSED', `The customer allows ${allowed}; asking for ${asked} would raise it.`);
  }
  return asked;
}

function decideStanding(facts: IssueFacts): IssueDecision | undefined {
  if (facts.bindingState === undefined) return refuse('IMPERSONATION_NOT_ACTIVE', 'No admin is bound to this account.');
  if (facts.bindingState !== 'active') return refuse('IMPERSONATION_NOT_ACTIVE', `The SSO binding is ${facts.bindingState}, not active.`);
  if (facts.standing === 'does_not') return refuse('IMPERSONATION_NOT_ACTIVE', 'The bound admin no longer qualifies.');
  if (facts.consent === 'missing') return refuse('IMPERSONATION_NOT_ACTIVE', 'The customer\'s consent no longer stands.');
  if (facts.standing === 'unknown') return refuse('IMPERSONATION_UNPROVEN', 'Whether the bound admin still qualifies could not be read just now.');
  if (facts.consent === 'unknown') return refuse('IMPERSONATION_UNPROVEN', 'Whether the consent still stands could not be read just now.');
  return undefined;
}

function refuse(code: ErrorCode, message: string): IssueDecision {
  return { allowed: false, code, message };
}
