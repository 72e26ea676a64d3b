/** What every call on a customer app begins with: the operator's rights, and the admin behind the access token. */
import { type AdminAsk, requireAdmin } from '../../customer-apps/ask';
import { OnboardingError } from '../../errors';
import type { Secret } from '../../internal/secret';
import type { GraphTransport, TokenSource } from '../../ports';
import { type OnboardingContext, requireOperator } from '../context';

export interface CustomerAppsOptions {
  /** Graph with the access token of a person, for this one tenant. */
  readonly graphAs: (personToken: Secret, tenantId: string) => GraphTransport;
  /** Tokens of an app that signs in with this stored certificate. */
  readonly tokensAs: (app: { readonly key: string; readonly appId: string }, certificateId: string) => TokenSource;
  /** Before the first proof; the default leaves Entra time to replicate. */
  readonly firstWaitSeconds?: number | undefined;
}

export interface OpenedAsk {
  readonly ask: AdminAsk;
  readonly adminObjectId: string;
}

interface AskInput {
  readonly tenantId: string;
  readonly adminToken?: Secret | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Both rights: it acts for a customer, and it makes a key. */
export async function requireMaker(context: OnboardingContext, operatorId: string, accountId: string): Promise<void> {
  await requireOperator(context, operatorId, 'onboard', accountId);
  await requireOperator(context, operatorId, 'certificates', accountId);
}

/** The admin behind the access token, and Graph as they see it; undefined without one. */
export async function openAsk(context: OnboardingContext, options: CustomerAppsOptions, input: AskInput): Promise<OpenedAsk | undefined> {
  if (input.adminToken === undefined) return undefined;
  const ask: AdminAsk = { graph: options.graphAs(input.adminToken, input.tenantId), clock: context.ports.clock, tenantId: input.tenantId, signal: input.signal };
  return { ask, adminObjectId: (await requireAdmin(ask)).objectId };
}

export function tokenMissing(): OnboardingError {
  return new OnboardingError('CUSTOMER_APP_TOKEN_MISSING', 'The next step needs an access token of the customer\'s admin.');
}
