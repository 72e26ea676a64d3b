/** Faults 42 to 51, one after the other: what the platform, the fleet and our own processes can do to an account that was green. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../src/core/ports';
import { auditOf, codeOf, invite, requestsDuring } from './attacks';
import { tokenFor } from './admin-token';
import { deletePrincipal, rememberDirectory, rememberState, removePermission, worldTenant } from './directory';
import { CONTOSO, contosoAdmin, expectExplained, expectNotGreen, expectOneReason, FABRIKAM, toldBy } from './faults';
import { changeKeys, holdCertificate, keyIdsOf } from './key-stage';
import { createDyingStore, type DyingStore } from './mortal-store';
import { registered } from './rotations';
import { advanceUntilSettled, consentOnly, onboardAsAdmin, OPERATOR, startStory, type Story, visitInvitation } from './story';

const DAY_SECONDS = 86_400;
const ELSEWHERE = 'woodgrove.example';

let story: Story;
/** Puts the active account back as it was. */
let goBack: () => Promise<void>;

beforeAll(async () => {
  const woodgrove = { key: 'woodgrove', name: 'Woodgrove', domain: ELSEWHERE, prefix: 'woodgrove', country: 'US', licences: [], people: [], cloud: 'usgov' } as const;
  story = await startStory({
    sandbox: { faultDelays: 'virtual', seed: { tenants: [woodgrove] } },
  });
});

afterAll(async () => story.stop());

const tenantIdOf = (domain: string) => story.tenant(domain).tenantId;
const secretsOf = () => story.sandbox.ready.apps.map(({ clientSecret }) => clientSecret);

/** An account that is active, a moment before somebody looks at it again. */
async function becomeActive(): Promise<void> {
  await story.renew();
  await onboardAsAdmin(story, await invite(story), contosoAdmin(story));
  await advanceUntilSettled(story, 'contoso');
  await story.onboarding.bindAdmin({ accountId: 'contoso', admin: 'first', operatorId: OPERATOR });
  expect((await advanceUntilSettled(story, 'contoso')).state).toBe('active');
  story.advanceClock(2 * 3600);
  const [state, directory] = [await rememberState(story), rememberDirectory(story, CONTOSO)];
  goBack = async () => {
    await endTrouble();
    directory();
    await state();
  };
}

/** An empty state whose process can be killed after so many writes; `revive` is the next process. */
async function renewMortal() {
  const made: DyingStore[] = [];
  await story.renew({
    wrapStore: (store) => {
      const mortal = createDyingStore(store);
      made.push(mortal);
      return mortal.store;
    },
  });
  const [mortal] = made;
  if (mortal === undefined) throw new Error('No store was opened.');
  const revive = async () => {
    mortal.dieAfter(undefined);
    await story.reconfigure(() => ({}));
  };
  return { dieAfter: (writes: number) => mortal.dieAfter(writes), died: () => mortal.died(), revive };
}

async function endTrouble(): Promise<void> {
  story.sandbox.faults.set(undefined);
  story.sandbox.setLies([]);
  story.sandbox.setReplicationLagMs({ 'graph.reference': 0, 'graph.get': 0, 'graph.list': 0 });
  await fetch(`${story.sandbox.ready.control}/provocations`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"clear":true}' });
}

/** Nobody says yes while this holds, an active account is called so for a day at most, and what is said names the number. */
async function expectNoYes(evidence: string | RegExp): Promise<void> {
  const status = await story.onboarding.consentStatus('contoso');
  expect(['unknown', 'missing', 'pending']).toContain(status.verdict);
  story.advanceClock(DAY_SECONDS);
  const report = await story.onboarding.advance('contoso');
  expect(report.state).toBe('attention');
  expect(report.reasons.length).toBeGreaterThan(0);
  for (const reason of report.reasons) expectExplained(reason, reason.code as 'CONSENT_UNKNOWN', [/backup|restore/]);
  expect(report.reasons.map(({ message }) => message).join(' ')).toMatch(evidence);
  await expectNotGreen(story);
}

/** Nothing that came back from a service, and nothing that was sent to it. */
function expectNoLeak(...texts: readonly unknown[]): void {
  const all = [...texts.map((text) => JSON.stringify(text)), ...story.log].join('\n');
  for (const needle of [...secretsOf(), 'eyJ', 'Bearer ', 'client_secret', '<html', '<pre']) expect(all.includes(needle) ? needle : '').toBe('');
}

describe('fault 42: registered but not stored, or stored but not registered', () => {
  it('is finished by the next try, with one key and no second, wherever the process died', { timeout: 60_000 }, async () => {
    let deaths = 0;
    for (let writes = 1, isDone = false; !isDone; writes += 1) {
      const mortal = await renewMortal();
      const { id } = await holdCertificate(story, 'Primary');
      mortal.dieAfter(writes);
      const first = await toldBy(story.installation.certificates.register(id, 'backup', OPERATOR));
      isDone = !mortal.died();
      if (!isDone) deaths += 1;
      if (!isDone) expectExplained(first, first.code === 'AUDIT_UNAVAILABLE' ? 'AUDIT_UNAVAILABLE' : 'STATE_UNAVAILABLE');
      await mortal.revive();
      // Whoever was killed holds the app's keys for some minutes.
      story.advanceClock(3600);
      const again = await story.installation.certificates.register(id, 'backup', OPERATOR);
      expect(keyIdsOf(story)).toEqual([again.keyId]);
      expect((await story.installation.certificates.show(id, OPERATOR)).usedBy).toMatchObject([{ appKey: 'backup', keyId: again.keyId }]);
      // What was begun and never told is in sight of whoever reads the audit.
      expect((await story.installation.audit.orphanedIntents()).filter(({ action }) => action !== 'certificate.registered')).toEqual([]);
    }
    expect(deaths).toBeGreaterThan(3);
  });
});

describe('fault 43: the old certificate goes while somebody signs with it; in use; twice; two rotations at once', () => {
  it('refuses each with its own code and changes nothing', { timeout: 60_000 }, async () => {
    await story.renew();
    const id = await registered(story, ['backup']);
    const { certificates } = story.installation;
    const inUse = await toldBy(certificates.remove(id, { confirm: true }, OPERATOR));
    expect(expectExplained(inUse, 'CERTIFICATE_IN_USE', ['backup'])).toBe('operator');
    expectExplained(await toldBy(certificates.generate({ name: 'Primary', keyBits: 2048 }, OPERATOR)), 'CERTIFICATE_NAME_TAKEN');
    expect(keyIdsOf(story)).toHaveLength(1);
    const both = await Promise.allSettled([certificates.rotate(id, OPERATOR), certificates.rotate(id, OPERATOR)]);
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(keyIdsOf(story).length).toBeLessThanOrEqual(2);
    // Somebody removes the key that signs: every look says so, and nothing is called proven by what was cached.
    changeKeys(story, () => []);
    const told = await toldBy(story.installation.ports.tokens.acquire({ appKey: 'backup', tenantId: story.configuration.homeTenantId, resource: 'https://graph.microsoft.com', fresh: true }));
    expectExplained(told, 'STS_CREDENTIAL_REFUSED', ['AADSTS700027']);
  });
});

describe('an account that is active', () => {
  beforeAll(async () => becomeActive(), 60_000);
  beforeEach(async () => goBack());
  afterAll(endTrouble);

  describe('fault 44: 429 with and without Retry-After, 503, a quota of one tenant', () => {
    it.each([
      ['seconds', '12'], ['decimals', '0.249'], ['a date', '+9s'], ['nothing', ''],
    ])('Graph asks to wait in %s: nobody comes back earlier, and the answer is right in the end', async (_how, wait) => {
      const headers = wait === '' ? {} : { 'Retry-After': wait };
      for (const body of ['graph.TooManyRequests', 'graph.ServiceUnavailable']) {
        story.sandbox.faults.set({ preset: 'calm', rules: [{ id: 'slow', match: { host: 'graph' }, when: { nth: [1, 3], per: 'app+tenant' }, do: { body, headers } }] });
        expect((await story.onboarding.consentStatus('contoso')).verdict).toBe('granted');
        const report = story.sandbox.faults.report();
        expect([report?.fired['slow'], report?.expect.violations]).toEqual([2, []]);
      }
    });

    it.each([['seconds', '30'], ['decimals', '1.5'], ['a date', '+20s'], ['nothing', '']])('the token endpoint asks to wait in %s: what cannot be read is unknown, and nobody asks before the time', async (_how, wait) => {
      const headers = wait === '' ? {} : { 'Retry-After': wait };
      story.sandbox.faults.set({ preset: 'calm', rules: [{ id: 'slow', match: { host: 'login', path: '*/token' }, when: { window: ['+0s', '+25s'] }, do: { body: 'sts.Throttled', headers } }] });
      const begunAt = story.clock.now();
      for (let look = 0; look < 4; look += 1) {
        const status = await story.onboarding.consentStatus('contoso');
        // Short waits are waited out, by the clock, and that may be long enough.
        if (story.clock.now() - begunAt >= 25_000) break;
        expect(status.verdict).toBe('unknown');
        for (const app of status.apps) expectExplained({ code: app.because?.code ?? '', message: '' }, 'STS_THROTTLED');
        story.advanceClock(1);
      }
      story.advanceClock(60);
      expect((await story.onboarding.consentStatus('contoso')).verdict).toBe('granted');
      expect(story.sandbox.faults.report()?.expect.violations).toEqual([]);
    });

    it('one tenant\'s quota is nobody else\'s', async () => {
      await onboardAsAdmin(story, await invite(story, 'fabrikam', FABRIKAM), story.tenant(FABRIKAM).users.find((one) => one.upn.startsWith('gabriela@')) ?? { upn: '', password: '' });
      story.sandbox.faults.set({ preset: 'calm', rules: [{ id: 'quota', match: { tenant: tenantIdOf(CONTOSO) }, do: { status: 429, body: 'graph.TooManyRequests', headers: { 'Retry-After': '600' } } }] });
      expect((await story.onboarding.consentStatus('contoso')).verdict).toBe('unknown');
      const { apps } = await story.onboarding.consentStatus('fabrikam');
      expect(apps.map(({ state }) => state)).toEqual(['granted', 'granted']);
      expect(story.sandbox.faults.report()?.expect.violations).toEqual([]);
    });
  });

  describe('fault 45: 404 or 400 just after a create, 409, "already exists"', () => {
    const asAdmin = () => ({ kind: 'admin', adminToken: tokenFor(story, story.tenant(CONTOSO), contosoAdmin(story).objectId) }) as const;
    /** Every grant of the partner's apps, by what it says and not by its id. */
    const heldNow = () => {
      const tenant = worldTenant(story, CONTOSO);
      const now = story.clock.now();
      const appOf = (id: string) => story.sandbox.ready.apps.find(({ appId }) => appId === tenant.servicePrincipals.get(id, now)?.appId)?.key;
      const roles = tenant.appRoleAssignments.list(now).flatMap((row) => (appOf(row.principalId) === undefined ? [] : [`${appOf(row.principalId)} ${row.resourceId} ${row.appRoleId}`]));
      const scopes = tenant.oauth2PermissionGrants.list(now).flatMap((row) => (appOf(row.clientId) === undefined ? [] : [`${appOf(row.clientId)} ${row.resourceId} ${row.consentType} ${row.scope}`]));
      return [...roles, ...scopes, ...tenant.servicePrincipals.list(now).flatMap((row) => appOf(row.id) ?? [])].toSorted();
    };
    /** As often as somebody would who is told to try again. */
    const grantUntilMade = async (limit = 12): Promise<readonly string[]> => {
      const stops: string[] = [];
      for (let turn = 0; turn < limit; turn += 1) {
        const told = await toldBy(story.onboarding.grantConsent({ accountId: 'contoso', operatorId: OPERATOR, route: asAdmin() }));
        if (told.code === 'WENT_THROUGH' && /"state":"(?:made|nothing_missing)"/.test(told.message)) return stops;
        if (told.code !== 'WENT_THROUGH') expectExplained(told, told.code as 'GRAPH_REFUSED');
        stops.push(told.code);
        story.advanceClock(120);
      }
      throw new Error(`Never made: ${stops.join(' ')}`);
    };

    it.each([400, 404] as const)('is waited out, whichever of the two words (%i), and everything is there once', { timeout: 60_000 }, async (missingReference) => {
      const before = heldNow();
      deletePrincipal(story, CONTOSO, 'restore');
      // Every replica has heard of the deletion by now.
      story.advanceClock(60);
      await fetch(`${story.sandbox.ready.control}/variants`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ graph: { missingReference } }) });
      story.sandbox.setReplicationLagMs({ 'graph.reference': 20_000, 'graph.get': 5000, 'graph.list': 5000 });
      await grantUntilMade();
      expect(heldNow()).toEqual(before);
    });

    it.each([
      ['lost after it happened', JSON.parse('{"apply":true,"then":{"transport":"reset-before-headers"}}') as object],
      ['lost before it happened', { transport: 'reset-before-headers' }],
      ['409 Directory_ConcurrencyViolation', { body: 'graph.ConcurrencyViolation' }],
      ['cut in the middle', { transport: 'truncate' }],
    ])('every write of a grant may be %s, and nothing is made twice', { timeout: 60_000 }, async (_how, trouble) => {
      const before = heldNow();
      deletePrincipal(story, CONTOSO, 'restore');
      removePermission(story, CONTOSO, 'backup', 'Mail.ReadWrite');
      story.sandbox.faults.set({ preset: 'calm', rules: ['POST', 'PATCH'].map((method) => ({ id: method, match: { host: 'graph', method, path: '/v1.0/*s*' }, when: { nth: [1, 3, 5, 8] }, do: trouble })) });
      await grantUntilMade();
      expect(story.sandbox.faults.report()?.fired['POST']).toBeGreaterThan(0);
      expect(heldNow()).toEqual(before);
      expect(story.sandbox.faults.report()?.expect.violations).toEqual([]);
      const audit = await auditOf(story);
      expect(audit.length).toBe(new Set(audit.map((entry) => entry.id)).size);
    });
  });

  describe('fault 46: Conditional Access blocks the app itself, or the person', () => {
    it('is unknown for the app, never granted and never "missing", with the number', async () => {
      story.sandbox.provoke({ code: 53003, at: 'token' });
      const status = await story.onboarding.consentStatus('contoso');
      expect(status.verdict).toBe('unknown');
      expect(status.apps[0]?.because).toMatchObject({ serviceCode: 'AADSTS53003' });
      await expectNoYes('AADSTS53003');
    });
  });

  describe('fault 47: the tenant is gone or frozen', () => {
    it.each([500014, 5000224, 900023, 65001, 501051])('AADSTS%i is never green, and named within a day', async (code) => {
      story.sandbox.provoke({ code });
      await expectNoYes(`AADSTS${code}`);
    });

    it('AADSTS90002: a tenant nobody knows any more is never green either', async () => {
      story.sandbox.faults.set({ rules: [{ id: 'gone', match: { host: 'login', path: '*/token' }, do: { status: 400, contentType: 'application/json', body: JSON.stringify({ error: 'invalid_request', error_description: 'AADSTS90002: Tenant not found.', error_codes: [90002] }) } }] });
      await expectNoYes('AADSTS90002');
    });
  });

  describe('fault 48: another national cloud', () => {
    it.each([90038, 900382, 900432, 1000104])('AADSTS%i is never green, and named within a day', async (code) => {
      story.sandbox.provoke({ code });
      await expectNoYes(`AADSTS${code}`);
    });

    it('is recognised before any invitation is sent', async () => {
      expectExplained(await toldBy(story.onboarding.addAccount({ id: 'elsewhere', name: 'Woodgrove', expectedTenant: ELSEWHERE }, OPERATOR)), 'TENANT_WRONG_CLOUD', [/cloud/, ELSEWHERE]);
      await story.onboarding.addAccount({ id: 'elsewhere', name: 'Woodgrove' }, OPERATOR);
      expectExplained(await toldBy(story.onboarding.openConsent({ accountId: 'elsewhere', operatorId: OPERATOR, tenant: ELSEWHERE })), 'TENANT_WRONG_CLOUD', [/cloud/, ELSEWHERE]);
      expect(await story.onboarding.status('elsewhere')).toMatchObject({ state: 'new' });
    });
  });

  describe('fault 49: the operator is not one any more, the customer is missing or configured already, a service answers in another form', () => {
    it('refuses each before anything but a public document is asked of Microsoft', async () => {
      const { rows, result } = await requestsDuring(story, async () => [
        await codeOf(story.onboarding.openConsent({ accountId: 'contoso', operatorId: 'somebody-else' })),
        await codeOf(story.onboarding.impersonate({ accountId: 'contoso', operatorId: 'somebody-else', reason: 'Ticket 4711' })),
        await codeOf(story.onboarding.openConsent({ accountId: 'nobody', operatorId: OPERATOR })),
        await codeOf(story.onboarding.addAccount({ id: 'contoso', name: 'Contoso Ltd', expectedTenant: CONTOSO }, OPERATOR)),
      ]);
      expect(result).toEqual(['OPERATOR_NOT_ALLOWED', 'IMPERSONATION_NOT_ALLOWED', 'ACCOUNT_NOT_FOUND', 'ACCOUNT_EXISTS']);
      expect(rows.filter((row) => row.app !== null || row.method !== 'GET')).toEqual([]);
    });

    it('does not take another form of answer for an empty one', async () => {
      for (const body of ['{"value":{}}', '{"items":[]}', '[]', 'null', '{"value":[{"id":7}]}']) {
        story.sandbox.faults.set({ rules: [{ id: 'new-form', match: { host: 'graph' }, do: { status: 200, contentType: 'application/json', body } }] });
        const status = await story.onboarding.consentStatus('contoso');
        expect([body, status.verdict]).toEqual([body, 'unknown']);
      }
    });
  });

  describe('fault 51: reflected secrets, HTML, unexpected JSON, endless pages, another tenant\'s token', () => {
    it.each([
      ['a proxy that repeats the request', 'gateway.reflecting'],
      ['Graph repeating the request', 'graph.Reflecting'],
      ['the token endpoint repeating the request', 'sts.Reflecting'],
      ['a gateway\'s page', 'gateway.html'],
      ['a page with status 200', '<html><body>Welcome to the hotel Wi-Fi</body></html>'],
      ['a very long text', `"${'x'.repeat(200_000)}"`],
    ])('never says yes to it and repeats nothing of it: %s', async (_what, body) => {
      for (const host of ['graph', 'login'] as const) {
        await goBack();
        story.log.length = 0;
        const isTemplate = /^(?:gateway|graph|sts)\./.test(body);
        story.sandbox.faults.set({ rules: [{ id: 'odd', match: host === 'graph' ? { host } : { host, path: '*/token' }, do: { body, ...(isTemplate ? {} : { status: 200, contentType: 'text/html' }) } }] });
        const told: unknown[] = [await story.onboarding.consentStatus('contoso'), await toldBy(story.onboarding.listAdmins('contoso', OPERATOR)), await toldBy(story.onboarding.verifyBinding('contoso'))];
        story.advanceClock(DAY_SECONDS);
        told.push(await toldBy(story.onboarding.advance('contoso')), await story.onboarding.status('contoso'), await auditOf(story), story.events satisfies readonly DomainEvent[]);
        expectNoLeak(...told);
        expect(JSON.stringify(told).length).toBeLessThan(60_000);
        await expectNotGreen(story);
      }
    });

    it.each([
      ['to itself', '{"value":[],"@odata.nextLink":"SELF"}'],
      ['to another origin', '{"value":[],"@odata.nextLink":"https://attacker.example/v1.0/x"}'],
    ])('does not follow pages that lead %s, for ever or with our token', async (_where, body) => {
      const self = `${story.sandbox.ready.graph}/v1.0/servicePrincipals/x/appRoleAssignments`;
      story.sandbox.faults.set({ rules: [{ id: 'pages', match: { host: 'graph', path: '*/appRoleAssign*' }, do: { status: 200, contentType: 'application/json', body: body.replace('SELF', self) } }] });
      const { rows, result } = await requestsDuring(story, () => story.onboarding.consentStatus('contoso'));
      expect(result.verdict).toBe('unknown');
      expect(rows.length).toBeLessThan(40);
    });

    it('does not take a token of another tenant for one of this', async () => {
      story.sandbox.setLies(['L-AT-TENANT']);
      expect((await story.onboarding.consentStatus('contoso')).verdict).not.toBe('granted');
      const { tokens } = story.installation.ports;
      const [contoso, fabrikam] = await Promise.allSettled([CONTOSO, FABRIKAM].map((domain) => tokens.acquire({ appKey: 'backup', tenantId: tenantIdOf(domain), resource: 'https://graph.microsoft.com' })));
      for (const one of [contoso, fabrikam]) if (one?.status === 'fulfilled') expect(one.value.claims?.tenantId).not.toBe(story.configuration.homeTenantId);
    });
  });
});

describe('fault 50: a process killed in the middle of a step', () => {
  it('repeats no effect and never ends green early: consent, proof, ownership, one after the other', { timeout: 120_000 }, async () => {
    const mortal = await renewMortal();
    const url = await invite(story);
    const signIn = await consentOnly(story, url, contosoAdmin(story), story.visitor());
    expect(signIn.status).toBe(200);
    let deaths = 0;
    for (let turn = 0; turn < 40; turn += 1) {
      // The five reads take a write or two each, the proof at their end some more.
      mortal.dieAfter(turn < 6 ? 1 : turn - 4);
      await story.onboarding.advance('contoso').catch(() => undefined);
      deaths += mortal.died() ? 1 : 0;
      await mortal.revive();
      const report = await story.onboarding.status('contoso');
      if (report.state === 'consented') break;
      await expectNotGreen(story);
      story.advanceClock(15);
    }
    expect(deaths).toBeGreaterThan(3);
    await visitInvitation(story, url, contosoAdmin(story));
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'consented', waitingFor: 'sign_in' });
    const audit = await auditOf(story);
    expect(audit.filter((entry) => entry.action === 'consent.granted')).toHaveLength(1);
    expect(audit.length).toBe(new Set(audit.map((entry) => entry.id)).size);
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
    expect((await story.installation.audit.verify()).intact).toBe(true);
    expectOneReason((await story.onboarding.status('contoso')).reasons, 'SSO_OWNERSHIP_UNPROVEN');
  });
});
