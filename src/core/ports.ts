/**
 * Everything the core needs from the world, as narrow structural types. Rooms take slices of these first
 * (`Pick<Ports, 'graph' | 'clock'>`), so that a signature shows what a function can touch. Adapters implement
 * them; `testing/` publishes a contract suite for those a host may replace.
 */
import type { Secret } from './internal/secret';
import type { TokenSource, GraphTransport, TenantDirectory, SignInClient } from './ports-microsoft';

export type { AppCredential, AppCredentialSource, CredentialUse, AppTokenRequest, AppTokenClaims, AppToken, TokenSource, GraphScope, GraphRequest, GraphQuestion, GraphResponse, GraphList, GraphTransport, TenantDirectory, CodeRedemption, RedeemedCode, VerifiedIdToken, SignInClient } from './ports-microsoft';

/** Instants are milliseconds since the Unix epoch everywhere in the core. */
export interface Clock {
  now(): number;
  /** Resolves after `ms` of this clock's time; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface RandomSource {
  /** Cryptographically strong bytes. */
  bytes(length: number): Uint8Array;
  uuid(): string;
}

/** How far an atomic claim reaches: this process, every process of this host, or every host. */
export type ClaimScope = 'process' | 'host' | 'shared';

export interface StoredValue {
  readonly value: string;
  /** Opaque, and never repeated for a key, not even after delete and re-create. */
  readonly version: string;
}

/**
 * Durable key-value state with the two atomic verbs everything else rests on. An outage always rejects with
 * `STATE_UNAVAILABLE`; it never reads as "not found". Expired keys read as absent. `expiresAt` is absolute.
 */
export interface StateStore {
  readonly claimScope: ClaimScope;
  /** True when a write that resolved survives a crash of the process and of the host. */
  readonly durable: boolean;
  get(key: string): Promise<StoredValue | undefined>;
  set(key: string, value: string, expiresAt?: number): Promise<void>;
  /** True when the key was there and this call removed it; exactly one of several racing callers sees true. */
  delete(key: string): Promise<boolean>;
  /** Keys that start with `prefix`, ascending by code unit. May be iterated while keys are written or deleted. */
  list(prefix: string): AsyncIterable<{ readonly key: string } & StoredValue>;
  /** Put if absent. True for exactly one of several racing callers. */
  claim(key: string, value: string, expiresAt?: number): Promise<boolean>;
  /** Compare and swap on the version last read. False when somebody else was faster or the key is gone. */
  replace(key: string, expectedVersion: string, value: string, expiresAt?: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Names the record a secret or a code belongs to; it is authenticated, so a record cannot be moved or renamed. */
export interface SealBinding {
  readonly kind: string;
  readonly id: string;
  readonly field: string;
  /** For key material: SHA-256 thumbprint of the certificate it belongs to. */
  readonly thumbprint?: string;
}

/** Secrets at rest and authenticity of security-relevant plaintext (see docs/storage-schema.md). */
export interface Sealer {
  /** False when no master key is configured; then every other call raises `MASTER_KEY_MISSING`. */
  readonly ready: boolean;
  seal(plaintext: string, binding: SealBinding): string;
  /** Raises `SEAL_BROKEN` when the text was changed, moved, or sealed by a key that is not in the ring. */
  open(sealed: string, binding: SealBinding): Secret;
  /** HMAC over content with the binding. */
  authenticate(content: string, binding: SealBinding): string;
  /** True only for a code this ring made for exactly this content and binding. */
  isAuthentic(content: string, code: string, binding: SealBinding): boolean;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export type SigningAlgorithm = 'ES256' | 'EdDSA' | 'PS256' | 'RS256';

export interface SigningKeyPair {
  readonly privateKey: Secret;
  readonly publicJwk: JsonObject;
}

/** JSON Web Signatures. Signing and signature checks only: what the claims mean is decided in the rooms. */
export interface JwtService {
  sign(header: JsonObject & { readonly alg: SigningAlgorithm }, claims: JsonObject, privateKey: Secret): Promise<string>;
  /** Raises `JWT_INVALID` when malformed, when `alg` or `typ` is not allowed, when no key fits, or the signature is wrong. */
  verify(
    jwt: string,
    keys: readonly JsonObject[],
    allowed: { readonly algorithms: readonly SigningAlgorithm[]; readonly typ?: string },
  ): Promise<{ readonly header: JsonObject; readonly claims: JsonObject }>;
  /** A new signing key; the private key as PKCS#8 PEM. */
  generateSigningKey(algorithm: 'ES256' | 'EdDSA' | 'PS256'): Promise<SigningKeyPair>;
}

export interface RsaKeyPair {
  readonly privateKey: Secret;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
}

/** Key generation is randomness, so it is a port; it runs on the thread pool and never blocks the event loop. */
export interface KeyGenerator {
  generateRsa(bits: 2048 | 3072 | 4096): Promise<RsaKeyPair>;
}

/** Hashes of password-based derivations, as node:crypto names them. */
export type DerivationHash = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | 'sha512-224' | 'sha512-256' | 'sha3-224' | 'sha3-256' | 'sha3-384' | 'sha3-512';

/** One key from a password. Whoever asks has held every count against a limit before. */
export type KeyDerivation =
  /** RFC 7292 appendix B; the password in UTF-16 with terminator, or no octets for the null password. Not with SHA-3. */
  | { readonly function: 'pkcs12'; readonly hash: DerivationHash; readonly purpose: 'key' | 'iv' | 'mac'; readonly password: Uint8Array; readonly salt: Uint8Array; readonly iterations: number; readonly lengthBytes: number }
  | { readonly function: 'pbkdf2'; readonly hash: DerivationHash; readonly password: Uint8Array; readonly salt: Uint8Array; readonly iterations: number; readonly lengthBytes: number }
  | { readonly function: 'scrypt'; readonly cost: number; readonly blockSize: number; readonly parallelization: number; readonly password: Uint8Array; readonly salt: Uint8Array; readonly lengthBytes: number };

/** Slow by design, so it runs where it holds nothing up and can be ended. Rejects with the signal's reason when aborted; raises `PFX_TOO_SLOW`. */
export interface KeyDeriver {
  derive(derivation: KeyDerivation, signal?: AbortSignal): Promise<Uint8Array>;
  /** Lets others have the event loop between two entries of a file, which are read on it. Absent: nobody else needs it. */
  pause?(): Promise<void>;
}

export interface AuditEvent {
  /** Deterministic for an effect that may be repeated after a crash: the sink keeps the first entry of an id. */
  readonly id: string;
  /** For example `consent.granted`. */
  readonly action: string;
  readonly phase: 'intent' | 'outcome' | 'note';
  /** Ties an outcome to its intent. */
  readonly intentId?: string;
  /** Who did it: an operator id, `customer-admin:<objectId>`, `system`. */
  readonly actor: string;
  /** On whom or what. */
  readonly subject?: string;
  readonly accountId?: string;
  readonly tenantId?: string;
  readonly reason?: string;
  readonly outcome?: 'done' | 'refused' | 'failed';
  readonly details?: JsonObject;
}

/** Append-only, hash-chained. Raises `AUDIT_UNAVAILABLE` when an entry could not be made durable. */
export interface AuditSink {
  append(event: AuditEvent): Promise<void>;
}

export interface DomainEvent {
  readonly type: string;
  readonly at: number;
  /** Null for what concerns no customer's account: the partner's own certificates. */
  readonly accountId: string | null;
  readonly data: JsonObject;
}

/** Fire and forget towards the host; a failing listener never fails an effect. */
export interface EventSink {
  /** Nobody listens: what is told once is not used up on this sink. */
  readonly isSilent?: boolean;
  emit(event: DomainEvent): void;
}

export interface Logger {
  debug(message: string, fields?: JsonObject): void;
  info(message: string, fields?: JsonObject): void;
  warn(message: string, fields?: JsonObject): void;
}

export type OperatorAction = 'onboard' | 'impersonate' | 'approve' | 'certificates';

/** Who is allowed what. The host authenticated the operator; this answers, and its default is no. */
export interface Authorizer {
  authorize(operatorId: string, action: OperatorAction, accountId: string | undefined): Promise<boolean>;
}

export interface Ports {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly store: StateStore;
  readonly sealer: Sealer;
  readonly tokens: TokenSource;
  readonly graph: GraphTransport;
  readonly tenants: TenantDirectory;
  readonly signIn: SignInClient;
  readonly jwt: JwtService;
  readonly keys: KeyGenerator;
  readonly keyDeriver: KeyDeriver;
  readonly audit: AuditSink;
  readonly events: EventSink;
  readonly logger: Logger;
  readonly authorizer: Authorizer;
}
