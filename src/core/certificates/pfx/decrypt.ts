/**
 * Opens one encrypted part. Padding is right by chance once in 256 tries, so a plaintext counts only when it is one whole
 * ASN.1 SEQUENCE; whether the password was right is then no question of luck.
 */
import { createDecipheriv } from 'node:crypto';
import type { KeyDerivation, KeyDeriver } from '../../ports';
import { type BerElement, readWholeSequence } from './ber';
import { type Budgets, spendSlowCipher } from './budgets';
import type { PasswordForms } from './passwords';
import { decryptRc2Cbc } from './rc2';
import type { Encryption } from './schemes';

/** Derives as the port does, and what was derived once for this file not again. */
export type Derive = (derivation: KeyDerivation) => Promise<Uint8Array>;

export function derivingOnce(port: KeyDeriver, signal: AbortSignal | undefined): Derive {
  const known = new Map<string, Promise<Uint8Array>>();
  return (derivation) => {
    const id = JSON.stringify(derivation, (_name, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value));
    const derived = known.get(id) ?? port.derive(derivation, signal);
    known.set(id, derived);
    return derived;
  };
}

export interface Opened {
  readonly plain: Buffer;
  readonly element: BerElement;
}

/** What a file may still ask for of these is spent here. */
export type DecryptBudgets = Pick<Budgets, 'elements' | 'slowCipherBytes'>;

/** Undefined when no form of the password opens it. Raises `PFX_TOO_LARGE`; rejects as the port does. */
export async function decryptPart(derive: Derive, encryption: Encryption, ciphertext: Buffer, forms: PasswordForms, budgets: DecryptBudgets): Promise<Opened | undefined> {
  for (const password of encryption.scheme === 'pkcs12' ? forms.utf16 : forms.octets) {
    // RC2 and 3DES have blocks of eight octets; all others take a millisecond for the largest file.
    if (encryption.cipher.blockBytes === 8) spendSlowCipher(budgets, ciphertext.length);
    const { key, iv } = await keyFor(derive, encryption, password);
    const plain = decrypt(encryption, key, iv, ciphertext);
    const element = plain && readWholeSequence(plain, budgets.elements);
    if (plain !== undefined && element !== undefined) return { plain, element };
  }
  return undefined;
}

async function keyFor(derive: Derive, encryption: Encryption, password: Buffer): Promise<{ readonly key: Buffer; readonly iv: Buffer }> {
  const { cipher } = encryption;
  if (encryption.scheme === 'pkcs12') {
    const { salt, iterations } = encryption;
    const base = { function: 'pkcs12', hash: 'sha1', password, salt, iterations } as const;
    const [key, iv] = await Promise.all([derive({ ...base, purpose: 'key', lengthBytes: cipher.keyBytes }), derive({ ...base, purpose: 'iv', lengthBytes: cipher.blockBytes })]);
    return { key: Buffer.from(key), iv: Buffer.from(iv) };
  }
  const { derivation, iv } = encryption;
  const lengthBytes = rc2KeyBytes(encryption) ?? cipher.keyBytes;
  const { keyBytes: _stated, ...request } = derivation;
  return { key: Buffer.from(await derive({ ...request, password, lengthBytes })), iv };
}

/** RC2 takes keys of any length up to 128 octets; then the file says which. */
function rc2KeyBytes({ cipher, ...encryption }: Extract<Encryption, { scheme: 'pbes2' }>): number | undefined {
  const stated = encryption.derivation.keyBytes;
  return cipher.rc2Bits !== undefined && stated !== undefined && stated >= 1 && stated <= 128 ? stated : undefined;
}

function decrypt({ cipher }: Encryption, key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer | undefined {
  if (cipher.rc2Bits !== undefined) return decryptRc2Cbc(key, cipher.rc2Bits, iv, ciphertext);
  return decipherCbc(cipher.native ?? '', key, iv, ciphertext);
}

/** Undefined when the padding is impossible. `name` is what node:crypto calls the cipher. */
export function decipherCbc(name: string, key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer | undefined {
  const decipher = createDecipheriv(name, key, iv);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    return undefined;
  }
}
