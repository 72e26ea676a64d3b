import { describe, expect, it } from 'vitest';
import { discoverAdmins } from '../../../src/core/admins/discovery';
import { type AdminDiscovery, type DiscoverAdminsInput, EXCLUSION_CODES } from '../../../src/core/admins/model';
import { EXCHANGE_ADMINISTRATOR, OWNERSHIP_POLICY, SHAREPOINT_ADMINISTRATOR } from '../../../src/core/admins/roles';
import { readAdminStanding } from '../../../src/core/admins/standing';
import type { GraphResponse, GraphTransport } from '../../../src/core/ports';
import { createFixture } from '../../sandbox/graph-support';

const ROLES = ['RoleManagement.Read.Directory', 'User.Read.All', 'GroupMember.Read.All'];
const fixture = createFixture();

/** The port straight over the sandbox's Graph, as an app that holds exactly these permissions. */
function sandboxGraph(tenant: string, roles: readonly string[]): GraphTransport {
  const get = async (path: string): Promise<GraphResponse> => {
    const reply = await fixture.call('GET', `/v1.0${path}`, { tenant, roles });
    return { status: reply.status, body: reply.json, requestId: reply.headers['request-id'] };
  };
  const ask = async (method: string, path: string, body: unknown): Promise<GraphResponse> => {
    const reply = await fixture.call(method, `/v1.0${path}`, { tenant, roles, body });
    return { status: reply.status, body: reply.json, requestId: undefined };
  };
  return {
    send: (_scope, request) => ask(request.method, request.path, request.body),
    list: async (_scope, path) => {
      const answer = await get(path);
      return answer.status === 200 ? { items: (answer.body as { readonly value: readonly unknown[] }).value } : { items: [], stoppedBy: answer };
    },
    batch: (_scope, questions) => Promise.all(questions.map((question) => (typeof question === 'string' ? get(question) : ask('POST', question.path, question.body)))),
  };
}

function discover(tenant: string, roles: readonly string[] = ROLES, more: Partial<DiscoverAdminsInput> = {}) {
  return discoverAdmins({ graph: sandboxGraph(tenant, roles), clock: { now: () => Date.parse('2026-03-01T09:00:00Z'), sleep: async () => undefined } }, { tenantId: fixture.tenantId(tenant), appKey: 'backup', ...more });
}

const name = (person: { readonly displayName: string | null }) => person.displayName?.split(' ')[0] ?? 'unnamed';
const reasonsOf = ({ excluded }: AdminDiscovery) => Object.fromEntries(excluded.map((person) => [name(person), person.excludedBecause.map((reason) => reason.code).join()]));

function standing(tenant: string, alias: string, roles: readonly string[] = ROLES) {
  return readAdminStanding({ graph: sandboxGraph(tenant, roles) }, { tenantId: fixture.tenantId(tenant), appKey: 'backup', objectId: fixture.personId(tenant, alias), roleTemplateIds: OWNERSHIP_POLICY.roleTemplateIds });
}

describe('admins of the seeded tenants', () => {
  it('come out as candidates or excluded, each with the right reason', async () => {
    const found = await discover('contoso');
    const { candidates, eligibility } = found;
    expect([candidates.map(name).sort(), eligibility]).toEqual([['Ada', 'Erik', 'Gina', 'Grace', 'Sofia'], 'listed']);
    expect(candidates.find((person) => name(person) === 'Gina')?.routes).toMatchObject([{ via: 'group', groupName: 'Tier 0 administrators', role: 'Global Administrator' }]);
    expect(reasonsOf(found)).toEqual({ Felix: 'guest', Dora: 'disabled', Piotr: 'eligible_only', Ulf: 'unit_scoped', unnamed: 'service_principal' });
  });

  it('show every other way of holding a role that is of no use', async () => {
    const all = [...ROLES, 'Directory.Read.All', 'AuditLog.Read.All', 'PrivilegedEligibilitySchedule.Read.AzureADGroup'];
    const found = await discover('trey', all);
    expect([found.candidates.map(name).sort(), found.groupEligibility, found.signIns]).toEqual([['Hana', 'Igor', 'Joan', 'Lena'], 'listed', 'not_asked']);
    expect(reasonsOf(found)).toEqual({ Emergency: 'break_glass', Kofi: 'eligible_only', unnamed: 'deleted' });
    const strict = await discover('trey', all, { exclude: { breakGlass: [], synced: true, withoutMailbox: true } });
    expect(reasonsOf(strict)).toEqual({ Emergency: 'no_mailbox', Joan: 'synced_account', Kofi: 'eligible_only', unnamed: 'deleted' });
    const both = await discover('trey', all, { policy: { mode: 'allOf', roleTemplateIds: [EXCHANGE_ADMINISTRATOR, SHAREPOINT_ADMINISTRATOR] } });
    expect([both.candidates.map(name), reasonsOf(both)]).toEqual([['Igor'], { Joan: 'policy_not_met' }]);
    expect(reasonsOf(await discover('trey')), 'without permission to look it up').toMatchObject({ unnamed: 'unreadable' });
  });

  it('show every reason there is', async () => {
    const strict = { exclude: { breakGlass: [], synced: true, withoutMailbox: true } };
    const all = [...ROLES, 'Directory.Read.All', 'PrivilegedEligibilitySchedule.Read.AzureADGroup'];
    const found = await Promise.all([discover('contoso'), discover('trey', all), discover('trey'), discover('trey', all, strict), discover('trey', all, { policy: { mode: 'allOf', roleTemplateIds: [EXCHANGE_ADMINISTRATOR, SHAREPOINT_ADMINISTRATOR] } })]);
    const seen = found.flatMap(({ excluded }) => excluded.flatMap(({ excludedBecause }) => excludedBecause.map(({ code }) => code)));
    expect([...new Set(seen)].sort()).toEqual([...EXCLUSION_CODES].sort());
  });

  it('are ranked by their last sign-in where the tenant is licensed for it, and the answer says where it is not', async () => {
    const wanted = { ranking: { order: ['recent_sign_in', 'breadth'] as const } };
    const found = await discover('trey', [...ROLES, 'AuditLog.Read.All'], wanted);
    expect([found.signIns, found.candidates[0]]).toMatchObject(['listed', { displayName: 'Hana Sato', reasons: ['Enabled member account.', 'Signed in within the last 30 days.', 'Holds one of the roles asked for.'] }]);
    expect((await discover('trey', ROLES, wanted)).signIns).toBe('not_permitted');
    expect((await discover('wingtip', [...ROLES, 'AuditLog.Read.All'], wanted)).signIns).toBe('not_licensed');
  });

  it('are found in a tenant without the licence for eligibilities', async () => {
    expect(await discover('fabrikam')).toMatchObject({ eligibility: 'not_licensed', candidates: expect.arrayContaining([expect.objectContaining({ displayName: 'Felix Duarte' })]) });
  });

  it.each([
    ['RoleManagement.Read.Directory', ['User.Read.All', 'GroupMember.Read.All']],
    ['User.Read.All', ['RoleManagement.Read.Directory', 'GroupMember.Read.All']],
    ['GroupMember.Read.All', ['RoleManagement.Read.Directory', 'User.Read.All']],
  ])('are unreadable without %s, and the answer says so', async (permission, roles) => {
    await expect(discover('contoso', roles)).rejects.toMatchObject({ code: 'ADMINS_UNREADABLE', details: { permission } });
  });

  it('stand as the directory says', async () => {
    const cases = { ada: 'qualifies', gina: 'qualifies', felix: 'guest', dora: 'disabled', piotr: 'role_eligible_only', ulf: 'role_missing', erik: 'role_missing', nora: 'role_missing' };
    for (const [alias, expected] of Object.entries(cases)) {
      const { outcome, reasons } = await standing('contoso', alias);
      expect([alias, outcome === 'qualifies' ? outcome : reasons.join()]).toEqual([alias, expected]);
    }
    expect(await standing('contoso', 'gina', ['RoleManagement.Read.Directory', 'User.Read.All'])).toMatchObject({ outcome: 'unknown', reasons: ['unreadable'] });
    expect(await standing('contoso', 'ada', [])).toMatchObject({ outcome: 'unknown' });
  });

  // docs/permissions.md, one operation after the other, each with exactly what the page calls the least.
  const LEAST = ['RoleManagement.Read.Directory', 'User.Read.All', 'GroupMember.ReadBasic.All'];

  it('are found with exactly the least permissions, the least of the optional ones included', async () => {
    expect((await discover('contoso', LEAST)).candidates.map(name).sort()).toEqual(['Ada', 'Erik', 'Gina', 'Grace', 'Sofia']);
    expect((await discover('contoso', LEAST)).eligibility).toBe('listed');
    const optional = await discover('trey', [...LEAST, 'Directory.Read.All', 'PrivilegedEligibilitySchedule.Read.AzureADGroup', 'AuditLog.Read.All'], { ranking: { order: ['recent_sign_in'] } });
    expect([optional.groupEligibility, optional.signIns, reasonsOf(optional)['unnamed']]).toEqual(['listed', 'listed', 'deleted']);
  });

  it.each(LEAST)('and the SSO binding of one of them, are not read without %s, which is named', async (permission) => {
    const rest = LEAST.filter((one) => one !== permission);
    await expect(discover('contoso', rest)).rejects.toMatchObject({ code: 'ADMINS_UNREADABLE' });
    // Gina holds her role through a group, so every one of them is needed to tell.
    expect(await standing('contoso', 'gina', rest)).toMatchObject({ outcome: 'unknown', reasons: ['unreadable'] });
    expect(await standing('contoso', 'gina', LEAST)).toMatchObject({ outcome: 'qualifies' });
  });
});
