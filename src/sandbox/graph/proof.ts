/**
 * The proof of possession that addKey and removeKey demand: a JWT signed with the private key of a certificate that
 * is registered on the application and valid now, from the application itself. `iss` is the object id, not the
 * appId; `aud` is the retired directory API; ten minutes at most. Every flaw gets the one answer the service gives.
 * Sources: "Generating proof of possession tokens for rolling keys", four public threads (see rules.json).
 */
import { X509Certificate } from 'node:crypto';
import { decodeJwt, hasValidSignature, type DecodedJwt } from '../jwt';
import type { Application, KeyCredential, World } from '../model';
import { GraphRefusal } from './refusal';
import { rule } from './rules';
import { isLying, tell } from '../lies/truth';

const PROOF_AUDIENCE = '00000002-0000-0000-c000-000000000000';
const MAX_LIFETIME_SECONDS = 600;

/** The entry that signed the proof. Refuses with 401 Authentication_MissingOrMalformed. */
export function requireProof(application: Pick<Application, 'id' | 'keyCredentials'>, proof: unknown, world: Pick<World, 'now'>): KeyCredential {
  const nowMs = world.now();
  const jwt = typeof proof === 'string' ? decodeJwt(proof) : undefined;
  if (jwt === undefined || jwt.header.alg !== 'RS256') throw malformedProof();
  const signer = application.keyCredentials.find((credential) => isNamedBy(jwt, credential) && isCurrent(credential, nowMs));
  if (signer === undefined) throw malformedProof();
  const { publicKey } = new X509Certificate(Buffer.from(signer.key, 'base64'));
  if (publicKey.asymmetricKeyType !== 'rsa' || (!hasValidSignature(jwt, 'RS256', publicKey) && !isLying(world, 'L-PROOF-SIGNATURE'))) throw malformedProof();
  const issuer = tell<unknown>(world, 'L-PROOF-ISSUER', application.id, () => jwt.claims.iss);
  if (!areClaimsRight(jwt.claims, issuer, nowMs / 1000)) throw malformedProof();
  return signer;
}

export function malformedProof(): GraphRefusal {
  return new GraphRefusal(rule('G-APP-PROOF'), 401, 'Authentication_MissingOrMalformed', 'Access Token missing or malformed.');
}

function isNamedBy(jwt: DecodedJwt, credential: KeyCredential): boolean {
  const { fingerprint } = new X509Certificate(Buffer.from(credential.key, 'base64'));
  const hex = fingerprint.replaceAll(':', '');
  return jwt.header.x5t === Buffer.from(hex, 'hex').toString('base64url') || (jwt.header.x5t === undefined && jwt.header.kid === hex);
}

function isCurrent(credential: KeyCredential, nowMs: number): boolean {
  return Date.parse(credential.startDateTime) <= nowMs && nowMs < Date.parse(credential.endDateTime);
}

function areClaimsRight(claims: DecodedJwt['claims'], issuer: unknown, nowSeconds: number): boolean {
  const { aud, iss, nbf, exp } = claims;
  if (aud !== PROOF_AUDIENCE || iss !== issuer || typeof nbf !== 'number' || typeof exp !== 'number') return false;
  return nbf <= nowSeconds && nowSeconds < exp && exp - nbf <= MAX_LIFETIME_SECONDS;
}
