/** Removing a customer account: what ends, what stays, what nobody can bring back, and processes that die while they do it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore, type IdentifiedStore } from '../../src/core/adapters/memory-store';
import type { Installation } from '../../src/core/installation';
import { OnboardingError } from '../../src/core/errors';
import { secret } from '../../src/core/internal/secret';
import type { Visitor } from '../../src/sandbox/visitor';
import { auditOf, codeOf, invite, refusal } from './attacks';
import { openPortal } from './backup-portal';
import { createDyingStore, createInterruptedStore, type DyingStore } from './mortal-store';
import { advanceUntilSettled, consentOnly, onboardAsAdmin, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

let story: Story;

beforeAll(async () => {
  story = await startStory({ configure: (config) => ({ adminChoice: 'first', operators: [...config.operators, { id: 'op-2', name: 'Elsewhere', accounts: ['fabrikam'], may: ['onboard'] }] }) });
});

afterAll(async () => story.stop());

const CONTOSO = 'contoso.example';
const admin = () => personWith(story.tenant(CONTOSO), 'Global Administrator');
const tenantId = () => story.tenant(CONTOSO).tenantId;
const remove = (accountId = 'contoso', confirmed = true) => story.onboarding.removeAccount({ accountId, operatorId: OPERATOR, confirmed });
const issue = () => story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 1' });

/** An account that is active, with the address it was invited by. */
async function onboard(level: 'restricted' | 'full' = 'full'): Promise<string> {
  const url = await invite(story);
  await onboardAsAdmin(story, url, admin(), level);
  expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
  return url;
}

type Rows = readonly (readonly [key: string, value: string])[];

async function rowsOf(store: IdentifiedStore): Promise<Rows> {
  return (await Array.fromAsync(store.list(''))).map(({ key, value }) => [key, value] as const);
}

/** What still names the account, apart from the audit and from what is kept to answer latecomers. */
async function tracesOf(accountId: string, store = story.store): Promise<readonly string[]> {
  const kept = /^(audit|impersonation|consent\/invitation|consent\/state-spent)\//;
  return (await rowsOf(store)).filter(([key, value]) => !kept.test(key) && (key.includes(accountId) || value.includes(accountId))).map(([key]) => key);
}

/** Everything an operator could try with an account. */
async function attempts({ onboarding }: Pick<Installation, 'onboarding'>): Promise<ReadonlySet<string>> {
  const accountId = 'contoso';
  const calls: readonly (() => Promise<unknown>)[] = [
    () => onboarding.advance(accountId),
    () => onboarding.status(accountId),
    () => onboarding.openConsent({ accountId, operatorId: OPERATOR }),
    () => onboarding.openConsent({ accountId, operatorId: OPERATOR, tenant: 'fabrikam.example' }),
    () => onboarding.revokeConsentRequest(accountId, OPERATOR),
    () => onboarding.verifyConsent(accountId),
    () => onboarding.consentStatus(accountId),
    () => onboarding.listAdmins(accountId, OPERATOR),
    () => onboarding.bindAdmin({ accountId, operatorId: OPERATOR, admin: 'first' }),
    () => onboarding.showBinding(accountId),
    () => onboarding.verifyBinding(accountId),
    () => onboarding.impersonate({ accountId, operatorId: OPERATOR, reason: 'Ticket 2' }),
    () => onboarding.lowerAccessLevel(accountId, 'none', OPERATOR),
    () => onboarding.addAccount({ id: accountId, name: 'Again' }, OPERATOR),
  ];
  const codes = new Set<string>();
  for (const call of calls) codes.add(await codeOf(call()));
  return codes;
}

describe('removing an account in use', () => {
  beforeEach(async () => story.renew());

  it('is refused without a confirmation, and to whoever may not; nothing has changed then', async () => {
    await onboard();
    expect(await codeOf(remove('contoso', false))).toBe('ACCOUNT_REMOVAL_UNCONFIRMED');
    expect(await codeOf(story.onboarding.removeAccount({ accountId: 'contoso', operatorId: 'op-2', confirmed: true }))).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(story.onboarding.removeAccount({ accountId: 'contoso', operatorId: 'nobody', confirmed: true }))).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(remove('nobody'))).toBe('ACCOUNT_NOT_FOUND');
    expect(await story.onboarding.showAccount('contoso')).toMatchObject({ state: 'active', accessLevel: 'full' });
    expect((await issue()).jti).toBeDefined();
    expect((await auditOf(story)).filter(({ action }) => action === 'accounts.removed')).toEqual([]);
  });

  it('asks for no confirmation while nobody has consented', async () => {
    await invite(story);
    expect(await remove('contoso', false)).toEqual({ id: 'contoso', removed: true, tenantId: null, remaining: [] });
    expect(await tracesOf('contoso')).toEqual([]);
  });

  it('leaves nothing of it but the audit, says what stays in the tenant, and frees tenant and person for another account', async () => {
    await onboard();
    const { userObjectId } = await story.onboarding.showBinding('contoso');
    const answer = await remove();
    expect(answer).toMatchObject({ id: 'contoso', removed: true, tenantId: tenantId(), remaining: [{ what: 'consent_grants', owner: 'customer admin', tenantId: tenantId() }] });
    expect(answer.remaining[0]?.apps).toEqual(story.configuration.apps.map(({ key, appId }) => ({ key, appId })));
    expect(await tracesOf('contoso')).toEqual([]);
    expect(await story.onboarding.listAccounts()).toEqual([]);
    expect(await codeOf(remove())).toBe('ACCOUNT_NOT_FOUND');
    expect(story.events.filter(({ type }) => type === 'accounts.removed')).toMatchObject([{ accountId: 'contoso', data: { tenantId: tenantId() } }]);

    await onboardAsAdmin(story, await invite(story, 'successor'), admin());
    expect(await advanceUntilSettled(story, 'successor')).toMatchObject({ state: 'active' });
    expect((await story.onboarding.showBinding('successor')).userObjectId).toBe(userObjectId);
  });

  it('keeps its log readable for whoever could read it, with one intent and one outcome', async () => {
    await onboard();
    await remove();
    const entries = (await auditOf(story)).filter(({ accountId }) => accountId === 'contoso');
    expect(entries.map(({ action }) => action)).toEqual(expect.arrayContaining(['accounts.added', 'consent.granted', 'sso.unbound', 'sso.ownership_released', 'accounts.access_level_lowered', 'consent.invitation_revoked']));
    expect(entries.filter(({ action }) => action === 'accounts.removed')).toMatchObject([
      { phase: 'intent', actor: OPERATOR, tenantId: tenantId() },
      { phase: 'outcome', outcome: 'done', actor: OPERATOR },
    ]);
    expect(await story.installation.asOperator(OPERATOR).mayRead('contoso')).toBe(true);
    expect(await story.installation.asOperator('op-2').mayRead('contoso')).toBe(false);
    expect(await story.installation.audit.verify()).toMatchObject({ intact: true });
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
  });
});

describe('an account added again under the id of a removed one', () => {
  let url: string;
  let waiting: Visitor;
  let confirming: Visitor;
  let code: string;
  let asked: Awaited<ReturnType<typeof visitInvitation>>;

  /** Browsers at every stage, and a code nobody has redeemed; then remove and add again. Each test stands on the one before. */
  beforeAll(async () => {
    await story.renew();
    url = await onboard();
    waiting = story.visitor();
    await waiting.submit(await waiting.open(url), 'continue');
    confirming = story.visitor();
    asked = await visitInvitation(story, url, admin(), 'accept', confirming);
    expect(asked.text('admin')).toBeDefined();
    code = (await issue()).code.reveal();
    await remove();
    await story.onboarding.addAccount({ id: 'contoso', name: 'Contoso Ltd', expectedTenant: CONTOSO }, OPERATOR);
  });

  it('starts from nothing', async () => {
    expect(await story.onboarding.showAccount('contoso')).toEqual({ id: 'contoso', name: 'Contoso Ltd', expectedTenant: CONTOSO, tenantId: null, accessLevel: 'none', state: 'new', labels: [] });
    expect(await codeOf(story.onboarding.showBinding('contoso'))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(issue())).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'new', waitingFor: 'consent' });
    expect((await auditOf(story)).filter(({ action }) => action === 'accounts.added')).toHaveLength(2);
  });

  it('is not reached by the old invitation, by a browser on its way or by the last page of one', async () => {
    for (const reopened of [false, true]) {
      if (reopened) await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR });
      expect(refusal(story, await story.visitor().open(url))).toEqual({ publicCode: 'expired', code: 'CONSENT_INVITATION_REVOKED' });
      expect((await waiting.open(`${story.publicBaseUrl}/consent/next`)).status).toBe(400);
      const pressed = await confirming.submit(asked, 'confirm', { accessLevel: 'full' });
      expect(pressed.text('done')).toBeUndefined();
      expect(pressed.status).toBeGreaterThanOrEqual(400);
      expect(await story.onboarding.showAccount('contoso')).toMatchObject({ tenantId: null, accessLevel: 'none' });
    }
  });

  it('is not entered by the old code, which is told as revoked even after the new one is active', async () => {
    const portal = openPortal(story, () => tenantId());
    expect(await codeOf(portal.kit.receiveCode(secret(code)))).toBe('IMPERSONATION_GRANT_REVOKED');
  });

  it('is onboarded anew, every step in the audit again although it counts from one again', async () => {
    const before = await auditOf(story);
    const fresh = (await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).url;
    await onboardAsAdmin(story, fresh, admin());
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
    expect(await story.onboarding.showBinding('contoso')).toMatchObject({ sequence: 1, history: [] });
    const since = (await auditOf(story)).slice(before.length).map(({ action, phase }) => `${action} ${phase}`);
    expect(since).toEqual(expect.arrayContaining(['consent.opened note', 'sso.ownership_confirmed outcome', 'accounts.access_level_set outcome', 'consent.granted outcome', 'sso.bound intent', 'sso.bound outcome', 'sso.binding_active note']));
    await remove();
    const unbound = (await auditOf(story)).filter(({ action, phase }) => action === 'sso.unbound' && phase === 'outcome');
    expect(unbound).toHaveLength(2);
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
  });
});

describe('a removal that does not come to its end', () => {
  let rows: Rows;
  let storeId: string;
  let code: string;
  let url: string;

  beforeAll(async () => {
    await story.renew();
    url = await onboard();
    await visitInvitation(story, url, admin());
    await consentOnly(story, url, admin(), story.visitor());
    code = (await issue()).code.reveal();
    rows = await rowsOf(story.store);
    ({ storeId } = story.store);
  });

  /** The same state in a store of its own. */
  async function copy(): Promise<IdentifiedStore> {
    const store = createMemoryStore({ clock: story.clock, storeId });
    for (const [key, value] of rows) await store.set(key, value);
    return store;
  }

  const removeIn = ({ onboarding }: Installation) => onboarding.removeAccount({ accountId: 'contoso', operatorId: OPERATOR, confirmed: true });

  it('leaves an account nobody can use, whichever write was the last, and is finished by the next call', { timeout: 240_000 }, async () => {
    const actionsOf = async ({ audit }: Installation) => (await Array.fromAsync(audit.list())).map(({ action, phase, outcome }) => `${action} ${phase} ${outcome ?? ''}`).toSorted();
    const undisturbed = await copy();
    const answer = await removeIn(await story.install(undisturbed));
    const expected = { keys: (await rowsOf(undisturbed)).map(([key]) => key).filter((key) => !key.startsWith('audit/')), actions: await actionsOf(await story.install(undisturbed)) };

    let writes = 0;
    for (let survived = false; !survived; writes += 1) {
      const dying = createDyingStore(await copy());
      dying.dieAfter(writes + 1);
      await removeIn(await story.install(dying.store)).catch(() => undefined);
      survived = !dying.died();
      dying.dieAfter(undefined);
      const next = await story.install(dying.store);
      if (!survived && (await next.onboarding.listAccounts()).length > 0) {
        expect(await attempts(next), `after write ${writes + 1}`).toEqual(new Set(['ACCOUNT_REMOVING']));
        expect((await next.onboarding.showAccount('contoso')).removingAt).toBeDefined();
        // What was confirmed once needs no second confirmation.
        expect(await next.onboarding.removeAccount({ accountId: 'contoso', operatorId: OPERATOR })).toEqual(answer);
      }
      expect(await codeOf(removeIn(next)), `after write ${writes + 1}`).toBe('ACCOUNT_NOT_FOUND');
      expect({ keys: (await rowsOf(dying.store)).map(([key]) => key).filter((key) => !key.startsWith('audit/')), actions: await actionsOf(next) }, `after write ${writes + 1}`).toEqual(expected);
      expect(await next.audit.orphanedIntents(), `after write ${writes + 1}`).toEqual([]);
      expect(await next.audit.verify()).toMatchObject({ intact: true });
    }
    expect(writes).toBeGreaterThan(30);
  });

  it('ends every access although the audit is down, and writes what it owes when it is back', async () => {
    const inner = await copy();
    let isDown = true;
    const refuse = (key: string) => {
      if (isDown && key.startsWith('audit/')) throw new OnboardingError('STATE_UNAVAILABLE', 'This part of the state is gone.');
    };
    const store: IdentifiedStore = createInterruptedStore(inner, async (key) => refuse(key));
    const installation = await story.install(store);
    const before = (await Array.fromAsync(installation.audit.list())).length;
    expect(await codeOf(removeIn(installation))).toBe('AUDIT_UNAVAILABLE');
    expect(await attempts(installation)).toEqual(new Set(['ACCOUNT_REMOVING']));
    expect(await installation.onboarding.showAccount('contoso')).toMatchObject({ tenantId: null, accessLevel: 'none' });
    expect((await Array.fromAsync(installation.audit.list())).length).toBe(before);
    expect(await codeOf(removeIn(installation))).toBe('AUDIT_UNAVAILABLE');

    isDown = false;
    expect(await removeIn(installation)).toMatchObject({ removed: true, tenantId: tenantId() });
    expect(await tracesOf('contoso', inner)).toEqual([]);
    const written = (await Array.fromAsync(installation.audit.list())).slice(before).map(({ action }) => action);
    expect(written).toEqual(expect.arrayContaining(['impersonation.revoke', 'sso.unbound', 'accounts.access_level_lowered', 'consent.invitation_revoked', 'sso.ownership_released', 'accounts.removed']));
    expect(await installation.audit.orphanedIntents()).toEqual([]);
  });

  it('ends every other access although one record was tampered with, and says so', async () => {
    const store = await copy();
    const bound = (await store.get('sso/binding/contoso'))?.value ?? '';
    await store.set('sso/binding/contoso', bound.replace('active', 'stale'));
    const installation = await story.install(store);
    expect(await codeOf(removeIn(installation))).toBe('STATE_RECORD_TAMPERED');
    expect(await attempts(installation)).toEqual(new Set(['ACCOUNT_REMOVING']));
    expect(await installation.onboarding.showAccount('contoso')).toMatchObject({ tenantId: null, accessLevel: 'none' });
    expect((await Array.fromAsync(installation.audit.list())).map(({ action }) => action)).toEqual(expect.arrayContaining(['impersonation.revoke', 'consent.invitation_revoked', 'sso.ownership_released']));

    await store.set('sso/binding/contoso', bound);
    expect(await removeIn(installation)).toMatchObject({ removed: true });
    expect(await installation.audit.orphanedIntents()).toEqual([]);
  });

  it('refuses a code although nothing but the mark was written', async () => {
    await story.renew();
    const dying = createDyingStore(await copy());
    dying.dieAfter(1);
    await removeIn(await story.install(dying.store)).catch(() => undefined);
    expect(dying.died()).toBe(true);
    dying.dieAfter(undefined);
    await story.renew({ openStore: async () => dying.store });
    expect((await story.onboarding.showAccount('contoso')).removingAt).toBeDefined();
    const portal = openPortal(story, () => tenantId());
    expect(await codeOf(portal.kit.receiveCode(secret(code)))).toBe('IMPERSONATION_GRANT_REVOKED');
    expect(refusal(story, await story.visitor().open(url))).toEqual({ publicCode: 'expired', code: 'ACCOUNT_REMOVING' });
  });
});

describe('a removal in somebody\'s way', () => {
  /** Let the account be removed, and perhaps added again, the moment before this key is written next. */
  async function interruptAt(prefix: string, meanwhile: () => Promise<unknown>): Promise<() => boolean> {
    let armed = false;
    let struck = false;
    await story.renew({
      wrapStore: (store) =>
        createInterruptedStore(store, async (key) => {
          if (!armed || struck || !key.startsWith(prefix)) return;
          struck = true;
          await meanwhile();
        }),
    });
    return () => (armed = !armed);
  }

  const addAgain = () => story.onboarding.addAccount({ id: 'contoso', name: 'Contoso Ltd', expectedTenant: CONTOSO }, OPERATOR);

  it.each([
    ['the tenant is claimed', 'sso/tenant-claim/', false],
    ['the tenant is claimed, and the id is used again', 'sso/tenant-claim/', true],
    ['the account gets its tenant', 'sso/account-tenant/', false],
    ['the account gets its tenant, and the id is used again', 'sso/account-tenant/', true],
    ['the level is raised', 'accounts/access-level/', false],
    ['the level is raised, and the id is used again', 'accounts/access-level/', true],
  ] as const)('leaves nothing to a confirmation it overtakes just before %s', async (_when, prefix, again) => {
    const arm = await interruptAt(prefix, async () => {
      await remove();
      if (again) {
        story.advanceClock(1);
        await addAgain();
      }
    });
    const visitor = story.visitor();
    const page = await visitInvitation(story, await invite(story), admin(), 'accept', visitor);
    arm();
    const pressed = await visitor.submit(page, 'confirm', { accessLevel: 'full' });
    expect(pressed.text('done')).toBeUndefined();
    if (!again) await addAgain();
    expect(await story.onboarding.showAccount('contoso')).toMatchObject({ state: 'new', tenantId: null, accessLevel: 'none' });
    expect((await story.store.get(`sso/tenant-claim/${tenantId()}`))?.value ?? '').not.toContain('contoso');
  });

  it.each([false, true])('leaves nothing to a binding it overtakes (id used again: %s)', async (again) => {
    const arm = await interruptAt('sso/binding/', async () => {
      await remove();
      if (again) {
        story.advanceClock(1);
        await addAgain();
      }
    });
    await story.reconfigure(() => ({ adminChoice: 'manual' }));
    await onboardAsAdmin(story, await invite(story), admin());
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'admin_needed' });
    arm();
    expect(await codeOf(story.onboarding.bindAdmin({ accountId: 'contoso', operatorId: OPERATOR, admin: 'first' }))).toMatch(/^(ACCOUNT_NOT_FOUND|SSO_OWNERSHIP_UNPROVEN|STATE_CONFLICT)$/);
    if (!again) await addAgain();
    await onboardAsAdmin(story, (await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).url, admin());
    expect(await codeOf(story.onboarding.showBinding('contoso'))).toBe('SSO_BINDING_NOT_FOUND');
    expect(await story.onboarding.bindAdmin({ accountId: 'contoso', operatorId: OPERATOR, admin: 'first' })).toMatchObject({ state: 'validating' });
  });

  /** Nobody is left to undo what was written: the next account of that id clears it away. */
  it('leaves nothing to a confirmation it overtakes, and whose process dies a few writes later', { timeout: 120_000 }, async () => {
    let survived = false;
    for (let writes = 1; !survived && writes < 40; writes += 1) {
      let dying: DyingStore | undefined;
      let isArmed = false;
      await story.renew({
        wrapStore: (store) => {
          dying = createDyingStore(store);
          return createInterruptedStore(dying.store, async (key) => {
            if (!isArmed || !key.startsWith('sso/account-tenant/')) return;
            isArmed = false;
            await remove();
            dying?.dieAfter(writes);
          });
        },
      });
      const visitor = story.visitor();
      const page = await visitInvitation(story, await invite(story), admin(), 'accept', visitor);
      isArmed = true;
      await visitor.submit(page, 'confirm', { accessLevel: 'full' });
      survived = dying?.died() !== true;
      dying?.dieAfter(undefined);
      await addAgain();
      expect(await story.onboarding.showAccount('contoso'), `after write ${writes}`).toMatchObject({ state: 'new', tenantId: null, accessLevel: 'none' });
      expect((await tracesOf('contoso')).filter((key) => key !== 'accounts/account/contoso'), `after write ${writes}`).toEqual([]);
    }
    expect(survived).toBe(true);
  });

  it('does not bring the account back by writing what an operator expects of it', async () => {
    const arm = await interruptAt('accounts/account/', remove);
    await invite(story);
    arm();
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, tenant: 'fabrikam.example' }))).toBe('ACCOUNT_NOT_FOUND');
    expect(await story.onboarding.listAccounts()).toEqual([]);
  });

  it('and another removal of the same account end in one, each with the same answer', async () => {
    await story.renew();
    await onboard();
    const answers = await Promise.all([remove(), remove(), remove()].map(async (one) => one.catch((error: unknown) => (error as OnboardingError).code)));
    expect(answers.some((answer) => typeof answer === 'object')).toBe(true);
    for (const answer of answers) if (typeof answer === 'string') expect(answer).toBe('ACCOUNT_NOT_FOUND');
    expect(await tracesOf('contoso')).toEqual([]);
    expect((await auditOf(story)).filter(({ action }) => action === 'accounts.removed')).toHaveLength(2);
    expect(story.events.filter(({ type }) => type === 'accounts.removed')).toHaveLength(1);
  });
});
