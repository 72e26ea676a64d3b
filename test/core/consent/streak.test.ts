import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRead, GOOD_READS_NEEDED, SPREAD_MS, type Streak, VERIFY_DEADLINE_MS } from '../../../src/core/consent/evidence/streak';

const start = 1_000_000;
const fresh: Streak = { goodReadsAt: [], reads: 0, verifyingSince: start };

function feed(verdicts: readonly ('granted' | 'missing' | 'unknown')[]) {
  let streak = fresh;
  let now = start;
  for (const verdict of verdicts) {
    const decision = addRead(streak, verdict, now);
    if (decision.outcome !== 'look_again') return { ...decision, now };
    streak = decision.streak;
    now = decision.nextReadAt;
  }
  return { outcome: 'look_again' as const, streak, now };
}

describe('the streak of good reads', () => {
  it('proves consent with the fifth good read, a minute after the first', () => {
    expect(feed(Array.from({ length: 4 }, () => 'granted' as const)).outcome).toBe('look_again');
    const proven = feed(Array.from({ length: 5 }, () => 'granted' as const));
    expect(proven.outcome).toBe('proven');
    expect(proven.now - start).toBe(SPREAD_MS);
  });

  it.each(['missing', 'unknown'] as const)('starts over after one %s read', (bad) => {
    expect(feed(['granted', 'granted', 'granted', 'granted', bad, 'granted']).outcome).toBe('look_again');
    expect(feed(['granted', 'granted', 'granted', 'granted', bad, 'granted']).streak.goodReadsAt).toHaveLength(1);
  });

  it('does not count five reads made in one moment', () => {
    let streak = fresh;
    for (let read = 0; read < 20; read += 1) {
      const decision = addRead(streak, 'granted', start + read);
      expect(decision.outcome).toBe('look_again');
      streak = decision.streak;
    }
  });

  it('looks again quickly at first and patiently later', () => {
    const gaps: number[] = [];
    let streak = fresh;
    let now = start;
    for (let read = 0; read < 6; read += 1) {
      const decision = addRead(streak, 'missing', now);
      if (decision.outcome !== 'look_again') throw new Error('ended early');
      gaps.push((decision.nextReadAt - now) / 1000);
      ({ streak } = decision);
      now = decision.nextReadAt;
    }
    expect(gaps).toEqual([2, 5, 10, 20, 30, 30]);
    const late = addRead(streak, 'missing', start + 3_600_000);
    expect(late).toMatchObject({ outcome: 'look_again', nextReadAt: start + 3_600_000 + 300_000 });
  });

  it('becomes a person\'s move after a day', () => {
    expect(addRead(fresh, 'missing', start + VERIFY_DEADLINE_MS).outcome).toBe('deadline_passed');
  });

  it('never ends proven on fewer than five good reads or a shorter spread', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ verdict: fc.constantFrom('granted' as const, 'missing' as const, 'unknown' as const), gapMs: fc.nat(40_000) }), { maxLength: 30 }), (reads) => {
        let streak = fresh;
        let now = start;
        for (const { verdict, gapMs } of reads) {
          now += gapMs;
          const decision = addRead(streak, verdict, now);
          ({ streak } = decision);
          if (decision.outcome === 'proven') {
            expect(streak.goodReadsAt.length).toBeGreaterThanOrEqual(GOOD_READS_NEEDED);
            expect((streak.goodReadsAt.at(-1) ?? 0) - (streak.goodReadsAt[0] ?? 0)).toBeGreaterThanOrEqual(SPREAD_MS);
            return;
          }
        }
      }),
    );
  });
});
