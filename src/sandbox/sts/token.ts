/**
 * The token endpoint: client_credentials, authorization_code and refresh_token. Checks run in the order the refusals can be
 * told apart in: tenant, grant, client, credential, service principal, scope.
 * Sources: "OAuth 2.0 client credentials flow", "OAuth 2.0 authorization code flow", "AADSTS error codes".
 */
import { ACCESS_TOKEN_LIFETIME_SECONDS, GRAPH_APP_ID, issueAccessToken } from '../access-tokens';
import { notModelled, respond, type SandboxResponse } from '../http';
import type { ServicePrincipal, Tenant, World } from '../model';
import { rule } from '../rules';
import { findAudience, resourceOfDefaultScope } from './audiences';
import { isVoluntaryOnly } from './claims-request';
import { authenticateClient, readClientCredentials } from './client-authentication';
import { checkCode } from './codes';
import type { Authority, Exchange, LoginHandler } from './context';
import { findApp, findServicePrincipal, isAllowedIn, isElsewhere, resolveAuthority, type RegisteredApp } from './directory';
import { answerPerson } from './person-answer';
import type { Scene } from './provocations';
import { checkRefreshToken } from './refresh';
import { isRefusal, refusalJson, refuse, type Refusal } from './refusals';
import { isLying, tell } from '../lies/truth';

const NULL_GUID = '00000000-0000-0000-0000-000000000000';

export const token: LoginHandler = (exchange, { tenant: segment = '' }) => {
  const authority = resolveAuthority(exchange.world, segment);
  if (authority === undefined) return refusalJson(exchange, refuse.unknownTenant(segment, 'invalid_request'));
  if (authority === 'consumers') return notModelled('the /consumers authority');
  if (authority.kind === 'tenant' && isElsewhere(exchange, authority.tenant)) return refusalJson(exchange, refuse.otherCloud(900382));
  const response = redeem(exchange, authority);
  const tenantId = authority.kind === 'tenant' ? authority.tenant.tenantId : undefined;
  const appId = exchange.form.get('client_id') ?? undefined;
  return {
    ...response,
    trace: {
      operation: `token ${exchange.form.get('grant_type') ?? ''}`.trimEnd(),
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(appId === undefined ? {} : { appId }),
      ...response.trace,
    },
  };
};

/** Anything but POST at the token endpoint. */
export const tokenWrongMethod: LoginHandler = (exchange) => refusalJson(exchange, refuse.wrongMethod(exchange.request.method));

function redeem(exchange: Exchange, authority: Authority): SandboxResponse {
  const claims = exchange.form.get('claims');
  if (claims !== null && !isVoluntaryOnly(claims)) return notModelled('a claims parameter that must be honoured');
  const provoked = exchange.sts.provocations.take('token', sceneOf(exchange, authority));
  if (provoked !== undefined) return refusalJson(exchange, provoked);
  const grantType = exchange.form.get('grant_type');
  if (grantType === null || grantType === '') return refusalJson(exchange, refuse.missingParameter('grant_type', 'TOKEN-PARAMETER'));
  if (grantType === 'client_credentials') return redeemClientCredentials(exchange, authority);
  if (grantType === 'authorization_code') return redeemForPerson(exchange, authority, 'code');
  if (grantType === 'refresh_token') return redeemForPerson(exchange, authority, 'refresh');
  const isKnownElsewhere = ['password', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'urn:ietf:params:oauth:grant-type:device_code'];
  if (isKnownElsewhere.includes(grantType)) return notModelled(`grant_type=${grantType}`);
  return refusalJson(exchange, refuse.grantType(grantType));
}

function sceneOf(exchange: Exchange, authority: Authority): Scene {
  return { tenantId: authority.kind === 'tenant' ? authority.tenant.tenantId : undefined, appId: readClientCredentials(exchange).clientId };
}

function redeemClientCredentials(exchange: Exchange, authority: Authority): SandboxResponse {
  const tenant = authority.kind === 'tenant' ? authority.tenant : tell(exchange.world, 'L-TOKEN-COMMON', undefined, () => exchange.world.tenants.get(exchange.world.homeTenantId));
  if (tenant === undefined) return refusalJson(exchange, refuse.clientCredentialsOnCommon());
  const given = readClientCredentials(exchange);
  const app = findClient(exchange, given.clientId, tenant);
  if (isRefusal(app)) return refusalJson(exchange, app);
  const client = authenticateClient(exchange, authority, app, given, 7000216);
  if (!client.ok) return client.response;
  const principal = usablePrincipal(exchange, tenant, app);
  if (isRefusal(principal)) return refusalJson(exchange, principal);
  const audience = readAudience(exchange, tenant);
  if (isRefusal(audience)) return refusalJson(exchange, audience);
  const accessToken = issueAccessToken(exchange.world, {
    tenantId: tell(exchange.world, 'L-AT-TENANT', tenant.tenantId, () => exchange.world.homeTenantId),
    audience: audience.address,
    appId: app.application.appId,
    appDisplayName: app.application.displayName,
    clientProof: client.proof,
    subjectObjectId: principal.id,
    roles: tell(exchange.world, 'L-AT-ROLES-ALL', grantedRoles(exchange.world, tenant, principal, audience.resource), () => audience.resource.appRoles.map((role) => role.value)),
  });
  return respond(rule('TOKEN-APP'), 200, {
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_LIFETIME_SECONDS,
    ext_expires_in: ACCESS_TOKEN_LIFETIME_SECONDS,
    access_token: accessToken,
  });
}

function findClient(exchange: Exchange, clientId: string, tenant: Tenant | undefined): RegisteredApp | Refusal {
  if (clientId === '') return refuse.missingParameter('client_id', 'TOKEN-PARAMETER');
  if (clientId === NULL_GUID) return refuse.nullClient(clientId);
  const app = findApp(exchange.world, clientId);
  const isKnown = app !== undefined && (tenant === undefined || isAllowedIn(app, tenant.tenantId));
  return isKnown ? app : refuse.unknownClient(clientId, tenant?.tenantId ?? 'organizations');
}

function usablePrincipal({ world, sts }: Exchange, tenant: Tenant, { application }: RegisteredApp): ServicePrincipal | Refusal {
  const principal = findServicePrincipal(tenant, application.appId, tell(world, 'L-LAG-STS', world.asOf('sts.servicePrincipal'), () => world.now())) ?? principalAtHome(world, application.appId);
  if (principal === undefined && sts.variants.missingPrincipal === '700016') return refuse.unknownClient(application.appId, tenant.tenantId);
  if (principal === undefined) return refuse.noServicePrincipal(application.appId, tenant.tenantId);
  return principal.accountEnabled || isLying(world, 'L-TOKEN-SP-DISABLED') ? principal : refuse.disabledApp(application.appId, 'TOKEN-SP-DISABLED');
}

/** Only under a lie: the app's own presence at home stands in for one that is missing here. */
function principalAtHome(world: World, appId: string): ServicePrincipal | undefined {
  const home = world.tenants.get(world.homeTenantId);
  return home !== undefined && isLying(world, 'L-TOKEN-NO-SP') ? findServicePrincipal(home, appId, world.now()) : undefined;
}

function readAudience(exchange: Exchange, tenant: Tenant): { address: string; resource: ServicePrincipal } | Refusal {
  const scopes = (exchange.form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const [scope] = scopes;
  if (scope === undefined) return refuse.missingParameter('scope', 'TOKEN-PARAMETER');
  if (scopes.length > 1) return refuse.severalScopes('TOKEN-SCOPE-MANY');
  const address = resourceOfDefaultScope(scope) ?? tell<string | undefined>(exchange.world, 'L-TOKEN-SCOPE', undefined, () => 'https://graph.microsoft.com');
  if (address === undefined) return refuse.scopeWithoutDefault(scope);
  const resource = findAudience(exchange.world, tenant, address) ?? (isLying(exchange.world, 'L-TOKEN-RESOURCE') ? findAudience(exchange.world, tenant, GRAPH_APP_ID) : undefined);
  return resource === undefined ? refuse.unknownResource(address, tenant.tenantId) : { address, resource };
}

function grantedRoles(world: World, tenant: Tenant, client: ServicePrincipal, resource: ServicePrincipal): string[] {
  const names = new Map(resource.appRoles.map((role) => [role.id, role.value]));
  return tenant.appRoleAssignments
    .list(tell(world, 'L-LAG-ROLES', world.asOf('sts.roles'), () => world.now()))
    .filter((row) => row.principalId === client.id && row.resourceId === resource.id)
    .flatMap((row) => names.get(row.appRoleId) ?? []);
}

function redeemForPerson(exchange: Exchange, authority: Authority, by: 'code' | 'refresh'): SandboxResponse {
  const given = readClientCredentials(exchange);
  const app = findClient(exchange, given.clientId, authority.kind === 'tenant' ? authority.tenant : undefined);
  if (isRefusal(app)) return refusalJson(exchange, app);
  const client = authenticateClient(exchange, authority, app, given, 7000218);
  if (!client.ok) return client.response;
  const checked = (by === 'code' ? checkCode : checkRefreshToken)(exchange, authority, app.application.appId);
  if (isRefusal(checked)) return refusalJson(exchange, checked);
  return answerPerson(exchange, app, client.proof, checked, by);
}
