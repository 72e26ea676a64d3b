/**
 * Which tenant belongs to which account. Both sides are recorded and both must agree, so that neither a half-finished
 * claim nor a record brought back from a backup makes somebody the owner. All records are authenticated.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { Ports } from '../ports';
import { dropRecord, findRecord, type RecordKind, type RecordPorts, type StillMine } from '../records';
import { claimKind, findHolder, isSettledFor } from './claims';
import type { OwnershipEvidence } from './model';

/** `sso/tenant-claim/<tenantId>`: the account that owns the tenant. */
export const tenantClaimKind = claimKind('sso/tenant-claim');

/** Who signed in for which account, and what the directory said: the same while the page is open and ever after. */
export const signedInFields = {
  id: z.string(),
  accountId: z.string(),
  tenantId: z.string(),
  objectId: z.string(),
  upn: z.string(),
  displayName: z.string(),
  roles: z.array(z.string()),
  authenticatedAt: z.number(),
  signedInAt: z.number(),
};

const evidenceSchema: z.ZodType<OwnershipEvidence> = z.strictObject({
  ...signedInFields,
  confirmedAt: z.number(),
  accessLevel: z.enum(['full', 'restricted', 'none']).nullable(),
});

const accountTenantSchema = z.strictObject({ state: z.enum(['held', 'released']), evidence: evidenceSchema });

export type AccountTenant = z.infer<typeof accountTenantSchema>;

/** `sso/account-tenant/<accountId>`: the tenant of the account, with the evidence. */
export const accountTenantKind: RecordKind<AccountTenant> = { kind: 'sso/account-tenant', schemaVersion: 1, schema: accountTenantSchema, authenticated: true };

/** The evidence that the account owns a tenant, or undefined. Raises `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`. */
export async function findOwnership(ports: RecordPorts, accountId: string): Promise<OwnershipEvidence | undefined> {
  const found = (await findRecord(ports, accountTenantKind, accountId))?.value;
  if (found?.state !== 'held') return undefined;
  return (await isSettledFor(ports, tenantClaimKind, found.evidence.tenantId, accountId)) ? found.evidence : undefined;
}

/**
 * For the end of an account. False when it is not `stillMine`, and while a tenant is held: release it first.
 * Raises `STATE_CONFLICT`, `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`.
 */
export async function dropOwnership(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecord(ports, accountTenantKind, accountId, stillMine, ({ state }) => state === 'released');
}

/** Raises `SSO_OWNERSHIP_UNPROVEN`, and like {@link findOwnership}. */
export async function requireOwnership(ports: RecordPorts, accountId: string): Promise<OwnershipEvidence> {
  const evidence = await findOwnership(ports, accountId);
  if (evidence !== undefined) return evidence;
  throw new OnboardingError('SSO_OWNERSHIP_UNPROVEN', 'No admin of the tenant has yet confirmed that it belongs to this account.', { details: { accountId } });
}

/**
 * The account's own side, and whether the tenant is held for it, settled or about to be. A record whose tenant is not
 * (its process died, and the claim ran out or went to somebody else) is abandoned and binds nobody.
 */
export async function findOwnSide(ports: RecordPorts & Pick<Ports, 'clock'>, accountId: string): Promise<{ readonly evidence: OwnershipEvidence; readonly isAbandoned: boolean } | undefined> {
  const found = (await findRecord(ports, accountTenantKind, accountId))?.value;
  if (found?.state !== 'held') return undefined;
  return { evidence: found.evidence, isAbandoned: (await findHolder(ports, tenantClaimKind, found.evidence.tenantId)) !== accountId };
}

/**
 * Would tenant and account be free for each other? Only a look: the claims decide.
 * Raises `SSO_TENANT_CLAIMED`, `SSO_ACCOUNT_CLAIMED`.
 */
export async function requireUnclaimed(ports: RecordPorts & Pick<Ports, 'clock'>, accountId: string, tenantId: string): Promise<void> {
  const own = await findOwnSide(ports, accountId);
  if (own !== undefined && !own.isAbandoned && own.evidence.tenantId !== tenantId) throw accountClaimed(accountId);
  const holder = await findHolder(ports, tenantClaimKind, tenantId);
  if (holder !== undefined && holder !== accountId) throw tenantClaimed(tenantId);
}

/** Says nothing about whose it is: the reader may be a stranger to that account. */
export function tenantClaimed(tenantId: string): OnboardingError {
  return new OnboardingError('SSO_TENANT_CLAIMED', 'The tenant already belongs to another customer account.', { details: { tenantId } });
}

export function accountClaimed(accountId: string): OnboardingError {
  return new OnboardingError('SSO_ACCOUNT_CLAIMED', 'The account already belongs to another tenant.', { details: { accountId } });
}
