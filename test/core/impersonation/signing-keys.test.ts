import { describe, expect, it } from 'vitest';
import { ensureSigningKey, publicKeySet, rotateSigningKey } from '../../../src/core/impersonation/signing-keys';
import { createWorld, jwt, refusal } from './support';

const kidsOf = async (ports: Parameters<typeof publicKeySet>[0]) => (await publicKeySet(ports)).keys.map((key) => key['kid']);

describe('the keys that sign grants', () => {
  it('appear when first needed and sign at once, since nobody can have cached their absence', async () => {
    const { ports, clock } = createWorld();
    const key = await ensureSigningKey(ports);
    expect(key).toMatchObject({ algorithm: 'ES256', signsFrom: clock.now() });
    expect(await kidsOf(ports)).toEqual([key.kid]);
  });

  it('publish nothing private', async () => {
    const { ports } = createWorld();
    await ensureSigningKey(ports);
    expect((await publicKeySet(ports)).keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']]);
  });

  it('are sealed at rest', async () => {
    const { ports, store } = createWorld();
    const key = await ensureSigningKey(ports);
    const stored = await store.get('impersonation/key-ring/grants');
    const body = key.privateKey.reveal().split('\n').slice(1, -2).join('');
    expect(stored?.value).toContain(key.kid);
    expect(stored?.value).not.toContain('PRIVATE KEY');
    expect(stored?.value).not.toContain(body.slice(0, 40));
  });

  it('are one and the same for processes that start together', async () => {
    const { ports } = createWorld();
    const kids = await Promise.all(Array.from({ length: 10 }, async () => (await ensureSigningKey(ports)).kid));
    expect(new Set(kids).size).toBe(1);
    expect(await kidsOf(ports)).toEqual([kids[0]]);
  });

  it('are published a cache lifetime before they sign, and until the last grant of the old one is over', async () => {
    const { ports, clock } = createWorld();
    const first = await ensureSigningKey(ports);
    const second = await rotateSigningKey(ports);
    expect(second.signsFrom - clock.now()).toBeGreaterThanOrEqual(300_000);
    expect(await kidsOf(ports)).toEqual([first.kid, second.kid]);
    clock.moveTo(second.signsFrom - 1);
    expect((await ensureSigningKey(ports)).kid).toBe(first.kid);
    clock.moveTo(second.signsFrom);
    expect((await ensureSigningKey(ports)).kid).toBe(second.kid);
    clock.advance(130_000);
    expect(await kidsOf(ports)).toEqual([first.kid, second.kid]);
    clock.advance(70_000);
    expect(await kidsOf(ports)).toEqual([second.kid]);
  });

  it('keep one waiting successor, however often a rotation is asked for', async () => {
    const { ports } = createWorld();
    await ensureSigningKey(ports);
    const asked = await Promise.all([rotateSigningKey(ports), rotateSigningKey(ports), rotateSigningKey(ports)]);
    expect(new Set(asked.map((key) => key.kid)).size).toBe(1);
    expect(await kidsOf(ports)).toHaveLength(2);
  });

  it('are succeeded by themselves when they are old', async () => {
    const { ports, clock } = createWorld();
    const first = await ensureSigningKey(ports);
    clock.advance(90 * 86_400_000);
    expect((await ensureSigningKey(ports)).kid).toBe(first.kid);
    clock.advance(400_000);
    expect((await ensureSigningKey(ports)).kid).not.toBe(first.kid);
  });

  it('change their algorithm only through a published successor', async () => {
    const { ports, clock } = createWorld();
    await ensureSigningKey(ports);
    expect((await ensureSigningKey(ports, { algorithm: 'EdDSA' })).algorithm).toBe('ES256');
    clock.advance(400_000);
    expect((await ensureSigningKey(ports, { algorithm: 'EdDSA' })).algorithm).toBe('EdDSA');
  });

  it('sign with the key everybody knows when the clock went back', async () => {
    const { ports, clock } = createWorld();
    const first = await ensureSigningKey(ports);
    await rotateSigningKey(ports);
    clock.advance(-600_000);
    expect((await ensureSigningKey(ports)).kid).toBe(first.kid);
  });

  it('are refused when somebody put a key of their own into the store', async () => {
    const { ports, store } = createWorld();
    await ensureSigningKey(ports);
    const stored = await store.get('impersonation/key-ring/grants');
    const planted = (await jwt.generateSigningKey('ES256')).publicJwk;
    const envelope = JSON.parse(stored?.value ?? '') as { content: string };
    const content = JSON.parse(envelope.content) as { keys: { publicJwk: object }[] };
    content.keys.push({ ...content.keys[0], publicJwk: { kty: planted['kty'], crv: planted['crv'], x: planted['x'], y: planted['y'] } });
    await store.set('impersonation/key-ring/grants', JSON.stringify({ ...envelope, content: JSON.stringify(content) }));
    expect(await refusal(publicKeySet(ports))).toBe('STATE_RECORD_TAMPERED');
    expect(await refusal(ensureSigningKey(ports))).toBe('STATE_RECORD_TAMPERED');
  });
});
