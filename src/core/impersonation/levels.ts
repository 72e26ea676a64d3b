/**
 * The access levels a grant can carry and their order. What the customer allows is kept by the account; this room only
 * ever goes down from there: a grant for `none` does not exist, and a requested level may only lower.
 */
import type { AccessLevel } from '../accounts/access-level';

export type { AccessLevel } from '../accounts/access-level';

/** `restricted` shows no backed-up data, `full` shows what the customer's admin sees. */
export type GrantedLevel = Exclude<AccessLevel, 'none'>;

const OPENNESS: Readonly<Record<AccessLevel, number>> = { none: 0, restricted: 1, full: 2 };

/** True when `asked` opens no more than `allowed`. */
export function isWithinLevel(asked: AccessLevel, allowed: AccessLevel): boolean {
  return OPENNESS[asked] <= OPENNESS[allowed];
}
