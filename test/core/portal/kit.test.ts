import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { secret } from '../../../src/core/internal/secret';
import { PORTAL_AREAS, type PendingConfirmation, type PortalSession, type PortalState } from '../../../src/core/portal';
import { ADMIN, failedCheck, issueCode, refusal, START, TENANT } from '../impersonation/support';
import { createPortal, type Portal, signGrant } from './support';

const enter = async ({ kit, world }: Portal, accessLevel: 'restricted' | 'full' = 'restricted'): Promise<PendingConfirmation> =>
  kit.receiveCode(await issueCode(world, { decision: { allowed: true, accessLevel, reason: 'Ticket 4711' } }));

const start = async (portal: Portal, accessLevel?: 'restricted' | 'full') => {
  const pending = await enter(portal, accessLevel);
  return portal.kit.confirm(pending.id, pending.csrf);
};

const openAreas = ({ kit }: Portal, session: PortalSession) => PORTAL_AREAS.filter((area) => kit.allows(session, area));

describe('a session in the backup portal', () => {
  it('starts after a code and a confirmation, and knows who acts as whom', async () => {
    const portal = createPortal();
    const { key, session } = await start(portal);
    expect(session).toEqual({
      jti: session.jti, accountId: 'contoso', accountName: 'Contoso', tenantId: TENANT, subject: `${TENANT}:${ADMIN}`, adminName: 'Ada Admin',
      actor: { issuer: 'https://partner.example/m365', id: 'op-1' }, accessLevel: 'restricted', reason: 'Ticket 4711', startedAt: START, endsAt: START + 3_600_000,
    });
    expect(await portal.kit.findSession(key)).toEqual(session);
    expect(portal.log.map((entry) => [entry.action, entry.actor.id])).toEqual([['impersonation.entered', 'op-1'], ['impersonation.started', 'op-1']]);
  });

  it('has one deadline, counted from the redemption, that nothing moves', async () => {
    const portal = createPortal({ sessionMinutes: 30 });
    const pending = await enter(portal);
    portal.world.clock.advance(240_000);
    const { key, session } = await portal.kit.confirm(pending.id, pending.csrf);
    expect(session).toMatchObject({ startedAt: START + 240_000, endsAt: START + 1_800_000 });
    portal.world.clock.moveTo(START + 1_799_999);
    expect(await portal.kit.findSession(key)).toEqual(session);
    portal.world.clock.moveTo(START + 1_800_000);
    expect(await portal.kit.findSession(key)).toBeUndefined();
    expect(openAreas(portal, session)).toEqual([]);
  });

  it('does not rely on the portal\'s state to forget sessions and confirmations in time', async () => {
    const inner = createPortal().options.state;
    const portal = createPortal({ state: { ...inner, set: (name, value) => inner.set(name, value) } });
    const { key } = await start(portal);
    const late = await enter(portal);
    portal.world.clock.advance(3_600_000);
    expect(await portal.kit.findSession(key)).toBeUndefined();
    expect(await failedCheck(portal.kit.confirm(late.id, late.csrf))).toBe('expired');
  });

  it('opens at the restricted level everything but data, at the full level everything', async () => {
    const portal = createPortal();
    expect(openAreas(portal, (await start(portal)).session)).toEqual(['dashboard', 'users', 'settings', 'audit']);
    expect(openAreas(portal, (await start(portal, 'full')).session)).toEqual(PORTAL_AREAS);
  });

  it('opens nothing for an area or a level it does not know', async () => {
    const portal = createPortal();
    const { session } = await start(portal, 'full');
    expect(portal.kit.allows(session, 'constructor' as 'data')).toBe(false);
    expect(portal.kit.allows({ ...session, accessLevel: 'none' as 'full' }, 'dashboard')).toBe(false);
  });

  it('names operator, partner, admin, reason and end in its banner', async () => {
    const portal = createPortal();
    expect(portal.kit.banner((await start(portal)).session)).toBe('op-1 acting for Northwind Backup as Ada Admin (restricted access), reason: Ticket 4711, ends at 2026-01-15 10:00 UTC');
  });

  it('ends when it is ended, once', async () => {
    const portal = createPortal();
    const { key } = await start(portal);
    expect(await portal.kit.endSession(key)).toBe(true);
    expect(await portal.kit.findSession(key)).toBeUndefined();
    expect(await portal.kit.endSession(key)).toBe(false);
    expect(portal.log.filter((entry) => entry.action === 'impersonation.ended')).toHaveLength(1);
  });

  it('ends even when the log is down, and starts only when it is up', async () => {
    const down = { now: false };
    const portal = createPortal({
      log: async () => {
        if (down.now) throw new Error('The log is down.');
      },
    });
    const { key } = await start(portal);
    const waiting = await enter(portal);
    down.now = true;
    await expect(portal.kit.endSession(key)).rejects.toThrow('The log is down.');
    expect(await portal.kit.findSession(key)).toBeUndefined();
    await expect(portal.kit.confirm(waiting.id, waiting.csrf)).rejects.toThrow('The log is down.');
    await expect(enter(portal)).rejects.toThrow('The log is down.');
  });

  it('is not there for anybody when the state does not answer', async () => {
    const working = createPortal();
    const { key } = await start(working);
    const state: PortalState = { ...working.options.state, get: async () => Promise.reject(new Error('The state is down.')), claim: async () => Promise.reject(new Error('The state is down.')) };
    const broken = createPortal({ state }, working.world);
    await expect(broken.kit.findSession(key)).rejects.toThrow('The state is down.');
    await expect(broken.kit.receiveGrant(await signGrant(working.world))).rejects.toThrow('The state is down.');
  });

  it('leaves no key, code or confirmation in the portal\'s state', async () => {
    const written: string[] = [];
    const inner = createPortal().options.state;
    const portal = createPortal({
      state: {
        ...inner,
        set: async (...args) => {
          written.push(args.slice(0, 2).join(' '));
          return inner.set(...args);
        },
      },
    });
    const pending = await enter(portal);
    const { key } = await portal.kit.confirm(pending.id, pending.csrf);
    for (const value of [pending.id, pending.csrf, key]) expect(written.join('\n')).not.toContain(value.reveal());
    expect(inspect({ pending, key }, { depth: 9 })).not.toContain(key.reveal());
  });
});

describe('the confirmation before a session', () => {
  it('shows account, person, operator, level and reason before anything starts', async () => {
    const portal = createPortal();
    const pending = await enter(portal);
    expect(pending.facts).toMatchObject({ accountName: 'Contoso', adminName: 'Ada Admin', actor: { id: 'op-1' }, accessLevel: 'restricted', reason: 'Ticket 4711' });
    expect(portal.log.map((entry) => entry.action)).toEqual(['impersonation.entered']);
  });

  it('refuses a guess without costing the person anything', async () => {
    const { kit, ...portal } = createPortal();
    const pending = await enter({ kit, ...portal });
    expect(await failedCheck(kit.confirm(pending.id, secret('guess')))).toBe('csrf');
    expect(await failedCheck(kit.confirm(secret('guess'), pending.csrf))).toBe('unknown');
    expect(await refusal(kit.confirm(pending.id, pending.csrf))).toBe('nothing was refused');
  });

  it('refuses the page of one code together with the browser of another', async () => {
    const portal = createPortal();
    const mine = await enter(portal);
    const attackers = await enter(portal);
    expect(await failedCheck(portal.kit.confirm(mine.id, attackers.csrf))).toBe('csrf');
  });

  it('counts once, also for two clicks at the same time', async () => {
    const { kit, ...portal } = createPortal();
    const pending = await enter({ kit, ...portal });
    const answers = await Promise.all([refusal(kit.confirm(pending.id, pending.csrf)), refusal(kit.confirm(pending.id, pending.csrf))]);
    expect(answers.sort()).toEqual(['IMPERSONATION_CONFIRMATION_REFUSED', 'nothing was refused']);
  });

  it('is over after five minutes', async () => {
    const portal = createPortal();
    const pending = await enter(portal);
    portal.world.clock.advance(300_000);
    expect(await refusal(portal.kit.confirm(pending.id, pending.csrf))).toBe('IMPERSONATION_CONFIRMATION_REFUSED');
  });

  it('can be given up, and starts nothing afterwards', async () => {
    const portal = createPortal();
    const pending = await enter(portal);
    await portal.kit.cancel(pending.id, pending.csrf);
    expect(await refusal(portal.kit.confirm(pending.id, pending.csrf))).toBe('IMPERSONATION_CONFIRMATION_REFUSED');
    expect(portal.log.at(-1)?.action).toBe('impersonation.cancelled');
  });
});

describe('exchanging a code', () => {
  it('passes on why the partner refused', async () => {
    const portal = createPortal();
    const code = await issueCode(portal.world);
    await portal.kit.receiveCode(code);
    expect(await refusal(portal.kit.receiveCode(code))).toBe('IMPERSONATION_CODE_SPENT');
    expect(await refusal(portal.kit.receiveCode(secret('A'.repeat(43))))).toBe('IMPERSONATION_CODE_UNKNOWN');
  });

  it('is refused to a portal with another key', async () => {
    const other = createPortal();
    const { privateKey } = await other.world.ports.jwt.generateSigningKey('ES256');
    const portal = createPortal({ redeem: { ...other.options.redeem, clientKey: privateKey } }, other.world);
    expect(await refusal(portal.kit.receiveCode(await issueCode(other.world)))).toBe('IMPERSONATION_PORTAL_UNAUTHENTICATED');
  });

  it('sends a code once, even when no answer came', async () => {
    const portal = createPortal();
    portal.line.cut = true;
    expect(await refusal(portal.kit.receiveCode(await issueCode(portal.world)))).toBe('IMPERSONATION_REDEEM_UNAVAILABLE');
    expect(portal.line.requests).toHaveLength(1);
  });

  it.each([[200, '<html>'], [200, '{}'], [302, ''], [500, '{"error":"failed"}'], [400, '{"error":"__proto__"}']])('refuses an answer that is no grant: %i %s', async (status, body) => {
    const portal = createPortal({ http: async () => ({ status, body }) });
    expect(await refusal(portal.kit.receiveCode(await issueCode(portal.world)))).toBe('IMPERSONATION_REDEEM_UNAVAILABLE');
  });

  it('takes the portal\'s key as a private JWK too', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { readClientKey } = await import('../../../src/core/portal');
    const pair = generateKeyPairSync('ed25519');
    const jwk = secret(JSON.stringify(pair.privateKey.export({ format: 'jwk' })));
    const fromJwk = readClientKey(jwk, 'EdDSA');
    expect(fromJwk.publicJwk).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
    expect(fromJwk.publicJwk).not.toHaveProperty('d');
    expect(() => readClientKey(jwk, 'ES256')).toThrow(/cannot sign with ES256/);
  });

  it('does not quote a key it cannot read', async () => {
    const { options } = createPortal();
    const work = Promise.resolve().then(() => createPortal({ redeem: { ...options.redeem, clientKey: secret('-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----') } }));
    const error: unknown = await work.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
    expect(inspect(error, { depth: 9 })).not.toContain('c2VjcmV0');
  });
});
