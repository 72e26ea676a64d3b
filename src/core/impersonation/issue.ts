/**
 * Issues an impersonation: writes down who wants to act as whom and why, and only then makes a one-time code. The code
 * is all the browser ever carries; the grant itself is signed when the portal redeems it. Without a working audit
 * nothing usable exists. Shape of the code: RFC 6749 section 10.5 (short-lived, single use, bound to the client).
 */
import { OnboardingError } from '../errors';
import { toBase64Url } from '../internal/encoding';
import { isGuid } from '../internal/guid';
import { secret, type Secret } from '../internal/secret';
import { isSafeUrl } from './safe-url';
import type { AuditEvent, ClaimScope, Ports } from '../ports';
import { claimRecord, deleteRecord } from '../records';
import { CODE_MEMORY_SECONDS, codeId, codeKind, requireClaimScope, type CodeRecord } from './code-records';
import { MAX_REASON_LENGTH, type IssueDecision } from './policy';

export const MAX_CODE_LIFETIME_SECONDS = 60;
const CODE_BYTES = 32;

type Subject = Pick<CodeRecord, 'tenantId' | 'userObjectId'>;

export interface IssueInput {
  readonly account: { readonly id: string; readonly name: string };
  /** The authenticated operator; `issuer` says who authenticated them. */
  readonly operator: { readonly id: string; readonly issuer: string };
  /** What the operator typed; an allowed decision carries the cleaned form, which is the one that is kept. */
  readonly reason: string;
  /** The answer of `decideIssue`. A refusal is audited and raised. */
  readonly decision: IssueDecision;
  /** Absent only with a refusal: when nobody is bound there is nobody to name in the audit. */
  readonly binding: { readonly tenantId: string; readonly userObjectId: string } | undefined;
  readonly portal: {
    /** `aud` of the grant, and the portal's client id at redemption. */
    readonly audience: string;
    /** The portal's https page that takes the code by POST. */
    readonly deliverTo: string;
  };
  /** `iss` of the grant. */
  readonly issuer: string;
  /** Life of the code, 1 to 60; default 60. */
  readonly ttlSeconds?: number | undefined;
  /** How many processes share this store; a store whose claims reach less far is refused. Default `process`. */
  readonly deployment?: ClaimScope | undefined;
}

export interface IssuedImpersonation {
  readonly deliverTo: string;
  /** To be posted by the operator's browser to `deliverTo`, and nowhere else. */
  readonly code: Secret;
  readonly expiresAt: number;
  readonly jti: string;
}

/**
 * Raises the decision's own code when it is a refusal, `IMPERSONATION_PORTAL_UNCONFIGURED`, `INPUT_INVALID`,
 * `AUDIT_UNAVAILABLE` (nothing usable exists then), `MASTER_KEY_MISSING`, `STATE_SCOPE_TOO_SMALL`, `STATE_UNAVAILABLE`.
 */
export async function issueImpersonation(
  ports: Pick<Ports, 'store' | 'sealer' | 'clock' | 'random' | 'audit'>,
  input: IssueInput,
): Promise<IssuedImpersonation> {
  const binding = readBinding(input);
  checkInput(input);
  requireClaimScope(ports.store, input.deployment ?? 'process');
  const jti = ports.random.uuid();
  const { decision } = input;
  const event = describe(input, binding, jti);
  if (!decision.allowed) {
    await ports.audit.append({ ...event, id: `impersonation.issue:${jti}:refused`, phase: 'note', outcome: 'refused', details: { code: decision.code } });
    throw new OnboardingError(decision.code, decision.message, { details: { accountId: input.account.id } });
  }
  if (binding === undefined) throw invalid('binding');
  const intentId = `impersonation.issue:${jti}:intent`;
  const details = { accessLevel: decision.accessLevel, audience: input.portal.audience, jti };
  await ports.audit.append({ ...event, id: intentId, phase: 'intent', details });
  const code = secret(toBase64Url(ports.random.bytes(CODE_BYTES)));
  const record: CodeRecord = { ...buildRecord(input, decision, ports.clock.now()), ...binding, jti };
  await claimCode(ports, code, record);
  try {
    await ports.audit.append({ ...event, id: `impersonation.issue:${jti}:outcome`, phase: 'outcome', intentId, outcome: 'done', details });
  } catch (error) {
    await deleteRecord(ports, codeKind, codeId(code));
    throw error;
  }
  return { deliverTo: input.portal.deliverTo, code, expiresAt: record.expiresAt, jti };
}

async function claimCode(ports: Pick<Ports, 'store' | 'sealer'>, code: Secret, record: CodeRecord): Promise<void> {
  const won = await claimRecord(ports, codeKind, codeId(code), record, record.expiresAt + CODE_MEMORY_SECONDS * 1000);
  if (!won) throw new OnboardingError('UNEXPECTED', 'The random source gave the same one-time code twice.');
}

function buildRecord(input: IssueInput, decision: IssueDecision & { readonly allowed: true }, now: number): Omit<CodeRecord, 'jti' | keyof Subject> {
  return {
    accountId: input.account.id,
    actor: { issuer: input.operator.issuer, id: input.operator.id },
    accessLevel: decision.accessLevel,
    reason: decision.reason,
    issuer: input.issuer,
    audience: input.portal.audience,
    expiresAt: now + (input.ttlSeconds ?? MAX_CODE_LIFETIME_SECONDS) * 1000,
  };
}

function describe(input: IssueInput, subject: Subject | undefined, jti: string): Omit<AuditEvent, 'id' | 'phase'> {
  return {
    action: 'impersonation.issue',
    actor: input.operator.id,
    ...(subject && { subject: `${subject.tenantId}:${subject.userObjectId}`, tenantId: subject.tenantId }),
    accountId: input.account.id,
    reason: input.decision.allowed ? input.decision.reason : input.reason.slice(0, MAX_REASON_LENGTH),
    details: { jti },
  };
}

/** Ids in the one spelling that is compared and signed, and nothing else the caller's binding may hold. */
function readBinding({ binding }: IssueInput): Subject | undefined {
  if (binding === undefined) return undefined;
  if (!isGuid(binding.tenantId) || !isGuid(binding.userObjectId)) throw invalid('binding');
  return { tenantId: binding.tenantId.toLowerCase(), userObjectId: binding.userObjectId.toLowerCase() };
}

function checkInput(input: IssueInput): void {
  const { portal } = input;
  if (portal.audience === '' || !isSafeUrl(portal.deliverTo)) {
    throw new OnboardingError('IMPERSONATION_PORTAL_UNCONFIGURED', 'The portal needs an audience and an https address that takes the code.');
  }
  const ttlSeconds = input.ttlSeconds ?? MAX_CODE_LIFETIME_SECONDS;
  if (!(ttlSeconds >= 1 && ttlSeconds <= MAX_CODE_LIFETIME_SECONDS)) throw invalid('ttlSeconds');
  if (input.issuer === '') throw invalid('issuer');
  if (input.account.id === '') throw invalid('account.id');
  if (input.operator.id === '' || input.operator.issuer === '') throw invalid('operator');
}

function invalid(field: string): OnboardingError {
  return new OnboardingError('INPUT_INVALID', `${field} does not have the documented form.`, { details: { field } });
}
