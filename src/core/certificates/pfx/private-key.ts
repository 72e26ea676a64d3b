/**
 * Takes a private key from DER, but only one that is cheap to take. OpenSSL computes the public part of some keys while it
 * reads them and bounds no DSA or Diffie-Hellman modulus: a key of 6 KB keeps the event loop for seconds, one of 60 KB for
 * hours. So kind and size are looked at first, and what no app can sign in with anyway is not read at all.
 * RFC 5958 (PKCS#8), RFC 8017 appendix A.1.2 (PKCS#1), RFC 5915 (SEC 1).
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type BerElement, readWholeSequence } from './ber';
import { objectIdOf, TAG } from './fields';
import { MAX_OTHER_KEY_BYTES, MAX_RSA_KEY_BYTES } from './limits';

export type KeyForm = 'pkcs8' | 'pkcs1' | 'sec1';

const RSA: ReadonlySet<string> = new Set(['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.10']);
/** Elliptic curves, X25519, X448, Ed25519, Ed448. */
const CURVES: ReadonlySet<string> = new Set(['1.2.840.10045.2.1', '1.3.101.110', '1.3.101.111', '1.3.101.112', '1.3.101.113']);
/** A key has a dozen elements, and attributes beside it a few more. */
const MAX_KEY_ELEMENTS = 200;

/** Undefined for what is damaged, of another form or kind, or too large to be read at once. */
export function readPrivateKey(der: Uint8Array, form: KeyForm = 'pkcs8'): KeyObject | undefined {
  if (der.length > MAX_RSA_KEY_BYTES) return undefined;
  const element = readWholeSequence(der, { left: MAX_KEY_ELEMENTS });
  if (element === undefined || der.length > maxBytesOf(element, form)) return undefined;
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: form });
  } catch {
    return undefined;
  }
}

/** Asked of the form that was announced: OpenSSL would take PKCS#8, of any kind, where another form is expected. */
function maxBytesOf({ children }: BerElement, form: KeyForm): number {
  const [version, second] = children;
  if (version?.tag !== TAG.integer) return 0;
  if (form === 'pkcs1') return second?.tag === TAG.integer ? MAX_RSA_KEY_BYTES : 0;
  if (form === 'sec1') return second?.tag === TAG.octets ? MAX_OTHER_KEY_BYTES : 0;
  const kind = second?.tag === TAG.sequence && second.children[0]?.tag === TAG.objectId ? kindOf(second.children[0]) : '';
  if (RSA.has(kind)) return MAX_RSA_KEY_BYTES;
  return CURVES.has(kind) ? MAX_OTHER_KEY_BYTES : 0;
}

function kindOf(element: BerElement): string {
  try {
    return objectIdOf(element, 'the kind of a private key');
  } catch {
    return '';
  }
}
