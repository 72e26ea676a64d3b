/**
 * What was granted, by name, when the streak of good reads ended: the record that answers "was this ever proven" and "what
 * is new since" without asking Microsoft. It is authenticated, because a shorter list would hide a loss. Refuses to speak
 * for another tenant: whoever compares must hold its `tenantId` against the journey's. docs/storage-schema.md.
 */
import * as z from 'zod/v4';
import { sameGuid } from '../../internal/guid';
import { changeRecord, dropRecord, findRecord, type RecordKind, type RecordPorts, type StillMine, updateRecord } from '../../records';
import type { PartnerApp, RequiredPermission } from '../apps/apps';
import type { AppVerdict, ConsentVerdict } from './verdict';

const grantedSchema = z.object({
  resourceAppId: z.string(),
  type: z.enum(['application', 'delegated']),
  /** Null when the tenant's resource was not read: then the name is all there is. */
  id: z.string().nullable(),
  name: z.string(),
});

/** One permission as it was proven; named by (resource app id, type, id). */
export type ProvenPermission = z.infer<typeof grantedSchema>;

const proofSchema = z.object({
  accountId: z.string(),
  tenantId: z.string(),
  /** Of the journey when the streak ended. */
  epoch: z.number().int().nonnegative(),
  /** When the streak of good reads ended. */
  provenAt: z.number(),
  /** The last full read: a fresh app token for every app and resource, and the directory. */
  tokensAt: z.number(),
  /** The last look at the directory that agreed; null when no declared app may read it. */
  directoryAt: z.number().nullable(),
  apps: z.array(
    z.object({
      key: z.string(),
      appId: z.string(),
      /** Null when the directory was not asked. */
      servicePrincipalId: z.string().nullable(),
      granted: z.array(grantedSchema),
    }),
  ),
});

export type ConsentProof = z.infer<typeof proofSchema>;

const proofKind: RecordKind<ConsentProof> = { kind: 'consent/proof', schemaVersion: 1, schema: proofSchema, authenticated: true };

/** The account's last proof, of whatever tenant; undefined when there never was one. Raises `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`. */
export async function findConsentProof(ports: RecordPorts, accountId: string): Promise<ConsentProof | undefined> {
  return (await findRecord(ports, proofKind, accountId))?.value;
}

/** Whether this proof speaks for every permission that is declared now: a declaration may have grown since. Pure. */
export function provesAll(proof: Pick<ConsentProof, 'apps'>, apps: readonly PartnerApp[]): boolean {
  return apps.every(({ appId, requiredPermissions }) => {
    const granted = proof.apps.find((proven) => sameGuid(proven.appId, appId))?.granted ?? [];
    return requiredPermissions.every((required) => granted.some((one) => isOf(one, required)));
  });
}

function isOf(one: ProvenPermission, { type, resourceAppId, id, name }: RequiredPermission): boolean {
  if (one.type !== type || !sameGuid(one.resourceAppId, resourceAppId)) return false;
  return id === undefined || one.id === null ? one.name === name : sameGuid(one.id, id);
}

/** Remember what a streak proved, in place of what was proven before. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_CONFLICT`. */
export async function saveConsentProof(ports: RecordPorts, proof: ConsentProof): Promise<void> {
  await updateRecord(ports, proofKind, proof.accountId, () => proof);
}

/**
 * Note that a later look found everything granted in the proof's tenant. A full read also renews the list: what it found
 * with fresh tokens is what can be lost from then on. An earlier look changes nothing. Raises like {@link saveConsentProof}.
 */
export async function noteProofSeen(ports: RecordPorts, accountId: string, verdict: ConsentVerdict, depth: 'full' | 'routine'): Promise<void> {
  const seen = proofOf(verdict, { accountId, epoch: 0 });
  await changeRecord(ports, proofKind, accountId, (current) => {
    if (current.tenantId !== seen.tenantId || verdict.readAt <= Math.max(current.tokensAt, current.directoryAt ?? 0)) return current;
    const { directoryAt } = seen;
    return depth === 'full' ? { ...current, tokensAt: verdict.readAt, directoryAt, apps: seen.apps } : { ...current, directoryAt };
  });
}

/** For the end of an account. False when it is not `stillMine`. Raises `STATE_CONFLICT`. */
export async function dropConsentProof(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecord(ports, proofKind, accountId, stillMine);
}

/** The proof that a verdict with every app granted amounts to. Pure. */
export function proofOf(verdict: ConsentVerdict, of: { readonly accountId: string; readonly epoch: number }): ConsentProof {
  const { tenantId, readAt, apps } = verdict;
  const directoryAt = apps.some((app) => app.evidence === 'token_roles') ? null : readAt;
  return { ...of, tenantId, provenAt: readAt, tokensAt: readAt, directoryAt, apps: apps.map(provenApp) };
}

function provenApp(app: AppVerdict): ConsentProof['apps'][number] {
  const granted = app.granted.map(({ resourceAppId, type, id, name }) => ({ resourceAppId, type, id, name }));
  return { key: app.key, appId: app.appId, servicePrincipalId: app.servicePrincipalId, granted };
}
