/** Everything that can go wrong between the invitation and a proven consent, at Microsoft's real pages. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeclineVariant } from '../../src/sandbox/index';
import { answerWithout, auditOf, codeOf, failureOf, FORM, forgeCallback, invite, lastState, refusal, sendRaw } from './attacks';
import { changePrincipal, principalOf, removePermission } from './directory';
import { advanceUntilSettled, continueVisit, onboardAsAdmin, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

let story: Story;

beforeAll(async () => {
  story = await startStory();
});

beforeEach(async () => story.renew());

afterAll(async () => story.stop());

const contosoAdmin = () => personWith(story.tenant('contoso.example'), 'Global Administrator');

async function storedKeys(): Promise<readonly string[]> {
  return (await Array.fromAsync(story.store.list(''))).map((row) => `${row.key} ${row.version}`);
}

describe('an admin who says no', () => {
  it.each<[DeclineVariant, boolean]>([
    ['v2-documented', true],
    ['reported', true],
    ['v1-documented', false],
  ])('is understood in the wording "%s", also with admin_consent=True beside it (%s), and can open the same invitation again', async (variant, saysTrue) => {
    story.sandbox.setDeclineVariant(variant);
    const url = await invite(story);
    const visitor = story.visitor();
    const page = await visitInvitation(story, url, contosoAdmin(), 'cancel', visitor);
    const callback = new URL(visitor.history.findLast((address) => address.includes('/consent/callback')) ?? '');
    expect(callback.searchParams.get('admin_consent')).toBe(saysTrue ? 'True' : null);
    expect(refusal(story, page)).toEqual({ publicCode: 'declined', code: 'CONSENT_DECLINED' });
    expect(page.html).not.toMatch(/AADSTS|error_description|canceled the request/);
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'consent_pending', waitingFor: 'consent', reasons: [{ code: 'CONSENT_DECLINED' }] });
    expect(story.events).toContainEqual(expect.objectContaining({ type: 'consent.declined', accountId: 'contoso' }));

    const confirm = await visitInvitation(story, url, contosoAdmin());
    expect(confirm.text('account')).toBe('Contoso Ltd');
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'consent_verifying', reasons: [] });
  });

  it('in the second round keeps the first', async () => {
    const url = await invite(story);
    const visitor = story.visitor();
    const first = await visitor.submit(await visitor.open(url), 'continue');
    // Accept the first app only: the person stops when the second consent page is there.
    const afterFirst = await acceptOnce(visitor, first);
    expect(refusal(story, await continueVisit(story, visitor, afterFirst, contosoAdmin(), 'cancel')).code).toBe('CONSENT_DECLINED');
    expect((await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).round).toBe(2);
  });

  async function acceptOnce(visitor: ReturnType<Story['visitor']>, start: Awaited<ReturnType<ReturnType<Story['visitor']>['open']>>) {
    const admin = contosoAdmin();
    let page = await visitor.submit(start, 'use-another-account');
    page = await visitor.submit(page, 'submit', { login: admin.upn });
    page = await visitor.submit(page, 'submit', { passwd: admin.password });
    return visitor.submit(page, 'accept');
  }
});

describe('somebody who may not consent', () => {
  it.each([
    ['an ordinary person', undefined],
    ['an Application Administrator, who may not grant Graph application permissions', 'Application Administrator'],
  ])('meets Microsoft\'s wall, comes back, and has used nothing up: %s', async (_who, role) => {
    const url = await invite(story);
    const visitor = story.visitor();
    const wall = await visitInvitation(story, url, personWith(story.tenant('contoso.example'), role), 'accept', visitor);
    expect(wall.text('need-admin-approval')).toBe('An administrator has to approve this');
    const back = await visitor.submit(wall, 'return-to-app');
    expect(refusal(story, back)).toEqual({ publicCode: 'declined', code: 'CONSENT_DECLINED' });
    expect((await visitInvitation(story, url, contosoAdmin())).text('account')).toBe('Contoso Ltd');
  });
});

describe('the wrong tenant', () => {
  it('is named with the other two, when an admin of another customer answers', async () => {
    const url = await invite(story);
    const { tenantId } = story.tenant('contoso.example');
    const other = story.tenant('fabrikam.example').tenantId;
    const page = await answerWithout(story, story.visitor(), url, other);
    expect(refusal(story, page)).toEqual({ publicCode: 'wrong_account', code: 'CONSENT_WRONG_TENANT' });
    expect(page.html).not.toContain(other);
    const [reason] = (await story.onboarding.status('contoso')).reasons;
    expect(reason).toMatchObject({ code: 'CONSENT_WRONG_TENANT' });
    expect(reason?.message).toContain(tenantId);
    expect(reason?.message).toContain(other);
    expect(reason?.message).toContain('no tenant was proven');
    expect((await auditOf(story)).find((entry) => entry.action === 'consent.wrong_tenant')?.details).toMatchObject({ expectedTenantId: tenantId, claimedTenantId: other, provenTenantId: null });
    expect((await visitInvitation(story, url, contosoAdmin())).text('account')).toBe('Contoso Ltd');
  });

  it('is recognised when Microsoft itself turns away an account of another tenant', async () => {
    const stranger = story.tenant('fabrikam.example').users.find((person) => person.upn.startsWith('gabriela'));
    const page = await visitInvitation(story, await invite(story), stranger ?? contosoAdmin());
    expect(refusal(story, page)).toEqual({ publicCode: 'wrong_account', code: 'CONSENT_WRONG_TENANT' });
  });

  it('is refused in round 2 too, where the tenant is the one round 1 proved', async () => {
    const url = await invite(story, 'any', null);
    // An unpinned account whose tenant granted everything before: whoever answers first decides whose second round it is.
    await visitInvitation(story, url, contosoAdmin());
    const again = await invite(story, 'other', null);
    const browser = story.visitor();
    const afterRoundOne = await answerWithout(story, browser, again, story.tenant('contoso.example').tenantId);
    expect(afterRoundOne.url).toContain(story.sandbox.ready.login);
    const page = await browser.open(forgeCallback(story, { admin_consent: 'True', tenant: story.tenant('fabrikam.example').tenantId, state: lastState(browser) }));
    expect(refusal(story, page).code).toBe('CONSENT_WRONG_TENANT');
  });

  it('is the partner\'s own, always', async () => {
    const home = story.sandbox.ready.homeTenantId;
    const page = await answerWithout(story, story.visitor(), await invite(story, 'any', null), home);
    expect(refusal(story, page).code).toBe('CONSENT_TENANT_REFUSED');
    await visitInvitation(story, await invite(story, 'begun'), contosoAdmin());
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'begun', operatorId: OPERATOR, tenant: home }))).toBe('CONSENT_TENANT_REFUSED');
    await story.onboarding.addAccount({ id: 'own', name: 'Ourselves', expectedTenant: 'northwind.example' }, OPERATOR);
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'own', operatorId: OPERATOR }))).toBe('CONSENT_TENANT_REFUSED');
  });

  it('is the partner\'s own also when its admin really consents', async () => {
    const olga = personWith(story.tenant('northwind.example'), 'Global Administrator');
    const page = await visitInvitation(story, await invite(story, 'any', null), olga);
    expect(refusal(story, page).code).toBe('CONSENT_TENANT_REFUSED');
    expect((await story.onboarding.showAccount('any')).tenantId).toBeNull();
  });

  it('is the tenant of personal accounts, always', async () => {
    const page = await answerWithout(story, story.visitor(), await invite(story, 'any', null), CONSUMERS);
    expect(refusal(story, page).code).toBe('CONSENT_TENANT_REFUSED');
    for (const expectedTenant of [CONSUMERS, 'consumers', 'common', 'organizations']) {
      expect(await codeOf(story.onboarding.addAccount({ id: 'msa', name: 'Someone', expectedTenant }, OPERATOR))).toBe('TENANT_INVALID');
    }
  });
});

describe('an answer that is not what it seems', () => {
  it('is refused when it was used already', async () => {
    const visitor = story.visitor();
    const confirm = await visitInvitation(story, await invite(story), contosoAdmin(), 'accept', visitor);
    expect(confirm.text('account')).toBe('Contoso Ltd');
    const used = visitor.history.filter((url) => url.includes('/consent/callback'));
    expect(used).toHaveLength(2);
    const journey = await story.onboarding.status('contoso');
    for (const url of used) expect(refusal(story, await visitor.open(url)).code).toBe('CONSENT_STATE_REPLAYED');
    expect(await story.onboarding.status('contoso')).toEqual(journey);
  });

  it('is refused in another browser, which burns nothing for its owner', async () => {
    const owner = story.visitor();
    const microsoft = await owner.submit(await owner.open(await invite(story)), 'continue');
    const stolen = forgeCallback(story, { admin_consent: 'True', tenant: story.tenant('contoso.example').tenantId, state: lastState(owner) });
    expect(refusal(story, await story.visitor().open(stolen))).toEqual({ publicCode: 'invalid', code: 'CONSENT_BROWSER_MISMATCH' });
    const thief = story.visitor();
    await thief.submit(await thief.open(await invite(story, 'mallory', undefined)), 'continue');
    expect(refusal(story, await thief.open(stolen)).code).toBe('CONSENT_BROWSER_MISMATCH');
    expect((await continueVisit(story, owner, microsoft, contosoAdmin())).text('account')).toBe('Contoso Ltd');
  });

  it('is refused with a state nobody issued', async () => {
    const visitor = story.visitor();
    await visitor.submit(await visitor.open(await invite(story)), 'continue');
    for (const state of ['A'.repeat(43), `${lastState(visitor).slice(0, -1)}_`, '../../etc/passwd', '%00']) {
      const page = await visitor.open(forgeCallback(story, { admin_consent: 'True', tenant: story.tenant('contoso.example').tenantId, state }));
      expect(refusal(story, page)).toEqual({ publicCode: 'invalid', code: 'CONSENT_STATE_UNKNOWN' });
    }
  });

  it('is refused after its hour', async () => {
    const visitor = story.visitor();
    await visitor.submit(await visitor.open(await invite(story)), 'continue');
    story.advanceClock(3601);
    const page = await visitor.open(forgeCallback(story, { admin_consent: 'True', tenant: story.tenant('contoso.example').tenantId, state: lastState(visitor) }));
    expect(refusal(story, page)).toEqual({ publicCode: 'expired', code: 'CONSENT_STATE_EXPIRED' });
  });

  it('is refused when a parameter is repeated, missing or absurd', async () => {
    const visitor = story.visitor();
    await visitor.submit(await visitor.open(await invite(story)), 'continue');
    const { tenantId } = story.tenant('contoso.example');
    const state = lastState(visitor);
    const good = forgeCallback(story, { admin_consent: 'True', tenant: tenantId, state });
    for (const bad of [`${good}&tenant=${tenantId}`, `${good}&state=${state}`, good.replace('admin_consent=True', 'admin_consent=False'), good.replace(tenantId, 'organizations'), `${story.publicBaseUrl}/consent/callback`, good.replace(state, 'x'.repeat(5000))]) {
      expect(refusal(story, await visitor.open(bad)).code).toBe('CONSENT_CALLBACK_MALFORMED');
    }
    expect((await visitor.open(good)).url).toContain('/consent/next');
  });

  it('does not count for round 1 when nothing was granted, however often the waiting page is asked', async () => {
    const visitor = story.visitor();
    let page = await answerWithout(story, visitor, await invite(story), story.tenant('contoso.example').tenantId);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(page.text('verifying')).toBeDefined();
      story.advanceClock(page.refreshSeconds ?? 0);
      page = await visitor.reload(page);
    }
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'consent_pending', waitingFor: 'replication', reasons: [{ code: 'CONSENT_CLAIM_UNPROVEN' }] });
    expect(await codeOf(story.onboarding.listAdmins('contoso', OPERATOR))).toBe('SSO_OWNERSHIP_UNPROVEN');
  });

  it('counts once when it arrives twice at the same moment', async () => {
    const url = new URL(await invite(story));
    const started = await sendRaw(story, url.pathname, { method: 'POST', headers: FORM, body: '' });
    const state = new URL(String(started.headers['location'])).searchParams.get('state') ?? '';
    const cookie = String((started.headers['set-cookie'] as readonly string[])[0]).split(';')[0] ?? '';
    const callback = new URL(forgeCallback(story, { admin_consent: 'True', tenant: story.tenant('contoso.example').tenantId, state }));
    const answers = await Promise.all(Array.from({ length: 6 }, () => sendRaw(story, `${callback.pathname}${callback.search}`, { headers: { cookie } })));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([303, 400, 400, 400, 400, 400]);
    expect((await auditOf(story)).filter((entry) => entry.action === 'consent.callback_claimed')).toHaveLength(1);
  });
});

describe('an invitation', () => {
  it('that is withdrawn while the admin is at Microsoft opens nothing any more', async () => {
    const visitor = story.visitor();
    const microsoft = await visitor.submit(await visitor.open(await invite(story)), 'continue');
    expect(await story.onboarding.revokeConsentRequest('contoso', OPERATOR)).toBe(true);
    const page = await continueVisit(story, visitor, microsoft, contosoAdmin());
    expect(refusal(story, page)).toEqual({ publicCode: 'expired', code: 'CONSENT_INVITATION_REVOKED' });
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'consent_pending' });
  });

  it('that is withdrawn while the admin reads the last question claims nothing', async () => {
    const visitor = story.visitor();
    const confirm = await visitInvitation(story, await invite(story), contosoAdmin(), 'accept', visitor);
    await story.onboarding.revokeConsentRequest('contoso', OPERATOR);
    const page = await visitor.submit(confirm, 'confirm', { accessLevel: 'full' });
    expect(refusal(story, page)).toEqual({ publicCode: 'expired', code: 'CONSENT_INVITATION_REVOKED' });
    expect(refusal(story, await visitor.open(`${story.publicBaseUrl}/sign-in/confirm`)).code).toBe('CONSENT_INVITATION_REVOKED');
    expect(await story.onboarding.showAccount('contoso')).toMatchObject({ tenantId: null, accessLevel: 'none' });
  });

  it('that was replaced for another tenant stops a browser that already answered for the first', async () => {
    const visitor = story.visitor();
    const confirm = await visitInvitation(story, await invite(story), contosoAdmin(), 'accept', visitor);
    await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, tenant: 'fabrikam.example' });
    expect(refusal(story, await visitor.submit(confirm, 'confirm', { accessLevel: 'full' })).code).toBe('CONSENT_INVITATION_REPLACED');
    expect((await story.onboarding.showAccount('contoso')).tenantId).toBeNull();
  });

  it('survives mail scanners: GET and HEAD spend nothing and write nothing', async () => {
    const url = new URL(await invite(story));
    const before = await storedKeys();
    for (const method of ['GET', 'HEAD', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
      const answer = await sendRaw(story, url.pathname, { method });
      expect(answer.status).toBe(['GET', 'HEAD'].includes(method) ? 200 : 405);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect(await storedKeys()).toEqual(before);
    expect((await visitInvitation(story, url.toString(), contosoAdmin())).text('account')).toBe('Contoso Ltd');
  });

  it('ends after its days, and a newer one ends it at once', async () => {
    const first = await invite(story);
    const second = (await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).url;
    expect(refusal(story, await story.visitor().open(first))).toEqual({ publicCode: 'expired', code: 'CONSENT_INVITATION_REPLACED' });
    story.advanceClock(7 * 86_400);
    expect(refusal(story, await story.visitor().open(second))).toEqual({ publicCode: 'expired', code: 'CONSENT_INVITATION_EXPIRED' });
  });

  it('is the only one that works, when several are opened at the same moment', async () => {
    await invite(story);
    const opened = await Promise.all(Array.from({ length: 5 }, () => story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })));
    const answers = await Promise.all(opened.map(({ url }) => sendRaw(story, new URL(url).pathname)));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 410, 410, 410, 410]);
    await story.onboarding.revokeConsentRequest('contoso', OPERATOR);
    const later = await Promise.all(opened.map(({ url }) => sendRaw(story, new URL(url).pathname)));
    expect(later.map((answer) => answer.status)).toEqual([410, 410, 410, 410, 410]);
  });
});

describe('what was granted', () => {
  it('is named permission by permission when one is missing, and never green without it', async () => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin());
    const roleId = removePermission(story, 'contoso.example', 'backup', 'Mail.ReadWrite');
    const report = await story.onboarding.verifyConsent('contoso');
    expect(report.verdict).toBe('pending');
    expect(report.apps.find((app) => app.key === 'backup')?.missing).toMatchObject([{ name: 'Mail.ReadWrite', resource: 'Microsoft Graph', type: 'application', id: roleId, inDirectory: false, inToken: false }]);
    expect(report.apps.find((app) => app.key === 'restore')).toMatchObject({ state: 'granted', missing: [] });
    expect((await story.onboarding.status('contoso')).reasons).toEqual([{ code: 'CONSENT_MISSING_PERMISSIONS', message: 'backup: not granted (yet): Mail.ReadWrite on Microsoft Graph.' }]);
    story.advanceClock(86_400);
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention', reasons: [{ code: 'CONSENT_MISSING_PERMISSIONS' }] });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention' });
  });

  it('is not counted when a good streak is broken in the middle', async () => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin());
    for (let read = 0; read < 4; read += 1) {
      await story.onboarding.advance('contoso');
      story.advanceClock(15);
    }
    removePermission(story, 'contoso.example', 'restore', 'Sites.FullControl.All');
    const report = await story.onboarding.verifyConsent('contoso');
    expect(report).toMatchObject({ verdict: 'pending', reads: { good: 0, made: 5 } });
    expect(report.apps.find((app) => app.key === 'restore')?.missing.map((finding) => `${finding.name} on ${finding.resource}`)).toEqual(['Sites.FullControl.All on SharePoint Online']);
  });

  it('by one round and taken back before the next is over is noticed, and named', async () => {
    const url = await invite(story);
    const visitor = story.visitor();
    let page = await visitor.submit(await visitor.submit(await visitor.open(url), 'continue'), 'use-another-account');
    page = await visitor.submit(page, 'submit', { login: contosoAdmin().upn });
    page = await visitor.submit(await visitor.submit(page, 'submit', { passwd: contosoAdmin().password }), 'accept');
    const between = await story.onboarding.verifyConsent('contoso');
    expect(between).toMatchObject({ verdict: 'pending' });
    expect(between.apps.map(({ key, state }) => [key, state])).toEqual([['backup', 'granted'], ['restore', 'pending']]);
    removePermission(story, 'contoso.example', 'backup', 'Mail.ReadWrite');
    await visitor.submit(await continueVisit(story, visitor, page, contosoAdmin()), 'confirm', { accessLevel: 'none' });
    const report = await story.onboarding.verifyConsent('contoso');
    expect(report.verdict).toBe('pending');
    expect((await story.onboarding.status('contoso')).reasons).toEqual([{ code: 'CONSENT_GRANTS_REMOVED', message: 'backup: was granted and is gone: Mail.ReadWrite on Microsoft Graph.' }]);
  });

  it('is waited for when no replica has seen it yet, on pages that say so, and then it is proven', async () => {
    story.sandbox.setReplicationLagMs({ 'graph.get': 12_000, 'graph.list': 15_000, 'sts.servicePrincipal': 8000, 'sts.keys': 8000, 'sts.roles': 40_000 });
    const visitor = story.visitor();
    const confirm = await visitInvitation(story, await invite(story), contosoAdmin(), 'accept', visitor);
    expect(visitor.history.filter((url) => url.endsWith('/consent/next')).length).toBeGreaterThan(3);
    expect(visitor.history.filter((url) => url.endsWith('/sign-in/confirm')).length).toBeGreaterThan(1);
    await visitor.submit(confirm, 'confirm', { accessLevel: 'none' });
    const settled = await advanceUntilSettled(story, 'contoso');
    expect(settled).toMatchObject({ state: 'admin_needed', waitingFor: 'admin_choice', reasons: [] });
    expect((await story.onboarding.consentStatus('contoso')).verdict).toBe('granted');
  });

  it('is of no use in an app the customer disabled, and comes back when it is enabled', async () => {
    await onboardAsAdmin(story, await invite(story), contosoAdmin());
    changePrincipal(story, 'contoso.example', 'restore', { accountEnabled: false });
    await story.onboarding.advance('contoso');
    expect((await story.onboarding.status('contoso')).reasons).toEqual([{ code: 'STS_APP_DISABLED', message: 'restore: the app is disabled in the tenant.' }]);
    expect(principalOf(story, 'contoso.example', 'restore').accountEnabled).toBe(false);
    story.advanceClock(60);
    changePrincipal(story, 'contoso.example', 'restore', { accountEnabled: true });
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'admin_needed' });
  });
});

describe('bad input of an operator', () => {
  it('is refused before anybody is invited', async () => {
    expect(await codeOf(story.onboarding.addAccount({ id: '../x', name: 'X' }, OPERATOR))).toBe('INPUT_INVALID');
    expect(await codeOf(story.onboarding.addAccount({ id: 'x', name: ' ' }, OPERATOR))).toBe('INPUT_INVALID');
    expect(await codeOf(story.onboarding.addAccount({ id: 'x', name: 'X', expectedTenant: 'contoso.example/../fabrikam' }, OPERATOR))).toBe('TENANT_INVALID');
    await story.onboarding.addAccount({ id: 'x', name: 'X', expectedTenant: 'nobody-has-this.example' }, OPERATOR);
    const failure = await failureOf(story.onboarding.openConsent({ accountId: 'x', operatorId: OPERATOR }));
    expect(failure.code).toBe('TENANT_NOT_FOUND');
    expect(failure.message).toContain('nobody-has-this.example');
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'x', operatorId: 'somebody-else' }))).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'y', operatorId: OPERATOR }))).toBe('ACCOUNT_NOT_FOUND');
  });
});
