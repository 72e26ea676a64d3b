/** The form of a judgement of consent: per app, and of all together. What programs, pages and workflows read. */
import type { PermissionFinding } from './judge-permissions';

export type { PermissionFinding } from './judge-permissions';

/**
 * `pending` is given by whoever knows that grants may be on their way; `revoked` is what was proven and is gone altogether,
 * `partial` also what lost a part of it.
 */
export type AppConsentState = 'not_granted' | 'pending' | 'granted' | 'partial' | 'disabled' | 'revoked' | 'unknown';

/** What the answer rests on: fresh tokens and the directory, the directory in a routine look, or tokens alone where nothing may be read. */
export type EvidenceKind = 'tokens_and_directory' | 'directory_agrees' | 'token_roles';

export interface Because {
  readonly code: string;
  readonly serviceCode: string | null;
}

export interface AppVerdict {
  readonly key: string;
  readonly appId: string;
  readonly state: AppConsentState;
  /** Null when the state is `unknown`. */
  readonly evidence: EvidenceKind | null;
  /** Object id of the app's service principal in the tenant; null when it has none, or when it was not read. */
  readonly servicePrincipalId: string | null;
  readonly granted: readonly PermissionFinding[];
  readonly missing: readonly PermissionFinding[];
  /** Of the missing: those that were proven before. */
  readonly removed: readonly PermissionFinding[];
  /** Of the missing: those the declaration asks for since the account was last proven. */
  readonly added: readonly PermissionFinding[];
  /** Neither granted nor missing could be said. */
  readonly unproven: readonly PermissionFinding[];
  readonly surplus: readonly PermissionFinding[];
  /** Why the state is not `granted`, where there is more to say than what is missing: our code and Microsoft's. */
  readonly because: Because | null;
  /** Worth knowing, and no hindrance. */
  readonly notes: readonly Because[];
}

export interface ConsentVerdict {
  readonly tenantId: string;
  readonly readAt: number;
  readonly verdict: 'granted' | 'missing' | 'unknown';
  readonly apps: readonly AppVerdict[];
}
