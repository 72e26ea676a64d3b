/**
 * The keys that sign grants: one authenticated record holds them all, private parts sealed, so that processes that
 * start together agree on one key and a store that was edited signs nothing. A successor is published at least one
 * cache lifetime before it signs, a predecessor stays published until its last grant is over. JWK sets: RFC 7517.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { Secret } from '../internal/secret';
import type { JsonObject, Ports } from '../ports';
import { findRecord, updateRecord, type RecordKind } from '../records';
import { GRANT_SKEW_SECONDS, MAX_GRANT_LIFETIME_SECONDS } from './grant';
import { publishedKey } from './key-id';

/** How long a verifier may rely on a key set it has fetched. */
export const KEY_SET_LIFETIME_SECONDS = 300;
/** Room for clocks of several processes that disagree about when a key takes over. */
const TAKEOVER_MARGIN_SECONDS = 60;
export const DEFAULT_KEY_LIFETIME_DAYS = 90;

export type GrantAlgorithm = 'ES256' | 'EdDSA' | 'PS256';

type KeyPorts = Pick<Ports, 'store' | 'sealer' | 'clock'>;

const keySchema = z.strictObject({
  kid: z.string().min(1),
  algorithm: z.enum(['ES256', 'EdDSA', 'PS256']),
  publicJwk: z.record(z.string(), z.string()),
  sealedPrivateKey: z.string().min(1),
  publishedAt: z.number(),
  signsFrom: z.number(),
});
const ringSchema = z.strictObject({ keys: z.array(keySchema) });

type StoredKey = z.infer<typeof keySchema>;
type Ring = z.infer<typeof ringSchema>;

const ringKind: RecordKind<Ring> = { kind: 'impersonation/key-ring', schemaVersion: 1, schema: ringSchema, authenticated: true };
const RING_ID = 'grants';

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: GrantAlgorithm;
  readonly privateKey: Secret;
  readonly signsFrom: number;
}

export interface SigningKeyPolicy {
  /** Algorithm of the next key to be made; a key that already signs keeps its own until the new one takes over. */
  readonly algorithm?: GrantAlgorithm | undefined;
  /** After this many days of signing a successor is published; default 90. */
  readonly lifetimeDays?: number | undefined;
}

/**
 * The key that signs now. Makes the first one, and publishes a successor when the present one is old or of another
 * algorithm than asked. Raises `MASTER_KEY_MISSING`, `SEAL_BROKEN`, `STATE_RECORD_TAMPERED`, `STATE_CONFLICT`,
 * `STATE_UNAVAILABLE`.
 */
export async function ensureSigningKey(ports: KeyPorts & Pick<Ports, 'jwt'>, policy: SigningKeyPolicy = {}): Promise<SigningKey> {
  const now = ports.clock.now();
  const ring = (await findRecord(ports, ringKind, RING_ID))?.value;
  const ready = ring !== undefined && !needsSuccessor(ring.keys, policy, now) ? ring : await addKey(ports, policy, false);
  const key = signerAt(ready.keys, now);
  return { kid: key.kid, algorithm: key.algorithm, privateKey: ports.sealer.open(key.sealedPrivateKey, bindingOf(key.kid)), signsFrom: key.signsFrom };
}

/**
 * Publish a successor now; it signs one cache lifetime later. A successor that is already waiting is kept.
 * Raises like {@link ensureSigningKey}.
 */
export async function rotateSigningKey(ports: KeyPorts & Pick<Ports, 'jwt'>, policy: SigningKeyPolicy = {}): Promise<{ readonly kid: string; readonly signsFrom: number }> {
  const newest = (await addKey(ports, policy, true)).keys.at(-1);
  if (newest === undefined) throw new OnboardingError('UNEXPECTED', 'A key ring that was just written holds no key.');
  return { kid: newest.kid, signsFrom: newest.signsFrom };
}

/** The set verifiers fetch: every key that signs, will sign, or whose last grant may still live. Raises `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function publicKeySet(ports: KeyPorts): Promise<{ readonly keys: readonly JsonObject[] }> {
  const ring = (await findRecord(ports, ringKind, RING_ID))?.value;
  return { keys: publishedAt(ring?.keys ?? [], ports.clock.now()).map((key) => publishedKey(key.publicJwk, key.algorithm)) };
}

async function addKey(ports: KeyPorts & Pick<Ports, 'jwt'>, policy: SigningKeyPolicy, forced: boolean): Promise<Ring> {
  const pair = await ports.jwt.generateSigningKey(policy.algorithm ?? 'ES256');
  const { kid, alg: _alg, use: _use, ...publicJwk } = publishedKey(pair.publicJwk, policy.algorithm ?? 'ES256');
  const sealedPrivateKey = ports.sealer.seal(pair.privateKey.reveal(), bindingOf(kid));
  const now = ports.clock.now();
  return updateRecord(ports, ringKind, RING_ID, (ring) => {
    const keys = ring?.keys ?? [];
    const waiting = keys.some((key) => key.signsFrom > now);
    // Somebody else was faster: their key serves, ours is dropped unseen.
    if (ring !== undefined && (forced ? waiting : !needsSuccessor(keys, policy, now))) return ring;
    // Nothing can be cached yet when the first key appears, so it may sign at once.
    const signsFrom = keys.length === 0 ? now : now + (KEY_SET_LIFETIME_SECONDS + TAKEOVER_MARGIN_SECONDS) * 1000;
    const added: StoredKey = { kid, algorithm: policy.algorithm ?? 'ES256', publicJwk: publicJwk as Record<string, string>, sealedPrivateKey, publishedAt: now, signsFrom };
    return { keys: [...publishedAt(keys, now), added] };
  });
}

function needsSuccessor(keys: readonly StoredKey[], policy: SigningKeyPolicy, now: number): boolean {
  const newest = keys.at(-1);
  if (newest === undefined) return true;
  if (newest.signsFrom > now) return false;
  const tooOld = now - newest.signsFrom >= (policy.lifetimeDays ?? DEFAULT_KEY_LIFETIME_DAYS) * 86_400_000;
  return tooOld || (policy.algorithm !== undefined && newest.algorithm !== policy.algorithm);
}

/** The newest key whose time has come; the oldest when a clock went back behind all of them, since it is the one everybody knows. */
function signerAt(keys: readonly StoredKey[], now: number): StoredKey {
  const signer = keys.findLast((key) => key.signsFrom <= now) ?? keys[0];
  if (signer === undefined) throw new OnboardingError('UNEXPECTED', 'The key ring holds no key.');
  return signer;
}

function publishedAt(keys: readonly StoredKey[], now: number): readonly StoredKey[] {
  const lastGrantMs = (MAX_GRANT_LIFETIME_SECONDS + GRANT_SKEW_SECONDS + TAKEOVER_MARGIN_SECONDS) * 1000;
  return keys.filter((_key, index) => now <= (keys[index + 1]?.signsFrom ?? now) + lastGrantMs);
}

function bindingOf(kid: string): { kind: string; id: string; field: string } {
  return { kind: 'impersonation/signing-key', id: kid, field: 'privateKey' };
}
