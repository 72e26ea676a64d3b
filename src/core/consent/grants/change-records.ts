/**
 * A change of grants while it is under way: `consent/grant-change/<accountId>/<id>`. It is written before the directory is
 * asked, so that whoever goes on after a kill uses the same ids in the audit and knows what was there before; it is authenticated,
 * because the evidence of a revocation rests on it; and it stays until the audit has both its entries.
 */
import * as z from 'zod/v4';
import { hasCode } from '../../errors';
import type { AuditEvent, AuditSink, Clock, RandomSource } from '../../ports';
import { changeRecord, claimRecord, dropRecord, findReadable, findRecord, listRecords, type RecordKind, type RecordPorts, retireRecord, type StillMine } from '../../records';

const targetSchema = z.object({
  appKey: z.string(),
  kind: z.enum(['application', 'delegated', 'service_principal']),
  /** Of the assignment, the grant, or the service principal. */
  objectId: z.string(),
  /** Of the app in this tenant. */
  servicePrincipalId: z.string(),
  /** Object id of the resource's service principal; empty for a service principal. */
  resourceId: z.string(),
  resourceAppId: z.string(),
  resource: z.string(),
  /** Of the permission. */
  id: z.string(),
  name: z.string(),
});

/** One thing a revocation takes away, as it was found. */
export type RevocationTarget = Readonly<z.infer<typeof targetSchema>>;

const changeSchema = z.object({
  /** Names this change in the audit. */
  id: z.string(),
  accountId: z.string(),
  tenantId: z.string(),
  kind: z.enum(['grant', 'revoke']),
  request: z.string(),
  route: z.string(),
  actor: z.string(),
  /** Object id of the admin whose access token was used; null for an app. */
  adminObjectId: z.string().nullable(),
  /** What was asked for, in words. */
  asked: z.array(z.string()),
  startedAt: z.number(),
  /** Of a revocation: what was there; null until it was read. */
  targets: z.array(targetSchema).nullable(),
  /** Of a revocation: one-person grants that stay, by app. */
  ownConsents: z.number().int().nonnegative(),
  /** What the audit is still owed; null while the change is under way. */
  outcome: z.object({ outcome: z.enum(['done', 'refused', 'failed']), reason: z.string().nullable(), shown: z.array(z.string()), left: z.array(z.string()) }).nullable(),
});

export type GrantChange = Readonly<z.infer<typeof changeSchema>>;

const changeKind: RecordKind<z.infer<typeof changeSchema>> = { kind: 'consent/grant-change', schemaVersion: 1, schema: changeSchema, authenticated: true };

type ChangePorts = RecordPorts & { readonly clock: Clock; readonly random: RandomSource; readonly audit: AuditSink };
type SettlePorts = Pick<ChangePorts, 'store' | 'sealer' | 'audit'>;

export type NewGrantChange = Pick<GrantChange, 'accountId' | 'tenantId' | 'kind' | 'request' | 'route' | 'actor' | 'adminObjectId'> & { readonly asked: readonly string[] };

/** The change that is under way for this request, or a new one. Raises `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`. */
export async function openGrantChange(ports: ChangePorts, wanted: NewGrantChange): Promise<GrantChange> {
  const present = await findGrantChange(ports, wanted);
  if (present !== undefined) return present;
  const opened = { ...wanted, asked: [...wanted.asked], id: ports.random.uuid(), startedAt: ports.clock.now(), targets: null, ownConsents: 0, outcome: null };
  await claimRecord(ports, changeKind, idOf(opened), opened);
  return opened;
}

/** The change that is under way for this request. Raises like {@link openGrantChange}. */
export async function findGrantChange(ports: RecordPorts, wanted: Pick<NewGrantChange, 'accountId' | 'tenantId' | 'kind' | 'request'>): Promise<GrantChange | undefined> {
  for await (const { value } of listRecords(ports, changeKind, `${wanted.accountId}/`)) {
    const isSame = value.kind === wanted.kind && value.request === wanted.request && value.tenantId === wanted.tenantId;
    if (isSame && value.outcome === null) return value;
  }
  return undefined;
}

/** The intent, once. Raises `AUDIT_UNAVAILABLE`. */
export async function auditIntent({ audit }: Pick<ChangePorts, 'audit'>, change: GrantChange): Promise<void> {
  await audit.append({ ...eventOf(change), id: `${auditIdOf(change)}:intent`, phase: 'intent', details: { route: change.route, adminObjectId: change.adminObjectId, asked: change.asked } });
}

/** What a revocation found; the first one that found something is believed. Undefined when the change has ended meanwhile. */
export async function noteTargets(ports: RecordPorts, change: GrantChange, targets: readonly RevocationTarget[], ownConsents: number): Promise<GrantChange | undefined> {
  return changeRecord(ports, changeKind, idOf(change), (current) => ((current.targets ?? []).length > 0 ? current : { ...current, targets: [...targets], ownConsents }));
}

/** Durable before the audit is told, so that an audit that is down is told later. Raises `STATE_CONFLICT`, `STATE_UNAVAILABLE`. */
export async function concludeGrantChange(ports: ChangePorts, change: GrantChange, outcome: NonNullable<GrantChange['outcome']>): Promise<{ readonly audited: boolean }> {
  const ended = await changeRecord(ports, changeKind, idOf(change), (current) => (current.outcome !== null ? current : { ...current, outcome }));
  if (ended === undefined) return { audited: true };
  return { audited: await orOwed(settleGrantChange(ports, ended)) };
}

/** Tell the audit what it is still owed of this account's changes. False while it cannot be told. */
export async function settleGrantChanges(ports: SettlePorts, accountId: string): Promise<boolean> {
  let isSettled = true;
  for await (const { value } of listRecords(ports, changeKind, `${accountId}/`)) {
    if (value.outcome !== null && !(await orOwed(settleGrantChange(ports, value)))) isSettled = false;
  }
  return isSettled;
}

/**
 * For the end of an account: a change under way has failed, and the audit hears of every one. False when it is not `stillMine`.
 * Raises `AUDIT_UNAVAILABLE`, `STATE_CONFLICT`, `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`.
 */
export async function dropGrantChanges(ports: SettlePorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  for await (const { id, value } of findReadable(ports, changeKind)) {
    if (value.accountId !== accountId) continue;
    if (!(await stillMine())) return false;
    await settleGrantChange(ports, { ...value, outcome: value.outcome ?? { outcome: 'failed', reason: 'account_removed', shown: [], left: [] } });
    if (!(await dropRecord(ports, changeKind, id, stillMine))) return false;
  }
  return true;
}

/** Both entries, each kept once by its id; then the record goes. Raises `AUDIT_UNAVAILABLE`. */
async function settleGrantChange(ports: SettlePorts, change: GrantChange): Promise<void> {
  if (change.outcome === null) return;
  const { outcome, reason, shown, left } = change.outcome;
  await auditIntent(ports, change);
  const details = { route: change.route, adminObjectId: change.adminObjectId, shown, left };
  await ports.audit.append({ ...eventOf(change), id: `${auditIdOf(change)}:outcome`, phase: 'outcome', intentId: `${auditIdOf(change)}:intent`, outcome, ...(reason === null ? {} : { reason }), details });
  const read = await findRecord(ports, changeKind, idOf(change));
  if (read !== undefined) await retireRecord(ports, changeKind, idOf(change), read);
}

async function orOwed(told: Promise<unknown>): Promise<boolean> {
  try {
    await told;
    return true;
  } catch (error) {
    if (hasCode(error, 'AUDIT_UNAVAILABLE')) return false;
    throw error;
  }
}

function eventOf({ kind, actor, accountId, tenantId }: GrantChange): Pick<AuditEvent, 'action' | 'actor' | 'accountId' | 'tenantId'> {
  return { action: kind === 'grant' ? 'consent.programmatic_grant' : 'consent.grants_revoked', actor, accountId, tenantId };
}

function auditIdOf({ kind, id }: GrantChange): string {
  return `consent.${kind === 'grant' ? 'programmatic_grant' : 'grants_revoked'}:${id}`;
}

function idOf({ accountId, id }: Pick<GrantChange, 'accountId' | 'id'>): string {
  return `${accountId}/${id}`;
}
