/**
 * The app registration in the customer's tenant. A new one is made under a random unique name that was stored before: Graph
 * makes at most one of a unique name, so a call whose answer was lost can be repeated. An existing one is found by its app id
 * and by nothing else; a display name proves nothing. Microsoft Graph "Upsert application", "Get application".
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { sameGuid } from '../internal/guid';
import { type Asked, type DirectoryAsk, done, get, isSuccess, parsed, patiently, pending, readOrAbsent, refusalOf, scopeOf } from '../directory-ask';

const applicationSchema = z.object({ id: z.string().min(1), appId: z.string().min(1), displayName: z.string().nullish(), signInAudience: z.string().nullish(), uniqueName: z.string().nullish() });
const FIELDS = '$select=id,appId,displayName,signInAudience,uniqueName';

export type TenantApplication = z.infer<typeof applicationSchema>;

/** What the registration asks for of one resource, by id. */
export interface RequestedAccess {
  readonly resourceAppId: string;
  readonly roles: readonly { readonly id: string }[];
  readonly scopes: readonly { readonly id: string }[];
}

export interface NewApplication {
  readonly uniqueName: string;
  readonly displayName: string;
  readonly resources: readonly RequestedAccess[];
  /** The public part of the first key, as Graph takes it; absent when Graph was asked before and may have it already. */
  readonly keyCredential?: object | undefined;
}

/**
 * The application of this unique name, made when there is none. Least permission (delegated): Application.ReadWrite.All.
 * Raises `CUSTOMER_APP_NOT_ALLOWED`, `CUSTOMER_APP_TOKEN_REFUSED`, `CUSTOMER_APP_REFUSED`, and what the transport raises.
 */
export async function ensureApplication(ask: DirectoryAsk, wanted: NewApplication): Promise<Asked<TenantApplication>> {
  const present = await findByUniqueName(ask, wanted.uniqueName);
  if (present !== undefined) return done(present);
  const what = 'Registering the application';
  const answer = await ask.graph.send(scopeOf(ask), { method: 'PATCH', path: addressOf(wanted.uniqueName), headers: { Prefer: 'create-if-missing' }, body: buildApplication(wanted) });
  if (answer.status === 201) return done(parsed(answer, applicationSchema, what));
  if (answer.status === 401 || answer.status === 403) throw refusalOf(ask, answer, what);
  // Whatever it said, the directory knows: an answer before this one may have been lost.
  const found = await patiently(ask, async () => {
    const application = await findByUniqueName(ask, wanted.uniqueName);
    return application === undefined ? pending('The new app registration is not visible yet.') : done(application);
  });
  if (found.kind === 'pending' && !isSuccess(answer)) throw refusalOf(ask, answer, what);
  return found;
}

/** Pure. */
export function buildApplication({ displayName, resources, keyCredential }: NewApplication) {
  return {
    displayName,
    signInAudience: 'AzureADMyOrg',
    requiredResourceAccess: resources.map(({ resourceAppId, roles, scopes }) => ({
      resourceAppId,
      resourceAccess: [...roles.map(({ id }) => ({ id, type: 'Role' })), ...scopes.map(({ id }) => ({ id, type: 'Scope' }))],
    })),
    ...(keyCredential === undefined ? {} : { keyCredentials: [keyCredential] }),
  };
}

export async function findByUniqueName(ask: DirectoryAsk, uniqueName: string): Promise<TenantApplication | undefined> {
  const found = readOrAbsent(ask, await get(ask, `${addressOf(uniqueName)}?${FIELDS}`), applicationSchema, 'Looking for the app registration');
  if (found === undefined || found.uniqueName === uniqueName) return found;
  throw new OnboardingError('GRAPH_ANSWER_INVALID', 'Graph answered with another app registration than was asked for.');
}

export async function findByAppId(ask: DirectoryAsk, appId: string): Promise<TenantApplication | undefined> {
  const found = readOrAbsent(ask, await get(ask, `/applications(appId='${encodeURIComponent(appId)}')?${FIELDS}`), applicationSchema, 'Looking for the app registration');
  if (found === undefined || sameGuid(found.appId, appId)) return found;
  throw new OnboardingError('GRAPH_ANSWER_INVALID', 'Graph answered with another app registration than was asked for.');
}

/**
 * The registration to adopt. Raises `CUSTOMER_APP_NOT_FOUND` (also when the tenant has only the enterprise application of an
 * app that lives elsewhere), `CUSTOMER_APP_MULTI_TENANT`: a key on it would open every tenant that has consented to it.
 */
export async function requireAdoptable(ask: DirectoryAsk, appId: string): Promise<TenantApplication> {
  const found = await findByAppId(ask, appId);
  if (found === undefined) throw new OnboardingError('CUSTOMER_APP_NOT_FOUND', 'The customer\'s tenant owns no app registration with this app id.', { details: { appId, tenantId: ask.tenantId } });
  if (found.signInAudience === 'AzureADMyOrg') return found;
  throw new OnboardingError('CUSTOMER_APP_MULTI_TENANT', 'Only an app for its own tenant alone is adopted.', { details: { appId, signInAudience: found.signInAudience ?? null } });
}

function addressOf(uniqueName: string): string {
  return `/applications(uniqueName='${encodeURIComponent(uniqueName)}')`;
}
