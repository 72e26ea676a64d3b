import { describe, expect, it } from 'vitest';
import { createPortalKeySource } from '../../../src/core/adapters/portal-keys';
import { createMovableClock } from '../../../src/core/testing/movable-clock';
import { START } from '../../support/core-ports';

const SETTING = 'https://portal.example/jwks.json';
const key = (kid: string) => ({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid });

function portal() {
  const clock = createMovableClock(START);
  const line = { kid: 'first', down: false, asked: 0 };
  const https = {
    send: async () => {
      line.asked += 1;
      if (line.down) throw new Error('no answer');
      return { status: 200, headers: {}, text: JSON.stringify({ keys: [key(line.kid)] }) };
    },
  };
  const load = createPortalKeySource({ setting: SETTING, https, clock });
  if (typeof load !== 'function') throw new Error('an address gives a loader');
  return { clock, line, load };
}

describe('the backup portal\'s keys', () => {
  it('are asked for again after five minutes', async () => {
    const { clock, line, load } = portal();
    await load();
    clock.advance(299_999);
    expect(await load()).toMatchObject([{ kid: 'first' }]);
    expect(line.asked).toBe(1);
    line.kid = 'second';
    clock.advance(1);
    expect(await load()).toMatchObject([{ kid: 'second' }]);
  });

  it('serve while the portal is away until they are fifteen minutes old, and then nothing is believed', async () => {
    const { clock, line, load } = portal();
    await load();
    line.down = true;
    clock.advance(15 * 60_000 - 1);
    expect(await load()).toMatchObject([{ kid: 'first' }]);
    clock.advance(1);
    await expect(load()).rejects.toMatchObject({ code: 'IMPERSONATION_KEYS_UNAVAILABLE' });
  });

  it('are not fresh for ever because a clock was set back', async () => {
    const { clock, line, load } = portal();
    await load();
    line.down = true;
    clock.advance(-86_400_000);
    await expect(load()).rejects.toMatchObject({ code: 'IMPERSONATION_KEYS_UNAVAILABLE' });
  });

  it.each<[string, string | Record<string, unknown>]>([
    ['an address without TLS', 'http://portal.example/jwks.json'],
    ['a private key', { ...key('a'), d: 'private' }],
    ['an empty set', { keys: [] }],
    ['something else', { hello: 'world' }],
  ])('are refused at once when the setting is %s', (_name, setting) => {
    expect(() => createPortalKeySource({ setting, https: { send: async () => Promise.reject(new Error('never')) }, clock: { now: () => START } })).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
