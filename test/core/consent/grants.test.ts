/** The rules of making and taking back grants, without a directory: what is missing, what is meant, what an answer proves. */
import { describe, expect, it } from 'vitest';
import { GRAPH_APP_ID, parseApps } from '../../../src/core/consent/apps/apps';
import type { RevocationTarget } from '../../../src/core/consent/grants/change-records';
import { compareGrants, isRequired } from '../../../src/core/consent/grants/compare';
import { ensurePermissions, ensureServicePrincipal, missingAssignments } from '../../../src/core/consent/grants/ensure';
import { buildPartnerConsentRemoval, buildPartnerConsentRequest, readPartnerConsentAnswer } from '../../../src/core/consent/grants/partner-center';
import { listAssignments } from '../../../src/core/consent/grants/present';
import { GRANT_ROUTES, missingRights } from '../../../src/core/consent/grants/routes';
import { chooseTarget, orderTargets } from '../../../src/core/consent/grants/targets';
import { isShown, withdrawGrants } from '../../../src/core/consent/grants/withdraw';
import { OnboardingError } from '../../../src/core/errors';
import { codeOf } from '../../journeys/attacks';
import { type Answers, askingAs } from '../asking';

const REFUSALS = { tokenRefused: 'CONSENT_TOKEN_REFUSED', notAllowed: 'CONSENT_GRANT_NOT_ALLOWED', refused: 'CONSENT_GRANT_REFUSED', permissionUnknown: 'CONSENT_PERMISSION_UNKNOWN' } as const;
const RESOURCE = { resourceAppId: GRAPH_APP_ID, objectId: 'res', roles: [{ id: '1', name: 'Mail.ReadWrite' }, { id: '2', name: 'User.Read.All' }], scopes: [{ id: '3', name: 'User.Read' }] };
const APP_ID = '6f0c1a52-1111-4c1e-9d55-0a1b2c3d4e5f';
const unavailable = () => new OnboardingError('GRAPH_UNAVAILABLE', 'gone');

describe('what is missing', () => {
  it('is compared by resource and id, and a scope that one person granted for themselves does not count', () => {
    const assignments = [{ id: 'a', principalId: 'p', resourceId: 'RES', appRoleId: '1' }, { id: 'b', principalId: 'p', resourceId: 'other', appRoleId: '2' }];
    const { present, missing } = compareGrants([RESOURCE], assignments, [{ id: 'g', resourceId: 'res', isForAll: false, scopes: ['User.Read'] }]);
    expect(present.map(({ name }) => name)).toEqual(['Mail.ReadWrite']);
    expect(missing.map(({ name, type }) => `${name} ${type}`)).toEqual(['User.Read.All application', 'User.Read delegated']);
    expect(missingAssignments(assignments, [RESOURCE])).toEqual([{ resourceId: 'res', appRoleId: '2' }]);
  });

  it('is not covered by what another app holds, whatever the list was asked for', async () => {
    const rows = [{ id: 'a', principalId: 'other', resourceId: 'res', appRoleId: '1' }, { id: 'b', principalId: 'P', resourceId: 'res', appRoleId: '2' }];
    expect((await listAssignments(askingAs(REFUSALS, () => ({ status: 200 }), () => ({ items: rows })), 'p', 'Reading')).map(({ appRoleId }) => appRoleId)).toEqual(['2']);
  });
});

describe('a grant that is made', () => {
  const roleOnly = [{ ...RESOURCE, roles: RESOURCE.roles.slice(0, 1), scopes: [] }];

  it('is not asked for again after it was accepted, however long the directory does not show it', async () => {
    const ask = askingAs(REFUSALS, () => ({ status: 201 }));
    expect(await ensurePermissions(ask, 'p', roleOnly)).toMatchObject({ kind: 'pending' });
    expect(ask.sent).toHaveLength(1);
  });

  it.each<[string, Answers]>([
    ['"exists already"', () => ({ status: 400, body: { error: { code: 'Request_BadRequest' } } })],
    ['"not found"', () => ({ status: 404 })],
    ['no answer at all', unavailable],
  ])('is believed on %s only when a read shows it', async (_, answers) => {
    expect(await ensurePermissions(askingAs(REFUSALS, answers), 'p', roleOnly)).toMatchObject({ kind: 'pending' });
    let reads = 0;
    const shown = askingAs(REFUSALS, answers, () => ({ items: (reads += 1) < 3 ? [] : [{ id: 'a', principalId: 'p', resourceId: 'res', appRoleId: '1' }] }));
    expect(await ensurePermissions(shown, 'p', roleOnly)).toEqual({ kind: 'done', value: undefined });
  });

  it.each([[401, 'CONSENT_TOKEN_REFUSED'], [403, 'CONSENT_GRANT_NOT_ALLOWED']] as const)('is refused at once with %i', async (status, code) => {
    expect(await codeOf(ensurePermissions(askingAs(REFUSALS, () => ({ status })), 'p', roleOnly))).toBe(code);
  });

  it('widens no delegated grant on the word of one replica: two reads must agree on what is there', async () => {
    const grant = (scope: string) => ({ id: 'g', clientId: 'p', resourceId: 'res', consentType: 'AllPrincipals', scope });
    const scopeOnly = [{ ...RESOURCE, roles: [] }];
    const disagreeing = askingAs(REFUSALS, ({ method }) => (method === 'GET' ? { status: 200, body: grant('openid Files.Read') } : { status: 204 }), () => ({ items: [grant('openid')] }));
    expect(await ensurePermissions(disagreeing, 'p', scopeOnly)).toMatchObject({ kind: 'pending' });
    expect(disagreeing.sent).toEqual([]);
    const agreeing = askingAs(REFUSALS, ({ method }) => (method === 'GET' ? { status: 200, body: grant(' openid') } : { status: 204 }), () => ({ items: [grant('openid')] }));
    await ensurePermissions(agreeing, 'p', scopeOnly);
    expect(agreeing.sent).toEqual([{ method: 'PATCH', path: '/oauth2PermissionGrants/g', body: { scope: 'openid User.Read' } }]);
  });

  it('adopts the service principal that is there, and refuses what Graph refuses for good', async () => {
    expect(await ensureServicePrincipal(askingAs(REFUSALS, () => ({ status: 200, body: { id: 's', appId: APP_ID.toUpperCase() } })), APP_ID)).toEqual({ kind: 'done', value: 's' });
    const refusing = askingAs(REFUSALS, ({ method }) => ({ status: method === 'GET' ? 404 : 403 }));
    expect(await codeOf(ensureServicePrincipal(refusing, APP_ID))).toBe('CONSENT_GRANT_NOT_ALLOWED');
    expect(await ensureServicePrincipal(askingAs(REFUSALS, ({ method }) => ({ status: method === 'GET' ? 404 : 409 })), APP_ID)).toMatchObject({ kind: 'pending' });
  });
});

const target = (changes: Partial<RevocationTarget> = {}): RevocationTarget => ({ appKey: 'backup', kind: 'application', objectId: 'a-1', servicePrincipalId: 'p', resourceId: 'res', resourceAppId: GRAPH_APP_ID, resource: 'Microsoft Graph', id: '1', name: 'Mail.ReadWrite', ...changes });

describe('what a revocation means', () => {
  it('is one permission by name or id; a name for several and a name for nothing are refused', () => {
    const delegated = target({ kind: 'delegated', objectId: 'g-1', id: '9' });
    expect(chooseTarget([target(), delegated], { name: '1' })).toEqual([target()]);
    expect(chooseTarget([target(), delegated], { name: 'Mail.ReadWrite', type: 'delegated' })).toEqual([delegated]);
    expect(() => chooseTarget([target(), delegated], { name: 'Mail.ReadWrite' })).toThrow('stands for 2 grants');
    expect(() => chooseTarget([target()], { name: 'Mail.ReadWrite', resourceAppId: APP_ID })).toThrow('Nothing named');
  });

  it('takes an acting app\'s own rights last, and every service principal after the grants', () => {
    const right = target({ name: 'AppRoleAssignment.ReadWrite.All', id: '5' });
    const own = target({ kind: 'service_principal', objectId: 'p', name: 'Backup' });
    const other = target({ appKey: 'restore' });
    const otherOwn = target({ appKey: 'restore', kind: 'service_principal', objectId: 'q' });
    expect(orderTargets([own, right, otherOwn, target(), other], 'backup', GRANT_ROUTES[1]?.graphPermissions ?? [])).toEqual([other, otherOwn, target(), right, own]);
  });

  it('is gone by what it means: the same permission under another row is still there', () => {
    expect(isShown(target(), [{ id: 'another', principalId: 'p', resourceId: 'RES', appRoleId: '1' }], [])).toBe(true);
    expect(isShown(target({ kind: 'delegated', name: 'User.Read' }), [], [{ id: 'g', resourceId: 'res', isForAll: false, scopes: ['User.Read'] }])).toBe(false);
  });

  it('is not done because Graph said "not found" while the directory shows it, nor when nobody may look any more', async () => {
    const there = { id: 'a-1', principalId: 'p', resourceId: 'res', appRoleId: '1' };
    const stubborn = askingAs(REFUSALS, ({ method }) => (method === 'GET' ? { status: 200, body: { id: 'p' } } : { status: 404 }), () => ({ items: [there] }));
    expect(await withdrawGrants(stubborn, [target()], async () => undefined)).toEqual({ gone: [], stillShown: [target()], refused: [] });
    const blind = askingAs(REFUSALS, ({ method }) => ({ status: method === 'GET' ? 403 : 204 }));
    expect(await withdrawGrants(blind, [target()], async () => undefined)).toEqual({ gone: [], stillShown: [target()], refused: [] });
  });

  it('needs two reads in a row that show nothing', async () => {
    let reads = 0;
    const flickering = askingAs(REFUSALS, ({ method }) => (method === 'GET' ? { status: 200, body: { id: 'p' } } : { status: 204 }), () => ({ items: (reads += 1) % 2 === 0 ? [{ id: 'a-1', principalId: 'p', resourceId: 'res', appRoleId: '1' }] : [] }));
    expect((await withdrawGrants(flickering, [target()], async () => undefined)).gone).toEqual([]);
  });

  it('touches a required permission by name or by id of its own resource only', () => {
    const [app] = parseApps([{ key: 'backup', appId: APP_ID, round: 1, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'Mail.ReadWrite', reason: 'reads mail' }] }]);
    if (app === undefined) throw new Error('No app.');
    expect([target(), target({ resourceAppId: APP_ID }), target({ name: 'Mail.Read' })].map((one) => isRequired(app, { ...one, type: 'application' }))).toEqual([true, false, false]);
  });
});

describe('the routes', () => {
  it('name every right that the work takes and the token lacks', () => {
    expect(missingRights({ principals: false, application: true, delegated: true }, ['DelegatedPermissionGrant.ReadWrite.All'])).toEqual(['AppRoleAssignment.ReadWrite.All']);
    expect(missingRights({ principals: false, application: false, delegated: false }, [])).toEqual([]);
    expect(GRANT_ROUTES.map(({ kind }) => kind)).toEqual(['admin', 'app', 'partner_center']);
  });
});

describe('consent through Partner Center', () => {
  const CUSTOMER = '11111111-2222-4333-8444-555555555555';
  const HOME = '99999999-2222-4333-8444-555555555555';
  const [app] = parseApps([
    { key: 'backup', appId: APP_ID, displayName: 'Backup Mail', round: 1, requiredPermissions: [
      { resource: 'graph', type: 'delegated', name: 'User.Read', reason: 'signs people in' },
      { resource: 'graph', type: 'delegated', name: 'Directory.Read.All', reason: 'lists people' },
      { resource: 'exchange', type: 'application', name: 'full_access_as_app', reason: 'reads mail' },
    ] },
  ]);
  if (app === undefined) throw new Error('No app.');
  const input = { customerTenantId: CUSTOMER, homeTenantId: HOME, app, requestId: 'aaaaaaaa-0000-4000-8000-000000000001', correlationId: 'aaaaaaaa-0000-4000-8000-000000000002' };

  it('is asked for once per resource with scopes separated by commas, under an id that makes a repetition harmless', () => {
    expect(buildPartnerConsentRequest(input)).toEqual({
      method: 'POST',
      url: `https://api.partnercenter.microsoft.com/v1/customers/${CUSTOMER}/applicationconsents`,
      headers: { accept: 'application/json', 'content-type': 'application/json', 'ms-requestid': input.requestId, 'ms-correlationid': input.correlationId },
      body: { applicationId: APP_ID, displayName: 'Backup Mail', applicationGrants: [{ enterpriseApplicationId: GRAPH_APP_ID, scope: 'User.Read,Directory.Read.All' }] },
      tokenResource: 'https://api.partnercenter.microsoft.com',
      notCovered: ['full_access_as_app'],
    });
    expect(buildPartnerConsentRemoval(input)).toMatchObject({ method: 'DELETE', url: expect.stringMatching(`/applicationconsents/${APP_ID}$`) as string, body: undefined });
  });

  it('is never asked for the partner\'s own tenant, for an id that is none, or for nothing', () => {
    const attempt = (changes: object) => () => buildPartnerConsentRequest({ ...input, ...changes });
    expect(attempt({ customerTenantId: HOME.toUpperCase() })).toThrow('own tenant');
    expect(attempt({ customerTenantId: '../../invoices' })).toThrow('GUIDs only');
    expect(attempt({ app: { ...app, requiredPermissions: app.requiredPermissions.slice(2) } })).toThrow('asks for none');
  });

  it.each([
    [{ status: 201, body: {} }, 'accepted'],
    [{ status: 200, body: {} }, 'accepted'],
    [undefined, 'look'],
    [{ status: 409, body: {} }, 'look'],
    [{ status: 400, body: { code: 2000, description: 'Permission entry already exists.' } }, 'look'],
    [{ status: 429, body: {}, retryAfterSeconds: 30 }, 'try_later'],
    [{ status: 503, body: '<html>' }, 'try_later'],
    [{ status: 401, body: {} }, 'CONSENT_TOKEN_REFUSED'],
    [{ status: 403, body: { code: 'x'.repeat(200) } }, 'CONSENT_GRANT_NOT_ALLOWED'],
    [{ status: 400, body: { code: 2000, description: 'Bad.' } }, 'CONSENT_GRANT_REFUSED'],
  ])('understands %j as %s', (answer, meaning) => {
    const read = readPartnerConsentAnswer(answer);
    expect(read.outcome === 'refused' ? read.error.code : read.outcome).toBe(meaning);
  });
});
