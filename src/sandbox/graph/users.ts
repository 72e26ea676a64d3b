/**
 * Users: list, count, one by object id or user principal name. Sources: "List users", "Get a user" reference
 * pages, recorded exchanges of 2022-2024.
 */
import type { User } from '../model';
import { keyAt, type Answer, type Call } from './call';
import { USER_BASICS, USER_DEFAULTS, viewUser } from './directory-views';
import { isGuid } from './ids';
import { wholeSeconds } from './instants';
import { answerCount, answerList, DEFAULT_PAGE_SIZE, type Listing } from './listing';
import { USER_FILTERS } from './object-filters';
import { holdsAny } from './permissions';
import { insufficientPrivileges, NotModelled, notFound, premiumNeeded } from './refusal';
import type { Wire } from './select';
import { readSingle } from './single';
import { tellUser } from '../lies/graph';

export function listUsers(call: Call): Answer {
  refuseBasicOnly(call);
  if (asksSignIns(call)) return answerSignIns(call);
  return answerList(call, userListing(call));
}

export function countUsers(call: Call): Answer {
  return answerCount(call, userListing(call));
}

export function getUser(call: Call): Answer {
  const key = keyAt(call, 0);
  if (key.kind === 'alternate') throw new NotModelled(`alternate key ${key.property}`);
  const user = findUser(call, key.value);
  if (user === undefined) throw notFound(key.value);
  if (call.access === 'own' && user.id !== call.caller.objectId) throw insufficientPrivileges();
  refuseBasicOnly(call);
  return readSingle(call, 'users', 'user', tellUser(call.world, viewUser(user)), USER_DEFAULTS);
}

/** The person behind the token; an app-only token has none and is refused before. */
export function getMe(call: Call): Answer {
  const user = findUser(call, call.caller.objectId);
  if (user === undefined) throw notFound(call.caller.objectId);
  refuseBasicOnly(call);
  return readSingle(call, 'users', 'user', tellUser(call.world, viewUser(user)), USER_DEFAULTS);
}

function asksSignIns({ query }: Call): boolean {
  return query.select?.includes('signInActivity') === true;
}

/** Only in the list, where clients ask for it: what single reads answer is not known. */
function answerSignIns(call: Call): Answer {
  const { licences } = call.caller.tenant;
  if (!holdsAny(call.caller, ['AuditLog.Read.All'])) throw insufficientPrivileges();
  if (!licences.has('AAD_PREMIUM') && !licences.has('AAD_PREMIUM_P2')) throw premiumNeeded('G-USER-SIGNINS-LICENCE');
  const rows = (asOfMs: number) => call.caller.tenant.users.list(asOfMs).map((user) => ({ ...viewUser(user), signInActivity: viewActivity(user) }));
  return { ...answerList(call, { ...userListing(call), rows }), ruleId: 'G-USER-SIGNINS' };
}

function viewActivity({ lastSignInDateTime }: User): Wire | null {
  if (lastSignInDateTime === undefined) return null;
  const at = wholeSeconds(lastSignInDateTime);
  return { lastSignInDateTime: at, lastSignInRequestId: null, lastNonInteractiveSignInDateTime: null, lastNonInteractiveSignInRequestId: null, lastSuccessfulSignInDateTime: at, lastSuccessfulSignInRequestId: null };
}

function userListing(call: Call): Listing {
  return {
    type: 'user',
    resource: 'User',
    context: 'users',
    rows: (asOfMs) => call.caller.tenant.users.list(asOfMs).map((user) => tellUser(call.world, viewUser(user))),
    filterable: USER_FILTERS,
    defaults: USER_DEFAULTS,
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  };
}

export function findUser(call: Call, idOrName: string): User | undefined {
  const asOfMs = call.world.asOf('graph.get');
  const { users } = call.caller.tenant;
  if (isGuid(idOrName)) return users.get(idOrName.toLowerCase(), asOfMs);
  return users.list(asOfMs).find(({ userPrincipalName }) => userPrincipalName.toLowerCase() === idOrName.toLowerCase());
}

/** User.ReadBasic.All opens a few members only; what the rest then looks like is not known. */
function refuseBasicOnly(call: Call): void {
  const isWider = [...call.caller.permissions].some((name) => name !== 'User.ReadBasic.All' && /^(User\.Read|Directory\.Read)/.test(name));
  if (isWider || !holdsAny(call.caller, ['User.ReadBasic.All'])) return;
  if (call.query.select?.every((name) => USER_BASICS.includes(name)) === true) return;
  throw new NotModelled('users beyond the basic members under User.ReadBasic.All');
}
