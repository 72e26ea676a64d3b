import { describe, expect, it } from 'vitest';
import { parseApps } from '../../../src/core/consent/apps/apps';
import { warningsOf } from '../../../src/core/consent/apps/warnings';
import { RESOURCES } from '../../../src/sandbox/resources';

const DIRECTORY = { resource: 'graph', type: 'application', name: 'Directory.Read.All', reason: 'r' };
const OLD_GRAPH = '00000002-0000-0000-c000-000000000000';

function warn(now: string, ...requiredPermissions: readonly object[]) {
  const apps = parseApps([{ key: 'backup', appId: 'aaaaaaaa-0000-4000-8000-000000000001', round: 1, requiredPermissions: [DIRECTORY, ...requiredPermissions.map((permission) => ({ type: 'application', reason: 'r', ...permission }))] }]);
  return warningsOf(apps, Date.parse(now));
}

const idOf = (resource: string, name: string) => RESOURCES.find(({ displayName }) => displayName === resource)?.appRoles.find(({ value }) => value === name)?.id;

describe('the warnings of a declaration', () => {
  it('are none for what is asked for in the ordinary way', () => {
    expect(warn('2026-11-22', { resource: 'graph', name: 'User.Read.All' }, { resource: 'graph', type: 'delegated', name: 'User.Read' })).toEqual([]);
  });

  it.each<[string, RegExp, string]>([
    ['2026-09-30T23:59:59Z', /will be blocked from 2026-10-01 .* ends on 2027-04-01/, '2026-10-01'],
    ['2026-10-01T00:00:00Z', /is blocked since 2026-10-01 .* EWSEnabled .* ends on 2027-04-01/, '2027-04-01'],
    ['2027-03-31T23:59:59Z', /is blocked since 2026-10-01/, '2027-04-01'],
    ['2027-04-01T00:00:00Z', /ended on 2027-04-01/, '2027-04-01'],
  ])('speak of Exchange Web Services as it stands at %s', (now, sentence, date) => {
    for (const permission of [{ resource: 'exchange', name: 'full_access_as_app' }, { resource: 'exchange', type: 'delegated', name: 'EWS.AccessAsUser.All' }]) {
      expect(warn(now, permission)).toEqual([{ code: 'CONSENT_PERMISSION_DATED', appKey: 'backup', resource: 'Exchange Online', permission: permission.name, message: expect.stringMatching(sentence) as string, source: expect.stringContaining('Exchange') as string, effectiveAt: Date.parse(date) }]);
    }
  });

  it.each<[string, object, string, RegExp]>([
    ['the retired Azure AD Graph', { resource: OLD_GRAPH, name: 'Directory.Read.All' }, 'CONSENT_PERMISSION_DATED', /Azure AD Graph is retired/],
    ['acting as the person in the whole directory', { resource: 'graph', type: 'delegated', name: 'Directory.AccessAsUser.All' }, 'CONSENT_PERMISSION_EXCESSIVE', /whatever the person/],
    ['granting itself permissions', { resource: 'graph', name: 'AppRoleAssignment.ReadWrite.All' }, 'CONSENT_PERMISSION_EXCESSIVE', /Global Administrator: .* grant itself every application permission/],
    ['giving itself roles', { resource: 'graph', name: 'RoleManagement.ReadWrite.Directory' }, 'CONSENT_PERMISSION_EXCESSIVE', /Global Administrator: .* every directory role/],
    ['adding keys to other apps', { resource: 'graph', name: 'Application.ReadWrite.All' }, 'CONSENT_PERMISSION_EXCESSIVE', /Global Administrator: .* key to any other app/],
    ['full control of sites on Graph', { resource: 'graph', name: 'Sites.FullControl.All' }, 'CONSENT_PERMISSION_EXCESSIVE', /Sites\.Selected/],
    ['full control of sites on SharePoint', { resource: 'sharepoint', name: 'Sites.FullControl.All' }, 'CONSENT_PERMISSION_EXCESSIVE', /only with a certificate.*April 2026/],
    ['managing Exchange without a role', { resource: 'exchange', name: 'Exchange.ManageAsApp' }, 'CONSENT_PERMISSION_INCOMPLETE', /directory role/],
  ])('say what is wrong with %s', (_what, permission, code, sentence) => {
    expect(warn('2026-11-22', permission)).toMatchObject([{ code, appKey: 'backup', message: expect.stringMatching(sentence) as string, effectiveAt: null }]);
  });

  it.each([
    ['Office 365 Exchange Online', 'exchange', 'full_access_as_app'],
    ['Office 365 Exchange Online', 'exchange', 'Exchange.ManageAsApp'],
    ['Office 365 SharePoint Online', 'sharepoint', 'Sites.FullControl.All'],
    ['Microsoft Graph', 'graph', 'Sites.FullControl.All'],
    ['Microsoft Graph', 'graph', 'Application.ReadWrite.All'],
    ['Microsoft Graph', 'graph', 'AppRoleAssignment.ReadWrite.All'],
    ['Microsoft Graph', 'graph', 'RoleManagement.ReadWrite.Directory'],
  ])('are the same for whoever names %s/%s %s by its id', (displayName, resource, name) => {
    const id = idOf(displayName, name);
    expect(id).toBeDefined();
    const [byName, byId] = [warn('2026-11-22', { resource, name }), warn('2026-11-22', { resource, id })];
    expect(byId).toEqual(byName.map((warning) => Object.assign({}, warning, { permission: id })));
    expect(byName).toHaveLength(1);
  });

  it('do not mix up a permission with the same name on another resource', () => {
    expect(warn('2026-11-22', { resource: 'sharepoint', name: 'Application.ReadWrite.All' }, { resource: 'graph', name: 'full_access_as_app' })).toEqual([]);
  });

  it.each<[string, readonly string[], RegExp | undefined]>([
    ['nobody reads the directory', [], /roles of app tokens are all there is/],
    ['nobody reads what is delegated', ['Application.Read.All'], /such a consent stays unproven/],
    ['somebody reads everything', ['Directory.Read.All'], undefined],
  ])('say what cannot be proven when %s', (_who, names, sentence) => {
    const entries = [{ resource: 'graph', type: 'delegated', name: 'User.Read', reason: 'r' }, ...names.map((name) => ({ ...DIRECTORY, name }))];
    const apps = parseApps([{ key: 'backup', appId: 'aaaaaaaa-0000-4000-8000-000000000001', round: 1, requiredPermissions: entries }]);
    expect(warningsOf(apps, 0)).toEqual(sentence === undefined ? [] : [expect.objectContaining({ code: 'CONSENT_PERMISSION_INCOMPLETE', appKey: null, permission: null, message: expect.stringMatching(sentence) as string })]);
  });
});
