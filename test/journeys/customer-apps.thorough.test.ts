/** Customer-owned apps over the sandbox: from an admin's access token to an app of the customer's that signs in by itself. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GRAPH_APP_ID } from '../../src/core/consent/apps/apps';
import { isOnboardingError } from '../../src/core/errors';
import { secret, type Secret } from '../../src/core/internal/secret';
import { auditOf, codeOf, failureOf, invite, requestsDuring } from './attacks';
import { ADMIN_SCOPES, signInForToken, tokenFor } from './admin-token';
import { worldTenant } from './directory';
import { createDyingStore, DEATH_STRIDE, type DyingStore } from './mortal-store';
import { onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

let story: Story;

beforeAll(async () => {
  story = await startStory();
});

afterAll(async () => {
  await story.stop();
});

const contoso = () => story.tenant('contoso.example');
const admin = () => personWith(contoso(), 'Global Administrator');
const PERMISSIONS = [
  { resourceAppId: GRAPH_APP_ID, type: 'application', name: 'Directory.Read.All' },
  { resourceAppId: GRAPH_APP_ID, type: 'application', name: 'User.Read.All' },
  { resourceAppId: GRAPH_APP_ID, type: 'delegated', name: 'User.Read' },
] as const;
const ASK = { accountId: 'contoso', key: 'backup', operatorId: OPERATOR, keyBits: 2048 } as const;

async function ownedStory(): Promise<void> {
  await story.renew();
  await onboardAsAdmin(story, await invite(story), admin());
}

const apps = () => story.installation.customerApps;
const register = (adminToken: Secret | undefined, more: object = {}) => apps().register({ ...ASK, permissions: PERMISSIONS, adminToken, ...more });
const registrations = () => worldTenant(story, 'contoso.example').applications.list(story.clock.now());
const adminToken = () => tokenFor(story, contoso(), admin().objectId);

/** What there must be one of, however often and however it was tried. */
async function whatIsThere(key = 'backup') {
  const tenant = worldTenant(story, 'contoso.example');
  const now = story.clock.now();
  const app = await apps().show('contoso', key, OPERATOR);
  const audit = await auditOf(story);
  const principals = tenant.servicePrincipals.list(now).filter(({ appId }) => appId === app.appId);
  return {
    state: app.state,
    registrations: tenant.applications.list(now).length,
    keys: tenant.applications.list(now).map(({ keyCredentials }) => keyCredentials.length),
    principals: principals.length,
    roles: tenant.appRoleAssignments.list(now).filter(({ principalId }) => principalId === principals[0]?.id).length,
    grants: tenant.oauth2PermissionGrants.list(now).filter(({ clientId }) => clientId === principals[0]?.id).map(({ scope, consentType }) => `${consentType} ${scope}`),
    certificates: (await story.installation.certificates.list(OPERATOR)).length,
    doubledAuditIds: audit.length - new Set(audit.map(({ id }) => id)).size,
    orphanedIntents: await story.installation.audit.orphanedIntents(),
    effects: audit.filter(({ action, phase }) => action === 'customer_app.registered' && phase !== 'note').map(({ phase, outcome }) => `${phase} ${outcome ?? ''}`.trim()),
    chain: (await story.installation.audit.verify()).intact,
  };
}

const ONE_OF_EACH = {
  state: 'active', registrations: 1, keys: [1], principals: 1, roles: 2, grants: ['AllPrincipals User.Read'], certificates: 1, doubledAuditIds: 0, orphanedIntents: [], effects: ['intent', 'outcome done'], chain: true,
};

/** Somebody who does not give up: a new access token whenever one is needed, and time in between. */
async function insist(turns: number, pauseSeconds: number, attempt: () => Promise<{ readonly state: string }>): Promise<number> {
  for (let turn = 1; turn <= turns; turn += 1) {
    const state = await attempt().then((app) => app.state, (error: unknown) => {
      if (!isOnboardingError(error)) throw error;
      return error.code;
    });
    if (state === 'active') return turn;
    story.advanceClock(pauseSeconds);
  }
  throw new Error('It never became active.');
}

describe('a customer-owned app', () => {
  beforeEach(ownedStory);

  it('is registered in the tenant with its certificate, granted, and proven by a token of its own', async () => {
    const personToken = await signInForToken(story, contoso(), admin());
    const app = await register(personToken);
    expect(app).toMatchObject({ state: 'active', step: null, reasons: [], origin: 'registered', tenantId: contoso().tenantId, adminObjectId: admin().objectId });
    const [made] = registrations();
    expect(made).toMatchObject({ id: app.objectId, appId: app.appId, signInAudience: 'AzureADMyOrg', ownerIds: [admin().objectId] });
    expect(made?.keyCredentials.map(({ keyId }) => keyId)).toEqual([app.keyId]);
    expect(made?.requiredResourceAccess[0]?.resourceAccess).toHaveLength(3);
    const record = await story.installation.certificates.show(app.certificateId ?? '', OPERATOR);
    expect(record.usedBy).toMatchObject([{ appKey: 'customer:contoso/backup', appId: app.appId, keyId: app.keyId }]);
    expect(record.name).toContain('Contoso');
    expect(await apps().show('contoso', 'backup', OPERATOR)).toEqual(app);
    expect(story.events.map(({ type }) => type)).toContain('customer_app.active');
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
    expect(story.sandbox.gaps()).toEqual([]);
  });

  it('is the same app when it is registered again, and nothing is asked of the tenant but whose access token it is', async () => {
    const first = await register(adminToken());
    const { result, rows } = await requestsDuring(story, () => register(adminToken()));
    expect(result).toEqual(first);
    expect(rows.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(await apps().register(ASK)).toEqual(first);
    expect(await whatIsThere()).toEqual(ONE_OF_EACH);
    expect(await codeOf(register(adminToken(), { permissions: PERMISSIONS.slice(0, 1) }))).toBe('CUSTOMER_APP_EXISTS');
    expect(await codeOf(apps().adopt({ ...ASK, appId: first.appId ?? '', adminToken: adminToken() }))).toBe('CUSTOMER_APP_EXISTS');
  });

  it('comes from two calls at once as one', async () => {
    const both = await Promise.allSettled([register(adminToken()), register(adminToken())]);
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true);
    await register(adminToken());
    expect(await whatIsThere()).toEqual(ONE_OF_EACH);
  });

  it('goes on without the admin once only its own proof is missing', async () => {
    story.sandbox.setReplicationLagMs({ 'sts.roles': 10 * 60_000 });
    const waiting = await register(adminToken());
    expect(waiting).toMatchObject({ state: 'registering', step: 'proof', provenAt: null, reasons: [{ code: 'CUSTOMER_APP_PENDING' }] });
    expect(waiting.reasons[0]?.message).toContain('Directory.Read.All');
    story.advanceClock(20 * 60);
    const { result, rows } = await requestsDuring(story, () => apps().register(ASK));
    expect(result).toMatchObject({ state: 'active', reasons: [] });
    expect(rows.filter(({ host }) => host === 'graph')).toEqual([]);
    expect(await whatIsThere()).toEqual(ONE_OF_EACH);
  });

  it('leaves an app registration of the same display name alone', async () => {
    const tenant = worldTenant(story, 'contoso.example');
    const decoy = { id: '7d1b3c1e-0000-4000-8000-000000000001', appId: '7d1b3c1e-0000-4000-8000-000000000002', displayName: 'Northwind backup', signInAudience: 'AzureADMyOrg', redirectUris: [], requiredResourceAccess: [], keyCredentials: [], passwordCredentials: [], createdDateTime: '2025-01-01T00:00:00Z' } as const;
    tenant.applications.put(decoy.id, decoy, story.clock.now());
    const app = await register(adminToken(), { displayName: 'Northwind backup' });
    expect(app.objectId).not.toBe(decoy.id);
    expect(tenant.applications.get(decoy.id, story.clock.now())).toEqual(decoy);
  });
});

// As text: an object with a member of that name is taken for a promise.
const lost = JSON.parse('{"apply":true,"then":{"transport":"reset-before-headers"}}') as object;

describe('a customer-owned app while things go wrong', () => {
  it('is made once, whichever write its process dies after', { timeout: 300_000 }, async () => {
    let deaths = 0;
    for (let survived = false; !survived && deaths < 80; ) {
      let dying: DyingStore | undefined;
      await story.renew({
        wrapStore: (store) => {
          dying = createDyingStore(store);
          return dying.store;
        },
      });
      await onboardAsAdmin(story, await invite(story), admin());
      dying?.dieAfter(deaths + 1);
      const first = await codeOrState(register(adminToken()));
      survived = dying?.died() !== true;
      dying?.dieAfter(undefined);
      if (!survived) deaths += DEATH_STRIDE;
      expect(['active', 'STATE_UNAVAILABLE', 'AUDIT_UNAVAILABLE'], `after write ${deaths}`).toContain(first);
      expect((await register(adminToken())).state, `after write ${deaths}`).toBe('active');
      expect(await whatIsThere(), `after write ${deaths}`).toEqual(ONE_OF_EACH);
    }
    expect(deaths).toBeGreaterThan(10);
  });

  it.each(['PATCH', 'POST'])('is made once when the answer to any %s is lost', { timeout: 300_000 }, async (method) => {
    for (let nth = 1; nth <= (method === 'PATCH' ? 1 : 4); nth += 1) {
      await ownedStory();
      story.sandbox.faults.set({ version: 1, rules: [{ id: 'lost', match: { host: 'graph', method }, when: { nth }, do: lost }] });
      await insist(4, 5, () => register(adminToken()));
      story.sandbox.faults.set(undefined);
      expect(await whatIsThere(), `answer ${nth} lost`).toEqual(ONE_OF_EACH);
    }
  });

  it.each(['replication-hell', 'lossy-network', 'rough-day'])('comes to its end under %s', { timeout: 300_000 }, async (preset) => {
    await ownedStory();
    story.sandbox.faults.set({ preset, seed: 'seven' });
    await insist(60, 30, () => register(adminToken()));
    story.sandbox.faults.set(undefined);
    expect(await whatIsThere()).toEqual(ONE_OF_EACH);
  });
});

describe('whoever may not', () => {
  beforeEach(ownedStory);

  it('registers nothing for an account whose tenant is not proven', async () => {
    await story.onboarding.addAccount({ id: 'fabrikam', name: 'Fabrikam', expectedTenant: 'fabrikam.example' }, OPERATOR);
    const fabrikam = story.tenant('fabrikam.example');
    const foreign = tokenFor(story, fabrikam, personWith(fabrikam, 'Global Administrator').objectId);
    const { result, rows } = await requestsDuring(story, () => codeOf(register(foreign, { accountId: 'fabrikam' })));
    expect(result).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(rows).toEqual([]);
  });

  it("registers nothing with the access token of another tenant's admin, and leaves no trace of it", async () => {
    const fabrikam = story.tenant('fabrikam.example');
    const foreign = tokenFor(story, fabrikam, personWith(fabrikam, 'Global Administrator').objectId);
    const { result, rows } = await requestsDuring(story, () => failureOf(register(foreign)));
    expect(result).toMatchObject({ code: 'TENANT_MISMATCH', details: { tenantId: contoso().tenantId, answeredTenant: fabrikam.tenantId } });
    expect(rows.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(await apps().list(OPERATOR)).toEqual([]);
    expect(await story.installation.certificates.list(OPERATOR)).toEqual([]);
  });

  it("registers nothing with an app's token, a personal account's, one that has ended, or what is none", async () => {
    const app = story.sandbox.ready.apps[0];
    const appOnly = (await story.installation.ports.tokens.acquire({ appKey: app?.key ?? '', tenantId: contoso().tenantId, resource: 'https://graph.microsoft.com' })).accessToken;
    const personal = tokenFor(story, { tenantId: '9188040d-6c67-4c5b-b112-36a304b66dad' }, admin().objectId);
    const ended = adminToken();
    story.advanceClock(2 * 3600);
    expect(await codeOf(register(appOnly))).toBe('CUSTOMER_APP_TOKEN_REFUSED');
    expect(await codeOf(register(personal))).toBe('CUSTOMER_APP_TOKEN_REFUSED');
    expect(await codeOf(register(ended))).toBe('CUSTOMER_APP_TOKEN_REFUSED');
    expect(await codeOf(register(secret('eyJ.broken\r\nHost: elsewhere')))).toBe('INPUT_INVALID');
    expect(await codeOf(register(undefined))).toBe('CUSTOMER_APP_TOKEN_MISSING');
    expect(await apps().list(OPERATOR)).toEqual([]);
  });

  it('is told so when the admin lacks the role, and the right one goes on with the same app', async () => {
    const nobody = personWith(contoso(), undefined);
    const refused = await failureOf(register(tokenFor(story, contoso(), nobody.objectId)));
    expect(refused).toMatchObject({ code: 'CUSTOMER_APP_NOT_ALLOWED', serviceCode: 'Authorization_RequestDenied', owner: 'customer admin' });
    expect(await apps().show('contoso', 'backup', OPERATOR)).toMatchObject({ state: 'registering', step: 'permissions', reasons: [{ code: 'CUSTOMER_APP_NOT_ALLOWED' }], adminObjectId: nobody.objectId });
    await register(adminToken());
    expect(await whatIsThere()).toEqual(ONE_OF_EACH);
    const used = (await auditOf(story)).filter(({ action }) => action === 'customer_app.admin_token_used').map(({ details }) => details?.['adminObjectId']);
    expect(used).toEqual([nobody.objectId, admin().objectId]);
  });

  it('is told so when the access token lacks a permission', async () => {
    const without = tokenFor(story, contoso(), admin().objectId, ADMIN_SCOPES.slice(0, 2));
    expect(await codeOf(register(without))).toBe('CUSTOMER_APP_NOT_ALLOWED');
  });

  it('gets nothing as an operator without both rights', async () => {
    await story.reconfigure((written) => ({ operators: [...(written['operators'] as object[]), { id: 'op-2', name: 'Two', accounts: 'all', may: ['onboard'] }, { id: 'op-3', name: 'Three', accounts: ['fabrikam'], may: ['onboard', 'certificates'] }] }));
    await register(adminToken());
    for (const operatorId of ['op-2', 'op-3', 'nobody']) {
      expect(await codeOf(register(adminToken(), { operatorId, key: 'other' }))).toBe('OPERATOR_NOT_ALLOWED');
      expect(await codeOf(apps().remove({ accountId: 'contoso', key: 'backup', operatorId, adminToken: adminToken() }))).toBe('OPERATOR_NOT_ALLOWED');
    }
    expect(await apps().list('op-3')).toEqual([]);
    expect(await codeOf(apps().show('contoso', 'backup', 'op-3'))).toBe('OPERATOR_NOT_ALLOWED');
  });

  it('cannot ask for a permission the tenant does not offer', async () => {
    for (const permission of [{ resourceAppId: GRAPH_APP_ID, type: 'application', name: 'Everything.ReadWrite' }, { resourceAppId: GRAPH_APP_ID, type: 'application', name: 'openid' }, { resourceAppId: 'aaaaaaaa-0000-4000-8000-000000000000', type: 'application', name: 'x' }] as const) {
      expect(await codeOf(register(adminToken(), { permissions: [permission] }))).toBe('CUSTOMER_APP_PERMISSION_UNKNOWN');
      await apps().remove({ accountId: 'contoso', key: 'backup', operatorId: OPERATOR });
    }
    expect(registrations()).toEqual([]);
  });
});

async function codeOrState(attempt: Promise<{ readonly state: string }>): Promise<string> {
  return attempt.then(({ state }) => state, (error: unknown) => {
    if (!isOnboardingError(error)) throw error;
    return error.code;
  });
}
