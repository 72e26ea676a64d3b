/** Sign-in and consent as a browser meets them, held against documented and reported callbacks. */
import assert from 'node:assert/strict';
import { checksOf } from './check';
import { body, callbackOf, makeCertificate, part, rows, upload, type Stage } from './client';

/** What the tenant holds for the app: names of app roles on any resource, and delegated scopes. */
async function granted(stage: Stage): Promise<{ readonly roles: number; readonly scopes: readonly string[] }> {
  const list = rows(await stage.graph('GET', `/servicePrincipals?$filter=appId eq '${stage.app().appId}'`, { roles: ['Application.Read.All'] }));
  const [principal] = list;
  if (principal === undefined) return { roles: 0, scopes: [] };
  const assignments = rows(await stage.graph('GET', `/servicePrincipals/${String(principal.id)}/appRoleAssignments`, { roles: ['Application.Read.All'] }));
  const grants = rows(await stage.graph('GET', `/servicePrincipals/${String(principal.id)}/oauth2PermissionGrants`, { roles: ['Directory.Read.All'] }));
  return { roles: assignments.length, scopes: grants.flatMap(({ scope }) => String(scope).split(' ')) };
}

const wantedRoles = (stage: Stage) => stage.app().requiredPermissions.filter(({ type }) => type === 'application').length;

export const signInChecks = checksOf('sign-in', {
  'A redirect_uri that is not registered stays on a page': ['PAGE-REDIRECT-MISMATCH', async (stage) => {
    const page = await stage.authorizePage('contoso', { redirect_uri: 'https://evil.example/callback' });
    assert.deepEqual([page.status, page.callback, page.errorCode], [400, undefined, 'AADSTS50011']);
  }],
  'A wrong password goes no further': ['SIGNIN-WRONG-PASSWORD', async (stage) => {
    const browser = stage.browser();
    const ada = stage.person('contoso/ada');
    const page = await browser.signIn(await stage.authorizePage('contoso', {}, browser), { ...ada, password: 'wrong' });
    assert.equal(page.errorCode, 'AADSTS50126');
  }],
  'A disabled person is AADSTS50057': ['SIGNIN-DISABLED', async (stage) => {
    const browser = stage.browser();
    const page = await browser.signIn(await stage.authorizePage('contoso', {}, browser), stage.person('contoso/dora'));
    assert.equal(page.errorCode, 'AADSTS50057');
  }],
  'The state comes back as it was sent': ['AUTHZ-CODE', async (stage) => {
    assert.equal(callbackOf(await stage.signIn('contoso/ada', { state: 'aB+c/d=' })).searchParams.get('state'), 'aB+c/d=');
  }],
  'The callback carries code, state and session_state alone': ['AUTHZ-CODE', async (stage) => {
    assert.deepEqual([...callbackOf(await stage.signIn('contoso/ada')).searchParams.keys()].toSorted(), ['code', 'session_state', 'state']);
  }],
  'form_post is a form, and the address carries no code': ['AUTHZ-FORM-POST', async (stage) => {
    const page = await stage.signIn('contoso/ada', { response_mode: 'form_post' });
    assert.deepEqual([page.status, page.callback], [200, undefined]);
    assert.ok(page.forms.some((form) => form.fields.some(({ attributes }) => attributes.name === 'code')));
  }],
  'prompt=none without a session is login_required': ['AUTHZ-NO-SESSION', async (stage) => {
    const page = await stage.authorizePage('contoso', { prompt: 'none' });
    assert.equal(callbackOf(page).searchParams.get('error'), 'login_required');
  }],
  'What nobody granted is asked for': ['AUTHZ-CONSENT', async (stage) => {
    const browser = stage.browser();
    const page = await browser.signIn(await stage.authorizePage('contoso', { scope: 'openid profile User.Read' }, browser), stage.person('contoso/nora'));
    assert.ok(page.has('accept'));
  }],
});

export const consentChecks = checksOf('consent', {
  'A given consent brings its state back': ['CONSENT-GRANTED-V2', async (stage) => {
    assert.equal((await stage.consent('contoso/ada')).searchParams.get('state'), 'Straße 1');
    assert.equal((await stage.consent('fabrikam/felix', 'accept', {}, 'v1')).searchParams.get('state'), 'Straße 1');
  }],
  'A given consent names the tenant it was given in': ['CONSENT-GRANTED-V2', async (stage) => {
    const { searchParams } = await stage.consent('contoso/ada');
    assert.deepEqual([searchParams.get('tenant'), searchParams.get('admin_consent'), searchParams.get('error')], [stage.tenant('contoso'), 'True', null]);
  }],
  'A given consent is in the directory': ['CONSENT-GRANTED-V2', async (stage) => {
    await stage.consent('contoso/ada');
    assert.ok((await granted(stage)).roles > 0);
  }],
  'A given consent is every permission of the registration': ['CONSENT-GRANTED-V2', async (stage) => {
    await stage.consent('contoso/ada');
    assert.equal((await granted(stage)).roles, wantedRoles(stage));
  }],
  'Consent to /.default grants the delegated permissions as well': ['CONSENT-GRANTED-V2', async (stage) => {
    await stage.consent('contoso/ada');
    assert.ok((await granted(stage)).scopes.includes('User.Read'));
  }],
  'Who holds no role needs an administrator': ['CONSENT-NOT-ADMIN', async (stage) => {
    const browser = stage.browser();
    const page = await browser.signIn(await stage.consentPage('contoso', {}, 'v2', browser), stage.person('contoso/nora'));
    assert.ok(page.has('need-admin-approval') && !page.has('accept'));
  }],
  'An Application Administrator may not grant Graph application permissions': ['CONSENT-WHO', async (stage) => {
    const browser = stage.browser();
    const page = await browser.signIn(await stage.consentPage('contoso', {}, 'v2', browser), stage.person('contoso/amir'));
    assert.ok(page.has('need-admin-approval') && !page.has('accept'));
  }],
  'A declined consent grants nothing': ['CONSENT-DECLINED-V2', async (stage) => {
    await stage.consent('contoso/ada', 'cancel');
    assert.deepEqual(await granted(stage), { roles: 0, scopes: [] });
  }],
  'A declined consent comes back as an error': ['CONSENT-DECLINED-V2', async (stage) => {
    const { searchParams } = await stage.consent('contoso/ada', 'cancel');
    assert.deepEqual([searchParams.get('error'), searchParams.get('tenant')], ['consent_required', null]);
  }],
  'A declined consent brings its state back': ['CONSENT-DECLINED-V2', async (stage) => {
    assert.equal((await stage.consent('contoso/ada', 'cancel')).searchParams.get('state'), 'Straße 1');
  }],
});

export const replicationChecks = checksOf('replication', {
  'A new service principal is read late': ['G-SP-GET', async (stage) => {
    stage.sandbox.setReplicationLagMs({ 'graph.get': 60_000 });
    const id = await stage.createPrincipal();
    const read = () => stage.graph('GET', `/servicePrincipals/${id}`, { roles: ['Application.Read.All'] });
    assert.equal((await read()).status, 404);
    stage.sandbox.clock.advance(61);
    assert.equal((await read()).status, 200);
  }],
  'A new service principal is listed late': ['G-SP-GET', async (stage) => {
    stage.sandbox.setReplicationLagMs({ 'graph.list': 60_000 });
    const id = await stage.createPrincipal();
    const listed = async () => rows(await stage.graph('GET', `/servicePrincipals?$filter=appId eq '${stage.app().appId}'`, { roles: ['Application.Read.All'] })).map((row) => row.id);
    assert.deepEqual(await listed(), []);
    stage.sandbox.clock.advance(61);
    assert.deepEqual(await listed(), [id]);
  }],
  'The token endpoint learns of a service principal late': ['TOKEN-NO-SP', async (stage) => {
    stage.sandbox.setReplicationLagMs({ 'sts.servicePrincipal': 60_000 });
    await stage.createPrincipal();
    assert.deepEqual(body(await stage.clientToken('contoso')).error_codes, [7000229]);
    stage.sandbox.clock.advance(61);
    assert.equal((await stage.clientToken('contoso')).status, 200);
  }],
  'The token endpoint learns of a certificate late': ['ASSERTION-KEY-UNKNOWN', async (stage) => {
    stage.sandbox.setReplicationLagMs({ 'sts.keys': 60_000 });
    await stage.createPrincipal();
    const certificate = makeCertificate(stage.sandbox.clock.now());
    await stage.patchKeys([upload(certificate)]);
    assert.deepEqual(body(await stage.assertedToken('contoso', certificate)).error_codes, [700027]);
    stage.sandbox.clock.advance(61);
    assert.equal((await stage.assertedToken('contoso', certificate)).status, 200);
  }],
  'Roles reach tokens late': ['TOKEN-APP', async (stage) => {
    stage.sandbox.setReplicationLagMs({ 'sts.roles': 60_000 });
    await stage.consent('contoso/ada');
    const hasRoles = async () => 'roles' in part(body(await stage.clientToken('contoso')).access_token, 1);
    assert.equal(await hasRoles(), false);
    stage.sandbox.clock.advance(61);
    assert.equal(await hasRoles(), true);
  }],
});
