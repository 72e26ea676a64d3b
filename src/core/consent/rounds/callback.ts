/**
 * Reads what Microsoft's redirect says. It is a claim: `error` is looked at first because a refusal may carry
 * `admin_consent=True`, and `tenant` is written by the browser, so it is never believed here. Whoever answers is told
 * apart by what has to happen next; a number nobody knows is kept and means no more than `error` does.
 * Sources: Microsoft Learn v2-admin-consent and v2-oauth2-client-creds-grant-flow, "AADSTS error codes"; variants recorded
 * in test/conformance.
 */
import type { ErrorCode } from '../../errors';
import { isGuid } from '../../internal/guid';
import { findServiceCode } from '../../service-codes';

/** What Microsoft's error asks for, and of whom. See {@link readConsentCallback}. */
export type ConsentRefusal =
  /** Cancel was pressed, or somebody who may not consent chose to return: Microsoft does not tell the two apart. */
  | 'declined'
  /** Another admin, or the organisation's consent policy, has to say yes. */
  | 'approval_needed'
  /** The account that signed in is of another tenant, or of none. */
  | 'wrong_account'
  /** A delegated admin of the partner signed in, not one of the customer. */
  | 'partner_admin'
  /** The directory is still busy with an earlier service principal of the app: minutes, and nobody's fault. */
  | 'settling'
  /** The tenant lacks a service the app asks permissions of. */
  | 'service_missing'
  /** The app's registration, or what we send, is at fault. */
  | 'misconfigured'
  /** A rule of the organisation (Conditional Access, tenant restrictions) stopped the person. */
  | 'blocked'
  /** Microsoft's service faltered. */
  | 'try_later'
  | 'failed';

export type ConsentCallback =
  | { readonly kind: 'claim'; readonly state: string; readonly tenantId: string }
  | { readonly kind: 'refusal'; readonly state: string | undefined; readonly refusal: ConsentRefusal; readonly serviceCode: string | undefined; readonly correlationId: string | undefined }
  | { readonly kind: 'malformed'; readonly problem: string };

/** What our code of one of Microsoft's numbers means on the consent page; any other number says no more than `error` does. */
const REFUSAL_OF: Partial<Readonly<Record<ErrorCode, ConsentRefusal>>> = {
  CONSENT_DECLINED: 'declined',
  CONSENT_ADMIN_APPROVAL_NEEDED: 'approval_needed',
  CONSENT_WRONG_TENANT: 'wrong_account',
  CONSENT_PARTNER_ADMIN: 'partner_admin',
  CONSENT_SETTLING: 'settling',
  STS_RESOURCE_MISSING: 'service_missing',
  CONSENT_APP_MISCONFIGURED: 'misconfigured',
  // Before consent no app is in the tenant: here the number says that the app id, or the cloud, is wrong.
  STS_APP_NOT_IN_TENANT: 'misconfigured',
  STS_REFUSED: 'misconfigured',
  TENANT_WRONG_CLOUD: 'misconfigured',
  SSO_SIGN_IN_DECLINED: 'blocked',
  STS_UNAVAILABLE: 'try_later',
  STS_THROTTLED: 'try_later',
};

const DECLINES: ReadonlySet<string> = new Set(['access_denied', 'consent_required', 'permission_denied']);
/** RFC 6749 section 4.1.2.1: the service ended it, not the person. */
const DISTURBANCES: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable']);
const READ = ['state', 'tenant', 'admin_consent', 'error', 'error_description'] as const;
const MAX_FIELD_LENGTH = 4096;

/**
 * Classify the parameters of a callback, from query or form body alike. Pure. In this order: a parameter of ours that is
 * repeated or absurdly long; `error`, whatever stands beside it; the state; `admin_consent`; the tenant. Parameters
 * Microsoft may add later are passed over.
 */
export function readConsentCallback(params: URLSearchParams): ConsentCallback {
  for (const name of READ) {
    // A repeated parameter means somebody edited the address: which one counts is not ours to guess.
    if (params.getAll(name).length > 1) return { kind: 'malformed', problem: `${name} appears more than once` };
    if (name !== 'error_description' && (params.get(name)?.length ?? 0) > MAX_FIELD_LENGTH) return { kind: 'malformed', problem: `${name} is too long` };
  }
  const state = params.get('state') ?? undefined;
  const error = params.get('error');
  if (error !== null) return { kind: 'refusal', state, ...classifyRefusal(error, params.get('error_description') ?? '') };
  if (state === undefined || state === '') return { kind: 'malformed', problem: 'state is missing' };
  if (params.get('admin_consent')?.toLowerCase() !== 'true') return { kind: 'malformed', problem: 'admin_consent is not True' };
  const tenantId = params.get('tenant') ?? '';
  return isGuid(tenantId) ? { kind: 'claim', state, tenantId: tenantId.toLowerCase() } : { kind: 'malformed', problem: 'tenant is not a GUID' };
}

function classifyRefusal(error: string, description: string): { readonly refusal: ConsentRefusal; readonly serviceCode: string | undefined; readonly correlationId: string | undefined } {
  const text = description.slice(0, MAX_FIELD_LENGTH);
  const digits = /AADSTS(\d{4,9})/.exec(text)?.[1];
  return {
    refusal: refusalOf(error, digits),
    serviceCode: digits === undefined ? undefined : `AADSTS${digits}`,
    correlationId: /Correlation ID:\s*([0-9a-f-]{36})/i.exec(text)?.[1]?.toLowerCase(),
  };
}

function refusalOf(error: string, digits: string | undefined): ConsentRefusal {
  const code = findServiceCode(digits)?.code;
  if (code !== undefined) return REFUSAL_OF[code] ?? 'failed';
  if (digits !== undefined) return 'failed';
  if (DECLINES.has(error)) return 'declined';
  return DISTURBANCES.has(error) ? 'try_later' : 'failed';
}
