/**
 * Who may change grants in a customer's tenant without the admin's browser, and what each way needs. Pure: a table, and a
 * look at what an app's own token carries before anything is written with it. Microsoft Graph "Grant an appRoleAssignment for
 * a service principal"; Partner Center "Consent for applications".
 */

export type GrantRouteKind = 'admin' | 'app' | 'partner_center';

/** What is to be changed decides which rights are needed. */
export interface GrantWork {
  readonly principals: boolean;
  readonly application: boolean;
  readonly delegated: boolean;
}

export interface GrantRouteNeeds {
  readonly kind: GrantRouteKind;
  /** Whose access it is. */
  readonly actsAs: string;
  readonly grants: readonly ('application' | 'delegated')[];
  /** On Microsoft Graph, for everything this route can do. */
  readonly graphPermissions: readonly string[];
  readonly also: string;
}

const RIGHTS = { principals: 'Application.ReadWrite.All', application: 'AppRoleAssignment.ReadWrite.All', delegated: 'DelegatedPermissionGrant.ReadWrite.All' } as const;

export const GRANT_ROUTES: readonly GrantRouteNeeds[] = [
  {
    kind: 'admin',
    actsAs: 'an admin of the customer, with an access token handed over for the moment',
    grants: ['application', 'delegated'],
    graphPermissions: ['User.Read', ...Object.values(RIGHTS)],
    also: 'Global Administrator, or Privileged Role Administrator together with Cloud Application Administrator.',
  },
  {
    kind: 'app',
    actsAs: 'an app of the partner that holds the rights in the customer\'s tenant already',
    grants: ['application', 'delegated'],
    graphPermissions: Object.values(RIGHTS),
    also: 'These rights amount to a Global Administrator\'s: the customer consented to them in the browser, and they should be a separate app\'s.',
  },
  {
    kind: 'partner_center',
    actsAs: 'a person of the partner, through Partner Center',
    grants: ['delegated'],
    graphPermissions: [],
    also: 'A partner relationship with the customer, and an app-and-user access token for Partner Center signed in with multifactor authentication. Application permissions need another route.',
  },
];

/** The rights on Microsoft Graph that this work takes and that a token with these roles does not carry. */
export function missingRights(work: GrantWork, roles: readonly string[]): readonly string[] {
  const needed = (Object.keys(RIGHTS) as (keyof GrantWork)[]).filter((part) => work[part]).map((part) => RIGHTS[part]);
  return needed.filter((right) => !roles.includes(right));
}
