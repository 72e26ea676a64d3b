import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { allRules, identityRules } from '../../src/sandbox/rules';
import { COVERED_FAMILIES } from './rule-coverage';

const SANDBOX = fileURLToPath(new URL('../../src/sandbox', import.meta.url));

const sources = readdirSync(SANDBOX, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(SANDBOX, path), 'utf8') }));

describe('the rules', () => {
  it('have ids of their own, a statement, and a source unless they are assumed', () => {
    expect(new Set(allRules.map(({ id }) => id)).size).toBe(allRules.length);
    expect(allRules.filter(({ statement }) => statement.trim() === '')).toEqual([]);
    expect(allRules.filter(({ grade, source }) => (grade === 'assumed') === (source !== undefined && source.trim() !== ''))).toEqual([]);
  });

  it('of the identity half are each used in its code', () => {
    const code = sources.filter(({ path }) => !path.startsWith('graph')).map(({ text }) => text).join('\n');
    expect(identityRules.map(({ id }) => id).filter((id) => !code.includes(`'${id}'`))).toEqual([]);
  });

  it('of the identity half each belong to a family whose tests prove that it is reached', () => {
    expect(identityRules.map(({ id }) => id).filter((id) => !COVERED_FAMILIES.some((family) => id.startsWith(family)))).toEqual([]);
    const tests = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
      .filter((name) => name.startsWith('identity-'))
      .map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'))
      .join('\n');
    const proved = [...tests.matchAll(/expectEveryRuleSeen\(([^)]*)\)/g)].map(([, families]) => families).join(',');
    expect(COVERED_FAMILIES.filter((family) => !proved.includes(`'${family}'`))).toEqual([]);
  });
});
