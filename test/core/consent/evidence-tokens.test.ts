/** Asking for tokens: once each, and once more after a failure of the moment, never before we are welcome. */
import { describe, expect, it } from 'vitest';
import { parseApps } from '../../../src/core/consent/apps/apps';
import type { EvidenceInput } from '../../../src/core/consent/evidence/evidence-model';
import { readTokens, waitBeforeRepeat } from '../../../src/core/consent/evidence/evidence-tokens';
import { OnboardingError } from '../../../src/core/errors';
import { secret } from '../../../src/core/internal/secret';
import { CLOUD_ENDPOINTS } from '../../../src/core/internal/clouds';
import type { AppToken, AppTokenRequest } from '../../../src/core/ports';

const apps = parseApps([{ key: 'backup', appId: '22222222-0000-4000-8000-000000000001', round: 1, requiredPermissions: ['graph', 'exchange', 'sharepoint'].map((resource) => ({ resource, type: 'application', name: 'Mail.Read', reason: 'r' })) }]);
const [app] = apps;
if (app === undefined) throw new Error('one app is declared');
const input: EvidenceInput = { tenantId: '99999999-0000-4000-8000-000000000001', apps, endpoints: CLOUD_ENDPOINTS.global };
const appToken: AppToken = { accessToken: secret('t'), expiresAt: 1, claims: { tenantId: undefined, appId: undefined, roles: ['Mail.Read'] } };
const unavailable = (retryAfterSeconds?: number) => new OnboardingError('STS_UNAVAILABLE', 'x', { retryAfterSeconds });

/** Answers in this order, then with a token; remembers what was asked and how long was waited. */
function source(...answers: readonly (OnboardingError | undefined)[]) {
  const asked: AppTokenRequest[] = [];
  const waits: number[] = [];
  const left = [...answers];
  const ports = {
    tokens: {
      acquire: async (request: AppTokenRequest) => {
        asked.push(request);
        const answer = left.shift();
        if (answer !== undefined) throw answer;
        return appToken;
      },
    },
    clock: { now: () => 0, sleep: async (ms: number) => void waits.push(ms) },
  };
  return { ports, asked, waits };
}

describe('reading tokens', () => {
  it('asks once for each resource, fresh, and not for the one that is there already', async () => {
    const { ports, asked, waits } = source();
    const graphToken = { evidence: { outcome: 'roles', roles: ['Mail.Read'] }, appToken } as const;
    const evidence = await readTokens(ports, input, app, { sharePointHost: 'contoso', graphToken });
    expect(asked.map(({ resource, fresh }) => [resource, fresh])).toEqual([['https://outlook.office365.com', true], ['https://contoso.sharepoint.com', true]]);
    expect([...evidence.values()].map(({ outcome }) => outcome)).toEqual(['roles', 'roles', 'roles']);
    expect(waits).toEqual([]);
  });

  it('names SharePoint by its app id while the tenant\'s host is not known', async () => {
    const { ports, asked } = source();
    await readTokens(ports, input, app, { sharePointHost: undefined });
    expect(asked.at(-1)?.resource).toBe('00000003-0000-0ff1-ce00-000000000000');
  });

  it('repeats what failed for the moment once, after a wait', async () => {
    const { ports, asked, waits } = source(unavailable());
    const evidence = await readTokens(ports, input, app, { sharePointHost: 'contoso' });
    expect([asked.length, waits]).toEqual([4, [1000]]);
    expect([...evidence.values()].every(({ outcome }) => outcome === 'roles')).toBe(true);
  });

  it('waits as long as it was told, and asks no third time', async () => {
    const { ports, asked, waits } = source(unavailable(7.2), unavailable(7));
    const evidence = await readTokens(ports, input, app, { sharePointHost: 'contoso' });
    expect([asked.length, waits]).toEqual([4, [7200]]);
    expect([...evidence.values()][0]).toMatchObject({ outcome: 'unknown', code: 'STS_UNAVAILABLE' });
  });

  it.each<[string, unknown, number | undefined]>([
    ['a cut socket', unavailable(), 1000],
    ['an outage that names a time', unavailable(4), 4000],
    ['an outage that wants a longer rest', unavailable(60), undefined],
    ['a throttle that names a time', new OnboardingError('STS_THROTTLED', 'x', { retryAfterSeconds: 3 }), 3000],
    ['a throttle that names none', new OnboardingError('STS_THROTTLED', 'x'), undefined],
    ['a refusal', new OnboardingError('STS_REFUSED', 'x'), undefined],
    ['an app that is not there', new OnboardingError('STS_APP_NOT_IN_TENANT', 'x'), undefined],
    ['somebody else\'s error', new Error('x'), undefined],
  ])('decides by the failure: %s', (_what, error, waitMs) => {
    expect(waitBeforeRepeat(error)).toBe(waitMs);
  });

  it.each<[string, OnboardingError, string]>([
    ['AADSTS7000229', new OnboardingError('STS_APP_NOT_IN_TENANT', 'x', { serviceCode: 'AADSTS7000229' }), 'absent'],
    ['AADSTS700016', new OnboardingError('STS_APP_NOT_IN_TENANT', 'x', { serviceCode: 'AADSTS700016' }), 'absent'],
    ['AADSTS65001', new OnboardingError('STS_REFUSED', 'x', { serviceCode: 'AADSTS65001' }), 'absent'],
    ['AADSTS7000112', new OnboardingError('STS_APP_DISABLED', 'x', { serviceCode: 'AADSTS7000112' }), 'disabled'],
    ['AADSTS501051', new OnboardingError('STS_REFUSED', 'x', { serviceCode: 'AADSTS501051' }), 'unassigned'],
    ['AADSTS500011', new OnboardingError('STS_RESOURCE_MISSING', 'x', { serviceCode: 'AADSTS500011' }), 'resource_missing'],
    ['AADSTS53003', new OnboardingError('STS_REFUSED', 'x', { serviceCode: 'AADSTS53003' }), 'unknown'],
  ])('takes %s for what it says', async (_number, error, outcome) => {
    const { ports } = source(error);
    const evidence = await readTokens(ports, input, app, { sharePointHost: 'contoso' });
    expect([...evidence.values()][0]).toMatchObject({ outcome, code: error.code, serviceCode: error.serviceCode });
  });

  it('raises what is no error of ours', async () => {
    const ports = { tokens: { acquire: () => Promise.reject(new TypeError('bug')) }, clock: { now: () => 0, sleep: async () => undefined } };
    await expect(readTokens(ports, input, app, { sharePointHost: 'contoso' })).rejects.toThrow(TypeError);
  });
});
