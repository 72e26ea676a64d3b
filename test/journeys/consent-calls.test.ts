/**
 * How often Microsoft is asked about a consent, counted by the sandbox: once per app and resource for a proof, once in all
 * for a routine look. Thousands of tenants an hour rest on these figures.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changePrincipal, deletePrincipal, rememberDirectory, rememberState, removePermission } from './directory';
import { invite, requestsDuring } from './attacks';
import { advanceUntilSettled, onboardAsAdmin, personWith, startStory, type Story } from './story';

const CONTOSO = 'contoso.example';
const RECHECK_SECONDS = 3600;
const DAY_SECONDS = 86_400;

let story: Story;
let putBack: () => Promise<void>;

beforeAll(async () => {
  story = await startStory({ configure: () => ({ adminChoice: 'first' }) });
  await onboardAsAdmin(story, await invite(story), personWith(story.tenant(CONTOSO), 'Global Administrator'));
  expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
  const [putDirectoryBack, putStateBack] = [rememberDirectory(story, CONTOSO), await rememberState(story)];
  putBack = async () => {
    putDirectoryBack();
    await putStateBack();
  };
});

beforeEach(async () => putBack());

afterAll(async () => story.stop());

type Rows = Awaited<ReturnType<typeof requestsDuring>>['rows'];

/** What was asked, by door; a token request is told by its app, a Graph call by what its batch asked for. */
function countOf(rows: Rows) {
  const tokens = rows.filter((row) => row.path.endsWith('/oauth2/v2.0/token'));
  const graph = rows.filter((row) => row.host === 'graph');
  return { tokens: tokens.length, graph: graph.length, other: rows.length - tokens.length - graph.length, sockets: new Set(rows.map((row) => row.socket)).size, items: graph.map((row) => row.itemRules.length) };
}

describe('a full read', () => {
  it('asks for one fresh token per app and resource and makes one Graph call, each on a socket of its own', async () => {
    const askedAt = story.clock.now();
    const { result, rows } = await requestsDuring(story, () => story.onboarding.consentStatus('contoso'));
    expect(result).toMatchObject({ verdict: 'granted', evidence: 'tokens_and_directory' });
    expect(result.evidenceAt).toBeGreaterThanOrEqual(askedAt);
    // Two apps, each with Graph, Exchange Online and SharePoint Online: host, three resources, three items for each app.
    expect(countOf(rows)).toEqual({ tokens: 6, graph: 1, other: 0, sockets: 7, items: [10] });
    const before = new Set(story.sandbox.requests().slice(0, -rows.length).map((row) => row.socket));
    expect(rows.filter((row) => before.has(row.socket))).toEqual([]);
  });

  it('costs the same in every read of the streak that proves it', async () => {
    await story.reconfigure(() => ({}));
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: false });
    story.advanceClock(RECHECK_SECONDS);
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention' });
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: true });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'consent_verifying' });
    // The first read of the streak was that one's.
    for (let good = 2; good <= 5; good += 1) {
      story.advanceClock(15);
      const { result, rows } = await requestsDuring(story, () => story.onboarding.verifyConsent('contoso'));
      expect(result).toMatchObject({ reads: { good } });
      expect(countOf(rows)).toMatchObject({ tokens: 6, graph: 1 });
    }
    const provenAt = story.clock.now();
    const { verdict, tokensAt } = await story.onboarding.verifyConsent('contoso');
    expect(verdict).toBe('granted');
    expect(tokensAt).toBeGreaterThan(provenAt - 15_000);
  });

  it('makes a second Graph call only to explain why an app is absent', async () => {
    deletePrincipal(story, CONTOSO, 'restore');
    const { result, rows } = await requestsDuring(story, () => story.onboarding.consentStatus('contoso'));
    expect(result.verdict).toBe('missing');
    expect(countOf(rows)).toMatchObject({ tokens: 6, graph: 2 });
  });
});

describe('a routine look', () => {
  it('asks for at most two tokens and two Graph calls cold, and makes one Graph call warm', async () => {
    // A process that has just started: no token, nothing remembered of the resources.
    await story.reconfigure(() => ({}));
    const cold = await requestsDuring(story, () => story.onboarding.verifyConsent('contoso'));
    expect(cold.result).toMatchObject({ verdict: 'granted', evidence: 'directory_agrees' });
    expect(countOf(cold.rows)).toMatchObject({ tokens: 1, graph: 1, other: 0, items: [9] });
    story.advanceClock(60);
    const warm = await requestsDuring(story, () => story.onboarding.verifyConsent('contoso'));
    expect(warm.result).toMatchObject({ verdict: 'granted', evidence: 'directory_agrees' });
    expect(countOf(warm.rows)).toEqual({ tokens: 0, graph: 1, other: 0, sockets: 1, items: [6] });
    expect(warm.result.apps.map(({ key, state, missing }) => [key, state, missing.length])).toEqual([['backup', 'granted', 0], ['restore', 'granted', 0]]);
  });

  it('says when the tokens were last proven, and that is not now', async () => {
    const provenAt = (await story.onboarding.verifyConsent('contoso')).tokensAt;
    story.advanceClock(RECHECK_SECONDS);
    const askedAt = story.clock.now();
    const { evidenceAt, tokensAt } = await story.onboarding.verifyConsent('contoso');
    expect(tokensAt).toBe(provenAt);
    expect(evidenceAt).toBeGreaterThanOrEqual(askedAt);
  });

  it('never decides a loss: when the directory disagrees, a full read does', async () => {
    await story.onboarding.verifyConsent('contoso');
    removePermission(story, CONTOSO, 'restore', 'Files.ReadWrite.All');
    const { result, rows } = await requestsDuring(story, () => story.onboarding.verifyConsent('contoso'));
    expect(result).toMatchObject({ verdict: 'missing', evidence: 'tokens_and_directory', reasons: [{ code: 'CONSENT_GRANTS_REMOVED' }] });
    expect(countOf(rows)).toMatchObject({ tokens: 6, graph: 2 });
  });

  it('does not press a service that is in trouble with a closer look, and keeps what it knew', async () => {
    await story.onboarding.verifyConsent('contoso');
    story.advanceClock(RECHECK_SECONDS);
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'graph-down', match: { host: 'graph', path: '*' }, do: { status: 503, body: '' } }] });
    const { result, rows } = await requestsDuring(story, () => story.onboarding.verifyConsent('contoso'));
    story.sandbox.faults.set(undefined);
    expect(result).toMatchObject({ verdict: 'unknown', evidence: null });
    expect(countOf(rows).tokens).toBeLessThanOrEqual(1);
  });
});

describe('an active account', () => {
  it('is looked at routinely every hour, and in full once a day', async () => {
    const kinds: string[] = [];
    for (let hour = 0; hour < 26; hour += 1) {
      story.advanceClock(RECHECK_SECONDS);
      const { result, rows } = await requestsDuring(story, () => story.onboarding.advance('contoso'));
      expect(result.state).toBe('active');
      kinds.push(rows.filter((row) => row.path.endsWith('/oauth2/v2.0/token')).length >= 6 ? 'full' : 'routine');
    }
    const full = kinds.flatMap((kind, hour) => (kind === 'full' ? [hour] : []));
    expect(full.length).toBeGreaterThanOrEqual(1);
    expect(full.length).toBeLessThanOrEqual(2);
    expect((full[0] ?? 99) * RECHECK_SECONDS).toBeLessThan(DAY_SECONDS);
  });

  it('whose tokens were not proven for a day is not green because the directory agrees', async () => {
    await story.onboarding.advance('contoso');
    // The reader's tokens come, and the directory goes on agreeing; the other app's do not.
    const restore = story.sandbox.ready.apps.find((app) => app.key === 'restore')?.appId;
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'sts-down', match: { host: 'login', path: '*/token', app: restore }, do: { body: 'sts.TemporarilyUnavailable' } }] });
    const states: string[] = [];
    for (let hour = 0; hour < 25; hour += 1) {
      story.advanceClock(RECHECK_SECONDS);
      states.push((await story.onboarding.advance('contoso')).state);
    }
    story.sandbox.faults.set(undefined);
    expect(states.slice(0, 22)).toEqual(Array.from({ length: 22 }, () => 'active'));
    expect(states.at(-1)).toBe('attention');
    expect((await story.onboarding.status('contoso')).reasons).toMatchObject([{ code: 'CONSENT_UNKNOWN', message: expect.stringContaining('restore') as string }]);
  });
});
