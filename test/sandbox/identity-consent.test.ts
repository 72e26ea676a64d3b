import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningSandbox } from '../../src/sandbox/index';
import type { ServicePrincipal, Tenant } from '../../src/sandbox/model';
import { adminConsentUrl, app, Browser, control, grantConsent, openSandbox, person, REDIRECT_URI, tenantId, type Page } from './support';
import { expectEveryRuleSeen } from './rule-coverage';

let shared: RunningSandbox;
let sandbox: RunningSandbox;
let browser: Browser;
let contoso: string;

beforeAll(async () => {
  shared = await openSandbox();
});

beforeEach(() => {
  shared.reset();
  sandbox = shared;
  browser = new Browser(sandbox);
  contoso = tenantId(sandbox, 'contoso');
});

afterEach(async () => {
  if (sandbox !== shared) await sandbox.stop();
});

afterAll(() => shared.stop());

const directory = (id = contoso): Tenant => {
  const tenant = sandbox.world.tenants.get(id);
  if (tenant === undefined) throw new Error(`no tenant ${id}`);
  return tenant;
};

const principal = (id = contoso): ServicePrincipal | undefined =>
  directory(id)
    .servicePrincipals.list(sandbox.clock.now())
    .find((row) => row.appId === app(sandbox).appId);

/** Sign in at the consent endpoint and see what comes. */
async function arrive(who: string, url = adminConsentUrl(sandbox, contoso)): Promise<Page> {
  return browser.signIn(await browser.open(url), person(sandbox, who));
}

const members = (page: Page) => Object.fromEntries(page.callback?.searchParams ?? []);

describe('an administrator who may consent', () => {
  it('sees every permission by resource and kind, with Accept and Cancel', async () => {
    const page = await arrive('contoso/ada');
    expect(page.text('signed-in-as')).toBe('ada@contoso.example');
    expect(page.text('app-name')).toBe('Northwind Backup – Protect');
    const rows = page.all('permission').map(({ attributes }) => `${attributes['data-resource']?.slice(0, 18)} ${attributes['data-type']} ${attributes['data-value']}`);
    expect(rows).toContain('00000003-0000-0000 Role Directory.Read.All');
    expect(rows).toContain('00000003-0000-0000 Scope User.Read');
    expect(rows).toContain('00000002-0000-0ff1 Role full_access_as_app');
    expect(rows).toContain('00000003-0000-0ff1 Role Sites.FullControl.All');
    expect(rows).toHaveLength(10);
    expect(page.has('accept') && page.has('cancel')).toBe(true);
  });

  it('accepts: the service principal, every application permission and the delegated grant are written', async () => {
    expect(principal()).toBeUndefined();
    const done = await browser.press(await arrive('contoso/ada'), 'accept');
    expect(done.status).toBe(302);
    const created = principal();
    expect(created).toMatchObject({ displayName: 'Northwind Backup – Protect', accountEnabled: true, appOwnerOrganizationId: sandbox.ready.homeTenantId });
    const assigned = directory().appRoleAssignments.list(sandbox.clock.now()).filter((row) => row.principalId === created?.id);
    expect(assigned.map((row) => row.resourceDisplayName)).toEqual([...Array.from({ length: 7 }, () => 'Microsoft Graph'), 'Office 365 Exchange Online', 'Office 365 SharePoint Online']);
    const grants = directory().oauth2PermissionGrants.list(sandbox.clock.now()).filter((row) => row.clientId === created?.id);
    expect(grants).toMatchObject([{ consentType: 'AllPrincipals', principalId: null, scope: 'User.Read' }]);
  });

  it('comes back with admin_consent, tenant, scope and state on v2, in the documented order', async () => {
    const done = await browser.press(await arrive('contoso/ada'), 'accept');
    expect(done.reply.headers.location).toBe(`${REDIRECT_URI}?admin_consent=True&tenant=${contoso}&scope=https%3a%2f%2fgraph.microsoft.com%2f.default&state=st-1`);
  });

  it('comes back with tenant, state and admin_consent on v1, where the redirect URI may be left out', async () => {
    const done = await browser.press(await arrive('contoso/ada', adminConsentUrl(sandbox, contoso, {}, 'v1')), 'accept');
    expect(done.reply.headers.location).toBe(`${REDIRECT_URI}?tenant=${contoso}&state=st-1&admin_consent=True`);
    const again = await browser.open(adminConsentUrl(sandbox, contoso, { redirect_uri: undefined, state: undefined }, 'v1'));
    expect((await browser.press(again, 'accept')).reply.headers.location).toBe(`http://localhost/consent/callback?tenant=${contoso}&admin_consent=True`);
  });

  it('grants nothing twice when consenting again', async () => {
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    const count = () => [directory().servicePrincipals, directory().appRoleAssignments, directory().oauth2PermissionGrants].map((table) => table.list(sandbox.clock.now()).length);
    const before = count();
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    expect(count()).toEqual(before);
  });

  it('is already signed in for the second round: one click', async () => {
    await grantConsent(sandbox, 'contoso', 'contoso/ada', 'backup', browser);
    const second = await browser.open(adminConsentUrl(sandbox, contoso, { client_id: app(sandbox, 'restore').appId }));
    expect(second.text('signed-in-as')).toBe('ada@contoso.example');
    expect(second.text('app-name')).toBe('Northwind Backup – Restore');
    expect((await browser.press(second, 'accept')).callback?.searchParams.get('tenant')).toBe(contoso);
  });

  it('consents in the home tenant of whoever signs in when the authority is organizations', async () => {
    const done = await browser.press(await arrive('fabrikam/felix', adminConsentUrl(sandbox, 'organizations')), 'accept');
    expect(members(done).tenant).toBe(tenantId(sandbox, 'fabrikam'));
    expect(principal(tenantId(sandbox, 'fabrikam'))).toBeDefined();
    expect(principal()).toBeUndefined();
  });

  it.each(['contoso/grace', 'contoso/gina', 'contoso/felix'])('may be %s: cloud-only, through a role-assignable group, or a guest', async (who) => {
    expect((await arrive(who)).has('accept')).toBe(true);
  });
});

describe('named scopes', () => {
  it('grant delegated permissions alone, and the callback still says admin_consent=True', async () => {
    const page = await arrive('contoso/ada', adminConsentUrl(sandbox, contoso, { scope: 'https://graph.microsoft.com/Mail.ReadWrite openid' }));
    expect(page.all('permission').map(({ attributes }) => [attributes['data-value'], attributes['data-type']])).toEqual([
      ['Mail.ReadWrite', 'Scope'],
      ['openid', 'Scope'],
    ]);
    expect(members(await browser.press(page, 'accept'))).toMatchObject({ admin_consent: 'True', tenant: contoso });
    expect(directory().appRoleAssignments.list(sandbox.clock.now())).toHaveLength(0);
    expect(directory().oauth2PermissionGrants.list(sandbox.clock.now())).toMatchObject([{ scope: 'Mail.ReadWrite openid', consentType: 'AllPrincipals' }]);
  });

  it('are never mixed with /.default', async () => {
    const page = await browser.open(adminConsentUrl(sandbox, contoso, { scope: 'https://graph.microsoft.com/.default https://graph.microsoft.com/Mail.Read' }));
    expect([page.status, page.errorCode, page.callback]).toEqual([400, 'AADSTS70011', undefined]);
    const withOpenId = await arrive('contoso/ada', adminConsentUrl(sandbox, contoso, { scope: 'https://graph.microsoft.com/.default openid profile' }));
    expect(withOpenId.all('permission')).toHaveLength(10);
  });

  it('are required on v2, and not modelled for other resources or unknown names', async () => {
    const missing = await browser.open(adminConsentUrl(sandbox, contoso, { scope: undefined }));
    expect([missing.status, missing.errorCode]).toEqual([400, 'AADSTS900144']);
    expect((await arrive('contoso/ada', adminConsentUrl(sandbox, contoso, { scope: 'https://graph.microsoft.com/No.Such' }))).status).toBe(501);
    expect((await browser.open(adminConsentUrl(sandbox, 'common'))).status).toBe(501);
  });

  it('of a resource the tenant does not have are refused on the page', async () => {
    const page = await arrive('contoso/ada', adminConsentUrl(sandbox, contoso, { scope: 'https://fabrikam.sharepoint.com/.default' }));
    expect([page.status, page.errorCode]).toEqual([400, 'AADSTS500011']);
  });
});

describe('a decline', () => {
  it('on v2 carries error=consent_required and, against intuition, admin_consent=True', async () => {
    const done = await browser.press(await arrive('contoso/ada'), 'cancel');
    expect(members(done)).toMatchObject({ error: 'consent_required', admin_consent: 'True', state: 'st-1' });
    expect(members(done)).not.toHaveProperty('tenant');
    expect(done.callback?.searchParams.get('error_description')).toMatch(/^AADSTS65004: /);
    expect(done.reply.headers.location).toContain('error_description=AADSTS65004%3a+');
    expect(principal()).toBeUndefined();
  });

  it('on v1 carries error=permission_denied', async () => {
    const done = await browser.press(await arrive('contoso/ada', adminConsentUrl(sandbox, contoso, {}, 'v1')), 'cancel');
    expect(members(done)).toEqual({ error: 'permission_denied', error_description: 'The admin canceled the request', state: 'st-1' });
  });

  it('can be played the way it was reported, or as the other page has it, by the control door', async () => {
    expect((await control(sandbox, 'POST', '/variants', { decline: 'reported' })).status).toBe(200);
    const reported = await browser.press(await arrive('contoso/ada'), 'cancel');
    expect(members(reported)).toMatchObject({ error: 'access_denied', admin_consent: 'True', error_uri: `${sandbox.ready.login}/error?code=65004` });
    expect(reported.reply.headers.location).toMatch(/state=st-1#$/);
    sandbox.setDeclineVariant('v1-documented');
    const v1 = await browser.press(await browser.open(adminConsentUrl(sandbox, contoso)), 'cancel');
    expect(members(v1).error).toBe('permission_denied');
    expect((await control(sandbox, 'POST', '/variants', { decline: 'never' })).status).toBe(400);
  });

  it('ends the interaction: the page cannot be accepted afterwards', async () => {
    const page = await arrive('contoso/ada');
    await browser.press(page, 'cancel');
    const late = await browser.press(page, 'accept');
    expect([late.status, late.rule]).toEqual([400, 'SIGNIN-STALE']);
    expect(principal()).toBeUndefined();
  });
});

describe('a person who may not consent', () => {
  it.each([
    ['contoso/nora', 'no role at all', 'CONSENT-NOT-ADMIN'],
    ['contoso/erik', 'Exchange Administrator', 'CONSENT-NOT-ADMIN'],
    ['contoso/piotr', 'eligible, not active', 'CONSENT-NOT-ADMIN'],
    ['contoso/ulf', 'in a unit only', 'CONSENT-NOT-ADMIN'],
    ['contoso/amir', 'Application Administrator, while Graph roles are asked for', 'CONSENT-WHO'],
    ['fabrikam/anabela', 'Cloud Application Administrator, while Graph roles are asked for', 'CONSENT-WHO'],
  ])('%s (%s) stays on the page', async (who, _why, rule) => {
    const tenant = tenantId(sandbox, who.split('/')[0] ?? '');
    const page = await arrive(who, adminConsentUrl(sandbox, tenant));
    expect([page.status, page.rule, page.callback]).toEqual([200, rule, undefined]);
    expect(page.has('need-admin-approval')).toBe(true);
    expect(page.has('accept')).toBe(false);
  });

  it('is also whoever holds the role in a unit only, or through a group that roles cannot be assigned to', async () => {
    const now = sandbox.clock.now();
    const { objectId } = person(sandbox, 'contoso/nora');
    const roleDefinitionId = '62e90394-69f5-4237-9190-012177145e10';
    directory().roleAssignments.put('scoped', { id: 'scoped', principalId: objectId, roleDefinitionId, directoryScopeId: '/administrativeUnits/5f2e0000-0000-4000-8000-00000000beef' }, now);
    const staff = directory().groups.list(now).find((group) => group.displayName === 'All staff');
    expect(staff?.memberIds).toContain(objectId);
    directory().roleAssignments.put('plain-group', { id: 'plain-group', principalId: staff?.id ?? '', roleDefinitionId, directoryScopeId: '/' }, now);
    expect((await arrive('contoso/nora')).rule).toBe('CONSENT-NOT-ADMIN');
  });

  it('goes back to the app by hand, which looks like a cancel', async () => {
    const done = await browser.press(await arrive('contoso/nora'), 'return-to-app');
    expect(members(done)).toMatchObject({ error: 'access_denied', error_subcode: 'cancel', state: 'st-1' });
    expect(members(done)).not.toHaveProperty('admin_consent');
  });

  it('can hand over to an administrator in the same browser', async () => {
    const picker = await browser.press(await arrive('contoso/nora'), 'have-an-admin-account');
    expect((await browser.signIn(picker, person(sandbox, 'contoso/ada'))).has('accept')).toBe(true);
  });

  it('cannot consent by posting the accept button that the page does not have', async () => {
    const page = await arrive('contoso/nora');
    const ctx = page.forms[0]?.fields.find((field) => field.attributes.name === 'ctx')?.attributes.value ?? '';
    const forced = await browser.post(`/${contoso}/consent`, new URLSearchParams({ ctx, decision: 'accept' }));
    expect([forced.rule, forced.callback]).toEqual(['CONSENT-NOT-ADMIN', undefined]);
    expect(principal()).toBeUndefined();
  });

  it('may consent as Application Administrator when no Graph role is asked for', async () => {
    const permissions = [{ resource: 'sharepoint', type: 'Role', name: 'Sites.Read.All', reason: 'reads' }] as const;
    sandbox = await openSandbox({ seed: { apps: [{ key: 'backup', name: 'SharePoint only', round: 1, permissions }] } });
    browser = new Browser(sandbox);
    expect((await arrive('contoso/amir')).has('accept')).toBe(true);
  });
});

describe('a stranger', () => {
  it('from another directory is sent back with AADSTS50020 and without a tenant', async () => {
    const done = await arrive('fabrikam/gabriela');
    expect(members(done)).toMatchObject({ error: 'access_denied', state: 'st-1' });
    expect(members(done).error_description).toMatch(/^AADSTS50020: .*\{EmailHidden\}/);
    expect(members(done)).not.toHaveProperty('tenant');
  });

  it('who is signed in already is offered the picker rather than sent away', async () => {
    await grantConsent(sandbox, 'fabrikam', 'fabrikam/gabriela', 'backup', browser);
    const page = await browser.open(adminConsentUrl(sandbox, contoso));
    expect(page.rule).toBe('SIGNIN-PICKER');
    expect(page.all('account')[0]?.attributes).toMatchObject({ 'data-upn': 'gabriela@fabrikam.example', 'data-signed-in': 'true' });
  });
});

describe('another browser', () => {
  it('cannot accept a page it did not open, with or without a session of its own', async () => {
    const page = await arrive('contoso/ada');
    const foreign = new Browser(sandbox);
    expect((await foreign.press(page, 'accept')).rule).toBe('SIGNIN-STALE');
    await foreign.open(adminConsentUrl(sandbox, contoso));
    expect((await foreign.press(page, 'accept')).rule).toBe('SIGNIN-STALE');
    expect(principal()).toBeUndefined();
  });

  it('nor the same browser after an hour', async () => {
    const page = await arrive('contoso/ada');
    sandbox.clock.advance(3600);
    expect((await browser.press(page, 'accept')).rule).toBe('SIGNIN-STALE');
  });
});

it('loses the right between page and click: the role taken away meanwhile is noticed', async () => {
  const page = await arrive('contoso/ada');
  const { objectId } = person(sandbox, 'contoso/ada');
  const held = directory().roleAssignments.list(sandbox.clock.now()).find((row) => row.principalId === objectId);
  directory().roleAssignments.delete(held?.id ?? '', sandbox.clock.now());
  expect((await browser.press(page, 'accept')).rule).toBe('CONSENT-NOT-ADMIN');
  expect(principal()).toBeUndefined();
});

it('fails towards the app when the tenant lacks a resource', async () => {
  const people = [{ alias: 'zoe', name: 'Zoe', roles: ['Global Administrator'] }];
  sandbox = await openSandbox({
    seed: { tenants: [{ key: 'tiny', name: 'Tiny', domain: 'tiny.example', prefix: 'tiny', country: 'FR', licences: [], resources: ['graph', 'sharepoint'], people }] },
  });
  browser = new Browser(sandbox);
  const done = await arrive('tiny/zoe', adminConsentUrl(sandbox, tenantId(sandbox, 'tiny')));
  expect(members(done)).toMatchObject({ error: 'invalid_client', state: 'st-1' });
  expect(members(done).error_description).toMatch(/^AADSTS650052: .*00000002-0000-0ff1-ce00-000000000000/);
});

it('logs who consented where, and no secret of anybody', async () => {
  await grantConsent(sandbox, 'contoso', 'contoso/ada', 'backup', browser);
  const row = sandbox.requests().at(-1);
  expect(row).toMatchObject({ operation: 'admin consent granted', tenant: contoso, app: app(sandbox).appId, rule: 'CONSENT-GRANTED-V2', grade: 'documented', status: 302 });
  const everything = JSON.stringify([sandbox.requests(), (await control(sandbox, 'GET', '/state')).json, (await control(sandbox, 'GET', '/requests')).json]);
  const secrets = [...sandbox.ready.apps.map(({ clientSecret }) => clientSecret), ...sandbox.ready.tenants.flatMap(({ users }) => users.map(({ password }) => password)), ...browser.cookies.values()];
  expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
});

expectEveryRuleSeen('CONSENT-');
