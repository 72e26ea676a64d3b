import { describe, expect, it } from 'vitest';
import { discoverAdmins } from '../../../src/core/admins/discovery';
import { OWNERSHIP_POLICY } from '../../../src/core/admins/roles';
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
  return {
    send: async (_scope, request) => {
      const reply = await fixture.call(request.method, `/v1.0${request.path}`, { tenant, roles, body: request.body });
      return { status: reply.status, body: reply.json, requestId: undefined };
    },
    list: async (_scope, path) => {
      const answer = await get(path);
      return answer.status === 200 ? { items: (answer.body as { readonly value: readonly unknown[] }).value } : { items: [], stoppedBy: answer };
    },
    batch: (_scope, paths) => Promise.all(paths.map(get)),
  };
}

function discover(tenant: string, roles: readonly string[] = ROLES) {
  return discoverAdmins({ graph: sandboxGraph(tenant, roles), clock: { now: () => Date.parse('2026-03-01T09:00:00Z'), sleep: async () => undefined } }, { tenantId: fixture.tenantId(tenant), appKey: 'backup' });
}

function standing(tenant: string, alias: string, roles: readonly string[] = ROLES) {
  return readAdminStanding({ graph: sandboxGraph(tenant, roles) }, { tenantId: fixture.tenantId(tenant), appKey: 'backup', objectId: fixture.personId(tenant, alias), roleTemplateIds: OWNERSHIP_POLICY.roleTemplateIds });
}

describe('admins of the seeded tenants', () => {
  it('come out as candidates or excluded, each with the right reason', async () => {
    const { candidates, excluded, eligibility } = await discover('contoso');
    const name = (person: { readonly displayName: string | null }) => person.displayName?.split(' ')[0] ?? 'unnamed';
    expect([candidates.map(name).sort(), eligibility]).toEqual([['Ada', 'Erik', 'Gina', 'Grace', 'Sofia'], 'listed']);
    expect(candidates.find((person) => name(person) === 'Gina')?.routes).toMatchObject([{ via: 'group', groupName: 'Tier 0 administrators', role: 'Global Administrator' }]);
    expect(Object.fromEntries(excluded.map((person) => [name(person), person.excludedBecause.map((reason) => reason.code).join()]))).toEqual({ Felix: 'guest', Dora: 'disabled', Piotr: 'eligible_only', Ulf: 'unit_scoped', unnamed: 'service_principal' });
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
});
