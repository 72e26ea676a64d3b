/**
 * RSA keys from node:crypto, made on the thread pool so that the event loop stays free. At most two at once: the pool has
 * four threads, and the rest of the process needs some for files and names.
 */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { secret } from '../internal/secret';
import type { KeyGenerator } from '../ports';
import { atMostAtOnce } from './at-once';

const MAX_AT_ONCE = 2;
const generate = promisify(generateKeyPair);

/** The KeyGenerator port; the private key as PKCS#8 PEM. Raises nothing of its own. */
export function createKeyGenerator(): KeyGenerator {
  const inTurn = atMostAtOnce(MAX_AT_ONCE);
  return {
    generateRsa: (bits) =>
      inTurn(async () => {
        const pair = await generate('rsa', { modulusLength: bits });
        return {
          privateKey: secret(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
          publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }),
        };
      }),
  };
}
