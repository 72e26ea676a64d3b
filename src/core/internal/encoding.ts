/** Encodings and digests as pure functions over node:crypto. base64url per RFC 4648 section 5, no padding. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

export function fromBase64Url(text: string): Uint8Array {
  return Buffer.from(text, 'base64url');
}

/** SHA-256 of UTF-8 text, base64url: how one-time values are named at rest, so that a stolen store redeems nothing. */
export function sha256Base64Url(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}

/** The left half of the SHA-256 of ASCII text, base64url: how an RS256 ID token names a code or an access token (OpenID Connect Core 3.1.3.6, 3.3.2.11). */
export function leftHalfSha256(text: string): string {
  return createHash('sha256').update(text, 'ascii').digest().subarray(0, 16).toString('base64url');
}

export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex').toUpperCase();
}

export function sha1Hex(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex').toUpperCase();
}

/** Equality whose duration does not depend on where two strings differ; lengths are not hidden. */
export function equalInConstantTime(left: string, right: string): boolean {
  const a = Buffer.from(left, 'utf8');
  const b = Buffer.from(right, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}
