/**
 * What is known about one backup service in a customer's tenant: what was granted, what is licensed, what the service
 * itself answered, and what that amounts to. `ready` is never said without all three.
 */
import type { ErrorCode, ErrorOwner } from '../../error-catalog';
import type { PartnerApp } from '../apps/apps';
import type { BackupService } from '../apps/templates';

/** From best to worst. `pending`: only time is missing; `unknown`: the evidence is incomplete, which is never green. */
export const SERVICE_STATES = ['ready', 'pending', 'unknown', 'probe_failed', 'permission_missing', 'not_licensed'] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

/** What one app was granted, as a proof or a fresh verdict lists it. */
export interface GrantedApp {
  readonly key: string;
  /** Null when the directory was not asked. */
  readonly servicePrincipalId: string | null;
  readonly granted: readonly GrantedPermission[];
  /** Of which could not be read whether they are granted; absent: of none. */
  readonly unread?: readonly GrantedPermission[] | undefined;
}

export interface GrantedPermission {
  readonly resourceAppId: string;
  readonly type: 'application' | 'delegated';
  readonly id: string | null;
  readonly name: string;
}

export interface ServicesInput {
  readonly tenantId: string;
  readonly apps: readonly PartnerApp[];
  readonly grants: readonly GrantedApp[];
  /** The app whose token reads the directory. */
  readonly readerKey: string;
  readonly signal?: AbortSignal | undefined;
}

/** The cheap read that shows a service at work. */
export type ProbeKind = 'inbox' | 'mailbox_settings' | 'drive' | 'root_site' | 'team' | 'groups' | 'people';

export interface ServicePlan {
  readonly service: BackupService;
  /** The app and the permission the probe is made with; null when none was granted that could show anything. */
  readonly grant: { readonly appKey: string; readonly permission: string; readonly probe: ProbeKind } | null;
  /** Declared for this service, and not granted. */
  readonly missing: readonly { readonly appKey: string; readonly permission: string }[];
  /** Declared for this service, where nobody could read whether it is granted. */
  readonly unread: readonly string[];
  /** Granted for this service, where no read of Graph's shows whether it works. */
  readonly unprovable: readonly string[];
}

/** One answer of Graph's; status 0 when none could be had, with our own code for why. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** Graph's error code, or ours for status 0; null for a success. */
  readonly code: string | null;
  readonly requestId: string | null;
}

export interface ServicesEvidence {
  readonly tenantId: string;
  readonly readAt: number;
  readonly organization: Reply | undefined;
  readonly skus: Reply | undefined;
  readonly people: Reply | undefined;
  /** Groups that say they are teams. */
  readonly teams: Reply | undefined;
  /** Directory roles of each app that holds Exchange.ManageAsApp, by its key. */
  readonly exchangeRoles: ReadonlyMap<string, Reply>;
  readonly probes: ReadonlyMap<BackupService, readonly Reply[]>;
}

/** `unrecognised`: a plan by the service's name whose id this version does not know. */
export type LicenceStatus = 'not_needed' | 'licensed' | 'being_set_up' | 'set_up_failed' | 'none' | 'unrecognised' | 'unread';

export interface LicenceFinding {
  readonly status: LicenceStatus;
  /** Names of the plans this rests on. */
  readonly plans: readonly string[];
}

export interface ServiceNote {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The form programs read. */
export interface ServiceReport {
  readonly service: BackupService;
  readonly state: ServiceState;
  /** Null only when ready. */
  readonly code: ErrorCode | null;
  /** One sentence: what was found. */
  readonly message: string;
  readonly owner: ErrorOwner | null;
  readonly remedy: string | null;
  /** When only time is missing: look again then. */
  readonly nextCheckAt: number | null;
  readonly evidence: {
    readonly grant: { readonly appKey: string; readonly permission: string } | null;
    readonly missing: ServicePlan['missing'];
    readonly licence: LicenceFinding;
    readonly probe: ProbeKind | null;
    readonly answers: readonly { readonly status: number; readonly code: string | null; readonly requestId: string | null }[];
    /** As the root site names it; null unless it answered. */
    readonly sharePointHost: string | null;
  };
  /** True beside any state, and worth knowing. */
  readonly notes: readonly ServiceNote[];
}
