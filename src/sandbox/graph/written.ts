/**
 * Members a client may write that nothing in the sandbox depends on: they are checked for their kind, stored and shown
 * as they were written. A member outside these lists is not modelled. Sources: the writable properties of the
 * "application", "servicePrincipal", "user" and "group" resource types, v1.0 metadata.
 */
import type { JsonObject } from '../jwt';
import { isJsonObject } from '../jwt';
import type { Written } from '../model';
import { badRequest, NotModelled } from './refusal';
import type { Wire } from './select';

export type WrittenType = 'application' | 'servicePrincipal' | 'user' | 'group';

const NAMES: Readonly<Record<WrittenType, readonly string[]>> = {
  application: [
    'addIns', 'api', 'appRoles', 'defaultRedirectUri', 'description', 'groupMembershipClaims', 'identifierUris', 'info',
    'isDeviceOnlyAuthSupported', 'isFallbackPublicClient', 'notes', 'optionalClaims', 'parentalControlSettings', 'publicClient', 'samlMetadataUrl',
    'serviceManagementReference', 'servicePrincipalLockConfiguration', 'spa', 'tags', 'tokenEncryptionKeyId', 'web',
  ],
  servicePrincipal: [
    'addIns', 'alternativeNames', 'description', 'homepage', 'info', 'loginUrl', 'logoutUrl', 'notes', 'notificationEmailAddresses',
    'preferredSingleSignOnMode', 'replyUrls', 'samlSingleSignOnSettings', 'servicePrincipalNames', 'tags', 'tokenEncryptionKeyId',
  ],
  user: [
    'businessPhones', 'city', 'country', 'department', 'givenName', 'jobTitle', 'mailNickname', 'mobilePhone', 'officeLocation', 'otherMails',
    'postalCode', 'preferredLanguage', 'state', 'streetAddress', 'surname', 'usageLocation',
  ],
  group: ['classification', 'description', 'groupTypes', 'mailEnabled', 'mailNickname', 'preferredDataLocation', 'theme', 'visibility'],
};

export function writableNames(type: WrittenType): readonly string[] {
  return NAMES[type];
}

/** The stored members of a write, checked against the kinds in `view`, the object as it is shown without them. */
export function readWritten(type: WrittenType, body: JsonObject, view: Wire, without: readonly string[] = []): Written {
  const named = Object.entries(body).filter(([name]) => NAMES[type].includes(name) && !without.includes(name));
  for (const [name, value] of named) {
    if (!fitsKind(view[name], value)) throw badRequest('G-ERR-MEMBER', `Invalid value specified for property '${name}' of resource '${capitalised(type)}'.`);
    if (isJsonObject(value)) checkInner(name, value, view[name]);
  }
  return Object.fromEntries(named.map(([name, value]) => [name, COMPLETED[name]?.(value) ?? value]));
}

/** Members the service fills in where a client left them out (recorded). */
const COMPLETED: Readonly<Record<string, (value: unknown) => unknown>> = {
  appRoles: (value) => eachObject(value, (role) => ({ ...role, origin: 'Application' })),
  optionalClaims: (value) =>
    isJsonObject(value)
      ? Object.fromEntries(['idToken', 'accessToken', 'saml2Token'].map((name) => [name, eachObject(value[name] ?? [], completeClaim)]))
      : value,
};

function completeClaim({ name, source = null, essential = false, additionalProperties = [] }: JsonObject): JsonObject {
  return { name, source, essential, additionalProperties };
}

function eachObject(value: unknown, complete: (entry: JsonObject) => JsonObject): unknown {
  return Array.isArray(value) ? value.map((entry: unknown) => (isJsonObject(entry) ? complete(entry) : entry)) : value;
}

/** The object with what clients wrote over its defaults; an inner object is written member by member. */
export function overlay(view: Wire, written: Written | undefined): Wire {
  if (written === undefined) return view;
  const shown = Object.entries(view).map(([name, value]) => {
    const own = written[name];
    if (!Object.hasOwn(written, name)) return [name, value] as const;
    return [name, isJsonObject(own) && isJsonObject(value) ? { ...value, ...own } : own] as const;
  });
  return { ...Object.fromEntries(shown), ...Object.fromEntries(Object.entries(written).filter(([name]) => !Object.hasOwn(view, name))) };
}

function checkInner(name: string, value: JsonObject, shown: unknown): void {
  const known = isJsonObject(shown) ? Object.keys(shown) : undefined;
  const unknown = known === undefined ? undefined : Object.keys(value).find((inner) => !inner.startsWith('@') && !known.includes(inner));
  if (unknown !== undefined) throw new NotModelled(`writing ${name}.${unknown}`);
}

// What is null when nobody wrote it may become anything but a list; lists and objects keep their kind.
function fitsKind(shown: unknown, value: unknown): boolean {
  if (Array.isArray(shown) || Array.isArray(value)) return Array.isArray(value) && (Array.isArray(shown) || shown === undefined);
  if (isJsonObject(shown)) return isJsonObject(value);
  return value === null || shown === null || shown === undefined || typeof value === typeof shown;
}

function capitalised(type: string): string {
  return `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
}
