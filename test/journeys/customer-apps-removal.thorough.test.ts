/** Customer-owned apps: adopting one that is there, removing one that was made, and what never leaves. */
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GRAPH_APP_ID } from '../../src/core/consent/apps/apps';
import type { Application, KeyCredential } from '../../src/sandbox/model-apps';
import { createCertificate } from '../../src/sandbox/x509';
import { generateKeyPairSync } from 'node:crypto';
import { auditOf, codeOf, failureOf, invite, requestsDuring } from './attacks';
import { tokenFor } from './admin-token';
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
const adminToken = () => tokenFor(story, contoso(), admin().objectId);
const apps = () => story.installation.customerApps;
const tenant = () => worldTenant(story, 'contoso.example');
const ASK = { accountId: 'contoso', key: 'backup', operatorId: OPERATOR, keyBits: 2048 } as const;
const PERMISSIONS = [{ resourceAppId: GRAPH_APP_ID, type: 'application', name: 'User.Read.All' }] as const;
const OWN_APP = '7d1b3c1e-0000-4000-8000-000000000002';
const OWN_OBJECT = '7d1b3c1e-0000-4000-8000-000000000001';

const register = () => apps().register({ ...ASK, permissions: PERMISSIONS, adminToken: adminToken() });
const adopt = (appId = OWN_APP) => apps().adopt({ ...ASK, permissions: PERMISSIONS, appId, adminToken: adminToken() });
const remove = (more: object = {}) => apps().remove({ accountId: 'contoso', key: 'backup', operatorId: OPERATOR, adminToken: adminToken(), ...more });

async function ownedStory(wrap?: Parameters<Story['renew']>[0]): Promise<void> {
  await story.renew(wrap);
  await onboardAsAdmin(story, await invite(story), admin());
}

let foreignKey: KeyCredential | undefined;

function someKey(): KeyCredential {
  if (foreignKey !== undefined) return foreignKey;
  const notBeforeAt = story.clock.now() - 86_400_000;
  const der = createCertificate({ subject: 'Somebody', subjectKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, notBeforeAt, notAfterAt: notBeforeAt + 900 * 86_400_000, isAuthority: false });
  const instant = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
  foreignKey = { keyId: '11111111-0000-4000-8000-000000000009', key: der.toString('base64'), customKeyIdentifier: 'AB'.repeat(20), displayName: 'CN=Somebody', startDateTime: instant(notBeforeAt), endDateTime: instant(notBeforeAt + 900 * 86_400_000), type: 'AsymmetricX509Cert', usage: 'Verify' };
  return foreignKey;
}

/** An app registration the customer made for itself, with a key of its own. */
function putOwnApp(changes: Partial<Application> = {}): void {
  const own: Application = { id: OWN_OBJECT, appId: OWN_APP, displayName: 'Legacy backup', signInAudience: 'AzureADMyOrg', redirectUris: [], requiredResourceAccess: [], keyCredentials: [someKey()], passwordCredentials: [], createdDateTime: '2025-01-01T00:00:00Z', ...changes };
  tenant().applications.put(own.id, own, story.clock.now() - 3_600_000);
}

const ownApp = () => tenant().applications.get(OWN_OBJECT, story.clock.now());

describe('an app registration that is adopted', () => {
  beforeEach(async () => ownedStory());

  it('gets our key beside its own, a service principal and the roles, and is proven', async () => {
    putOwnApp();
    const app = await adopt(OWN_APP.toUpperCase());
    expect(app).toMatchObject({ state: 'active', origin: 'adopted', displayName: 'Legacy backup', appId: OWN_APP, objectId: OWN_OBJECT });
    expect(ownApp()?.keyCredentials[0]).toEqual(someKey());
    expect(ownApp()?.keyCredentials[1]?.keyId).toBe(app.keyId);
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
    expect((await adopt()).keyId).toBe(app.keyId);
    expect(ownApp()?.keyCredentials).toHaveLength(2);
  });

  it('is found by its app id alone: no name, no other tenant, no app for several tenants', async () => {
    putOwnApp();
    expect(await codeOf(adopt('Legacy backup'))).toBe('INPUT_INVALID');
    expect(await codeOf(adopt(story.sandbox.ready.apps[0]?.appId))).toBe('CUSTOMER_APP_NOT_FOUND');
    await remove({ keyOnly: true });
    putOwnApp({ signInAudience: 'AzureADMultipleOrgs' });
    expect(await failureOf(adopt())).toMatchObject({ code: 'CUSTOMER_APP_MULTI_TENANT', details: { signInAudience: 'AzureADMultipleOrgs' } });
    expect(ownApp()?.keyCredentials).toEqual([someKey()]);
  });

  it('is never deleted; only our key goes, and what stays granted is said', async () => {
    putOwnApp();
    const app = await adopt();
    expect(await codeOf(remove())).toBe('CUSTOMER_APP_ADOPTED');
    const removed = await remove({ keyOnly: true });
    expect(removed).toMatchObject({ removed: true, evidence: { applicationGone: false }, stillGranted: [{ resourceAppId: GRAPH_APP_ID, roles: ['User.Read.All'] }] });
    expect(ownApp()?.keyCredentials).toEqual([someKey()]);
    expect((await story.installation.certificates.show(app.certificateId ?? '', OPERATOR)).usedBy).toEqual([]);
    expect(await apps().list(OPERATOR)).toEqual([]);
  });
});

describe('an app registration whose adoption dies', () => {
  it('gets our key once, whichever write it was', { timeout: 300_000 }, async () => {
    let deaths = 0;
    for (let survived = false; !survived && deaths < 60; ) {
      let dying: DyingStore | undefined;
      await ownedStory({
        wrapStore: (store) => {
          dying = createDyingStore(store);
          return dying.store;
        },
      });
      putOwnApp();
      dying?.dieAfter(deaths + 1);
      await adopt().catch(() => undefined);
      survived = dying?.died() !== true;
      dying?.dieAfter(undefined);
      if (!survived) deaths += DEATH_STRIDE;
      expect(await adopt(), `after write ${deaths}`).toMatchObject({ state: 'active', origin: 'adopted' });
      expect(ownApp()?.keyCredentials, `after write ${deaths}`).toHaveLength(2);
      expect(ownApp()?.keyCredentials[0]).toEqual(someKey());
    }
    expect(deaths).toBeGreaterThan(10);
  });
});

describe('a registered app that is removed', () => {
  beforeEach(async () => ownedStory());

  it("goes to the tenant's recycle bin, with evidence, and its key is free", async () => {
    const app = await register();
    expect(await codeOf(apps().remove({ accountId: 'contoso', key: 'backup', operatorId: OPERATOR }))).toBe('CUSTOMER_APP_TOKEN_MISSING');
    expect(await remove()).toEqual({ accountId: 'contoso', key: 'backup', appId: app.appId, removed: true, evidence: { applicationGone: true, inRecycleBin: true }, certificateId: app.certificateId, stillGranted: [] });
    const now = story.clock.now();
    expect(tenant().applications.list(now)).toEqual([]);
    expect(tenant().servicePrincipals.list(now).filter(({ appId }) => appId === app.appId)).toEqual([]);
    expect(await codeOf(remove())).toBe('CUSTOMER_APP_UNKNOWN');
    expect((await story.installation.certificates.show(app.certificateId ?? '', OPERATOR)).usedBy).toEqual([]);
    const removals = (await auditOf(story)).filter(({ action }) => action === 'customer_app.removed');
    expect(removals.map(({ phase, outcome, details }) => ({ phase, outcome, evidence: details?.['evidence'] }))).toEqual([
      { phase: 'intent', outcome: undefined, evidence: undefined },
      { phase: 'outcome', outcome: 'done', evidence: { applicationGone: true, inRecycleBin: true } },
    ]);
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
    const again = await register();
    expect(again).toMatchObject({ state: 'active' });
    expect(again.appId).not.toBe(app.appId);
  });

  it('is gone for good when that is asked for', async () => {
    await register();
    expect(await remove({ purge: true })).toMatchObject({ evidence: { applicationGone: true, inRecycleBin: false } });
    expect(tenant().deletedItems.list(story.clock.now())).toEqual([]);
  });

  it('is left alone when it does not carry the name it was made under any more', async () => {
    const app = await register();
    const made = tenant().applications.get(app.objectId ?? '', story.clock.now());
    if (made === undefined) throw new Error('It was not made.');
    tenant().applications.put(made.id, { ...made, uniqueName: 'somebody-else' }, story.clock.now());
    expect(await codeOf(remove())).toBe('CUSTOMER_APP_FOREIGN');
    expect(tenant().applications.list(story.clock.now())).toHaveLength(1);
    expect(await codeOf(register())).toBe('CUSTOMER_APP_REMOVING');
  });

  it("is not touched with another tenant's access token", async () => {
    await register();
    const fabrikam = story.tenant('fabrikam.example');
    const foreign = tokenFor(story, fabrikam, personWith(fabrikam, 'Global Administrator').objectId);
    expect(await codeOf(remove({ adminToken: foreign }))).toBe('TENANT_MISMATCH');
    expect(await apps().show('contoso', 'backup', OPERATOR)).toMatchObject({ state: 'active' });
  });

  it('that never got into the tenant needs no admin', async () => {
    const nowhere = apps().register({ ...ASK, permissions: [{ resourceAppId: GRAPH_APP_ID, type: 'application', name: 'Nothing.Read' }], adminToken: adminToken() });
    expect(await codeOf(nowhere)).toBe('CUSTOMER_APP_PERMISSION_UNKNOWN');
    const { result, rows } = await requestsDuring(story, () => apps().remove({ accountId: 'contoso', key: 'backup', operatorId: OPERATOR }));
    expect(result).toMatchObject({ removed: true, evidence: null });
    expect(rows).toEqual([]);
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
  });

  it('keeps its certificate from being deleted before it is proven, and no longer than it is there', async () => {
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'lost', match: { host: 'graph', method: 'PATCH' }, do: { transport: 'reset-before-headers' } }] });
    await register().catch(() => undefined);
    story.sandbox.faults.set(undefined);
    const [certificateId = ''] = (await apps().list(OPERATOR)).map((app) => app.certificateId ?? '');
    const deleting = async () => story.installation.certificates.remove(certificateId, { confirm: true }, OPERATOR);
    expect(await failureOf(deleting())).toMatchObject({ code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'customer_app', accountId: 'contoso', key: 'backup' }] } });
    story.advanceClock(1200);
    await remove();
    expect(await deleting()).toMatchObject({ removed: true });
  });

  it('waits for an app that may have been made although its answer was lost', async () => {
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'lost', match: { host: 'graph', method: 'PATCH' }, do: { transport: 'reset-before-headers' } }] });
    expect(await codeOf(register())).toBe('GRAPH_UNAVAILABLE');
    story.sandbox.faults.set(undefined);
    expect(await codeOf(remove())).toBe('CUSTOMER_APP_PENDING');
    story.advanceClock(1200);
    expect(await remove()).toMatchObject({ evidence: { applicationGone: true } });
  });

  it('is removed once, whichever write its process dies after', { timeout: 300_000 }, async () => {
    let deaths = 0;
    for (let survived = false; !survived && deaths < 40; ) {
      let dying: DyingStore | undefined;
      await ownedStory({
        wrapStore: (store) => {
          dying = createDyingStore(store);
          return dying.store;
        },
      });
      const app = await register();
      dying?.dieAfter(deaths + 1);
      await remove().catch(() => undefined);
      survived = dying?.died() !== true;
      dying?.dieAfter(undefined);
      if (!survived) deaths += DEATH_STRIDE;
      await remove().catch((error: unknown) => expect(error, `after write ${deaths}`).toMatchObject({ code: 'CUSTOMER_APP_UNKNOWN' }));
      expect(await apps().list(OPERATOR)).toEqual([]);
      expect(tenant().applications.list(story.clock.now())).toEqual([]);
      expect((await story.installation.certificates.show(app.certificateId ?? '', OPERATOR)).usedBy, `after write ${deaths}`).toEqual([]);
      const audit = await auditOf(story);
      expect(audit.length - new Set(audit.map(({ id }) => id)).size).toBe(0);
      expect(await story.installation.audit.orphanedIntents(), `after write ${deaths}`).toEqual([]);
    }
    expect(deaths).toBeGreaterThan(5);
  });

  it('is named when its account is removed, and its certificate is free', async () => {
    const app = await register();
    const removed = await story.onboarding.removeAccount({ accountId: 'contoso', operatorId: OPERATOR, confirmed: true });
    expect(removed.remaining.map(({ what, apps: left }) => ({ what, left: left.map(({ appId }) => appId) }))).toContainEqual({ what: 'customer_apps', left: [app.appId] });
    expect(await apps().list(OPERATOR)).toEqual([]);
    expect((await story.installation.certificates.show(app.certificateId ?? '', OPERATOR)).usedBy).toEqual([]);
    expect(tenant().applications.list(story.clock.now())).toHaveLength(1);
  });
});

describe('what the record and the world around it show', () => {
  beforeEach(async () => ownedStory());

  it("is never the admin's access token or a private key, whatever happens", async () => {
    const given = adminToken();
    const text = given.reveal();
    const views: unknown[] = [await apps().register({ ...ASK, permissions: PERMISSIONS, adminToken: given })];
    story.advanceClock(7200);
    views.push(await failureOf(apps().remove({ accountId: 'contoso', key: 'backup', operatorId: OPERATOR, adminToken: given })));
    views.push(await apps().list(OPERATOR), story.log, story.events, await auditOf(story), story.answers);
    const stored = await Array.fromAsync(story.store.list(''));
    views.push(stored);
    const seen = views.map((view) => `${JSON.stringify(view)}${inspect(view, { depth: 12 })}`).join('');
    expect(seen).toContain('customer-apps/app/contoso/backup');
    const [, payload = '', signature = ''] = text.split('.');
    for (const secretText of [text, payload, signature, 'BEGIN PRIVATE KEY']) expect(seen.includes(secretText)).toBe(false);
    expect(story.sandbox.requests().filter(({ path }) => path.includes(signature))).toEqual([]);
  });

  it('is refused when somebody wrote another app into it', async () => {
    await register();
    const key = 'customer-apps/app/contoso/backup';
    const stored = await story.store.get(key);
    await story.store.set(key, String(stored?.value).replaceAll(OWN_APP, 'x').replace('registered', 'adopted'));
    expect(await codeOf(apps().show('contoso', 'backup', OPERATOR))).toBe('STATE_RECORD_TAMPERED');
    expect(await codeOf(remove({ keyOnly: true }))).toBe('STATE_RECORD_TAMPERED');
  });
});
