/**
 * The partner's app registrations and their service principals at home, from the seed. Passwords and client
 * secrets come from node:crypto, never from the seed's generator: a run can be repeated, its credentials cannot
 * be guessed.
 */
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { appRoleAssignmentId } from './graph/ids';
import type { Application, KeyCredential, RequiredResourceAccess, ServicePrincipal, Tenant } from './model';
import { resourceByKey } from './resources';
import type { AppSeed, CertificateSeed, Seed } from './seed-format';
import { namedGuid } from './world';

/** Seeded rows were written before any replica's horizon. */
export const SEEDED_AT = 0;
export const SEEDED_DATE_TIME = '2024-03-01T08:00:00Z';
const SECRET_END_DATE_TIME = '2199-01-01T00:00:00Z';

/** Keeps made-up passwords and secrets, so that a reset world accepts the ones already handed out. */
export type Credentials = Map<string, string>;

export function seededAppId(seed: Pick<Seed, 'seed'>, key: string): string {
  return namedGuid(seed.seed, `app/${key}`);
}

/** Register the app in its home tenant, with a service principal there and the permissions it holds at home. */
export function addApp(home: Tenant, seed: Seed, declared: AppSeed, credentials: Credentials): void {
  const id = (name: string) => namedGuid(seed.seed, `app/${declared.key}/${name}`);
  const application: Application = {
    id: id('object'),
    appId: seededAppId(seed, declared.key),
    displayName: declared.name,
    signInAudience: declared.multiTenant === false ? 'AzureADMyOrg' : 'AzureADMultipleOrgs',
    redirectUris: [...(declared.redirectUris ?? []), ...seed.redirectUris],
    requiredResourceAccess: requiredResourceAccess(declared),
    keyCredentials: (declared.certificates ?? []).flatMap((entry, index) => keyCredential(entry, id(`certificate/${index}`)) ?? []),
    passwordCredentials: [
      {
        keyId: id('secret'),
        secretText: declared.clientSecret ?? remember(credentials, `app/${declared.key}`),
        displayName: 'Sandbox',
        startDateTime: SEEDED_DATE_TIME,
        endDateTime: SECRET_END_DATE_TIME,
      },
      ...(declared.secrets ?? []).map((entry, index) => ({
        keyId: id(`secret/${index}`),
        secretText: entry.value,
        displayName: entry.name ?? null,
        startDateTime: entry.from ?? SEEDED_DATE_TIME,
        endDateTime: entry.until ?? SECRET_END_DATE_TIME,
      })),
    ],
    createdDateTime: SEEDED_DATE_TIME,
  };
  home.applications.put(application.id, application, SEEDED_AT);
  const principal = plainServicePrincipal(id('home-sp'), application.appId, application.displayName, home.tenantId);
  home.servicePrincipals.put(principal.id, principal, SEEDED_AT);
  for (const name of declared.homeRoles ?? []) grantGraphRole(home, principal, name, id(`home-role/${name}`));
}

/** Undefined for text that is no certificate. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function keyCredential({ pem, name, from, until }: CertificateSeed, keyId: string): KeyCredential | undefined {
  const certificate = readCertificate(pem);
  if (certificate === undefined) return undefined;
  return {
    keyId,
    key: certificate.raw.toString('base64'),
    customKeyIdentifier: createHash('sha1').update(certificate.raw).digest('hex').toUpperCase(),
    displayName: name ?? certificate.subject,
    startDateTime: from ?? new Date(certificate.validFrom).toISOString(),
    endDateTime: until ?? new Date(certificate.validTo).toISOString(),
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
  };
}

function grantGraphRole(tenant: Tenant, principal: ServicePrincipal, roleName: string, guid: string): void {
  const graph = tenant.servicePrincipals.list(SEEDED_AT).find((candidate) => candidate.appId === resourceByKey('graph').appId);
  const role = graph?.appRoles.find((candidate) => candidate.value === roleName);
  if (graph === undefined || role === undefined) throw new Error(`The home tenant cannot grant "${roleName}".`);
  const id = appRoleAssignmentId(principal.id, guid);
  tenant.appRoleAssignments.put(
    id,
    {
      id,
      appRoleId: role.id,
      principalId: principal.id,
      principalType: 'ServicePrincipal',
      principalDisplayName: principal.displayName,
      resourceId: graph.id,
      resourceDisplayName: graph.displayName,
      createdDateTime: SEEDED_DATE_TIME,
    },
    SEEDED_AT,
  );
}

function requiredResourceAccess(declared: AppSeed): RequiredResourceAccess[] {
  const byResource = new Map<string, { readonly id: string; readonly type: 'Role' | 'Scope' }[]>();
  for (const permission of declared.permissions) {
    const resource = resourceByKey(permission.resource);
    const candidates: readonly { readonly id: string; readonly value: string }[] =
      permission.type === 'Role' ? resource.appRoles : resource.scopes;
    const found = candidates.find((candidate) => candidate.value === permission.name);
    if (found === undefined) throw new Error(`${resource.displayName} has no ${permission.type} named "${permission.name}".`);
    const entries = byResource.get(resource.appId) ?? [];
    byResource.set(resource.appId, [...entries, { id: found.id, type: permission.type }]);
  }
  return [...byResource].map(([resourceAppId, resourceAccess]) => ({ resourceAppId, resourceAccess }));
}

/** A service principal that offers no permissions of its own. */
export function plainServicePrincipal(id: string, appId: string, displayName: string, ownerTenantId: string): ServicePrincipal {
  return {
    id,
    appId,
    displayName,
    accountEnabled: true,
    appOwnerOrganizationId: ownerTenantId,
    servicePrincipalType: 'Application',
    appRoleAssignmentRequired: false,
    disabledByMicrosoftStatus: null,
    appRoles: [],
    oauth2PermissionScopes: [],
    createdDateTime: SEEDED_DATE_TIME,
  };
}

/** The credential kept under this key, made on first use. */
export function remember(credentials: Credentials, key: string): string {
  const known = credentials.get(key);
  if (known !== undefined) return known;
  const made = randomBytes(24).toString('base64url');
  credentials.set(key, made);
  return made;
}
