/**
 * Reads the parameters of a sign-in answer. Pure. `iss` is what RFC 9207 adds; Microsoft does not send it. A repeated parameter is refused (which of two values counts is exactly
 * what an attacker would like us to guess differently from somebody else), `error` is looked at before `code`, and the
 * description Microsoft sends along is never passed on, only the AADSTS number in it.
 * Sources: RFC 6749 section 3.1 (no parameter more than once), 4.1.2, 4.1.2.1; RFC 9700 section 4.5.
 */
import { secret, type Secret } from '../internal/secret';
import type { CallbackParameters } from './model';

export type SignInCallback =
  | { readonly kind: 'code'; readonly state: string; readonly issuer: string | undefined; readonly code: Secret }
  | { readonly kind: 'error'; readonly state: string; readonly issuer: string | undefined; readonly error: string; readonly serviceCode: string | undefined }
  | { readonly kind: 'malformed'; readonly why: 'duplicate' | 'state' | 'code' | 'error' };

const READ = ['state', 'iss', 'code', 'error', 'error_description'] as const;
const STATE = /^[A-Za-z0-9_-]{43}$/;
const ERROR = /^[a-z_]{1,64}$/;
/** Entra's codes are about two thousand characters. */
const CODE = /^[\x21-\x7e]{1,16384}$/;

export function readSignInCallback(params: CallbackParameters): SignInCallback {
  const values = new Map<string, string>();
  for (const [name, value] of params) {
    if (!READ.some((known) => known === name)) continue;
    if (values.has(name)) return { kind: 'malformed', why: 'duplicate' };
    values.set(name, value);
  }
  const state = values.get('state') ?? '';
  if (!STATE.test(state)) return { kind: 'malformed', why: 'state' };
  const issuer = values.get('iss');
  const error = values.get('error');
  if (error !== undefined) {
    if (!ERROR.test(error)) return { kind: 'malformed', why: 'error' };
    return { kind: 'error', state, issuer, error, serviceCode: /AADSTS\d{4,9}/.exec(values.get('error_description') ?? '')?.[0] };
  }
  const code = values.get('code') ?? '';
  return CODE.test(code) ? { kind: 'code', state, issuer, code: secret(code) } : { kind: 'malformed', why: 'code' };
}
