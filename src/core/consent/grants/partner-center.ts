/**
 * Consent through Partner Center (CSP, "secure application model"): the request as it must be sent, and what its answers mean.
 * Pure; the host sends it with a partner user's access token, which this package never has. It grants delegated permissions and
 * makes the service principal; application permissions need another route of `GRANT_ROUTES`. Not tried against Partner Center by
 * us: no public environment of it exists. Partner Center REST "Consent for applications", "Headers".
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import { isGuid, sameGuid } from '../../internal/guid';
import type { PartnerApp } from '../apps/apps';

const PARTNER_CENTER = 'https://api.partnercenter.microsoft.com';

export interface PartnerConsentInput {
  readonly customerTenantId: string;
  /** The partner's own, which can never be the target. */
  readonly homeTenantId: string;
  readonly app: Pick<PartnerApp, 'appId' | 'displayName' | 'requiredPermissions'>;
  /** A GUID that stays the same when the request is repeated: Partner Center then does it once. */
  readonly requestId: string;
  readonly correlationId: string;
}

export interface PartnerConsentRequest {
  readonly method: 'POST' | 'DELETE';
  readonly url: string;
  /** Without the authorization, which is the sender's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly applicationId: string; readonly displayName: string; readonly applicationGrants: readonly { readonly enterpriseApplicationId: string; readonly scope: string }[] } | undefined;
  /** For whoever gets the access token: app and user, signed in with multifactor authentication. */
  readonly tokenResource: string;
  /** Application permissions, by name or id, which this request cannot grant. */
  readonly notCovered: readonly string[];
}

/**
 * Raises `CONSENT_TENANT_REFUSED` for the partner's own tenant, `INPUT_INVALID` for an id that is no GUID, and when the app asks
 * for no delegated permission by name: there is nothing this route could grant.
 */
export function buildPartnerConsentRequest(input: PartnerConsentInput): PartnerConsentRequest {
  requireTarget(input);
  const delegated = input.app.requiredPermissions.filter(({ type, name }) => type === 'delegated' && name !== undefined);
  if (delegated.length === 0) throw invalid('app', 'Partner Center grants delegated permissions by name, and the app asks for none.');
  // Separated by commas here, and by spaces everywhere else.
  const applicationGrants = [...Map.groupBy(delegated, ({ resourceAppId }) => resourceAppId)].map(([enterpriseApplicationId, of]) => ({ enterpriseApplicationId, scope: [...new Set(of.map(({ name }) => name))].join(',') }));
  return {
    method: 'POST',
    url: addressOf(input.customerTenantId),
    headers: { ...headersOf(input), 'content-type': 'application/json' },
    body: { applicationId: input.app.appId, displayName: input.app.displayName, applicationGrants },
    tokenResource: PARTNER_CENTER,
    notCovered: input.app.requiredPermissions.filter((permission) => !delegated.includes(permission)).map(({ name, id }) => name ?? id ?? ''),
  };
}

/** Takes the consent back, and the app's service principal with it. Raises like {@link buildPartnerConsentRequest}. */
export function buildPartnerConsentRemoval(input: Omit<PartnerConsentInput, 'app'> & { readonly app: Pick<PartnerApp, 'appId'> }): PartnerConsentRequest {
  requireTarget(input);
  return { method: 'DELETE', url: `${addressOf(input.customerTenantId)}/${encodeURIComponent(input.app.appId)}`, headers: headersOf(input), body: undefined, tokenResource: PARTNER_CENTER, notCovered: [] };
}

export interface PartnerConsentAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * `accepted` and `look`: the customer's directory says what is granted, which `verify` reads; `look` is for what may have been
 * there before, and for an answer that was lost (undefined).
 */
export type PartnerConsentOutcome =
  | { readonly outcome: 'accepted' | 'look' }
  | { readonly outcome: 'try_later'; readonly retryAfterSeconds: number | undefined }
  | { readonly outcome: 'refused'; readonly error: OnboardingError };

const errorSchema = z.object({ code: z.union([z.string(), z.number()]).optional(), description: z.string().optional() });

/** Never green by itself. The error carries `CONSENT_TOKEN_REFUSED`, `CONSENT_GRANT_NOT_ALLOWED` or `CONSENT_GRANT_REFUSED`. */
export function readPartnerConsentAnswer(answer: PartnerConsentAnswer | undefined): PartnerConsentOutcome {
  if (answer === undefined || answer.status === 409) return { outcome: 'look' };
  if (answer.status >= 200 && answer.status < 300) return { outcome: 'accepted' };
  if (answer.status === 429) return { outcome: 'try_later', retryAfterSeconds: answer.retryAfterSeconds };
  // The request id makes a repetition safe, so an outage needs no look first.
  if (answer.status >= 500) return { outcome: 'try_later', retryAfterSeconds: answer.retryAfterSeconds };
  const said = errorSchema.safeParse(answer.body).data;
  // The one text that is looked at: the code beside it is the same for other bad requests.
  if (said?.description?.includes('Permission entry already exists') === true) return { outcome: 'look' };
  const options = { serviceCode: /^[\w.-]{1,100}$/.test(String(said?.code ?? '')) ? String(said?.code) : undefined, details: { status: answer.status } };
  if (answer.status === 401) return { outcome: 'refused', error: new OnboardingError('CONSENT_TOKEN_REFUSED', 'Partner Center does not accept the access token: it must be for an app and a user, with multifactor authentication.', options) };
  if (answer.status === 403) return { outcome: 'refused', error: new OnboardingError('CONSENT_GRANT_NOT_ALLOWED', 'Partner Center does not let this partner or this user consent for the customer.', options) };
  return { outcome: 'refused', error: new OnboardingError('CONSENT_GRANT_REFUSED', `Partner Center refused the consent (HTTP ${answer.status}).`, options) };
}

function requireTarget({ customerTenantId, homeTenantId, app, requestId, correlationId }: Pick<PartnerConsentInput, 'customerTenantId' | 'homeTenantId' | 'requestId' | 'correlationId'> & { readonly app: Pick<PartnerApp, 'appId'> }): void {
  for (const [parameter, value] of Object.entries({ customerTenantId, appId: app.appId, requestId, correlationId })) if (!isGuid(value)) throw invalid(parameter, 'Partner Center takes GUIDs only.');
  if (sameGuid(customerTenantId, homeTenantId)) throw new OnboardingError('CONSENT_TENANT_REFUSED', 'Partner Center takes no consent for the partner\'s own tenant.', { details: { tenantId: customerTenantId } });
}

function addressOf(customerTenantId: string): string {
  return `${PARTNER_CENTER}/v1/customers/${encodeURIComponent(customerTenantId)}/applicationconsents`;
}

function headersOf({ requestId, correlationId }: Pick<PartnerConsentInput, 'requestId' | 'correlationId'>): Readonly<Record<string, string>> {
  return { accept: 'application/json', 'ms-requestid': requestId, 'ms-correlationid': correlationId };
}

function invalid(parameter: string, message: string): OnboardingError {
  return new OnboardingError('INPUT_INVALID', message, { details: { parameter } });
}
