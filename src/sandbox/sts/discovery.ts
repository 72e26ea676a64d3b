/**
 * The public documents: OpenID configuration, signing keys, instance discovery. The OpenID configuration has the
 * field set captured from the service and no more, so a client that needs another field finds out here.
 * Sources: documents captured in 2024, "OpenID Connect on the Microsoft identity platform".
 */
import { CLOUD_HOSTS, originsOf, type CloudName } from '../cloud-hosts';
import { cloudFacts } from '../clouds';
import { notModelled, respond, type SandboxResponse } from '../http';
import type { Tenant } from '../model';
import { rule } from '../rules';
import { toJwk } from '../signing-keys';
import type { Exchange, LoginHandler } from './context';
import { resolveAuthority } from './directory';
import { knownInstances } from './instances';
import { refusalJson, refuse } from './refusals';
import { misdocument, mispublish } from './relying-party/modes';
import { tellConfiguration, tellKeys } from '../lies/documents';
import { isLying, tell } from '../lies/truth';

export const openidConfiguration: LoginHandler = (exchange, { tenant: segment = '' }) => {
  const authority = resolveAuthority(exchange.world, segment);
  if (authority === undefined) return refusalJson(exchange, refuse.unknownTenant(segment, 'invalid_tenant'));
  if (authority === 'consumers') return notModelled('the /consumers authority');
  const { login, graph } = exchange.world.origins;
  const place: Place = { login, graph, cloud: exchange.world.cloud ?? 'global' };
  if (authority.kind === 'any') {
    return respond(rule('DISC-TEMPLATE'), 200, tellConfiguration(exchange, configuration(place, authority.segment, tell(exchange.world, 'L-DISC-TEMPLATE', '{tenantid}', () => exchange.world.homeTenantId), null)));
  }
  const { tenantId } = authority.tenant;
  const elsewhere = exchange.sts.policies.cloudOf(tenantId);
  if (elsewhere !== undefined && elsewhere !== place.cloud) {
    return respond(rule('CLOUD-DOCUMENT'), 200, configuration({ ...originsOf(elsewhere), cloud: elsewhere }, tenantId, tenantId, region(exchange, authority.tenant)));
  }
  const issuerTenant = tell(exchange.world, 'L-DISC-ISSUER', tenantId, () => segment);
  const document = tellConfiguration(exchange, configuration(place, tenantId, issuerTenant, region(exchange, authority.tenant)));
  return misdocument(exchange.sts.relyingParty, respond(rule('DISC-TENANT'), 200, document), document, login);
};

export const signingKeys: LoginHandler = (exchange, { tenant: segment = '' }) => {
  const authority = resolveAuthority(exchange.world, segment);
  if (authority === undefined) return refusalJson(exchange, refuse.unknownTenant(segment, 'invalid_tenant'));
  const { origins, signingKeys: keys } = exchange.world;
  const published = tellKeys(exchange.world, keys.published.map((key) => toJwk(key, origins.login)));
  return mispublish(exchange.sts.relyingParty, respond(rule('DISC-KEYS'), 200, { keys: published }), published);
};

export const instanceDiscovery: LoginHandler = (exchange): SandboxResponse => {
  const endpoint = exchange.request.query.get('authorization_endpoint') ?? '';
  const asked = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const metadata = knownInstances(exchange.world.origins.login);
  if (asked?.protocol !== 'https:' || (!metadata.some(({ aliases }) => aliases.includes(asked.host)) && !isLying(exchange.world, 'L-INSTANCE-ANY'))) return refusalJson(exchange, refuse.unknownInstance());
  const segment = asked.pathname.split('/')[1] ?? 'common';
  return respond(rule('DISC-INSTANCE'), 200, {
    tenant_discovery_endpoint: `${asked.origin}/${segment}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata,
  });
};

function region(exchange: Exchange, tenant: Tenant): string {
  const country = tenant.organization.get(tenant.tenantId, exchange.world.now())?.countryLetterCode;
  return country === 'US' ? 'NA' : 'EU';
}

interface Place {
  readonly login: string;
  readonly graph: string;
  readonly cloud: CloudName;
}

function configuration({ login, graph, cloud }: Place, segment: string, issuerTenant: string, tenantRegionScope: string | null) {
  const facts = cloudFacts(cloud);
  const base = `${login}/${segment}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${login}/${issuerTenant}/v2.0`,
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${graph}/oidc/userinfo`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: [
      'sub',
      'iss',
      'cloud_instance_name',
      'cloud_instance_host_name',
      'cloud_graph_host_name',
      'msgraph_host',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'acr',
      'nonce',
      'preferred_username',
      'name',
      'tid',
      'ver',
      'at_hash',
      'c_hash',
      'email',
    ],
    kerberos_endpoint: `${base}/kerberos`,
    tenant_region_scope: tenantRegionScope,
    ...(tenantRegionScope === null || facts.regionSubScope === undefined ? {} : { tenant_region_sub_scope: facts.regionSubScope }),
    cloud_instance_name: facts.instanceName,
    cloud_graph_host_name: cloud === 'china' ? 'graph.chinacloudapi.cn' : 'graph.windows.net',
    msgraph_host: CLOUD_HOSTS[cloud].graph,
    rbac_url: facts.rbacUrl,
  };
}
