/**
 * Customer accounts: the partner's own name for a customer, and what the operator expects. Nothing here is evidence:
 * the expected tenant is an expectation, the access level and the owned tenant live in authenticated records of
 * their own.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { parseTenantName } from '../internal/tenant-name';
import type { AuditSink, Clock } from '../ports';
import { changeRecord, claimRecord, findRecord, listRecords, type RecordKind, type RecordPorts } from '../records';

/** Control characters and direction overrides would let a name rewrite the page or the terminal line that shows it. */
const MISLEADING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
export const ACCOUNT_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const removalSchema = z.object({
  /** Names the removal in the audit. */
  id: z.string(),
  startedAt: z.number(),
  startedBy: z.string(),
  /** The tenant that was proven until then: what is granted there stays. */
  tenantId: z.string().nullable(),
});

/** A removal that has begun: from then on the account can only be removed further. */
export type Removal = z.infer<typeof removalSchema>;

const accountSchema = z.object({
  id: z.string().regex(ACCOUNT_ID_PATTERN),
  name: z.string().min(1).max(120),
  expectedTenant: z.string().nullable(),
  labels: z.array(z.string()),
  createdAt: z.number(),
  createdBy: z.string(),
  removal: removalSchema.nullable().default(null),
});

export type CustomerAccount = z.infer<typeof accountSchema>;
export type AccountId = CustomerAccount['id'];

export const accountKind: RecordKind<CustomerAccount> = { kind: 'accounts/account', schemaVersion: 1, schema: accountSchema };

export interface NewAccount {
  readonly id: string;
  readonly name: string;
  /** Tenant id or domain the operator expects; absent when any tenant may answer the invitation. */
  readonly expectedTenant?: string | undefined;
  readonly labels?: readonly string[];
}

/**
 * Add a customer account. Raises `INPUT_INVALID`, `TENANT_INVALID`, `ACCOUNT_EXISTS`, `ACCOUNT_REMOVING`,
 * `AUDIT_UNAVAILABLE`.
 */
export async function addAccount(
  ports: RecordPorts & { readonly clock: Clock; readonly audit: AuditSink },
  input: NewAccount,
  actor: string,
): Promise<CustomerAccount> {
  const account = buildAccount(input, actor, ports.clock.now());
  if (!(await claimRecord(ports, accountKind, account.id, account))) {
    const present = await findAccount(ports, account.id);
    if ((present?.removal ?? null) !== null) throw accountRemoving(account.id);
    throw new OnboardingError('ACCOUNT_EXISTS', `The account ${account.id} exists already.`, { details: { accountId: account.id } });
  }
  await ports.audit.append({ id: `accounts.added:${account.id}:${account.createdAt}`, action: 'accounts.added', phase: 'note', actor, accountId: account.id });
  return account;
}

export async function findAccount(ports: RecordPorts, accountId: string): Promise<CustomerAccount | undefined> {
  return ACCOUNT_ID_PATTERN.test(accountId) ? (await findRecord(ports, accountKind, accountId))?.value : undefined;
}

/** An account that can be worked with. Raises `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`. */
export async function requireAccount(ports: RecordPorts, accountId: string): Promise<CustomerAccount> {
  const account = await findAccount(ports, accountId);
  if (account === undefined) throw accountNotFound(accountId);
  if (account.removal !== null) throw accountRemoving(accountId);
  return account;
}

/** The account as it was when a longer step began. Raises `ACCOUNT_NOT_FOUND` also when its id belongs to another one by now. */
export async function requireSameAccount(ports: RecordPorts, before: CustomerAccount): Promise<CustomerAccount> {
  const account = await requireAccount(ports, before.id);
  if (account.createdAt !== before.createdAt) throw accountNotFound(before.id);
  return account;
}

export async function listAccounts(ports: RecordPorts): Promise<CustomerAccount[]> {
  const accounts: CustomerAccount[] = [];
  for await (const row of listRecords(ports, accountKind)) accounts.push(row.value);
  return accounts;
}

/** Change what the operator expects. Raises `TENANT_INVALID`, `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`. */
export async function setExpectedTenant(ports: RecordPorts, accountId: string, tenant: string): Promise<CustomerAccount> {
  const expectedTenant = checkedTenant(tenant);
  await requireAccount(ports, accountId);
  const changed = await changeRecord(ports, accountKind, accountId, (current) => {
    if (current.removal !== null) throw accountRemoving(accountId);
    return { ...current, expectedTenant };
  });
  if (changed === undefined) throw accountNotFound(accountId);
  return changed;
}

export function accountNotFound(accountId: string): OnboardingError {
  return new OnboardingError('ACCOUNT_NOT_FOUND', `There is no customer account "${accountId.slice(0, 64)}".`);
}

function accountRemoving(accountId: string): OnboardingError {
  return new OnboardingError('ACCOUNT_REMOVING', `The customer account ${accountId} is being removed.`, { details: { accountId } });
}

function buildAccount(input: NewAccount, actor: string, now: number): CustomerAccount {
  if (!ACCOUNT_ID_PATTERN.test(input.id)) {
    throw new OnboardingError('INPUT_INVALID', 'An account id is 1 to 64 letters, digits, dots, dashes or underscores.', { details: { field: 'id' } });
  }
  const name = input.name.trim();
  if (name.length === 0 || name.length > 120 || MISLEADING.test(name)) {
    throw new OnboardingError('INPUT_INVALID', 'An account name has 1 to 120 visible characters.', { details: { field: 'name' } });
  }
  return { id: input.id, name, expectedTenant: input.expectedTenant === undefined ? null : checkedTenant(input.expectedTenant), labels: [...(input.labels ?? [])], createdAt: now, createdBy: actor, removal: null };
}

function checkedTenant(input: string): string {
  const tenant = parseTenantName(input);
  if (tenant === undefined) {
    throw new OnboardingError('TENANT_INVALID', 'The expected tenant must be a tenant id or a domain of the customer.', { details: { field: 'expectedTenant' } });
  }
  return tenant.value;
}
