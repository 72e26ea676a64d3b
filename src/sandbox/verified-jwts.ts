/**
 * Remembers, per signing key, which compact JWTs it has signed, so that a client that sends one token with a thousand
 * requests costs one verification. Claims, times and whether the key is still published are not remembered: the caller
 * judges them every time. Only good signatures are kept, so a flood of forged ones fills nothing, and with a key goes
 * its memory.
 */
import type { KeyObject } from 'node:crypto';
import { decodeJwt, hasValidSignature, type DecodedJwt } from './jwt';

const KEPT_PER_KEY = 4096;

const signedBy = new WeakMap<KeyObject, Map<string, DecodedJwt>>();

/** As `decodeJwt`, without the work for one that any of `keys` is known to have signed. The result is shared: nobody may change it. */
export function decodeRemembered(compact: string, keys: readonly { readonly publicKey: KeyObject }[]): DecodedJwt | undefined {
  for (const { publicKey } of keys) {
    const known = signedBy.get(publicKey)?.get(compact);
    if (known !== undefined) return known;
  }
  return decodeJwt(compact);
}

/** As `hasValidSignature` with RS256, for the JWT that `compact` decodes to. */
export function hasRememberedSignature(compact: string, jwt: DecodedJwt, key: KeyObject): boolean {
  const known = signedBy.get(key) ?? new Map<string, DecodedJwt>();
  if (known.has(compact)) return true;
  if (!hasValidSignature(jwt, 'RS256', key)) return false;
  // Tokens live for an hour and are asked for again: the oldest are the ones nobody sends any more.
  const [oldest] = known.keys();
  if (known.size >= KEPT_PER_KEY && oldest !== undefined) known.delete(oldest);
  known.set(compact, jwt);
  signedBy.set(key, known);
  return true;
}
