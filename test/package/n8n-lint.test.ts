/** What stands between n8n's lint rules and a green run: the list of exceptions, and where a finding is said to be. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Exception, EXCEPTIONS, type Finding, judge, withExceptions } from '../../e2e/n8n-lint-host/exceptions.mts';
import { originIn } from '../../e2e/n8n-lint-host/lint.mts';
import { literal } from '../../e2e/n8n-lint-host/panels.mts';

const finding = (rule: string, where: string): Finding => ({ rule, where, line: 1, message: 'because' });
const exception = (rules: readonly string[], where: readonly string[]): Exception => ({ rules, where, why: 'of a reason' });

describe('an exception', () => {
  it('covers its rule in its place and nothing else', () => {
    const exceptions = [exception(['no-a'], ['src/nodes/*.ts'])];
    const others = [finding('no-b', 'src/nodes/x.ts'), finding('no-a', 'src/nodes/deep/x.ts'), finding('no-a', 'package.json')];
    expect(judge([finding('no-a', 'src/nodes/x.ts'), ...others], exceptions)).toEqual({ unexpected: others, stale: [] });
  });

  it('covers what others wrote in a bundle, not what we wrote there', () => {
    const exceptions = [exception(['no-a'], ['dist/core.bundle.js: node_modules/**'])];
    const ours = finding('no-a', 'dist/core.bundle.js: src/core/index.ts');
    expect(judge([finding('no-a', 'dist/core.bundle.js: node_modules/@scope/name/lib/index.js'), ours], exceptions).unexpected).toEqual([ours]);
  });

  it('is refused when one of its rules or places finds nothing any more', () => {
    const exceptions = [exception(['no-a', 'no-b'], ['one.ts']), exception(['no-a'], ['one.ts', 'two.ts'])];
    expect(judge([finding('no-a', 'one.ts')], exceptions)).toEqual({ unexpected: [], stale: ['no-b in one.ts', 'no-a in two.ts'] });
  });

  it('is shown to contributors as it is', () => {
    const page = readFileSync(fileURLToPath(new URL('../../CONTRIBUTING.md', import.meta.url)), 'utf8');
    expect(page, 'run `npm run lint:n8n -- --write`').toBe(withExceptions(page, EXCEPTIONS));
    expect(withExceptions(page, EXCEPTIONS.slice(1))).not.toBe(page);
    expect(() => withExceptions('A page without the list.', EXCEPTIONS)).toThrow('There is no table');
  });
});

describe('a line of a bundle', () => {
  const bundle = ['"use strict";', '// ../../elsewhere/node_modules/@scope/name/lib/index.js', 'one();', '// a remark', 'two();', '// src/core/index.ts', 'three();'].join('\n');

  it.each([
    [1, undefined],
    [3, 'node_modules/@scope/name/lib/index.js'],
    [5, 'node_modules/@scope/name/lib/index.js'],
    [7, 'src/core/index.ts'],
  ])('%i comes from %s', (line, origin) => {
    expect(originIn(bundle, line)).toBe(origin);
  });
});

describe('a panel', () => {
  it('is written out so that the rules can read it: bare names, one object a line, nothing that is not there', () => {
    expect(literal([{ name: 'a', 'b c': [1, true, null], gone: undefined }, {}])).toBe('[\n{ name: "a", "b c": [1, true, null] }, \n{  }]');
  });
});
