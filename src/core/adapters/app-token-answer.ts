/**
 * What a token endpoint's 200 answer means. Pure. The life of a token is counted from the moment it was asked for, by our
 * clock. Claims are read for diagnostics and evidence only: Microsoft calls app tokens opaque, so nothing here is verified.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { isGuid, sameGuid } from '../internal/guid';
import { secret } from '../internal/secret';
import type { AppToken, AppTokenClaims } from '../ports';
import { parseJson } from '../internal/json';

export interface AskedAppToken {
  readonly tenantId: string;
  /** Milliseconds since the Unix epoch. */
  readonly askedAt: number;
}

const answerSchema = z.object({ token_type: z.string().regex(/^bearer$/i), expires_in: z.coerce.number().positive(), access_token: z.string().min(1) });

/**
 * The app token of an answer. Raises `STS_UNAVAILABLE` when the answer does not have the documented form, and
 * `STS_REFUSED` when the token names another tenant than was asked: one tenant's data never serves another.
 */
export function readAppToken(answerText: string, asked: AskedAppToken): AppToken {
  const answer = answerSchema.safeParse(parseJson(answerText)).data;
  if (answer === undefined) throw new OnboardingError('STS_UNAVAILABLE', 'The token endpoint\'s answer does not have the documented form.');
  const claims = decodeAppTokenClaims(answer.access_token);
  if (claims?.tenantId !== undefined && !sameGuid(claims.tenantId, asked.tenantId)) {
    throw new OnboardingError('STS_REFUSED', 'The token endpoint answered with a token of another tenant; it was dropped.', {
      details: { askedTenant: asked.tenantId, answeredTenant: claims.tenantId },
    });
  }
  return { accessToken: secret(answer.access_token), expiresAt: asked.askedAt + answer.expires_in * 1000, claims };
}

const guid = z.string().refine(isGuid).optional().catch(undefined);
const claimsSchema = z.object({ tid: guid, appid: guid, azp: guid, roles: z.array(z.string()).catch([]) });

/** Claims of an access token as far as it can be read; undefined for one that is not a JWT. */
export function decodeAppTokenClaims(accessToken: string): AppTokenClaims | undefined {
  const payload = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8');
  const claims = claimsSchema.safeParse(parseJson(payload)).data;
  return claims === undefined ? undefined : { tenantId: claims.tid, appId: claims.appid ?? claims.azp, roles: claims.roles };
}
