import { describe, expect, it } from 'vitest';
import type { AdminRoute } from '../../../src/core/admins/model';
import type { DirectoryPerson } from '../../../src/core/admins/people';
import { DEFAULT_RANKING, looksShared, rankAdmins, type RankedPerson } from '../../../src/core/admins/ranking';
import { EXCHANGE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, roleName, SHAREPOINT_ADMINISTRATOR } from '../../../src/core/admins/roles';
import { guid } from './fake-directory';

function route(roleTemplateId: string, groupName?: string): AdminRoute {
  return { roleTemplateId, role: roleName(roleTemplateId), via: groupName === undefined ? 'direct' : 'group', groupId: null, groupName: groupName ?? null, state: 'active', scope: '/' };
}

function entry(number: number, person: Partial<DirectoryPerson> = {}, routes = [route(GLOBAL_ADMINISTRATOR)], lastSignInAt: number | null = null): RankedPerson {
  return { person: { kind: 'user', objectId: guid(number), upn: `ada${number}@customer.example`, displayName: `Ada ${number}`, accountEnabled: true, userType: 'member', synced: false, hasMailbox: null, sessionsValidFromAt: null, ...person }, routes, lastSignInAt };
}

const NOW = Date.parse('2026-03-01T09:00:00Z');
const order = (people: readonly RankedPerson[], criteria = DEFAULT_RANKING) => rankAdmins(people, criteria, NOW).map((candidate) => Number(candidate.objectId.slice(-3)));

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

  it('prefers an account of the on-premises directory where that is wanted', () => {
    expect(order([entry(1), entry(2, { synced: true })], { order: ['synced'] })).toEqual([2, 1]);
  });

  it('counts the roles held, and a Global Administrator as all of them', () => {
    const two = entry(1, {}, [route(EXCHANGE_ADMINISTRATOR), route(SHAREPOINT_ADMINISTRATOR)]);
    expect(order([entry(3, {}, [route(EXCHANGE_ADMINISTRATOR)]), two, entry(2)], { order: ['breadth'] })).toEqual([2, 1, 3]);
  });

  it('prefers whoever signed in within the last 30 days, to the millisecond', () => {
    const days = (count: number) => NOW - count * 86_400_000;
    expect(order([entry(1), entry(2, {}, undefined, days(30) - 1), entry(3, {}, undefined, days(30))], { order: ['recent_sign_in'] })).toEqual([3, 1, 2]);
  });

  it('breaks a tie by object id, not by name', () => {
    expect(order([entry(3, { upn: 'aaron@customer.example' }), entry(2, { upn: 'zoe@customer.example' })])).toEqual([2, 3]);
  });

  it('does not let a scoped or eligible role count as direct or global', () => {
    const eligible: AdminRoute = { ...route(GLOBAL_ADMINISTRATOR), state: 'eligible' };
    expect(rankAdmins([entry(1, {}, [eligible, route(EXCHANGE_ADMINISTRATOR, 'People')])], DEFAULT_RANKING, NOW)[0]?.reasons).toEqual([
      'Enabled member account.',
      'Cloud-only account.',
      "A named person's account.",
      'The role comes through the group People.',
      'Holds Exchange Administrator.',
    ]);
  });

  it('numbers ranks from one and gives a sentence per criterion', () => {
    const [first, second] = rankAdmins([entry(1, { synced: true, upn: 'breakglass@customer.example' }), entry(2)], DEFAULT_RANKING, NOW);
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
