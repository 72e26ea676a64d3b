import { describe, expect, it } from 'vitest';
import { EXCHANGE_APP_ID, GRAPH_APP_ID, parseApps, parsePermissions, SHAREPOINT_APP_ID } from '../../../src/core/consent/apps/apps';
import { isOnboardingError } from '../../../src/core/errors';

const MAIL = 'e2a3a72e-5f79-4c64-b1b1-878b674786c9';
const permission = { resource: 'graph', type: 'application', name: 'User.Read.All', reason: 'finds people' };
const app = { key: 'backup', appId: 'aaaaaaaa-0000-4000-8000-000000000001', round: 1, requiredPermissions: [permission] };

function refusalOf(act: () => unknown): { readonly field: unknown; readonly message: string } {
  try {
    act();
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    return { field: error.details['field'], message: error.message };
  }
  throw new Error('It was taken.');
}

const refused = (...requiredPermissions: readonly unknown[]) => refusalOf(() => parseApps([{ ...app, requiredPermissions }]));
const guid = (index: number) => `bbbbbbbb-0000-4000-8000-${String(index).padStart(12, '0')}`;

describe('a declaration of apps', () => {
  it('takes names of resources in any case, app ids, names and ids of permissions, and both together', () => {
    const [read] = parseApps([
      {
        ...app,
        appId: app.appId.toUpperCase(),
        requiredPermissions: [permission, { resource: 'Exchange', type: 'application', id: MAIL.toUpperCase(), reason: 'mail' }, { resource: 'Office 365 SharePoint Online', type: 'delegated', name: 'AllSites.FullControl', id: guid(1), reason: 'sites' }, { resource: guid(2), type: 'delegated', name: 'user_impersonation', reason: 'ours' }],
        services: ['exchange', 'sharepoint'],
      },
    ]);
    expect(read).toMatchObject({ key: 'backup', appId: app.appId, displayName: 'backup', services: ['exchange', 'sharepoint'] });
    expect(read?.requiredPermissions.map(({ resourceAppId, name, id }) => [resourceAppId, name, id])).toEqual([
      [GRAPH_APP_ID, 'User.Read.All', undefined],
      [EXCHANGE_APP_ID, undefined, MAIL],
      [SHAREPOINT_APP_ID, 'AllSites.FullControl', guid(1)],
      [guid(2), 'user_impersonation', undefined],
    ]);
  });

  it('keeps the order of the rounds, whatever the order of the list', () => {
    const apps = parseApps([{ ...app, key: 'restore', appId: guid(1), round: 2 }, app]);
    expect(apps.map(({ key, round }) => [key, round])).toEqual([['backup', 1], ['restore', 2]]);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a field nobody knows', { ...permission, resson: 'typo' }, 'apps.0.requiredPermissions.0.resson', /no such field/],
    ['a field nobody knows beside a template', { template: 'exchange', access: 'read', reason: 'mine' }, 'apps.0.requiredPermissions.0.reason', /no such field/],
    ['a missing reason', { ...permission, reason: '   ' }, 'apps.0.requiredPermissions.0.reason', /why/],
    ['another type', { ...permission, type: 'Role' }, 'apps.0.requiredPermissions.0.type', /"application" or "delegated"/],
    ['neither name nor id', { resource: 'graph', type: 'application', reason: 'r' }, 'apps.0.requiredPermissions.0', /give name or id/],
    ['an id that is none', { ...permission, id: 'User.Read.All' }, 'apps.0.requiredPermissions.0.id', /GUID/],
    ['a resource nobody knows', { ...permission, resource: 'outlook' }, 'apps.0.requiredPermissions.0.resource', /"outlook" is neither graph, exchange, sharepoint nor an app id/],
    ['a resource that is a word of the language', { ...permission, resource: 'constructor' }, 'apps.0.requiredPermissions.0.resource', /neither/],
    ['.default, which is no permission', { ...permission, name: 'https://graph.microsoft.com/.default' }, 'apps.0.requiredPermissions.0.name', /everything the app registration asks for/],
    ['a permission with its resource in front', { ...permission, name: 'https://graph.microsoft.com/Mail.Read' }, 'apps.0.requiredPermissions.0.name', /"Mail\.Read"/],
    ['several in one name', { ...permission, name: 'Mail.Read User.Read.All' }, 'apps.0.requiredPermissions.0.name', /one permission per entry/],
    ['a sign-in scope as application permission', { ...permission, name: 'openid' }, 'apps.0.requiredPermissions.0.name', /delegated permission only/],
    ['a template nobody has', { template: 'planner', access: 'read' }, 'apps.0.requiredPermissions.0.template', /exchange, onedrive, sharepoint, teams, groups, directory/],
    ['a template without its access', { template: 'exchange' }, 'apps.0.requiredPermissions.0.access', /"read" \(backup\) or "read_write"/],
    ['something else than an object', 'User.Read.All', 'apps.0.requiredPermissions.0', /./],
  ])('refuses %s, with the field and a sentence', (_what, entry, field, sentence) => {
    const { message, ...rest } = refused(entry);
    expect(rest.field).toBe(field);
    expect(message).toMatch(sentence);
  });

  it('names the services it knows when it meets another', () => {
    expect(refusalOf(() => parseApps([{ ...app, services: ['exchange', 'planner'] }]))).toEqual({ field: 'apps.0.services.1', message: 'apps.0.services.1: is one of exchange, onedrive, sharepoint, teams, groups, directory.' });
  });

  it.each<[string, readonly unknown[]]>([
    ['by the same name', [permission, { ...permission, reason: 'again' }]],
    ['by the same id in another case', [{ ...permission, id: MAIL }, { resource: 'graph', type: 'application', id: MAIL.toUpperCase(), reason: 'again' }]],
    ['by name alone and by name and id', [permission, { ...permission, id: MAIL }]],
  ])('names a permission that stands there twice, %s', (_how, entries) => {
    expect(refused(...entries)).toMatchObject({ field: 'apps.0.requiredPermissions.1', message: expect.stringMatching(/on Microsoft Graph \(application\) stands there twice; first as entry 0/) as string });
  });

  it('keeps the same name apart on two resources and in two types', () => {
    expect(parsePermissions([permission, { ...permission, resource: 'exchange' }, { ...permission, type: 'delegated' }])).toHaveLength(3);
  });

  it('refuses more resources and more permissions than an app registration holds, and says what to do', () => {
    const onResources = (count: number) => Array.from({ length: count }, (_, index) => ({ ...permission, resource: guid(index) }));
    const named = (count: number) => Array.from({ length: count }, (_, index) => ({ ...permission, name: `Made.Up.${index}` }));
    expect(parsePermissions(onResources(50))).toHaveLength(50);
    expect(refusalOf(() => parsePermissions(onResources(51)))).toMatchObject({ field: 'permissions', message: expect.stringMatching(/at most 50 resources, and these are of 51; divide them/) as string });
    expect(parsePermissions(named(400))).toHaveLength(400);
    expect(refusalOf(() => parsePermissions(named(401))).message).toMatch(/at most 400 permissions, and these are 401; divide them/);
  });

  it('refuses what no sequence of consents can do', () => {
    const second = { ...app, key: 'restore', appId: guid(1), round: 2 };
    expect(refusalOf(() => parseApps([app, { ...second, appId: app.appId.toUpperCase() }]))).toMatchObject({ field: 'apps.1.appId', message: expect.stringMatching(/backup is the same app registration; a consent covers all/) as string });
    expect(refusalOf(() => parseApps([app, { ...second, key: 'backup' }]))).toMatchObject({ field: 'apps.1.key' });
    for (const round of [1, 3]) expect(refusalOf(() => parseApps([app, { ...second, round }])).message).toMatch(/rounds must be 1 to 2, one app each/);
    for (const none of [[], undefined, {}]) expect(refusalOf(() => parseApps(none)).field).toMatch(/^apps/);
  });
});
