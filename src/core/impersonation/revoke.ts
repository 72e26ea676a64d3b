/**
 * Takes an issued impersonation back before it is redeemed. Revoking never waits for the audit: the mark comes first,
 * and an entry the audit could not take is kept in the store until it can. Repeating a revocation changes nothing.
 */
import * as z from 'zod/v4';
import { hasCode } from '../errors';
import type { AuditEvent, JsonObject, Ports } from '../ports';
import { claimRecord, deleteRecord, findReadable, listRecords, type RecordKind } from '../records';
import { codeKind, REVOKED_PREFIX } from './code-records';

/** Longer than any code, grant and clock difference together. */
const REVOCATION_MEMORY_SECONDS = 3_600;

const revocationSchema = z.strictObject({ id: z.string(), actor: z.string(), jti: z.string(), reason: z.string(), accountId: z.string().optional() });
type Revocation = z.infer<typeof revocationSchema>;

// Not authenticated: revoking must work while no master key is at hand.
const pendingKind: RecordKind<Revocation> = { kind: 'impersonation/audit-pending', schemaVersion: 1, schema: revocationSchema };

type RevokePorts = Pick<Ports, 'store' | 'sealer' | 'clock' | 'audit'>;

export interface RevokeInput {
  readonly jti: string;
  /** An operator id, or `customer-admin:<objectId>`. */
  readonly actor: string;
  readonly reason: string;
  readonly accountId?: string | undefined;
}

/** Revoke by `jti`. `audited` is false while the entry waits for the audit to come back. Raises `STATE_UNAVAILABLE`. */
export async function revokeImpersonation(ports: RevokePorts, input: RevokeInput): Promise<{ readonly audited: boolean }> {
  const entry: Revocation = { ...input, id: `impersonation.revoke:${input.jti}` };
  await ports.store.claim(REVOKED_PREFIX + input.jti, '1', ports.clock.now() + REVOCATION_MEMORY_SECONDS * 1000);
  await claimRecord(ports, pendingKind, input.jti, entry);
  return { audited: await deliver(ports, entry) };
}

/**
 * Revoke whatever was issued for the account and could still be redeemed. `audited` is false while an entry waits for the audit.
 * A code whose record cannot be read cannot be redeemed either, and is passed over. Raises `STATE_UNAVAILABLE`.
 */
export async function revokeAccountImpersonations(ports: RevokePorts, input: { readonly accountId: string; readonly actor: string; readonly reason: string }): Promise<{ readonly audited: boolean }> {
  const now = ports.clock.now();
  let waiting = 0;
  for await (const { value } of findReadable(ports, codeKind)) {
    if (value.accountId === input.accountId && value.expiresAt > now) await revokeImpersonation(ports, { ...input, jti: value.jti });
  }
  for await (const { value } of findReadable(ports, pendingKind)) {
    if (value.accountId === input.accountId && !(await deliver(ports, value))) waiting += 1;
  }
  return { audited: waiting === 0 };
}

/** Hand waiting entries to the audit; the number that still waits. Raises `STATE_RECORD_INVALID`, `STATE_UNAVAILABLE`. */
export async function flushRevocationAudit(ports: RevokePorts): Promise<number> {
  let waiting = 0;
  for await (const row of listRecords(ports, pendingKind)) {
    if (!(await deliver(ports, row.value))) waiting += 1;
  }
  return waiting;
}

async function deliver(ports: RevokePorts, entry: Revocation): Promise<boolean> {
  try {
    await ports.audit.append(toEvent(entry));
  } catch (error) {
    if (hasCode(error, 'AUDIT_UNAVAILABLE')) return false;
    throw error;
  }
  await deleteRecord(ports, pendingKind, entry.jti);
  return true;
}

function toEvent({ id, actor, jti, reason, accountId }: Revocation): AuditEvent {
  const details: JsonObject = { jti };
  return { id, action: 'impersonation.revoke', phase: 'note', actor, reason, outcome: 'done', details, ...(accountId === undefined ? {} : { accountId }) };
}
