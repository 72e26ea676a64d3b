/**
 * JWTs the check signs: client assertions (RFC 7523, PS256 with `x5t#S256`) and proofs of possession (RS256), each with any
 * member changed on purpose. Written with node:crypto alone: what the product signs with is part of what is being checked.
 */
import { constants, createHash, sign } from 'node:crypto';
import type { SigningCertificate } from './model';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface JwtChanges {
  readonly header?: Readonly<Record<string, unknown>>;
  /** `undefined` takes a claim away. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface AssertionInput {
  readonly certificate: SigningCertificate;
  readonly clientId: string;
  readonly audience: string;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly nowSeconds: number;
}

export function signAssertion(input: AssertionInput, changes: JwtChanges = {}): string {
  const { certificate, clientId, audience, jti, nowSeconds } = input;
  const header = { alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint(certificate, 'sha256'), ...changes.header };
  const claims = { aud: audience, iss: clientId, sub: clientId, jti, nbf: nowSeconds, iat: nowSeconds, exp: nowSeconds + 300, ...changes.claims };
  return signJwt(header, claims, certificate.privateKeyPem, true);
}

/** As "Generating proof of possession tokens for rolling keys" has it. */
export function signProof(certificate: SigningCertificate, objectId: string, nowSeconds: number, changes: JwtChanges = {}): string {
  const header = { alg: 'RS256', typ: 'JWT', x5t: thumbprint(certificate, 'sha1'), ...changes.header };
  const claims = { aud: '00000002-0000-0000-c000-000000000000', iss: objectId, nbf: nowSeconds - 1, exp: nowSeconds + 300, ...changes.claims };
  return signJwt(header, claims, certificate.privateKeyPem, false);
}

/** The same JWT with the first character of its signature changed. */
export function withBrokenSignature(compact: string): string {
  const at = compact.lastIndexOf('.') + 1;
  return `${compact.slice(0, at)}${compact[at] === 'A' ? 'B' : 'A'}${compact.slice(at + 1)}`;
}

/** The claims of a JWT, unverified: of tokens that were just received. */
export function claimsOf(compact: string): Readonly<Record<string, unknown>> {
  return partOf(compact, 1);
}

export function headerOf(compact: string): Readonly<Record<string, unknown>> {
  return partOf(compact, 0);
}

function partOf(compact: string, index: 0 | 1): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(compact.split('.')[index] ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

function thumbprint({ certificateDer }: SigningCertificate, hash: 'sha1' | 'sha256'): string {
  return createHash(hash).update(certificateDer).digest('base64url');
}

function signJwt(header: object, claims: object, privateKeyPem: string, isPss: boolean): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : { padding: constants.RSA_PKCS1_PADDING };
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKeyPem, ...padding }).toString('base64url')}`;
}
