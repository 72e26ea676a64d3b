/**
 * The access token of a customer's admin, from n8n's own credential for Microsoft Entra ID, where the admin signed in. It is never a
 * field of an item: n8n would keep it with the execution. It is n8n's to renew, and it renews only for its own requests; one that has
 * ended is refused by Graph, and the admin connects the credential again.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { OnboardingError, type Secret, secret } from '../../core/index';

export const CUSTOMER_ADMIN = 'microsoftEntraOAuth2Api';

/** Undefined when the node has no such credential. Raises `CUSTOMER_APP_TOKEN_MISSING` when nobody has signed in with it. */
export async function readAdminToken(host: Pick<IExecuteFunctions, 'getNode' | 'getCredentials'>, itemIndex: number): Promise<Secret | undefined> {
  if (host.getNode().credentials?.[CUSTOMER_ADMIN] === undefined) return undefined;
  const { oauthTokenData } = await host.getCredentials<{ readonly oauthTokenData?: unknown }>(CUSTOMER_ADMIN, itemIndex);
  const held = typeof oauthTokenData === 'object' && oauthTokenData !== null && 'access_token' in oauthTokenData ? oauthTokenData.access_token : undefined;
  if (typeof held === 'string' && held !== '') return secret(held);
  throw new OnboardingError('CUSTOMER_APP_TOKEN_MISSING', "Nobody has signed in with the Microsoft Entra ID credential: open it, connect it as the customer's admin, and run the node again.");
}
