/** What the sign-in host publishes: documents and keys. No credential is sent. */
import { createHash } from 'node:crypto';
import { type Bench, type Finding, found, type Probe } from './model';
import { document, single, stsRefusal } from './probe';
import { compare, exactly, isObject, like, list, membersOf, object, present, textOf, every, type Shape } from './shape';

const CONSUMER_TENANT_ID = '9188040d-6c67-4c5b-b112-36a304b66dad';
const CONFIGURATION = '/v2.0/.well-known/openid-configuration';
const MEMBERS = [
  'token_endpoint', 'token_endpoint_auth_methods_supported', 'jwks_uri', 'response_modes_supported', 'subject_types_supported', 'id_token_signing_alg_values_supported', 'response_types_supported', 'scopes_supported',
  'issuer', 'request_uri_parameter_supported', 'userinfo_endpoint', 'authorization_endpoint', 'device_authorization_endpoint', 'http_logout_supported', 'frontchannel_logout_supported', 'end_session_endpoint',
  'claims_supported', 'kerberos_endpoint', 'tenant_region_scope', 'cloud_instance_name', 'cloud_graph_host_name', 'msgraph_host', 'rbac_url',
];

/** Every address of the document under one segment, its issuer under another. */
function configuration(login: string, segment: string, issuerSegment: string): Shape {
  const under = (path: string) => exactly(`${login}/${segment}${path}`, `…/${path.slice(1)} under the same segment`);
  return every(
    membersOf(MEMBERS),
    object({
      issuer: exactly(`${login}/${issuerSegment}/v2.0`, 'the issuer of this authority'),
      token_endpoint: under('/oauth2/v2.0/token'),
      authorization_endpoint: under('/oauth2/v2.0/authorize'),
      jwks_uri: under('/discovery/v2.0/keys'),
      end_session_endpoint: under('/oauth2/v2.0/logout'),
      id_token_signing_alg_values_supported: list(exactly('RS256'), { least: 1, most: 1 }),
      subject_types_supported: list(exactly('pairwise'), { least: 1, most: 1 }),
      tenant_region_scope: present,
    }),
  );
}

async function readKeys(bench: Bench): Promise<Finding> {
  const answer = await bench.ask(document(`/${bench.settings.tenantId}/discovery/v2.0/keys`));
  const wrong = compare(answer, { status: 200, body: object({ keys: list(keyShape(bench), { least: 1 }) }) });
  const keys: unknown = isObject(answer.body) ? answer.body['keys'] : [];
  const issuers = Array.isArray(keys) ? keys.filter(isObject).map((key) => textOf(key['issuer'])) : [];
  const isScoped = issuers.some((issuer) => issuer.includes(`/${CONSUMER_TENANT_ID}/`));
  return found([...wrong, ...(isScoped ? [] : ['body.keys: none is scoped to the tenant of personal accounts'])]);
}

function keyShape(bench: Bench): Shape {
  const issuer = like(new RegExp(`/(?:\\{tenantid\\}|${CONSUMER_TENANT_ID}|[0-9a-f-]{36})/v2\\.0$`), 'an issuer');
  return (value, at) => {
    if (!isObject(value)) return [`${at}: no object`];
    const chain: unknown = value['x5c'];
    const first = Array.isArray(chain) ? textOf(chain[0]) : '';
    const der = Buffer.from(first, 'base64');
    const id = createHash('sha1').update(der).digest('base64url');
    const named = 'the SHA-1 thumbprint of its certificate';
    const modulus = modulusOf(der);
    return [
      ...object({ kty: exactly('RSA'), use: exactly('sig'), kid: exactly(id, named), x5t: exactly(id, named), issuer })(value, at),
      ...(textOf(value['issuer']).startsWith(bench.settings.hosts.login) ? [] : [`${at}.issuer: another host`]),
      ...(modulus === undefined || modulus === value['n'] ? [] : [`${at}.n: not the modulus of its certificate`]),
    ];
  };
}

function modulusOf(der: Buffer): string | undefined {
  // The modulus stands in the certificate as it stands in the key; reading it back needs no parser of certificates.
  const at = der.indexOf(Buffer.from('0282010100', 'hex'));
  return at < 0 ? undefined : der.subarray(at + 5, at + 261).toString('base64url');
}

const instance = (host: string) => `/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(`https://${host}/common/oauth2/v2.0/authorize`)}`;

export const documentProbes: readonly Probe[] = [
  single('DISC-TENANT', 'the OpenID configuration of the tenant, by its id', ({ settings }) => document(`/${settings.tenantId}${CONFIGURATION}`), ({ settings }) => ({ status: 200, body: configuration(settings.hosts.login, settings.tenantId, settings.tenantId) })),
  single('DISC-TENANT', 'the same by its domain', ({ settings }) => document(`/${settings.domain}${CONFIGURATION}`), ({ settings }) => ({ status: 200, body: configuration(settings.hosts.login, settings.tenantId, settings.tenantId) })),
  ...['organizations', 'common'].map((segment) =>
    single('DISC-TEMPLATE', `the OpenID configuration of /${segment}`, document(`/${segment}${CONFIGURATION}`), ({ settings }) => ({ status: 200, body: configuration(settings.hosts.login, segment, '{tenantid}') })),
  ),
  { rule: 'DISC-KEYS', asks: 'the signing keys', run: readKeys },
  single('DISC-INSTANCE', 'instance discovery of this host', ({ settings }) => document(instance(new URL(settings.hosts.login).host)), ({ settings }) => ({
    status: 200,
    body: object({
      tenant_discovery_endpoint: like(/\/common\/v2\.0\/\.well-known\/openid-configuration$/, 'the configuration of /common'),
      metadata: (value, at) => (JSON.stringify(value ?? '').includes(`"${new URL(settings.hosts.login).host}"`) ? [] : [`${at}: this host is no alias`]),
    }),
  })),
  single('DISC-INSTANCE-UNKNOWN', 'instance discovery of a host nobody has', document(instance('login.nobody.example')), stsRefusal(400, 50049, 'invalid_instance')),
  single('TENANT-UNKNOWN', 'the configuration of a tenant nobody has', (bench) => document(`/${bench.guid()}${CONFIGURATION}`), stsRefusal(400, 90002, 'invalid_tenant')),
];
