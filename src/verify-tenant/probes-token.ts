/** The token endpoint: what an app gets, and the numbers of the refusals it can run into. */
import { claimsOf, headerOf } from './assertions';
import { type Bench, type Finding, found, notTried, type Probe } from './model';
import { document, refusedToken, single, stsRefusal } from './probe';
import { compare, exactly, isObject, like, number, object, rowsOf, type Shape, text, textOf } from './shape';

const NULL_GUID = '00000000-0000-0000-0000-000000000000';
const token = (bench: Bench, form: Readonly<Record<string, string>>) => ({ host: 'login', method: 'POST', path: `/${bench.settings.tenantId}/oauth2/v2.0/token`, form }) as const;

async function readAppToken(bench: Bench): Promise<Finding> {
  const answer = await bench.askToken();
  const shape = object({ token_type: exactly('Bearer'), expires_in: number, ext_expires_in: number, access_token: text }, ['id_token', 'refresh_token', 'scope']);
  const wrong = compare(answer, { status: 200, headers: { 'content-type': like(/^application\/json/, 'JSON') }, body: shape });
  if (wrong.length > 0 || !isObject(answer.body)) return found(wrong);
  const compact = textOf(answer.body['access_token']);
  return found([...claimsShape(bench, Number(answer.body['expires_in']))(claimsOf(compact), 'claims'), ...(await judgeKey(bench, compact)), ...(await judgeRoles(bench, claimsOf(compact)))]);
}

function claimsShape({ settings }: Bench, lifetimeSeconds: number): Shape {
  return (value, at) => {
    const claims = isObject(value) ? value : {};
    const lasts = Number(claims['exp']) - Number(claims['iat']);
    const roles: unknown = claims['roles'];
    return [
      ...object({
        ver: exactly('1.0'),
        aud: exactly(settings.hosts.graphResource, 'Microsoft Graph'),
        iss: exactly(`https://sts.windows.net/${settings.tenantId}/`, 'sts.windows.net with this tenant'),
        tid: exactly(settings.tenantId, 'this tenant'),
        appid: exactly(settings.clientId, 'the client id'),
        appidacr: exactly(settings.credential.kind === 'secret' ? '1' : '2'),
        idtyp: exactly('app'),
        oid: text,
      }, ['scp'])(claims, at),
      ...(Math.abs(lasts - lifetimeSeconds) <= 600 ? [] : [`${at}.exp: ${lasts} seconds after iat, where expires_in says ${lifetimeSeconds}`]),
      ...(Array.isArray(roles) && roles.length === 0 ? [`${at}.roles: an empty list instead of no such member`] : []),
    ];
  };
}

async function judgeKey(bench: Bench, compact: string): Promise<readonly string[]> {
  const answer = await bench.ask(document(`/${bench.settings.tenantId}/discovery/v2.0/keys`));
  return JSON.stringify(answer.body ?? '').includes(`"${textOf(headerOf(compact)['kid'])}"`) ? [] : ['header.kid: not among the published keys'];
}

/** The roles in the token are those assigned to its service principal at Graph, no more. */
async function judgeRoles(bench: Bench, claims: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const assigned = await bench.ask({ host: 'graph', method: 'GET', path: `/v1.0/servicePrincipals/${textOf(claims['oid'])}/appRoleAssignments` });
  if (assigned.status !== 200) return [];
  const roles: unknown = claims['roles'];
  const carried = Array.isArray(roles) ? roles.length : 0;
  return carried <= rowsOf(assigned).length ? [] : [`claims.roles: ${carried} roles, where ${rowsOf(assigned).length} are assigned`];
}

async function tryForeignAudience(bench: Bench): Promise<Finding> {
  const answer = await bench.askToken({ scope: 'https://outlook.office365.com/.default' });
  const other = isObject(answer.body) ? textOf(answer.body['access_token']) : '';
  if (answer.status !== 200 || other === '') return notTried('the tenant gives no token for another resource');
  const roles: unknown = claimsOf(other)['roles'];
  if (Array.isArray(roles) && roles.length === 0) return found(['claims.roles: an empty list instead of no such member, in a token for another resource']);
  const reply = await bench.ask({ host: 'graph', method: 'GET', path: '/v1.0/organization', bearer: other });
  return found(reply.status === 401 ? [] : [`status: ${reply.status} instead of 401 for a token for another resource`]);
}

export const tokenProbes: readonly Probe[] = [
  { rule: 'TOKEN-APP', asks: 'a token for Microsoft Graph', run: readAppToken },
  single('TOKEN-METHOD', 'the token endpoint by GET', ({ settings }) => document(`/${settings.tenantId}/oauth2/v2.0/token`), stsRefusal(400, 900561, 'invalid_request')),
  single('TOKEN-PARAMETER', 'a token request without grant_type', (bench) => token(bench, { client_id: bench.settings.clientId }), stsRefusal(400, 900144, 'invalid_request')),
  single('TOKEN-GRANT-TYPE', 'an unknown grant type', (bench) => token(bench, { client_id: bench.settings.clientId, grant_type: 'zz_verify' }), stsRefusal(400, 70003, 'unsupported_grant_type')),
  single('TOKEN-CLIENT-NULL', 'the all-zero client', (bench) => token(bench, { client_id: NULL_GUID, client_secret: 'zz-verify', grant_type: 'client_credentials', scope: `${bench.settings.hosts.graphResource}/.default` }), stsRefusal(400, 700038, 'unauthorized_client')),
  single('TOKEN-CLIENT-UNKNOWN', 'a client nobody has', (bench) => token(bench, { client_id: bench.guid(), client_secret: 'zz-verify', grant_type: 'client_credentials', scope: `${bench.settings.hosts.graphResource}/.default` }), stsRefusal(400, 700016, 'unauthorized_client')),
  single('TOKEN-NO-CREDENTIAL', 'no credential at all', (bench) => token(bench, { client_id: bench.settings.clientId, grant_type: 'client_credentials', scope: `${bench.settings.hosts.graphResource}/.default` }), stsRefusal(401, 7000216, 'invalid_client')),
  single('TOKEN-SECRET-WRONG', 'a secret the app does not have', (bench) => token(bench, { client_id: bench.settings.clientId, client_secret: `zz-verify-${bench.guid()}`, grant_type: 'client_credentials', scope: `${bench.settings.hosts.graphResource}/.default` }), stsRefusal(401, 7000215, 'invalid_client')),
  refusedToken('TOKEN-COMMON', 'a token at /organizations', {}, stsRefusal(400, 9001023, 'invalid_request'), 'organizations'),
  refusedToken('TOKEN-SCOPE-DEFAULT', 'a scope without /.default', ({ settings }) => ({ scope: `${settings.hosts.graphResource}/User.Read.All` }), stsRefusal(400, 1002012, 'invalid_scope')),
  refusedToken('TOKEN-SCOPE-MANY', 'two resources at once', ({ settings }) => ({ scope: `${settings.hosts.graphResource}/.default https://outlook.office365.com/.default` }), stsRefusal(400, 70011, 'invalid_scope')),
  refusedToken('TOKEN-RESOURCE', 'a resource nobody has', (bench) => ({ scope: `api://${bench.guid()}/.default` }), stsRefusal(400, 500011, 'invalid_resource')),
  { rule: 'G-ERR-TOKEN', asks: 'Graph with a token for another resource', run: tryForeignAudience },
];

