/**
 * The two addresses a backup portal's back end talks to, as functions from request to response, for any host: the
 * redemption (a form POST, like a token endpoint: RFC 6749 section 3.2) and the key set (RFC 7517 section 5). Only a portal
 * that proved who it is learns why a code was refused; nobody learns about the inside.
 */
import { hasCode, toPublicError, type ErrorCode } from '../errors';
import { secret } from '../internal/secret';
import { jsonResponse, readForm, type WebRequest, type WebResponse } from '../internal/web';
import type { Ports } from '../ports';
import { redeemCode, type RedeemInput } from './redeem';
import { KEY_SET_LIFETIME_SECONDS, publicKeySet } from './signing-keys';

/** What an authenticated portal may be told, since its operator must know what to do next. */
const TOLD_TO_THE_PORTAL: readonly ErrorCode[] = [
  'IMPERSONATION_CODE_UNKNOWN', 'IMPERSONATION_CODE_EXPIRED', 'IMPERSONATION_CODE_SPENT', 'IMPERSONATION_GRANT_REVOKED', 'IMPERSONATION_PORTAL_UNAUTHENTICATED',
];

export type RedemptionSettings = Omit<RedeemInput, 'code' | 'clientAssertion' | 'clientAssertionType'>;

/**
 * Answer a redemption: 200 `{grant, expiresAt}`, otherwise `{error}` with one of our codes for the portal or a public
 * code (400, 401, 405, 500, 503). `report` receives what was caught, for the host's log. Raises nothing.
 */
export async function answerRedemption(
  ports: Pick<Ports, 'store' | 'sealer' | 'clock' | 'jwt' | 'audit'>,
  settings: RedemptionSettings,
  request: WebRequest,
  report: (error: unknown) => void = () => undefined,
): Promise<WebResponse> {
  if (request.method !== 'POST') return jsonResponse(405, { error: 'invalid' }, { allow: 'POST' });
  const fields = readRedemption(request);
  if (fields === undefined) return jsonResponse(400, { error: 'invalid' });
  try {
    const { grant, expiresAt } = await redeemCode(ports, { ...settings, ...fields });
    return jsonResponse(200, { grant: grant.reveal(), expiresAt });
  } catch (error) {
    report(error);
    return refusalOf(error);
  }
}

/** Answer a request for the key set, cacheable for one key set lifetime. Raises `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`. */
export async function answerKeySet(ports: Pick<Ports, 'store' | 'sealer' | 'clock'>): Promise<WebResponse> {
  return jsonResponse(200, await publicKeySet(ports), { 'content-type': 'application/jwk-set+json', 'cache-control': `public, max-age=${KEY_SET_LIFETIME_SECONDS}` });
}

function readRedemption(request: WebRequest): Pick<RedeemInput, 'code' | 'clientAssertion' | 'clientAssertionType'> | undefined {
  // Whatever is in an address ends up in logs; a code or an assertion found there is not honoured.
  if (request.query.size > 0) return undefined;
  const form = readForm(request);
  const [code, clientAssertion, clientAssertionType] = ['code', 'client_assertion', 'client_assertion_type'].map((name) => onlyValue(form, name));
  if (code === undefined || clientAssertion === undefined || clientAssertionType === undefined) return undefined;
  return { code: secret(code), clientAssertion: secret(clientAssertion), clientAssertionType };
}

function onlyValue(form: URLSearchParams, name: string): string | undefined {
  const [value, second] = form.getAll(name);
  return second === undefined && value !== '' ? value : undefined;
}

function refusalOf(error: unknown): WebResponse {
  if (hasCode(error, ...TOLD_TO_THE_PORTAL)) return jsonResponse(error.code === 'IMPERSONATION_PORTAL_UNAUTHENTICATED' ? 401 : 400, { error: error.code });
  const { code } = toPublicError(error);
  return jsonResponse(code === 'try_later' ? 503 : 500, { error: code });
}
