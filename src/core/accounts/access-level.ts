/**
 * How much an impersonating operator may see. Default `none`; only the customer's signed-in admin raises it, with the
 * evidence recorded; an operator only lowers it. The record is authenticated: editing the store raises nothing. Lowering
 * never waits for the audit: what the audit misses is owed by the record itself, and no raise passes before it is paid.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { AuditSink, Clock } from '../ports';
import { changeRecord, dropRecord, findRecord, type RecordKind, type RecordPorts, type StillMine, updateRecord } from '../records';

export const ACCESS_LEVELS = ['none', 'restricted', 'full'] as const;
export type AccessLevel = (typeof ACCESS_LEVELS)[number];

const owedSchema = z.object({ changeId: z.string(), level: z.enum(ACCESS_LEVELS), actor: z.string() });

const levelSchema = z.object({
  level: z.enum(ACCESS_LEVELS),
  setBy: z.string(),
  setAt: z.number(),
  /** Object id of the admin whose sign-in allowed a raise. */
  evidence: z.string().nullable(),
  /** Names this change in the audit. */
  changeId: z.string(),
  /** Lowerings the audit does not hold yet, oldest first. */
  owed: z.array(owedSchema),
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
  await settleLevelAudit(ports, input.accountId);
  const changeId = await nameChange(ports, input);
  await ports.audit.append({ ...event, id: `${changeId}:intent`, phase: 'intent' });
  await writeLevel(ports, input.accountId, { level: input.level, setBy: event.actor, setAt: ports.clock.now(), evidence: input.adminObjectId, changeId, owed: [] });
  await ports.audit.append({ ...event, id: `${changeId}:outcome`, phase: 'outcome', intentId: `${changeId}:intent`, outcome: 'done' });
}

/**
 * An operator lowers the level. Raises `ACCESS_LEVEL_RAISE_REFUSED` for anything that is not lower or equal, and
 * `AUDIT_UNAVAILABLE` when it is lowered and the entry is still owed; running it again writes the entry.
 */
export async function lowerAccessLevel(
  ports: LevelPorts,
  input: { readonly accountId: string; readonly level: AccessLevel; readonly operatorId: string },
): Promise<AccessLevel> {
  const { accountId, level, operatorId } = input;
  const setAt = ports.clock.now();
  const changeId = `accounts.access_level_lowered:${accountId}:${setAt}:${level}`;
  await updateRecord(ports, levelKind, accountId, (current) => {
    const from = current?.level ?? 'none';
    if (isRaise(from, level)) throw new OnboardingError('ACCESS_LEVEL_RAISE_REFUSED', `An operator cannot raise the access level from ${from} to ${level}.`);
    if (current !== undefined && from === level) return current;
    return { level, setBy: operatorId, setAt, evidence: null, changeId, owed: [...(current?.owed ?? []), { changeId, level, actor: operatorId }] };
  });
  await settleLevelAudit(ports, accountId);
  return level;
}

/** Write the entries a lowering still owes; each may be there already. Raises `AUDIT_UNAVAILABLE`, `STATE_RECORD_TAMPERED`. */
export async function settleLevelAudit(ports: LevelPorts, accountId: string): Promise<void> {
  const owed = (await findRecord(ports, levelKind, accountId))?.value.owed ?? [];
  if (owed.length === 0) return;
  for (const { changeId, level, actor } of owed) {
    await ports.audit.append({ id: changeId, action: 'accounts.access_level_lowered', phase: 'note', actor, accountId, details: { level } });
  }
  const written = new Set(owed.map((entry) => entry.changeId));
  await changeRecord(ports, levelKind, accountId, (current) => ({ ...current, owed: current.owed.filter((entry) => !written.has(entry.changeId)) }));
}

/**
 * For the end of an account. False when it is not `stillMine`, and while the level is above `none` or owes the audit an entry:
 * lower it first. Raises `STATE_CONFLICT`, `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`.
 */
export async function dropAccessLevel(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecord(ports, levelKind, accountId, stillMine, ({ level, owed }) => level === 'none' && owed.length === 0);
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
  // The same decision repeated after a crash keeps the first instant; a lowering of this moment keeps what it owes.
  await updateRecord(ports, levelKind, accountId, (current) =>
    current !== undefined && current.changeId === next.changeId ? current : { ...next, owed: current?.owed ?? [] },
  );
}
