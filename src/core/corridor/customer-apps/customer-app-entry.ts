/** What every call on a customer app begins with: the operator's rights, and the admin behind the access token. */
import { requireAdmin } from '../../consent/grants/person';
import type { Asked, DirectoryAsk, Refusals } from '../../directory-ask';
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
  readonly ask: DirectoryAsk;
  readonly adminObjectId: string;
}

interface AskInput {
  readonly tenantId: string;
  readonly adminToken?: Secret | undefined;
  readonly signal?: AbortSignal | undefined;
}

const REFUSALS: Refusals = { tokenRefused: 'CUSTOMER_APP_TOKEN_REFUSED', notAllowed: 'CUSTOMER_APP_NOT_ALLOWED', refused: 'CUSTOMER_APP_REFUSED', permissionUnknown: 'CUSTOMER_APP_PERMISSION_UNKNOWN' };

/** Both rights: it acts for a customer, and it makes a key. */
export async function requireMaker(context: OnboardingContext, operatorId: string, accountId: string): Promise<void> {
  await requireOperator(context, operatorId, 'onboard', accountId);
  await requireOperator(context, operatorId, 'certificates', accountId);
}

/** The admin behind the access token, and Graph as they see it; undefined without one. */
export async function openAsk(context: OnboardingContext, options: CustomerAppsOptions, input: AskInput): Promise<OpenedAsk | undefined> {
  if (input.adminToken === undefined) return undefined;
  const ask: DirectoryAsk = { graph: options.graphAs(input.adminToken, input.tenantId), clock: context.ports.clock, tenantId: input.tenantId, appKey: 'customer-admin', refusals: REFUSALS, signal: input.signal };
  return { ask, adminObjectId: (await requireAdmin(ask)).objectId };
}

export function tokenMissing(): OnboardingError {
  return new OnboardingError('CUSTOMER_APP_TOKEN_MISSING', 'The next step needs an access token of the customer\'s admin.');
}

/** Raises `CUSTOMER_APP_PENDING` for whoever needs the app now. */
export function requireDone<T>(asked: Asked<T>): T {
  if (asked.kind === 'done') return asked.value;
  throw new OnboardingError('CUSTOMER_APP_PENDING', asked.message);
}
