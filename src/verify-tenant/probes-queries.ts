/** Query options, pages, batches and refusals of Graph. */
import { withBrokenSignature } from './assertions';
import { type Answer, type Bench, type Finding, found, notTried, type Probe } from './model';
import { holdsAny, READS_APPS, READS_GRANTS, READS_GROUPS, READS_ORGANIZATION, READS_ROLES, READS_USERS } from './permissions';
import { get, graphRefusal, graphSuccess, single } from './probe';
import { compare, exactly, isObject, like, object, rowsOf, text, textOf } from './shape';

const EVENTUAL = { ConsistencyLevel: 'eventual' };
const MAX_PAGES = 6;
const BAD = 'Request_BadRequest';
const UNSUPPORTED = 'Request_UnsupportedQuery';

const nextOf = ({ body }: Answer) => (isObject(body) ? body['@odata.nextLink'] : undefined);

/** Two by two: no row twice, none lost, next pages absolute and at the same host. */
async function pages(bench: Bench): Promise<Finding> {
  const total = Number((await bench.ask(get('/v1.0/users/$count', EVENTUAL))).body);
  const seen: string[] = [];
  const wrong: string[] = [];
  let path = '/v1.0/users?$select=id&$top=2';
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await bench.ask(get(path));
    if (answer.status !== 200) return found([`page ${page}: status ${answer.status} instead of 200`]);
    const ids = rowsOf(answer).map((row) => textOf(row['id']));
    if (ids.length > 2) wrong.push(`page ${page}: ${ids.length} rows instead of 2 at most`);
    seen.push(...ids);
    const next = nextOf(answer);
    if (next === undefined) {
      if (Number.isInteger(total) && seen.length !== total) wrong.push(`the pages have ${seen.length < total ? 'fewer' : 'more'} rows than /users/$count says`);
      break;
    }
    if (typeof next !== 'string' || !next.startsWith(`${bench.settings.hosts.graph}/v1.0/users?`) || !/[?&](?:\$|%24)skiptoken=/i.test(next)) return found([...wrong, 'body.@odata.nextLink: no absolute address at the same host with a $skiptoken']);
    if (total > MAX_PAGES * 2 && page === MAX_PAGES) bench.observe(14, 'pages of two are honoured');
    path = next.slice(bench.settings.hosts.graph.length);
  }
  if (new Set(seen).size !== seen.length) wrong.push('a row came on two pages');
  if (Number.isInteger(total) && total <= MAX_PAGES * 2 && nextOf(await bench.ask(get('/v1.0/users?$select=id&$top=999'))) !== undefined) wrong.push('body.@odata.nextLink: present on a page that holds everybody');
  return found(wrong);
}

/** The whole directory in one go, however many fit. */
async function defaultPage(bench: Bench): Promise<Finding> {
  const answer = await bench.ask(get('/v1.0/users?$select=id'));
  const size = rowsOf(answer).length;
  if (answer.status !== 200) return found([`status: ${answer.status} instead of 200`]);
  if (nextOf(answer) === undefined) return notTried('the tenant has too few people for a second page');
  bench.observe(14, `default page of users: ${size}`);
  return found(size === 100 ? [] : [`body.value: ${size} rows on the first page instead of 100`]);
}

const items = (requests: readonly object[]) => ({ host: 'graph', method: 'POST', path: '/v1.0/$batch', json: { requests } }) as const;

async function batch(bench: Bench): Promise<Finding> {
  const answer = await bench.ask(items([
    { id: 'known', method: 'GET', url: `/servicePrincipals(appId='${bench.settings.clientId}')?$select=id` },
    { id: 'unknown', method: 'GET', url: `/servicePrincipals/${bench.guid()}` },
    { id: 'after', method: 'GET', url: '/organization', dependsOn: ['unknown'] },
  ]));
  if (answer.status !== 200) return found([`status: ${answer.status} instead of 200`]);
  const responses: unknown = isObject(answer.body) ? answer.body['responses'] : undefined;
  const rows = Array.isArray(responses) ? responses.filter(isObject) : [];
  const statuses = new Map(rows.map((row) => [textOf(row['id']), row['status']]));
  const wanted = { known: 200, unknown: 404, after: 424 };
  const body = rows.find((row) => row['id'] === 'known')?.['body'];
  const wrong = isObject(body) && textOf(body['id']) !== '' ? [] : ['responses[known].body.id: absent'];
  return found([...wrong, ...Object.entries(wanted).flatMap(([id, status]) => (statuses.get(id) === status ? [] : [`responses[${id}].status: ${String(statuses.get(id))} instead of ${status}`]))]);
}

/** Something this app may not read must be refused, and not be answered in part. */
async function denied(bench: Bench): Promise<Finding> {
  const closed = ([
    ['/v1.0/subscribedSkus', [...READS_ORGANIZATION, 'LicenseAssignment.Read.All']],
    ['/v1.0/oauth2PermissionGrants', READS_GRANTS],
    ['/v1.0/applications', [...READS_APPS, 'Application.ReadWrite.OwnedBy']],
    ['/v1.0/roleManagement/directory/roleAssignments', READS_ROLES],
    ['/v1.0/groups', [...READS_GROUPS, 'Group.ReadBasic.All']],
    ['/v1.0/policies/defaultAppManagementPolicy', ['Policy.Read.All', 'Policy.Read.ApplicationConfiguration', 'Policy.ReadWrite.ApplicationConfiguration']],
  ] as const).find(([, needs]) => !holdsAny(bench.facts.roles, needs));
  if (closed === undefined) return notTried('the app may read everything that could be tried');
  return found(compare(await bench.ask(get(closed[0])), graphRefusal(403, 'Authorization_RequestDenied')));
}

async function countIgnored(bench: Bench): Promise<Finding> {
  const plain = await bench.ask(get('/v1.0/users?$count=true&$top=1&$select=id'));
  const eventual = await bench.ask(get('/v1.0/users?$count=true&$top=1&$select=id', EVENTUAL));
  const has = ({ body }: Answer) => isObject(body) && body['@odata.count'] !== undefined;
  return found([...(has(plain) ? ['body.@odata.count: present without ConsistencyLevel'] : []), ...(has(eventual) ? [] : ['body.@odata.count: absent with ConsistencyLevel'])]);
}

async function echoed(bench: Bench): Promise<Finding> {
  const id = bench.guid();
  return found(compare(await bench.ask(get('/v1.0/organization', { 'client-request-id': id })), { ...graphSuccess(object({})), headers: { 'client-request-id': exactly(id, 'the id that was sent'), 'request-id': text } }));
}

async function forged(bench: Bench): Promise<Finding> {
  return found(compare(await bench.ask({ ...get('/v1.0/organization'), bearer: withBrokenSignature(bench.facts.accessToken) }), graphRefusal(401, 'InvalidAuthenticationToken')));
}

const challenge = { ...graphRefusal(401, 'InvalidAuthenticationToken'), headers: { 'www-authenticate': like(/^Bearer realm="", authorization_uri="[^"]+\/common\/oauth2\/authorize", client_id="00000003-0000-0000-c000-000000000000"/, 'the challenge of Graph') } };
const unknownPrincipal = (bench: Bench) => get(`/v1.0/servicePrincipals/${bench.guid()}`);
const noUser = (option: string) => get(`/v1.0/users?${option}`);

export const queryProbes: readonly Probe[] = [
  single('G-ERR-TOKEN', 'Graph without a token', { ...get('/v1.0/organization'), bearer: null }, challenge),
  single('G-ERR-TOKEN', 'Graph with something that is no token', { ...get('/v1.0/organization'), bearer: 'zz-verify' }, graphRefusal(401, 'InvalidAuthenticationToken')),
  { rule: 'G-ERR-TOKEN', asks: 'Graph with a broken signature', run: forged },
  { rule: 'G-ERR-DENIED', asks: 'something the app may not read', run: denied },
  { rule: 'G-ORG-LIST', asks: 'the echo of client-request-id', run: echoed, needs: READS_ORGANIZATION },
  single('G-ERR-NOT-FOUND', 'a service principal nobody has', unknownPrincipal, graphRefusal(404, 'Request_ResourceNotFound'), READS_APPS),
  single('G-ERR-OBJECT-ID', 'an object id that is none', get('/v1.0/servicePrincipals/zz-verify'), graphRefusal(400), READS_APPS),
  single('G-ERR-SEGMENT', 'a path segment nobody knows', get('/v1.0/zzVerifyThings'), graphRefusal(400, 'BadRequest', like(/segment 'zzVerifyThings'/, 'a sentence that names the segment'))),
  single('G-ERR-DIRECT', 'role assignments at the top level', get('/v1.0/appRoleAssignments'), graphRefusal(400)),
  single('G-ERR-SELECT', '$select of an unknown name on a closed type', get('/v1.0/subscribedSkus?$select=zzVerify'), graphRefusal(400), READS_ORGANIZATION),
  single('G-ERR-TOP', '$top over the largest', noUser('$top=1000'), graphRefusal(400), READS_USERS),
  single('G-ERR-QUERY-OPTION', 'an unknown option with a dollar sign', noUser('$zzverify=1'), graphRefusal(400), READS_USERS),
  single('G-ERR-SKIPTOKEN', 'a page token nobody made', noUser('$skiptoken=zz-verify'), graphRefusal(400), READS_USERS),
  single('G-ERR-FILTER-SYNTAX', 'a filter that cannot be parsed', noUser(`$filter=${encodeURIComponent('id eq')}`), graphRefusal(400), READS_USERS),
  single('G-ERR-ADVANCED', 'endsWith without the advanced parameters', noUser(`$filter=${encodeURIComponent("endsWith(mail,'zz-verify.example')")}`), graphRefusal(400, UNSUPPORTED), READS_USERS),
  single('G-ERR-SEARCH', '$search without ConsistencyLevel', noUser(`$search=${encodeURIComponent('"displayName:zz-verify"')}`), graphRefusal(400, UNSUPPORTED), READS_USERS),
  single('G-ERR-FILTER', 'ne without the advanced parameters', noUser(`$filter=${encodeURIComponent("userType ne 'Guest'")}`), graphRefusal(400, UNSUPPORTED), READS_USERS),
  single('G-ERR-COUNT', '/$count without ConsistencyLevel', get('/v1.0/users/$count'), graphRefusal(400, BAD), READS_USERS),
  { rule: 'G-ERR-COUNT', asks: '$count=true with and without ConsistencyLevel', run: countIgnored, needs: READS_USERS },
  single('G-USER-COUNT', '/$count with ConsistencyLevel', get('/v1.0/users/$count', EVENTUAL), { status: 200, headers: { 'content-type': like(/^text\/plain/, 'plain text') }, body: like(/^\uFEFF?\d+$/, 'a bare number') }, READS_USERS),
  { rule: 'G-USER-LIST', asks: 'page after page', run: pages, needs: READS_USERS },
  { rule: 'G-USER-LIST', asks: 'the default page size', run: defaultPage, needs: READS_USERS },
  { rule: 'G-BATCH', asks: 'a batch with a missing object and what depends on it', run: batch, needs: READS_APPS },
  single('G-BATCH-INVALID', 'twenty-one requests in a batch', items(Array.from({ length: 21 }, (_, index) => ({ id: String(index), method: 'GET', url: '/organization?$select=id' }))), { status: 400, body: object({ error: object({ code: text }) }) }),
  single('G-BATCH-INVALID', 'two requests with one id', items(['1', '1'].map((id) => ({ id, method: 'GET', url: '/organization?$select=id' }))), { status: 400, body: object({ error: object({ code: text }) }) }),
];

