/**
 * How a handler says no. A `GraphRefusal` becomes the error envelope the service sends; a `NotModelled` becomes
 * the sandbox's third answer, 501, and a line in the gaps. Anything else thrown is a bug and stays one.
 */
import type { Rule } from '../http';
import { rule, type GraphRuleId } from './rules';

export class GraphRefusal extends Error {
  override readonly name = 'GraphRefusal';

  constructor(
    readonly rule: Rule,
    readonly status: number,
    readonly code: string,
    message: string,
    readonly extra: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly details?: readonly { readonly code: string; readonly message: string; readonly target?: string }[];
    } = {},
  ) {
    super(message);
  }
}

export class NotModelled extends Error {
  override readonly name = 'NotModelled';
}

export function badRequest(ruleId: GraphRuleId, message: string, code = 'Request_BadRequest'): GraphRefusal {
  return new GraphRefusal(rule(ruleId), 400, code, message);
}

/** Absent, deleted or not replicated yet: the service does not tell them apart. */
export function notFound(id: string): GraphRefusal {
  return new GraphRefusal(rule('G-ERR-NOT-FOUND'), 404, 'Request_ResourceNotFound', missingMessage(id));
}

export function missingMessage(id: string): string {
  return `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`;
}

/** Reports of sign-ins in a tenant without a premium licence. */
export function premiumNeeded(ruleId: GraphRuleId): GraphRefusal {
  return new GraphRefusal(rule(ruleId), 403, 'Authentication_RequestFromNonPremiumTenantOrB2CTenant', "Neither tenant is B2C or tenant doesn't have premium license");
}

export function insufficientPrivileges(): GraphRefusal {
  return new GraphRefusal(rule('G-ERR-DENIED'), 403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
}
