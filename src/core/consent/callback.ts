/**
 * Reads what Microsoft's redirect says. It is a claim: `error` is looked at first because a refusal may carry
 * `admin_consent=True`, and `tenant` is written by the browser, so it is never believed here.
 * Sources: Microsoft Learn v2-admin-consent and v2-oauth2-client-creds-grant-flow; variants recorded in
 * test/conformance.
 */
import { isGuid } from '../internal/guid';

/** What Microsoft's error says, as far as it says something a person can act on. */
export type ConsentRefusal = 'declined' | 'approval_needed' | 'wrong_account' | 'failed';

export type ConsentCallback =
  | { readonly kind: 'claim'; readonly state: string; readonly tenantId: string }
  | { readonly kind: 'refusal'; readonly state: string | undefined; readonly refusal: ConsentRefusal; readonly serviceCode: string | undefined }
  | { readonly kind: 'malformed'; readonly problem: string };

const APPROVAL_CODES = new Set(['90093', '90094', '90095', '90099', '900941', '900981']);
/** The account that signed in is of another tenant, or of none. */
const OTHER_TENANT_CODES = new Set(['50020', '500200', '50177']);
const MAX_FIELD_LENGTH = 4096;

/** Classify the parameters of a callback, from query or form body alike. Pure. */
export function readConsentCallback(params: URLSearchParams): ConsentCallback {
  for (const name of ['state', 'tenant', 'admin_consent', 'error']) {
    // A repeated parameter means somebody edited the address: which one counts is not ours to guess.
    if (params.getAll(name).length > 1) return { kind: 'malformed', problem: `${name} appears more than once` };
    if ((params.get(name)?.length ?? 0) > MAX_FIELD_LENGTH) return { kind: 'malformed', problem: `${name} is too long` };
  }
  const state = params.get('state') ?? undefined;
  const error = params.get('error');
  if (error !== null) return { kind: 'refusal', state, ...classifyRefusal(error, params) };
  if (state === undefined || state === '') return { kind: 'malformed', problem: 'state is missing' };
  if (params.get('admin_consent')?.toLowerCase() !== 'true') return { kind: 'malformed', problem: 'admin_consent is not True' };
  const tenantId = params.get('tenant') ?? '';
  return isGuid(tenantId) ? { kind: 'claim', state, tenantId: tenantId.toLowerCase() } : { kind: 'malformed', problem: 'tenant is not a GUID' };
}

function classifyRefusal(error: string, params: URLSearchParams): { refusal: ConsentRefusal; serviceCode: string | undefined } {
  const digits = /AADSTS(\d{4,9})/.exec(params.get('error_description') ?? '')?.[1];
  const serviceCode = digits === undefined ? undefined : `AADSTS${digits}`;
  if (digits !== undefined && APPROVAL_CODES.has(digits)) return { refusal: 'approval_needed', serviceCode };
  if (digits !== undefined && OTHER_TENANT_CODES.has(digits)) return { refusal: 'wrong_account', serviceCode };
  const declined = error === 'access_denied' || error === 'consent_required' || error === 'permission_denied';
  return { refusal: declined && (digits === undefined || digits === '65004') ? 'declined' : 'failed', serviceCode };
}
