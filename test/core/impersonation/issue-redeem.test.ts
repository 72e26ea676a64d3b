import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sha256Base64Url } from '../../../src/core/internal/encoding';
import { secret } from '../../../src/core/internal/secret';
import { issueImpersonation } from '../../../src/core/impersonation/issue';
import { checkGrant } from '../../../src/core/impersonation/grant';
import { readClientKey } from '../../../src/core/impersonation/key-id';
import { flushRevocationAudit, revokeImpersonation } from '../../../src/core/impersonation/revoke';
import { ensureSigningKey, publicKeySet } from '../../../src/core/impersonation/signing-keys';
import type { StateStore } from '../../../src/core/ports';
import { createMemoryStore } from '../../../src/core/adapters/memory-store';
import { createMovableClock } from '../../../src/core/testing/movable-clock';
import { ADMIN, AUDIENCE, createWorld, decodeJwt, failedCheck, forgeJwt, ISSUER, issueCode, issueInput, jwt, portalKey, redeem, redeemInput, refusal, REDEEM_URL, signAssertion, START, TENANT, type World } from './support';

const strangerKey = readClientKey((await jwt.generateSigningKey('ES256')).privateKey, 'ES256');

const keysOf = async (store: StateStore, prefix: string) => {
  const keys: string[] = [];
  for await (const row of store.list(prefix)) keys.push(row.key);
  return keys;
};

const phases = (world: World) => world.audit.map((event) => `${event.action} ${event.phase}${event.outcome === undefined ? '' : ` ${event.outcome}`}`);

describe('issuing an impersonation', () => {
  it('gives a one-time code of 256 bits that lives a minute and is kept only as a hash', async () => {
    const world = createWorld();
    const issued = await issueImpersonation(world.ports, issueInput());
    expect(issued).toMatchObject({ deliverTo: 'https://portal.example/enter', expiresAt: START + 60_000 });
    expect(Buffer.from(issued.code.reveal(), 'base64url')).toHaveLength(32);
    const [key] = await keysOf(world.store, 'impersonation/code/');
    expect(key).toBe(`impersonation/code/${sha256Base64Url(issued.code.reveal())}`);
    expect((await world.store.get(key ?? ''))?.value).not.toContain(issued.code.reveal());
    expect(inspect(issued, { depth: 9 }) + JSON.stringify(issued) + JSON.stringify(world.audit)).not.toContain(issued.code.reveal());
  });

  it('writes down who, as whom and why before anything usable exists', async () => {
    const world = createWorld();
    const seen: string[][] = [];
    world.failAudit((event) => {
      if (event.phase === 'intent') void keysOf(world.store, 'impersonation/').then((keys) => seen.push(keys));
      return false;
    });
    await issueCode(world);
    expect(seen).toEqual([[]]);
    expect(phases(world)).toEqual(['impersonation.issue intent', 'impersonation.issue outcome done']);
    expect(world.audit[0]).toMatchObject({ actor: 'op-1', subject: `${TENANT}:${ADMIN}`, accountId: 'contoso', tenantId: TENANT, reason: 'Ticket 4711' });
  });

  it.each(['intent', 'outcome'])('grants nothing and leaves nothing usable when the audit cannot take the %s', async (phase) => {
    const world = createWorld();
    world.failAudit((event) => event.phase === phase);
    expect(await refusal(issueCode(world))).toBe('AUDIT_UNAVAILABLE');
    expect(await keysOf(world.store, 'impersonation/code/')).toEqual([]);
  });

  it('raises and records the refusal of the policy', async () => {
    const world = createWorld();
    const decision = { allowed: false, code: 'IMPERSONATION_LEVEL_NONE', message: 'The access level for this account is none.' } as const;
    expect(await refusal(issueCode(world, { decision }))).toBe('IMPERSONATION_LEVEL_NONE');
    expect(world.audit).toMatchObject([{ phase: 'note', outcome: 'refused', details: { code: 'IMPERSONATION_LEVEL_NONE' } }]);
    expect(await keysOf(world.store, 'impersonation/')).toEqual([]);
  });

  it('names nobody in the audit when nobody is bound, and still issues nothing', async () => {
    const world = createWorld();
    const decision = { allowed: false, code: 'IMPERSONATION_NOT_ACTIVE', message: 'No admin is bound to this account.' } as const;
    expect(await refusal(issueCode(world, { decision, binding: undefined }))).toBe('IMPERSONATION_NOT_ACTIVE');
    expect(world.audit).toMatchObject([{ actor: 'op-1', accountId: 'contoso', outcome: 'refused' }]);
    expect(world.audit[0]).not.toHaveProperty('subject');
    expect(await refusal(issueCode(world, { binding: undefined }))).toBe('INPUT_INVALID');
    expect(world.audit).toHaveLength(1);
  });

  it.each([
    ['a plain http portal', { portal: { audience: AUDIENCE, deliverTo: 'http://portal.example/enter' } }, 'IMPERSONATION_PORTAL_UNCONFIGURED'],
    ['an address with a query', { portal: { audience: AUDIENCE, deliverTo: 'https://portal.example/enter?x=1' } }, 'IMPERSONATION_PORTAL_UNCONFIGURED'],
    ['a portal without an audience', { portal: { audience: '', deliverTo: 'https://portal.example/enter' } }, 'IMPERSONATION_PORTAL_UNCONFIGURED'],
    ['a code that lives five minutes', { ttlSeconds: 300 }, 'INPUT_INVALID'],
    ['a life that is no number', { ttlSeconds: Number.NaN }, 'INPUT_INVALID'],
    ['a tenant given by name', { binding: { tenantId: 'contoso.example', userObjectId: ADMIN } }, 'INPUT_INVALID'],
    ['an operator nobody authenticated', { operator: { id: 'op-1', issuer: '' } }, 'INPUT_INVALID'],
    ['a store that other processes do not share', { deployment: 'host' }, 'STATE_SCOPE_TOO_SMALL'],
  ] as const)('refuses %s', async (_what, changes, code) => {
    expect(await refusal(issueCode(createWorld(), changes))).toBe(code);
  });
});

describe('redeeming a one-time code', () => {
  it('gives an authenticated portal a grant that its verifier accepts', async () => {
    const world = createWorld();
    const { grant, expiresAt } = await redeem(world, await issueCode(world));
    const verified = await jwt.verify(grant.reveal(), (await publicKeySet(world.ports)).keys, { algorithms: ['ES256'], typ: 'impersonation+jwt' });
    expect(checkGrant(verified.header, verified.claims, { issuer: ISSUER, audience: AUDIENCE }, world.clock.now())).toMatchObject({
      ok: true,
      grant: { accountId: 'contoso', tenantId: TENANT, userObjectId: ADMIN, actor: { issuer: ISSUER, id: 'op-1' }, accessLevel: 'restricted', reason: 'Ticket 4711' },
    });
    expect(expiresAt).toBe(START + 120_000);
    expect(phases(world).slice(2)).toEqual(['impersonation.redeem intent', 'impersonation.redeem outcome done']);
    expect(JSON.stringify(world.audit)).not.toContain(grant.reveal());
  });

  it('starts the two minutes of a grant at its redemption, not when the code was issued', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    world.clock.advance(59_000);
    const { grant } = await redeem(world, code);
    expect(decodeJwt(grant.reveal()).claims).toMatchObject({ iat: START / 1000 + 59, exp: START / 1000 + 179 });
  });

  it('tells a replayed code from an invented one', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    await redeem(world, code);
    expect(await refusal(redeem(world, code))).toBe('IMPERSONATION_CODE_SPENT');
    world.clock.advance(300_000);
    expect(await refusal(redeem(world, code))).toBe('IMPERSONATION_CODE_SPENT');
    expect(await refusal(redeem(world, secret('A'.repeat(43))))).toBe('IMPERSONATION_CODE_UNKNOWN');
    expect(await refusal(redeem(world, secret('../../accounts')))).toBe('IMPERSONATION_CODE_UNKNOWN');
  });

  it('answers exactly one of fifty redemptions that all found the code unspent', async () => {
    const world = createWorld(createRacingStore(50));
    const code = await issueCode(world);
    await ensureSigningKey(world.ports);
    const answers = await Promise.all(Array.from({ length: 50 }, () => refusal(redeem(world, code))));
    expect(answers.filter((answer) => answer === 'nothing was refused')).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(['nothing was refused', 'IMPERSONATION_CODE_SPENT']));
  });

  it('refuses a code after its minute', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    world.clock.advance(60_000);
    expect(await refusal(redeem(world, code))).toBe('IMPERSONATION_CODE_EXPIRED');
  });

  it('lets another portal neither use nor burn a code', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    const clientAssertion = await signAssertion(world, { key: strangerKey, claims: { iss: 'other-portal', sub: 'other-portal' } });
    expect(await refusal(redeem(world, code, { clientAssertion, portal: { audience: 'other-portal', keys: [strangerKey.publicJwk] } }))).toBe('IMPERSONATION_CODE_UNKNOWN');
    expect(await refusal(redeem(world, code))).toBe('nothing was refused');
  });

  it('lets somebody without the portal\'s key neither use nor burn a code', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    const forged = await signAssertion(world, { key: { ...strangerKey, publicJwk: portalKey.publicJwk } });
    expect(await refusal(redeem(world, code, { clientAssertion: forged }))).toBe('IMPERSONATION_PORTAL_UNAUTHENTICATED');
    expect(await refusal(redeem(world, code))).toBe('nothing was refused');
  });

  it('takes an assertion once', async () => {
    const world = createWorld();
    const clientAssertion = await signAssertion(world);
    await redeem(world, await issueCode(world), { clientAssertion });
    expect(await failedCheck(redeem(world, await issueCode(world), { clientAssertion }))).toBe('jti_replayed');
  });

  it.each<[string, Parameters<typeof signAssertion>[1], string]>([
    ['speaks for another client', { claims: { iss: 'other-portal' } }, 'iss_wrong'],
    ['is about another client', { claims: { sub: 'other-portal' } }, 'sub_wrong'],
    ['was made for another address', { claims: { aud: 'https://other.example/token' } }, 'aud_wrong'],
    ['was made for several addresses', { claims: { aud: [REDEEM_URL, 'https://other.example/token'] } }, 'aud_wrong'],
    ['has no id', { claims: { jti: '' } }, 'jti_missing'],
    ['has no end', { claims: { exp: 'never' } }, 'exp_missing'],
    ['is over', { claims: { exp: START / 1000 - 11 } }, 'expired'],
    ['lives an hour', { claims: { exp: START / 1000 + 3_600 } }, 'lifetime_too_long'],
    ['comes from the future', { claims: { iat: START / 1000 + 60 } }, 'issued_in_future'],
    ['is not valid yet', { claims: { nbf: START / 1000 + 60 } }, 'not_yet_valid'],
    ['names no key', { header: { kid: '' } }, 'signature'],
    ['names another key', { header: { kid: 'another' } }, 'signature'],
    ['brings its own key address', { header: { jku: 'https://evil.example/jwks' } }, 'signature'],
  ])('refuses a portal whose assertion %s', async (_what, changes, check) => {
    const world = createWorld();
    const code = await issueCode(world);
    expect(await failedCheck(redeem(world, code, { clientAssertion: await signAssertion(world, changes) }))).toBe(check);
  });

  it('refuses an assertion of another kind', async () => {
    const world = createWorld();
    expect(await failedCheck(redeem(world, await issueCode(world), { clientAssertionType: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }))).toBe('client_assertion_type');
  });

  it('refuses a code whose stored level was raised by hand', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    const [key = ''] = await keysOf(world.store, 'impersonation/code/');
    const stored = await world.store.get(key);
    await world.store.set(key, (stored?.value ?? '').replace('restricted', 'full'));
    expect((await world.store.get(key))?.value).toContain('full');
    expect(await refusal(redeem(world, code))).toBe('STATE_RECORD_TAMPERED');
  });

  it('refuses a record that was copied from another code', async () => {
    const world = createWorld();
    await issueCode(world, { decision: { allowed: true, accessLevel: 'full', reason: 'Ticket 4711' } });
    const [from = ''] = await keysOf(world.store, 'impersonation/code/');
    const own = secret('B'.repeat(43));
    await world.store.set(`impersonation/code/${sha256Base64Url(own.reveal())}`, (await world.store.get(from))?.value ?? '');
    expect(await refusal(redeem(world, own))).toBe('STATE_RECORD_TAMPERED');
  });

  it('keeps the code when the audit is down before it is spent', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    world.failAudit((event) => event.action === 'impersonation.redeem');
    expect(await refusal(redeem(world, code))).toBe('AUDIT_UNAVAILABLE');
    world.failAudit(() => false);
    expect(await refusal(redeem(world, code))).toBe('nothing was refused');
  });

  it('hands no grant out when the audit fails after signing', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    world.failAudit((event) => event.action === 'impersonation.redeem' && event.phase === 'outcome');
    expect(await refusal(redeem(world, code))).toBe('AUDIT_UNAVAILABLE');
    world.failAudit(() => false);
    expect(await refusal(redeem(world, code))).toBe('IMPERSONATION_CODE_SPENT');
  });

  it('leaves a code spent, never double, wherever a crash stops the redemption', async () => {
    let grants = 0;
    for (let dieAfter = 0; dieAfter < 6; dieAfter += 1) {
      const dying = createDyingStore();
      const world = createWorld(dying.store);
      const code = await issueCode(world);
      await ensureSigningKey(world.ports);
      dying.dieAfterWrites(dieAfter);
      const first = await refusal(redeem(world, code));
      dying.dieAfterWrites(Number.POSITIVE_INFINITY);
      const second = await refusal(redeem(world, code));
      const granted = [first, second].filter((answer) => answer === 'nothing was refused').length;
      expect(granted).toBeLessThanOrEqual(1);
      expect(['nothing was refused', 'IMPERSONATION_CODE_SPENT']).toContain(second);
      grants += granted;
    }
    expect(grants).toBeGreaterThan(0);
  });

  it('refuses an installation that did not issue the code', async () => {
    const world = createWorld();
    expect(await refusal(redeem(world, await issueCode(world), { issuer: 'https://other-partner.example' }))).toBe('IMPERSONATION_CODE_UNKNOWN');
  });

  it('refuses a store whose claims do not reach all processes', async () => {
    const world = createWorld();
    expect(await refusal(redeem(world, await issueCode(world), { deployment: 'shared' }))).toBe('STATE_SCOPE_TOO_SMALL');
  });

  it('asks the key loader at each redemption', async () => {
    const world = createWorld();
    const input = await redeemInput(world, await issueCode(world), { portal: { audience: AUDIENCE, keys: async () => [portalKey.publicJwk] } });
    expect(await refusal(redeem(world, input.code, input))).toBe('nothing was refused');
  });

  it.each(['none', 'HS256', 'HS512'])('refuses an assertion made with %s from what everybody knows', async (alg) => {
    const world = createWorld();
    const code = await issueCode(world);
    const { header, claims } = decodeJwt((await signAssertion(world)).reveal());
    const forged = forgeJwt({ ...header, alg }, claims, alg === 'none' ? undefined : JSON.stringify(portalKey.publicJwk));
    expect(await refusal(redeem(world, code, { clientAssertion: secret(forged) }))).toBe('IMPERSONATION_PORTAL_UNAUTHENTICATED');
    expect(await refusal(redeem(world, code))).toBe('nothing was refused');
  });
});

describe('revoking an impersonation', () => {
  const revocation = (jti: string) => ({ jti, actor: 'op-2', reason: 'wrong customer', accountId: 'contoso' });

  it('stops a code that was not redeemed yet', async () => {
    const world = createWorld();
    const { code, jti } = await issueImpersonation(world.ports, issueInput());
    expect(await revokeImpersonation(world.ports, revocation(jti))).toEqual({ audited: true });
    expect(await refusal(redeem(world, code))).toBe('IMPERSONATION_GRANT_REVOKED');
    expect(phases(world)).toContain('impersonation.redeem outcome refused');
  });

  it('works while the audit is down and writes its entry once the audit is back', async () => {
    const world = createWorld();
    const { code, jti } = await issueImpersonation(world.ports, issueInput());
    world.failAudit(() => true);
    expect(await revokeImpersonation(world.ports, revocation(jti))).toEqual({ audited: false });
    expect(await flushRevocationAudit(world.ports)).toBe(1);
    world.failAudit(() => false);
    expect(await refusal(redeem(world, code))).toBe('IMPERSONATION_GRANT_REVOKED');
    expect(await flushRevocationAudit(world.ports)).toBe(0);
    expect(world.audit.filter((event) => event.action === 'impersonation.revoke')).toMatchObject([{ actor: 'op-2', reason: 'wrong customer', accountId: 'contoso' }]);
  });
});

/** Lets nobody spend a code before `racers` have read it and want to. */
function createRacingStore(racers: number): StateStore {
  const inner = createMemoryStore({ clock: createMovableClock(START) });
  const gate = Promise.withResolvers<undefined>();
  let arrived = 0;
  return {
    ...inner,
    async claim(key, ...rest) {
      if (!key.startsWith('impersonation/spent/')) return inner.claim(key, ...rest);
      arrived += 1;
      if (arrived === racers) gate.resolve(undefined);
      await gate.promise;
      return inner.claim(key, ...rest);
    },
  };
}

function createDyingStore(): { store: StateStore; dieAfterWrites(count: number): void } {
  const inner = createMemoryStore({ clock: createMovableClock(START) });
  let left = Number.POSITIVE_INFINITY;
  async function write<T>(work: () => Promise<T>): Promise<T> {
    if (left <= 0) throw new Error('The process is gone.');
    const done = await work();
    left -= 1;
    if (left <= 0) throw new Error('The process is gone.');
    return done;
  }
  const store: StateStore = {
    ...inner,
    set: (...args) => write(() => inner.set(...args)),
    delete: (...args) => write(() => inner.delete(...args)),
    claim: (...args) => write(() => inner.claim(...args)),
    replace: (...args) => write(() => inner.replace(...args)),
  };
  return { store, dieAfterWrites: (count) => (left = count) };
}
