import { describe, expect, it } from 'vitest';
import { ensureSigningKey, publicKeySet, rotateSigningKey } from '../../../src/core/impersonation/signing-keys';
import { secret } from '../../../src/core/internal/secret';
import { createGrantVerifier, createKeySet, createPortalKit, type JsonObject, type SigningAlgorithm } from '../../../src/core/portal';
import { ADMIN, AUDIENCE, createWorld, decodeJwt, failedCheck, forgeJwt, ISSUER, jwt, refusal, TENANT } from '../impersonation/support';
import { createPortal, signGrant } from './support';

const stranger = await jwt.generateSigningKey('ES256');

describe('the portal\'s verification of a grant', () => {
  it('accepts a grant of the partner', async () => {
    const { kit, world } = createPortal();
    expect((await kit.receiveGrant(await signGrant(world))).facts).toMatchObject({ accountId: 'contoso', accountName: 'Contoso', tenantId: TENANT, adminName: 'Ada Admin', actor: { id: 'op-1' }, accessLevel: 'restricted' });
  });

  it('takes a grant once', async () => {
    const { kit, world } = createPortal();
    const grant = await signGrant(world);
    await kit.receiveGrant(grant);
    expect(await refusal(kit.receiveGrant(grant))).toBe('IMPERSONATION_GRANT_SPENT');
  });

  it('answers one of many who bring the same grant at the same time', async () => {
    const { kit, world } = createPortal();
    const grant = await signGrant(world);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refusal(kit.receiveGrant(grant))));
    expect(answers.filter((answer) => answer === 'nothing was refused')).toHaveLength(1);
  });

  it('remembers a spent grant when its clock is set back ten minutes', async () => {
    const { kit, world } = createPortal();
    const grant = await signGrant(world);
    await kit.receiveGrant(grant);
    world.clock.advance(11 * 60_000);
    expect(await failedCheck(kit.receiveGrant(grant))).toBe('expired');
    // Another entry is what makes the state drop whatever has expired.
    await kit.receiveGrant(await signGrant(world));
    world.clock.advance(-10 * 60_000);
    expect(await refusal(kit.receiveGrant(grant))).toBe('IMPERSONATION_GRANT_SPENT');
  });

  it.each<[string, JsonObject, string]>([
    ['another portal', { aud: 'other-portal' }, 'aud_wrong'],
    ['another issuer', { iss: 'https://evil.example' }, 'iss_wrong'],
    ['an account this portal does not know', { account_id: 'fabrikam' }, 'account_unknown'],
    ['another tenant than the account\'s', { sub: `99999999-2222-4333-8444-555555555555:${ADMIN}` }, 'tenant_mismatch'],
    ['a chain of actors', { act: { iss: 'a', sub: 'b', act: { iss: 'a', sub: 'c' } } }, 'act_nested'],
    ['nobody who acts', { act: null }, 'act_missing'],
    ['an end long ago', { iat: 1, nbf: 1, exp: 60 }, 'expired'],
  ])('refuses a grant that names %s', async (_what, claims, check) => {
    const { kit, world } = createPortal();
    expect(await failedCheck(kit.receiveGrant(await signGrant(world, { claims })))).toBe(check);
  });

  it('refuses a grant from ten minutes ahead', async () => {
    const { kit, world } = createPortal();
    const grant = await signGrant(world);
    world.clock.advance(-600_000);
    expect(await failedCheck(kit.receiveGrant(grant))).toBe('issued_in_future');
  });

  it('refuses a grant for nothing by its own code', async () => {
    const { kit, world } = createPortal();
    expect(await refusal(kit.receiveGrant(await signGrant(world, { claims: { access_level: 'none' } })))).toBe('IMPERSONATION_LEVEL_NONE');
  });

  it.each<[string, Parameters<typeof signGrant>[1], string]>([
    ['another kind of token by the same key', { header: { typ: 'JWT' } }, 'typ'],
    ['a token without a kind', { header: { typ: '' } }, 'typ'],
    ['a key address of the sender', { header: { jku: 'https://evil.example/jwks' } }, 'header'],
    ['a key of the sender', { header: { jwk: { kty: 'EC' } } }, 'header'],
    ['a certificate address of the sender', { header: { x5u: 'https://evil.example/c' } }, 'header'],
    ['another key under the partner\'s key id', { privateKey: stranger.privateKey }, 'signature'],
    ['a key id nobody published', { header: { kid: 'unheard-of' } }, 'kid'],
    ['a key id that is a path', { header: { kid: '../../etc/passwd' } }, 'kid'],
    ['a key id that is a query', { header: { kid: "' OR 1=1 --" } }, 'kid'],
    ['an empty key id', { header: { kid: '' } }, 'kid_missing'],
  ])('refuses %s', async (_what, changes, check) => {
    const { kit, world } = createPortal();
    expect(await failedCheck(kit.receiveGrant(await signGrant(world, changes)))).toBe(check);
  });

  it.each(['none', 'None', 'HS256', 'HS384', 'HS512', 'RS256', ''])('refuses a token that claims the algorithm "%s"', async (alg) => {
    const { kit, world } = createPortal();
    const { header, claims } = decodeJwt((await signGrant(world)).reveal());
    const { keys } = await publicKeySet(world.ports);
    for (const hmacKey of [undefined, JSON.stringify(keys[0]), JSON.stringify({ keys }), '']) {
      expect(await refusal(kit.receiveGrant(secret(forgeJwt({ ...header, alg }, claims, hmacKey))))).toBe('IMPERSONATION_GRANT_INVALID');
    }
  });

  it.each(['', '.', '..', 'a.b', 'a.b.c.d', '%%%.e30.x', `${'A'.repeat(5000)}.e30.x`, 'bnVsbA.e30.x', 'W10.e30.x'])('refuses text that is no token: %j', async (text) => {
    const { kit } = createPortal();
    expect(await refusal(kit.receiveGrant(secret(text)))).toBe('IMPERSONATION_GRANT_INVALID');
  });

  it.each(['none', 'HS256', 'RS256'])('cannot be configured to accept %s', (algorithm) => {
    const { options } = createPortal();
    expect(() => createPortalKit({ ...options, algorithms: [algorithm as SigningAlgorithm] })).toThrow(/algorithms/);
  });

  it.each([['no algorithm', { algorithms: [] }], ['no audience', { audience: '' }], ['no issuer', { issuer: '' }], ['a key set over plain http', { jwks: 'http://partner.example/jwks' }], ['a session of a week', { sessionMinutes: 10_080 }]])('cannot be configured with %s', (_what, changes) => {
    const { options } = createPortal();
    expect(() => createPortalKit({ ...options, ...changes })).toThrow(/cannot be used/);
  });

  it('ignores a symmetric key that slipped into the key set', async () => {
    const world = createWorld();
    const { header, claims } = decodeJwt((await signGrant(world)).reveal());
    const oct = { kty: 'oct', k: Buffer.from('known to all').toString('base64url'), kid: 'shared' };
    const keySet = createKeySet({ load: async () => ({ keys: [oct] }), clock: world.clock });
    expect(await keySet.keysFor('shared')).toEqual([]);
    const verify = createGrantVerifier({ issuer: ISSUER, audience: AUDIENCE, keySet, jwt, clock: world.clock });
    expect(await refusal(verify(secret(forgeJwt({ ...header, alg: 'HS256', kid: 'shared' }, claims, 'known to all'))))).toBe('IMPERSONATION_GRANT_INVALID');
  });
});

describe('the portal\'s key set', () => {
  it('is fetched once for many grants at once, and again after five minutes', async () => {
    const { kit, world, line } = createPortal();
    const grants = await Promise.all(Array.from({ length: 5 }, () => signGrant(world)));
    await Promise.all(grants.map((grant) => kit.receiveGrant(grant)));
    expect(line.requests).toHaveLength(1);
    world.clock.advance(299_000);
    await kit.receiveGrant(await signGrant(world));
    expect(line.requests).toHaveLength(1);
    world.clock.advance(1_000);
    await kit.receiveGrant(await signGrant(world));
    expect(line.requests).toHaveLength(2);
  });

  it('serves up to fifteen minutes when the partner does not answer, and then refuses', async () => {
    const { kit, world, line } = createPortal();
    await kit.receiveGrant(await signGrant(world));
    line.cut = true;
    world.clock.advance(899_000);
    expect(await refusal(kit.receiveGrant(await signGrant(world)))).toBe('nothing was refused');
    world.clock.advance(1_000);
    expect(await refusal(kit.receiveGrant(await signGrant(world)))).toBe('IMPERSONATION_KEYS_UNAVAILABLE');
  });

  it('follows a rotation in flight without refusing anybody', async () => {
    const { kit, world } = createPortal();
    await kit.receiveGrant(await signGrant(world));
    const next = await rotateSigningKey(world.ports);
    for (let passed = 0; passed <= 600; passed += 60) {
      expect(await refusal(kit.receiveGrant(await signGrant(world)))).toBe('nothing was refused');
      world.clock.advance(60_000);
    }
    expect((await ensureSigningKey(world.ports)).kid).toBe(next.kid);
  });

  it('looks once per cool-down for a key it does not know', async () => {
    const { kit, world, line } = createPortal();
    await kit.receiveGrant(await signGrant(world));
    world.clock.advance(31_000);
    const unknown = await signGrant(world, { header: { kid: 'unheard-of' } });
    for (let attempt = 0; attempt < 10; attempt += 1) await refusal(kit.receiveGrant(unknown));
    expect(line.requests).toHaveLength(2);
  });

  it.each([['text', 'no json'], ['another form', '{"keys":"none"}'], ['nothing', '']])('refuses %s in place of keys', async (_what, body) => {
    const { kit, world } = createPortal({ http: async () => ({ status: 200, body }) });
    expect(await refusal(kit.receiveGrant(await signGrant(world)))).toBe('IMPERSONATION_KEYS_UNAVAILABLE');
  });

  it('does not trust how old its keys are after the clock went back', async () => {
    const { kit, world, line } = createPortal();
    await kit.receiveGrant(await signGrant(world));
    world.clock.advance(-600_000);
    await kit.receiveGrant(await signGrant(world));
    expect(line.requests).toHaveLength(2);
  });
});
