/** What a binding's reasons say to people: what was found, whose move it is, and the next step. Pure. */
import type { BindingReason, SsoBinding } from './model';

const SENTENCES: Readonly<Record<BindingReason, string>> = {
  replicating: 'the directory does not show everything yet; this waits for replication by itself',
  standing_unknown: 'the directory did not say whether the account still qualifies; it is asked again by itself',
  consent_unknown: 'the consent could not be read; it is asked again by itself',
  consent_missing: 'the consent is not there any more; look at the consent first',
  not_found: 'the account is not found in the directory any more: it was deleted. Bind the successor',
  disabled: 'the account is disabled. The customer enables it, or the operator binds the successor',
  guest: 'the account is a guest in the tenant now. Bind a member account',
  role_missing: 'role missing: the account does not hold a required role any more. The customer assigns it again, or the operator binds the successor',
  role_scoped_only: 'the role is limited to a part of the tenant now. The customer assigns it for the whole directory, or the operator binds the successor',
  role_eligible_only: 'the role is only eligible now: it was not activated, or its activation has ended. The admin activates it, or the operator binds somebody who holds it for good',
  sessions_revoked: 'all sessions of the account were revoked since it was bound (a reset password, or somebody suspected misuse). Ask the customer; bind the same person again when it is all right, or the successor',
  other_person: 'another person answers under this name: the account was deleted and made again. Bind the person who is meant',
  deadline_passed: 'the directory did not confirm the binding in time',
  evidence_expired: 'nothing confirmed the binding for a day',
  claimed_elsewhere: 'the person is bound to another customer account. Unbind there first',
};

/** Sentences, in the order of the reasons. */
export function explainBinding({ reasons, displayName, upn, successor }: Pick<SsoBinding, 'reasons' | 'displayName' | 'upn' | 'successor'>): readonly string[] {
  const sentences = reasons.map((reason) => `${displayName} (${upn}): ${SENTENCES[reason]}.`);
  if (successor === null || sentences.length === 0) return sentences;
  return [...sentences, `Proposed successor: ${successor.displayName} (${successor.upn}), object id ${successor.objectId}.`];
}
