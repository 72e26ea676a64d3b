/**
 * Redeems a one-time code for a signed grant. The portal proves who it is first; only then is the code looked at, and
 * another portal's code is left alone. Spending is one claim in the store: of any number of racing redemptions exactly
 * one is answered, and after a crash the code is spent, never usable twice. RFC 6749 section 4.1.3, RFC 7523.
 */
import { hasCode, OnboardingError } from '../errors';
import { sha256Base64Url } from '../internal/encoding';
import { secret, type Secret } from '../internal/secret';
import type { AuditEvent, ClaimScope, JsonObject, Ports, SigningAlgorithm } from '../ports';
import { deleteRecord, findRecord } from '../records';
import { ASSERTION_ALGORITHMS, assertionUselessAt, CLIENT_ASSERTION_TYPE, findAssertionProblem, readAssertionId } from './client-assertion';
import { ASSERTION_PREFIX, CODE_MEMORY_SECONDS, codeId, codeKind, type CodeRecord, requireClaimScope, REVOKED_PREFIX, SPENT_PREFIX } from './code-records';
import { buildGrantClaims, buildGrantHeader, MAX_GRANT_LIFETIME_SECONDS } from './grant';
import { ensureSigningKey, type SigningKeyPolicy } from './signing-keys';

export interface RedeemingPortal {
  /** Client id of the portal, `iss` and `sub` of its assertion, and `aud` of its grants. */
  readonly audience: string;
  /** The portal's public keys, or where they come from. */
  readonly keys: readonly JsonObject[] | (() => Promise<readonly JsonObject[]>);
  /** Defaults to every asymmetric algorithm we know. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined;
}

export interface RedeemInput {
  readonly code: Secret;
  readonly clientAssertion: Secret;
  readonly clientAssertionType: string;
  readonly portal: RedeemingPortal;
  /** The public address of the redemption: the only `aud` an assertion may have. */
  readonly redeemUrl: string;
  /** `iss` of the grant; the same that issued. */
  readonly issuer: string;
  /** At most, and by default, 120. */
  readonly grantLifetimeSeconds?: number | undefined;
  readonly signing?: SigningKeyPolicy | undefined;
  /** How many processes share this store; a store whose claims reach less far is refused. Default `process`. */
  readonly deployment?: ClaimScope | undefined;
  /** Asked last, before the grant is signed: does what the code was issued on still stand? Absent: it is not asked. */
  readonly stillAllowed?: ((about: RedeemedCode) => Promise<boolean>) | undefined;
}

/** What a code was issued on. */
export type RedeemedCode = Pick<CodeRecord, 'accountId' | 'tenantId' | 'userObjectId' | 'accessLevel'>;

export interface RedeemedGrant {
  /** The signed grant; it leaves only in the answer to the portal. */
  readonly grant: Secret;
  readonly expiresAt: number;
  readonly jti: string;
}

type RedeemPorts = Pick<Ports, 'store' | 'sealer' | 'clock' | 'jwt' | 'audit'>;

/**
 * Raises `IMPERSONATION_PORTAL_UNAUTHENTICATED` (the details name the check), `IMPERSONATION_CODE_UNKNOWN`,
 * `IMPERSONATION_CODE_EXPIRED`, `IMPERSONATION_CODE_SPENT`, `IMPERSONATION_GRANT_REVOKED`, `AUDIT_UNAVAILABLE`,
 * `STATE_RECORD_TAMPERED`, `STATE_SCOPE_TOO_SMALL`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`.
 */
export async function redeemCode(ports: RedeemPorts, input: RedeemInput): Promise<RedeemedGrant> {
  requireClaimScope(ports.store, input.deployment ?? 'process');
  await authenticatePortal(ports, input);
  const id = codeId(input.code);
  const record = await requireCode(ports, id, input);
  const event = describe(record);
  const intentId = `${event.action}:${record.jti}:intent`;
  // Before the code is spent, so that an audit outage costs nobody a code.
  await ports.audit.append({ ...event, id: intentId, phase: 'intent' });
  await spend(ports, id, record);
  await refuseRevoked(ports, record);
  await refuseOvertaken(ports, input, record);
  const granted = await signGrant(ports, input, record);
  await ports.audit.append({ ...event, id: `${event.action}:${record.jti}:outcome`, phase: 'outcome', intentId, outcome: 'done' });
  return granted;
}

async function authenticatePortal(ports: Pick<Ports, 'jwt' | 'clock' | 'store'>, input: RedeemInput): Promise<void> {
  if (input.clientAssertionType !== CLIENT_ASSERTION_TYPE) throw unauthenticated('client_assertion_type');
  const claims = await verifyAssertion(ports, input);
  const now = ports.clock.now();
  const problem = findAssertionProblem(claims, { clientId: input.portal.audience, audience: input.redeemUrl }, now);
  if (problem !== undefined) throw unauthenticated(problem);
  const name = sha256Base64Url(JSON.stringify([input.portal.audience, readAssertionId(claims)]));
  if (!(await ports.store.claim(ASSERTION_PREFIX + name, '1', assertionUselessAt(now)))) throw unauthenticated('jti_replayed');
}

async function verifyAssertion(ports: Pick<Ports, 'jwt'>, { clientAssertion, portal }: RedeemInput): Promise<JsonObject> {
  const keys = typeof portal.keys === 'function' ? await portal.keys() : portal.keys;
  try {
    return (await ports.jwt.verify(clientAssertion.reveal(), keys, { algorithms: portal.algorithms ?? ASSERTION_ALGORITHMS })).claims;
  } catch (error) {
    if (hasCode(error, 'JWT_INVALID')) throw unauthenticated('signature', error);
    throw error;
  }
}

async function requireCode(ports: RedeemPorts, id: string, input: RedeemInput): Promise<CodeRecord> {
  const record = (await findRecord(ports, codeKind, id))?.value;
  if (record === undefined) throw await judgeMissingCode(ports, id);
  // Another portal learns nothing about the code, and it stays usable for its own.
  if (record.audience !== input.portal.audience || record.issuer !== input.issuer) throw unknownCode();
  if (record.expiresAt <= ports.clock.now()) throw new OnboardingError('IMPERSONATION_CODE_EXPIRED', 'The one-time code has expired.');
  return record;
}

async function judgeMissingCode(ports: Pick<Ports, 'store'>, id: string): Promise<OnboardingError> {
  return (await ports.store.get(SPENT_PREFIX + id)) === undefined ? unknownCode() : spentCode();
}

async function spend(ports: RedeemPorts, id: string, record: CodeRecord): Promise<void> {
  const rememberUntil = ports.clock.now() + CODE_MEMORY_SECONDS * 1000 + MAX_GRANT_LIFETIME_SECONDS * 1000;
  // The claim decides; it is put before the record goes, so that no crash leaves a code that looks fresh.
  if (!(await ports.store.claim(SPENT_PREFIX + id, record.jti, rememberUntil))) throw spentCode();
  await deleteRecord(ports, codeKind, id);
}

async function refuseRevoked(ports: RedeemPorts, record: CodeRecord): Promise<void> {
  if ((await ports.store.get(REVOKED_PREFIX + record.jti)) === undefined) return;
  const event = describe(record);
  await ports.audit.append({ ...event, id: `${event.action}:${record.jti}:revoked`, phase: 'outcome', intentId: `${event.action}:${record.jti}:intent`, outcome: 'refused', details: { code: 'IMPERSONATION_GRANT_REVOKED' } });
  throw new OnboardingError('IMPERSONATION_GRANT_REVOKED', 'The impersonation was revoked.');
}

/** The customer may have lowered the level, or the binding may have ended, in the minute since the code was issued. */
async function refuseOvertaken(ports: RedeemPorts, input: RedeemInput, record: CodeRecord): Promise<void> {
  if ((await input.stillAllowed?.(record)) !== false) return;
  const event = describe(record);
  await ports.audit.append({ ...event, id: `${event.action}:${record.jti}:overtaken`, phase: 'outcome', intentId: `${event.action}:${record.jti}:intent`, outcome: 'refused', reason: 'no_longer_allowed' });
  throw new OnboardingError('IMPERSONATION_GRANT_REVOKED', 'What the code was issued on no longer stands.');
}

async function signGrant(ports: RedeemPorts, input: RedeemInput, record: CodeRecord): Promise<RedeemedGrant> {
  const key = await ensureSigningKey(ports, input.signing);
  const lifetimeSeconds = Math.min(input.grantLifetimeSeconds ?? MAX_GRANT_LIFETIME_SECONDS, MAX_GRANT_LIFETIME_SECONDS);
  const issuedAt = ports.clock.now();
  const expiresAt = Math.floor(issuedAt / 1000) * 1000 + lifetimeSeconds * 1000;
  const claims = buildGrantClaims({ ...record, issuedAt, expiresAt });
  const jwt = await ports.jwt.sign(buildGrantHeader(key.algorithm, key.kid), claims, key.privateKey);
  return { grant: secret(jwt), expiresAt, jti: record.jti };
}

function describe(record: CodeRecord): Omit<AuditEvent, 'id' | 'phase'> {
  return {
    action: 'impersonation.redeem',
    actor: record.actor.id,
    subject: `${record.tenantId}:${record.userObjectId}`,
    accountId: record.accountId,
    tenantId: record.tenantId,
    reason: record.reason,
    details: { jti: record.jti, accessLevel: record.accessLevel, audience: record.audience },
  };
}

function unauthenticated(check: string, cause?: unknown): OnboardingError {
  return new OnboardingError('IMPERSONATION_PORTAL_UNAUTHENTICATED', `The backup portal did not prove who it is (${check}).`, { cause, details: { check } });
}

function unknownCode(): OnboardingError {
  return new OnboardingError('IMPERSONATION_CODE_UNKNOWN', 'The one-time code does not exist.');
}

function spentCode(): OnboardingError {
  return new OnboardingError('IMPERSONATION_CODE_SPENT', 'The one-time code was redeemed already.');
}
