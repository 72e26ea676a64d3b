/**
 * What was in the tenant before a recording began, read off the recording itself: every object an answer shows that no
 * earlier request created. It is put into the directory under its recorded id.
 */
import type { Application, Group, ServicePrincipal, Tenant, User, Written } from '../../src/sandbox/model';
import { writableNames, type WrittenType } from '../../src/sandbox/graph/written';
import type { Exchange } from './corpus';

type Fields = Readonly<Record<string, unknown>>;

const SEEDED_AT = 0;
/** Of a service principal whose registration lives elsewhere: that registration's data. */
const OWN_DATA = ['signInAudience', 'appRoles', 'oauth2PermissionScopes', 'createdDateTime', 'appDisplayName', 'appDescription', 'verifiedPublisher', 'servicePrincipalType', 'accountEnabled', 'keyCredentials', 'appOwnerOrganizationId', 'resourceSpecificApplicationPermissions'];

/** Puts them in and gives back the ids of the people among them. */
export function prepareTenant(tenant: Tenant, exchanges: readonly Exchange[]): readonly string[] {
  const created = new Set<string>();
  const people: string[] = [];
  addDomains(tenant, exchanges);
  for (const { path, status, body } of exchanges) {
    if (status === 201) {
      created.add(String((body as Fields).id));
      continue;
    }
    const [, silent] = /^\/v1\.0\/servicePrincipals\/([0-9a-f-]{36})\//.exec(path) ?? [];
    const shown: readonly (readonly [string, Fields])[] = silent === undefined ? [] : [['servicePrincipal', { id: silent, servicePrincipalNames: [] }]];
    for (const [type, object] of [...shown, ...objectsIn(body)]) {
      const id = String(object.id);
      if (created.has(id)) continue;
      created.add(id);
      PUT[type]?.(tenant, id, type === 'user' ? { ...object, userPrincipalName: nameIn(path) ?? object.userPrincipalName } : object);
      if (type === 'user') people.push(id);
    }
  }
  return people;
}

/** People are created in domains of the recording's own tenant. */
function addDomains(tenant: Tenant, exchanges: readonly Exchange[]): void {
  const [organization] = tenant.organization.list(SEEDED_AT);
  if (organization === undefined) return;
  const names = exchanges.flatMap(({ request }) => {
    const { userPrincipalName } = (request ?? {}) as { readonly userPrincipalName?: unknown };
    return typeof userPrincipalName === 'string' ? [userPrincipalName.split('@')[1] ?? ''] : [];
  });
  const added = [...new Set(names)].map((name) => ({ name, isInitial: false, isDefault: false, type: 'Managed', capabilities: 'Email' }) as const);
  tenant.organization.put(organization.id, { ...organization, verifiedDomains: [...organization.verifiedDomains, ...added] }, SEEDED_AT);
}

/** The instant a recording was made, as far as it tells: milliseconds since the epoch. */
export function recordedAt(exchanges: readonly Exchange[]): number | undefined {
  for (const { method, status, body } of exchanges) {
    const { createdDateTime } = (status === 201 && method === 'POST' ? body : {}) as { readonly createdDateTime?: unknown };
    if (typeof createdDateTime === 'string') return Date.parse(createdDateTime);
  }
  return undefined;
}

/** The name a request asks for: the recorder scrubbed those in the answers. */
function nameIn(path: string): string | undefined {
  const asked = decodeURIComponent(path);
  return /userPrincipalName eq '([^']+)'/.exec(asked)?.[1] ?? /^\/v1\.0\/users\/([^/?]+@[^/?]+)/.exec(asked)?.[1];
}

const PUT: Readonly<Record<string, (tenant: Tenant, id: string, object: Fields) => void>> = {
  user: (tenant, id, object) => tenant.users.put(id, toUser(id, object), SEEDED_AT),
  group: (tenant, id, object) => tenant.groups.put(id, toGroup(id, object), SEEDED_AT),
  servicePrincipal: (tenant, id, object) => {
    // The tenant has one service principal per app: the recorded one takes the place of the seeded.
    const seeded = tenant.servicePrincipals.list(SEEDED_AT).find(({ appId }) => appId === object.appId);
    if (seeded !== undefined) tenant.servicePrincipals.delete(seeded.id, SEEDED_AT);
    tenant.servicePrincipals.put(id, toServicePrincipal(id, object, seeded), SEEDED_AT);
  },
  application: (tenant, id, object) => tenant.applications.put(id, toApplication(id, object), SEEDED_AT),
};

function objectsIn(body: unknown): readonly (readonly [string, Fields])[] {
  const fields = (body ?? {}) as Fields;
  const context = String(fields['@odata.context']).split('$metadata#')[1] ?? '';
  const listed = Array.isArray(fields.value) ? (fields.value as readonly Fields[]) : [fields];
  const plain = ({ users: 'user', groups: 'group', servicePrincipals: 'servicePrincipal', applications: 'application' } as const)[context.replace(/\/\$entity$/, '').replace(/\(.*$/, '')];
  return listed.flatMap((object) => {
    if (typeof object !== 'object' || object === null || typeof object.id !== 'string') return [];
    const own = object['@odata.type'];
    const type = typeof own === 'string' ? own.replace('#microsoft.graph.', '') : plain;
    return type === undefined ? [] : [[type, object] as const];
  });
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '<scrubbed>' ? value : fallback;
}

/** The tenant's own data in a recorded object, as far as clients may write it. */
function writtenIn(type: WrittenType, object: Fields): Written {
  return Object.fromEntries(writableNames(type).filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));
}

function toUser(id: string, object: Fields): User {
  return {
    id,
    displayName: text(object.displayName, 'Recorded person'),
    userPrincipalName: text(object.userPrincipalName, `${id}@contoso.example`),
    mail: typeof object.mail === 'string' ? object.mail : null,
    accountEnabled: true,
    userType: 'Member',
    onPremisesSyncEnabled: null,
    createdDateTime: '2020-01-01T00:00:00Z',
    signInSessionsValidFromDateTime: '2020-01-01T00:00:00Z',
    assignedPlans: [],
    password: '',
    home: null,
    written: writtenIn('user', object),
  };
}

function toGroup(id: string, object: Fields): Group {
  return {
    id,
    displayName: text(object.displayName, 'Recorded group'),
    isAssignableToRole: null,
    securityEnabled: object.securityEnabled === true,
    memberIds: [],
    createdDateTime: text(object.createdDateTime, '2020-01-01T00:00:00Z'),
    written: writtenIn('group', object),
  };
}

function toServicePrincipal(id: string, object: Fields, seeded: ServicePrincipal | undefined): ServicePrincipal {
  return {
    id,
    appId: text(object.appId, id),
    displayName: text(object.displayName, 'Recorded app'),
    accountEnabled: true,
    appOwnerOrganizationId: text(object.appOwnerOrganizationId, 'f8cdef31-a31e-4b4a-93e4-5f571e91255a'),
    servicePrincipalType: 'Application',
    appRoleAssignmentRequired: object.appRoleAssignmentRequired === true,
    disabledByMicrosoftStatus: null,
    appRoles: seeded?.appRoles ?? [],
    oauth2PermissionScopes: seeded?.oauth2PermissionScopes ?? [],
    written: {
      ...writtenIn('servicePrincipal', object),
      servicePrincipalNames: [...new Set([object.appId, ...(object.servicePrincipalNames as readonly unknown[])])],
      ...Object.fromEntries(OWN_DATA.filter((name) => object[name] !== undefined).map((name) => [name, object[name]])),
    },
    createdDateTime: text(object.createdDateTime, '2020-01-01T00:00:00Z'),
  };
}

function toApplication(id: string, object: Fields): Application {
  return {
    id,
    appId: text(object.appId, id),
    displayName: text(object.displayName, 'Recorded app'),
    signInAudience: object.signInAudience === 'AzureADMultipleOrgs' ? 'AzureADMultipleOrgs' : 'AzureADMyOrg',
    redirectUris: [],
    written: writtenIn('application', object),
    requiredResourceAccess: [],
    keyCredentials: [],
    passwordCredentials: [],
    createdDateTime: text(object.createdDateTime, '2020-01-01T00:00:00Z'),
  };
}
