/** What every part of the corridor works with: the installation's settings and the world. */
import type { AccessLevel } from '../accounts/access-level';
import type { JourneyState, Reason } from '../accounts/journey';
import type { AdminSettings } from '../admins/settings';
import type { PartnerApp } from '../consent/apps/apps';
import type { ResourceMemory } from '../consent/evidence/evidence-model';
import { OnboardingError } from '../errors';
import { reachesAsFarAs } from '../internal/claim-scope';
import type { Cloud, CloudEndpoints } from '../internal/clouds';
import type { ClaimScope, OperatorAction, Ports } from '../ports';

export interface OnboardingSettings {
  readonly partnerName: string;
  readonly homeTenantId: string;
  readonly endpoints: CloudEndpoints;
  /** Which cloud the endpoints are of; `global` when absent. */
  readonly cloud?: Cloud | undefined;
  readonly apps: readonly PartnerApp[];
  /** Origin under which our pages are reached, as registered in the apps' redirect addresses. */
  readonly publicBaseUrl: string;
  /** Where the admin's browser ends after a proven onboarding; our own closing page when absent. */
  readonly settingsUrl?: string | undefined;
  readonly adminChoice: 'manual' | 'first';
  readonly admins: AdminSettings;
  readonly signInResponseMode: 'form_post' | 'query';
  readonly portal?: { readonly audience: string; readonly deliverTo: string } | undefined;
  /** How many processes and hosts share this state; a store whose claims reach less far is refused. */
  readonly deployment: ClaimScope;
}

export interface OnboardingContext {
  readonly settings: OnboardingSettings;
  readonly ports: Ports;
  /** What the tenants' resources publish, remembered in this process; absent: read each time. */
  readonly resources?: ResourceMemory | undefined;
}

/** What an account looks like to programs (interfaces: `account`). */
export interface AccountView {
  readonly id: string;
  readonly name: string;
  readonly expectedTenant: string | null;
  readonly tenantId: string | null;
  readonly accessLevel: AccessLevel;
  readonly state: JourneyState;
  readonly labels: readonly string[];
  /** Present while it is being removed: nothing else can be done with it any more. */
  readonly removingAt?: number;
}

export type WaitingFor = 'consent' | 'replication' | 'admin_choice' | 'sign_in';

export interface JourneyReport {
  readonly accountId: string;
  readonly state: JourneyState;
  readonly since: number;
  readonly waitingFor: WaitingFor | null;
  readonly nextCheckAt: number | null;
  readonly reasons: readonly Reason[];
}

/** Raises `STATE_SCOPE_TOO_SMALL`. */
export function requireReach(actual: ClaimScope, needed: ClaimScope): void {
  if (!reachesAsFarAs(actual, needed)) {
    throw new OnboardingError('STATE_SCOPE_TOO_SMALL', `This deployment needs claims that reach as far as "${needed}"; the state store's reach only "${actual}".`, { details: { needed, actual } });
  }
}

/** Raises `OPERATOR_NOT_ALLOWED`. Default is no. */
export async function requireOperator(context: OnboardingContext, operatorId: string, action: OperatorAction, accountId: string | undefined): Promise<void> {
  if (!(await context.ports.authorizer.authorize(operatorId, action, accountId))) {
    throw new OnboardingError('OPERATOR_NOT_ALLOWED', `The operator may not do this (${action}).`, { details: { action, ...(accountId === undefined ? {} : { accountId }) } });
  }
}
