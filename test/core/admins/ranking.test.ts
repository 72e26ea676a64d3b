import { describe, expect, it } from 'vitest';
import type { AdminRoute } from '../../../src/core/admins/model';
import type { DirectoryPerson } from '../../../src/core/admins/people';
import { looksShared, rankAdmins, type RankedPerson } from '../../../src/core/admins/ranking';
import { EXCHANGE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, roleName } from '../../../src/core/admins/roles';
import { guid } from './fake-directory';

function route(roleTemplateId: string, groupName?: string): AdminRoute {
  return { roleTemplateId, role: roleName(roleTemplateId), via: groupName === undefined ? 'direct' : 'group', groupId: null, groupName: groupName ?? null, state: 'active', scope: '/' };
}

function entry(number: number, person: Partial<DirectoryPerson> = {}, routes = [route(GLOBAL_ADMINISTRATOR)]): RankedPerson {
  return { person: { kind: 'user', objectId: guid(number), upn: `ada${number}@customer.example`, displayName: `Ada ${number}`, accountEnabled: true, userType: 'member', synced: false, ...person }, routes };
}

const order = (people: readonly RankedPerson[], criteria?: Parameters<typeof rankAdmins>[1]) => rankAdmins(people, criteria).map((candidate) => Number(candidate.objectId.slice(-3)));

describe('rankAdmins', () => {
  it.each([
    ['cloud-only before synchronised', entry(2), entry(1, { synced: true })],
    ['a named person before a shared account', entry(2), entry(1, { upn: 'admin@customer.example' })],
    ['a direct assignment before one through a group', entry(2), entry(1, {}, [route(GLOBAL_ADMINISTRATOR, 'Admins')])],
    ['Global Administrator before other roles', entry(2), entry(1, {}, [route(EXCHANGE_ADMINISTRATOR)])],
  ])('puts %s', (_, first, second) => {
    expect(order([second, first])).toEqual([2, 1]);
  });

  it('lets the earlier criterion decide', () => {
    expect(order([entry(1, { synced: true }), entry(2, {}, [route(EXCHANGE_ADMINISTRATOR, 'People')])])).toEqual([2, 1]);
  });

  it('takes another order of criteria', () => {
    expect(order([entry(2, {}, [route(EXCHANGE_ADMINISTRATOR)]), entry(1, { synced: true })], { order: ['global', 'cloud_only'] })).toEqual([1, 2]);
    expect(order([entry(2), entry(1, { synced: true })], { order: ['named'] })).toEqual([1, 2]);
  });

  it('breaks a tie by object id, not by name', () => {
    expect(order([entry(3, { upn: 'aaron@customer.example' }), entry(2, { upn: 'zoe@customer.example' })])).toEqual([2, 3]);
  });

  it('does not let a scoped or eligible role count as direct or global', () => {
    const eligible: AdminRoute = { ...route(GLOBAL_ADMINISTRATOR), state: 'eligible' };
    expect(rankAdmins([entry(1, {}, [eligible, route(EXCHANGE_ADMINISTRATOR, 'People')])])[0]?.reasons).toEqual([
      'Enabled member account.',
      'Cloud-only account.',
      "A named person's account.",
      'The role comes through the group People.',
      'Holds Exchange Administrator.',
    ]);
  });

  it('numbers ranks from one and gives a sentence per criterion', () => {
    const [first, second] = rankAdmins([entry(1, { synced: true, upn: 'breakglass@customer.example' }), entry(2)]);
    expect([first?.rank, second?.rank]).toEqual([1, 2]);
    expect(second?.reasons).toEqual(['Enabled member account.', 'Synchronised from an on-premises directory, so it can be locked out from there.', 'Looks like a shared or emergency account.', 'The role is assigned directly.', 'Holds Global Administrator.']);
  });
});

describe('looksShared', () => {
  it.each(['admin@customer.example', 'Admin2@customer.example', 'break-glass-1@customer.example', 'emergency.access@customer.example', 'svc-backup@customer.example', 'ada@customer.onmicrosoft.com', 'ada@customer.partner.onmschina.cn'])('%s', (upn) => {
    expect(looksShared(upn)).toBe(true);
  });

  it.each(['ada@customer.example', 'it.salvatore@customer.example', 'adminah@customer.example', 'servais@customer.example', 'ada@onmicrosoft.com.example'])('not %s', (upn) => {
    expect(looksShared(upn)).toBe(false);
  });
});
