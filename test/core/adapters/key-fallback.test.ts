import { beforeEach, describe, expect, it } from 'vitest';
import { createKeyFallback, type KeyFallback, type KeyPlace } from '../../../src/core/adapters/key-fallback';
import { OnboardingError } from '../../../src/core/errors';
import { secret } from '../../../src/core/internal/secret';
import type { AppCredential } from '../../../src/core/ports';
import { createMovableClock, type MovableClock } from '../../../src/core/testing/movable-clock';

const former = { thumbprintSha256: 'CD'.repeat(32), privateKey: secret('former') };
const overlap: AppCredential = { kind: 'certificate', thumbprintSha256: 'AB'.repeat(32), privateKey: secret('current'), previous: former };
const place = (tenantId = 'a', clientId = 'app'): KeyPlace => ({ appKey: 'backup', clientId, tenantId });
const credentials = { resolve: async () => overlap };

let clock: MovableClock;
let fallback: KeyFallback;
beforeEach(() => {
  clock = createMovableClock(Date.UTC(2026, 0, 1));
  fallback = createKeyFallback(clock);
});

const first = (where: KeyPlace) => thumbprintOf(fallback.order(where, overlap)[0]);
const thumbprintOf = (credential: AppCredential) => (credential.kind === 'certificate' ? credential.thumbprintSha256 : '');
const isFormer = (credential: AppCredential) => thumbprintOf(credential) === former.thumbprintSha256;
const unknown = () => Promise.reject(new OnboardingError('STS_CREDENTIAL_REFUSED', 'x', { serviceCode: 'AADSTS700027' }));

async function meetUnawareReplica(where: KeyPlace): Promise<void> {
  expect(await fallback.ask(where, fallback.order(where, overlap), credentials, (signer) => (isFormer(signer) ? Promise.resolve('served') : unknown()))).toBe('served');
}

describe('the former key', () => {
  it('comes first for a minute, for that app in that tenant alone', async () => {
    await meetUnawareReplica(place());
    expect([first(place()), first(place('A', 'APP'))]).toEqual([former.thumbprintSha256, former.thumbprintSha256]);
    for (const other of [place('b'), place('a', 'other')]) expect(first(other)).toBe('AB'.repeat(32));
    clock.advance(60_000);
    expect(first(place())).toBe('AB'.repeat(32));
  });

  it('does not come first any longer because the clock was set back', async () => {
    await meetUnawareReplica(place());
    clock.moveTo(clock.now() - 1000);
    expect(first(place())).toBe('AB'.repeat(32));
  });

  it('steps back as soon as anybody was served with the new one', async () => {
    await meetUnawareReplica(place());
    await fallback.ask(place(), [{ kind: 'certificate', thumbprintSha256: 'AB'.repeat(32), privateKey: secret('current') }], credentials, async () => 'proven');
    expect(first(place())).toBe('AB'.repeat(32));
  });

  it('is remembered for the latest of very many places', async () => {
    for (let count = 0; count <= 5000; count += 1) await meetUnawareReplica(place(`tenant ${count}`));
    expect([first(place('tenant 0')), first(place('tenant 1')), first(place('tenant 5000'))]).toEqual(['AB'.repeat(32), former.thumbprintSha256, former.thumbprintSha256]);
  });

  it('is no other key when it is the current one, and no secret has one', () => {
    expect(fallback.order(place(), { ...overlap, thumbprintSha256: former.thumbprintSha256.toLowerCase() })).toHaveLength(1);
    expect(fallback.order(place(), { kind: 'secret', id: 'one', secret: secret('s') })).toHaveLength(1);
  });
});
