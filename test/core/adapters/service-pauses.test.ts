import { describe, expect, it } from 'vitest';
import { createServicePauses } from '../../../src/core/adapters/service-pauses';
import { createMovableClock } from '../../../src/core/testing/movable-clock';

function stage() {
  const clock = createMovableClock(1_000_000);
  const pauses = createServicePauses(clock);
  const left = () => pauses.find('k')?.retryAfterSeconds;
  return { clock, left, throttled: (serviceCode?: string, retryAfterSeconds?: number) => pauses.note('k', { code: 'STS_THROTTLED', serviceCode, retryAfterSeconds }), pauses };
}

describe('a throttled token endpoint', () => {
  it('is left alone exactly as long as it says', () => {
    const { clock, left, throttled } = stage();
    throttled('AADSTS50196', 7);
    expect(left()).toBe(7);
    clock.advance(6900);
    expect(left()).toBeCloseTo(0.1, 5);
    clock.advance(100);
    expect(left()).toBeUndefined();
  });

  it.each([['AADSTS50196', 300], ['AADSTS90055', 30], [undefined, 5]] as const)('is left alone for what %s has in the table when it says nothing', (serviceCode, seconds) => {
    const { left, throttled } = stage();
    throttled(serviceCode);
    expect(left()).toBe(seconds);
  });

  it('is left alone twice as long each time in a row, up to a limit, and from the start again after a quiet while', () => {
    const { clock, left, throttled } = stage();
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 5; round += 1) {
      throttled('AADSTS50196');
      waits.push(left());
      clock.advance((left() ?? 0) * 1000);
    }
    expect(waits).toEqual([300, 600, 1200, 1800, 1800]);
    clock.advance(3_601_000);
    expect(left()).toBeUndefined();
    throttled('AADSTS50196');
    expect(left()).toBe(300);
  });

  it('is not left alone for a disturbance that says nothing', () => {
    const { left, pauses } = stage();
    pauses.note('k', { code: 'STS_UNAVAILABLE', serviceCode: 'AADSTS90033', retryAfterSeconds: undefined });
    pauses.note('k', { code: 'STS_REFUSED', serviceCode: undefined, retryAfterSeconds: undefined });
    expect(left()).toBeUndefined();
  });
});
