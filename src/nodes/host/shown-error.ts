/**
 * From an error of the core to the one n8n shows: what happened as its message, whose move it is and the next step
 * below, and what n8n needs to decide about a wait. The cause never comes along: nobody knows what a foreign one quotes.
 */
import { type INode, NodeApiError, NodeOperationError } from 'n8n-workflow';
import { asOnboardingError, type ErrorCode, isOnboardingError, type OnboardingError } from '../../core/index';

type Failure = NonNullable<NodeOperationError['failure']>;

/** Codes behind which the credential of the node is, and not the request. */
const OF_THE_CREDENTIAL: ReadonlySet<ErrorCode> = new Set(['STS_CREDENTIAL_REFUSED', 'APP_CREDENTIAL_UNUSABLE', 'MASTER_KEY_MISSING', 'MASTER_KEY_INVALID', 'SEAL_BROKEN']);
const OF_THE_CONFIGURATION: ReadonlySet<ErrorCode> = new Set(['CONFIG_INVALID', 'APP_UNKNOWN', 'STATE_LOCATION_REFUSED', 'STATE_SCOPE_TOO_SMALL', 'STATE_VERSION_UNSUPPORTED', 'TLS_UNTRUSTED', 'IMPERSONATION_PORTAL_UNCONFIGURED', 'ACCOUNT_NOT_FOUND', 'CERTIFICATE_NOT_FOUND']);

export function shownError(node: INode, reason: unknown, itemIndex?: number): NodeOperationError | NodeApiError {
  if (reason instanceof NodeOperationError || reason instanceof NodeApiError) return reason;
  const error = asOnboardingError(reason);
  const where = itemIndex === undefined ? '' : ` [Item ${itemIndex}]`;
  // A foreign error's own message may hold a secret, so only our errors speak for themselves.
  const message = `${isOnboardingError(reason) ? error.message : 'The operation ended unexpectedly'}${where}`;
  const failure = failureOf(error);
  const options = { message, description: describe(error), ...(itemIndex === undefined ? {} : { itemIndex }), ...(failure === undefined ? {} : { failure }) };
  if (!isOfTheService(error)) return new NodeOperationError(node, message, { ...options, type: error.code });
  const httpCode = error.code.endsWith('_THROTTLED') ? { httpCode: '429' } : {};
  return new NodeApiError(node, { onboarding: JSON.stringify(error) }, { ...options, ...httpCode });
}

/** Microsoft answered, or should have. */
function isOfTheService(error: OnboardingError): boolean {
  return error.serviceCode !== undefined || /^(STS|GRAPH)_/.test(error.code);
}

function failureOf(error: OnboardingError): Failure | undefined {
  if (error.retryable) {
    const cause = error.code.endsWith('_THROTTLED') ? 'rate-limited' : 'temporarily-unavailable';
    return error.retryAfterSeconds === undefined ? { cause } : { cause, retryAfterMs: error.retryAfterSeconds * 1000 };
  }
  if (OF_THE_CREDENTIAL.has(error.code)) return { cause: 'credential-invalid' };
  if (OF_THE_CONFIGURATION.has(error.code)) return { cause: 'configuration-invalid' };
  return error.code === 'UNEXPECTED' ? { cause: 'node-defect' } : undefined;
}

function describe(error: OnboardingError): string {
  const service = error.serviceCode === undefined ? '' : ` Microsoft's code: ${error.serviceCode}.`;
  const request = error.correlationId === undefined ? '' : ` Microsoft's correlation ID: ${error.correlationId}.`;
  const passOn = error.adminMessage === undefined ? '' : ` For the customer's admin: "${error.adminMessage}"`;
  return `${error.remedy} The next move is the ${error.owner}'s. Code: ${error.code}.${service}${request}${passOn}`;
}
