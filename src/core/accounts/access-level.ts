/**
 * How much an impersonating operator may see. Default `none`; only the customer's signed-in admin raises it, with the
 * evidence recorded; an operator only lowers it. The record is authenticated: editing the store raises nothing.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { AuditSink, Clock } from '../ports';
import { findRecord, type RecordKind, type RecordPorts, updateRecord } from '../records';

export const ACCESS_LEVELS = ['none', 'restricted', 'full'] as const;
export type AccessLevel = (typeof ACCESS_LEVELS)[number];

const levelSchema = z.object({
  level: z.enum(ACCESS_LEVELS),
  setBy: z.string(),
  setAt: z.number(),
  /** Object id of the admin whose sign-in allowed a raise. */
  evidence: z.string().nullable(),
  /** Names this change in the audit. */
  changeId: z.string(),
});

type LevelRecord = z.infer<typeof levelSchema>;

const levelKind: RecordKind<LevelRecord> = { kind: 'accounts/access-level', schemaVersion: 1, schema: levelSchema, authenticated: true };

type LevelPorts = RecordPorts & { readonly clock: Clock; readonly audit: AuditSink };

/** The level in force; `none` when nobody ever raised it. Raises `STATE_RECORD_TAMPERED`. */
export async function readAccessLevel(ports: RecordPorts, accountId: string): Promise<AccessLevel> {
  return (await findRecord(ports, levelKind, accountId))?.value.level ?? 'none';
}

/** Pure: is `to` above `from`? */
export function isRaise(from: AccessLevel, to: AccessLevel): boolean {
  return ACCESS_LEVELS.indexOf(to) > ACCESS_LEVELS.indexOf(from);
}

/**
 * Set by the customer's admin, whose proven sign-in the caller holds. A raise fails closed when the audit is down.
 * Raises `AUDIT_UNAVAILABLE`, `MASTER_KEY_MISSING`.
 */
export async function setAccessLevelByAdmin(
  ports: LevelPorts,
  input: { readonly accountId: string; readonly tenantId: string; readonly adminObjectId: string; readonly level: AccessLevel; readonly evidenceId: string },
): Promise<void> {
  const event = { action: 'accounts.access_level_set', actor: `customer-admin:${input.adminObjectId}`, accountId: input.accountId, tenantId: input.tenantId, details: { level: input.level } };
  const changeId = await nameChange(ports, input);
  await ports.audit.append({ ...event, id: `${changeId}:intent`, phase: 'intent' });
  await writeLevel(ports, input.accountId, { level: input.level, setBy: event.actor, setAt: ports.clock.now(), evidence: input.adminObjectId, changeId });
  await ports.audit.append({ ...event, id: `${changeId}:outcome`, phase: 'outcome', intentId: `${changeId}:intent`, outcome: 'done' });
}

/** An operator lowers the level. Raises `ACCESS_LEVEL_RAISE_REFUSED` for anything that is not lower or equal. */
export async function lowerAccessLevel(
  ports: LevelPorts,
  input: { readonly accountId: string; readonly level: AccessLevel; readonly operatorId: string },
): Promise<AccessLevel> {
  const setAt = ports.clock.now();
  const written = await updateRecord(ports, levelKind, input.accountId, (current) => {
    const from = current?.level ?? 'none';
    if (isRaise(from, input.level)) {
      throw new OnboardingError('ACCESS_LEVEL_RAISE_REFUSED', `An operator cannot raise the access level from ${from} to ${input.level}.`);
    }
    const changeId = `accounts.access_level_lowered:${input.accountId}:${setAt}`;
    return current !== undefined && from === input.level ? current : { level: input.level, setBy: input.operatorId, setAt, evidence: null, changeId };
  });
  // Nothing was lowered: the level stood there by somebody else's decision.
  if (written.evidence !== null) return written.level;
  await ports.audit.append({
    id: written.changeId,
    action: 'accounts.access_level_lowered',
    phase: 'note',
    actor: input.operatorId,
    accountId: input.accountId,
    details: { level: input.level },
  });
  return written.level;
}

/**
 * One name per change, the same when a change that died half-way is repeated. The page can be sent again after an operator
 * lowered the level: that raise is another change, with entries of its own.
 */
async function nameChange(ports: RecordPorts, input: { readonly accountId: string; readonly adminObjectId: string; readonly level: AccessLevel; readonly evidenceId: string }): Promise<string> {
  const prefix = `accounts.access_level:${input.evidenceId}:${input.level}:`;
  const stored = await findRecord(ports, levelKind, input.accountId);
  const isRepeat = stored?.value.level === input.level && stored.value.evidence === input.adminObjectId && stored.value.changeId.startsWith(prefix);
  return isRepeat ? stored.value.changeId : `${prefix}${stored?.revision ?? 0}`;
}

async function writeLevel(ports: RecordPorts, accountId: string, next: LevelRecord): Promise<void> {
  // The same decision repeated after a crash keeps the first instant.
  await updateRecord(ports, levelKind, accountId, (current) =>
    current !== undefined && current.changeId === next.changeId ? current : next,
  );
}
