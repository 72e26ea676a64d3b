/**
 * What a seed declares: tenants with their people, groups and apps, in words rather than GUIDs. Ids are derived
 * from the names, so editing one person moves nobody else's id. The JSON form is documented in docs/sandbox.md.
 */
import type { GraphVariants } from './graph/variants';
import type { ReplicationLag } from './world';
import type { CloudName } from './cloud-hosts';
import type { ResourceKey } from './resources';
import type { StsVariants } from './sts/variants';

/** What the decline of a consent looks like at the redirect URI; three sources say three things. */
export type DeclineVariant = 'v2-documented' | 'v1-documented' | 'reported';

export const DECLINE_VARIANTS: readonly DeclineVariant[] = ['v2-documented', 'v1-documented', 'reported'];

export interface Seed {
  /** Decides every id. */
  readonly seed: string;
  /** Key of the tenant that owns the app registrations. */
  readonly homeTenant: string;
  /** Whose addresses, issuers and domains everything has; the global one unless given. */
  readonly cloud?: CloudName | undefined;
  readonly tenants: readonly TenantSeed[];
  /** Customers by number, made when they are first used. */
  readonly generatedTenants?: GeneratedTenantsSeed | undefined;
  readonly apps: readonly AppSeed[];
  /** Added to every app's own. */
  readonly redirectUris: readonly string[];
  readonly replicationLagMs: ReplicationLag;
  /** Absent: v1 and v2 endpoints each answer as their own page documents. */
  readonly declineVariant?: DeclineVariant | undefined;
  /** Which sides of contradictions to play; what is not named keeps its default. */
  readonly variants?: VariantChoice | undefined;
  /** Refusals in force from the start. */
  readonly provoke?: readonly ProvocationSeed[] | undefined;
}

export interface VariantChoice {
  readonly graph?: Partial<GraphVariants> | undefined;
  readonly sts?: Partial<StsVariants> | undefined;
}

/** A refusal asked for; docs/sandbox.md lists the numbers. */
export interface ProvocationSeed {
  readonly code: number;
  /** Key of a tenant. */
  readonly tenant?: string | undefined;
  /** Key of an app. */
  readonly app?: string | undefined;
  /** The name the person signs in with. */
  readonly person?: string | undefined;
  /** For a number that shows at more than one step; absent: where it is listed first. */
  readonly at?: 'sign-in' | 'consent' | 'token' | undefined;
  readonly times?: number | undefined;
}

/** A seed as a file gives it: everything optional, laid over the built-in seed unless it `extends` nothing. */
export type SeedFile = Partial<Seed> & { readonly extends?: 'default' | 'nothing' | undefined };

export interface TenantSeed {
  readonly key: string;
  readonly name: string;
  /** The default verified domain. */
  readonly domain: string;
  /** First label of the initial `.onmicrosoft.com` domain and of the SharePoint host. */
  readonly prefix: string;
  readonly country: string;
  readonly licences: readonly LicenceName[];
  /** Of these, the ones Microsoft is still setting up. */
  readonly pendingLicences?: readonly LicenceName[] | undefined;
  /** Of everybody with a licence for one: absent: there. */
  readonly mailboxes?: MailboxState | undefined;
  /** Microsoft resources that have a service principal here; absent: all three. */
  readonly resources?: readonly ResourceKey[] | undefined;
  readonly people: readonly PersonSeed[];
  readonly consent?: ConsentPolicySeed | undefined;
  /** A tenant in another cloud than the sandbox is: known by its documents, and refused. */
  readonly cloud?: CloudName | undefined;
  readonly groups?: readonly GroupSeed[] | undefined;
  readonly servicePrincipals?: readonly ServicePrincipalSeed[] | undefined;
  /** Roles that are still assigned to somebody who is gone. */
  readonly orphanedRoles?: readonly string[] | undefined;
  /** Longest lifetime of certificates registered on this tenant's apps, in days; absent: no policy. */
  readonly maxKeyLifetimeDays?: number | undefined;
}

export interface GeneratedTenantsSeed {
  readonly count: number;
  /** Begins keys and domains: `customer` unless given. */
  readonly prefix?: string | undefined;
  /** In each tenant: the first is a Global Administrator, the second an Exchange Administrator. 5 unless given. */
  readonly people?: number | undefined;
  readonly licences?: readonly LicenceName[] | undefined;
  /** Of all of them; absent: a random one per start. */
  readonly password?: string | undefined;
}

export interface ConsentPolicySeed {
  /** What people may consent to by themselves when no administrator is needed; absent: everything. */
  readonly users?: 'everything' | 'verified-publishers' | 'nothing' | undefined;
  /** People who may not consent can ask an administrator from the page. */
  readonly requests?: boolean | undefined;
}

/** `pending`: being made; `refused`: there, but Exchange's own policy keeps apps out. */
export type MailboxState = 'there' | 'pending' | 'refused';
export const MAILBOX_STATES: readonly MailboxState[] = ['there', 'pending', 'refused'];

/** `never-made`: the person has not opened OneDrive yet; `locked`: archived or frozen. */
export type DriveState = 'there' | 'never-made' | 'locked';
export const DRIVE_STATES: readonly DriveState[] = ['there', 'never-made', 'locked'];

/** `pending`: the group says that it is a team, and Teams does not know it yet. */
export type TeamState = 'there' | 'pending';
export const TEAM_STATES: readonly TeamState[] = ['there', 'pending'];

export type LicenceName =
  | 'AAD_PREMIUM'
  | 'AAD_PREMIUM_P2'
  | 'EXCHANGE_S_STANDARD'
  | 'EXCHANGE_S_ENTERPRISE'
  | 'EXCHANGE_S_FOUNDATION'
  | 'SHAREPOINTSTANDARD'
  | 'SHAREPOINTENTERPRISE'
  | 'SHAREPOINTWAC'
  | 'TEAMS1';

export const LICENCE_PLAN_IDS: Readonly<Record<LicenceName, string>> = {
  AAD_PREMIUM: '41781fb2-bc02-4b7c-bd55-b576c07bb09d',
  AAD_PREMIUM_P2: 'eec0eb4f-6444-4f95-aba0-50c24d67f998',
  EXCHANGE_S_STANDARD: '9aaf7827-d63c-4b61-89c3-182f06f82e5c',
  EXCHANGE_S_ENTERPRISE: 'efb87545-963c-4e0d-99df-69c6916d9eb0',
  EXCHANGE_S_FOUNDATION: '113feb6c-3fe4-4440-bddc-54d774bf0318',
  SHAREPOINTSTANDARD: 'c7699d2e-19aa-44de-8edf-1736da088ca1',
  SHAREPOINTENTERPRISE: '5dbe027f-2339-4123-9542-606e4d348a72',
  SHAREPOINTWAC: 'e95bec33-7c88-4a70-8e19-b10bd9d0c014',
  TEAMS1: '57ff2da0-773e-42df-b2af-ffb7a2317929',
};

/** Plans with a mailbox, and plans with sites and drives; EXCHANGE_S_FOUNDATION and SHAREPOINTWAC have neither. */
export const MAILBOX_LICENCES: readonly LicenceName[] = ['EXCHANGE_S_STANDARD', 'EXCHANGE_S_ENTERPRISE'];
export const SITE_LICENCES: readonly LicenceName[] = ['SHAREPOINTSTANDARD', 'SHAREPOINTENTERPRISE'];

export interface PersonSeed {
  /** Local part of the user principal name, and the person's key in the tenant. */
  readonly alias: string;
  readonly name: string;
  /** Active directory roles; a role with a unit is held in that administrative unit only. */
  readonly roles?: readonly RoleSeed[] | undefined;
  /** Roles the person may activate but does not hold. */
  readonly eligibleRoles?: readonly string[] | undefined;
  readonly enabled?: boolean | undefined;
  /** Synchronised from on-premises. */
  readonly synced?: boolean | undefined;
  /** On the initial `.onmicrosoft.com` domain and without a mailbox, as break-glass accounts are. */
  readonly cloudOnly?: boolean | undefined;
  /** When the person signed in last, ISO 8601; absent: never. */
  readonly lastSignIn?: string | undefined;
  /** `tenantKey/alias` of the same human at home: this row is a guest. */
  readonly guestFrom?: string | undefined;
  /** Absent: the tenant's, for members with a mailbox. */
  readonly licences?: readonly LicenceName[] | undefined;
  /** Absent: the tenant's `mailboxes`. */
  readonly mailbox?: MailboxState | undefined;
  /** Absent: there. */
  readonly drive?: DriveState | undefined;
  /** Absent: a random one per start. */
  readonly password?: string | undefined;
}

export type RoleSeed = string | { readonly role: string; readonly unit: string };

export interface GroupSeed {
  readonly name: string;
  readonly roleAssignable?: boolean | undefined;
  /** A Microsoft 365 group with a team. */
  readonly team?: TeamState | undefined;
  readonly members: readonly string[];
  /** People who may activate a membership (privileged identity management for groups). */
  readonly eligibleMembers?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
}

export interface ServicePrincipalSeed {
  readonly name: string;
  readonly roles?: readonly string[] | undefined;
}

export interface AppSeed {
  readonly key: string;
  readonly name: string;
  readonly round: number;
  readonly multiTenant?: boolean | undefined;
  readonly permissions: readonly AppPermissionSeed[];
  /** Backup services the app enables, passed through to the product's configuration. */
  readonly services?: readonly string[] | undefined;
  readonly redirectUris?: readonly string[] | undefined;
  /** Application permissions of Microsoft Graph held in the home tenant from the start. */
  readonly homeRoles?: readonly string[] | undefined;
  /** Absent: a random one per start. */
  readonly clientSecret?: string | undefined;
  /** Besides the one above, each in its own time. */
  readonly secrets?: readonly SecretSeed[] | undefined;
  readonly certificates?: readonly CertificateSeed[] | undefined;
  readonly publisher?: PublisherSeed | undefined;
  /** Considered risky: people are sent to an administrator. */
  readonly risky?: boolean | undefined;
}

/** Instants are ISO 8601; absent ones as far as it goes. */
export interface SecretSeed {
  readonly value: string;
  readonly name?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** A public certificate; its own validity where no instant is given. */
export interface CertificateSeed {
  readonly pem: string;
  readonly name?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

export interface PublisherSeed {
  readonly name: string;
  readonly verified?: boolean | undefined;
}

export interface AppPermissionSeed {
  readonly resource: ResourceKey;
  readonly type: 'Role' | 'Scope';
  readonly name: string;
  /** Shown to the customer's admin by the product; the sandbox only carries it. */
  readonly reason: string;
}
