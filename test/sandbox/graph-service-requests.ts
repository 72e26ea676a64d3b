/** One request per rule of mailboxes, drives, sites and teams; see graph-rules.test.ts. */
import type { GraphRuleId } from '../../src/sandbox/graph/rules';
import type { User } from '../../src/sandbox/model';
import type { ControlledWorld } from '../../src/sandbox/world';
import { required, START, type CallOptions, type Reply } from './graph-support';

interface Tools {
  readonly call: (method: string, path: string, body?: unknown, options?: CallOptions) => Promise<Reply>;
  readonly person: (tenantKey: string, alias: string) => string;
  /** Of a group of contoso's. */
  readonly groupId: (name: string) => string;
  readonly world: () => ControlledWorld;
}

export function serviceRequests({ call, person, groupId, world }: Tools): readonly (readonly [GraphRuleId, () => Promise<Reply>])[] {
  const get = (path: string, tenant = 'contoso') => call('GET', path, undefined, { tenant });
  const change = (alias: string, changes: Partial<User>) => {
    const { users } = required([...world().tenants.inUse()].find((tenant) => tenant.users.get(person('contoso', alias), START) !== undefined));
    users.put(person('contoso', alias), { ...required(users.get(person('contoso', alias), START)), ...changes }, START);
  };
  const inboxOf = (tenant: string, alias: string) => get(`/users/${person(tenant, alias)}/mailFolders/inbox?$select=id,totalItemCount`, tenant);
  const driveOf = (tenant: string, alias: string) => get(`/users/${person(tenant, alias)}/drive?$select=id,quota`, tenant);
  return [
    ['G-MAIL-FOLDER', () => inboxOf('contoso', 'nora')],
    ['G-MAIL-SETTINGS', () => get(`/users/${person('contoso', 'nora')}/mailboxSettings`)],
    ['G-MAIL-NONE', () => inboxOf('litware', 'person-2')],
    [
      'G-MAIL-REFUSED',
      () => {
        change('erik', { mailbox: 'refused' });
        return inboxOf('contoso', 'erik');
      },
    ],
    ['G-DRIVE-GET', () => driveOf('contoso', 'nora')],
    [
      'G-DRIVE-NONE',
      () => {
        change('sofia', { drive: 'never-made' });
        return driveOf('contoso', 'sofia');
      },
    ],
    [
      'G-DRIVE-LOCKED',
      () => {
        change('sofia', { drive: 'locked' });
        return driveOf('contoso', 'sofia');
      },
    ],
    ['G-SITE-ROOT', () => get('/sites/root?$select=id,webUrl,siteCollection')],
    ['G-SPO-LICENCE', () => get('/sites/root', 'adatum')],
    ['G-TEAM-GET', () => get(`/teams/${groupId('Sales')}?$select=id,displayName`)],
    ['G-TEAM-NONE', () => get(`/teams/${groupId('All staff')}`)],
  ];
}
