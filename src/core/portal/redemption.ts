/**
 * Exchanges a one-time code for its grant, from the portal's back end, proving by its own key who it is (RFC 7523
 * `private_key_jwt`). The browser never sees the grant. Whatever is not a plain success is a refusal; a code is never
 * sent twice, since nobody can know whether the first attempt spent it.
 */
import * as z from 'zod/v4';
import { ERROR_CATALOG, type ErrorCode } from '../error-catalog';
import { OnboardingError } from '../errors';
import { buildAssertionClaims, CLIENT_ASSERTION_TYPE } from '../impersonation/client-assertion';
import { type ClientKey, readClientKey } from '../impersonation/key-id';
import { secret, type Secret } from '../internal/secret';
import type { Clock, JwtService, RandomSource, SigningAlgorithm } from '../ports';
import { parseJson } from '../internal/json';
import type { PortalHttp, PortalHttpResponse } from './ports';

export interface RedemptionOptions {
  /** The partner's redemption address. */
  readonly url: string;
  readonly clientId: string;
  /** PKCS#8 PEM, or a private JWK in JSON. */
  readonly clientKey: Secret;
  readonly algorithm: SigningAlgorithm;
}

type RedemptionPorts = { readonly http: PortalHttp; readonly jwt: Pick<JwtService, 'sign'>; readonly clock: Pick<Clock, 'now'>; readonly random: Pick<RandomSource, 'uuid'> };

const PASSED_ON: readonly ErrorCode[] = [
  'IMPERSONATION_CODE_UNKNOWN', 'IMPERSONATION_CODE_EXPIRED', 'IMPERSONATION_CODE_SPENT', 'IMPERSONATION_GRANT_REVOKED', 'IMPERSONATION_PORTAL_UNAUTHENTICATED',
];

const answerSchema = z.object({ grant: z.string().min(1) });
const refusalSchema = z.object({ error: z.string() });

/**
 * Raises `INPUT_INVALID` at once when the key cannot be used. The function it gives raises the partner's refusal
 * (`IMPERSONATION_CODE_UNKNOWN`, `…_EXPIRED`, `…_SPENT`, `IMPERSONATION_GRANT_REVOKED`,
 * `IMPERSONATION_PORTAL_UNAUTHENTICATED`) or `IMPERSONATION_REDEEM_UNAVAILABLE`.
 */
export function createRedemption(ports: RedemptionPorts, options: RedemptionOptions): (code: Secret) => Promise<Secret> {
  const key = readClientKey(options.clientKey, options.algorithm);
  return async (code) => {
    const assertion = await signAssertion(ports, options, key);
    const body = new URLSearchParams({ code: code.reveal(), client_assertion_type: CLIENT_ASSERTION_TYPE, client_assertion: assertion });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    const answer = await ports.http({ method: 'POST', url: options.url, headers, body: body.toString() }).catch((cause: unknown) => {
      throw unavailable('The redemption did not answer.', cause);
    });
    return judgeRedemption(answer);
  };
}

/** Pure: what the partner's answer means. Raises like {@link createRedemption}. */
export function judgeRedemption(answer: PortalHttpResponse): Secret {
  const body = parseJson(answer.body);
  if (answer.status === 200) {
    const granted = answerSchema.safeParse(body);
    if (granted.success) return secret(granted.data.grant);
    throw unavailable('The redemption gave an answer without a grant.');
  }
  const refusal = refusalSchema.safeParse(body).data?.error;
  const code = PASSED_ON.find((known) => known === refusal);
  if (code !== undefined) throw new OnboardingError(code, ERROR_CATALOG[code].means);
  throw unavailable(`The redemption answered ${answer.status}.`);
}

function signAssertion(ports: RedemptionPorts, options: RedemptionOptions, key: ClientKey): Promise<string> {
  const claims = buildAssertionClaims({ clientId: options.clientId, audience: options.url, jti: ports.random.uuid(), now: ports.clock.now() });
  return ports.jwt.sign({ alg: options.algorithm, typ: 'JWT', kid: key.publicJwk.kid }, claims, key.privateKey);
}

function unavailable(message: string, cause?: unknown): OnboardingError {
  return new OnboardingError('IMPERSONATION_REDEEM_UNAVAILABLE', message, { cause });
}
