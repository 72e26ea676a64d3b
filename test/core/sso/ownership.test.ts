import { describe, expect, it } from 'vitest';
import { sha256Base64Url } from '../../../src/core/internal/encoding';
import { CONSUMER_TENANT_ID } from '../../../src/core/internal/tenant-name';
import { bindAdmin } from '../../../src/core/sso/binding';
import { CLAIM_GRACE_MS } from '../../../src/core/sso/claims';
import type { StandingEvidence } from '../../../src/core/sso/model';
import { confirmOwnership, findOwnership, findPendingOwnership, judgeOwnershipStanding, openOwnership, PENDING_OWNERSHIP_MS, releaseOwnership, requireOwnership } from '../../../src/core/sso/ownership';
import { ADA, BOB, BROWSER, bindInput, dump, dyingStore, EXCHANGE, GLOBAL, HOME, OTHER_TENANT, own, qualifying, signedIn, TENANT, testPorts } from './support';

const OPEN = { signIn: signedIn(), standing: qualifying(), provenTenantId: TENANT, homeTenantId: HOME };

async function opened(overrides: Partial<typeof OPEN> = {}) {
  const ports = testPorts();
  const pending = await openOwnership(ports, { ...OPEN, ...overrides });
  return { ports, pending, press: { accountId: 'contoso', browserSecret: BROWSER, csrf: pending.csrf } };
}

describe('openOwnership', () => {
  it('shows the page to an admin who signed in at the proven tenant', async () => {
    const { pending, ports } = await opened();
    expect(pending).toMatchObject({ accountId: 'contoso', tenantId: TENANT, objectId: ADA, upn: '1@contoso.example', displayName: 'Ada Admin', confirmed: false, expiresAt: ports.clock.now() + PENDING_OWNERSHIP_MS });
    expect(await findPendingOwnership(ports, { accountId: 'contoso', browserSecret: BROWSER })).toEqual(pending);
  });

  it.each<[string, StandingEvidence, string]>([
    ['a guest Global Administrator', qualifying(ADA, { userType: 'guest' }), 'SSO_GUEST_REFUSED'],
    ['a guest, as the directory judges', { ...qualifying(ADA, { userType: 'guest' }), outcome: 'does_not', reasons: ['guest'] }, 'SSO_GUEST_REFUSED'],
    ['somebody without the role', { outcome: 'does_not', roles: [], reasons: ['role_missing'] }, 'SSO_NOT_AN_ADMIN'],
    ['a disabled admin', qualifying(ADA, { accountEnabled: false }), 'SSO_NOT_AN_ADMIN'],
    ['an Exchange Administrator', qualifying(ADA, {}, [EXCHANGE]), 'SSO_NOT_AN_ADMIN'],
    ['another person\'s standing', qualifying(BOB), 'SSO_NOT_AN_ADMIN'],
    ['a standing without a person', { outcome: 'qualifies', roles: [GLOBAL], reasons: [] }, 'SSO_NOT_AN_ADMIN'],
    ['nobody can tell', { outcome: 'unknown', roles: [], reasons: ['unreadable'] }, 'SSO_STANDING_UNKNOWN'],
  ])('refuses %s', async (_, standing, code) => {
    const ports = testPorts();
    await expect(openOwnership(ports, { ...OPEN, standing })).rejects.toMatchObject({ code });
    expect(await dump(ports.store)).toEqual({});
  });

  it.each([
    ['a sign-in at another tenant than the consent proved', { signIn: signedIn({ tenantId: OTHER_TENANT }) }, 'SSO_WRONG_TENANT'],
    ['a consent that proved nothing yet', { provenTenantId: '' }, 'SSO_WRONG_TENANT'],
    ['the partner\'s own tenant', { signIn: signedIn({ tenantId: HOME }), provenTenantId: HOME }, 'SSO_TENANT_REFUSED'],
    ['the tenant of personal accounts', { signIn: signedIn({ tenantId: CONSUMER_TENANT_ID }), provenTenantId: CONSUMER_TENANT_ID }, 'SSO_TENANT_REFUSED'],
    ['a sign-in from long ago', { signIn: signedIn({ signedInAt: signedIn().signedInAt - PENDING_OWNERSHIP_MS - 1 }) }, 'SSO_CONFIRMATION_EXPIRED'],
  ])('refuses %s', async (_, overrides, code) => {
    await expect(opened(overrides)).rejects.toMatchObject({ code });
  });

  it('says early that the tenant belongs to somebody else, naming nobody', async () => {
    const ports = testPorts();
    await own(ports, { accountId: 'fabrikam' });
    const error: unknown = await openOwnership(ports, OPEN).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSO_TENANT_CLAIMED' });
    expect(JSON.stringify(error)).not.toContain('fabrikam');
  });

  it('takes a Privileged Role Administrator, and an id in another case', () => {
    const role = { roleTemplateId: 'E8611AB8-C189-46E8-94E1-60213AB1F814', role: 'Privileged Role Administrator', via: 'group' as const };
    expect(judgeOwnershipStanding(qualifying(ADA.toUpperCase(), {}, [role]), ADA)).toMatchObject({ verdict: 'proven' });
  });
});

describe('a page that is opened again', () => {
  it('keeps its end and what was done with it, for the same sign-in', async () => {
    const { ports, pending, press } = await opened();
    ports.clock.advance(60_000);
    expect(await openOwnership(ports, OPEN)).toEqual(pending);
    await confirmOwnership(ports, press);
    expect(await openOwnership(ports, OPEN)).toEqual({ ...pending, confirmed: true });
  });

  it('ends although the store forgets nothing', async () => {
    const ports = testPorts();
    const { store } = ports;
    const forgetful = { ...dyingStore(store, Infinity), claim: (key: string, value: string) => store.claim(key, value) };
    const pending = await openOwnership({ ...ports, store: forgetful }, OPEN);
    ports.clock.advance(PENDING_OWNERSHIP_MS);
    await expect(confirmOwnership(ports, { accountId: 'contoso', browserSecret: BROWSER, csrf: pending.csrf })).rejects.toMatchObject({ code: 'SSO_CONFIRMATION_EXPIRED' });
  });
});

describe('confirmOwnership', () => {
  it('claims tenant and account for each other and keeps the evidence', async () => {
    const { ports, press } = await opened();
    const evidence = await confirmOwnership(ports, { ...press, accessLevel: 'restricted' });
    expect(evidence).toMatchObject({ accountId: 'contoso', tenantId: TENANT, objectId: ADA, upn: '1@contoso.example', roles: ['Global Administrator'], confirmedAt: ports.clock.now(), accessLevel: 'restricted' });
    expect(await requireOwnership(ports, 'contoso')).toEqual(evidence);
    expect(ports.audit.events.map(({ action, phase, actor, outcome }) => [action, phase, actor, outcome])).toEqual([
      ['sso.ownership_confirmed', 'intent', `customer-admin:${ADA}`, undefined],
      ['sso.ownership_confirmed', 'outcome', `customer-admin:${ADA}`, 'done'],
    ]);
  });

  it.each<[string, Partial<Awaited<ReturnType<typeof opened>>['press']>, string]>([
    ['no CSRF value', { csrf: '' }, 'SSO_CONFIRMATION_INVALID'],
    ['a guessed CSRF value', { csrf: `k1.${'A'.repeat(43)}` }, 'SSO_CONFIRMATION_INVALID'],
    ['the page of another account', { accountId: 'fabrikam' }, 'SSO_CONFIRMATION_INVALID'],
    ['another browser', { browserSecret: 'another-secret' }, 'SSO_CONFIRMATION_EXPIRED'],
  ])('refuses %s and claims nothing', async (_, overrides, code) => {
    const { ports, press } = await opened();
    await expect(confirmOwnership(ports, { ...press, ...overrides })).rejects.toMatchObject({ code });
    expect(Object.keys(await dump(ports.store))).toEqual([`sso/ownership-pending/${sha256Base64Url(BROWSER)}`]);
    expect(ports.audit.events).toEqual([]);
    await expect(confirmOwnership(ports, press)).resolves.toMatchObject({ tenantId: TENANT });
  });

  it('refuses a missing CSRF value and a missing cookie', async () => {
    const { ports, press } = await opened();
    await expect(confirmOwnership(ports, { ...press, csrf: undefined })).rejects.toMatchObject({ code: 'SSO_CONFIRMATION_INVALID' });
    await expect(confirmOwnership(ports, { ...press, browserSecret: undefined })).rejects.toMatchObject({ code: 'SSO_BROWSER_MISMATCH' });
  });

  it('does not take the CSRF value of one browser in another that signed in too', async () => {
    const { ports, press } = await opened();
    const second = 'browser-secret-2';
    await openOwnership(ports, { ...OPEN, signIn: signedIn({ browserHash: sha256Base64Url(second) }) });
    await expect(confirmOwnership(ports, { ...press, browserSecret: second })).rejects.toMatchObject({ code: 'SSO_CONFIRMATION_INVALID' });
  });

  it('does not take evidence that was copied to another browser in the store', async () => {
    const { ports, press } = await opened();
    const mine = await ports.store.get(`sso/ownership-pending/${sha256Base64Url(BROWSER)}`);
    await ports.store.set(`sso/ownership-pending/${sha256Base64Url('thief')}`, mine?.value ?? '');
    await expect(confirmOwnership(ports, { ...press, browserSecret: 'thief' })).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
  });

  it('ends after half an hour', async () => {
    const { ports, press } = await opened();
    ports.clock.advance(PENDING_OWNERSHIP_MS);
    await expect(confirmOwnership(ports, press)).rejects.toMatchObject({ code: 'SSO_CONFIRMATION_EXPIRED' });
    expect(await findPendingOwnership(ports, { accountId: 'contoso', browserSecret: BROWSER })).toBeUndefined();
  });

  it('takes a double click for one', async () => {
    const { ports, press } = await opened();
    const [first, second] = await Promise.all([confirmOwnership(ports, press), confirmOwnership(ports, press)]);
    expect(second).toEqual(first);
    expect(await confirmOwnership(ports, press)).toEqual(first);
    expect(ports.audit.events).toHaveLength(2);
  });

  it('lets one of two accounts that race for a tenant win, and leaves nothing of the other', async () => {
    const ports = testPorts();
    const race = ['contoso', 'fabrikam', 'tailspin'].map(async (accountId) => {
      const browserSecret = `browser-of-${accountId}`;
      const pending = await openOwnership(ports, { ...OPEN, signIn: signedIn({ accountId, browserHash: sha256Base64Url(browserSecret) }) });
      return { accountId, browserSecret, csrf: pending.csrf };
    });
    const presses = await Promise.all(race);
    const results = await Promise.allSettled(presses.map((press) => confirmOwnership(ports, press)));
    const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.accountId] : []));
    expect(winners).toHaveLength(1);
    expect(results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { code: string }).code] : []))).toEqual(['SSO_TENANT_CLAIMED', 'SSO_TENANT_CLAIMED']);
    for (const { accountId } of presses) expect((await findOwnership(ports, accountId))?.accountId).toBe(winners.includes(accountId) ? accountId : undefined);
    expect(ports.audit.events.filter((event) => event.outcome === 'refused')).toHaveLength(2);
  });

  it('lets one of two tenants win when their admins confirm the same account, and frees the other tenant', async () => {
    const ports = testPorts();
    const presses = await Promise.all(
      [TENANT, OTHER_TENANT].map(async (tenantId) => {
        const browserSecret = `browser-of-${tenantId}`;
        const pending = await openOwnership(ports, { ...OPEN, signIn: signedIn({ tenantId, browserHash: sha256Base64Url(browserSecret) }), provenTenantId: tenantId });
        return { accountId: 'contoso', browserSecret, csrf: pending.csrf };
      }),
    );
    const results = await Promise.allSettled(presses.map((press) => confirmOwnership(ports, press)));
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    const owned = (await requireOwnership(ports, 'contoso')).tenantId;
    const free = owned === TENANT ? OTHER_TENANT : TENANT;
    await expect(own(ports, { accountId: 'fabrikam', tenantId: free })).resolves.toMatchObject({ tenantId: free });
    await expect(own(ports, { tenantId: OTHER_TENANT === owned ? TENANT : OTHER_TENANT })).rejects.toMatchObject({ code: 'SSO_ACCOUNT_CLAIMED' });
  });

  it('renews the evidence when another admin of the tenant confirms the same account', async () => {
    const ports = testPorts();
    await own(ports);
    const signIn = signedIn({ objectId: BOB, browserHash: sha256Base64Url('bob') });
    const pending = await openOwnership(ports, { ...OPEN, signIn, standing: qualifying(BOB) });
    await confirmOwnership(ports, { accountId: 'contoso', browserSecret: 'bob', csrf: pending.csrf });
    expect(await findOwnership(ports, 'contoso')).toMatchObject({ objectId: BOB, tenantId: TENANT });
  });

  it('does not give a tenant away however long ago it was claimed', async () => {
    const ports = testPorts();
    await own(ports);
    ports.clock.advance(400 * 86_400_000);
    await expect(own(ports, { accountId: 'fabrikam' })).rejects.toMatchObject({ code: 'SSO_TENANT_CLAIMED' });
    await expect(own(ports, { tenantId: OTHER_TENANT })).rejects.toMatchObject({ code: 'SSO_ACCOUNT_CLAIMED' });
    expect(await findOwnership(ports, 'contoso')).toMatchObject({ tenantId: TENANT });
  });

  it('claims nothing while the audit is down', async () => {
    const { ports, press } = await opened();
    ports.audit.down = true;
    await expect(confirmOwnership(ports, press)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await findOwnership(ports, 'contoso')).toBeUndefined();
    expect(Object.keys(await dump(ports.store))).toHaveLength(1);
  });

  it('can be killed after any write and finished by pressing again, with nothing doubled', async () => {
    const whole = await opened();
    const expected = await confirmOwnership(whole.ports, whole.press);
    const rows = Object.keys(await dump(whole.ports.store)).sort();
    let survived = 0;
    for (let writes = 0; survived === 0; writes += 1) {
      const { ports, press } = await opened();
      const died = await confirmOwnership({ ...ports, store: dyingStore(ports.store, writes) }, press).then(() => false, () => true);
      if (!died) survived = writes;
      expect(await confirmOwnership(ports, press)).toEqual(expected);
      expect(await requireOwnership(ports, 'contoso')).toEqual(expected);
      expect(Object.keys(await dump(ports.store)).sort()).toEqual(rows);
      expect(ports.audit.events.map((event) => event.id)).toEqual(whole.ports.audit.events.map((event) => event.id));
    }
    expect(survived).toBe(4);
  });

  it('lets another account have a tenant whose claimant died half-way, but not at once, and never both', async () => {
    const { ports, press } = await opened();
    await confirmOwnership({ ...ports, store: dyingStore(ports.store, 2) }, press).catch(() => undefined);
    expect(await findOwnership(ports, 'contoso')).toBeUndefined();
    await expect(own(ports, { accountId: 'fabrikam' })).rejects.toMatchObject({ code: 'SSO_TENANT_CLAIMED' });
    ports.clock.advance(CLAIM_GRACE_MS);
    await expect(own(ports, { accountId: 'fabrikam' })).resolves.toMatchObject({ accountId: 'fabrikam' });
    await expect(confirmOwnership(ports, press)).rejects.toMatchObject({ code: 'SSO_TENANT_CLAIMED' });
    expect([await findOwnership(ports, 'contoso'), (await findOwnership(ports, 'fabrikam'))?.tenantId]).toEqual([undefined, TENANT]);
  });

  it('notices at the last step that its claim was taken over, and gives up its own side', async () => {
    const { ports, press } = await opened();
    let overtaken = false;
    const store = {
      ...dyingStore(ports.store, 99),
      // Asleep after the account's own record was written: long enough for somebody else.
      claim: async (...write: Parameters<typeof ports.store.claim>) => {
        const won = await ports.store.claim(...write);
        if (write[0] === 'sso/account-tenant/contoso' && !overtaken) {
          overtaken = true;
          ports.clock.advance(CLAIM_GRACE_MS);
          await own(ports, { accountId: 'fabrikam' });
        }
        return won;
      },
    };
    await expect(confirmOwnership({ ...ports, store }, press)).rejects.toMatchObject({ code: 'SSO_TENANT_CLAIMED' });
    expect([await findOwnership(ports, 'contoso'), (await findOwnership(ports, 'fabrikam'))?.tenantId]).toEqual([undefined, TENANT]);
  });
});

describe('a claim that a killed process left half-way', () => {
  it('does not keep the account from another tenant once it ran out', async () => {
    const { ports, press } = await opened();
    await confirmOwnership({ ...ports, store: dyingStore(ports.store, 2) }, press).catch(() => undefined);
    await expect(own(ports, { tenantId: OTHER_TENANT })).rejects.toMatchObject({ code: 'SSO_ACCOUNT_CLAIMED' });
    ports.clock.advance(CLAIM_GRACE_MS);
    await expect(own(ports, { tenantId: OTHER_TENANT })).resolves.toMatchObject({ tenantId: OTHER_TENANT });
    await expect(confirmOwnership(ports, press)).rejects.toMatchObject({ code: 'SSO_ACCOUNT_CLAIMED' });
    expect(await findOwnership(ports, 'contoso')).toMatchObject({ tenantId: OTHER_TENANT });
    await expect(own(ports, { accountId: 'fabrikam' })).resolves.toMatchObject({ tenantId: TENANT });
  });

  it('frees its tenant when it wakes up and the account has another one', async () => {
    const { ports, press } = await opened();
    let asleep = true;
    const store = {
      ...dyingStore(ports.store, 99),
      claim: async (...write: Parameters<typeof ports.store.claim>) => {
        const won = await ports.store.claim(...write);
        if (write[0] === 'sso/account-tenant/contoso' && asleep) {
          asleep = false;
          ports.clock.advance(CLAIM_GRACE_MS);
          await own(ports, { tenantId: OTHER_TENANT });
        }
        return won;
      },
    };
    await expect(confirmOwnership({ ...ports, store }, press)).rejects.toMatchObject({ code: 'SSO_ACCOUNT_CLAIMED' });
    expect(await findOwnership(ports, 'contoso')).toMatchObject({ tenantId: OTHER_TENANT });
    await expect(own(ports, { accountId: 'fabrikam' })).resolves.toMatchObject({ tenantId: TENANT });
  });
});

describe('ownership without evidence', () => {
  it('gives an operator who pins a stranger\'s domain nothing', async () => {
    const ports = testPorts();
    await expect(requireOwnership(ports, 'contoso')).rejects.toMatchObject({ code: 'SSO_OWNERSHIP_UNPROVEN' });
    await expect(bindAdmin(ports, bindInput())).rejects.toMatchObject({ code: 'SSO_OWNERSHIP_UNPROVEN' });
    expect([await dump(ports.store), ports.audit.events]).toEqual([{}, []]);
  });

  it('does not make an account the owner of a second tenant it once looked at', async () => {
    const ports = testPorts();
    await own(ports);
    await expect(bindAdmin(ports, bindInput(ADA, { tenantId: OTHER_TENANT }))).rejects.toMatchObject({ code: 'SSO_OWNERSHIP_UNPROVEN' });
  });

  it('refuses records that were written into the store by hand or moved between accounts', async () => {
    const ports = testPorts();
    await own(ports, { accountId: 'fabrikam' });
    const rows = await dump(ports.store);
    await ports.store.set('sso/account-tenant/contoso', (rows['sso/account-tenant/fabrikam'] ?? '').replaceAll('fabrikam', 'contoso'));
    await expect(requireOwnership(ports, 'contoso')).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
    await ports.store.set('sso/account-tenant/contoso', rows['sso/account-tenant/fabrikam'] ?? '');
    await expect(requireOwnership(ports, 'contoso')).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
  });
});

describe('releaseOwnership', () => {
  it('frees the tenant for another account and closes the used page', async () => {
    const { ports, press } = await opened();
    await confirmOwnership(ports, press);
    expect(await releaseOwnership(ports, { accountId: 'contoso', actor: 'op-1', reason: 'contract ended' })).toBe(true);
    expect(await findOwnership(ports, 'contoso')).toBeUndefined();
    await expect(confirmOwnership(ports, press)).rejects.toMatchObject({ code: 'SSO_CONFIRMATION_EXPIRED' });
    await expect(own(ports, { accountId: 'fabrikam' })).resolves.toMatchObject({ tenantId: TENANT });
    expect(await releaseOwnership(ports, { accountId: 'contoso', actor: 'op-1' })).toBe(false);
    expect(await findOwnership(ports, 'fabrikam')).toMatchObject({ tenantId: TENANT });
  });

  it('goes through when the audit is down, and writes the entry when it is run again', async () => {
    const ports = testPorts();
    await own(ports);
    ports.audit.down = true;
    await expect(releaseOwnership(ports, { accountId: 'contoso', actor: 'op-1' })).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await findOwnership(ports, 'contoso')).toBeUndefined();
    ports.audit.down = false;
    await releaseOwnership(ports, { accountId: 'contoso', actor: 'op-1' });
    expect(ports.audit.events.filter((event) => event.action === 'sso.ownership_released')).toHaveLength(1);
  });

  it('knows nothing to release for an account that never owned a tenant', async () => {
    expect(await releaseOwnership(testPorts(), { accountId: 'contoso', actor: 'op-1' })).toBe(false);
  });
});
