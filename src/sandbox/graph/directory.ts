/**
 * Look-ups in a tenant's tables, each in the replica its kind of read is served by.
 */
import type { Application, ServicePrincipal, Tenant, World } from '../model';
import type { Key } from './address';
import type { Call } from './call';
import { isGuid } from './ids';
import { badRequest, notFound, NotModelled } from './refusal';

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
  return findByIdOrAppId(call.caller.tenant.applications, call, key);
}

/** The registration behind an appId, in whichever tenant it lives, when this tenant may know it. */
export function findRegistration(world: World, appId: string, inTenant: Tenant): Application | undefined {
  for (const tenant of world.tenants.values()) {
    const found = tenant.applications.list(world.asOf('graph.get')).find((application) => application.appId === appId.toLowerCase());
    if (found !== undefined && (found.signInAudience === 'AzureADMultipleOrgs' || tenant === inTenant)) return found;
  }
  return undefined;
}

interface Table<Row> {
  get(id: string, asOfMs: number): Row | undefined;
  list(asOfMs: number): Row[];
}

function findByIdOrAppId<Row extends { readonly appId: string }>(table: Table<Row>, call: Call, key: Key): Row {
  const asOfMs = call.world.asOf('graph.get');
  if (key.kind === 'alternate' && key.property !== 'appId') throw new NotModelled(`alternate key ${key.property}`);
  const row =
    key.kind === 'alternate'
      ? table.list(asOfMs).find(({ appId }) => appId === key.value.toLowerCase())
      : table.get(requireObjectId(key), asOfMs);
  if (row === undefined) throw notFound(key.value);
  return row;
}
