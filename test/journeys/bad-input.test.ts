/** Microsoft gone, a stranger's certificate, a state somebody edited, an operator's typing errors: each has its code. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/core/adapters/memory-store';
import { parseConfiguration } from '../../src/core/configuration';
import { createInstallation } from '../../src/core/installation';
import { parseKeyRing } from '../../src/core/sealing';
import { startSandbox } from '../../src/sandbox/index';
import { codeOf, failureOf, invite, refusal } from './attacks';
import { openPortal } from './backup-portal';
import { advanceUntilSettled, MASTER_KEYS, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

let story: Story;

beforeAll(async () => {
  story = await startStory({ configure: () => ({ adminChoice: 'first' }) });
});

afterAll(async () => story.stop());

describe('an edited state', () => {
  beforeAll(async () => {
    await onboardAsAdmin(story, await invite(story), personWith(story.tenant('contoso.example'), 'Global Administrator'), 'restricted');
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
    await story.onboarding.addAccount({ id: 'thief', name: 'Thief', expectedTenant: 'fabrikam.example' }, OPERATOR);
    await story.onboarding.openConsent({ accountId: 'thief', operatorId: OPERATOR });
  });

  const impersonate = (accountId = 'contoso') => story.onboarding.impersonate({ accountId, operatorId: OPERATOR, reason: 'Ticket 4711' });

  /** As somebody with the file and an editor would: past everything of ours that writes records. Undone afterwards. */
  async function edited(key: string, change: (value: string) => string, look: () => Promise<void>): Promise<void> {
    const before = (await story.store.get(key))?.value;
    const after = change(before ?? '');
    expect(after, key).not.toBe(before);
    await story.store.set(key, after);
    await look();
    await (before === undefined ? story.store.delete(key) : story.store.set(key, before));
  }

  it('raises no access level', () =>
    edited(
      'accounts/access-level/contoso',
      (value) => value.replace('restricted', 'full'),
      async () => {
        expect(await codeOf(impersonate())).toBe('STATE_RECORD_TAMPERED');
        expect(await codeOf(story.onboarding.showAccount('contoso'))).toBe('STATE_RECORD_TAMPERED');
      },
    ));

  it.each(['accounts/access-level', 'sso/account-tenant', 'sso/binding'])('lends nobody a record of another account: %s', async (kind) => {
    const theirs = (await story.store.get(`${kind}/contoso`))?.value ?? '';
    await edited(
      `${kind}/thief`,
      () => theirs,
      async () => {
        expect(await codeOf(impersonate('thief'))).toBe('STATE_RECORD_TAMPERED');
        if (kind === 'sso/account-tenant') expect(await codeOf(story.onboarding.listAdmins('thief', OPERATOR))).toBe('STATE_RECORD_TAMPERED');
      },
    );
  });

  it('moves no binding to another person', async () => {
    const bound = (await story.onboarding.showBinding('contoso')).userObjectId;
    const other = story.tenant('contoso.example').users.find((person) => person.objectId !== bound)?.objectId ?? '';
    await edited(
      'sso/binding/contoso',
      (value) => value.replaceAll(bound, other),
      async () => {
        expect(await codeOf(impersonate())).toBe('STATE_RECORD_TAMPERED');
        expect(await codeOf(story.onboarding.showBinding('contoso'))).toBe('STATE_RECORD_TAMPERED');
      },
    );
  });

  it('moves no tenant to another account', () =>
    edited(
      `sso/tenant-claim/${story.tenant('contoso.example').tenantId}`,
      (value) => value.replace('contoso', 'thief'),
      async () => {
        expect(await codeOf(story.onboarding.showAccount('contoso'))).toBe('STATE_RECORD_TAMPERED');
        expect(await codeOf(impersonate())).toBe('STATE_RECORD_TAMPERED');
      },
    ));

  it('does not make an unproven account an owner by writing its journey', () =>
    edited(
      'accounts/journey/thief',
      (value) => value.replace('consent_pending', 'admin_needed').replace(String.raw`\"provenTenantId\":null`, String.raw`\"provenTenantId\":\"${story.tenant('contoso.example').tenantId}\"`),
      async () => {
        expect((await story.onboarding.status('thief')).state).toBe('admin_needed');
        expect(await codeOf(story.onboarding.advance('thief'))).toBe('SSO_OWNERSHIP_UNPROVEN');
        expect(await codeOf(story.onboarding.listAdmins('thief', OPERATOR))).toBe('SSO_OWNERSHIP_UNPROVEN');
        expect(await codeOf(impersonate('thief'))).toBe('SSO_OWNERSHIP_UNPROVEN');
      },
    ));

  it('moves no one-time code to a higher level', async () => {
    const issued = await impersonate();
    const [row] = await Array.fromAsync(story.store.list('impersonation/code/'));
    const portal = openPortal(story, () => story.tenant('contoso.example').tenantId);
    await edited(
      row?.key ?? '',
      (value) => value.replace('restricted', 'full'),
      async () => {
        expect(await codeOf(portal.kit.receiveCode(issued.code))).toBe('IMPERSONATION_REDEEM_UNAVAILABLE');
        expect(story.log.at(-1)).toContain('STATE_RECORD_TAMPERED');
      },
    );
  });

  it('that is no record at all is told apart from one that was forged', () =>
    edited(
      'accounts/account/contoso',
      () => '{"half":',
      async () => {
        expect(await codeOf(story.onboarding.showAccount('contoso'))).toBe('STATE_RECORD_INVALID');
        expect(await codeOf(story.onboarding.advance('contoso'))).toBe('STATE_RECORD_INVALID');
      },
    ));

  it('is noticed by the audit\'s own check, and nothing is granted on top of a hole', async () => {
    const rows = await Array.fromAsync(story.store.list('audit/entry/'));
    await edited(
      rows[2]?.key ?? '',
      (value) => value.replace(/"actor":"[^"]+"/, '"actor":"somebody-else"'),
      async () => expect(await story.installation.audit.verify()).toMatchObject({ intact: false, brokenAt: 3 }),
    );
    await edited(
      rows.at(-1)?.key ?? '',
      (value) => value.replace(/"hash":"[0-9A-F]/, '"hash":"X'),
      async () => {
        const restarted = await story.install(story.store);
        expect(await codeOf(restarted.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 4711' }))).toBe('AUDIT_UNAVAILABLE');
      },
    );
    expect(await story.installation.audit.verify()).toMatchObject({ intact: true });
  });
});

describe('an operator\'s mistake', () => {
  beforeEach(async () => story.renew());

  it('is named: an account that does not exist', async () => {
    const { onboarding } = story;
    for (const attempt of [onboarding.showAccount('nobody'), onboarding.status('nobody'), onboarding.advance('nobody'), onboarding.verifyConsent('nobody'), onboarding.consentStatus('nobody'), onboarding.openConsent({ accountId: 'nobody', operatorId: OPERATOR }), onboarding.listAdmins('nobody', OPERATOR), onboarding.showBinding('nobody'), onboarding.verifyBinding('nobody'), onboarding.bindAdmin({ accountId: 'nobody', admin: 'first', operatorId: OPERATOR }), onboarding.lowerAccessLevel('nobody', 'none', OPERATOR), onboarding.revokeConsentRequest('nobody', OPERATOR), onboarding.impersonate({ accountId: 'nobody', operatorId: OPERATOR, reason: 'x y z' })]) {
      expect(await codeOf(attempt)).toBe('ACCOUNT_NOT_FOUND');
    }
    for (const id of ['', '../contoso', 'contoso/x', '__proto__', 'a'.repeat(65)]) expect(await codeOf(onboarding.showAccount(id))).toBe('ACCOUNT_NOT_FOUND');
  });

  it('is named: a tenant that is none', async () => {
    for (const expectedTenant of ['', 'contoso', 'common', 'https://contoso.example', 'contoso.example.', '127.0.0.1', 'cöntoso.example', 'contoso.example/v2.0', '-x.example', `${'a'.repeat(64)}.example`]) {
      expect(await codeOf(story.onboarding.addAccount({ id: 'x', name: 'X', expectedTenant }, OPERATOR)), expectedTenant).toBe('TENANT_INVALID');
    }
  });

  it('is named: a name that would rewrite the page or the line that shows it', async () => {
    for (const name of ['Contoso\u{1b}[2J', 'Contoso\u{202e}dtL', 'Contoso\nGlobal Ltd', 'Contoso\u{0}', '\u{2066}Contoso', 'x'.repeat(121)]) {
      expect(await codeOf(story.onboarding.addAccount({ id: 'x', name }, OPERATOR)), JSON.stringify(name)).toBe('INPUT_INVALID');
    }
    await story.onboarding.addAccount({ id: 'x', name: 'Éclair & Fils, Contoso 株式会社 – «Ünïcode»' }, OPERATOR);
  });

  it('is named: a missing master key is asked for before anything must be believed', async () => {
    const keyless = await createInstallation({ configuration: story.configuration, store: createMemoryStore({ clock: story.clock }), clock: story.clock, ca: story.ca, readFile: (path) => story.secrets.get(path) ?? '', environment: {}, deployment: 'process' });
    await keyless.onboarding.addAccount({ id: 'contoso', name: 'Contoso Ltd' }, OPERATOR);
    expect(await codeOf(keyless.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 1' }))).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(keyless.onboarding.lowerAccessLevel('contoso', 'none', OPERATOR))).toBe('MASTER_KEY_MISSING');
    await keyless.close();
  });
});

describe('Microsoft out of reach', () => {
  it('has a code for the token endpoint and one for Graph, and nothing that was proven is lost', async () => {
    const gone = await startSandbox();
    await gone.stop();
    await story.renew();
    await onboardAsAdmin(story, await invite(story), personWith(story.tenant('contoso.example'), 'Global Administrator'), 'restricted');
    await advanceUntilSettled(story, 'contoso');
    const journey = await story.onboarding.status('contoso');

    await story.reconfigure((written) => ({ sandbox: { ...(written['sandbox'] as object), authorityHost: gone.ready.login } }));
    const { tenantId } = story.tenant('contoso.example');
    const token = await failureOf(story.installation.ports.tokens.acquire({ appKey: 'backup', tenantId, resource: 'https://graph.microsoft.com' }));
    expect(token).toMatchObject({ code: 'STS_UNAVAILABLE', retryable: true, owner: 'microsoft' });
    expect(await codeOf(story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR }))).toBe('STS_UNAVAILABLE');
    expect(await codeOf(story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 1' }))).toMatch(/IMPERSONATION_UNPROVEN|STS_UNAVAILABLE/);
    story.advanceClock(3600);
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'active' });

    await story.reconfigure((written) => ({ sandbox: { ...(written['sandbox'] as object), authorityHost: story.sandbox.ready.login, graphBaseUrl: gone.ready.graph } }));
    const graph = await failureOf(story.installation.ports.graph.send({ tenantId, appKey: 'backup' }, { method: 'GET', path: '/organization' }));
    expect(graph).toMatchObject({ code: 'GRAPH_UNAVAILABLE', retryable: true });
    expect(await codeOf(story.onboarding.listAdmins('contoso', OPERATOR))).toMatch(/GRAPH_UNAVAILABLE|ADMINS_UNREADABLE/);

    await story.reconfigure((written) => ({ sandbox: { ...(written['sandbox'] as object), graphBaseUrl: story.sandbox.ready.graph } }));
    story.advanceClock(3600);
    expect(await story.onboarding.advance('contoso')).toMatchObject({ ...journey, nextCheckAt: expect.any(Number) as number, since: expect.any(Number) as number });
  });

  it('tells the admin\'s browser to come back, and loses neither the invitation nor the round', async () => {
    const gone = await startSandbox();
    await gone.stop();
    await story.renew();
    const url = await invite(story);
    await story.reconfigure((written) => ({ sandbox: { ...(written['sandbox'] as object), authorityHost: gone.ready.login } }));
    const visitor = story.visitor();
    const page = await visitor.submit(await visitor.open(url), 'continue');
    expect(page.status).toBe(503);
    expect(refusal(story, page)).toEqual({ publicCode: 'try_later', code: 'STS_UNAVAILABLE' });
    await story.reconfigure((written) => ({ sandbox: { ...(written['sandbox'] as object), authorityHost: story.sandbox.ready.login } }));
    expect((await onboardAsAdmin(story, url, personWith(story.tenant('contoso.example'), 'Global Administrator'))).text('done')).toBeDefined();
  });
});

describe('a server with a certificate of somebody else', () => {
  it('is refused by name, whether it plays the sign-in or Graph, and gets no secret', async () => {
    const impostor = await startSandbox();
    await story.renew();
    const { tenantId } = story.tenant('contoso.example');
    try {
      await story.reconfigure((written) => ({ sandbox: { ...(written['sandbox'] as object), authorityHost: impostor.ready.login } }));
      const failure = await failureOf(story.installation.ports.tokens.acquire({ appKey: 'backup', tenantId, resource: 'https://graph.microsoft.com' }));
      expect(failure).toMatchObject({ code: 'TLS_UNTRUSTED', details: { host: new URL(impostor.ready.login).host } });
      await story.onboarding.addAccount({ id: 'x', name: 'X', expectedTenant: 'contoso.example' }, OPERATOR);
      expect(await codeOf(story.onboarding.openConsent({ accountId: 'x', operatorId: OPERATOR }))).toBe('TLS_UNTRUSTED');
      await story.reconfigure((written) => ({ sandbox: { ...(written['sandbox'] as object), authorityHost: story.sandbox.ready.login, graphBaseUrl: impostor.ready.graph } }));
      expect(await codeOf(story.installation.ports.graph.send({ tenantId: story.sandbox.ready.homeTenantId, appKey: 'backup' }, { method: 'GET', path: '/organization' }))).toBe('TLS_UNTRUSTED');
      expect(impostor.requests()).toEqual([]);
    } finally {
      await impostor.stop();
    }
  });

  it('is refused although the process trusts others: the sandbox\'s authority replaces the built-in ones, for this installation only', async () => {
    const other = await startSandbox();
    try {
      const ca = readFileSync(other.ready.caFile, 'utf8');
      const installation = await createInstallation({ configuration: story.configuration, store: createMemoryStore({ clock: story.clock }), clock: story.clock, masterKeys: parseKeyRing(MASTER_KEYS), ca, readFile: (path) => story.secrets.get(path) ?? '', environment: {}, deployment: 'process' });
      await installation.onboarding.addAccount({ id: 'x', name: 'X', expectedTenant: 'contoso.example' }, OPERATOR);
      expect(await codeOf(installation.onboarding.openConsent({ accountId: 'x', operatorId: OPERATOR }))).toBe('TLS_UNTRUSTED');
      await installation.close();
    } finally {
      await other.stop();
    }
  });

  it('cannot be allowed for Microsoft\'s own hosts by configuration', async () => {
    const { sandbox: _sandbox, ...real } = story.written;
    expect(await codeOf(createInstallation({ configuration: parseConfiguration(real), store: createMemoryStore({ clock: story.clock }), clock: story.clock, masterKeys: parseKeyRing(MASTER_KEYS), ca: story.ca, readFile: () => '', environment: {}, deployment: 'process' }))).toBe('CONFIG_INVALID');
    for (const authorityHost of ['https://login.microsoftonline.com', 'http://localhost:1', 'https://evil.example', 'https://localhost.evil.example', 'https://user:pw@127.0.0.1.evil.example']) {
      expect(() => parseConfiguration({ ...story.written, sandbox: { ...(story.written['sandbox'] as object), authorityHost } })).toThrow(/authorityHost/);
    }
  });
});
