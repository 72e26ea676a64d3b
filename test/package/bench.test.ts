/** The benchmarks' own arithmetic and manners; what they measure is theirs to say. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { atMost, exactly, measure } from '../../bench/support/figure.mts';
import { watchLoop } from '../../bench/support/loop-watch.mts';
import { pageOf, resultAsText, withSections } from '../../bench/support/report.mts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const machine = { node: 'v24.0.0', platform: 'linux x64', cores: 2, processor: 'p', memoryGb: 1, load: { before: 0, after: 0 } };
const result = (holds: boolean, decides: boolean) => ({ name: 'a', title: 'A', measures: [measure('m', 'ms', [1])], targets: [{ statement: 's', value: 1, limit: 2, holds, decides }] });

describe('a figure', () => {
  it('is the median of its samples in any order, with quartiles and extremes', () => {
    expect(measure('m', 'ms', [9, 1, 5, 3, 7])).toEqual({ name: 'm', unit: 'ms', median: 5, quartiles: [3, 7], range: [1, 9], samples: 5 });
    expect(measure('m', 'ratio', [2])).toMatchObject({ median: 2, quartiles: [2, 2], range: [2, 2] });
  });

  it('holds at its bound and not beyond it', () => {
    expect([atMost('a', 0.65, 0.65).holds, atMost('a', 0.66, 0.65).holds]).toEqual([true, false]);
    expect([exactly('a', 1, 1).holds, exactly('a', 0, 1).holds, exactly('a', Number.NaN, 1).holds]).toEqual([true, false, false]);
  });

  it('without samples is not taken for one that holds', () => {
    expect(atMost('a', measure('m', 'ratio', []).median, 0.65).holds).toBe(false);
  });
});

describe('a report', () => {
  it.each([
    [true, true, 'holds'],
    [false, true, 'DOES NOT HOLD'],
    [true, false, 'within'],
    [false, false, 'over, here'],
  ])('says of holds: %s, decides: %s', (holds, decides, words) => {
    expect(resultAsText(result(holds, decides))).toContain(`  ${words}  s: 1 (2)`);
    expect(pageOf(machine, [result(holds, decides)], [])).toContain(`| s | 1 | 2 | ${words} |`);
  });
});

describe('the page', () => {
  const named = (name: string, limit: number) => ({ ...result(true, true), name, title: name.toUpperCase(), targets: [{ statement: 's', value: 1, limit, holds: true, decides: true }] });
  const whole = pageOf(machine, [named('a', 2), named('b', 2), named('c', 2)], []);

  it.each(['a', 'b', 'c'])('renews one section alone, and says on which machine: %s', (name) => {
    const renewed = withSections(whole, { ...machine, cores: 64 }, [named(name, 9)], []);
    const headings = (text: string) => text.match(/^## .*$/gm);
    expect(headings(renewed)).toEqual(headings(whole));
    expect(renewed.match(/\| s \| 1 \| \d \|/g)).toEqual(['a', 'b', 'c'].map((other) => `| s | 1 | ${other === name ? 9 : 2} |`));
    expect(renewed.match(/64 cores/g)).toHaveLength(1);
    expect(renewed.startsWith(whole.slice(0, whole.indexOf('## A')))).toBe(true);
  });

  it('takes a new section to its end', () => {
    expect(withSections(whole, machine, [named('d', 9)], []).match(/^## .*$/gm)?.at(-1)).toBe('## D (`d`)');
  });
});

it('sees how long a computation held the loop', async () => {
  const stop = watchLoop();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const before = process.threadCpuUsage();
  const computed = () => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  while (computed() < 40);
  const { heldMax, heldP99, delayMax } = stop();
  expect(heldMax).toBeGreaterThanOrEqual(40);
  expect(heldP99).toBeLessThanOrEqual(heldMax);
  expect(delayMax).toBeGreaterThanOrEqual(0);
});

it.each([[['--only', 'nothing'], 'There is no benchmark nothing'], [['--write-page', '--only', 'interleavings'], 'There is no benchmark interleavings']])('is refused with %j in one sentence', (parameters, sentence) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/run.mts', ...parameters], { cwd: root, encoding: 'utf8' });
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain(sentence);
  expect([status, stdout]).toEqual([2, '']);
});
