/**
 * People as clients make and change them. The name must be in a verified domain and free. Sources: "Create user",
 * "Update user", "Delete a user" reference pages, recorded exchanges of 2022; refusals: public threads (rules.json).
 */
import { isJsonObject, type JsonObject } from '../jwt';
import type { User } from '../model';
import { checkMembers, contextUrl, keyAt, locationOf, NO_CONTENT, readJson, type Answer, type Call } from './call';
import { USER_DEFAULTS, viewUser } from './directory-views';
import { discard } from './discard';
import { wholeSeconds } from './instants';
import { badRequest, GraphRefusal, NotModelled, notFound } from './refusal';
import { rule } from './rules';
import { project, type Wire } from './select';
import { findUser } from './users';
import { readWritten, writableNames } from './written';

const READ_ONLY = ['id', 'createdDateTime', 'deletedDateTime', 'assignedPlans', 'proxyAddresses', 'signInSessionsValidFromDateTime', 'creationType', 'imAddresses'];
const OWN = ['accountEnabled', 'displayName', 'passwordProfile', 'userPrincipalName'];

export function createUser(call: Call): Answer {
  const body = readJson(call.body);
  checkMembers(body, 'user', [...writableNames('user'), ...OWN], READ_ONLY);
  const missing = [...OWN, 'mailNickname'].find((name) => body[name] === undefined || body[name] === null);
  if (missing !== undefined) throw badRequest('G-ERR-REQUIRED', `A value is required for property '${missing}' of resource 'User'.`);
  const { world, caller } = call;
  const userPrincipalName = readName(call, body);
  const blank: User = {
    id: world.newGuid(),
    displayName: readText(body, 'displayName'),
    userPrincipalName,
    mail: null,
    accountEnabled: body.accountEnabled === true,
    userType: 'Member',
    onPremisesSyncEnabled: null,
    createdDateTime: wholeSeconds(world.now()),
    signInSessionsValidFromDateTime: wholeSeconds(world.now()),
    assignedPlans: [],
    password: readPassword(body) ?? '',
    home: null,
  };
  const user: User = { ...blank, written: readWritten('user', body, viewUser(blank)) };
  caller.tenant.users.put(user.id, user, world.now());
  return {
    status: 201,
    body: { '@odata.context': contextUrl(call, 'users/$entity'), ...shownAfterCreation(user) },
    headers: { location: locationOf(call, user.id, 'User') },
  };
}

export function updateUser(call: Call): Answer {
  const user = latestUser(call);
  const body = readJson(call.body);
  checkMembers(body, 'user', [...writableNames('user'), ...OWN], READ_ONLY);
  const password = readPassword(body);
  const changed: User = {
    ...user,
    ...('displayName' in body ? { displayName: readText(body, 'displayName') } : {}),
    ...('accountEnabled' in body ? { accountEnabled: body.accountEnabled === true } : {}),
    ...('userPrincipalName' in body ? { userPrincipalName: readName(call, body, user.id) } : {}),
    ...(password === undefined ? {} : { password }),
    written: { ...user.written, ...readWritten('user', body, viewUser(user)) },
  };
  call.caller.tenant.users.put(user.id, changed, call.world.now());
  return NO_CONTENT;
}

export function deleteUser(call: Call): Answer {
  discard(call, { kind: 'user', row: latestUser(call) });
  return NO_CONTENT;
}

// The answer to a creation has the default members, the id first (recorded).
function shownAfterCreation(user: User): Wire {
  const { id, ...rest } = project(viewUser(user), undefined, 'user', USER_DEFAULTS);
  return { id, ...rest };
}

function latestUser(call: Call): User {
  const key = keyAt(call, 0);
  if (key.kind === 'alternate') throw new NotModelled(`alternate key ${key.property}`);
  const found = findUser(call, key.value);
  const user = found === undefined ? undefined : call.caller.tenant.users.get(found.id, call.world.now());
  if (user === undefined) throw notFound(key.value);
  return user;
}

function readName(call: Call, body: JsonObject, ownId?: string): string {
  const name = readText(body, 'userPrincipalName');
  const { tenant } = call.caller;
  const nowMs = call.world.now();
  const domains = tenant.organization.list(nowMs).flatMap(({ verifiedDomains }) => verifiedDomains.map((domain) => domain.name.toLowerCase()));
  if (!domains.includes((name.split('@')[1] ?? '').toLowerCase())) {
    throw badRequest('G-USER-DOMAIN', 'The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.');
  }
  const isTaken = tenant.users.list(nowMs).some((user) => user.id !== ownId && user.userPrincipalName.toLowerCase() === name.toLowerCase());
  if (!isTaken) return name;
  const message = 'Another object with the same value for property userPrincipalName already exists.';
  throw new GraphRefusal(rule('G-USER-TAKEN'), 400, 'Request_BadRequest', message, {
    details: [{ code: 'ObjectConflict', message, target: 'userPrincipalName' }],
  });
}

function readText(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw badRequest('G-ERR-MEMBER', `Invalid value specified for property '${name}' of resource 'User'.`);
}

function readPassword(body: JsonObject): string | undefined {
  const { passwordProfile } = body;
  if (passwordProfile === undefined) return undefined;
  if (!isJsonObject(passwordProfile)) throw badRequest('G-ERR-MEMBER', "Invalid value specified for property 'passwordProfile' of resource 'User'.");
  return typeof passwordProfile.password === 'string' ? passwordProfile.password : undefined;
}
