/** The part of a binding that workflows script against. */
import { explainBinding, type SsoBinding } from '../../../../core/index';

export function shownBinding(binding: SsoBinding) {
  const { accountId, tenantId, userObjectId, state, validatedAt, reasons, upn, displayName, boundAt, deadlineAt, successor, history } = binding;
  return { accountId, tenantId, userObjectId, state, validatedAt, reasons, explanations: explainBinding(binding), upn, displayName, boundAt, deadlineAt, successor, history };
}
