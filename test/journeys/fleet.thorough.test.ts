/** A sweep over thirty customers of whom some have lost something, each in another way. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepProgress } from '../../src/core/fleet/model';
import { codeOf } from './attacks';
import { changePerson, changePrincipal, deletePrincipal, rememberState, removePermission, worldTenant } from './directory';
import { customerId, domainOf, fleetSeed, onboardFleet, sweepUntilActive } from './fleet-stage';
import { startStory, type Story } from './story';

const TENANTS = 30;
/** Of whom these are enough for what has nothing to do with their number. */
const GOLD = 8;
const GOLDEN = { label: 'gold' };
/** Hundreds of signed tokens, on a machine that may have other work. */
const LIMIT_MS = 120_000;
const HOURS = 3600;

const [REMOVED, DELETED, DISABLED, PERSON_DISABLED, THROTTLED, FORBIDDEN, UNREACHABLE, TOKEN_THROTTLED] = [3, 10, 11, 13, 5, 17, 19, 29];

let story: Story;
let afresh: () => Promise<void>;

beforeAll(async () => {
  story = await startStory({
    sandbox: fleetSeed(TENANTS),
    configure: ({ operators }) => ({ adminChoice: 'first', operators: [...operators, { id: 'few', name: 'Few', accounts: [customerId(1), customerId(2)], may: ['onboard'] }, { id: 'looks', name: 'Looks', accounts: 'all', may: ['approve'] }] }),
  });
  const numbers = Array.from({ length: TENANTS }, (_, index) => index + 1);
  await onboardFleet(story, numbers.slice(0, GOLD), ['gold']);
  await onboardFleet(story, numbers.slice(GOLD));
  await sweepUntilActive(story);
  story.advanceClock(2 * HOURS);
  // The first look in full, which is remembered; from here on they are routine.
  await story.onboarding.sweep();
  story.advanceClock(2 * HOURS);
  afresh = await rememberState(story);
}, LIMIT_MS);
afterAll(async () => story.stop());

const tenantOf = (number: number) => worldTenant(story, domainOf(number)).tenantId;
const requestsSince = (from: number) => story.sandbox.requests().slice(from);
const ofTenant = (number: number, from: number) => requestsSince(from).filter(({ tenant }) => tenant === tenantOf(number));

function counted(from: number) {
  const rows = requestsSince(from);
  const token = rows.filter(({ path }) => path.endsWith('/oauth2/v2.0/token')).length;
  return { token, graph: rows.length - token };
}

describe('a sweep over thirty customers', { timeout: LIMIT_MS }, () => {
  it('says of everybody who is well that they are, and counts the requests that Microsoft counts', async () => {
    const from = story.sandbox.requests().length;
    const report = await story.onboarding.sweep(GOLDEN);
    expect(report).toEqual({
      accounts: GOLD, ok: GOLD, attention: 0, waiting: 0, failed: 0, unavailable: 0,
      requests: counted(from), durationMs: expect.any(Number) as number, startedAt: expect.any(Number) as number, resumed: false, regressed: [], failures: [],
    });
    expect(report.requests?.graph).toBeGreaterThanOrEqual(GOLD);
    const again = story.sandbox.requests().length;
    expect(await story.onboarding.sweep(GOLDEN)).toMatchObject({ ok: GOLD, requests: { token: 0, graph: 0 } });
    expect(story.sandbox.requests()).toHaveLength(again);
  });

  it('leaves to the next sweep whoever asks for more time than the run has', async () => {
    await afresh();
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'busy', match: { host: 'graph', path: '*', tenant: tenantOf(THROTTLED) }, do: { body: 'graph.TooManyRequests', headers: { 'Retry-After': '300' } } }], expect: { noRetryBefore: 'Retry-After' } });
    const from = story.sandbox.requests().length;
    const report = await story.onboarding.sweep({ ...GOLDEN, patienceSeconds: 299 });
    expect(report).toMatchObject({ accounts: GOLD, failed: 1, unavailable: 1, failures: [{ accountId: customerId(THROTTLED) }] });
    const throttled = requestsSince(from).filter(({ tenant, host }) => tenant === tenantOf(THROTTLED) && host === 'graph');
    expect(throttled.length).toBe(1);
    expect(story.sandbox.faults.report()?.expect.verdict).toBe('met');
    story.sandbox.faults.set(undefined);
    expect(await story.onboarding.status(customerId(THROTTLED))).toMatchObject({ state: 'active' });
  });

  it('holds an app back everywhere when it is the app that is too busy', async () => {
    await afresh();
    const headers = { 'Retry-After': '120', 'x-ms-throttle-scope': 'Application/ReadWrite/-/-' };
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'app busy', match: { host: 'graph', path: '*' }, when: { nth: [1], per: 'all' }, do: { body: 'graph.TooManyRequests', headers } }], expect: { noRetryBefore: 'Retry-After' } });
    const [from, startedAt] = [story.sandbox.requests().length, story.clock.now()];
    const report = await story.onboarding.sweep({ ...GOLDEN, concurrency: 2 });
    story.sandbox.faults.set(undefined);
    expect(report).toMatchObject({ accounts: GOLD, ok: GOLD });
    const graph = requestsSince(from).filter(({ host }) => host === 'graph').map(({ at }) => Date.parse(at));
    // Whoever was under way at that moment, and nobody else before the time was over.
    expect(graph.filter((at) => at < startedAt + 120_000).length).toBeLessThanOrEqual(2);
  });
});

describe('whose accounts', { timeout: LIMIT_MS }, () => {
  it('a sweep looks at: those of its operator, with the label, in the state', async () => {
    await afresh();
    const from = story.sandbox.requests().length;
    expect(await story.installation.asOperator('few').sweep()).toMatchObject({ accounts: 2 });
    expect(new Set(requestsSince(from).map(({ tenant }) => tenant))).toEqual(new Set([tenantOf(1), tenantOf(2)]));
    expect(await story.onboarding.sweep(GOLDEN)).toMatchObject({ accounts: GOLD });
    expect(await story.installation.asOperator('few').sweep({ label: 'silver' })).toMatchObject({ accounts: 0, requests: { token: 0, graph: 0 } });
    expect(await story.onboarding.sweep({ states: ['new'] })).toMatchObject({ accounts: 0 });
  });

  it('nobody sweeps who may work on none', async () => {
    expect(await codeOf(story.installation.asOperator('looks').sweep())).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(story.installation.asOperator('nobody').sweep())).toBe('OPERATOR_NOT_ALLOWED');
  });
});

describe('two sweeps at once', { timeout: LIMIT_MS }, () => {
  it('are one: the second says so and asks nobody', async () => {
    await afresh();
    const other = await story.install(story.store);
    const first = story.onboarding.sweep(GOLDEN);
    const second = await codeOf(other.onboarding.sweep(GOLDEN));
    expect([second, await first]).toMatchObject(['FLEET_SWEEP_RUNNING', { accounts: GOLD, ok: GOLD }]);
    expect(await other.onboarding.sweep(GOLDEN)).toMatchObject({ accounts: GOLD, requests: { token: 0, graph: 0 } });
  });
});

describe('a sweep that is interrupted', { timeout: LIMIT_MS }, () => {
  it('ends between accounts, and is gone on with where it stopped', async () => {
    await afresh();
    const interrupted = new AbortController();
    const done: string[] = [];
    const onProgress = ({ accountId }: SweepProgress) => {
      done.push(accountId);
      if (done.length === 3) interrupted.abort(new Error('enough'));
    };
    await expect(story.onboarding.sweep({ ...GOLDEN, concurrency: 2, signal: interrupted.signal, onProgress })).rejects.toThrow('enough');
    expect(done.length).toBeLessThan(5);
    const rest: string[] = [];
    const report = await story.onboarding.sweep({ ...GOLDEN, resume: true, onProgress: ({ accountId }) => void rest.push(accountId) });
    expect(report).toMatchObject({ accounts: GOLD, ok: GOLD, resumed: true });
    expect([...done, ...rest].toSorted()).toEqual(Array.from({ length: GOLD }, (_, index) => customerId(index + 1)));
    expect(await story.onboarding.sweep({ ...GOLDEN, resume: true })).toMatchObject({ accounts: GOLD, resumed: false });
  });
});

describe('customers who have lost something', { timeout: LIMIT_MS }, () => {
  it('are named, with what they have lost, and nobody waits but for those who asked for it', async () => {
    await afresh();
    removePermission(story, domainOf(REMOVED), 'backup', 'User.Read.All');
    deletePrincipal(story, domainOf(DELETED), 'restore');
    changePrincipal(story, domainOf(DISABLED), 'backup', { accountEnabled: false });
    changePerson(story, domainOf(PERSON_DISABLED), 'person-2', { accountEnabled: false });
    const forTenant = (id: string, number: number, host: 'graph' | 'login', path: string, then: object, when: object = {}) => ({ id, match: { host, path, tenant: tenantOf(number) }, ...when, do: then });
    story.sandbox.faults.set({
      version: 1,
      rules: [
        forTenant('forbidden', FORBIDDEN, 'graph', '*', { status: 403, contentType: 'application/json', body: JSON.stringify({ error: { code: 'Authorization_RequestDenied', message: 'Insufficient privileges to complete the operation.' } }) }),
        forTenant('unreachable', UNREACHABLE, 'graph', '*', { transport: 'reset-before-headers' }),
        forTenant('throttled', THROTTLED, 'graph', '*', { body: 'graph.TooManyRequests', headers: { 'Retry-After': '300' } }, { when: { nth: [1, 2], per: 'all' } }),
        forTenant('token throttled', TOKEN_THROTTLED, 'login', '*/token', { body: 'sts.Throttled', headers: { 'Retry-After': '400' } }, { when: { nth: [1], per: 'all' } }),
      ],
      expect: { noRetryBefore: 'Retry-After' },
    });
    const from = story.sandbox.requests().length;
    const told: SweepProgress[] = [];
    const report = await story.onboarding.sweep({ onProgress: (progress) => void told.push(progress) });
    const manners = story.sandbox.faults.report()?.expect;
    story.sandbox.faults.set(undefined);

    expect(report.regressed.map(({ accountId, codes }) => [accountId, codes] as const).toSorted(([left], [right]) => left.localeCompare(right))).toEqual([
      [customerId(REMOVED), ['CONSENT_GRANTS_REMOVED']],
      [customerId(DELETED), ['CONSENT_APP_DELETED']],
      [customerId(DISABLED), ['STS_APP_DISABLED']],
      [customerId(PERSON_DISABLED), ['SSO_BINDING_STALE']],
    ]);
    expect(report.failures.map(({ accountId }) => accountId).toSorted()).toEqual([customerId(FORBIDDEN), customerId(UNREACHABLE)]);
    expect(report).toMatchObject({ accounts: TENANTS, ok: TENANTS - 6, attention: 4, failed: 2, unavailable: 2, waiting: 0, requests: counted(from) });
    expect(manners).toMatchObject({ verdict: 'met', violations: [] });
    expect(told).toHaveLength(TENANTS);
    // Nobody was kept waiting by whoever had to come back: all others were told before the first of the throttled.
    const cameBack = new Set([FORBIDDEN, UNREACHABLE, THROTTLED, TOKEN_THROTTLED].map(customerId));
    const order = told.map(({ accountId }) => accountId);
    const firstThrottled = Math.min(order.indexOf(customerId(THROTTLED)), order.indexOf(customerId(TOKEN_THROTTLED)));
    expect(order.slice(firstThrottled).filter((id) => !cameBack.has(id))).toEqual([]);
    expect(Math.max(...told.map(({ putBack }) => putBack))).toBeGreaterThanOrEqual(2);
    expect(ofTenant(THROTTLED, from).at(-1)?.status).toBe(200);
    expect(report.durationMs).toBeGreaterThanOrEqual(400_000);
  });
});
