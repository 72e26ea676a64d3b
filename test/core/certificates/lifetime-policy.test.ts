import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseLifetimeDays, judgeLifetime, readDurationDays, readLifetimeLimit, readLifetimePolicy } from '../../../src/core/certificates/lifetime-policy';
import { OnboardingError } from '../../../src/core/errors';
import type { GraphResponse, GraphTransport } from '../../../src/core/ports';

const restriction = (changes: object = {}) => ({ restrictionType: 'asymmetricKeyLifetime', state: 'enabled', maxLifetime: 'P180D', restrictForAppsCreatedAfterDateTime: null, ...changes });
const policy = (keyCredentials: unknown, changes: object = {}) => ({ isEnabled: true, applicationRestrictions: { passwordCredentials: [], keyCredentials }, ...changes });

describe('an ISO 8601 duration', () => {
  it.each([
    ['P365D', 365],
    ['P1Y', 365],
    ['P2Y6M', 910],
    ['P6M', 180],
    ['P2W', 14],
    ['P90DT0H0M0S', 90],
    ['P4DT12H30M5S', 4],
    ['PT48H', 2],
    ['PT36H', 1],
    ['PT23H59M59.9S', 0],
    ['P1Y2M3DT4H', 428],
  ])('%s is %i whole days', (text, days) => {
    expect(readDurationDays(text)).toBe(days);
  });

  it.each(['', 'P', 'PT', 'P1', '365', 'P-1D', 'P1DT', '-P1D', 'P1D ', 'p1d', 'P1.5D', 'P1H', 'PT1D'])('is not "%s"', (text) => {
    expect(readDurationDays(text)).toBeUndefined();
  });

  it('never throws and never gives a negative number', () => {
    fc.assert(fc.property(fc.stringMatching(/^P?[0-9YMWDTHS.]{0,12}$/), (text) => (readDurationDays(text) ?? 0) >= 0));
  });
});

describe('a policy', () => {
  it('restricts by its enabled lifetime of asymmetric keys only', () => {
    expect(readLifetimePolicy(policy([restriction()]))).toEqual([{ maxDays: 180, appsCreatedAfterAt: null }]);
    expect(readLifetimePolicy(policy([restriction({ state: undefined })]))).toHaveLength(1);
    for (const body of [policy([restriction()], { isEnabled: false }), policy([restriction({ state: 'disabled' })]), policy([restriction({ restrictionType: 'trustedCertificateAuthority', maxLifetime: null })]), policy([]), policy(null), policy([], { applicationRestrictions: null })]) expect(readLifetimePolicy(body)).toEqual([]);
  });

  it.each([undefined, {}, [], 'P180D', policy('all'), policy([restriction({ maxLifetime: 'half a year' })]), policy([restriction({ maxLifetime: null })]), policy([restriction({ restrictForAppsCreatedAfterDateTime: 'yesterday' })]), { isEnabled: 'yes' }])('is not read from %j', (body) => {
    expect(readLifetimePolicy(body)).toBeUndefined();
  });

  it('reaches apps that were registered after its date, and those of unknown age', () => {
    const at = Date.UTC(2025, 0, 1);
    const restrictions = readLifetimePolicy(policy([restriction({ restrictForAppsCreatedAfterDateTime: '2025-01-01T00:00:00Z' })])) ?? [];
    expect(judgeLifetime(restrictions, [at - 1, at])).toEqual({ kind: 'none' });
    for (const ages of [[at - 1, at + 1], [undefined], []]) expect(judgeLifetime(restrictions, ages)).toEqual({ kind: 'limited', maxDays: 180 });
  });

  it('counts by its strictest restriction', () => {
    const [one, two] = [{ maxDays: 90, appsCreatedAfterAt: 100 }, { maxDays: 400, appsCreatedAfterAt: null }];
    expect(judgeLifetime([one, two], [101])).toEqual({ kind: 'limited', maxDays: 90 });
    expect(judgeLifetime([one, two], [99])).toEqual({ kind: 'limited', maxDays: 400 });
  });
});

describe('the lifetime of a new certificate', () => {
  it('is a year, or what the policy allows, or what was asked for', () => {
    expect(chooseLifetimeDays(undefined, { kind: 'none' })).toBe(365);
    expect(chooseLifetimeDays(undefined, { kind: 'unreadable', reason: 'HTTP 403' })).toBe(365);
    expect(chooseLifetimeDays(undefined, { kind: 'limited', maxDays: 90 })).toBe(90);
    expect(chooseLifetimeDays(undefined, { kind: 'limited', maxDays: 700 })).toBe(365);
    expect(chooseLifetimeDays(700, { kind: 'limited', maxDays: 700 })).toBe(700);
    expect(chooseLifetimeDays(3650, { kind: 'unreadable', reason: 'HTTP 403' })).toBe(3650);
  });

  it('is refused when the policy would refuse it', () => {
    for (const [asked, maxDays] of [[91, 90], [undefined, 0], [1, 0]] as const) {
      expect(() => chooseLifetimeDays(asked, { kind: 'limited', maxDays })).toThrow(expect.objectContaining({ code: 'CERTIFICATE_POLICY_LIFETIME', details: { maxDays, ...(asked === undefined ? {} : { lifetimeDays: asked }) } }) as Error);
    }
  });
});

describe('asking for the policy', () => {
  const apps = [{ key: 'backup', appId: 'a' }, { key: 'restore', appId: 'b' }];
  const answer = (status: number, body?: unknown): GraphResponse => ({ status, body, requestId: undefined });
  function graphWith(send: (appKey: string) => Promise<GraphResponse>, created: readonly GraphResponse[] = []) {
    const asked: string[] = [];
    const graph: GraphTransport = {
      send: async ({ appKey }) => {
        asked.push(appKey);
        return send(appKey);
      },
      list: () => Promise.reject(new Error('not asked')),
      batch: async (_scope, paths) => {
        for (const path of paths) if (typeof path === 'string') asked.push(path);
        return Promise.resolve(created);
      },
    };
    return { asked, limit: async (signal?: AbortSignal) => readLifetimeLimit({ graph }, { homeTenantId: 't', apps, signal }) };
  }

  it('takes the first app that gets an answer', async () => {
    const { asked, limit } = graphWith(async (appKey) => Promise.resolve(appKey === 'backup' ? answer(403) : answer(200, policy([restriction()]))));
    expect(await limit()).toEqual({ kind: 'limited', maxDays: 180 });
    expect(asked).toEqual(['backup', 'restore']);
  });

  it('looks at the age of the apps only when the policy depends on it', async () => {
    const dated = policy([restriction({ restrictForAppsCreatedAfterDateTime: '2025-01-01T00:00:00Z' })]);
    const old = answer(200, { createdDateTime: '2024-01-01T00:00:00Z' });
    const { asked, limit } = graphWith(async () => Promise.resolve(answer(200, dated)), [old, old]);
    expect(await limit()).toEqual({ kind: 'none' });
    expect(asked).toHaveLength(3);
    expect(await graphWith(async () => Promise.resolve(answer(200, dated)), [old, answer(403)]).limit()).toEqual({ kind: 'limited', maxDays: 180 });
  });

  it('is no failure when nobody may read it, nobody answers, or the time is over', async () => {
    expect(await graphWith(async () => Promise.resolve(answer(403))).limit()).toEqual({ kind: 'unreadable', reason: 'HTTP 403' });
    expect(await graphWith(async () => Promise.resolve(answer(200, {}))).limit()).toEqual({ kind: 'unreadable', reason: 'GRAPH_ANSWER_INVALID' });
    expect(await graphWith(async () => Promise.reject(new OnboardingError('STS_UNAVAILABLE', 'down'))).limit()).toEqual({ kind: 'unreadable', reason: 'STS_UNAVAILABLE' });
    const ended = AbortSignal.abort();
    const { asked, limit } = graphWith(async () => Promise.reject(ended.reason as Error));
    expect(await limit(ended)).toEqual({ kind: 'unreadable', reason: 'TIME_LIMIT' });
    expect(asked).toEqual(['backup']);
  });
});
