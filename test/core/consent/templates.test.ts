import { describe, expect, it } from 'vitest';
import { parseApps, parsePermissions } from '../../../src/core/consent/apps/apps';
import { INCLUDED_PERMISSIONS } from '../../../src/core/consent/apps/template-data';
import { BACKUP_SERVICES, includesPermission, listTemplates, TEMPLATE_ACCESS } from '../../../src/core/consent/apps/templates';
import { warningsOf } from '../../../src/core/consent/apps/warnings';
import { RESOURCES } from '../../../src/sandbox/resources';

const published = new Set(RESOURCES.find(({ displayName }) => displayName === 'Microsoft Graph')?.appRoles.map(({ value }) => value));
const plain = (name: string, reason = 'ours') => ({ resource: 'graph', type: 'application', name, reason });
const namesOf = (...entries: readonly unknown[]) => parsePermissions(entries).map(({ name }) => name);
const reasonOf = (name: string, ...entries: readonly unknown[]) => parsePermissions(entries).find((permission) => permission.name === name)?.reason;

describe('the templates', () => {
  it('are one for reading and one for reading and writing, per backup service', () => {
    expect(listTemplates().map(({ name, access }) => `${name} ${access}`)).toEqual(BACKUP_SERVICES.flatMap((name) => TEMPLATE_ACCESS.map((access) => `${name} ${access}`)));
    expect(listTemplates('teams').map(({ access }) => access)).toEqual(['read', 'read_write']);
    expect(() => listTemplates('planner')).toThrowError(expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining('exchange, onedrive') as string }));
  });

  it.each(listTemplates())('$name ($access) asks for what Microsoft Graph publishes as application permissions, each with a reason and its source', ({ permissions, sources, title, notes }) => {
    expect(permissions.length).toBeGreaterThan(0);
    expect(permissions.filter(({ name }) => !published.has(name))).toEqual([]);
    expect(new Set(permissions.map(({ name }) => name)).size).toBe(permissions.length);
    expect(sources.map(({ name }) => name)).toEqual(permissions.map(({ name }) => name));
    const texts = [...permissions.map(({ reason }) => reason), ...sources.map(({ source }) => source)];
    expect(texts.filter((text) => !/^\S.{3,140}[^.\s]$/.test(text))).toEqual([]);
    expect([title, ...notes].filter((text) => text.trim().length < 10)).toEqual([]);
  });

  it.each(listTemplates())('$name ($access) can be pasted into a declaration as it is shown', ({ permissions, name, access }) => {
    expect(parsePermissions(permissions)).toEqual(parsePermissions([{ template: name, access }]));
  });

  it.each(listTemplates())('$name ($access) asks for nothing that another of its permissions includes, and nothing there are warnings of', ({ name, access }) => {
    const own = parsePermissions([{ template: name, access }]);
    expect(own.filter((smaller) => own.some((larger) => includesPermission(larger, smaller)))).toEqual([]);
    const apps = parseApps([{ key: 'one', appId: 'aaaaaaaa-0000-4000-8000-000000000001', round: 1, requiredPermissions: [{ template: name, access }] }]);
    expect(warningsOf(apps, Date.UTC(2030, 0, 1)).filter(({ permission }) => permission !== null)).toEqual([]);
  });

  it.each(listTemplates().filter(({ access }) => access === 'read'))('$name (read) can write nothing', ({ permissions }) => {
    expect(permissions.filter(({ name }) => /Write|\.Create|\.Manage\.|FullControl|Import|Migrate|Delete|\.Send/.test(name))).toEqual([]);
  });

  it('know only inclusions between permissions that exist', () => {
    const known = [...Object.keys(INCLUDED_PERMISSIONS), ...Object.values(INCLUDED_PERMISSIONS).flat()];
    expect(known.filter((name) => !published.has(name))).toEqual([]);
  });
});

describe('a declaration with templates', () => {
  it('asks once for what two templates share, and drops what a larger permission includes', () => {
    expect(namesOf({ template: 'exchange', access: 'read' }, { template: 'onedrive', access: 'read' }).filter((name) => name === 'User.Read.All')).toHaveLength(1);
    expect(namesOf({ template: 'onedrive', access: 'read' }, { template: 'onedrive', access: 'read_write' })).toEqual(['User.Read.All', 'Files.ReadWrite.All']);
    const both = namesOf({ template: 'exchange', access: 'read' }, { template: 'directory', access: 'read_write' });
    expect(both).toContain('User.ReadWrite.All');
    expect(both).not.toContain('User.Read.All');
  });

  it('tells the admin all the reasons of what it asks for once', () => {
    expect(reasonOf('Group.ReadWrite.All', { template: 'groups', access: 'read_write' }, { template: 'directory', access: 'read_write' })).toMatch(/puts them back; creates groups that are gone/);
    expect(reasonOf('User.ReadWrite.All', { template: 'exchange', access: 'read' }, { template: 'directory', access: 'read_write' })).toMatch(/restores their properties; finds the people who have something/);
  });

  it.each([0, 1])('keeps what is written out as it is written, wherever it stands (%i)', (place) => {
    const entries: unknown[] = [{ template: 'exchange', access: 'read' }];
    entries.splice(place, 0, plain('User.Read.All', 'our own words'));
    expect(namesOf(...entries).filter((name) => name === 'User.Read.All')).toHaveLength(1);
    expect(reasonOf('User.Read.All', ...entries)).toBe('our own words');
  });

  it('does not take away what is written out, although a template includes it', () => {
    const names = namesOf(plain('Files.Read.All'), { template: 'onedrive', access: 'read_write' });
    expect(names).toEqual(['Files.Read.All', 'User.Read.All', 'Files.ReadWrite.All']);
  });

  it('needs nothing of a template beside a larger permission that is written out', () => {
    expect(namesOf(plain('Sites.FullControl.All'), { template: 'sharepoint', access: 'read' })).toEqual(['Sites.FullControl.All']);
  });

  it('takes the services from its templates unless it names them', () => {
    const app = { key: 'one', appId: 'aaaaaaaa-0000-4000-8000-000000000001', round: 1, requiredPermissions: [{ template: 'teams', access: 'read' }, { template: 'groups', access: 'read' }] };
    expect(parseApps([app])[0]?.services).toEqual(['teams', 'groups']);
    expect(parseApps([{ ...app, services: ['teams'] }])[0]?.services).toEqual(['teams']);
  });

  it('refuses the same template twice', () => {
    const template = { template: 'teams', access: 'read' };
    expect(() => parsePermissions([template, template])).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID', details: { field: 'permissions.1' } }));
  });
});
