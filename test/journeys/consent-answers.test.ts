/** What comes of an invitation when Microsoft answers with something else than yes, late, or never: for the admin and for the operator. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/errors';
import type { VisitedPage, Visitor } from '../../src/sandbox/visitor';
import { answerWithout, auditOf, invite, lastState, forgeCallback, refusal, sendRaw } from './attacks';
import { removePermission } from './directory';
import { advanceUntilSettled, consentOnly, continueVisit, onboardAsAdmin, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

const MINUTE = 60;

let story: Story;

beforeAll(async () => {
  story = await startStory();
});

beforeEach(async () => story.renew());

afterAll(async () => story.stop());

const admin = () => personWith(story.tenant('contoso.example'), 'Global Administrator');
const contoso = () => story.tenant('contoso.example').tenantId;
const status = () => story.onboarding.status('contoso');

/** Up to Microsoft's page of the first round. */
async function leaveForMicrosoft(visitor: Visitor, url: string): Promise<VisitedPage> {
  return visitor.submit(await visitor.open(url), 'continue');
}

async function acceptFirstRound(visitor: Visitor, url: string): Promise<VisitedPage> {
  let page = await leaveForMicrosoft(visitor, url);
  page = await visitor.submit(page, 'use-another-account');
  page = await visitor.submit(page, 'submit', { login: admin().upn });
  page = await visitor.submit(page, 'submit', { passwd: admin().password });
  return visitor.submit(page, 'accept');
}

describe('an answer of Microsoft\'s that is no yes', () => {
  it.each<[number, ErrorCode, string, RegExp]>([
    [90094, 'CONSENT_ADMIN_APPROVAL_NEEDED', 'declined', /Another administrator/],
    [900941, 'CONSENT_ADMIN_APPROVAL_NEEDED', 'declined', /Another administrator/],
    [90099, 'CONSENT_PARTNER_ADMIN', 'wrong_account', /partner's account/],
    [650051, 'CONSENT_SETTLING', 'try_later', /not ready yet/],
    [50001, 'CONSENT_SERVICE_MISSING', 'failed', /lacks a service/],
    [650057, 'CONSENT_APP_MISCONFIGURED', 'failed', /for your partner to mend/],
    [65005, 'CONSENT_APP_MISCONFIGURED', 'failed', /for your partner to mend/],
  ])('AADSTS%i is %s: its own page, a support code the operator finds, and nothing used up', async (number, code, publicCode, title) => {
    story.sandbox.provoke({ code: number, at: 'consent', times: 1 });
    const url = await invite(story);
    const visitor = story.visitor();
    const page = await visitInvitation(story, url, admin(), 'accept', visitor);
    expect(refusal(story, page)).toEqual({ publicCode, code });
    expect(page.text('refusal')).toMatch(title);
    expect(page.html).not.toMatch(/AADSTS|contoso\.example|Correlation/);
    const supportCode = page.text('support-code') ?? '';
    const [reason] = (await status()).reasons;
    expect(reason).toMatchObject({ code });
    expect(reason?.message).toContain(`AADSTS${number}`);
    expect(reason?.message).toContain(supportCode);
    expect((await auditOf(story)).filter((entry) => entry.details?.['supportCode'] === supportCode)).toMatchObject([{ accountId: 'contoso', details: { round: 1, app: 'backup', serviceCode: `AADSTS${number}` } }]);
    expect(await status()).toMatchObject({ state: 'consent_pending', waitingFor: 'consent' });
    expect((await visitInvitation(story, url, admin())).text('account')).toBe('Contoso Ltd');
  });

  it('offers the same browser the way on, without the invitation', async () => {
    const visitor = story.visitor();
    const page = await visitInvitation(story, await invite(story), admin(), 'cancel', visitor);
    const again = /href="([^"]+)" data-testid="again"/.exec(page.html)?.[1] ?? '';
    expect(again).toBe('/consent/next');
    const confirm = await continueVisit(story, visitor, await visitor.open(`${story.publicBaseUrl}${again}`), admin());
    expect(confirm.text('account')).toBe('Contoso Ltd');
  });

  it('offers a browser that holds nothing no way on', async () => {
    const answer = await sendRaw(story, '/consent/callback?error=access_denied&state=x');
    expect(answer.body).not.toContain('data-testid="again"');
  });

  it('is taken from a posted form as well, and only from it', async () => {
    const visitor = story.visitor();
    await leaveForMicrosoft(visitor, await invite(story));
    const form = { method: 'POST' as const, action: `${story.publicBaseUrl}/consent/callback?tenant=evil&state=evil`, fields: { admin_consent: 'True', error: 'consent_required', error_description: 'AADSTS65004: no.', state: lastState(visitor) }, buttons: [{ testId: 'continue', name: '', value: '' }] };
    const page = await visitor.submit({ url: `${story.publicBaseUrl}/consent/callback`, status: 200, html: '', headers: {}, refreshSeconds: undefined, text: () => undefined, forms: [form] }, 'continue');
    // Whatever cookie a posting stranger's page could make the browser send: Lax keeps ours out, so the state is not burnt either.
    expect(['CONSENT_DECLINED', 'CONSENT_BROWSER_MISMATCH']).toContain(refusal(story, page).code);
  });
});

describe('an approval that Microsoft does not show yet', () => {
  it.each<[string, number, number | undefined]>([
    ['has no consent yet (AADSTS65001)', 65001, 3],
    ['is busy (503)', 90033, 4],
    ['asks to slow down (429)', 90055, 2],
  ])('keeps the admin on the waiting page while the token endpoint %s, and goes on by itself', async (_what, number, times) => {
    const visitor = story.visitor();
    const url = await invite(story);
    const microsoft = await leaveForMicrosoft(visitor, url);
    story.sandbox.provoke({ code: number, at: 'token', times });
    const confirm = await continueVisit(story, visitor, microsoft, admin());
    expect(confirm.text('account')).toBe('Contoso Ltd');
    expect(visitor.history.filter((address) => address.endsWith('/consent/next')).length).toBeGreaterThan(2);
    expect(story.log.filter((line) => line.includes('A page was refused'))).toEqual([]);
  });

  it('keeps the admin waiting while Graph cannot say which role they hold, instead of refusing', async () => {
    const visitor = story.visitor();
    const signIn = await consentOnly(story, await invite(story), admin(), visitor);
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'down', match: { host: 'graph' }, when: { window: ['+0s', '+20s'] }, do: { status: 503, headers: { 'retry-after': '1' } } }] });
    const confirm = await continueVisit(story, visitor, signIn, admin());
    story.sandbox.faults.set(undefined);
    expect(confirm.text('account')).toBe('Contoso Ltd');
    expect(story.log.filter((line) => line.includes('A page was refused'))).toEqual([]);
  });

  it('lets the admin go after some minutes, goes on without them, and says after a day that nothing was granted', async () => {
    const url = await invite(story);
    const visitor = story.visitor();
    let page = await answerWithout(story, visitor, url, contoso());
    for (let turn = 0; turn < 200 && page.refreshSeconds !== undefined; turn += 1) {
      story.advanceClock(page.refreshSeconds);
      page = await visitor.reload(page);
    }
    expect(page.text('go-on')).toBe('We will go on without you');
    expect(page.refreshSeconds).toBeUndefined();
    const report = await story.onboarding.advance('contoso');
    expect(report).toMatchObject({ state: 'consent_pending', waitingFor: 'replication', reasons: [{ code: 'CONSENT_CLAIM_UNPROVEN' }] });
    expect(report.reasons[0]?.message).toMatch(new RegExp(`tenant ${contoso()} was expected.*with tenant ${contoso()}, and no tenant was proven.*AADSTS`));
    story.advanceClock(86_400);
    const settled = await story.onboarding.advance('contoso');
    expect(settled).toMatchObject({ state: 'consent_pending', waitingFor: 'consent', nextCheckAt: null });
    expect(settled.reasons[0]?.message).toContain('nothing was granted');
    expect((await visitInvitation(story, url, admin())).text('account')).toBe('Contoso Ltd');
    expect(await status()).toMatchObject({ state: 'consent_verifying', reasons: [] });
  });

  it('is proven behind a closed tab, and the same invitation then leads straight to the next round', async () => {
    story.sandbox.setReplicationLagMs({ 'sts.servicePrincipal': 400_000 });
    const url = await invite(story);
    const visitor = story.visitor();
    expect((await acceptFirstRound(visitor, url)).text('verifying')).toBeDefined();
    const settled = await advanceUntilSettled(story, 'contoso', 200);
    expect(settled).toMatchObject({ state: 'consent_pending', waitingFor: 'consent', reasons: [] });
    story.sandbox.setReplicationLagMs({ 'sts.servicePrincipal': 0 });
    expect((await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).round).toBe(2);
  });
});

describe('an admin who never comes back', () => {
  it('is waited for without a decline, and after some minutes the silence is named with both explanations', async () => {
    const url = await invite(story);
    expect(await status()).toMatchObject({ state: 'consent_pending', reasons: [] });
    const wall = await visitInvitation(story, url, personWith(story.tenant('contoso.example'), undefined));
    expect(wall.text('need-admin-approval')).toBeDefined();
    expect(await status()).toMatchObject({ waitingFor: 'consent', reasons: [] });
    story.advanceClock(6 * MINUTE);
    const report = await story.onboarding.advance('contoso');
    expect(report).toMatchObject({ state: 'consent_pending', waitingFor: 'consent', reasons: [{ code: 'CONSENT_UNANSWERED' }] });
    expect(report.reasons[0]?.message).toMatch(/Need admin approval.*closed before it was answered/);
    const second = await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR });
    expect(await status()).toMatchObject({ reasons: [] });
    expect((await visitInvitation(story, second.url, admin())).text('account')).toBe('Contoso Ltd');
  });
});

describe('a claim for a tenant nobody proves', () => {
  it('stays a claim: it takes no round, and the right admin is not in its way', async () => {
    const url = await invite(story, 'contoso', null);
    const forged = '12345678-1234-4123-8123-123456789abc';
    const attacker = story.visitor();
    expect((await answerWithout(story, attacker, url, forged)).text('verifying')).toBeDefined();
    const report = await story.onboarding.advance('contoso');
    expect(report.reasons[0]?.message).toContain(`any customer's tenant could answer, the browser came back`);
    expect(report.reasons[0]?.message).toContain(`with tenant ${forged}, and no tenant was proven`);
    expect((await visitInvitation(story, url, admin())).text('account')).toBe('Contoso Ltd');
    expect(await status()).toMatchObject({ state: 'consent_verifying', reasons: [] });
  });
});

describe('rounds that arrive out of order', () => {
  it('count each for its own app, and the second never for the first', async () => {
    const url = await invite(story);
    const visitor = story.visitor();
    await leaveForMicrosoft(visitor, url);
    const first = lastState(visitor);
    // Nothing of round 2 exists before round 1 is proven: the only state there is belongs to round 1.
    const early = await visitor.open(forgeCallback(story, { admin_consent: 'True', tenant: contoso(), state: first, round: '2' }));
    expect(early.text('verifying')).toBe('Checking with Microsoft…');
    expect(early.html).toContain('app 1 of 2');
    expect((await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).round).toBe(1);
  });
});

describe('an old invitation', () => {
  it('says in its own words whether it was replaced, withdrawn or has expired, and its support code is found, once', async () => {
    const first = await invite(story);
    const second = (await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, ttlDays: 1 })).url;
    const replaced = await story.visitor().open(first);
    expect([replaced.status, replaced.text('refusal'), refusal(story, replaced).code]).toEqual([410, 'There is a newer invitation', 'CONSENT_INVITATION_REPLACED']);
    story.advanceClock(2 * 86_400);
    const expired = await story.visitor().open(second);
    expect([expired.text('refusal'), refusal(story, expired).code]).toEqual(['This invitation has expired', 'CONSENT_INVITATION_EXPIRED']);
    const third = (await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).url;
    await story.onboarding.revokeConsentRequest('contoso', OPERATOR);
    const withdrawn = await story.visitor().open(third);
    expect([withdrawn.text('refusal'), refusal(story, withdrawn).code]).toEqual(['This invitation was withdrawn', 'CONSENT_INVITATION_REVOKED']);
    for (const page of [replaced, expired, withdrawn]) expect(page.html).not.toMatch(/Contoso|contoso/);

    const code = replaced.text('support-code');
    expect((await story.visitor().open(first)).text('support-code')).toBe(code);
    const found = (await auditOf(story)).filter((entry) => entry.details?.['supportCode'] === code);
    expect(found).toMatchObject([{ action: 'consent.visit_refused', accountId: 'contoso', reason: 'CONSENT_INVITATION_REPLACED' }]);
    expect(JSON.stringify(found)).not.toContain(new URL(first).pathname.slice('/invite/'.length));
  });

  it('that never was leaves no trace in the audit, however often a stranger tries', async () => {
    await invite(story);
    const before = (await auditOf(story)).length;
    for (let turn = 0; turn < 5; turn += 1) await sendRaw(story, `/invite/${'A'.repeat(42)}${turn}`);
    expect((await auditOf(story)).length).toBe(before);
  });
});

describe('an account that was consented and is asked again', () => {
  async function bindFirst(): Promise<void> {
    await advanceUntilSettled(story, 'contoso');
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: 'first', operatorId: OPERATOR });
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
  }

  it('lists only what is missing and why, goes through that app\'s round alone, and needs no second sign-in', async () => {
    await onboardAsAdmin(story, await invite(story), admin());
    await bindFirst();
    removePermission(story, 'contoso.example', 'restore', 'Sites.FullControl.All');
    story.advanceClock(2 * 3600);
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention' });
    const { url, round, mail } = await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR });
    expect(round).toBe(2);
    expect(mail.subject).toContain('please approve again');
    const visitor = story.visitor();
    const landing = await visitor.open(url);
    expect(landing.html).toMatch(/missing in your tenant now[\s\S]*Sites\.FullControl\.All[\s\S]*<details>/);
    expect(landing.html).toMatch(/\(already approved\)/);
    const done = await visitInvitation(story, url, admin(), 'accept', visitor);
    expect(done.text('done')).toBeDefined();
    expect(visitor.history.filter((address) => address.includes('/adminconsent'))).toHaveLength(1);
    expect(visitor.history.filter((address) => address.includes('/oauth2/v2.0/authorize'))).toEqual([]);
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active', reasons: [] });
  }, 60_000);

  it('leads to the sign-in alone when nothing is missing', async () => {
    await onboardAsAdmin(story, await invite(story), admin());
    await bindFirst();
    const { url, mail } = await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR });
    expect(mail.text).toContain('only a sign-in is missing');
    const visitor = story.visitor();
    expect((await visitInvitation(story, url, admin(), 'accept', visitor)).text('account')).toBe('Contoso Ltd');
    expect(visitor.history.filter((address) => address.includes('/adminconsent'))).toEqual([]);
    expect(await status()).toMatchObject({ state: 'active' });
  }, 60_000);
});
