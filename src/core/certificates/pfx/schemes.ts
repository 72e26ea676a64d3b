/**
 * Reads how something in a PFX is encrypted: the schemes of RFC 7292 appendix C and PBES2 of RFC 8018 with PBKDF2 or
 * scrypt (RFC 7914). Each count is held against the limits while it is read, so that nothing excessive is ever begun.
 */
import type { DerivationHash } from '../../ports';
import type { BerElement } from './ber';
import type { IterationBudget } from './budgets';
import { algorithmOf, bareAlgorithmOf, integerOf, objectIdOf, octetsOf, sequenceOf, TAG } from './fields';
import { MAX_SALT_BYTES } from './limits';
import { type Cipher, HMACS, nameOf, OID, PBES2_CIPHERS, PKCS12_SCHEMES, rc2 } from './object-ids';
import { malformed, unsupported } from './refusal';

export interface Pbkdf2 {
  readonly function: 'pbkdf2';
  readonly hash: DerivationHash;
  readonly salt: Buffer;
  readonly iterations: number;
  /** When the file says it. */
  readonly keyBytes: number | undefined;
}

export interface Scrypt {
  readonly function: 'scrypt';
  readonly salt: Buffer;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly keyBytes: number | undefined;
}

export type Encryption =
  | { readonly scheme: 'pkcs12'; readonly label: string; readonly cipher: Cipher; readonly salt: Buffer; readonly iterations: number }
  | { readonly scheme: 'pbes2'; readonly label: string; readonly cipher: Cipher; readonly derivation: Pbkdf2 | Scrypt; readonly iv: Buffer };

/** Raises `PFX_MALFORMED`, `PFX_ALGORITHM_UNSUPPORTED`, `PFX_ITERATIONS_EXCESSIVE`. */
export function encryptionOf(element: BerElement | undefined, what: string, budget: IterationBudget): Encryption {
  const { oid, parameters } = algorithmOf(element, `the algorithm of ${what}`);
  if (oid === OID.pbes2) return pbes2Of(parameters, what, budget);
  const cipher = PKCS12_SCHEMES.get(oid);
  if (cipher === undefined) throw unsupported(capital(what), nameOf(oid));
  const [salt, iterations] = sequenceOf(parameters, `the key derivation of ${what}`, 2);
  const count = integerOf(iterations, `the iteration count of ${what}`);
  budget.spend(count);
  return { scheme: 'pkcs12', label: `${cipher.label}/PKCS12`, cipher, salt: saltOf(salt, what), iterations: count };
}

function pbes2Of(parameters: BerElement | undefined, what: string, budget: IterationBudget): Encryption {
  const [derivationId, cipherId] = sequenceOf(parameters, `the encryption of ${what}`, 2);
  const { cipher, iv } = pbes2CipherOf(cipherId, what);
  const { oid, parameters: derivationParameters } = algorithmOf(derivationId, `the key derivation of ${what}`);
  if (oid !== OID.pbkdf2 && oid !== OID.scrypt) throw unsupported(capital(what), `a key derivation by ${nameOf(oid)}`);
  const derivation = oid === OID.pbkdf2 ? pbkdf2Of(derivationParameters, what, budget) : scryptOf(derivationParameters, what, budget);
  const isFixed = cipher.rc2Bits === undefined;
  if (isFixed && derivation.keyBytes !== undefined && derivation.keyBytes !== cipher.keyBytes) throw malformed(`the key length of ${what} does not fit its cipher`);
  return { scheme: 'pbes2', label: `${cipher.label}/PBES2`, cipher, derivation, iv };
}

function pbes2CipherOf(element: BerElement | undefined, what: string): { readonly cipher: Cipher; readonly iv: Buffer } {
  const { oid, parameters } = algorithmOf(element, `the cipher of ${what}`);
  if (oid === OID.rc2Cbc) return rc2Of(parameters, what);
  const cipher = PBES2_CIPHERS.get(oid);
  if (cipher === undefined) throw unsupported(capital(what), nameOf(oid));
  return { cipher, iv: ivOf(parameters, cipher, what) };
}

/** RFC 8018 appendix B.2.3: the effective bits are encoded as a version; without one they are 32. */
function rc2Of(parameters: BerElement | undefined, what: string): { readonly cipher: Cipher; readonly iv: Buffer } {
  if (parameters?.tag === TAG.octets) return { cipher: rc2(32, 4), iv: ivOf(parameters, rc2(32, 4), what) };
  const members = sequenceOf(parameters, `the cipher of ${what}`, 1, 2);
  const version = members.length === 2 ? integerOf(members[0], `the RC2 version of ${what}`) : undefined;
  const bits = version === undefined ? 32 : rc2BitsOf(version);
  const cipher = rc2(bits, Math.ceil(bits / 8));
  return { cipher, iv: ivOf(members.at(-1), cipher, what) };
}

function rc2BitsOf(version: number): number {
  const bits = new Map([[160, 40], [120, 64], [58, 128]]).get(version) ?? version;
  if (bits > 1024 || (bits === version && bits < 256)) throw unsupported('The encryption', `RC2 of version ${version}`);
  return bits;
}

function ivOf(element: BerElement | undefined, cipher: Cipher, what: string): Buffer {
  const iv = octetsOf(element, `the start value of ${what}`);
  if (iv.length !== cipher.blockBytes) throw malformed(`the start value of ${what} has the wrong length`);
  return iv;
}

/** RFC 8018 appendix A.2. */
export function pbkdf2Of(parameters: BerElement | undefined, what: string, budget: IterationBudget): Pbkdf2 {
  const [salt, iterations, ...rest] = sequenceOf(parameters, `the key derivation of ${what}`, 2, 4);
  const hasKeyBytes = rest[0]?.tag === TAG.integer;
  const keyBytes = hasKeyBytes ? integerOf(rest[0], `the key length of ${what}`) : undefined;
  const functions = hasKeyBytes ? rest.slice(1) : rest;
  if (functions.length > 1) throw malformed(`the key derivation of ${what} has surplus fields`);
  const count = integerOf(iterations, `the iteration count of ${what}`);
  const hash = functions.length === 0 ? 'sha1' : hmacOf(functions[0], `The key derivation of ${what}`);
  budget.spend(count);
  return { function: 'pbkdf2', hash, salt: saltOf(salt, what), iterations: count, keyBytes };
}

/** The hash of an HMAC. Raises `PFX_ALGORITHM_UNSUPPORTED`. */
export function hmacOf(element: BerElement | undefined, what: string): DerivationHash {
  const oid = bareAlgorithmOf(element, what);
  const hash = HMACS.get(oid);
  if (hash === undefined) throw unsupported(what, nameOf(oid));
  return hash;
}

/** RFC 7914 section 7.1. The memory is 128 * N * r, the time that times p. */
function scryptOf(parameters: BerElement | undefined, what: string, budget: IterationBudget): Scrypt {
  const [salt, costField, blockField, parallelField, keyField] = sequenceOf(parameters, `the key derivation of ${what}`, 4, 5);
  const cost = integerOf(costField, `the scrypt cost of ${what}`);
  const blockSize = integerOf(blockField, `the scrypt block size of ${what}`);
  const parallelization = integerOf(parallelField, `the scrypt parallelization of ${what}`);
  if (cost < 2 || blockSize < 1 || parallelization < 1) throw malformed(`the scrypt parameters of ${what} are out of range`);
  budget.spendScrypt(128 * cost * blockSize, parallelization);
  if (!Number.isInteger(Math.log2(cost))) throw malformed(`the scrypt parameters of ${what} are out of range`);
  const keyBytes = keyField === undefined ? undefined : integerOf(keyField, `the key length of ${what}`);
  return { function: 'scrypt', salt: saltOf(salt, what), cost, blockSize, parallelization, keyBytes };
}

export function saltOf(element: BerElement | undefined, what: string): Buffer {
  if (element?.tag === TAG.sequence) throw unsupported(capital(what), `a salt from ${nameOf(objectIdOf(element.children[0], 'the salt source'))}`);
  const salt = octetsOf(element, `the salt of ${what}`);
  if (salt.length > MAX_SALT_BYTES) throw malformed(`the salt of ${what} is too long`);
  return salt;
}

/** A ciphertext that no key could have made tells damage from a wrong password. */
export function requireWholeBlocks({ cipher }: Encryption, ciphertext: Buffer): Buffer {
  if (ciphertext.length === 0 || ciphertext.length % cipher.blockBytes !== 0) throw malformed('an encrypted part has a length that no encryption gives');
  return ciphertext;
}

function capital(what: string): string {
  return what.charAt(0).toUpperCase() + what.slice(1);
}
