/** Failures of Microsoft's services, or of the partner's set-up, that say nothing about the customer or the person in front of a page. */
import { type ErrorCode, hasCode, type OnboardingError } from '../errors';

/** What proves nothing either way: replication, throttling, an outage, or what the partner has to mend. */
const UNPROVEN: readonly ErrorCode[] = [
  'STS_APP_NOT_IN_TENANT', 'STS_APP_DISABLED', 'STS_RESOURCE_MISSING', 'STS_REFUSED', 'STS_CREDENTIAL_REFUSED', 'STS_THROTTLED', 'STS_UNAVAILABLE',
  'GRAPH_REFUSED', 'GRAPH_THROTTLED', 'GRAPH_UNAVAILABLE', 'GRAPH_ANSWER_INVALID', 'ADMINS_UNREADABLE', 'TENANT_NOT_FOUND', 'APP_CREDENTIAL_UNUSABLE', 'TLS_UNTRUSTED',
];

/** True for a failure that says nothing about the person in front of the page, so that the page waits instead of refusing. */
export function isMicrosoftsMove(error: unknown): error is OnboardingError {
  return hasCode(error, ...UNPROVEN);
}
