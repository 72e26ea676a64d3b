/** One customer from nothing to an operator in their portal, and what Microsoft saw of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditOf, codeOf, invite, requestsDuring } from './attacks';
import { openPortal } from './backup-portal';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

let story: Story;

beforeAll(async () => {
  story = await startStory({ configure: () => ({ adminChoice: 'first' }) });
});

afterAll(async () => story.stop());

describe('the whole story', () => {
  let rows: ReturnType<Story['sandbox']['requests']>;

  it('ends active, with the tenant owned by the account and its admin bound', async () => {
    const tenant = story.tenant('contoso.example');
    const admin = personWith(tenant, 'Global Administrator');
    const told = await requestsDuring(story, async () => {
      const done = await onboardAsAdmin(story, await invite(story), admin, 'restricted');
      expect(done.text('done')).toBeDefined();
      return advanceUntilSettled(story, 'contoso');
    });
    rows = told.rows;
    expect(told.result).toMatchObject({ state: 'active', waitingFor: null, reasons: [] });
    expect(await story.onboarding.showAccount('contoso')).toEqual({
      id: 'contoso', name: 'Contoso Ltd', expectedTenant: 'contoso.example', tenantId: tenant.tenantId, accessLevel: 'restricted', state: 'active', labels: [],
    });
    const binding = await story.onboarding.showBinding('contoso');
    expect(binding).toMatchObject({ tenantId: tenant.tenantId, state: 'active', reasons: [] });
    expect(tenant.users.filter((person) => person.roles.length > 0 && person.notes === '').map((person) => person.objectId)).toContain(binding.userObjectId);
  });

  it('was told to Microsoft by the real client libraries, and by nothing the stand-in had to guess at', () => {
    const tokens = rows.filter((row) => row.path.endsWith('/oauth2/v2.0/token'));
    const appTokens = tokens.filter((row) => row.clientSku !== null);
    const graph = rows.filter((row) => row.host === 'graph');
    expect(appTokens.every((row) => /^msal\.js\.node \d+\.\d+\.\d+$/.test(row.clientSku ?? ''))).toBe(true);
    // The one token request of another client is the redemption of the admin's sign-in code.
    expect(tokens.length - appTokens.length).toBe(1);
    expect(appTokens.length).toBeGreaterThan(10);
    expect(graph.length).toBeGreaterThan(10);
    expect(graph.every((row) => (row.clientSku ?? '').startsWith('graph-js/3.'))).toBe(true);
    expect(graph.every((row) => row.userAgent?.startsWith('n8n-nodes-m365-onboarding') === true)).toBe(true);
    expect(story.sandbox.gaps()).toEqual([]);
  });

  it('stayed within a bounded number of requests', () => {
    expect(rows.filter((row) => row.host === 'graph').length).toBeLessThan(60);
    expect(rows.filter((row) => row.path.endsWith('/token')).length).toBeLessThan(70);
  });

  it('asked for every proof over a connection of its own', () => {
    // A proof is a batch that reads the grants, or one person's standing: none of them shares a connection with an earlier one.
    const isProof = (itemRules: readonly string[]) => itemRules.some((rule) => rule.startsWith('G-ARA-LIST') || rule.startsWith('G-USER-GET'));
    const proofs = rows.filter((row) => row.host === 'graph' && row.path.endsWith('/$batch') && isProof(row.itemRules));
    expect(proofs.length).toBeGreaterThanOrEqual(5);
    expect(new Set(proofs.map((row) => row.socket)).size).toBe(proofs.length);
  });

  it('never asked for a token of another tenant than this customer\'s', () => {
    const tenants = new Set(rows.filter((row) => row.host === 'graph' || row.path.endsWith('/token')).map((row) => row.tenant));
    expect([...tenants]).toEqual([story.tenant('contoso.example').tenantId]);
  });

  it('lets the operator into the portal once, at the customer\'s level, and refuses the code a second time', async () => {
    const tenant = story.tenant('contoso.example');
    const portal = openPortal(story, (accountId) => (accountId === 'contoso' ? tenant.tenantId : undefined));
    const issued = await story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 4711: restore test' });
    expect(issued.deliverTo).toBe('https://portal.northwind.example/enter');
    const pending = await portal.kit.receiveCode(issued.code);
    const { session, key } = await portal.kit.confirm(pending.id, pending.csrf);
    const binding = await story.onboarding.showBinding('contoso');
    expect(session).toMatchObject({ accountId: 'contoso', accessLevel: 'restricted', subject: `${tenant.tenantId}:${binding.userObjectId}`, actor: { id: OPERATOR }, reason: 'Ticket 4711: restore test', jti: issued.jti });
    expect([portal.kit.allows(session, 'settings'), portal.kit.allows(session, 'data')]).toEqual([true, false]);
    expect(await codeOf(portal.kit.receiveCode(issued.code))).toBe('IMPERSONATION_CODE_SPENT');
    story.advanceClock(3600);
    expect(await portal.kit.findSession(key)).toBeUndefined();
    expect(portal.log.map((entry) => entry.action)).toEqual(['impersonation.entered', 'impersonation.started']);
  });

  it('gives nothing to a portal with another key, and leaves the code for the right one', async () => {
    const tenantOf = () => story.tenant('contoso.example').tenantId;
    const stranger = await (await import('../../src/core/adapters/jose-jwt')).createJwtService().generateSigningKey('ES256');
    const thief = openPortal(story, tenantOf, { redeem: { url: `${story.publicBaseUrl}/impersonation/redeem`, clientKey: stranger.privateKey, algorithm: 'ES256' } });
    const issued = await story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 4712' });
    expect(await codeOf(thief.kit.receiveCode(issued.code))).toBe('IMPERSONATION_PORTAL_UNAUTHENTICATED');
    expect((await openPortal(story, tenantOf).kit.receiveCode(issued.code)).facts.accessLevel).toBe('restricted');
  });

  it('opens nothing at a portal that backs up another tenant for this account', async () => {
    const portal = openPortal(story, () => story.tenant('fabrikam.example').tenantId);
    const issued = await story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 4713' });
    expect(await codeOf(portal.kit.receiveCode(issued.code))).toBe('IMPERSONATION_GRANT_INVALID');
  });

  it('left an unbroken audit in which every intent has its outcome', async () => {
    expect(await story.installation.audit.verify()).toMatchObject({ intact: true, unsigned: 0 });
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
    const ids = (await auditOf(story)).map((entry) => entry.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('does nothing more when it is advanced again', async () => {
    const before = (await auditOf(story)).length;
    const { rows: later } = await requestsDuring(story, () => story.onboarding.advance('contoso'));
    const again = await requestsDuring(story, () => story.onboarding.advance('contoso'));
    expect(again.rows).toEqual([]);
    expect((await auditOf(story)).length).toBe(before);
    expect(later.length).toBeLessThan(25);
  });

  it('rests on what is recorded, documented or reported, but for what the sign-in pages list and ask', () => {
    const touched = new Set(story.sandbox.requests().flatMap((row) => [`${row.rule};grade=${row.grade}`, ...row.itemRules]));
    const assumed = [...touched].filter((rule) => rule.endsWith(';grade=assumed'));
    expect(touched.size).toBeGreaterThan(15);
    expect(assumed).toEqual(['SIGNIN-PICKER;grade=assumed']);
    expect(assumed.length / touched.size).toBeLessThanOrEqual(0.1);
  });
});
