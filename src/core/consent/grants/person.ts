/**
 * Who stands behind an access token that somebody handed over. What a token says of itself proves nothing until Graph has
 * taken it, so Graph is asked. Microsoft Graph "List organization", "Get a user".
 */
import * as z from 'zod/v4';
import { type DirectoryAsk, get, parsed, refusalOf } from '../../directory-ask';
import { OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';

const organizationSchema = z.object({ value: z.array(z.object({ id: z.string() })) });
const personSchema = z.object({ id: z.string().min(1) });

/**
 * The person, for the audit, in the tenant as Graph names it. Raises `TENANT_MISMATCH` for any other tenant than the
 * account's and for a personal account, the ask's `tokenRefused` also for an app's own token, its `notAllowed`. Least
 * permission (delegated): User.Read.
 */
export async function requireAdmin(ask: DirectoryAsk): Promise<{ readonly objectId: string }> {
  const what = 'Reading whose access token it is';
  const answer = await get(ask, '/organization?$select=id');
  if (answer.status !== 200) throw refusalOf(ask, answer, what);
  const tenants = parsed(answer, organizationSchema, what).value;
  const [tenant] = tenants;
  if (tenants.length !== 1 || tenant === undefined || !sameGuid(tenant.id, ask.tenantId)) {
    throw new OnboardingError('TENANT_MISMATCH', 'The admin\'s access token is for another tenant than the one that belongs to this account.', { details: { tenantId: ask.tenantId, answeredTenant: tenant?.id ?? null } });
  }
  const person = await get(ask, '/me?$select=id');
  if (person.status === 400) throw new OnboardingError(ask.refusals.tokenRefused, 'The access token is an app\'s; an admin\'s own is needed.', { correlationId: person.requestId });
  if (person.status !== 200) throw refusalOf(ask, person, what);
  return { objectId: parsed(person, personSchema, what).id };
}
