/**
 * The integrity code of a PFX: the MAC of RFC 7292 section 4 over PKCS#12's own derivation, or PBMAC1 of RFC 9579. What RFC
 * 9579 demands is demanded: a key length that is stated and at least 20 octets, since a one-octet key fits every password.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DerivationHash, KeyDerivation } from '../../ports';
import type { BerElement } from './ber';
import type { IterationBudget } from './budgets';
import { algorithmOf, bareAlgorithmOf, integerOf, octetsOf, sequenceOf } from './fields';
import { MAX_MAC_KEY_BYTES, MIN_MAC_KEY_BYTES } from './limits';
import { DIGESTS, HASH_BYTES, nameOf, OID } from './object-ids';
import type { PasswordForms } from './passwords';
import { malformed, unsupported } from './refusal';
import { hmacOf, pbkdf2Of, type Pbkdf2, saltOf } from './schemes';

export interface MacSetting {
  /** `sha256`, or `pbmac1-sha256`. */
  readonly label: string;
  readonly hash: DerivationHash;
  readonly code: Buffer;
  readonly salt: Buffer;
  readonly iterations: number;
  /** Of PBMAC1; absent for the MAC of RFC 7292. */
  readonly pbkdf2?: Pbkdf2 & { readonly keyBytes: number };
}

/** Raises `PFX_MALFORMED`, `PFX_ALGORITHM_UNSUPPORTED`, `PFX_ITERATIONS_EXCESSIVE`. */
export function macOf(element: BerElement, budget: IterationBudget): MacSetting {
  const [digestInfo, saltField, iterationsField] = sequenceOf(element, 'the integrity code', 2, 3);
  const [algorithm, codeField] = sequenceOf(digestInfo, 'the integrity code', 2);
  const code = octetsOf(codeField, 'the integrity code');
  const { oid } = algorithmOf(algorithm, 'the integrity code');
  const salt = saltOf(saltField, 'the integrity code');
  const iterations = iterationsField === undefined ? 1 : integerOf(iterationsField, 'the iteration count of the integrity code');
  if (oid === OID.pbmac1) return pbmac1Of(algorithm, code, budget);
  const hash = DIGESTS.get(bareAlgorithmOf(algorithm, 'the integrity code'));
  if (hash === undefined) throw unsupported('The integrity code', nameOf(oid));
  requireLength(code, hash);
  budget.spend(iterations);
  return { label: hash, hash, code, salt, iterations };
}

/** RFC 9579 section 4; the salt and the count beside it are not used, and writers put there what they like. */
function pbmac1Of(element: BerElement | undefined, code: Buffer, budget: IterationBudget): MacSetting {
  const [derivation, message] = sequenceOf(algorithmOf(element, 'the integrity code').parameters, 'the integrity code', 2);
  const { oid, parameters } = algorithmOf(derivation, 'the key derivation of the integrity code');
  if (oid !== OID.pbkdf2) throw unsupported('The integrity code', `a key derivation by ${nameOf(oid)}`);
  const pbkdf2 = pbkdf2Of(parameters, 'the integrity code', budget);
  const { keyBytes } = pbkdf2;
  if (keyBytes === undefined) throw malformed('the key length of the integrity code is missing');
  if (keyBytes < MIN_MAC_KEY_BYTES) throw malformed('the key of the integrity code is so short that it proves nothing');
  if (keyBytes > MAX_MAC_KEY_BYTES) throw malformed('the key of the integrity code is longer than any hash can use');
  const hash = hmacOf(message, 'The integrity code');
  requireLength(code, hash);
  return { label: `pbmac1-${hash}`, hash, code, salt: pbkdf2.salt, iterations: pbkdf2.iterations, pbkdf2: { ...pbkdf2, keyBytes } };
}

function requireLength(code: Buffer, hash: DerivationHash): void {
  if (code.length !== HASH_BYTES[hash]) throw malformed('the integrity code has the wrong length');
}

/** The derivations to try for one password, in the order of its forms. */
export function macDerivations(mac: MacSetting, forms: PasswordForms): readonly KeyDerivation[] {
  const { salt, iterations, pbkdf2 } = mac;
  if (pbkdf2 !== undefined) return forms.octets.map((password) => ({ function: 'pbkdf2', hash: pbkdf2.hash, password, salt, iterations, lengthBytes: pbkdf2.keyBytes }));
  return forms.utf16.map((password) => ({ function: 'pkcs12', hash: mac.hash, purpose: 'mac', password, salt, iterations, lengthBytes: HASH_BYTES[mac.hash] }));
}

export function isAuthentic(mac: MacSetting, key: Uint8Array, authenticated: Buffer): boolean {
  return timingSafeEqual(createHmac(mac.hash, key).update(authenticated).digest(), mac.code);
}
