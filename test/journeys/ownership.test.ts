/** Who may say that a tenant belongs to an account. Everybody else tries here. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorOnboarding } from '../../src/core/corridor/operator';
import { isOnboardingError } from '../../src/core/errors';
import type { VisitedPage, Visitor } from '../../src/sandbox/visitor';
import { answerWithout, auditOf, codeOf, FORM, forgeCallback, invite, lastState, refusal, requestsDuring, sendRaw } from './attacks';
import { changePerson, findPerson, removeRoles, worldTenant } from './directory';
import { advanceUntilSettled, consentOnly, continueVisit, onboardAsAdmin, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10';
const PRIVILEGED_ROLE_ADMINISTRATOR = 'e8611ab8-c189-46e8-94e1-60213ab1f814';

let story: Story;

beforeAll(async () => {
  story = await startStory();
});

afterAll(async () => story.stop());

const CONTOSO = 'contoso.example';
const FABRIKAM = 'fabrikam.example';

function person(domain: string, alias: string): { upn: string; password: string } {
  const found = story.tenant(domain).users.find((one) => one.upn.startsWith(`${alias}@`) || one.upn.startsWith(`${alias}_`));
  if (found === undefined) throw new Error(`Nobody is called ${alias} in ${domain}.`);
  return { upn: found.signInName, password: found.password };
}

function assignRole(domain: string, alias: string, roleDefinitionId: string, directoryScopeId: string): void {
  const id = `test-${alias}-${roleDefinitionId}`;
  worldTenant(story, domain).roleAssignments.put(id, { id, principalId: findPerson(story, domain, alias).id, roleDefinitionId, directoryScopeId }, story.clock.now());
}

/** Ada consents; somebody else answers the sign-in that follows. */
async function signInAs(alias: string, domain = CONTOSO): Promise<VisitedPage> {
  const visitor = story.visitor();
  const signIn = await consentOnly(story, await invite(story), person(CONTOSO, 'ada'), visitor);
  return continueVisit(story, visitor, signIn, person(domain, alias));
}

/** Up to the page with which Microsoft posts the code back, not yet posted. */
async function signInWithoutPosting(visitor: Visitor, start: VisitedPage, who: { upn: string; password: string }): Promise<VisitedPage> {
  const page = await visitor.submit(await visitor.submit(start, 'use-another-account'), 'submit', { login: who.upn });
  return visitor.submit(page, 'submit', { passwd: who.password });
}

async function expectUnowned(accountId = 'contoso'): Promise<void> {
  expect(await story.onboarding.showAccount(accountId)).toMatchObject({ tenantId: null, accessLevel: 'none' });
  expect((await auditOf(story)).filter((entry) => entry.action === 'sso.ownership_confirmed' && entry.outcome === 'done' && entry.accountId === accountId)).toEqual([]);
}

describe('an operator who pins a stranger\'s tenant that consented long ago', () => {
  let rows: ReturnType<Story['sandbox']['requests']>;
  let visitor: Visitor;

  beforeAll(async () => {
    await story.renew();
    await visitInvitation(story, await invite(story, 'long-ago', FABRIKAM), person(FABRIKAM, 'felix'));
    story.advanceClock(90 * 86_400);
    visitor = story.visitor();
    const told = await requestsDuring(story, async () => {
      // Nobody of Fabrikam is asked: the operator answers both rounds in the own browser.
      await answerWithout(story, visitor, await invite(story, 'thief', FABRIKAM), story.tenant(FABRIKAM).tenantId);
      await visitor.open(forgeCallback(story, { admin_consent: 'True', tenant: story.tenant(FABRIKAM).tenantId, state: lastState(visitor) }));
      return advanceUntilSettled(story, 'thief');
    });
    ({ rows } = told);
    expect(told.result).toMatchObject({ state: 'consented', waitingFor: 'sign_in', reasons: [{ code: 'SSO_OWNERSHIP_UNPROVEN' }] });
  });

  it('reaches nothing: no admins, no binding, no portal', async () => {
    const { onboarding } = story;
    expect(await codeOf(onboarding.listAdmins('thief', OPERATOR))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(onboarding.bindAdmin({ accountId: 'thief', admin: 'first', operatorId: OPERATOR }))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(onboarding.showBinding('thief'))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(onboarding.verifyBinding('thief'))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(onboarding.impersonate({ accountId: 'thief', operatorId: OPERATOR, reason: 'curiosity' }))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(onboarding.lowerAccessLevel('thief', 'full', OPERATOR))).toBe('ACCESS_LEVEL_RAISE_REFUSED');
    expect(await onboarding.advance('thief')).toMatchObject({ state: 'consented', waitingFor: 'sign_in' });
    await expectUnowned('thief');
  });

  it('is answered by every call an operator has: consent verification and what is ours runs, the rest is unproven', async () => {
    const mine = story.installation.asOperator(OPERATOR);
    const accountId = 'thief';
    const UNPROVEN = 'SSO_OWNERSHIP_UNPROVEN';
    /** A new call of the operator's does not compile before it is said here what it answers. */
    const calls = {
      addAccount: [() => mine.addAccount({ id: 'thief', name: 'Thief' }), 'ACCOUNT_EXISTS'],
      showAccount: [() => mine.showAccount(accountId), 'done'],
      listAccounts: [() => mine.listAccounts(), 'done'],
      lowerAccessLevel: [() => mine.lowerAccessLevel(accountId, 'restricted'), 'ACCESS_LEVEL_RAISE_REFUSED'],
      verifyConsent: [() => mine.verifyConsent(accountId), 'done'],
      consentStatus: [() => mine.consentStatus(accountId), 'done'],
      declaredApps: [async () => mine.declaredApps(), 'done'],
      planConsent: [() => mine.planConsent(accountId), 'done'],
      advance: [() => mine.advance(accountId), 'done'],
      status: [() => mine.status(accountId), 'done'],
      sweep: [() => mine.sweep(), 'done'],
      mayRead: [() => mine.mayRead(accountId), 'done'],
      grantConsent: [() => mine.grantConsent({ accountId, route: undefined }), UNPROVEN],
      revokeGrants: [() => mine.revokeGrants({ accountId, route: undefined, what: { kind: 'everything' }, confirmed: true }), UNPROVEN],
      checkServices: [() => mine.checkServices(accountId), UNPROVEN],
      lastServices: [() => mine.lastServices(accountId), UNPROVEN],
      listAdmins: [() => mine.listAdmins(accountId), UNPROVEN],
      bindAdmin: [() => mine.bindAdmin({ accountId, admin: 'first' }), UNPROVEN],
      showBinding: [() => mine.showBinding(accountId), UNPROVEN],
      verifyBinding: [() => mine.verifyBinding(accountId), UNPROVEN],
      unbindAdmin: [() => mine.unbindAdmin({ accountId, confirmed: true }), 'done'],
      impersonate: [() => mine.impersonate({ accountId, reason: 'curiosity' }), UNPROVEN],
    } satisfies Record<Exclude<keyof OperatorOnboarding, 'openConsent' | 'revokeConsentRequest' | 'removeAccount'>, readonly [() => Promise<unknown>, string]>;
    const answered: Record<string, string> = {};
    for (const [name, [call]] of Object.entries(calls)) answered[name] = await call().then(() => 'done', (error: unknown) => (isOnboardingError(error) ? error.code : String(error)));
    expect(answered).toEqual(Object.fromEntries(Object.entries(calls).map(([name, [, expected]]) => [name, expected])));
    await expectUnowned('thief');
  });

  it('causes no read of that tenant but the verification of consent', async () => {
    const shape = (some: typeof rows) => some.filter((row) => row.host === 'graph').map((row) => `${row.tenant} ${row.method} ${row.path.split('?')[0]}`);
    const verification = shape((await requestsDuring(story, () => story.onboarding.consentStatus('thief'))).rows);
    expect(verification.length).toBeGreaterThan(0);
    expect(verification.every((row) => row.startsWith(`${story.tenant(FABRIKAM).tenantId} `))).toBe(true);
    // Five reads of the streak, and not one request besides.
    expect(shape(rows)).toEqual(Array.from({ length: 5 }, () => verification).flat());
  });

  it('cannot sign in there either, and asks the directory nothing by trying', async () => {
    const page = await visitor.open(`${story.publicBaseUrl}/sign-in/confirm`);
    expect(refusal(story, page)).toEqual({ publicCode: 'invalid', code: 'SSO_BROWSER_MISMATCH' });
    const microsoft = await visitor.open(`${story.publicBaseUrl}/consent/next`);
    expect(new URL(microsoft.url).pathname).toContain(story.tenant(FABRIKAM).tenantId);
    const turnedAway = await continueVisit(story, visitor, microsoft, person(CONTOSO, 'ada'));
    expect(turnedAway.text('error-code')).toContain('50020');
    await expectUnowned('thief');
  });
});

describe('the sign-in that proves ownership', () => {
  beforeEach(async () => story.renew());

  it('is refused for a guest, even one who is a Global Administrator there', async () => {
    expect(refusal(story, await signInAs('felix'))).toEqual({ publicCode: 'wrong_account', code: 'SSO_GUEST_REFUSED' });
    await expectUnowned();
  });

  it.each([
    ['only eligible for the role', 'piotr'],
    ['an Exchange Administrator of one unit', 'ulf'],
    ['an Application Administrator', 'amir'],
    ['an Exchange Administrator', 'erik'],
    ['nobody in particular', 'nora'],
  ])('is refused for somebody who is %s', async (_who, alias) => {
    expect(refusal(story, await signInAs(alias))).toEqual({ publicCode: 'wrong_account', code: 'SSO_NOT_AN_ADMIN' });
    await expectUnowned();
  });

  it('tells the operator once who was turned away and why, however often the page is reloaded', async () => {
    const visitor = story.visitor();
    const signIn = await consentOnly(story, await invite(story), person(CONTOSO, 'ada'), visitor);
    await advanceUntilSettled(story, 'contoso');
    const page = await continueVisit(story, visitor, signIn, person(CONTOSO, 'felix'));
    for (let turn = 0; turn < 2; turn += 1) expect(refusal(story, await visitor.open(page.url)).code).toBe('SSO_GUEST_REFUSED');
    const noted = (await auditOf(story)).filter((entry) => entry.action === 'sso.sign_in_refused');
    expect(noted).toMatchObject([{ reason: 'SSO_GUEST_REFUSED', outcome: 'refused', accountId: 'contoso', subject: findPerson(story, CONTOSO, 'felix').id }]);
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'consented', reasons: [{ code: 'SSO_OWNERSHIP_UNPROVEN' }, { code: 'SSO_GUEST_REFUSED' }] });
  });

  it('is refused for a Global Administrator of one unit only', async () => {
    assignRole(CONTOSO, 'nora', GLOBAL_ADMINISTRATOR, '/administrativeUnits/11111111-2222-4333-8444-555555555555');
    expect(refusal(story, await signInAs('nora')).code).toBe('SSO_NOT_AN_ADMIN');
  });

  it('is not even possible for a disabled admin', async () => {
    const page = await signInAs('dora');
    expect(page.url).toContain(story.sandbox.ready.login);
    expect(page.text('error-code')).toContain('50057');
    await expectUnowned();
  });

  it.each([
    ['through a group', 'gina'],
    ['as Privileged Role Administrator', 'nora'],
  ])('is enough for an admin %s', async (_how, alias) => {
    if (alias === 'nora') assignRole(CONTOSO, 'nora', PRIVILEGED_ROLE_ADMINISTRATOR, '/');
    const page = await signInAs(alias);
    expect(page.text('admin')?.toLowerCase()).toContain(`${alias}@contoso.example`);
    expect(page.text('tenant')).toBe(story.tenant(CONTOSO).tenantId);
  });

  it('is refused with the code of another tenant, obtained by editing the address', async () => {
    const visitor = story.visitor();
    const signIn = await consentOnly(story, await invite(story), person(CONTOSO, 'ada'), visitor);
    for (const authority of [story.tenant(FABRIKAM).tenantId, 'organizations']) {
      const elsewhere = await visitor.open(signIn.url.replace(story.tenant(CONTOSO).tenantId, authority));
      const page = await continueVisit(story, visitor, elsewhere, person(FABRIKAM, 'gabriela'));
      expect(['SSO_CODE_REFUSED', 'SSO_STATE_REPLAYED']).toContain(refusal(story, page).code);
    }
    await expectUnowned();
  });

  it('is refused in another browser, which burns nothing for its owner', async () => {
    const owner = story.visitor();
    const signIn = await consentOnly(story, await invite(story), person(CONTOSO, 'ada'), owner);
    const answer = await signInWithoutPosting(owner, signIn, person(CONTOSO, 'gina'));
    expect(answer.forms[0]?.fields).toMatchObject({ state: lastState(owner) });
    expect(refusal(story, await story.visitor().submit(answer, 'continue')).code).toBe('SSO_BROWSER_MISMATCH');
    expect((await continueVisit(story, owner, await owner.submit(answer, 'continue'), person(CONTOSO, 'gina'))).text('account')).toBe('Contoso Ltd');
    expect(refusal(story, await owner.submit(answer, 'continue')).code).toBe('SSO_STATE_REPLAYED');
  });

  it('is refused with a code stolen from somebody else\'s sign-in', async () => {
    const victim = story.visitor();
    const signIn = await consentOnly(story, await invite(story), person(CONTOSO, 'ada'), victim);
    const stolen = await signInWithoutPosting(victim, signIn, person(CONTOSO, 'gina'));
    const thief = story.visitor();
    const url = await invite(story, 'thief', CONTOSO);
    await answerWithout(story, thief, url, story.tenant(CONTOSO).tenantId);
    await thief.open(forgeCallback(story, { admin_consent: 'True', tenant: story.tenant(CONTOSO).tenantId, state: lastState(thief) }));
    const [form] = stolen.forms;
    if (form === undefined) throw new Error('No form to steal.');
    const injected = { ...stolen, forms: [{ ...form, fields: { ...form.fields, state: lastState(thief) } }] };
    expect(refusal(story, await thief.submit(injected, 'continue')).code).toBe('SSO_CODE_REFUSED');
    await expectUnowned('thief');
  });

  it('is refused when the person cancels at Microsoft, and can be begun again', async () => {
    const visitor = story.visitor();
    const url = await invite(story);
    await consentOnly(story, url, person(CONTOSO, 'ada'), visitor);
    const declined = { url: `${story.publicBaseUrl}/sign-in/callback`, status: 200, html: '', headers: {}, refreshSeconds: undefined, text: () => undefined, forms: [{ method: 'POST' as const, action: `${story.publicBaseUrl}/sign-in/callback`, fields: { state: lastState(visitor), error: 'access_denied', error_description: 'AADSTS65004: <script>alert(1)</script>' }, buttons: [{ testId: 'continue', name: '', value: '' }] }] };
    const page = await visitor.submit(declined, 'continue');
    expect(refusal(story, page)).toEqual({ publicCode: 'declined', code: 'SSO_SIGN_IN_DECLINED' });
    expect(page.html).not.toContain('alert(1)');
    expect((await visitInvitation(story, url, person(CONTOSO, 'ada'))).text('account')).toBe('Contoso Ltd');
  });

  it('counts only in the browser that consented', async () => {
    const visitor = story.visitor();
    const confirm = await visitInvitation(story, await invite(story), person(CONTOSO, 'ada'), 'accept', visitor);
    // The same browser has begun another account since: its first confirmation belongs to nobody any more.
    await visitor.submit(await visitor.open(await invite(story, 'second', null)), 'continue');
    expect(refusal(story, await visitor.submit(confirm, 'confirm', { accessLevel: 'full' })).code).toBe('SSO_BROWSER_MISMATCH');
    await expectUnowned();
  });
});

describe('the confirmation', () => {
  beforeEach(async () => story.renew());

  async function confirmPage(): Promise<{ readonly visitor: Visitor; readonly page: VisitedPage }> {
    const visitor = story.visitor();
    return { visitor, page: await visitInvitation(story, await invite(story), person(CONTOSO, 'ada'), 'accept', visitor) };
  }

  it('needs the value of the page that was shown, and a wrong one uses nothing up', async () => {
    const { visitor, page } = await confirmPage();
    for (const csrf of ['', 'x', page.forms[0]?.fields['csrf']?.slice(1) ?? '']) {
      expect(refusal(story, await visitor.submit(page, 'confirm', { csrf, accessLevel: 'full' }))).toEqual({ publicCode: 'invalid', code: 'SSO_CONFIRMATION_INVALID' });
    }
    const [form] = page.forms;
    const { csrf: _csrf, ...without } = form?.fields ?? {};
    const bare = { ...page, forms: [{ method: 'POST' as const, action: form?.action ?? '', buttons: form?.buttons ?? [], fields: without }] };
    expect(refusal(story, await visitor.submit(bare, 'confirm')).code).toBe('SSO_CONFIRMATION_INVALID');
    await expectUnowned();
    expect((await visitor.submit(page, 'confirm')).text('done')).toBeDefined();
  });

  it('needs the value of this very browser', async () => {
    const { page: mine } = await confirmPage();
    const other = story.visitor();
    const theirs = await visitInvitation(story, (await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).url, person(CONTOSO, 'grace'), 'accept', other);
    expect(refusal(story, await other.submit(theirs, 'confirm', { csrf: mine.forms[0]?.fields['csrf'] ?? '' })).code).toBe('SSO_CONFIRMATION_INVALID');
    await expectUnowned();
  });

  it.each<[string, () => void, string]>([
    ['was dismissed', () => void changePerson(story, CONTOSO, 'ada', { accountEnabled: false }), 'SSO_NOT_AN_ADMIN'],
    ['lost the role', () => removeRoles(story, CONTOSO, findPerson(story, CONTOSO, 'ada').id), 'SSO_NOT_AN_ADMIN'],
    ['became a guest', () => void changePerson(story, CONTOSO, 'ada', { userType: 'Guest' }), 'SSO_GUEST_REFUSED'],
  ])('is worth nothing from an admin who %s while the page was open', async (_what, happen, code) => {
    const { visitor, page } = await confirmPage();
    happen();
    expect(refusal(story, await visitor.submit(page, 'confirm', { accessLevel: 'full' }))).toEqual({ publicCode: 'wrong_account', code });
    await expectUnowned();
  });

  it('is over after half an hour', async () => {
    const { visitor, page } = await confirmPage();
    story.advanceClock(1801);
    expect(refusal(story, await visitor.submit(page, 'confirm')).publicCode).toMatch(/invalid|expired/);
    await expectUnowned();
  });

  it('does nothing without the cookies of the browser', async () => {
    const { page } = await confirmPage();
    const body = new URLSearchParams({ ...page.forms[0]?.fields, accessLevel: 'full' }).toString();
    const answer = await sendRaw(story, '/sign-in/confirm', { method: 'POST', headers: FORM, body });
    expect(answer.status).toBe(400);
    await expectUnowned();
  });

  it('pressed twice claims once', async () => {
    const { visitor, page } = await confirmPage();
    const pressed = await Promise.all([visitor.submit(page, 'confirm', { accessLevel: 'restricted' }), visitor.submit(page, 'confirm', { accessLevel: 'restricted' })]);
    expect(pressed.map((answer) => answer.text('done') !== undefined)).toEqual([true, true]);
    const audit = await auditOf(story);
    expect(audit.filter((entry) => entry.action === 'sso.ownership_confirmed' && entry.outcome === 'done')).toHaveLength(1);
    expect(audit.filter((entry) => entry.action === 'accounts.access_level_set' && entry.phase === 'outcome')).toHaveLength(1);
  });
});

describe('one tenant, one account', () => {
  beforeEach(async () => story.renew());

  it('refuses a second account for the same tenant and does not say whose it is', async () => {
    await onboardAsAdmin(story, await invite(story), person(CONTOSO, 'ada'));
    const page = await visitInvitation(story, await invite(story, 'second', null, 'Second Ltd'), person(CONTOSO, 'grace'));
    expect(refusal(story, page)).toEqual({ publicCode: 'not_allowed', code: 'SSO_TENANT_CLAIMED' });
    expect(page.html).not.toMatch(/Contoso Ltd|Second Ltd/);
    await expectUnowned('second');
    expect(await story.onboarding.showAccount('contoso')).toMatchObject({ tenantId: story.tenant(CONTOSO).tenantId });
  });

  it('lets exactly one of two accounts win that confirm at the same moment', async () => {
    const browsers = [story.visitor(), story.visitor()] as const;
    const pages = [
      await visitInvitation(story, await invite(story, 'a', CONTOSO), person(CONTOSO, 'ada'), 'accept', browsers[0]),
      await visitInvitation(story, await invite(story, 'b', null), person(CONTOSO, 'grace'), 'accept', browsers[1]),
    ] as const;
    const answers = await Promise.all([browsers[0].submit(pages[0], 'confirm'), browsers[1].submit(pages[1], 'confirm')]);
    expect(answers.filter((answer) => answer.text('done') !== undefined)).toHaveLength(1);
    const owners = (await story.onboarding.listAccounts()).filter((account) => account.tenantId !== null);
    expect(owners).toHaveLength(1);
  });

  it('refuses another tenant for an account that has one', async () => {
    await onboardAsAdmin(story, await invite(story), person(CONTOSO, 'ada'));
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, tenant: FABRIKAM }))).toBe('SSO_ACCOUNT_CLAIMED');
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, tenant: 'nobody-has-this.example' }))).toBe('TENANT_NOT_FOUND');
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, tenant: 'northwind.example' }))).toMatch(/SSO_ACCOUNT_CLAIMED|CONSENT_TENANT_REFUSED/);
    expect(await story.onboarding.showAccount('contoso')).toMatchObject({ expectedTenant: CONTOSO, tenantId: story.tenant(CONTOSO).tenantId });
  });
});

describe('the access level', () => {
  beforeEach(async () => story.renew());

  it('stays none when the admin only confirms, and no operator opens anything then', async () => {
    const visitor = story.visitor();
    const page = await visitInvitation(story, await invite(story), person(CONTOSO, 'ada'), 'accept', visitor);
    await visitor.submit(page, 'confirm');
    expect((await story.onboarding.showAccount('contoso')).accessLevel).toBe('none');
    await advanceUntilSettled(story, 'contoso');
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: 'first', operatorId: OPERATOR });
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
    expect(await codeOf(story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 1' }))).toBe('IMPERSONATION_LEVEL_NONE');
    for (const level of ['restricted', 'full'] as const) expect(await codeOf(story.onboarding.lowerAccessLevel('contoso', level, OPERATOR))).toBe('ACCESS_LEVEL_RAISE_REFUSED');
  });

  it('can be none, restricted or full, and nothing else', async () => {
    const visitor = story.visitor();
    const page = await visitInvitation(story, await invite(story), person(CONTOSO, 'ada'), 'accept', visitor);
    for (const accessLevel of ['FULL', 'owner', '__proto__', 'full,none']) {
      expect(refusal(story, await visitor.submit(page, 'confirm', { accessLevel })).code).toBe('INPUT_INVALID');
    }
    await expectUnowned();
  });

  it('is lowered by an operator at once, raised again only by the admin, and each change has its own audit entries', async () => {
    const visitor = story.visitor();
    const page = await visitInvitation(story, await invite(story), person(CONTOSO, 'ada'), 'accept', visitor);
    await visitor.submit(page, 'confirm', { accessLevel: 'full' });
    expect((await story.onboarding.lowerAccessLevel('contoso', 'restricted', OPERATOR)).accessLevel).toBe('restricted');
    expect((await story.onboarding.lowerAccessLevel('contoso', 'none', OPERATOR)).accessLevel).toBe('none');
    expect(await codeOf(story.onboarding.lowerAccessLevel('contoso', 'restricted', OPERATOR))).toBe('ACCESS_LEVEL_RAISE_REFUSED');
    await visitor.submit(page, 'confirm', { accessLevel: 'full' });
    expect((await story.onboarding.showAccount('contoso')).accessLevel).toBe('full');
    const changes = (await auditOf(story)).filter((entry) => entry.action.startsWith('accounts.access_level') && entry.phase !== 'intent');
    expect(changes.map((entry) => entry.details?.['level'])).toEqual(['full', 'restricted', 'none', 'full']);
    expect(changes.map((entry) => entry.actor)).toEqual([changes[0]?.actor, OPERATOR, OPERATOR, changes[0]?.actor]);
    expect(changes[0]?.actor).toBe(`customer-admin:${findPerson(story, CONTOSO, 'ada').id}`);
  });

  it('is not lowered by an operator who has no right to the account', async () => {
    await onboardAsAdmin(story, await invite(story), person(CONTOSO, 'ada'), 'full');
    expect(await codeOf(story.onboarding.lowerAccessLevel('contoso', 'none', 'stranger'))).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(story.onboarding.listAdmins('contoso', 'stranger'))).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(story.onboarding.listAdmins('does-not-exist', 'stranger'))).toBe('OPERATOR_NOT_ALLOWED');
    expect((await story.onboarding.showAccount('contoso')).accessLevel).toBe('full');
  });
});

describe('the two ways a sign-in answer can travel', () => {
  it.each([
    ['form_post', 'None'],
    ['query', 'Lax'],
  ] as const)('%s: works, with a SameSite=%s cookie, and the other way is refused', async (mode, sameSite) => {
    await story.renew({ configure: () => ({ signInResponseMode: mode }) });
    const admin = personWith(story.tenant(CONTOSO), 'Global Administrator');
    const url = await invite(story);
    expect((await onboardAsAdmin(story, url, admin)).text('done')).toBeDefined();
    const answer = await sendRaw(story, new URL(url).pathname, { method: 'POST', headers: FORM, body: '' });
    const cookies = answer.headers['set-cookie'] as readonly string[];
    const signIn = cookies.find((cookie) => cookie.startsWith('__Host-m365-sign-in='));
    expect(signIn).toMatch(new RegExp(`^__Host-m365-sign-in=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=${sameSite}; Max-Age=7200$`));
    expect(cookies.find((cookie) => cookie.startsWith('__Host-m365-consent='))).toMatch(/SameSite=Lax/);
    const state = new URL(String(answer.headers['location'])).searchParams.get('state') ?? '';
    const body = new URLSearchParams({ state, code: 'abc' }).toString();
    const cookie = signIn?.split(';')[0] ?? '';
    const wrong = mode === 'query' ? await sendRaw(story, '/sign-in/callback', { method: 'POST', headers: { ...FORM, cookie }, body }) : await sendRaw(story, `/sign-in/callback?${body}`, { headers: { cookie } });
    expect(wrong.status).toBe(400);
    expect(story.log.at(-1)).toContain('SSO_CALLBACK_MALFORMED');
  });
});
