import { describe, expect, it } from 'vitest';
import { directoryReader, EXCHANGE_APP_ID, GRAPH_APP_ID, parseApps } from '../../../src/core/consent/apps/apps';
import type { AppEvidence, GrantEvidence, ResourceEvidence } from '../../../src/core/consent/evidence/evidence-model';
import { judgeConsent } from '../../../src/core/consent/evidence/judge';

// Mail.ReadWrite carries the same GUID on Graph and on Exchange Online: a real trap, kept here on purpose.
const MAIL = 'e2a3a72e-5f79-4c64-b1b1-878b674786c9';
const DIRECTORY = '7ab1d382-f21e-4acd-a863-ba3e13f7da61';
const USER_READ = 'e1fe6dd8-ba31-4d61-89e7-88639da4683d';
const GRAPH_SP = '11111111-0000-4000-8000-000000000001';
const EXCHANGE_SP = '11111111-0000-4000-8000-000000000002';
const APP_SP = '11111111-0000-4000-8000-000000000003';

const apps = parseApps([
  {
    key: 'backup',
    appId: '22222222-0000-4000-8000-000000000001',
    round: 1,
    requiredPermissions: [
      { resource: 'graph', type: 'application', name: 'Mail.ReadWrite', reason: 'mail' },
      { resource: 'graph', type: 'application', id: DIRECTORY, reason: 'directory' },
      { resource: 'exchange', type: 'application', name: 'Mail.ReadWrite', reason: 'mail' },
      { resource: 'graph', type: 'delegated', name: 'User.Read', reason: 'sign-in' },
    ],
  },
]);

const graph: ResourceEvidence = { objectId: GRAPH_SP, roles: [{ id: MAIL, name: 'Mail.ReadWrite' }, { id: DIRECTORY, name: 'Directory.Read.All' }, { id: '33333333-0000-4000-8000-000000000001', name: 'Sites.Read.All' }], scopes: [{ id: USER_READ, name: 'User.Read' }] };
const exchange: ResourceEvidence = { objectId: EXCHANGE_SP, roles: [{ id: MAIL, name: 'Mail.ReadWrite' }], scopes: [] };

const roles = (...names: string[]) => ({ outcome: 'roles', roles: names }) as const;
const complete: AppEvidence = {
  appKey: 'backup',
  tokens: new Map([[GRAPH_APP_ID, roles('Mail.ReadWrite', 'Directory.Read.All')], [EXCHANGE_APP_ID, roles('Mail.ReadWrite')]]),
  directory: {
    outcome: 'read',
    servicePrincipal: { objectId: APP_SP, accountEnabled: true, disabledByMicrosoft: null, assignmentRequired: false },
    appRoles: [{ resourceObjectId: GRAPH_SP, roleId: MAIL }, { resourceObjectId: GRAPH_SP, roleId: DIRECTORY }, { resourceObjectId: EXCHANGE_SP, roleId: MAIL }],
    scopes: [{ resourceObjectId: GRAPH_SP, scope: 'User.Read' }],
  },
};

function judge(change: Partial<AppEvidence> = {}, resources: GrantEvidence['resources'] = new Map([[GRAPH_APP_ID, graph], [EXCHANGE_APP_ID, exchange]])) {
  const verdict = judgeConsent(apps, { tenantId: 't', readAt: 0, depth: 'full', resources, apps: [{ ...complete, ...change }] });
  const app = verdict.apps[0];
  if (app === undefined) throw new Error('no verdict');
  return { ...app, verdict: verdict.verdict, missingNames: app.missing.map((finding) => `${finding.resource}/${finding.name}`), surplusNames: app.surplus.map((finding) => finding.name) };
}

const directory = complete.directory.outcome === 'read' ? complete.directory : undefined;
if (directory === undefined) throw new Error('the fixture is complete');

describe('judging consent', () => {
  it('is granted when token and directory agree on every permission', () => {
    expect(judge()).toMatchObject({ verdict: 'granted', state: 'granted', missingNames: [], surplusNames: [] });
  });

  it('says of a missing permission whether anybody could grant it: published, not published, not read', () => {
    const [app] = [...parseApps([{ key: 'backup', appId: '22222222-0000-4000-8000-000000000001', round: 1, requiredPermissions: ['Sites.Read.All', 'Mail.Raed'].map((name) => ({ resource: 'graph', type: 'application', name, reason: 'r' })) }])];
    const publishedOf = (resources: GrantEvidence['resources']) => judgeConsent(app === undefined ? [] : [app], { tenantId: 't', readAt: 0, depth: 'full', resources, apps: [complete] }).apps.flatMap((verdict) => [...verdict.missing, ...verdict.unproven]).map(({ name, isPublished }) => [name, isPublished]);
    expect(publishedOf(new Map([[GRAPH_APP_ID, graph]]))).toEqual([['Sites.Read.All', true], ['Mail.Raed', false]]);
    expect(publishedOf(new Map([[GRAPH_APP_ID, null]]))).toEqual([['Sites.Read.All', false], ['Mail.Raed', false]]);
    expect(publishedOf(new Map())).toEqual([['Sites.Read.All', null], ['Mail.Raed', null]]);
  });

  it('takes a permission that is declared by name and by id only when both are the same one', () => {
    const declared = (id: string) => parseApps([{ key: 'backup', appId: '22222222-0000-4000-8000-000000000001', round: 1, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'Mail.ReadWrite', id, reason: 'mail' }] }]);
    const states = [MAIL, DIRECTORY].map((id) => judgeConsent(declared(id), { tenantId: 't', readAt: 0, depth: 'full', resources: new Map([[GRAPH_APP_ID, graph]]), apps: [complete] }).apps[0]);
    expect(states.map((app) => [app?.state, app?.missing.map(({ name }) => name)])).toEqual([['granted', []], ['not_granted', ['Mail.ReadWrite']]]);
  });

  it('keeps a permission of one resource apart from the same GUID on another', () => {
    expect(judge({ directory: { ...directory, appRoles: directory.appRoles.filter((row) => row.resourceObjectId !== EXCHANGE_SP) } })).toMatchObject({ state: 'partial', missingNames: ['Exchange Online/Mail.ReadWrite'] });
  });

  it('does not believe a token alone, nor the directory alone', () => {
    expect(judge({ directory: { ...directory, appRoles: [] } }).verdict).toBe('missing');
    expect(judge({ tokens: new Map([[GRAPH_APP_ID, roles('Directory.Read.All')], [EXCHANGE_APP_ID, roles('Mail.ReadWrite')]]) })).toMatchObject({ verdict: 'missing', missingNames: ['Microsoft Graph/Mail.ReadWrite'] });
  });

  it.each([
    ['a refused read', { outcome: 'unknown', code: 'GRAPH_REFUSED', serviceCode: 'Authorization_RequestDenied' } as const],
    ['a cut page', { outcome: 'unknown', code: 'GRAPH_ANSWER_INVALID', serviceCode: undefined } as const],
  ])('is unknown, never green, after %s', (_name, unread) => {
    expect(judge({ directory: unread })).toMatchObject({ verdict: 'unknown', state: 'unknown', because: { code: unread.code } });
  });

  it('is unknown when one token could not be had', () => {
    const tokens = new Map([...complete.tokens, [EXCHANGE_APP_ID, { outcome: 'unknown', code: 'STS_UNAVAILABLE', serviceCode: undefined } as const]] as const);
    expect(judge({ tokens }).verdict).toBe('unknown');
  });

  it('is unknown, and accuses nobody, when a resource could not be read', () => {
    expect(judge({}, new Map([[GRAPH_APP_ID, graph]]))).toMatchObject({ verdict: 'unknown', state: 'unknown', because: { code: 'CONSENT_UNKNOWN' } });
    // The app's own absence is still told at once.
    const absent = { outcome: 'absent', code: 'STS_APP_NOT_IN_TENANT', serviceCode: undefined } as const;
    expect(judge({ tokens: new Map([[GRAPH_APP_ID, absent]]) }, new Map()).verdict).toBe('missing');
  });

  it('is not granted when the app has no service principal', () => {
    const absent = { outcome: 'absent', code: 'STS_APP_NOT_IN_TENANT', serviceCode: 'AADSTS7000229' } as const;
    expect(judge({ tokens: new Map([[GRAPH_APP_ID, absent]]), directory: { outcome: 'read', servicePrincipal: null, appRoles: [], scopes: [] } })).toMatchObject({ verdict: 'missing', state: 'not_granted', because: { serviceCode: 'AADSTS7000229' } });
  });

  it('is disabled when the customer switched the enterprise application off', () => {
    expect(judge({ directory: { ...directory, servicePrincipal: { objectId: APP_SP, accountEnabled: false, disabledByMicrosoft: null, assignmentRequired: false } } })).toMatchObject({ verdict: 'missing', state: 'disabled' });
  });

  it('names a permission whose resource does not exist in the tenant', () => {
    expect(judge({}, new Map([[GRAPH_APP_ID, graph], [EXCHANGE_APP_ID, null]])).missingNames).toEqual(['Exchange Online/Mail.ReadWrite']);
  });

  it('reports a surplus grant and refuses nothing because of it', () => {
    const appRoles = [...directory.appRoles, { resourceObjectId: GRAPH_SP, roleId: '33333333-0000-4000-8000-000000000001' }];
    expect(judge({ directory: { ...directory, appRoles, scopes: [...(directory.scopes ?? []), { resourceObjectId: GRAPH_SP, scope: 'Mail.Read' }] } })).toMatchObject({ verdict: 'granted', surplusNames: ['Sites.Read.All', 'Mail.Read'] });
  });

  it('misses a delegated permission that was granted for one person only', () => {
    expect(judge({ directory: { ...directory, scopes: [] } }).missingNames).toEqual(['Microsoft Graph/User.Read']);
  });
});

describe('declaring apps', () => {
  const app = { key: 'a', appId: '22222222-0000-4000-8000-000000000001', round: 1, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'X', reason: 'r' }] };

  it.each([{ name: 'Directory.Read.All' }, { id: DIRECTORY.toUpperCase() }])('reads the directory as the app that asked for %j', (reads) => {
    const reader = { key: 'reader', appId: '22222222-0000-4000-8000-000000000002', round: 2, requiredPermissions: [{ resource: 'graph', type: 'application', reason: 'r', ...reads }] };
    expect(directoryReader(parseApps([app, reader])).key).toBe('reader');
    expect(directoryReader(parseApps([app])).key).toBe('a');
  });

  it.each([
    ['two apps in one round', [app, { ...app, key: 'b', appId: '22222222-0000-4000-8000-000000000002' }]],
    ['a gap between rounds', [{ ...app, round: 2 }]],
    ['one key twice', [app, { ...app, round: 2, appId: '22222222-0000-4000-8000-000000000002' }]],
    ['a permission without name and id', [{ ...app, requiredPermissions: [{ resource: 'graph', type: 'application', reason: 'r' }] }]],
    ['a permission without a reason', [{ ...app, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'X' }] }]],
    ['an unknown resource', [{ ...app, requiredPermissions: [{ resource: 'mail', type: 'application', name: 'X', reason: 'r' }] }]],
    ['no app at all', []],
    ['something that is no list', { apps: [] }],
  ])('refuses %s', (_name, input) => {
    expect(() => parseApps(input)).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
