/** Grants without the admin's browser, and taking them back, over the sandbox: what the directory holds afterwards is compared, row by row. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Secret } from '../../src/core/internal/secret';
import type { GrantConsentInput } from '../../src/core/corridor/consent/grants';
import type { RevocationScope, RevokeGrantsInput } from '../../src/core/corridor/consent/revocation';
import { DEFAULT_SEED } from '../../src/sandbox/seed-default';
import { ADMIN_SCOPES, tokenFor } from './admin-token';
import { auditOf, codeOf, failureOf, invite, requestsDuring } from './attacks';
import { deletePrincipal, principalOf, rememberDirectory, rememberState, removePermission, worldTenant } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const RIGHTS = ['Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All'];
const lost = JSON.parse('{"apply":true,"then":{"transport":"reset-before-headers"}}') as object;

let story: Story;
let backToOwned: () => Promise<void>;

beforeAll(async () => {
  const [backup, ...others] = DEFAULT_SEED.apps;
  if (backup === undefined) throw new Error('The seed has no app.');
  const permissions = [...backup.permissions, ...RIGHTS.map((name) => ({ resource: 'graph', type: 'Role', name, reason: 'grants what a newer version needs' }) as const)];
  story = await startStory({ sandbox: { seed: { apps: [{ ...backup, permissions }, ...others] } } });
  await onboardAsAdmin(story, await invite(story), admin());
  await story.onboarding.bindAdmin({ accountId: 'contoso', operatorId: OPERATOR, admin: admin().objectId });
  expect((await advanceUntilSettled(story, 'contoso')).state).toBe('active');
  const [state, directory] = [await rememberState(story), rememberDirectory(story, 'contoso.example')];
  backToOwned = async () => {
    directory();
    await state();
  };
}, 60_000);

beforeEach(async () => backToOwned());

afterEach(() => {
  story.sandbox.faults.set(undefined);
  story.sandbox.setReplicationLagMs({ 'graph.get': 0, 'graph.list': 0 });
});

afterAll(async () => story.stop());

const contoso = () => story.tenant('contoso.example');
const admin = () => personWith(contoso(), 'Global Administrator');
const asAdmin = (adminToken: Secret = tokenFor(story, contoso(), admin().objectId)) => ({ kind: 'admin', adminToken }) as const;
const asApp = { kind: 'app', appKey: 'backup' } as const;
const grant = (more: Partial<GrantConsentInput> = {}) => story.onboarding.grantConsent({ accountId: 'contoso', operatorId: OPERATOR, route: asAdmin(), ...more });
const revoke = (what: RevocationScope, more: Partial<RevokeGrantsInput> = {}) => story.onboarding.revokeGrants({ accountId: 'contoso', operatorId: OPERATOR, route: asAdmin(), confirmed: true, what, ...more });

/** The grants of both apps as the directory holds them, and whether anything is there twice. */
function held() {
  const tenant = worldTenant(story, 'contoso.example');
  const now = story.clock.now();
  const appIds = new Set(story.sandbox.ready.apps.map(({ appId }) => appId));
  const principals = tenant.servicePrincipals.list(now).filter(({ appId }) => appIds.has(appId));
  const keyOf = (id: string) => story.sandbox.ready.apps.find(({ appId }) => appId === principals.find((row) => row.id === id)?.appId)?.key ?? '';
  const roles = tenant.appRoleAssignments.list(now).filter(({ principalId }) => keyOf(principalId) !== '').map((row) => `${keyOf(row.principalId)} ${row.resourceDisplayName} ${row.appRoleId}`);
  const scopes = tenant.oauth2PermissionGrants.list(now).filter(({ clientId }) => keyOf(clientId) !== '').map((row) => `${keyOf(row.clientId)} ${row.consentType} ${row.resourceId}: ${row.scope}`);
  return { principals: principals.map(({ appId }) => appId).toSorted(), roles: roles.toSorted(), scopes: scopes.toSorted() };
}

function delegatedTo(appKey: string) {
  const client = principalOf(story, 'contoso.example', appKey).id;
  const found = worldTenant(story, 'contoso.example').oauth2PermissionGrants.list(story.clock.now()).find(({ clientId }) => clientId === client);
  if (found === undefined) throw new Error(`Nothing is delegated to ${appKey}.`);
  return found;
}

async function traces() {
  const audit = (await auditOf(story)).filter(({ action }) => action.startsWith('consent.programmatic') || action.startsWith('consent.grants'));
  return { effects: audit.map(({ action, phase, outcome }) => `${action} ${phase} ${outcome ?? ''}`.trim()), ids: new Set(audit.map(({ id }) => id.split(':')[1])).size, orphaned: await story.installation.audit.orphanedIntents(), left: (await Array.fromAsync(story.store.list('consent/grant-change/'))).length };
}

const GRANTED_ONCE = { effects: ['consent.programmatic_grant intent', 'consent.programmatic_grant outcome done'], ids: 1, orphaned: [], left: 0 };
const REVOKED_ONCE = { effects: ['consent.grants_revoked intent', 'consent.grants_revoked outcome done'], ids: 1, orphaned: [], left: 0 };

describe('granting without the admin\'s browser', () => {
  it('makes only what is missing, leaves everything else as it is, and is proven afterwards like any consent', async () => {
    const before = held();
    const id = removePermission(story, 'contoso.example', 'backup', 'Mail.ReadWrite');
    const planned = await grant({ dryRun: true });
    expect(planned).toMatchObject({ state: 'planned', journey: 'active', apps: [{ key: 'backup', servicePrincipal: 'present', toGrant: [{ name: 'Mail.ReadWrite', type: 'application', resource: 'Microsoft Graph', id }] }, { key: 'restore', toGrant: [] }] });
    expect((await traces()).effects).toEqual([]);
    const { result, rows } = await requestsDuring(story, () => grant());
    expect(result).toMatchObject({ state: 'made', journey: 'consent_verifying', reasons: [] });
    expect(rows.filter(({ method }) => method !== 'GET').map(({ method }) => method)).toEqual(['POST']);
    expect(held()).toEqual(before);
    expect(await traces()).toEqual(GRANTED_ONCE);
    expect((await story.onboarding.consentStatus('contoso')).verdict).toBe('pending');
    expect((await advanceUntilSettled(story, 'contoso')).state).toBe('active');
    expect(story.sandbox.gaps()).toEqual([]);
  });

  it('makes the service principal, the roles and the scopes of an app that is not there at all, with the rights of another app', async () => {
    const before = held();
    deletePrincipal(story, 'contoso.example', 'restore');
    const made = await grant({ route: asApp, appKeys: ['restore'] });
    expect(made).toMatchObject({ state: 'made', route: 'app:backup', apps: [{ key: 'restore', servicePrincipal: 'created' }], leftOut: [] });
    expect(held().roles).toEqual(before.roles);
    expect(held().scopes).toHaveLength(before.scopes.length);
    expect((await advanceUntilSettled(story, 'contoso')).state).toBe('active');
  });

  it('adds scopes to a delegated grant and loses none that somebody else put there', async () => {
    const tenant = worldTenant(story, 'contoso.example');
    const row = delegatedTo('backup');
    tenant.oauth2PermissionGrants.put(row.id, { ...row, scope: ' openid  profile' }, story.clock.now());
    await grant();
    expect(tenant.oauth2PermissionGrants.get(row.id, story.clock.now())?.scope.split(' ').toSorted()).toEqual(['User.Read', 'openid', 'profile']);
  });

  it('says that nothing is missing, and writes nothing, when that is so', async () => {
    const { result, rows } = await requestsDuring(story, () => grant());
    expect(result).toMatchObject({ state: 'nothing_missing', journey: 'active' });
    // One replica's word is not enough for it.
    expect(rows.filter(({ path }) => path.includes('/appRoleAssignments'))).toHaveLength(4);
    expect(rows.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect((await traces()).effects).toEqual([]);
  });

  it('leaves the journey as it is while another declared app still lacks something', async () => {
    removePermission(story, 'contoso.example', 'backup', 'Mail.ReadWrite');
    removePermission(story, 'contoso.example', 'restore', 'Files.ReadWrite.All');
    expect(await grant({ appKeys: ['backup'] })).toMatchObject({ state: 'made', leftOut: ['restore'], journey: 'active' });
    expect(await grant()).toMatchObject({ state: 'made', leftOut: [], journey: 'consent_verifying' });
  });

  it('says in the audit what was made before somebody refused the rest', async () => {
    removePermission(story, 'contoso.example', 'backup', 'Mail.ReadWrite');
    removePermission(story, 'contoso.example', 'restore', 'Files.ReadWrite.All');
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'forbidden', match: { host: 'graph', method: 'POST' }, when: { nth: 2 }, do: { status: 403, contentType: 'application/json', body: '{"error":{"code":"Authorization_RequestDenied","message":"no"}}' } }] });
    expect(await codeOf(grant())).toBe('CONSENT_GRANT_NOT_ALLOWED');
    const told = (await auditOf(story)).findLast(({ action, phase }) => action === 'consent.programmatic_grant' && phase === 'outcome');
    expect(told).toMatchObject({ outcome: 'refused', details: { shown: ['backup: Mail.ReadWrite (application) on Microsoft Graph'], left: ['restore: Files.ReadWrite.All (application) on Microsoft Graph'] } });
  });

  it.each([1, 3])('makes nothing twice when the answer to POST %i is lost', async (nth) => {
    const before = held();
    deletePrincipal(story, 'contoso.example', 'restore');
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'lost', match: { host: 'graph', method: 'POST' }, when: { nth }, do: lost }] });
    const made = await grant();
    expect(made.state).toBe('made');
    expect(held().roles).toEqual(before.roles);
    expect(held().principals).toEqual(before.principals);
    expect(held().scopes).toHaveLength(before.scopes.length);
    expect(await traces()).toEqual(GRANTED_ONCE);
  });

  it('waits for a directory that is behind, goes on where it stopped, and makes nothing twice', async () => {
    const before = held();
    deletePrincipal(story, 'contoso.example', 'restore');
    story.advanceClock(200);
    story.sandbox.setReplicationLagMs({ 'graph.get': 100_000, 'graph.list': 100_000 });
    const first = await grant({ appKeys: ['restore'] });
    expect(first).toMatchObject({ state: 'pending', reasons: [{ code: 'CONSENT_GRANT_PENDING' }] });
    story.advanceClock(200);
    for (let turn = 0; turn < 4 && (await grant({ appKeys: ['restore'] })).state === 'pending'; turn += 1) story.advanceClock(200);
    story.sandbox.setReplicationLagMs({ 'graph.get': 0, 'graph.list': 0 });
    expect(held().roles).toEqual(before.roles);
    expect(await traces()).toEqual(GRANTED_ONCE);
  });
});

describe('whoever may not grant', () => {
  it('is refused before anything is asked of a tenant that nobody proved', async () => {
    await story.onboarding.addAccount({ id: 'fabrikam', name: 'Fabrikam', expectedTenant: 'fabrikam.example' }, OPERATOR);
    const fabrikam = story.tenant('fabrikam.example');
    const route = asAdmin(tokenFor(story, fabrikam, personWith(fabrikam, 'Global Administrator').objectId));
    const { result, rows } = await requestsDuring(story, async () => [await codeOf(grant({ accountId: 'fabrikam', route })), await codeOf(revoke({ kind: 'everything' }, { accountId: 'fabrikam', route }))]);
    expect(result).toEqual(['SSO_OWNERSHIP_UNPROVEN', 'SSO_OWNERSHIP_UNPROVEN']);
    expect(rows).toEqual([]);
  });

  it('changes nothing with another tenant\'s admin, an admin without the role, a token without the right, nobody, or an app without rights', async () => {
    removePermission(story, 'contoso.example', 'backup', 'Mail.ReadWrite');
    const before = held();
    const fabrikam = story.tenant('fabrikam.example');
    expect(await codeOf(grant({ route: asAdmin(tokenFor(story, fabrikam, personWith(fabrikam, 'Global Administrator').objectId)) }))).toBe('TENANT_MISMATCH');
    expect(await codeOf(grant({ route: undefined }))).toBe('CONSENT_ROUTE_MISSING');
    expect(await failureOf(grant({ route: { kind: 'app', appKey: 'restore' } }))).toMatchObject({ code: 'CONSENT_GRANT_NOT_ALLOWED', details: { missing: ['AppRoleAssignment.ReadWrite.All'] } });
    expect((await traces()).effects).toEqual([]);
    expect(await codeOf(grant({ route: asAdmin(tokenFor(story, contoso(), personWith(contoso(), undefined).objectId)) }))).toBe('CONSENT_GRANT_NOT_ALLOWED');
    expect(await codeOf(grant({ route: asAdmin(tokenFor(story, contoso(), admin().objectId, ADMIN_SCOPES.filter((scope) => !scope.startsWith('AppRole')))) }))).toBe('CONSENT_GRANT_NOT_ALLOWED');
    expect(held()).toEqual(before);
    expect((await traces()).effects).toEqual(['consent.programmatic_grant intent', 'consent.programmatic_grant outcome refused', 'consent.programmatic_grant intent', 'consent.programmatic_grant outcome refused']);
    expect((await traces()).orphaned).toEqual([]);
  });

  it('is refused as an operator without the right, and as an app nobody declared', async () => {
    expect(await codeOf(grant({ operatorId: 'nobody' }))).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(revoke({ kind: 'everything' }, { operatorId: 'nobody' }))).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(grant({ appKeys: ['nowhere'] }))).toBe('APP_UNKNOWN');
    expect(await codeOf(grant({ route: { kind: 'app', appKey: 'nowhere' } }))).toBe('APP_UNKNOWN');
  });
});

describe('taking grants back', () => {
  it('needs to be confirmed, and asks nothing of the tenant until it is', async () => {
    const { result, rows } = await requestsDuring(story, () => failureOf(revoke({ kind: 'everything' }, { confirmed: false })));
    expect(result).toMatchObject({ code: 'CONSENT_REVOCATION_UNCONFIRMED', details: { apps: ['backup', 'restore'] } });
    expect(rows).toEqual([]);
  });

  it('takes one application permission of one app, and the journey says what is true now', async () => {
    const before = held();
    const report = await revoke({ kind: 'permission', appKey: 'backup', permission: { name: 'Mail.ReadWrite' } });
    expect(report).toMatchObject({ state: 'revoked', gone: [{ app: 'backup', kind: 'application', name: 'Mail.ReadWrite' }], stillShown: [], notRevoked: [], staysValid: [{ what: 'app_tokens', untilAt: report.evidenceAt + 90 * 60_000 }], journey: 'attention', audited: true });
    expect(held().roles).toHaveLength(before.roles.length - 1);
    expect(held().scopes).toEqual(before.scopes);
    expect(await traces()).toEqual(REVOKED_ONCE);
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'attention', reasons: [{ code: 'CONSENT_MISSING_PERMISSIONS', message: expect.stringContaining('Mail.ReadWrite') as string }] });
    expect((await story.onboarding.advance('contoso')).state).toBe('attention');
    expect((await grant()).state).toBe('made');
    expect(held()).toEqual(before);
  });

  it('takes one scope of a delegated grant and leaves the others', async () => {
    const tenant = worldTenant(story, 'contoso.example');
    const row = delegatedTo('backup');
    tenant.oauth2PermissionGrants.put(row.id, { ...row, scope: 'User.Read openid profile' }, story.clock.now());
    expect(await revoke({ kind: 'permission', appKey: 'backup', permission: { name: 'openid' } })).toMatchObject({ state: 'revoked', staysValid: [], journey: 'active' });
    expect(tenant.oauth2PermissionGrants.get(row.id, story.clock.now())?.scope).toBe('User.Read profile');
    for (const name of ['profile', 'User.Read']) await revoke({ kind: 'permission', appKey: 'backup', permission: { name, type: 'delegated' } });
    expect(tenant.oauth2PermissionGrants.get(row.id, story.clock.now())).toBeUndefined();
    expect((await story.onboarding.status('contoso')).state).toBe('attention');
  });

  it('refuses a name that is not granted, and one that stands for several, and leaves no trace', async () => {
    expect(await codeOf(revoke({ kind: 'permission', appKey: 'backup', permission: { name: 'Nothing.Read' } }))).toBe('CONSENT_PERMISSION_UNKNOWN');
    const tenant = worldTenant(story, 'contoso.example');
    const row = delegatedTo('backup');
    tenant.oauth2PermissionGrants.put(row.id, { ...row, scope: 'Mail.ReadWrite' }, story.clock.now());
    expect(await codeOf(revoke({ kind: 'permission', appKey: 'backup', permission: { name: 'Mail.ReadWrite' } }))).toBe('CONSENT_PERMISSION_UNKNOWN');
    expect((await traces()).effects).toEqual([]);
    expect(await revoke({ kind: 'permission', appKey: 'backup', permission: { name: 'Mail.ReadWrite', type: 'delegated' } })).toMatchObject({ state: 'revoked' });
  });

  it('takes everything of one app, other apps\' grants and people\'s own consents excepted', async () => {
    const tenant = worldTenant(story, 'contoso.example');
    const row = delegatedTo('restore');
    tenant.oauth2PermissionGrants.put(`${row.id}-own`, { ...row, id: `${row.id}-own`, consentType: 'Principal', principalId: admin().objectId }, story.clock.now());
    const before = held();
    const report = await revoke({ kind: 'app', appKey: 'restore' });
    expect(report).toMatchObject({ state: 'revoked', stillShown: [], notRevoked: [], staysValid: [{ what: 'app_tokens' }, { what: 'own_consents', untilAt: null }] });
    const now = held();
    expect(now.principals).toEqual(before.principals);
    expect(now.roles).toEqual(before.roles.filter((text) => text.startsWith('backup ')));
    expect(now.scopes).toEqual(before.scopes.filter((text) => text.startsWith('backup ') || text.includes(' Principal ')));
  });

  it('takes everything with the service principals, ends the access that rested on it, and says what stays', async () => {
    expect((await story.onboarding.showBinding('contoso')).state).toBe('active');
    const report = await revoke({ kind: 'everything', deleteServicePrincipals: true });
    expect(report).toMatchObject({ state: 'revoked', notRevoked: [], stillShown: [], journey: 'attention' });
    expect(report.staysValid.map(({ what }) => what)).toEqual(['app_tokens', 'deleted_service_principals']);
    expect(report.gone.filter(({ kind }) => kind === 'service_principal').map(({ app }) => app)).toEqual(['backup', 'restore']);
    expect(held()).toEqual({ principals: [], roles: [], scopes: [] });
    expect((await story.onboarding.showBinding('contoso')).state).toBe('stale');
    expect(await codeOf(story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'a ticket' }))).toMatch(/^IMPERSONATION_|^SSO_/);
    expect(await traces()).toEqual(REVOKED_ONCE);
    expect(await revoke({ kind: 'everything', deleteServicePrincipals: true })).toMatchObject({ state: 'revoked', found: [], gone: [] });
  });

  it('is done by an app down to its own rights, which go last', async () => {
    const report = await revoke({ kind: 'everything' }, { route: asApp });
    expect(report).toMatchObject({ state: 'revoked', route: 'app:backup', notRevoked: [] });
    expect(held()).toMatchObject({ roles: [], scopes: [] });
    expect(report.gone.slice(-3).map(({ name }) => name).toSorted()).toEqual([...RIGHTS].toSorted());
  });

  it('names what was refused, and who can take it back', async () => {
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'forbidden', match: { host: 'graph', method: 'DELETE', path: '*/oauth2PermissionGrants/*' }, when: { per: 'all' }, do: { status: 403, contentType: 'application/json', body: '{"error":{"code":"Authorization_RequestDenied","message":"no"}}' } }] });
    const report = await revoke({ kind: 'app', appKey: 'restore' });
    expect(report).toMatchObject({ state: 'incomplete', notRevoked: [{ app: 'restore', kind: 'delegated', name: 'User.Read', because: { code: 'CONSENT_GRANT_NOT_ALLOWED' }, owner: 'customer admin' }] });
    expect((await traces()).effects).toEqual(['consent.grants_revoked intent', 'consent.grants_revoked outcome failed']);
  });

  it.each([1, 2])('is complete when the answer to DELETE %i is lost', async (nth) => {
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'lost', match: { host: 'graph', method: 'DELETE' }, when: { nth }, do: lost }] });
    const report = await revoke({ kind: 'app', appKey: 'restore' });
    expect(report).toMatchObject({ state: 'revoked', stillShown: [] });
    expect(held().roles.filter((text) => text.startsWith('restore'))).toEqual([]);
    expect(await traces()).toEqual(REVOKED_ONCE);
  });

  it('does not say that everything is gone because one replica knows nothing of it', async () => {
    const unheard = { status: 404, contentType: 'application/json', body: '{"error":{"code":"Request_ResourceNotFound","message":"no"}}' };
    const restore = story.sandbox.ready.apps.find(({ key }) => key === 'restore')?.appId ?? '';
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'behind', match: { host: 'graph', method: 'GET', path: `*/servicePrincipals(appId='${restore}')` }, when: { nth: 1 }, do: unheard }] });
    const report = await revoke({ kind: 'app', appKey: 'restore' });
    expect(report.found.length).toBeGreaterThan(0);
    expect(report.state).toBe('revoked');
    expect(held().roles.filter((text) => text.startsWith('restore'))).toEqual([]);
  });

  it('ends the access also when it is stopped half way, with something taken back already', async () => {
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'busy', match: { host: 'graph', method: 'DELETE', path: '*/appRoleAssignments/*' }, when: { per: 'all' }, do: { status: 429, headers: { 'retry-after': '600' }, contentType: 'application/json', body: '{"error":{"code":"TooManyRequests","message":"no"}}' } }] });
    expect(await codeOf(revoke({ kind: 'app', appKey: 'restore' }))).toBe('GRAPH_THROTTLED');
    // Whoever runs it again at once asks nothing before Microsoft's time is over.
    const { result, rows } = await requestsDuring(story, async () => codeOf(revoke({ kind: 'app', appKey: 'restore' })));
    expect([result, rows]).toEqual(['GRAPH_THROTTLED', []]);
    story.advanceClock(601);
    expect(held().scopes.filter((text) => text.startsWith('restore'))).toEqual([]);
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'attention' });
    expect((await story.onboarding.showBinding('contoso')).state).toBe('stale');
  });

  it('waits for a directory that still shows what is gone, and says pending instead of done', async () => {
    story.sandbox.setReplicationLagMs({ 'graph.get': 100_000, 'graph.list': 100_000 });
    const what = { kind: 'permission', appKey: 'backup', permission: { name: 'Mail.ReadWrite' } } as const;
    expect(await revoke(what)).toMatchObject({ state: 'pending', gone: [], stillShown: [{ name: 'Mail.ReadWrite' }], journey: 'attention' });
    story.advanceClock(200);
    story.sandbox.setReplicationLagMs({ 'graph.get': 0, 'graph.list': 0 });
    expect(await revoke(what)).toMatchObject({ state: 'revoked', gone: [{ name: 'Mail.ReadWrite' }] });
    expect(await traces()).toEqual(REVOKED_ONCE);
  });
});
