/**
 * The forms the room hands out. Field names of candidates are a contract (docs: `admins list --json`); more fields
 * may be added. Instants are milliseconds, ids lower-case GUIDs, missing values null where JSON shows them.
 */
import type { AdminPolicy } from './roles';

/** One way in which a person holds a role. */
export interface AdminRoute {
  readonly roleTemplateId: string;
  readonly role: string;
  readonly via: 'direct' | 'group';
  readonly groupId: string | null;
  readonly groupName: string | null;
  /** `eligible`: must activate the role first (Privileged Identity Management). */
  readonly state: 'active' | 'eligible';
  /** `/` is the whole tenant; anything else is one administrative unit or object. */
  readonly scope: string;
}

export interface AdminCandidate {
  readonly objectId: string;
  readonly upn: string;
  readonly displayName: string;
  /** 1 is the first choice. */
  readonly rank: number;
  /** Sentences: why this rank. */
  readonly reasons: readonly string[];
  readonly routes: readonly AdminRoute[];
}

export const EXCLUSION_CODES = ['disabled', 'guest', 'unit_scoped', 'service_principal', 'deleted', 'eligible_only', 'unreadable', 'policy_not_met', 'synced_account', 'break_glass', 'no_mailbox'] as const;
export type ExclusionCode = (typeof EXCLUSION_CODES)[number];

export interface Exclusion {
  readonly code: ExclusionCode;
  readonly message: string;
}

/** Somebody (or something) that holds a role in a way that cannot be used. */
export interface ExcludedCandidate {
  readonly objectId: string;
  /** Null for a service principal, and for whoever could not be read. */
  readonly upn: string | null;
  readonly displayName: string | null;
  readonly rank: null;
  readonly reasons: readonly string[];
  readonly routes: readonly AdminRoute[];
  readonly excludedBecause: readonly Exclusion[];
}

/** Whether people who are only eligible could be listed. Not being able to is a fact about licences, not an error. */
export type EligibilityReading = 'listed' | 'not_licensed' | 'not_permitted';

/** The same of what is only asked for where it is worth it; `unreadable`: refused or failed in some other way. */
export type OptionalReading = EligibilityReading | 'unreadable' | 'not_asked';

export interface AdminDiscovery {
  readonly candidates: readonly AdminCandidate[];
  readonly excluded: readonly ExcludedCandidate[];
  readonly eligibility: EligibilityReading;
  /** Whether eligible members of groups that hold a role could be listed. */
  readonly groupEligibility: OptionalReading;
  /** Whether the last sign-ins could be read; asked only where `recent_sign_in` counts. */
  readonly signIns: OptionalReading;
}

/** What can decide a rank, strongest first in {@link RankPreferences.order}. `cloud_only` and `synced` are each other's opposite. */
export const RANK_CRITERIA = ['cloud_only', 'synced', 'named', 'direct', 'global', 'breadth', 'recent_sign_in'] as const;
export type RankCriterion = (typeof RANK_CRITERIA)[number];

export interface RankPreferences {
  /** Criteria in the order of their weight; one that is left out does not count. */
  readonly order: readonly RankCriterion[];
}

/** Whom an installation does not want although their role would do. */
export interface AdminExclusions {
  /** Names (before the `@`, `*` for anything) of accounts kept for emergencies; a binding would use them up. */
  readonly breakGlass: readonly string[];
  /** Accounts that are managed in an on-premises directory. */
  readonly synced: boolean;
  /** Accounts without a mailbox, for portals that write to the admin. */
  readonly withoutMailbox: boolean;
}

export const DEFAULT_EXCLUSIONS: AdminExclusions = { breakGlass: ['breakglass*', 'break-glass*', 'break.glass*', 'emergency*'], synced: false, withoutMailbox: false };

export interface DiscoverAdminsInput {
  readonly tenantId: string;
  /** The app whose consent allows the reads. */
  readonly appKey: string;
  /** Default: one of Global, SharePoint, Exchange Administrator. */
  readonly policy?: AdminPolicy;
  readonly ranking?: RankPreferences;
  /** Default: accounts whose name says that they are kept for emergencies. */
  readonly exclude?: AdminExclusions;
  /** New token and new network socket. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

export type StandingReason =
  | 'not_found'
  | 'disabled'
  | 'guest'
  | 'role_missing'
  | 'role_scoped_only'
  | 'role_eligible_only'
  | 'unreadable';

export interface StandingPerson {
  readonly objectId: string;
  readonly upn: string;
  readonly displayName: string;
  readonly accountEnabled: boolean;
  readonly userType: 'member' | 'guest';
  /** Sessions from before this are void (a reset password, a revocation); null when not shown. */
  readonly sessionsValidFromAt: number | null;
}

/** What the directory says at this moment about one person. */
export interface AdminStanding {
  /** `unknown`: the directory's answer was refused or incomplete. It is never a yes, and not a no either. */
  readonly outcome: 'qualifies' | 'does_not' | 'unknown';
  readonly person?: StandingPerson;
  /** Active, tenant-wide routes to the roles asked for. */
  readonly roles: readonly AdminRoute[];
  /** Empty when the person qualifies. */
  readonly reasons: readonly StandingReason[];
  /** For `unknown`: Graph's code and request id of the read that failed, for support. */
  readonly serviceCode?: string;
  readonly correlationId?: string;
}

export interface ReadStandingInput {
  readonly tenantId: string;
  readonly appKey: string;
  readonly objectId: string;
  /** Roles of which any one (or, with `mode: 'allOf'`, every one) is needed. */
  readonly roleTemplateIds: readonly string[];
  readonly mode?: AdminPolicy['mode'];
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}
