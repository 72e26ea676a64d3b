import { describe, expect, it } from 'vitest';
import { EXCHANGE_APP_ID, GRAPH_APP_ID, parseApps } from '../../../src/core/consent/apps/apps';
import type { AppVerdict, PermissionFinding } from '../../../src/core/consent/evidence/verdict';
import { differenceOf, planRound, planUnreadRound } from '../../../src/core/consent/apps/plan';
import type { ProvenPermission } from '../../../src/core/consent/evidence/proof-records';

const BACKUP = 'aaaaaaaa-0000-4000-8000-000000000001';
const RESTORE = 'aaaaaaaa-0000-4000-8000-000000000002';
const MAIL = 'e2a3a72e-5f79-4c64-b1b1-878b674786c9';
const OTHER = 'bbbbbbbb-0000-4000-8000-000000000001';

const asked = (resource: string, name: string | undefined, more: object = {}) => ({ resource, type: 'application', ...(name === undefined ? {} : { name }), reason: `needs ${name ?? 'it'}`, ...more });
const declare = (...requiredPermissions: readonly object[]) => parseApps([{ key: 'backup', appId: BACKUP, round: 1, requiredPermissions, services: ['exchange'] }]);
const held = (resourceAppId: string, name: string, id = MAIL, type: ProvenPermission['type'] = 'application'): ProvenPermission => ({ resourceAppId, type, id, name });
const difference = (entries: readonly object[], granted: readonly ProvenPermission[]) => {
  const [found] = differenceOf(declare(...entries), [{ appId: BACKUP.toUpperCase(), granted }]);
  return { granted: found?.granted.map(({ name, id }) => name ?? id), added: found?.added.map(({ name, id }) => name ?? id), surplus: found?.surplus.map(({ name }) => name) };
};

describe('the difference between what is declared and what was granted', () => {
  it('tells what is there, what is new and what is asked for no longer', () => {
    expect(difference([asked('graph', 'Mail.Read'), asked('graph', 'User.Read.All')], [held(GRAPH_APP_ID, 'Mail.Read'), held(GRAPH_APP_ID, 'Sites.Read.All', OTHER)])).toEqual({ granted: ['Mail.Read'], added: ['User.Read.All'], surplus: ['Sites.Read.All'] });
  });

  it('keeps one id apart on two resources, and one name apart in two types', () => {
    expect(difference([asked('exchange', undefined, { id: MAIL })], [held(GRAPH_APP_ID, 'Mail.ReadWrite')])).toEqual({ granted: [], added: [MAIL], surplus: ['Mail.ReadWrite'] });
    expect(difference([asked('graph', 'User.Read', { type: 'delegated' })], [held(GRAPH_APP_ID, 'User.Read')])).toMatchObject({ granted: [], added: ['User.Read'] });
  });

  it('recognises a permission by its name, by its id in any case, and by both only when both fit', () => {
    const granted = [held(EXCHANGE_APP_ID, 'Mail.ReadWrite')];
    expect(difference([asked('exchange', 'Mail.ReadWrite')], granted).added).toEqual([]);
    expect(difference([asked('exchange', undefined, { id: MAIL.toUpperCase() })], granted).added).toEqual([]);
    expect(difference([asked('exchange', 'Mail.ReadWrite', { id: MAIL })], granted).added).toEqual([]);
    expect(difference([asked('exchange', 'Mail.ReadWrite', { id: OTHER })], granted)).toEqual({ granted: [], added: ['Mail.ReadWrite'], surplus: ['Mail.ReadWrite'] });
  });

  it('knows an app by its app id: under another key it is the same, behind another registration it is new', () => {
    const apps = parseApps([{ key: 'renamed', appId: BACKUP, round: 1, requiredPermissions: [asked('graph', 'Mail.Read')] }, { key: 'restore', appId: RESTORE, round: 2, requiredPermissions: [asked('graph', 'Mail.Read')] }]);
    const found = differenceOf(apps, [{ appId: BACKUP, granted: [held(GRAPH_APP_ID, 'Mail.Read')] }]);
    expect(found.map(({ key, round, added }) => [key, round, added.length])).toEqual([['renamed', 1, 0], ['restore', 2, 1]]);
  });

  it('finds everything new where nothing was granted', () => {
    expect(differenceOf(declare(asked('graph', 'Mail.Read')), [])).toMatchObject([{ granted: [], added: [{ name: 'Mail.Read', reason: 'needs Mail.Read' }], surplus: [] }]);
  });
});

describe('the plan of a round', () => {
  const finding = (name: string, more: Partial<PermissionFinding> = {}): PermissionFinding => ({ resource: 'Microsoft Graph', resourceAppId: GRAPH_APP_ID, type: 'application', name, id: MAIL, reason: 'r', isPublished: true, inToken: true, inDirectory: true, ...more });
  const verdict = (change: Partial<AppVerdict>): AppVerdict => ({ key: 'backup', appId: BACKUP, state: 'partial', evidence: 'tokens_and_directory', servicePrincipalId: OTHER, granted: [], missing: [], removed: [], added: [], unproven: [], surplus: [], because: null, notes: [], ...change });
  const [app] = declare(asked('graph', 'Mail.Read'), asked('graph', 'User.Read.All'));
  if (app === undefined) throw new Error('one app is declared');
  const statusOf = (of: AppVerdict | undefined) => planRound(app, of).permissions.map(({ name, status }) => `${name} ${status}`);

  it('asks for everything anew before anybody consented, with the reasons and the services', () => {
    expect(planRound(app, undefined)).toMatchObject({ round: 1, key: 'backup', services: ['exchange'], surplus: [], permissions: [{ name: 'Mail.Read', id: null, reason: 'needs Mail.Read', status: 'new' }, { name: 'User.Read.All', status: 'new' }] });
  });

  it('takes over what the read found, by name and id, and what is granted beyond it', () => {
    const read = verdict({ granted: [finding('Mail.Read')], missing: [finding('User.Read.All', { inDirectory: false })], surplus: [finding('Sites.Read.All', { id: OTHER })] });
    expect(statusOf(read)).toEqual(['Mail.Read granted', 'User.Read.All new']);
    expect(planRound(app, read)).toMatchObject({ permissions: [{ id: MAIL }, {}], surplus: [{ name: 'Sites.Read.All', id: OTHER }] });
  });

  it('calls what no resource of the tenant publishes neither new nor granted', () => {
    expect(statusOf(verdict({ missing: [finding('Mail.Read', { isPublished: false, id: null }), finding('User.Read.All', { inDirectory: false })] }))).toEqual(['Mail.Read unpublished', 'User.Read.All new']);
  });

  it('tells what was lost from what is new', () => {
    const lost = finding('Mail.Read', { inDirectory: false });
    const read = verdict({ missing: [lost, finding('User.Read.All', { inDirectory: false })], removed: [lost] });
    expect(planRound(app, read).permissions.map(({ status, wasGranted }) => [status, wasGranted])).toEqual([['new', true], ['new', false]]);
  });

  it.each<[string, Partial<AppVerdict>]>([
    ['the directory could not be read', { state: 'unknown', evidence: null }],
    ['the app is disabled and its grants could not be read', { state: 'disabled', servicePrincipalId: null }],
    ['no app may read the directory', { state: 'granted', evidence: 'token_roles' }],
  ])('does not know what nobody could read when %s, nor whether anything is granted beyond it', (_why, change) => {
    const read = verdict({ ...change, granted: [finding('Mail.Read', { inDirectory: null })], unproven: [finding('User.Read.All', { inDirectory: null, isPublished: null })] });
    expect(statusOf(read)).toEqual(['Mail.Read granted', 'User.Read.All unknown']);
    expect(planRound(app, read).surplus).toBeNull();
  });

  it('takes the grants of a disabled app for granted where the directory shows them, although it gets no token', () => {
    expect(statusOf(verdict({ state: 'disabled', missing: [finding('Mail.Read', { inToken: false }), finding('User.Read.All', { inToken: false, inDirectory: false })] }))).toEqual(['Mail.Read granted', 'User.Read.All new']);
  });

  it('knows nothing at all without a read', () => {
    expect(planUnreadRound(app)).toMatchObject({ surplus: null, permissions: [{ status: 'unknown' }, { status: 'unknown' }] });
  });
});
