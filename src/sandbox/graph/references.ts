/**
 * Writes to relations: `POST …/$ref` with the address of an object, `DELETE …/{id}/$ref`. Used by group members, by
 * owners and by members of directory roles. Sources: "Add members", "Add owners", "Add directory role member"
 * reference pages, recorded exchanges of 2022.
 */
import type { JsonObject } from '../jwt';
import { readJson, type Call } from './call';
import { isGuid } from './ids';
import { badRequest, GraphRefusal, missingMessage } from './refusal';
import { rule } from './rules';
import { variantsOf } from './variants';

const ADDRESS = /^https:\/\/[^/]+\/(?:v1\.0|beta)\/(?:directoryObjects|users|groups|servicePrincipals)\/([0-9a-f-]{36})$/i;

/** The id in `{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/{id}"}`, of an object this replica has. */
export function readReference(call: Call): string {
  const id = idIn(readJson(call.body));
  if (existsIn(call, id)) return id;
  throw new GraphRefusal(rule('G-REF-MISSING'), variantsOf(call.world).missingReference === 400 ? 400 : 404, 'Request_ResourceNotFound', missingMessage(id));
}

/** `relation` as the service names it in the refusal of a doubled reference. */
export function refuseDoubled(isThere: boolean, relation: 'members' | 'owners'): void {
  if (isThere) throw badRequest('G-REF-DOUBLED', `One or more added object references already exist for the following modified properties: '${relation}'.`);
}

/** The id in one such address, without looking whether the object is there. */
export function idOfAddress(address: unknown): string {
  const id = typeof address === 'string' ? ADDRESS.exec(address)?.[1] : undefined;
  if (id === undefined || !isGuid(id)) throw badRequest('G-REF-INVALID', `The URI '${String(address)}' is not a valid reference.`);
  return id.toLowerCase();
}

function idIn(body: JsonObject): string {
  return idOfAddress(body['@odata.id']);
}

function existsIn(call: Call, id: string): boolean {
  const asOfMs = call.world.asOf('graph.reference');
  const { users, groups, servicePrincipals } = call.caller.tenant;
  return [users, groups, servicePrincipals].some((table) => table.get(id, asOfMs) !== undefined);
}
