import { describe, expect, it } from 'vitest';
import { discoverAdmins } from '../../../src/core/admins/discovery';
import { type AdminDiscovery, DEFAULT_EXCLUSIONS } from '../../../src/core/admins/model';
import { EXCHANGE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, SHAREPOINT_ADMINISTRATOR } from '../../../src/core/admins/roles';
import { type FakeDirectory, fakeGraph, guid, refusal, type Sabotage, SCOPE, user } from './fake-directory';

const GROUP = guid(500);
const NOW = Date.parse('2026-03-01T09:00:00Z');
const clock = { now: () => NOW, sleep: async () => undefined };

function discover(directory: FakeDirectory, sabotage: Sabotage = {}, policy?: { mode: 'anyOf' | 'allOf'; roleTemplateIds: string[] }): Promise<AdminDiscovery> {
  return discoverAdmins({ graph: fakeGraph(directory, sabotage), clock }, policy === undefined ? SCOPE : { ...SCOPE, policy });
}

function global(number: number, more: { readonly directoryScopeId?: string | null; readonly hidden?: boolean } = {}) {
  return { principalId: guid(number), roleDefinitionId: GLOBAL_ADMINISTRATOR, ...more };
}

function codes(discovery: AdminDiscovery, number: number): string[] | undefined {
  return discovery.excluded.find((person) => person.objectId === guid(number))?.excludedBecause.map((reason) => reason.code);
}

describe('discoverAdmins', () => {
  it('lists a person once, with every route: direct, through a group, and eligible', async () => {
    const discovery = await discover({
      users: [user(1)],
      groups: [{ id: GROUP, displayName: 'Exchange people', members: [guid(1)] }],
      assigned: [global(1), { principalId: GROUP, roleDefinitionId: EXCHANGE_ADMINISTRATOR }],
      eligible: [{ principalId: guid(1), roleDefinitionId: SHAREPOINT_ADMINISTRATOR }],
    });
    expect(discovery.candidates).toHaveLength(1);
    expect(discovery.candidates[0]).toMatchObject({ objectId: guid(1), upn: 'person1@customer.example', displayName: 'Person 1', rank: 1 });
    expect(discovery.candidates[0]?.routes.map(({ role, via, groupName, state }) => [role, via, groupName, state])).toEqual([
      ['Global Administrator', 'direct', null, 'active'],
      ['Exchange Administrator', 'group', 'Exchange people', 'active'],
      ['SharePoint Administrator', 'direct', null, 'eligible'],
    ]);
  });

  it('excludes who cannot be used, each with the reason', async () => {
    const directory: FakeDirectory = {
      users: [user(1, { accountEnabled: false }), user(2, { userType: 'Guest' }), user(3), user(4), user(6, { accountEnabled: null }), user(7, { userType: null, userPrincipalName: 'x_partner.example#EXT#@customer.onmicrosoft.com' })],
      servicePrincipals: [guid(5)],
      assigned: [
        global(1),
        global(2),
        global(3, { directoryScopeId: '/administrativeUnits/1' }),
        global(5),
        global(6),
        global(7),
        global(8),
      ],
      eligible: [global(4)],
    };
    const discovery = await discover(directory);
    expect(discovery.candidates).toEqual([]);
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((number) => codes(discovery, number)?.join())).toEqual(['disabled', 'guest', 'unit_scoped', 'eligible_only', 'service_principal', 'unreadable', 'guest', 'deleted']);
    expect(discovery.excluded.every((person) => person.rank === null && person.routes.length > 0 && person.excludedBecause.every((reason) => reason.message.endsWith('.')))).toBe(true);
  });

  it('names every reason of a person, not only the first', async () => {
    const discovery = await discover({ users: [user(1, { accountEnabled: false, userType: 'Guest' })], assigned: [], eligible: [global(1)] });
    expect(codes(discovery, 1)).toEqual(['disabled', 'guest', 'eligible_only']);
  });

  it('counts an assignment limited to an app or to one object as scoped', async () => {
    const discovery = await discover({ users: [user(1), user(2)], assigned: [global(1, { directoryScopeId: null }), global(2, { directoryScopeId: `/${guid(77)}` })] });
    expect([codes(discovery, 1), codes(discovery, 2)]).toEqual([['unit_scoped'], ['unit_scoped']]);
  });

  it('takes a person who holds one role scoped and another for the whole tenant', async () => {
    const discovery = await discover({ users: [user(1)], assigned: [global(1, { directoryScopeId: '/administrativeUnits/1' }), { principalId: guid(1), roleDefinitionId: EXCHANGE_ADMINISTRATOR }] });
    expect(discovery.candidates.map((candidate) => candidate.objectId)).toEqual([guid(1)]);
  });

  it('lists members of an eligible group as eligible only', async () => {
    const discovery = await discover({ users: [user(1)], groups: [{ id: GROUP, members: [guid(1)] }], eligible: [{ principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] });
    expect(codes(discovery, 1)).toEqual(['eligible_only']);
  });

  it('excludes an app that is a member of a group that holds the role', async () => {
    const discovery = await discover({ users: [], servicePrincipals: [guid(5)], groups: [{ id: GROUP, members: [guid(5), guid(6)] }], assigned: [{ principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] });
    expect([codes(discovery, 5), codes(discovery, 6)]).toEqual([['service_principal'], ['unreadable']]);
  });

  it('says which roles are wanted when the policy asks for all of them', async () => {
    const policy = { mode: 'allOf' as const, roleTemplateIds: [EXCHANGE_ADMINISTRATOR, SHAREPOINT_ADMINISTRATOR] };
    const both = [EXCHANGE_ADMINISTRATOR, SHAREPOINT_ADMINISTRATOR].map((roleDefinitionId) => ({ principalId: guid(1), roleDefinitionId }));
    const discovery = await discover({ users: [user(1), user(2)], assigned: [...both, { principalId: guid(2), roleDefinitionId: EXCHANGE_ADMINISTRATOR }] }, {}, policy);
    expect(discovery.candidates.map((candidate) => candidate.objectId)).toEqual([guid(1)]);
    expect(discovery.excluded[0]?.excludedBecause).toEqual([{ code: 'policy_not_met', message: 'The roles held do not meet the policy: Exchange Administrator and SharePoint Administrator is needed.' }]);
  });

  it('tells "nobody" from "may not look"', async () => {
    await expect(discover({ users: [] })).resolves.toEqual({ candidates: [], excluded: [], eligibility: 'listed', groupEligibility: 'not_asked', signIns: 'not_asked' });
    const listEnd = (path: string) => (path.includes('/roleAssignments') ? refusal(403, 'Authorization_RequestDenied') : undefined);
    await expect(discover({ users: [] }, { listEnd })).rejects.toMatchObject({
      code: 'ADMINS_UNREADABLE',
      message: expect.stringContaining('RoleManagement.Read.Directory'),
      serviceCode: 'Authorization_RequestDenied',
      correlationId: 'request-1',
      details: { app: 'backup', tenantId: SCOPE.tenantId },
    });
  });

  it.each([
    ['a person', '/users?', 'User.Read.All'],
    ['a group', '/groups/', 'GroupMember.Read.All'],
  ])('names the permission that is missing to read %s', async (_, prefix, permission) => {
    const answer = (path: string) => (path.startsWith(prefix) ? refusal(403, 'Authorization_RequestDenied') : undefined);
    const directory = { users: [user(1)], groups: [{ id: GROUP, members: [guid(1)] }], assigned: [global(1), { principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] };
    await expect(discover(directory, { answer })).rejects.toMatchObject({ code: 'ADMINS_UNREADABLE', details: { permission, app: 'backup' } });
  });

  it.each([
    [500, 'GRAPH_UNAVAILABLE'],
    [429, 'GRAPH_THROTTLED'],
    [400, 'GRAPH_REFUSED'],
    [401, 'GRAPH_REFUSED'],
    [501, 'GRAPH_REFUSED'],
  ])('raises on a list that was cut by a %i instead of passing on the part', async (status, code) => {
    const directory = { users: [user(1)], assigned: [global(1)] };
    await expect(discover(directory, { listEnd: (path) => (path.includes('/roleAssignments') ? refusal(status, 'x') : undefined) })).rejects.toMatchObject({ code });
    await expect(discover(directory, { listEnd: (path) => (path.includes('Eligibility') ? refusal(status, 'x') : undefined) })).rejects.toMatchObject({ code });
  });

  it('raises when one item of the batch failed, although the others answered', async () => {
    const answer = (path: string) => (path.startsWith('/users?') && path.includes(guid(2)) ? refusal(503, 'serviceNotAvailable') : undefined);
    const directory = { users: [user(1), user(2)], assigned: [global(1), global(2)] };
    await expect(discover(directory, { answer })).rejects.toMatchObject({ code: 'GRAPH_UNAVAILABLE' });
    const silent = (path: string) => (path.startsWith('/users?') && path.includes(guid(2)) ? { status: 0, body: undefined, requestId: undefined } : undefined);
    await expect(discover(directory, { answer: silent })).rejects.toMatchObject({ code: 'GRAPH_UNAVAILABLE' });
  });

  it('raises when the batch answers fewer questions than were asked', async () => {
    const graph = fakeGraph({ users: [user(1), user(2)], assigned: [global(1), global(2)] });
    const short = { ...graph, batch: async (...asked: Parameters<typeof graph.batch>) => (await graph.batch(...asked)).slice(0, 1) };
    await expect(discoverAdmins({ graph: short, clock }, SCOPE)).rejects.toMatchObject({ code: 'GRAPH_ANSWER_INVALID' });
  });

  it('raises when the members of a group go on behind a page that is refused', async () => {
    const directory = { users: [user(1), user(2)], groups: [{ id: GROUP, members: [guid(1), guid(2)] }], assigned: [{ principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] };
    const listEnd = (path: string) => (path.startsWith('/groups/') ? refusal(403, 'Authorization_RequestDenied') : undefined);
    await expect(discover(directory, { memberPageSize: 1, listEnd })).rejects.toMatchObject({ code: 'ADMINS_UNREADABLE' });
    expect((await discover(directory, { memberPageSize: 1 })).candidates).toHaveLength(2);
  });

  it.each([
    ['a row without principal', { roleDefinitionId: GLOBAL_ADMINISTRATOR }],
    ['a row that is text', 'x'],
  ])('refuses %s', async (_, row) => {
    const graph = { ...fakeGraph({ users: [] }), batch: async () => [{ status: 200, body: { value: [row] }, requestId: undefined }, { status: 200, body: { value: [] }, requestId: undefined }] };
    await expect(discoverAdmins({ graph, clock }, SCOPE)).rejects.toMatchObject({ code: 'GRAPH_ANSWER_INVALID' });
  });

  it('does not take somebody else for the person who was asked for', async () => {
    const answer = (path: string) => (path.startsWith('/users?') ? { status: 200, body: { value: [user(2)] }, requestId: undefined } : undefined);
    const discovery = await discover({ users: [user(1)], assigned: [global(1)] }, { answer });
    expect([discovery.candidates, codes(discovery, 1)]).toEqual([[], ['deleted']]);
  });

  it('does not count other roles when the service ignores the filter', async () => {
    const discovery = await discover({ users: [user(1)], assigned: [{ principalId: guid(1), roleDefinitionId: PRIVILEGED_ROLE_ADMINISTRATOR }] }, { ignoreFilter: true });
    expect(discovery).toMatchObject({ candidates: [], excluded: [] });
  });

  it('asks per role when the service does not take the combined filter', async () => {
    const listEnd = (path: string) => (/roleDefinitionId in \(| or /.test(path) ? refusal(400, 'Request_UnsupportedQuery') : undefined);
    const discovery = await discover({ users: [user(1), user(2)], assigned: [global(1)], eligible: [global(2)] }, { listEnd });
    expect(discovery.candidates.map((candidate) => candidate.objectId)).toEqual([guid(1)]);
    expect(codes(discovery, 2)).toEqual(['eligible_only']);
  });

  it.each([
    [400, 'AadPremiumLicenseRequired', 'not_licensed'],
    [403, 'Authentication_RequestFromNonPremiumTenantOrB2CTenant', 'not_licensed'],
    [403, 'Authorization_RequestDenied', 'not_permitted'],
  ])('goes on without eligibilities after a %i %s', async (status, code, eligibility) => {
    const listEnd = (path: string) => (path.includes('Eligibility') ? refusal(status, code) : undefined);
    const discovery = await discover({ users: [user(1)], assigned: [global(1)] }, { listEnd });
    expect(discovery).toMatchObject({ eligibility, candidates: [{ objectId: guid(1) }] });
  });

  it('looks up principals the list did not show, all in one request', async () => {
    const graph = fakeGraph({ users: [user(1)], groups: [{ id: GROUP, displayName: 'Admins', members: [guid(1)] }], assigned: [global(1, { hidden: true }), global(2, { hidden: true }), { principalId: GROUP, roleDefinitionId: EXCHANGE_ADMINISTRATOR, hidden: true }] });
    const discovery = await discoverAdmins({ graph, clock }, SCOPE);
    expect(discovery.candidates[0]?.routes.map((route) => route.via)).toEqual(['direct', 'group']);
    expect(codes(discovery, 2)).toEqual(['deleted']);
    expect(graph.calls.filter((call) => call.includes('POST'))).toHaveLength(1);
  });

  it('does not believe a principal that was shown under another id', async () => {
    const fake = fakeGraph({ users: [user(1), user(2)], assigned: [global(1)] });
    const principal = { '@odata.type': '#microsoft.graph.user', ...user(2) };
    const lists = [{ status: 200, body: { value: [{ id: 'x', directoryScopeId: '/', ...global(1), principal }] }, requestId: undefined }, { status: 200, body: { value: [] }, requestId: undefined }];
    const graph = { ...fake, batch: async (...asked: Parameters<typeof fake.batch>) => (asked[1].some((question) => typeof question === 'string' && question.includes('roleAssignments')) ? lists : fake.batch(...asked)) };
    expect((await discoverAdmins({ graph, clock }, SCOPE)).candidates.map((candidate) => candidate.objectId)).toEqual([guid(1)]);
    expect(fake.calls).toEqual(['BATCH 1 POST /directoryObjects/getByIds', 'BATCH 1']);
  });

  it('still names a person who vanished between two reads', async () => {
    const discovery = await discover({ users: [user(1)], assigned: [global(1)] }, { answer: (path) => (path.startsWith('/users?') ? { status: 200, body: { value: [] }, requestId: undefined } : undefined) });
    expect(discovery.excluded[0]).toMatchObject({ upn: 'person1@customer.example', displayName: 'Person 1', excludedBecause: [{ code: 'deleted' }] });
  });

  it('asks for details of group members whom the group did not show well enough', async () => {
    const directory = { users: [user(1), user(2, { accountEnabled: false })], groups: [{ id: GROUP, members: [guid(1), guid(2)] }], assigned: [{ principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] };
    const discovery = await discover(directory, { memberFields: ['id', 'displayName', 'userPrincipalName'] });
    expect([discovery.candidates[0]?.objectId, codes(discovery, 2)]).toEqual([guid(1), ['disabled']]);
  });

  it('does so also for members of a group that had to be looked up itself', async () => {
    const directory = { users: [user(1)], groups: [{ id: GROUP, members: [guid(1)] }], assigned: [{ principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR, hidden: true }] };
    const graph = fakeGraph(directory, { memberFields: ['id', 'displayName', 'userPrincipalName'] });
    expect((await discoverAdmins({ graph, clock }, SCOPE)).candidates.map((candidate) => candidate.objectId)).toEqual([guid(1)]);
    expect(graph.roundTrips()).toBe(4);
  });

  it('needs two requests for sixty holders, one of them a group', async () => {
    const users = Array.from({ length: 60 }, (_, index) => user(index + 1));
    const graph = fakeGraph({ users, groups: [{ id: GROUP, members: users.slice(50).map(({ id }) => id) }], assigned: [...users.slice(0, 50).map(({ id }) => ({ principalId: id, roleDefinitionId: GLOBAL_ADMINISTRATOR })), { principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] });
    expect((await discoverAdmins({ graph, clock }, SCOPE)).candidates).toHaveLength(60);
    expect(graph.calls).toEqual(['BATCH 2', 'BATCH 6']);
  });

  it.each([[[]], [['not-a-guid']], [[`${GLOBAL_ADMINISTRATOR}' or 1 eq 1`]]])('refuses the policy %j', async (roleTemplateIds) => {
    await expect(discover({ users: [] }, {}, { mode: 'anyOf', roleTemplateIds })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('passes the signal and the wish for a fresh read to every call', async () => {
    const graph = fakeGraph({ users: [user(1)], assigned: [global(1)] });
    const { signal } = new AbortController();
    await discoverAdmins({ graph, clock }, { ...SCOPE, fresh: true, signal });
    expect(graph.scopes).toEqual(Array.from({ length: 2 }, () => ({ ...SCOPE, fresh: true, signal })));
  });

  it('leaves out accounts kept for emergencies, by the name before the @, unless the installation says otherwise', async () => {
    const directory = { users: [user(1, { userPrincipalName: 'BreakGlass-1@customer.example' }), user(2, { userPrincipalName: 'ada.breakglass@customer.example' })], assigned: [global(1), global(2)] };
    const discovery = await discover(directory);
    expect([codes(discovery, 1), discovery.candidates.map(({ objectId }) => objectId)]).toEqual([['break_glass'], [guid(2)]]);
    const exclude = { ...DEFAULT_EXCLUSIONS, breakGlass: ['*.breakglass'] };
    expect(codes(await discoverAdmins({ graph: fakeGraph(directory), clock }, { ...SCOPE, exclude }), 2)).toEqual(['break_glass']);
  });

  it('leaves out synchronised accounts and those without a mailbox where the installation asks for it', async () => {
    const plan = (servicePlanId: string, capabilityStatus = 'Enabled') => [{ servicePlanId, capabilityStatus }];
    const EXCHANGE = 'efb87545-963c-4e0d-99df-69c6916d9eb0';
    const FOUNDATION = '113feb6c-3fe4-4440-bddc-54d774bf0318';
    const users = [user(1, { assignedPlans: plan(EXCHANGE) }), user(2, { assignedPlans: plan(FOUNDATION) }), user(3), user(4, { assignedPlans: plan(EXCHANGE, 'Suspended') }), user(5, { assignedPlans: plan(EXCHANGE.toUpperCase()), onPremisesSyncEnabled: true })];
    const discovery = await discoverAdmins({ graph: fakeGraph({ users, assigned: [1, 2, 3, 4, 5].map((number) => global(number)) }), clock }, { ...SCOPE, exclude: { breakGlass: [], synced: true, withoutMailbox: true } });
    expect([1, 2, 3, 4, 5].map((number) => codes(discovery, number)?.join())).toEqual([undefined, 'no_mailbox', 'no_mailbox', 'no_mailbox', 'synced_account']);
  });

  it('takes an invited account for a guest although its type says member', async () => {
    expect(codes(await discover({ users: [user(1, { userPrincipalName: 'x_partner.example#EXT#@customer.onmicrosoft.com' })], assigned: [global(1)] }), 1)).toEqual(['guest']);
  });

  it('names people who may activate a membership of a group that holds the role', async () => {
    const directory = { users: [user(1), user(2)], groups: [{ id: GROUP, displayName: 'Tier 0', members: [guid(1)], eligible: [guid(2)] }], assigned: [{ principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] };
    const discovery = await discover(directory);
    expect(discovery).toMatchObject({ groupEligibility: 'listed', candidates: [{ objectId: guid(1) }], excluded: [{ objectId: guid(2), upn: 'person2@customer.example', routes: [{ via: 'group', groupName: 'Tier 0', state: 'eligible' }] }] });
    expect(codes(discovery, 2)).toEqual(['eligible_only']);
  });

  it.each([
    [403, 'Authorization_RequestDenied', 'not_permitted'],
    [400, 'AadPremiumLicenseRequired', 'not_licensed'],
    [503, 'serviceNotAvailable', 'unreadable'],
    [400, 'BadRequest', 'unreadable'],
  ])('goes on without eligible memberships and last sign-ins after a %i %s', async (status, code, reading) => {
    const directory = { users: [user(1)], groups: [{ id: GROUP, members: [guid(1)] }], assigned: [{ principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] };
    const answer = (path: string) => (/privilegedAccess|signInActivity/.test(path) ? refusal(status, code) : undefined);
    const found = await discoverAdmins({ graph: fakeGraph(directory, { answer }), clock }, { ...SCOPE, ranking: { order: ['recent_sign_in', 'named'] } });
    expect(found).toMatchObject({ groupEligibility: reading, signIns: reading, candidates: [{ objectId: guid(1), reasons: ['Enabled member account.', "A named person's account."] }] });
  });

  it('ranks by the last sign-in, of group members too, where that was asked for and is readable', async () => {
    const at = (daysAgo: number) => ({ lastSuccessfulSignInDateTime: new Date(NOW - daysAgo * 86_400_000).toISOString() });
    const directory = { users: [user(1, { signInActivity: at(90) }), user(2), user(3, { signInActivity: at(2) })], groups: [{ id: GROUP, members: [guid(3)] }], assigned: [global(1), global(2), { principalId: GROUP, roleDefinitionId: GLOBAL_ADMINISTRATOR }] };
    const graph = fakeGraph(directory);
    const found = await discoverAdmins({ graph, clock }, { ...SCOPE, ranking: { order: ['recent_sign_in'] } });
    expect(found.candidates.map(({ objectId, reasons }) => [objectId, reasons[1]])).toEqual([
      [guid(3), 'Signed in within the last 30 days.'],
      [guid(1), 'Has not signed in within the last 30 days.'],
      [guid(2), 'Has not signed in within the last 30 days.'],
    ]);
    expect(found.signIns).toBe('listed');
    expect(graph.calls.length).toBeLessThanOrEqual(3);
  });

  it('calls principals it may not look up unreadable, and the others are found all the same', async () => {
    const answer = (path: string) => (path === '/directoryObjects/getByIds' ? refusal(403, 'Authorization_RequestDenied') : undefined);
    const discovery = await discover({ users: [user(1)], assigned: [global(1), global(2, { hidden: true })] }, { answer });
    expect([discovery.candidates.map(({ objectId }) => objectId), codes(discovery, 2)]).toEqual([[guid(1)], ['unreadable']]);
  });
});
