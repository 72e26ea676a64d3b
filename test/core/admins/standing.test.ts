import { describe, expect, it } from 'vitest';
import { EXCHANGE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, OWNERSHIP_POLICY, PRIVILEGED_ROLE_ADMINISTRATOR } from '../../../src/core/admins/roles';
import { readAdminStanding } from '../../../src/core/admins/standing';
import { type FakeDirectory, fakeGraph, guid, refusal, type Sabotage, SCOPE, user } from './fake-directory';

const GROUP = guid(500);
const INPUT = { ...SCOPE, objectId: guid(1), roleTemplateIds: OWNERSHIP_POLICY.roleTemplateIds };

function standing(directory: FakeDirectory, sabotage: Sabotage = {}) {
  return readAdminStanding({ graph: fakeGraph(directory, sabotage) }, INPUT);
}

function holding(principalId: string, more: { readonly directoryScopeId?: string; readonly hidden?: boolean } = {}, roleDefinitionId = GLOBAL_ADMINISTRATOR) {
  return { principalId, roleDefinitionId, ...more };
}

describe('readAdminStanding', () => {
  it('answers for a direct holder with a single request', async () => {
    const graph = fakeGraph({ users: [user(1)], assigned: [holding(guid(1))] });
    const answer = await readAdminStanding({ graph }, INPUT);
    expect(answer).toMatchObject({ outcome: 'qualifies', reasons: [], person: { objectId: guid(1), upn: 'person1@customer.example', displayName: 'Person 1', accountEnabled: true, userType: 'member' } });
    expect(answer.roles.map((role) => [role.role, role.via])).toEqual([['Global Administrator', 'direct']]);
    expect(graph.calls).toEqual(['BATCH 2']);
  });

  it('finds the role through a group, also one the list did not show', async () => {
    const directory = (hidden: boolean) => ({ users: [user(1)], groups: [{ id: GROUP, displayName: 'Owners', members: [guid(1)] }], assigned: [holding(GROUP, { hidden }, PRIVILEGED_ROLE_ADMINISTRATOR)] });
    for (const hidden of [false, true]) expect(await standing(directory(hidden))).toMatchObject({ outcome: 'qualifies', roles: [{ via: 'group', groupName: 'Owners' }] });
  });

  it('counts every role when all are wanted', async () => {
    const input = { ...INPUT, roleTemplateIds: [GLOBAL_ADMINISTRATOR, EXCHANGE_ADMINISTRATOR], mode: 'allOf' as const };
    const one = { users: [user(1)], assigned: [holding(guid(1))] };
    const both = { users: [user(1)], assigned: [holding(guid(1)), holding(guid(1), {}, EXCHANGE_ADMINISTRATOR)] };
    expect(await readAdminStanding({ graph: fakeGraph(one) }, input)).toMatchObject({ outcome: 'does_not', reasons: ['role_missing'] });
    expect(await readAdminStanding({ graph: fakeGraph(both) }, input)).toMatchObject({ outcome: 'qualifies' });
  });

  it.each<[string, FakeDirectory, readonly string[]]>([
    ['is gone', { users: [] }, ['not_found']],
    ['is disabled', { users: [user(1, { accountEnabled: false })], assigned: [holding(guid(1))] }, ['disabled']],
    ['is a guest who is Global Administrator', { users: [user(1, { userType: 'Guest' })], assigned: [holding(guid(1))] }, ['guest']],
    ['was invited, though the type is not shown', { users: [user(1, { userType: null, userPrincipalName: 'a_b.example#EXT#@c.example' })], assigned: [holding(guid(1))] }, ['guest']],
    ['holds no role', { users: [user(1)] }, ['role_missing']],
    ['holds another role only', { users: [user(1)], assigned: [holding(guid(1), {}, EXCHANGE_ADMINISTRATOR)] }, ['role_missing']],
    ['holds it for a unit only', { users: [user(1)], assigned: [holding(guid(1), { directoryScopeId: '/administrativeUnits/1' })] }, ['role_scoped_only']],
    ['is only eligible', { users: [user(1)], eligible: [holding(guid(1))] }, ['role_eligible_only']],
    ['is in a group that holds it for a unit', { users: [user(1)], groups: [{ id: GROUP, members: [guid(1)] }], assigned: [holding(GROUP, { directoryScopeId: '/administrativeUnits/1' })] }, ['role_scoped_only']],
    ['is not in the group that holds it', { users: [user(1), user(2)], groups: [{ id: GROUP, members: [guid(2)] }], assigned: [holding(GROUP)] }, ['role_missing']],
  ])('says no to a person who %s', async (_, directory, reasons) => {
    expect(await standing(directory)).toMatchObject({ outcome: 'does_not', reasons });
  });

  it('does not take somebody else\'s assignment for the person\'s when the service ignores the filter', async () => {
    expect(await standing({ users: [user(1), user(2)], assigned: [holding(guid(2))] }, { ignoreFilter: true })).toMatchObject({ outcome: 'does_not', reasons: ['role_missing'] });
  });

  it.each<[string, Sabotage]>([
    ['the person is refused', { answer: (path) => (path.startsWith('/users/') ? refusal(403, 'Authorization_RequestDenied') : undefined) }],
    ['the assignments are refused', { answer: (path) => (path.includes('principalId') ? refusal(403, 'Authorization_RequestDenied') : undefined) }],
    ['the answer has another form', { answer: (path) => (path.includes('principalId') ? { status: 200, body: { values: [] }, requestId: 'request-1' } : undefined) }],
    ['the answer is about another person', { answer: (path) => (path.startsWith('/users/') ? { status: 200, body: user(2), requestId: undefined } : undefined) }],
    ['the account state is not shown', { answer: (path) => (path.startsWith('/users/') ? { status: 200, body: { id: guid(1), userPrincipalName: 'a@b.example' }, requestId: undefined } : undefined) }],
  ])('says unknown when %s', async (_, sabotage) => {
    expect(await standing({ users: [user(1)], assigned: [holding(guid(1))] }, sabotage)).toMatchObject({ outcome: 'unknown', roles: [], reasons: ['unreadable'] });
  });

  it('says unknown, with what support needs, when the groups cannot be read', async () => {
    const directory = { users: [user(1)], groups: [{ id: GROUP, members: [guid(1)] }], assigned: [holding(GROUP)] };
    const answer = (path: string) => (path.startsWith('/groups/') ? refusal(403, 'Authorization_RequestDenied') : undefined);
    expect(await standing(directory, { answer })).toEqual({ outcome: 'unknown', roles: [], reasons: ['unreadable'], serviceCode: 'Authorization_RequestDenied', correlationId: 'request-1' });
  });

  it('leaves a disturbance to the caller, who can try later', async () => {
    const answer = (path: string) => (path.startsWith('/users/') ? refusal(503, 'x') : undefined);
    await expect(standing({ users: [user(1)] }, { answer })).rejects.toMatchObject({ code: 'GRAPH_UNAVAILABLE', retryable: true });
  });

  it('refuses an object id that is not a GUID before it becomes part of a query', async () => {
    const graph = fakeGraph({ users: [] });
    await expect(readAdminStanding({ graph }, { ...INPUT, objectId: `x' or principalId ne 'y` })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(graph.calls).toEqual([]);
  });
});
