/**
 * The SSO binding as it is kept: one record per account, one claim per person, both authenticated. What still has to be
 * done after a write (settle and free claims, write the audit outcome) stands in the record itself until it is done, so
 * that whoever comes next finishes what a killed process began.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { dropRecord, findRecord, type RecordKind, type RecordPorts, type StillMine } from '../records';
import { claimKind } from './claims';
import type { BindingReason, SsoBinding } from './model';

/** `sso/bound-admin/<tenantId>:<objectId>`: the account the person is bound to. */
export const boundAdminKind = claimKind('sso/bound-admin');

const BINDING_REASONS = [
  'replicating',
  'standing_unknown',
  'consent_unknown',
  'consent_missing',
  'not_found',
  'disabled',
  'guest',
  'role_missing',
  'role_scoped_only',
  'role_eligible_only',
  'sessions_revoked',
  'other_person',
  'deadline_passed',
  'evidence_expired',
  'claimed_elsewhere',
] as const satisfies readonly BindingReason[];

const pastSchema = z.strictObject({
  userObjectId: z.string(),
  upn: z.string(),
  boundAt: z.number(),
  endedAt: z.number(),
  endedBy: z.string(),
  endedBecause: z.enum(['rebound', 'unbound']),
});

const successorSchema = z.strictObject({ objectId: z.string(), upn: z.string(), displayName: z.string(), reasons: z.array(z.string()), proposedAt: z.number() });

const unfinishedSchema = z.strictObject({
  /** The audit entry that is still owed. */
  action: z.enum(['sso.bound', 'sso.unbound', 'sso.binding_active', 'sso.binding_stale', 'sso.binding_validating']),
  auditId: z.string(),
  actor: z.string(),
  reason: z.string().nullable(),
  /** People whose claims are to be freed, if they were made by then. */
  release: z.array(z.string()),
  at: z.number(),
});

const bindingSchema = z.strictObject({
  accountId: z.string(),
  tenantId: z.string(),
  userObjectId: z.string(),
  state: z.enum(['validating', 'active', 'stale', 'unbound']),
  validatedAt: z.number().nullable(),
  reasons: z.array(z.enum(BINDING_REASONS)),
  upn: z.string(),
  displayName: z.string(),
  boundAt: z.number(),
  boundBy: z.string(),
  deadlineAt: z.number(),
  goodReads: z.array(z.number()),
  sequence: z.number().int().positive(),
  /** Counts changes of state within one binding: ids of audit entries contain it. */
  transition: z.number().int().nonnegative(),
  history: z.array(pastSchema).max(10),
  successor: successorSchema.nullable().default(null),
  unfinished: unfinishedSchema.nullable(),
});

export type BindingRecord = z.infer<typeof bindingSchema>;
export type Unfinished = z.infer<typeof unfinishedSchema>;

/** `sso/binding/<accountId>`. */
export const bindingKind: RecordKind<BindingRecord> = { kind: 'sso/binding', schemaVersion: 1, schema: bindingSchema, authenticated: true };

/** The form other rooms and hosts see; undefined for an ended binding. */
export function viewBinding(record: BindingRecord | undefined): SsoBinding | undefined {
  if (record === undefined || record.state === 'unbound') return undefined;
  const { unfinished: _unfinished, transition: _transition, state, ...shown } = record;
  return { ...shown, state };
}

/** The account's binding, or undefined. Raises `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`. */
export async function findBinding(ports: RecordPorts, accountId: string): Promise<SsoBinding | undefined> {
  return viewBinding((await findRecord(ports, bindingKind, accountId))?.value);
}

/** Raises `SSO_BINDING_NOT_FOUND`, and like {@link findBinding}. */
export async function requireBinding(ports: RecordPorts, accountId: string): Promise<SsoBinding> {
  const binding = await findBinding(ports, accountId);
  if (binding === undefined) throw new OnboardingError('SSO_BINDING_NOT_FOUND', 'No SSO binding is configured for this account.', { details: { accountId } });
  return binding;
}

/**
 * For the end of an account. False when it is not `stillMine`, and while somebody is bound or something is unfinished: unbind
 * first. Raises `STATE_CONFLICT`, `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`.
 */
export async function dropBinding(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecord(ports, bindingKind, accountId, stillMine, ({ state, unfinished }) => state === 'unbound' && unfinished === null);
}

/** How a person's claim is named. Ids are GUIDs, compared without regard to case. */
export function personId(tenantId: string, objectId: string): string {
  return `${tenantId.toLowerCase()}:${objectId.toLowerCase()}`;
}
