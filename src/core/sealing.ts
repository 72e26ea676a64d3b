/**
 * The Sealer port over a ring of master keys: secrets at rest are encrypted, security-relevant plaintext carries a code.
 * Both are bound to this store, the record, the field and the key (docs/storage-schema.md), so that nothing can be moved,
 * renamed or brought over from another store. Without a ring nothing is sealed and nothing is believed.
 */
import { OnboardingError } from './errors';
import { codeOver, isCodeOver, openText, readKeyRing, rewrapText, sealText, type KeyRing, type SealContext } from './internal/seal';
import { secret } from './internal/secret';
import type { SealBinding, Sealer } from './ports';

export type { KeyRing } from './internal/seal';

export interface RotatingSealer extends Sealer {
  /**
   * The same secret under the ring's current master key. Write the result back, then the old key can leave the ring.
   * Raises `MASTER_KEY_MISSING`, and `SEAL_BROKEN` like `open`.
   */
  rewrap(sealed: string, binding: SealBinding): string;
}

export interface SealerOptions {
  /** Undefined when no master key is configured. */
  readonly ring: KeyRing | undefined;
  /** Of the store the sealed texts are kept in. */
  readonly storeId: string;
  /** Cryptographically strong: `RandomSource.bytes`. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/**
 * Read `id:base64(32 bytes),…`; the first key seals, all of them open. Raises `MASTER_KEY_INVALID`, which names the
 * entry by its place and never shows its content.
 */
export function parseKeyRing(text: string): KeyRing {
  const ring = readKeyRing(text);
  if ('current' in ring) return ring;
  throw new OnboardingError('MASTER_KEY_INVALID', `Entry ${ring.entry} of the master keys cannot be used: ${KEY_RING_REASONS[ring.reason]}.`, {
    details: { entry: ring.entry, reason: ring.reason },
  });
}

const KEY_RING_REASONS = {
  form: 'it is not id:base64',
  id: 'its id must be 1 to 64 letters, digits, "-" or "_"',
  length: 'the key is not exactly 32 bytes',
  'repeated id': 'its id is used twice',
} as const;

/** A sealer for one store. Its methods raise `MASTER_KEY_MISSING` without a ring, `SEAL_BROKEN` as the port says. */
export function createSealer(options: SealerOptions): RotatingSealer {
  const { ring, storeId } = options;
  const randomBytes = (length: number) => options.randomBytes(length);
  const contextOf = (binding: SealBinding): SealContext => ({ storeId, ...binding });
  return {
    ready: ring !== undefined,
    seal: (plaintext, binding) => sealText(requireRing(ring), contextOf(binding), plaintext, randomBytes),
    open: (sealed, binding) => secret(unbroken(openText(requireRing(ring), contextOf(binding), sealed), binding)),
    rewrap: (sealed, binding) => unbroken(rewrapText(requireRing(ring), contextOf(binding), sealed, randomBytes), binding),
    authenticate: (content, binding) => codeOver(requireRing(ring).current, contextOf(binding), content),
    isAuthentic: (content, code, binding) => isCodeOver(requireRing(ring), contextOf(binding), content, code),
  };
}

function requireRing(ring: KeyRing | undefined): KeyRing {
  if (ring === undefined) throw new OnboardingError('MASTER_KEY_MISSING', 'No master key is configured.');
  return ring;
}

function unbroken(text: string | undefined, binding: SealBinding): string {
  if (text !== undefined) return text;
  throw new OnboardingError('SEAL_BROKEN', `The sealed ${binding.field} of ${binding.kind}/${binding.id} cannot be opened.`);
}
