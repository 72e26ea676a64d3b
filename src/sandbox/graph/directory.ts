/**
 * Look-ups in a tenant's tables, each in the replica its kind of read is served by.
 */
import type { Application, ServicePrincipal, Tenant, World } from '../model';
import type { Key } from './address';
import type { Call } from './call';
import { isGuid } from './ids';
import { badRequest, insufficientPrivileges, notFound, NotModelled } from './refusal';
import { tell } from '../lies/truth';

export interface Registration {
  readonly application: Application;
  readonly tenant: Tenant;
}

/** The id of an object addressed by id; directory objects other than users refuse what is not a GUID. */
export function requireObjectId(key: Key): string {
  if (key.kind === 'alternate') throw new NotModelled(`alternate key ${key.property}`);
  if (!isGuid(key.value)) throw badRequest('G-ERR-OBJECT-ID', `Invalid object identifier '${key.value}'.`);
  return key.value.toLowerCase();
}

export function findServicePrincipal(call: Call, key: Key): ServicePrincipal {
  return findByIdOrAppId(call.caller.tenant.servicePrincipals, call, key);
}

export function findApplication(call: Call, key: Key): Application {
  if (key.kind !== 'alternate' || key.property !== 'uniqueName') return findByIdOrAppId(call.caller.tenant.applications, call, key);
  const found = call.caller.tenant.applications.list(call.world.asOf('graph.get')).find(({ uniqueName }) => uniqueName === key.value);
  if (found === undefined) throw notFound(key.value);
  return found;
}

/** Registrations live in the partner's home tenant, or in the tenant itself when it is no customer. */
export function findRegistration(world: World, appId: string, inTenant: Tenant): Registration | undefined {
  const home = world.tenants.get(world.homeTenantId);
  for (const tenant of new Set(home === undefined ? [inTenant] : [home, inTenant])) {
    const application = tenant.applications.list(world.asOf('graph.get')).find((row) => row.appId === appId.toLowerCase());
    const isVisible = (application !== undefined && application.signInAudience !== 'AzureADMyOrg') || tenant === inTenant;
    if (application !== undefined && isVisible) return { application, tenant };
  }
  return undefined;
}

interface Table<Row> {
  get(id: string, asOfMs: number): Row | undefined;
  list(asOfMs: number): Row[];
}

function findByIdOrAppId<Row extends { readonly appId: string }>(table: Table<Row>, call: Call, key: Key): Row {
  const asOfMs = tell(call.world, 'L-LAG-GET', call.world.asOf('graph.get'), () => call.world.now());
  if (key.kind === 'alternate' && key.property !== 'appId') throw new NotModelled(`alternate key ${key.property}`);
  const row =
    key.kind === 'alternate'
      ? table.list(asOfMs).find(({ appId }) => appId === key.value.toLowerCase())
      : table.get(requireObjectId(key), asOfMs);
  if (row === undefined) throw tell(call.world, 'L-NOT-FOUND', notFound(key.value), insufficientPrivileges);
  return row;
}
