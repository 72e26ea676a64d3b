/** Faults 1 to 18 of consent, one after the other: each ends in words somebody can act on and never in green. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeclineVariant } from '../../src/sandbox/index';
import { answerWithout, auditOf, codeOf, forgeCallback, invite, lastState, refusal, requestsDuring, sendRaw } from './attacks';
import { changePrincipal, deletePrincipal, principalOf, rememberDirectory, rememberState, removePermission, worldTenant } from './directory';
import { acceptBoth, CONTOSO, contosoAdmin, endsWellOnce, expectExplained, expectNeverGreen, expectNotGreen, expectOneReason, FABRIKAM, fabrikamAdmin, toldBy } from './faults';
import { playPerson } from '../../src/sandbox/admin';
import { advanceUntilSettled, consentOnly, continueVisit, onboardAsAdmin, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

const DAY_SECONDS = 86_400;

let story: Story;

beforeAll(async () => {
  story = await startStory();
});

beforeEach(async () => {
  story.sandbox.setLies([]);
  await story.renew();
});

afterAll(async () => story.stop());

/** Of Fabrikam and nowhere a guest, as Felix is. */
const stranger = () => {
  const found = story.tenant(FABRIKAM).users.find((one) => one.upn.startsWith('gabriela@'));
  return { upn: found?.upn ?? '', password: found?.password ?? '' };
};

const tenantIdOf = (domain: string) => story.tenant(domain).tenantId;

/** The app's registration at home, as its owner could have left it. */
function changeRegistration(appKey: string, change: object): void {
  const { world, ready } = story.sandbox;
  const home = world.tenants.get(ready.homeTenantId);
  const app = home?.applications.list(world.now()).find(({ appId }) => appId === ready.apps.find(({ key }) => key === appKey)?.appId);
  if (home === undefined || app === undefined) throw new Error(`There is no registration of ${appKey}.`);
  home.applications.put(app.id, { ...app, ...change }, world.now());
}

function dropResource(domain: string, displayName: string): void {
  const tenant = worldTenant(story, domain);
  const row = tenant.servicePrincipals.list(story.clock.now()).find((candidate) => candidate.displayName === displayName);
  if (row === undefined) throw new Error(`${domain} has no ${displayName}.`);
  tenant.servicePrincipals.delete(row.id, story.clock.now());
}

describe('fault 1: the admin clicks Cancel, also with admin_consent=True beside the error', () => {
  it.each<DeclineVariant>(['v2-documented', 'reported', 'v1-documented'])('says who has to do what, and the same invitation works afterwards, once (%s)', async (variant) => {
    story.sandbox.setDeclineVariant(variant);
    const url = await invite(story);
    const page = await visitInvitation(story, url, contosoAdmin(story), 'cancel');
    expect(refusal(story, page)).toEqual({ publicCode: 'declined', code: 'CONSENT_DECLINED' });
    const { reasons } = await expectNeverGreen(story);
    expect(expectOneReason(reasons, 'CONSENT_DECLINED', [/declined/, /not allowed/])).toBe('customer admin');
    expect((await story.onboarding.consentStatus('contoso')).reasons).toEqual(reasons);
    if (variant === 'reported') await endsWellOnce(story, url);
  });
});

describe('fault 2: signed in to another tenant than the chosen customer', () => {
  it('names the tenant that was expected, and reaches nothing of either', async () => {
    const url = await invite(story);
    expect(refusal(story, await visitInvitation(story, url, stranger())).code).toBe('CONSENT_WRONG_TENANT');
    const { reasons } = await expectNeverGreen(story);
    expectOneReason(reasons, 'CONSENT_WRONG_TENANT', [tenantIdOf(CONTOSO)]);
    await endsWellOnce(story, url);
  });

  it('is noticed in the sign-in too, when the consent itself was the right tenant\'s', async () => {
    const visitor = story.visitor();
    const signIn = await consentOnly(story, await invite(story), contosoAdmin(story), visitor);
    const page = await continueVisit(story, visitor, signIn, stranger());
    expect(page.text('error-code')).toContain('50020');
    await advanceUntilSettled(story, 'contoso');
    expect(await codeOf(story.onboarding.listAdmins('contoso', OPERATOR))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await story.onboarding.showAccount('contoso')).toMatchObject({ tenantId: null, accessLevel: 'none' });
  });
});

describe('fault 3: the tenant of the answer is forged', () => {
  it('never counts, whichever tenant is written in: names all three of them where one was expected', async () => {
    const url = await invite(story);
    expect(refusal(story, await answerWithout(story, story.visitor(), url, tenantIdOf(FABRIKAM))).code).toBe('CONSENT_WRONG_TENANT');
    const { reasons } = await expectNeverGreen(story);
    expectOneReason(reasons, 'CONSENT_WRONG_TENANT', [tenantIdOf(CONTOSO), tenantIdOf(FABRIKAM), 'no tenant was proven']);
  });

  it('proves nothing about a tenant that consented for somebody else, where any tenant may answer', async () => {
    await onboardAsAdmin(story, await invite(story, 'owner', FABRIKAM), fabrikamAdmin(story));
    const visitor = story.visitor();
    await answerWithout(story, visitor, await invite(story, 'thief', null), tenantIdOf(FABRIKAM));
    await visitor.open(forgeCallback(story, { admin_consent: 'True', tenant: tenantIdOf(FABRIKAM), state: lastState(visitor) }));
    const settled = await advanceUntilSettled(story, 'thief');
    expect(settled.reasons.map(({ code }) => code)).toContain('SSO_OWNERSHIP_UNPROVEN');
    expect(settled.waitingFor).toBe('sign_in');
    expect(await codeOf(story.onboarding.listAdmins('thief', OPERATOR))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(story.onboarding.impersonate({ accountId: 'thief', operatorId: OPERATOR, reason: 'Ticket 4711' }))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect((await story.onboarding.showAccount('thief')).tenantId).toBeNull();
  });

  it('stays unproven for as long as anybody looks, where the tenant never heard of the app', async () => {
    const visitor = story.visitor();
    let page = await answerWithout(story, visitor, await invite(story, 'contoso', null), tenantIdOf(FABRIKAM));
    for (let look = 0; look < 3 && page.refreshSeconds !== undefined; look += 1) {
      story.advanceClock(600);
      page = await visitor.reload(page);
    }
    await expectNeverGreen(story);
  });
});

describe('fault 4: a personal account, or common in the place of a tenant', () => {
  it('is refused as input, as an answer, and as the partner\'s own tenant', async () => {
    for (const expectedTenant of ['common', 'organizations', 'consumers', '9188040d-6c67-4c5b-b112-36a304b66dad']) {
      expectExplained(await toldBy(story.onboarding.addAccount({ id: 'msa', name: 'Someone', expectedTenant }, OPERATOR)), 'TENANT_INVALID');
    }
    const page = await answerWithout(story, story.visitor(), await invite(story, 'contoso', null), '9188040d-6c67-4c5b-b112-36a304b66dad');
    expect(refusal(story, page)).toEqual({ publicCode: 'wrong_account', code: 'CONSENT_TENANT_REFUSED' });
    expectOneReason((await expectNeverGreen(story)).reasons, 'CONSENT_TENANT_REFUSED');
  });
});

describe('fault 5: the account may not consent', () => {
  it.each([
    ['an ordinary person', undefined],
    ['an Application Administrator, who may not grant application permissions of Graph', 'Application Administrator'],
    ['an Exchange Administrator', 'Exchange Administrator'],
  ])('leaves everything open for one who may, and never counts: %s', async (_who, role) => {
    const url = await invite(story);
    const visitor = story.visitor();
    const wall = await visitInvitation(story, url, personWith(story.tenant(CONTOSO), role), 'accept', visitor);
    expect(wall.text('need-admin-approval')).toBeDefined();
    // Nobody came back: that is no refusal, and no consent either.
    expect(await expectNeverGreen(story)).toMatchObject({ state: 'consent_pending', waitingFor: 'consent', reasons: [] });
    expectOneReason((await story.onboarding.consentStatus('contoso')).reasons, 'CONSENT_NOT_STARTED', ['Round 1 of 2', 'open until']);
    story.advanceClock(1800);
    for (const { reasons } of [await expectNeverGreen(story), await story.onboarding.consentStatus('contoso')]) expectOneReason(reasons, 'CONSENT_UNANSWERED', ['Need admin approval', 'closed']);
    expect(refusal(story, await visitor.submit(wall, 'return-to-app')).code).toBe('CONSENT_DECLINED');
    expectOneReason((await expectNeverGreen(story)).reasons, 'CONSENT_DECLINED', [/not allowed/]);
    if (role === undefined) await endsWellOnce(story, url);
  });

  it.each([
    [90093, 'CONSENT_ADMIN_APPROVAL_NEEDED'], [90094, 'CONSENT_ADMIN_APPROVAL_NEEDED'], [90095, 'CONSENT_ADMIN_APPROVAL_NEEDED'],
    [90099, 'CONSENT_PARTNER_ADMIN'], [900941, 'CONSENT_ADMIN_APPROVAL_NEEDED'], [900981, 'CONSENT_ADMIN_APPROVAL_NEEDED'],
  ] as const)('is told apart from a decline when Microsoft gives the number: AADSTS%i', async (number, code) => {
    story.sandbox.provoke({ code: number, at: 'consent', times: 1 });
    const page = await visitInvitation(story, await invite(story), contosoAdmin(story));
    expect(refusal(story, page).code).toBe(code);
    expect(page.html).not.toMatch(/AADSTS/);
    expect(expectOneReason((await expectNeverGreen(story)).reasons, code, [`AADSTS${number}`])).toBe('customer admin');
  });
});

describe('fault 6: the state is missing, unknown, expired, replayed, another operator\'s or another browser\'s', () => {
  it('moves nothing, each with its own code', async () => {
    const visitor = story.visitor();
    await visitor.submit(await visitor.open(await invite(story)), 'continue');
    const before = await story.onboarding.status('contoso');
    const answer = (state: string) => forgeCallback(story, { admin_consent: 'True', tenant: tenantIdOf(CONTOSO), ...(state === '' ? {} : { state }) });
    const codeAt = async (browser: typeof visitor, state: string) => refusal(story, await browser.open(answer(state))).code;
    expect(await codeAt(visitor, '')).toBe('CONSENT_CALLBACK_MALFORMED');
    expect(await codeAt(visitor, 'B'.repeat(43))).toBe('CONSENT_STATE_UNKNOWN');
    expect(await codeAt(story.visitor(), lastState(visitor))).toBe('CONSENT_BROWSER_MISMATCH');
    const other = story.visitor();
    await other.submit(await other.open(await invite(story, 'other', FABRIKAM)), 'continue');
    expect(await codeAt(other, lastState(visitor))).toBe('CONSENT_BROWSER_MISMATCH');
    expect(await story.onboarding.status('contoso')).toEqual(before);
    const state = lastState(visitor);
    await visitor.open(answer(state));
    expect(await codeAt(visitor, state)).toBe('CONSENT_STATE_REPLAYED');
    const late = story.visitor();
    await late.submit(await late.open(await invite(story, 'late', CONTOSO)), 'continue');
    story.advanceClock(3601);
    expect(await codeAt(late, lastState(late))).toBe('CONSENT_STATE_EXPIRED');
    await expectNeverGreen(story);
    await expectNeverGreen(story, 'late');
    for (const code of ['CONSENT_CALLBACK_MALFORMED', 'CONSENT_STATE_UNKNOWN', 'CONSENT_BROWSER_MISMATCH', 'CONSENT_STATE_REPLAYED', 'CONSENT_STATE_EXPIRED'] as const) expectExplained({ code, message: '' }, code);
  });
});

describe('fault 7: the callback arrives twice, or round 2 before round 1', () => {
  it('counts once, and a copy sent at the same moment as the first counts not at all', async () => {
    const visitor = story.visitor();
    const url = await invite(story);
    await visitInvitation(story, url, contosoAdmin(story), 'accept', visitor);
    const callbacks = visitor.history.filter((address) => address.includes('/consent/callback'));
    const before = await story.onboarding.status('contoso');
    for (const address of [...callbacks, ...callbacks.toReversed()]) expect(refusal(story, await visitor.open(address)).code).toBe('CONSENT_STATE_REPLAYED');
    expect(await story.onboarding.status('contoso')).toEqual(before);
    expect((await auditOf(story)).filter((entry) => entry.action === 'consent.callback_claimed')).toHaveLength(2);
    await endsWellOnce(story, url);
  });

  it('does not take the answer of a round that an older invitation began for an answer to the newer one', async () => {
    const visitor = story.visitor();
    await consentOnly(story, await invite(story), contosoAdmin(story), visitor);
    const [, second = ''] = visitor.history.filter((address) => address.includes('/consent/callback'));
    const again = story.visitor();
    const { url } = await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, tenant: FABRIKAM });
    await again.submit(await again.open(url), 'continue');
    const states = { first: lastState(again), second: new URL(second).searchParams.get('state') ?? '' };
    expect(refusal(story, await again.open(second)).code).toBe('CONSENT_BROWSER_MISMATCH');
    expect(refusal(story, await visitor.open(second)).code).toMatch(/CONSENT_(?:STATE_REPLAYED|INVITATION_REVOKED)/);
    expect(states.first).not.toBe(states.second);
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'consent_pending' });
    await expectNeverGreen(story);
  });
});

describe('fault 8: only one of two apps is consented, or a wrong one of the same name', () => {
  it('waits for round 2 and says so, and the same invitation goes on with it', async () => {
    const url = await invite(story);
    const visitor = story.visitor();
    const admin = contosoAdmin(story);
    let page = await visitor.submit(await visitor.submit(await visitor.open(url), 'continue'), 'use-another-account');
    page = await visitor.submit(await visitor.submit(page, 'submit', { login: admin.upn }), 'submit', { passwd: admin.password });
    await visitor.submit(page, 'accept');
    expect(principalOf(story, CONTOSO, 'backup').accountEnabled).toBe(true);
    expect(await expectNeverGreen(story)).toMatchObject({ state: 'consent_pending', waitingFor: 'consent' });
    expect(expectOneReason((await story.onboarding.consentStatus('contoso')).reasons, 'CONSENT_MISSING_PERMISSIONS', ['restore', 'Files.ReadWrite.All'])).toBe('customer admin');
    await endsWellOnce(story, url);
  });

  it('is not fooled by another app of the same name that holds every permission', async () => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin(story));
    const tenant = worldTenant(story, CONTOSO);
    const now = story.clock.now();
    const real = principalOf(story, CONTOSO, 'restore');
    tenant.servicePrincipals.put('11111111-0000-4000-8000-000000000001', { ...real, id: '11111111-0000-4000-8000-000000000001', appId: '11111111-0000-4000-8000-000000000002' }, now);
    for (const row of tenant.appRoleAssignments.list(now)) if (row.principalId === real.id) tenant.appRoleAssignments.put(`same-${row.id}`, { ...row, id: `same-${row.id}`, principalId: '11111111-0000-4000-8000-000000000001' }, now);
    deletePrincipal(story, CONTOSO, 'restore');
    await story.onboarding.advance('contoso');
    const { reasons } = await expectNotGreen(story);
    expectOneReason(reasons, 'CONSENT_MISSING_PERMISSIONS', ['restore', 'Files.ReadWrite.All']);
    expect((await story.onboarding.consentStatus('contoso')).apps).toMatchObject([{ key: 'backup', state: 'granted' }, { key: 'restore' }]);
  });
});

describe('fault 9: consent was given for one person only', () => {
  it('names the delegated permission, and never takes a person\'s grant for the organisation\'s', async () => {
    await acceptBoth(story, await invite(story));
    const tenant = worldTenant(story, CONTOSO);
    const now = story.clock.now();
    const { id } = principalOf(story, CONTOSO, 'backup');
    const grant = tenant.oauth2PermissionGrants.list(now).find((row) => row.clientId === id);
    if (grant === undefined) throw new Error('Nothing delegated was granted.');
    tenant.oauth2PermissionGrants.put(grant.id, { ...grant, consentType: 'Principal', principalId: contosoAdmin(story).objectId }, now);
    await story.onboarding.advance('contoso');
    expectOneReason((await expectNeverGreen(story)).reasons, 'CONSENT_MISSING_PERMISSIONS', ['backup', 'User.Read on Microsoft Graph']);
    story.advanceClock(DAY_SECONDS);
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention', reasons: [{ code: 'CONSENT_MISSING_PERMISSIONS' }] });
  });
});

describe('fault 10: a partial grant, or a round that took back what an earlier one gave', () => {
  it.each(['L-CONSENT-PARTIAL', 'L-CONSENT-DELEGATED'] as const)('names what is missing and on which resource (%s)', async (lie) => {
    story.sandbox.setLies([lie]);
    const url = await invite(story);
    await acceptBoth(story, url);
    await story.onboarding.advance('contoso');
    const { reasons } = await expectNeverGreen(story);
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expectExplained(reason, 'CONSENT_MISSING_PERMISSIONS', [/^(?:backup|restore): .+ on (?:Microsoft Graph|Exchange Online|SharePoint Online)/]);
  });

  it('notices that round 2 revoked what round 1 had granted', async () => {
    await acceptBoth(story, await invite(story));
    const name = 'Mail.ReadWrite';
    removePermission(story, CONTOSO, 'backup', name);
    await story.onboarding.advance('contoso');
    expectOneReason((await expectNeverGreen(story)).reasons, 'CONSENT_MISSING_PERMISSIONS', ['backup', `${name} on Microsoft Graph`]);
  });
});

describe('fault 11: the redirect says success and nothing was granted', () => {
  it('is never green, neither on the page nor afterwards, and the next try ends well once', async () => {
    story.sandbox.setLies(['L-CONSENT-NOTHING']);
    const url = await invite(story);
    const visitor = story.visitor();
    const signIn = await consentOnly(story, url, contosoAdmin(story), visitor);
    expect(visitor.history.some((address) => address.includes('admin_consent=True'))).toBe(true);
    const page = await playPerson(visitor, signIn, contosoAdmin(story));
    expect([page.text('done'), page.text('admin')]).toEqual([undefined, undefined]);
    await advanceUntilSettled(story, 'contoso', 4).catch(() => undefined);
    await expectNeverGreen(story);
    story.sandbox.setLies([]);
    await endsWellOnce(story, (await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).url);
  });
});

describe('fault 12: granted, and the token still lacks the roles; a cached token is older than the grant', () => {
  it('waits for the token although the directory says yes, and asks for a new one every time', async () => {
    story.sandbox.setReplicationLagMs({ 'sts.roles': 90_000 });
    await consentOnly(story, await invite(story), contosoAdmin(story), story.visitor());
    const { tokens } = story.installation.ports;
    const stale = await tokens.acquire({ appKey: 'backup', tenantId: tenantIdOf(CONTOSO), resource: 'https://graph.microsoft.com' });
    expect(stale.claims?.roles).toEqual([]);
    expect((await story.onboarding.verifyConsent('contoso')).verdict).not.toBe('granted');
    await expectNeverGreen(story);
    story.advanceClock(120);
    // The cache still holds the token without roles.
    expect((await tokens.acquire({ appKey: 'backup', tenantId: tenantIdOf(CONTOSO), resource: 'https://graph.microsoft.com' })).claims?.roles).toEqual([]);
    const { rows } = await requestsDuring(story, () => advanceUntilSettled(story, 'contoso'));
    expect(rows.filter((row) => row.path.endsWith('/token')).length).toBeGreaterThanOrEqual(5 * 6);
    expect((await story.onboarding.consentStatus('contoso')).verdict).toBe('granted');
  });

  it('is a person\'s move after a day, with the permission named', async () => {
    story.sandbox.setReplicationLagMs({ 'sts.roles': 3 * DAY_SECONDS * 1000 });
    await consentOnly(story, await invite(story), contosoAdmin(story), story.visitor());
    await story.onboarding.advance('contoso');
    await expectNeverGreen(story);
    story.advanceClock(DAY_SECONDS + 1);
    const report = await story.onboarding.advance('contoso');
    expect(report).toMatchObject({ state: 'attention' });
    for (const reason of report.reasons) expectExplained(reason, 'CONSENT_MISSING_PERMISSIONS', [/on Microsoft Graph/]);
    await expectNeverGreen(story);
  });
});

describe('fault 13: application permissions asked for without /.default, or without any scope', () => {
  it('always asks for /.default of the resource', async () => {
    const visitor = story.visitor();
    const microsoft = await visitor.submit(await visitor.open(await invite(story)), 'continue');
    const sent = visitor.history.findLast((address) => address.includes('adminconsent')) ?? '';
    expect(new URL(sent).searchParams.get('scope')).toBe('https://graph.microsoft.com/.default');
    expect(microsoft.text('error-code')).toBeUndefined();
  });

  it('is not fooled by a consent to named scopes, which says admin_consent=True and grants no application permission', async () => {
    const visitor = story.visitor();
    await visitor.submit(await visitor.open(await invite(story)), 'continue');
    const asked = new URL(visitor.history.findLast((address) => address.includes('adminconsent')) ?? '');
    asked.searchParams.set('scope', 'https://graph.microsoft.com/User.Read');
    await playPerson(visitor, await visitor.open(asked.toString()), contosoAdmin(story));
    expect(visitor.history.some((address) => address.includes('admin_consent=True'))).toBe(true);
    // The second round is asked as it should be, and granted.
    await story.onboarding.advance('contoso');
    const status = await story.onboarding.consentStatus('contoso');
    expect(status.apps.find(({ key }) => key === 'backup')?.missing.map(({ name }) => name)).toContain('Mail.ReadWrite');
    await expectNeverGreen(story);
  });

  it('ends on Microsoft\'s page when the scope is lost on the way, and stays open for another try', async () => {
    const visitor = story.visitor();
    const url = await invite(story);
    await visitor.submit(await visitor.open(url), 'continue');
    const asked = new URL(visitor.history.findLast((address) => address.includes('adminconsent')) ?? '');
    asked.searchParams.delete('scope');
    expect((await visitor.open(asked.toString())).text('error-code')).toContain('900144');
    expect(await expectNeverGreen(story)).toMatchObject({ state: 'consent_pending' });
    await endsWellOnce(story, url);
  });
});

describe('fault 14: redirect URI mismatch, an app for one tenant only, an app the tenant does not know', () => {
  it('leaves the admin on Microsoft\'s page with the number, and the account pending', async () => {
    await story.reconfigure(() => ({ publicBaseUrl: `${story.publicBaseUrl}/elsewhere` }));
    const page = await visitInvitation(story, await invite(story), contosoAdmin(story));
    expect(page.text('error-code')).toContain('50011');
    expect(await expectNeverGreen(story)).toMatchObject({ state: 'consent_pending', waitingFor: 'consent' });
  });

  it.each([
    ['of a pinned tenant', CONTOSO, '700016'],
    ['of any tenant', null, '50194'],
  ])('says so on Microsoft\'s page for an app that is not multi-tenant: %s', async (_what, expected, number) => {
    changeRegistration('backup', { signInAudience: 'AzureADMyOrg' });
    const page = await visitInvitation(story, await invite(story, 'contoso', expected), contosoAdmin(story));
    expect(page.text('error-code')).toContain(number);
    expect(await expectNeverGreen(story)).toMatchObject({ state: 'consent_pending', waitingFor: 'consent' });
  });

  it.each(['7000229', '700016'] as const)('takes AADSTS%s of the token endpoint for "not there", never for granted', async (missingPrincipal) => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin(story));
    story.sandbox.setStsVariants({ missingPrincipal });
    deletePrincipal(story, CONTOSO, 'restore');
    const status = await story.onboarding.consentStatus('contoso');
    expect(status.verdict).not.toBe('granted');
    expect(status.apps.find(({ key }) => key === 'restore')).toMatchObject({ granted: [], because: { code: 'STS_APP_NOT_IN_TENANT', serviceCode: `AADSTS${missingPrincipal}` } });
    await expectNotGreen(story);
  });
});

describe('fault 15: a resource is absent in the tenant, or its licence', () => {
  it('ends the round with the number, nothing granted', async () => {
    dropResource(CONTOSO, 'Office 365 SharePoint Online');
    const page = await visitInvitation(story, await invite(story), contosoAdmin(story));
    expect(refusal(story, page).publicCode).toBe('failed');
    expect(expectOneReason((await expectNeverGreen(story)).reasons, 'CONSENT_SERVICE_MISSING', ['AADSTS650052'])).toBe('customer admin');
  });

  it.each([
    [50001, 'CONSENT_SERVICE_MISSING'], [65005, 'CONSENT_APP_MISCONFIGURED'], [650051, 'CONSENT_SETTLING'],
    [650054, 'CONSENT_APP_MISCONFIGURED'], [650056, 'CONSENT_APP_MISCONFIGURED'], [650057, 'CONSENT_APP_MISCONFIGURED'],
  ] as const)('gives AADSTS%i to the operator with whose move it is, and the admin a page with nothing of it', async (number, code) => {
    story.sandbox.provoke({ code: number, at: 'consent', times: 1 });
    const url = await invite(story);
    const page = await visitInvitation(story, url, contosoAdmin(story));
    expect(refusal(story, page).code).toBe(code);
    expect(page.html).not.toMatch(new RegExp(`AADSTS|${number}`));
    expectOneReason((await expectNeverGreen(story)).reasons, code, [`AADSTS${number}`]);
    if (number === 650_051) await endsWellOnce(story, url);
  });

  it('names the permissions of a resource that went away later', async () => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin(story));
    dropResource(CONTOSO, 'Office 365 SharePoint Online');
    await story.onboarding.advance('contoso');
    const { reasons } = await expectNotGreen(story);
    for (const reason of reasons) expectExplained(reason, reason.code as 'CONSENT_GRANTS_REMOVED', ['Sites.FullControl.All on SharePoint Online']);
    expect(reasons.length).toBeGreaterThan(0);
    expect((await story.onboarding.consentStatus('contoso')).apps[0]).toMatchObject({ state: 'pending', because: { code: 'STS_RESOURCE_MISSING', serviceCode: 'AADSTS500011' } });
  });
});

describe('fault 16: user assignment is required, or the app is disabled for sign-in', () => {
  it('stops the sign-in that proves ownership on Microsoft\'s page, and claims nothing', async () => {
    const visitor = story.visitor();
    const signIn = await consentOnly(story, await invite(story), contosoAdmin(story), visitor);
    changePrincipal(story, CONTOSO, 'backup', { appRoleAssignmentRequired: true });
    const page = await continueVisit(story, visitor, signIn, contosoAdmin(story));
    expect(page.text('error-code')).toContain('50105');
    expect((await story.onboarding.showAccount('contoso')).tenantId).toBeNull();
    expect(await codeOf(story.onboarding.listAdmins('contoso', OPERATOR))).toBe('SSO_OWNERSHIP_UNPROVEN');
  });

  it('says "disabled", and comes back when the customer enables the app', async () => {
    const url = await invite(story);
    await acceptBoth(story, url);
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: false });
    await story.onboarding.advance('contoso');
    expect(expectOneReason((await expectNeverGreen(story)).reasons, 'STS_APP_DISABLED', ['restore'])).toBe('customer admin');
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: true });
    story.advanceClock(60);
    await endsWellOnce(story, url);
  });
});

describe('fault 17: the consent was revoked, or the service principal deleted, later', () => {
  it('an account that was active goes to attention, whichever way it was lost, and its access ends', async () => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin(story));
    await advanceUntilSettled(story, 'contoso');
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: 'first', operatorId: OPERATOR });
    expect((await advanceUntilSettled(story, 'contoso')).state).toBe('active');
    story.advanceClock(7200);
    const restoreState = await rememberState(story);
    const restoreDirectory = rememberDirectory(story, CONTOSO);
    const losses: Readonly<Record<string, () => void>> = {
      'CONSENT_APP_DELETED backup': () => deletePrincipal(story, CONTOSO, 'backup'),
      'STS_APP_DISABLED restore': () => changePrincipal(story, CONTOSO, 'restore', { accountEnabled: false }),
      'CONSENT_GRANTS_REMOVED restore': () => void removePermission(story, CONTOSO, 'restore', 'Files.ReadWrite.All'),
    };
    for (const [expected, lose] of Object.entries(losses)) {
      const [code, appKey = ''] = expected.split(' ');
      lose();
      const lost = story.events.length;
      const report = await story.onboarding.advance('contoso');
      expect(report.state).toBe('attention');
      const reason = report.reasons.find(({ message }) => message.includes(appKey));
      expectExplained(reason ?? { code: '', message: '' }, code as 'STS_APP_DISABLED', [appKey]);
      expect(story.events.slice(lost)).toContainEqual(expect.objectContaining({ type: 'accounts.attention', accountId: 'contoso', data: { from: 'active', reasons: report.reasons.map((one) => one.code) } }));
      await expectNotGreen(story);
      restoreDirectory();
      await restoreState();
    }
  });
});

describe('fault 18: an unverified publisher, or a step-up because of risk, blocks the consent', () => {
  it.each([90094, 90095, 900941, 900981, 53003, 530032, 530035])('AADSTS%i never counts, and an administrator who may proceed ends it well', async (code) => {
    const at = code > 90_000 && code !== 530_032 && code !== 530_035 ? 'consent' : 'sign-in';
    story.sandbox.provoke({ code, at, times: 1 });
    const url = await invite(story);
    const page = await visitInvitation(story, url, contosoAdmin(story));
    if (at === 'sign-in') expect(page.text('error-code')).toContain(String(code));
    else expect(refusal(story, page).code).toBe('CONSENT_ADMIN_APPROVAL_NEEDED');
    const report = await expectNeverGreen(story);
    for (const reason of report.reasons) expectExplained(reason, 'CONSENT_ADMIN_APPROVAL_NEEDED', [`AADSTS${code}`]);
    if (code === 900_941) await endsWellOnce(story, url);
  });
});

describe('what somebody who can do more than a stranger gains', () => {
  it('is nothing by an edit of the proof in the state: it is not believed, and nothing is green by it', async () => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin(story));
    await advanceUntilSettled(story, 'contoso');
    const [row] = await Array.fromAsync(story.store.list('consent/proof/'));
    if (row === undefined) throw new Error('There is no proof.');
    const edited = row.value.replace('Mail.ReadWrite', 'Mail.Read');
    expect(edited).not.toBe(row.value);
    await story.store.set(row.key, edited);
    const told = await toldBy(story.onboarding.consentStatus('contoso'));
    expect(told.code).toBe('STATE_RECORD_TAMPERED');
    expect((await toldBy(story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 4711' }))).code).not.toBe('WENT_THROUGH');
  });

  it('is nothing by a declaration that grew between the binding and its validation: what is new is asked for by name first', async () => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin(story));
    await advanceUntilSettled(story, 'contoso');
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: 'first', operatorId: OPERATOR });
    const more = { resource: 'graph', type: 'application', name: 'AuditLog.Read.All', reason: 'reads who changed what' };
    await story.reconfigure((written) => ({ apps: (written['apps'] as { readonly requiredPermissions: readonly object[] }[]).map((app, index) => (index === 0 ? { ...app, requiredPermissions: [...app.requiredPermissions, more] } : app)) }));
    const report = await advanceUntilSettled(story, 'contoso', 6).catch(async () => story.onboarding.status('contoso'));
    expect(report.state).not.toBe('active');
    expect((await story.onboarding.consentStatus('contoso')).reasons).toContainEqual({ code: 'CONSENT_EXTENDED', message: expect.stringContaining('AuditLog.Read.All') as string });
    story.advanceClock(DAY_SECONDS);
    expect((await story.onboarding.advance('contoso')).state).not.toBe('active');
  });

  it('is nothing by a cookie of an invitation that was replaced for another tenant', async () => {
    const old = story.visitor();
    const confirm = await visitInvitation(story, await invite(story), contosoAdmin(story), 'accept', old);
    await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, tenant: FABRIKAM });
    expect(refusal(story, await old.submit(confirm, 'confirm', { accessLevel: 'full' })).publicCode).toMatch(/expired|invalid/);
    for (const page of ['/consent/next', '/sign-in/confirm']) expect(refusal(story, await old.open(`${story.publicBaseUrl}${page}`)).publicCode).toMatch(/expired|invalid/);
    expect(await story.onboarding.showAccount('contoso')).toMatchObject({ tenantId: null, accessLevel: 'none' });
    await expectNeverGreen(story);
  });
});

describe('what a stranger learns', () => {
  it('is one word and a support code, whatever happened', async () => {
    const url = new URL(await invite(story));
    for (const path of ['/consent/callback', '/consent/next', '/sign-in/callback', '/sign-in/confirm', `${url.pathname}x`]) {
      const answer = await sendRaw(story, path);
      expect(answer.body).not.toMatch(new RegExp(`Contoso|${tenantIdOf(CONTOSO)}|AADSTS|stack`, 'i'));
      expect(answer.headers['cache-control']).toContain('no-store');
    }
  });
});
