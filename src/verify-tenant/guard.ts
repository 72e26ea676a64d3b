/**
 * Refuses to look at any tenant but the one that was named twice, by id and by a verified domain. The domain is compared before
 * a credential leaves this machine, and again with what the organization says of itself. Copying a GUID from the wrong line
 * must end here.
 */
import { OnboardingError } from '../core/index';
import type { Asker } from './bench';
import type { VerifySettings } from './model';
import { isObject, rowsOf, textOf } from './shape';

/** Without any credential. Raises `TENANT_NOT_FOUND`, `TENANT_MISMATCH`. */
export async function compareDomain(asker: Asker, { tenantId, domain }: VerifySettings): Promise<void> {
  const answer = await asker.ask({ host: 'login', method: 'GET', path: `/${domain}/v2.0/.well-known/openid-configuration` }, null);
  if (answer.status !== 200) throw new OnboardingError('TENANT_NOT_FOUND', 'No tenant of this cloud has the domain in M365_VERIFY_TENANT_DOMAIN.', { details: { field: 'M365_VERIFY_TENANT_DOMAIN' } });
  const issuer = isObject(answer.body) ? textOf(answer.body['issuer']) : '';
  if (!issuer.toLowerCase().split('/').includes(tenantId)) throw mismatch('The domain in M365_VERIFY_TENANT_DOMAIN belongs to another tenant than M365_VERIFY_TENANT_ID.');
}

/** With the app's token. Raises `TENANT_MISMATCH`, `GRAPH_REFUSED`. */
export async function compareOrganization(asker: Asker, { tenantId, domain }: VerifySettings, accessToken: string): Promise<void> {
  const answer = await asker.ask({ host: 'graph', method: 'GET', path: '/v1.0/organization' }, accessToken);
  if (answer.status !== 200) throw new OnboardingError('GRAPH_REFUSED', `The app may not read the organization (status ${answer.status}), so nothing proves which tenant this is. Grant it Organization.Read.All.`);
  const [organization] = rowsOf(answer);
  const domains: unknown = organization?.['verifiedDomains'];
  const isVerified = Array.isArray(domains) && domains.some((entry: unknown) => isObject(entry) && textOf(entry['name']).toLowerCase() === domain);
  if (textOf(organization?.['id']).toLowerCase() !== tenantId || !isVerified) throw mismatch('The organization behind the token has another id, or does not have the named domain.');
}

function mismatch(message: string): OnboardingError {
  return new OnboardingError('TENANT_MISMATCH', `${message} Nothing else was asked.`, { details: { field: 'M365_VERIFY_TENANT_DOMAIN' } });
}
