/**
 * What every change of grants without the admin's browser begins with: the operator's right, the proven tenant, and somebody who
 * may do it there. An access token is used for this call and kept nowhere; an app's own token is had once, new, so that what it
 * carries is known before anything is written.
 */
import { type CustomerAccount, requireAccount } from '../../accounts/account';
import { requireApp } from '../../consent/apps/apps';
import { requireAdmin } from '../../consent/grants/person';
import { type GrantWork, missingRights } from '../../consent/grants/routes';
import type { DirectoryAsk, Refusals } from '../../directory-ask';
import { OnboardingError } from '../../errors';
import type { Secret } from '../../internal/secret';
import type { GraphTransport } from '../../ports';
import { requireOwnership } from '../../sso/ownership';
import { type OnboardingContext, requireOperator } from '../context';

export interface ConsentGrantsOptions {
  /** Graph with this access token, for this one tenant. */
  readonly graphAs: (accessToken: Secret, tenantId: string) => GraphTransport;
}

/** For a host that gives no way to act with an access token. */
export const NO_GRANT_ROUTES: ConsentGrantsOptions = {
  graphAs: () => {
    throw new OnboardingError('CONSENT_ROUTE_MISSING', 'This host reaches Microsoft Graph with its own apps\' tokens only.');
  },
};

/** Who acts in the customer's tenant; the table of what each needs is `GRANT_ROUTES`. */
export type GrantRoute =
  /** A Microsoft Graph access token of the customer's admin. Kept nowhere. */
  | { readonly kind: 'admin'; readonly adminToken: Secret }
  /** An app of the configuration that holds the rights in that tenant. */
  | { readonly kind: 'app'; readonly appKey: string };

export interface GrantInput {
  readonly accountId: string;
  readonly route: GrantRoute | undefined;
  /** Authenticated by the host. */
  readonly operatorId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedRoute {
  readonly ask: DirectoryAsk;
  /** Null for an app. */
  readonly adminObjectId: string | null;
  /** For the audit and the reports. */
  readonly name: string;
  /** Raises `CONSENT_GRANT_NOT_ALLOWED` naming the rights an app's token lacks for this work; an admin's are Graph's to judge. */
  readonly requireRights: (work: GrantWork) => void;
}

const REFUSALS: Refusals = { tokenRefused: 'CONSENT_TOKEN_REFUSED', notAllowed: 'CONSENT_GRANT_NOT_ALLOWED', refused: 'CONSENT_GRANT_REFUSED', permissionUnknown: 'CONSENT_PERMISSION_UNKNOWN' };

/**
 * Raises `OPERATOR_NOT_ALLOWED`, `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`, `SSO_OWNERSHIP_UNPROVEN` (security decision 2: nothing
 * is changed in a tenant nobody proved to be the account's), `MASTER_KEY_MISSING`.
 */
export async function requireOwnedAccount(context: OnboardingContext, { accountId, operatorId }: Pick<GrantInput, 'accountId' | 'operatorId'>): Promise<{ readonly account: CustomerAccount; readonly tenantId: string }> {
  await requireOperator(context, operatorId, 'onboard', accountId);
  const account = await requireAccount(context.ports, accountId);
  return { account, tenantId: (await requireOwnership(context.ports, accountId)).tenantId };
}

/**
 * Raises `CONSENT_ROUTE_MISSING`, `APP_UNKNOWN`, `TENANT_MISMATCH`, `CONSENT_TOKEN_REFUSED`, `CONSENT_GRANT_NOT_ALLOWED`,
 * `INPUT_INVALID`, and what the token source and the transport raise.
 */
export async function openRoute(context: OnboardingContext, options: ConsentGrantsOptions, input: GrantInput & { readonly tenantId: string }): Promise<OpenedRoute> {
  const { route, tenantId, signal } = input;
  if (route === undefined) throw new OnboardingError('CONSENT_ROUTE_MISSING', 'Nobody was named who may change grants in the customer\'s tenant.', { details: { accountId: input.accountId } });
  const common = { clock: context.ports.clock, tenantId, refusals: REFUSALS, signal };
  if (route.kind === 'admin') {
    const ask: DirectoryAsk = { ...common, appKey: 'customer-admin', graph: options.graphAs(route.adminToken, tenantId) };
    const { objectId } = await requireAdmin(ask);
    return { ask, adminObjectId: objectId, name: 'admin', requireRights: () => undefined };
  }
  const { key } = requireApp(context.settings.apps, route.appKey);
  const { accessToken, claims } = await context.ports.tokens.acquire({ appKey: key, tenantId, resource: context.settings.endpoints.graphResource, fresh: true, ...(signal === undefined ? {} : { signal }) });
  const requireRights = (work: GrantWork) => {
    // A token that cannot be read is for Graph to judge.
    const missing = claims === undefined ? [] : missingRights(work, claims.roles);
    if (missing.length > 0) throw new OnboardingError('CONSENT_GRANT_NOT_ALLOWED', `The app "${key}" does not hold ${missing.join(', ')} in the customer's tenant.`, { details: { appKey: key, missing } });
  };
  return { ask: { ...common, appKey: key, graph: options.graphAs(accessToken, tenantId) }, adminObjectId: null, name: `app:${key}`, requireRights };
}
