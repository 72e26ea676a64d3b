/**
 * What a handler is given and what it gives back, and the few reads every handler shares.
 */
import { isJsonObject, type JsonObject } from '../jwt';
import type { World } from '../model';
import type { Key } from './address';
import type { Caller } from './caller';
import type { Access } from './permissions';
import type { Query } from './query';
import { badRequest, insufficientPrivileges, NotModelled } from './refusal';
import type { GraphRuleId } from './rules';
import { namesOf, type TypeName, type Wire } from './select';

export interface Call {
  readonly world: World;
  readonly caller: Caller;
  readonly access: Access;
  /** The path as it was sent, without version and query: next links repeat it. */
  readonly path: string;
  readonly keys: readonly Key[];
  readonly query: Query;
  readonly body: Body;
  /** `Prefer: create-if-missing` was sent. */
  readonly mayCreate: boolean;
}

export interface Body {
  readonly contentType: string | undefined;
  readonly bytes: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body?: Wire | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** When the handler follows another rule than its route's. */
  readonly ruleId?: GraphRuleId;
}

export type Handler = (call: Call) => Answer;

export const NO_CONTENT: Answer = { status: 204 };

export function keyAt(call: Call, index: number): Key {
  const key = call.keys[index];
  if (key === undefined) throw new Error(`The route has no key ${index}`);
  return key;
}

/** Own-only access ends here for anybody else's object. */
export function requireOwn(call: Call, ownerAppId: string): void {
  if (call.access === 'own' && ownerAppId.toLowerCase() !== call.caller.appId.toLowerCase()) throw insufficientPrivileges();
}

/** Owners of what a caller creates: the person behind a delegated token, nobody behind an app-only one. */
export function firstOwners(call: Pick<Call, 'caller'>): readonly string[] {
  return call.caller.kind === 'delegated' ? [call.caller.objectId] : [];
}

/** Where a created directory object is said to be: not an address to follow (recorded). */
export function locationOf(call: Pick<Call, 'world' | 'caller'>, id: string, kind: 'Application' | 'ServicePrincipal' | 'User' | 'Group'): string {
  return `${call.world.origins.graph}/v2/${call.caller.tenant.tenantId}/directoryObjects/${id}/Microsoft.DirectoryServices.${kind}`;
}

/** Addresses of single objects: `context` is what follows `$metadata#`. */
export function contextUrl(call: Pick<Call, 'world'>, context: string): string {
  return `${call.world.origins.graph}/v1.0/$metadata#${context}`;
}

/** Options that only make sense on collections are not evaluated on a single object. */
export function refuseCollectionOptions(query: Query): void {
  if (query.filter !== undefined || query.top !== undefined || query.search !== undefined || query.skipToken !== undefined) {
    throw new NotModelled('collection query options on a single object');
  }
}

/** The JSON object of a write. Refuses other content types and anything that is not an object. */
export function readJson(body: Body): JsonObject {
  const isJson = (body.contentType ?? '').toLowerCase().split(';')[0]?.trim() === 'application/json';
  const value = isJson ? parseJson(body.bytes) : undefined;
  if (!isJsonObject(value)) {
    throw badRequest(
      'G-ERR-BODY',
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
      'BadRequest',
    );
  }
  return value;
}

/**
 * Refuse what the sandbox would otherwise swallow: read-only and unknown members. `accepted` are the members the
 * handler evaluates; annotations (`@odata.type`) are allowed everywhere.
 */
export function checkMembers(body: JsonObject, type: TypeName, accepted: readonly string[], readOnly: readonly string[] = []): void {
  const { open, properties, navigation } = namesOf(type);
  for (const name of Object.keys(body)) {
    if (accepted.includes(name) || name.startsWith('@')) continue;
    if (readOnly.includes(name)) {
      throw badRequest('G-ERR-READ-ONLY', `Property '${name}' is read-only and cannot be set.`);
    }
    if (open || properties.includes(name) || navigation.includes(name)) throw new NotModelled(`writing ${type}.${name}`);
    throw badRequest('G-ERR-MEMBER', `Invalid property '${name}'.`);
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
