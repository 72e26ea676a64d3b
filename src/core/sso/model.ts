/**
 * The forms the room hands out and takes in. A person is always (tenant id, object id); names are snapshots for
 * reading only. Instants are milliseconds, ids lower-case GUIDs.
 */
import type { OnboardingError } from '../errors';
import type { Ports } from '../ports';

/** What a sign-in is for. It is stored with the state, so that an answer cannot be used for something else. */
export type SignInPurpose = 'ownership';

export type ResponseMode = 'form_post' | 'query';

export interface StartSignInInput {
  readonly accountId: string;
  readonly purpose: SignInPurpose;
  /** The tenant the person must sign in to: GUID. It is the authority, so Microsoft asks for this tenant's accounts. */
  readonly tenantId: string;
  readonly appId: string;
  readonly appKey: string;
  /** Origin of the sign-in service, for example `https://login.microsoftonline.com`. */
  readonly authorityHost: string;
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  /** SHA-256, base64url, of the secret in the browser's cookie. */
  readonly browserHash: string;
  /** 1 to 3600. */
  readonly ttlSeconds: number;
}

export interface StartedSignIn {
  readonly authorizationUrl: string;
  readonly expiresAt: number;
}

/** The parameters of the request that arrived, undecided: `new URLSearchParams(text)` fits. Duplicates are kept. */
export type CallbackParameters = Iterable<readonly [name: string, value: string]>;

export interface FinishSignInInput {
  readonly params: CallbackParameters;
  /** Value of the browser's cookie; undefined when it sent none. */
  readonly browserSecret: string | undefined;
  /** How the answer arrived, when the host knows; it must be the way that was asked for. */
  readonly arrivedBy?: ResponseMode;
  readonly signal?: AbortSignal;
}

/** Who signed in, from a verified ID token. `name` and `preferredUsername` are display only and never decide anything. */
export interface SignInIdentity {
  readonly tenantId: string;
  readonly objectId: string;
  readonly name: string | null;
  readonly preferredUsername: string | null;
  /** `auth_time` when Entra sends it, else `iat`. */
  readonly authenticatedAt: number;
}

export interface SignedIn {
  readonly outcome: 'signed_in';
  readonly identity: SignInIdentity;
  readonly accountId: string;
  readonly purpose: SignInPurpose;
  readonly appKey: string;
  readonly browserHash: string;
  readonly signedInAt: number;
}

export interface SignInRefused {
  readonly outcome: 'refused';
  /** Not thrown: a refusal is an answer. `toPublicError(error)` is all a stranger sees. */
  readonly error: OnboardingError;
  /** Known once the state was recognised and the browser matched. */
  readonly accountId?: string;
}

/**
 * What the directory says about a person, as `admins` reads it (`AdminStanding` fits). Taken as a value, because
 * rooms do not call each other.
 */
export interface StandingEvidence {
  readonly outcome: 'qualifies' | 'does_not' | 'unknown';
  readonly person?: {
    readonly objectId: string;
    readonly upn: string;
    readonly displayName: string;
    readonly accountEnabled: boolean;
    readonly userType: 'member' | 'guest';
    /** Sessions from before this are void; null when the directory did not say. */
    readonly sessionsValidFromAt?: number | null;
  };
  readonly roles: readonly { readonly roleTemplateId: string; readonly role: string; readonly via: 'direct' | 'group' }[];
  readonly reasons: readonly string[];
}

export type AccessLevel = 'full' | 'restricted' | 'none';

export interface OpenOwnershipInput {
  readonly signIn: SignedIn;
  /** Read for exactly the signed-in person, with the ownership roles (Global or Privileged Role Administrator). */
  readonly standing: StandingEvidence;
  /** The tenant the consent grants prove. */
  readonly provenTenantId: string;
  /** The partner's own tenant, which can never be a customer. */
  readonly homeTenantId: string;
}

/** What the confirmation page needs. The page shows the account's and the partner's names and posts `csrf` back. */
export interface PendingOwnership {
  readonly accountId: string;
  readonly tenantId: string;
  readonly objectId: string;
  readonly upn: string;
  readonly displayName: string;
  readonly csrf: string;
  readonly expiresAt: number;
  /** True once this page was confirmed. */
  readonly confirmed: boolean;
}

export interface ConfirmOwnershipInput {
  readonly accountId: string;
  readonly browserSecret: string | undefined;
  readonly csrf: string | undefined;
  /** The level the admin chose on the page; recorded as evidence, applied by whoever keeps the account. */
  readonly accessLevel?: AccessLevel;
}

/** Proof that an admin of the tenant said it belongs to the account. */
export interface OwnershipEvidence {
  readonly id: string;
  readonly accountId: string;
  readonly tenantId: string;
  readonly objectId: string;
  readonly upn: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly authenticatedAt: number;
  readonly signedInAt: number;
  readonly confirmedAt: number;
  readonly accessLevel: AccessLevel | null;
}

export type BindingState = 'validating' | 'active' | 'stale';

export type BindingReason =
  | 'replicating'
  | 'standing_unknown'
  | 'consent_unknown'
  | 'consent_missing'
  | 'not_found'
  | 'disabled'
  | 'guest'
  | 'role_missing'
  | 'role_scoped_only'
  | 'role_eligible_only'
  | 'sessions_revoked'
  | 'other_person'
  | 'deadline_passed'
  | 'evidence_expired'
  | 'claimed_elsewhere';

/** Who was bound before, newest first. */
export interface PastBinding {
  readonly userObjectId: string;
  readonly upn: string;
  readonly boundAt: number;
  readonly endedAt: number;
  readonly endedBy: string;
  readonly endedBecause: 'rebound' | 'unbound';
}

/** Who could take the place of an admin who does not qualify any more. A proposal: somebody has to bind them. */
export interface ProposedSuccessor {
  readonly objectId: string;
  readonly upn: string;
  readonly displayName: string;
  /** Why this one: the reasons of the rank. */
  readonly reasons: readonly string[];
  readonly proposedAt: number;
}

export interface SsoBinding {
  readonly accountId: string;
  readonly tenantId: string;
  readonly userObjectId: string;
  readonly state: BindingState;
  /** Last good read that completed or renewed the proof; null before the first. */
  readonly validatedAt: number | null;
  readonly reasons: readonly BindingReason[];
  /** Snapshot, updated at every good read. */
  readonly upn: string;
  readonly displayName: string;
  readonly boundAt: number;
  readonly boundBy: string;
  /** Until when `validating` may last. */
  readonly deadlineAt: number;
  /** Instants of the good reads that count so far. */
  readonly goodReads: readonly number[];
  /** Counts bindings of this account, from 1. */
  readonly sequence: number;
  readonly history: readonly PastBinding[];
  /** Present while the binding is stale and the directory had somebody to offer. */
  readonly successor: ProposedSuccessor | null;
}

export interface BindAdminInput {
  readonly accountId: string;
  readonly tenantId: string;
  readonly candidate: { readonly objectId: string; readonly upn: string; readonly displayName: string };
  /** For the audit: an operator id or `system`. */
  readonly actor: string;
  /** How long validation may take. Default 3600. */
  readonly deadlineSeconds?: number;
}

export interface UnbindAdminInput {
  readonly accountId: string;
  readonly actor: string;
  readonly reason?: string;
}

export type ConsentVerdict = 'granted' | 'missing' | 'unknown';

export interface ValidationPolicy {
  /** Good reads in a row; default 2. */
  readonly readsNeeded: number;
  /** Least time from the first to the last of them; default 60. */
  readonly spreadSeconds: number;
  /** How long a validation may take once (re)started; default 3600. */
  readonly deadlineSeconds: number;
  /** When an active binding is looked at again; default 86400. */
  readonly recheckSeconds: number;
  /** How long an active binding lives on without a good read; default 86400. */
  readonly maxEvidenceAgeSeconds: number;
}

export interface BindingJudgement {
  readonly state: BindingState;
  readonly reasons: readonly BindingReason[];
  readonly goodReads: readonly number[];
  readonly validatedAt: number | null;
  readonly deadlineAt: number;
  readonly upn: string;
  readonly displayName: string;
  /** When to read again. */
  readonly nextCheckAt: number;
}

export interface ApplyValidationInput {
  readonly accountId: string;
  /** Read freshly for the bound person. */
  readonly standing: StandingEvidence;
  readonly consentVerdict: ConsentVerdict;
  readonly policy?: Partial<ValidationPolicy>;
}

export interface AppliedValidation {
  readonly binding: SsoBinding;
  readonly nextCheckAt: number;
}

export type SignInPorts = Pick<Ports, 'store' | 'sealer' | 'clock'>;
