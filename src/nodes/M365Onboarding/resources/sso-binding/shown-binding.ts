/** The part of a binding that workflows script against. */
import type { SsoBinding } from '../../../../core/index';

export function shownBinding({ accountId, tenantId, userObjectId, state, validatedAt, reasons, upn, displayName, boundAt, deadlineAt }: SsoBinding) {
  return { accountId, tenantId, userObjectId, state, validatedAt, reasons, upn, displayName, boundAt, deadlineAt };
}
