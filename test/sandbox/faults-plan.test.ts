/** The file of a fault plan: what is read, what is refused and with which words, and chance that can be repeated. */
import { describe, expect, it } from 'vitest';
import { isPath } from '../../src/sandbox/faults/asked';
import { draw, pickMs } from '../../src/sandbox/faults/draws';
import { readFaultPlan } from '../../src/sandbox/faults/plan-check';
import { PRESET_NAMES } from '../../src/sandbox/faults/presets';

/** As a file has it: an object with a `then` written here would be taken for a promise. */
const thenable = (json: string) => JSON.parse(json) as object;

const rule = (changes: object) => ({ rules: [{ id: 'one', do: { body: 'graph.TooManyRequests' }, ...changes }] });

describe('a fault plan', () => {
  it('is read with everything its format has', () => {
    const plan = readFaultPlan({
      version: 1,
      seed: '2f6b',
      clock: '2026-03-01T09:00:00Z',
      replication: [{ scope: 'sts.servicePrincipal', lagMs: { dist: 'uniform', min: 0, max: 30000 }, replicas: 3 }],
      rules: [
        { id: 'thr-1', match: { host: 'graph', method: '*', path: '/v1.0/servicePrincipals*' }, when: { nth: [2, 3], per: 'app+tenant' }, do: { status: 429, headers: { 'Retry-After': '7' }, body: 'graph.TooManyRequests' } },
        { id: 'conc', match: { method: 'POST', path: '*/addPassword' }, when: { withinMsOf: { op: 'PATCH applications keyCredentials', ms: 5000 } }, do: { status: 409, body: 'graph.ConcurrencyViolation' } },
        { id: 'lost', match: { method: 'POST', path: '/v1.0/servicePrincipals' }, when: { nth: 1 }, do: thenable('{"apply":true,"then":{"transport":"reset-before-headers"}}') },
        { id: 'html', match: { host: 'graph' }, when: { window: ['+10m', '+12m'] }, do: { status: 503, contentType: 'text/html', body: 'gateway.html' } },
      ],
      expect: { maxRequests: 400, noRetryBefore: 'Retry-After' },
    });
    expect(plan).toMatchObject({ seed: '2f6b', clock: Date.parse('2026-03-01T09:00:00Z'), expect: { maxRequests: 400, noRetryBefore: 'Retry-After' } });
    expect(plan.replication).toEqual([{ scope: 'sts.servicePrincipal', lagMs: { dist: 'uniform', min: 0, max: 30000 }, replicas: 3, sticky: 'none' }]);
    expect(plan.rules.map(({ when }) => when)).toEqual([
      { nth: [2, 3], per: 'app+tenant' },
      { per: 'all', withinMsOf: { op: { text: 'PATCH applications keyCredentials', method: 'PATCH', path: '*/applications*', member: 'keyCredentials' }, ms: 5000 } },
      { nth: [1], per: 'all' },
      { per: 'all', window: [600_000, 720_000] },
    ]);
    expect(plan.rules[2]?.do).toEqual({ apply: true, headers: {}, transport: 'reset-before-headers' });
  });

  it.each<[string, unknown, string]>([
    ['a text that is no preset', 'stormy', 'preset must be one of calm, rough-day'],
    ['an unknown member', { seeds: '1' }, 'seeds is not known here'],
    ['another version', { version: 2 }, 'version must be 1'],
    ['a rule without an effect', { rules: [{ id: 'one', do: {} }] }, 'rules[0].do does nothing'],
    ['a rule without an id', { rules: [{ do: { delayMs: 1 } }] }, 'rules[0].id must be a non-empty text'],
    ['two rules with one id', { rules: [rule({}).rules[0], rule({}).rules[0]] }, 'the id "one" twice'],
    ['a misspelt template', rule({ do: { status: 429, body: 'graph.TooManyRequest' } }), 'rules[0].do.body names no template'],
    ['a body without a status', rule({ do: { body: 'text' } }), 'rules[0].do has a body without a status'],
    ['a misspelt condition', rule({ when: { nht: 1 } }), 'rules[0].when.nht is not known here'],
    ['a probability over one', rule({ when: { probability: 5 } }), 'rules[0].when.probability must be a number from 0 to 1'],
    ['a window that ends before it begins', rule({ when: { window: ['+2m', '+1m'] } }), 'rules[0].when.window ends before it begins'],
    ['a window without units', rule({ when: { window: ['+2', '+3'] } }), 'rules[0].when.window[0] must be an offset'],
    ['an unknown transport', rule({ do: { transport: 'pigeon' } }), 'rules[0].do.transport must be one of reset-before-headers'],
    ['a header with a line break', rule({ do: { status: 200, headers: { a: 'b\r\nset-cookie: c' } } }), 'rules[0].do.headers.a must be a text on one line'],
    ['an answer given twice', rule({ do: thenable('{"delayMs":1,"then":{"delayMs":2}}') }), 'rules[0].do.delayMs is given twice'],
    ['an unknown scope', { replication: [{ scope: 'graph.dreams', lagMs: 1 }] }, 'replication[0].scope must be one of graph.get'],
    ['a distribution that is upside down', { replication: [{ scope: 'sts.keys', lagMs: { dist: 'uniform', min: 2, max: 1 } }] }, 'replication[0].lagMs has a min above its max'],
    ['an expectation nobody judges', { expect: { politeness: 'much' } }, 'expect.politeness is not known here'],
  ])('is refused with the place of the mistake: %s', (_what, plan, message) => {
    expect(() => readFaultPlan(plan)).toThrow(message);
  });

  it('lays its own rules over those of the preset it names', () => {
    const preset = readFaultPlan('rough-day');
    const plan = readFaultPlan({ preset: 'rough-day', seed: '7', ...rule({}), expect: { maxRequests: 9 } });
    expect(plan.rules.map(({ id }) => id)).toEqual([...preset.rules.map(({ id }) => id), 'one']);
    expect(plan).toMatchObject({ seed: '7', replication: preset.replication, expect: { maxRequests: 9, noRetryBefore: 'Retry-After' } });
  });

  it.each(PRESET_NAMES)('comes with the sandbox as the preset %s, which expects politeness', (name) => {
    expect(readFaultPlan(name).expect.noRetryBefore).toBe('Retry-After');
  });
});

describe('a path pattern', () => {
  it.each<[string, string, boolean]>([
    ['*', '/anything', true],
    ['/v1.0/servicePrincipals', '/v1.0/serviceprincipals', true],
    ['/v1.0/servicePrincipals', '/v1.0/servicePrincipals/1', false],
    ['/v1.0/servicePrincipals*', "/v1.0/servicePrincipals(appId='1')", true],
    ['*/token', '/t/oauth2/v2.0/token', true],
    ['*/token', '/t/oauth2/v2.0/tokens', false],
    ['*/discovery/*', '/t/discovery/v2.0/keys', true],
    ['/a*a', '/a', false],
    ['/a*b*c', '/a-c-b-c', true],
    ['/a*b*c', '/a-c-b', false],
    ['*.*', '/no-dot', false],
  ])('%s and %s: %s', (pattern, path, fits) => {
    expect(isPath(pattern, path)).toBe(fits);
  });
});

describe('a draw', () => {
  it('is the same for the same question and spreads over the whole range', () => {
    const draws = Array.from({ length: 2000 }, (_, count) => draw('seed', 'rule', 'key', count));
    expect(Array.from({ length: 2000 }, (_, count) => draw('seed', 'rule', 'key', count))).toEqual(draws);
    expect(new Set(draws).size).toBe(2000);
    expect(draws.every((value) => value >= 0 && value < 1)).toBe(true);
    for (const tenth of Array.from({ length: 10 }, (_, index) => index / 10)) {
      expect(draws.filter((value) => value >= tenth && value < tenth + 0.1).length).toBeGreaterThan(140);
    }
  });

  it('cannot be moved from one part of the question to another', () => {
    expect(draw('a', 'b', 'c', 1)).not.toBe(draw('ab', '', 'c', 1));
    expect(draw('a', 'b c', '', 1)).not.toBe(draw('a', 'b', 'c', 1));
  });

  it('becomes a lag within its distribution', () => {
    expect(pickMs({ dist: 'constant', ms: 5 }, 0.9)).toBe(5);
    expect([0, 0.5, 0.999999].map((drawn) => pickMs({ dist: 'uniform', min: 10, max: 20 }, drawn))).toEqual([10, 15, 20]);
    expect([0, 0.5, 0.999999].map((drawn) => pickMs({ dist: 'exponential', mean: 100, max: 300 }, drawn))).toEqual([0, 69, 300]);
  });
});
