import { describe, expect, it } from 'vitest';
import { CLAIM_GRACE_MS, claimKind, findHolder, freeClaim, holdClaim, isSettledFor, settleClaim } from '../../../src/core/sso/claims';
import { corePorts } from '../../support/core-ports';

const KIND = claimKind('sso/test-claim');

describe('a claim', () => {
  it('is held by one of many who ask at once', async () => {
    const ports = corePorts();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => holdClaim(ports, KIND, 'thing', `account-${index}`)));
    expect(new Set(answers.map((answer) => answer.heldBy)).size).toBe(1);
  });

  it('can be taken over while it is not settled, after a while, and never once it is', async () => {
    const ports = corePorts();
    await holdClaim(ports, KIND, 'thing', 'a');
    ports.clock.advance(CLAIM_GRACE_MS - 1);
    expect(await holdClaim(ports, KIND, 'thing', 'b')).toEqual({ heldBy: 'a' });
    ports.clock.advance(1);
    expect(await findHolder(ports, KIND, 'thing')).toBeUndefined();
    expect(await holdClaim(ports, KIND, 'thing', 'b')).toEqual({ heldBy: 'b' });
    expect([await settleClaim(ports, KIND, 'thing', 'a'), await settleClaim(ports, KIND, 'thing', 'b')]).toEqual([false, true]);
    ports.clock.advance(1000 * CLAIM_GRACE_MS);
    expect(await holdClaim(ports, KIND, 'thing', 'a')).toEqual({ heldBy: 'b' });
    expect(await isSettledFor(ports, KIND, 'thing', 'b')).toBe(true);
  });

  it('is settled either by its first holder or by who took over, however close the race', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const ports = corePorts();
      await holdClaim(ports, KIND, 'thing', 'a');
      ports.clock.advance(CLAIM_GRACE_MS);
      const first = settleClaim(ports, KIND, 'thing', 'a');
      const second = holdClaim(ports, KIND, 'thing', 'b').then(() => settleClaim(ports, KIND, 'thing', 'b'));
      expect([await first, await second].filter(Boolean)).toHaveLength(1);
    }
  });

  it('is freed by its holder only, and is then anybody\'s', async () => {
    const ports = corePorts();
    await holdClaim(ports, KIND, 'thing', 'a');
    await settleClaim(ports, KIND, 'thing', 'a');
    await freeClaim(ports, KIND, 'thing', 'b', ports.clock.now());
    expect(await isSettledFor(ports, KIND, 'thing', 'a')).toBe(true);
    await freeClaim(ports, KIND, 'thing', 'a', ports.clock.now());
    expect(await holdClaim(ports, KIND, 'thing', 'b')).toEqual({ heldBy: 'b' });
  });

  it('is not freed by a process that slept while the same account claimed it anew', async () => {
    const ports = corePorts();
    await holdClaim(ports, KIND, 'thing', 'a');
    const asleepSince = ports.clock.now();
    await freeClaim(ports, KIND, 'thing', 'a', asleepSince);
    ports.clock.advance(1);
    await holdClaim(ports, KIND, 'thing', 'a');
    await settleClaim(ports, KIND, 'thing', 'a');
    await freeClaim(ports, KIND, 'thing', 'a', asleepSince);
    expect(await isSettledFor(ports, KIND, 'thing', 'a')).toBe(true);
  });
});
