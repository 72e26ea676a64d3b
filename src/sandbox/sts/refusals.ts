/**
 * How the sign-in host says no: one table of AADSTS numbers, OAuth error words and statuses, and the three
 * forms they travel in (token endpoint JSON, a page that stays, members of a redirect). Numbers and error words
 * follow the sources in rules.json; the sentences are the sandbox's own, since clients must not read them.
 */
import { respond, type SandboxResponse } from '../http';
import { rule, type RuleId } from '../rules';
import { timestamp, type Exchange } from './context';
import { isLying, tell } from '../lies/truth';
import type { Refusal } from './refusal';

export type { Refusal } from './refusal';

export function isRefusal(value: object): value is Refusal {
  return 'rule' in value && 'code' in value;
}

function refusal(ruleId: RuleId, code: number, error: string, status: 400 | 401, message: string): Refusal {
  return { rule: ruleId, code, error, status, message };
}

/** Every refusal, by what went wrong. */
export const refuse = {
  unknownTenant: (segment: string, error: 'invalid_tenant' | 'invalid_request') =>
    refusal('TENANT-UNKNOWN', 90002, error, 400, `Tenant '${segment}' not found. Is the tenant id right, and is this the right cloud?`),
  otherCloud: (code: 90038 | 900382) =>
    refusal('CLOUD-TENANT-REFUSED', code, code === 90038 ? 'invalid_request' : 'invalid_client', code === 90038 ? 400 : 401, 'The tenant belongs to another national cloud.'),
  unknownInstance: () => refusal('DISC-INSTANCE-UNKNOWN', 50049, 'invalid_instance', 400, 'Unknown or invalid instance.'),
  wrongMethod: (method: string) =>
    refusal('TOKEN-METHOD', 900561, 'invalid_request', 400, `The endpoint takes POST requests only; this was a ${method} request.`),
  missingParameter: (name: string, ruleId: RuleId) =>
    refusal(ruleId, 900144, 'invalid_request', 400, `The request must contain the parameter '${name}'.`),
  grantType: (grantType: string): Refusal => ({
    ...refusal('TOKEN-GRANT-TYPE', 70003, 'unsupported_grant_type', 400, `The app requested an unsupported grant type '${grantType}'.`),
    withoutErrorUri: true,
  }),
  nullClient: (clientId: string): Refusal => ({
    ...refusal('TOKEN-CLIENT-NULL', 700038, 'unauthorized_client', 400, `${clientId} is not a valid application identifier.`),
    withoutErrorUri: true,
  }),
  unknownClient: (clientId: string, tenant: string, ruleId: RuleId = 'TOKEN-CLIENT-UNKNOWN') =>
    refusal(ruleId, 700016, 'unauthorized_client', 400, `Application with identifier '${clientId}' was not found in the directory '${tenant}'.`),
  clientCredentialsOnCommon: () =>
    refusal('TOKEN-COMMON', 9001023, 'invalid_request', 400, 'The grant type needs the endpoint of one tenant.'),
  noCredential: (code: 7000216 | 7000218) =>
    refusal('TOKEN-NO-CREDENTIAL', code, 'invalid_client', 401, "The request must contain 'client_assertion' or 'client_secret'."),
  wrongSecret: (appId: string) =>
    refusal('TOKEN-SECRET-WRONG', 7000215, 'invalid_client', 401, `Invalid client secret for app '${appId}'; send the secret's value, not its id.`),
  expiredSecret: (appId: string) =>
    refusal('TOKEN-SECRET-EXPIRED', 7000222, 'invalid_client', 401, `The client secret keys for app '${appId}' are expired.`),
  assertionType: () =>
    refusal('ASSERTION-TYPE', 9002313, 'invalid_request', 400, 'client_assertion_type is missing or not the JWT bearer type.'),
  assertionMalformed: () => refusal('ASSERTION-MALFORMED', 50027, 'invalid_client', 401, 'The client assertion is not a valid JWT.'),
  assertionAlgorithm: (algorithm: string) =>
    refusal('ASSERTION-ALGORITHM', 5002738, 'invalid_client', 401, `The signing algorithm '${algorithm}' is not supported.`),
  assertionWithoutThumbprint: (appId: string) =>
    refusal('ASSERTION-NO-THUMBPRINT', 700027, 'invalid_client', 401, `The assertion names no certificate registered on app '${appId}'.`),
  assertionIssuer: () => refusal('ASSERTION-ISSUER', 700021, 'invalid_client', 401, 'The issuer of the assertion is not the client id.'),
  assertionSubject: () => refusal('ASSERTION-SUBJECT', 50048, 'invalid_client', 401, 'The subject of the assertion is not its issuer.'),
  assertionAudience: () =>
    refusal('ASSERTION-AUDIENCE', 700023, 'invalid_client', 401, 'The audience of the assertion is not the token endpoint of this tenant.'),
  assertionTime: (nowMs: number, from: number, to: number) =>
    refusal(
      'ASSERTION-TIME',
      700024,
      'invalid_client',
      401,
      `Client assertion is not within its valid time range. Current time: ${iso(nowMs)}, valid from ${iso(from * 1000)}, until ${iso(to * 1000)}.`,
    ),
  keyNotFound: (appId: string, thumbprintHex: string) =>
    refusal('ASSERTION-KEY-UNKNOWN', 700027, 'invalid_client', 401, `The key was not found. Thumbprint of key used by client: '${thumbprintHex}', app '${appId}'.`),
  keyExpired: (appId: string, thumbprintHex: string) =>
    refusal('ASSERTION-KEY-EXPIRED', 700027, 'invalid_client', 401, `The key is outside its validity. Thumbprint of key used by client: '${thumbprintHex}', app '${appId}'.`),
  keyTooSmall: (bits: number) =>
    refusal('ASSERTION-KEY-WEAK', 700027, 'invalid_client', 401, `RSA key size ${bits} is less than the minimum required 2048.`),
  assertionSignature: (appId: string) =>
    refusal('ASSERTION-SIGNATURE', 700027, 'invalid_client', 401, `The assertion for app '${appId}' has an invalid signature.`),
  noServicePrincipal: (appId: string, tenantId: string) =>
    refusal('TOKEN-NO-SP', 7000229, 'invalid_client', 401, `The client application ${appId} is missing service principal in the tenant ${tenantId}.`),
  disabledApp: (appId: string, ruleId: RuleId) =>
    refusal(ruleId, 7000112, 'unauthorized_client', 400, `Application '${appId}' is disabled.`),
  scopeWithoutDefault: (scope: string) =>
    refusal('TOKEN-SCOPE-DEFAULT', 1002012, 'invalid_scope', 400, `Scope '${scope}' is not valid: it must be one resource followed by /.default.`),
  severalScopes: (ruleId: RuleId) =>
    refusal(ruleId, 70011, 'invalid_scope', 400, "The parameter 'scope' is not valid: it names more than the flow can take."),
  unknownResource: (resource: string, tenant: string) =>
    refusal('TOKEN-RESOURCE', 500011, 'invalid_resource', 400, `The resource principal named ${resource} was not found in the tenant named ${tenant}.`),
  unknownCode: () => refusal('CODE-UNKNOWN', 70000, 'invalid_grant', 400, 'The authorization code is not valid for this client.'),
  unknownRefreshToken: () => refusal('OIDC-REFRESH-UNKNOWN', 70000, 'invalid_grant', 400, 'The refresh token is not valid for this client.'),
  inactiveRefreshToken: () => refusal('OIDC-REFRESH-INACTIVE', 700082, 'invalid_grant', 400, 'The refresh token has expired for want of use.'),
  expiredCode: () => refusal('CODE-EXPIRED', 70008, 'invalid_grant', 400, 'The authorization code is expired.'),
  reusedCode: () => refusal('CODE-REUSED', 54005, 'invalid_grant', 400, 'The authorization code was already redeemed.'),
  codeOfOtherTenant: () => refusal('CODE-TENANT', 700005, 'invalid_grant', 400, 'The authorization code belongs to another tenant.'),
  redeemedElsewhere: () =>
    refusal('CODE-REDIRECT', 50011, 'invalid_grant', 400, 'The redirect URI is not the one the authorization code was requested with.'),
  wrongVerifier: () =>
    refusal('CODE-VERIFIER', 501481, 'invalid_grant', 400, 'The code_verifier does not match the code_challenge of the authorization request.'),
  consentGone: (appId: string, ruleId: RuleId) =>
    refusal(ruleId, 65001, ruleId === 'CODE-CONSENT' ? 'invalid_grant' : 'interaction_required', 400, `Nobody has consented to app '${appId}' here.`),
  singleTenantApp: (appId: string) =>
    refusal('PAGE-SINGLE-TENANT', 50194, 'invalid_request', 400, `Application '${appId}' is not configured as a multi-tenant application.`),
  redirectMismatch: (uri: string, appId: string) =>
    refusal('PAGE-REDIRECT-MISMATCH', 50011, 'invalid_request', 400, `The redirect URI '${uri}' is not one configured for the application '${appId}'.`),
  noRedirectRegistered: () =>
    refusal('PAGE-REDIRECT-MISSING', 500113, 'invalid_request', 400, 'No reply address is registered for the application.'),
  noRedirectGiven: () => refusal('PAGE-REDIRECT-MISSING', 900971, 'invalid_request', 400, 'No reply address was provided.'),
  responseType: (value: string) =>
    refusal('AUTHZ-RESPONSE-TYPE', 700054, 'unsupported_response_type', 400, `response_type '${value}' is not enabled for the application.`),
  responseMode: (value: string) =>
    refusal('AUTHZ-RESPONSE-MODE', 70007, 'invalid_request', 400, `'${value}' is not a supported value of 'response_mode'.`),
  prompt: () => refusal('AUTHZ-PROMPT', 90023, 'invalid_request', 400, "Unsupported 'prompt' value."),
  hintConflict: () =>
    refusal('AUTHZ-HINT-CONFLICT', 90005, 'invalid_request', 400, "'login_hint' and prompt=select_account cannot be used together."),
  challengeSize: () => refusal('AUTHZ-CHALLENGE', 50147, 'invalid_request', 400, "The size of 'code_challenge' is not valid."),
  noSession: () => refusal('AUTHZ-NO-SESSION', 50058, 'login_required', 400, 'A silent sign-in was asked for, but nobody is signed in.'),
  declined: (ruleId: RuleId, error: string) =>
    refusal(ruleId, 65004, error, 400, 'User declined to consent to access the app.'),
  otherTenant: (upn: string, tenant: string, ruleId: RuleId) =>
    refusal(ruleId, 50020, 'access_denied', 400, `User account '${upn}' does not exist in tenant '${tenant}' and cannot access the application there.`),
  disabledAccount: () => refusal('SIGNIN-DISABLED', 50057, 'access_denied', 400, 'The user account is disabled.'),
  wrongPassword: () => refusal('SIGNIN-WRONG-PASSWORD', 50126, 'access_denied', 400, 'Your account or password is incorrect.'),
  unknownAccount: (upn: string) =>
    refusal('SIGNIN-UNKNOWN-ACCOUNT', 50034, 'access_denied', 400, `The account '${upn}' does not exist in any tenant here.`),
  notAssigned: (appId: string) =>
    refusal('SIGNIN-ASSIGNMENT', 50105, 'access_denied', 400, `The signed-in user is not assigned to the application '${appId}'.`),
  staleForm: () => refusal('SIGNIN-STALE', 90013, 'invalid_request', 400, 'This sign-in is no longer under way in this browser. Start again from the app.'),
  principalPresent: (appId: string) =>
    refusal('POLICY-RECENTLY-DELETED', 650051, 'invalid_client', 400, `The name of app '${appId}' is already present in the organisation.`),
  missingResource: (resourceId: string, tenantId: string) =>
    refusal('CONSENT-RESOURCE', 650052, 'invalid_client', 400, `The app needs the service '${resourceId}', which the organisation '${tenantId}' has no service principal for.`),
} as const;

/** `AADSTS90002: … Trace ID: … Correlation ID: … Timestamp: …`, separated as most live answers are. */
export function describe(exchange: Exchange, { code, message }: Pick<Refusal, 'code' | 'message'>): string {
  const lines = [
    `AADSTS${code}: ${message}`,
    `Trace ID: ${exchange.traceId}`,
    `Correlation ID: ${exchange.correlationId}`,
    `Timestamp: ${timestamp(exchange.world.now())}`,
  ];
  return lines.join('\r\n');
}

/** The JSON the token endpoint and the discovery documents refuse with. */
export function refusalJson(exchange: Exchange, refused: Refusal): SandboxResponse {
  const body = {
    error: refused.error,
    error_description: describe(exchange, refused),
    ...(isLying(exchange.world, 'L-ERROR-CODES') ? {} : { error_codes: [refused.code] }),
    timestamp: timestamp(exchange.world.now()),
    trace_id: exchange.traceId,
    correlation_id: exchange.correlationId,
    ...(refused.withoutErrorUri ? {} : { error_uri: errorUri(exchange, refused.code) }),
  };
  return respond(rule(refused.rule), tell<number>(exchange.world, 'L-SECRET-STATUS', refused.status, () => 400), body);
}

export function errorUri(exchange: Exchange, code: number): string {
  return `${exchange.world.origins.login}/error?code=${code}`;
}

function iso(atMs: number): string {
  return Number.isFinite(atMs) && Math.abs(atMs) < 8.64e15 ? new Date(atMs).toISOString() : 'never';
}
