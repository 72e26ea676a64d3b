/**
 * JSON Web Tokens over node:crypto and nothing else (RFC 7515 compact form, RFC 7518 RS256 and PS256). Small on
 * purpose and shared with nobody: the product uses a library, so one mistake cannot hide in both.
 */
import { constants, sign, verify, type KeyObject } from 'node:crypto';

export type JwtAlgorithm = 'RS256' | 'PS256';
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface DecodedJwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signingInput: string;
  readonly signature: Buffer;
}

export function signJwt(header: JsonObject & { readonly alg: JwtAlgorithm }, claims: JsonObject, key: KeyObject): string {
  const signingInput = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signingInput), keyInput(key, header.alg));
  return `${signingInput}.${signature.toString('base64url')}`;
}

/** Undefined for anything that is not three canonical base64url parts with JSON objects in the first two. */
export function decodeJwt(compact: string): DecodedJwt | undefined {
  const [headerPart, claimsPart, signaturePart, ...rest] = compact.split('.');
  if (headerPart === undefined || claimsPart === undefined || signaturePart === undefined || rest.length > 0) return undefined;
  const header = decodeObject(headerPart);
  const claims = decodeObject(claimsPart);
  const signature = decodeBase64url(signaturePart);
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  return { header, claims, signingInput: `${headerPart}.${claimsPart}`, signature };
}

export function hasValidSignature(jwt: DecodedJwt, algorithm: JwtAlgorithm, key: KeyObject): boolean {
  return verify('sha256', Buffer.from(jwt.signingInput), keyInput(key, algorithm), jwt.signature);
}

function keyInput(key: KeyObject, algorithm: JwtAlgorithm) {
  return algorithm === 'PS256'
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { key, padding: constants.RSA_PKCS1_PADDING };
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

// Padding or stray characters are refused, as the service refuses them; Buffer alone would skip over both.
function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}

function decodeObject(text: string): JsonObject | undefined {
  const bytes = decodeBase64url(text);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
