/** Many callers at once, over real sockets: one request to Microsoft, and never somebody else's token. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { invite, requestsDuring } from './attacks';
import { personWith, startStory, type Story, visitInvitation } from './story';

let story: Story;

beforeAll(async () => {
  story = await startStory();
  await visitInvitation(story, await invite(story), personWith(story.tenant('contoso.example'), 'Global Administrator'));
  await visitInvitation(story, await invite(story, 'fabrikam', 'fabrikam.example'), personWith(story.tenant('fabrikam.example'), 'Global Administrator'));
});

// Another installation on the same state: nothing is cached, and time has passed since the last token.
beforeEach(async () => {
  story.advanceClock(7200);
  await story.reconfigure(() => ({}));
});

afterAll(async () => story.stop());

const request = (domain: string, appKey = 'backup', fresh = false) => ({ appKey, tenantId: story.tenant(domain).tenantId, resource: 'https://graph.microsoft.com', fresh });
const tokenRows = (rows: ReturnType<Story['sandbox']['requests']>) => rows.filter((row) => row.path.endsWith('/oauth2/v2.0/token'));

describe('ten callers who need the same token at the same moment', () => {
  it('cause one request and share its answer', async () => {
    const { tokens } = story.installation.ports;
    const { result, rows } = await requestsDuring(story, () => Promise.all(Array.from({ length: 10 }, () => tokens.acquire(request('contoso.example')))));
    expect(tokenRows(rows)).toHaveLength(1);
    expect(new Set(result.map((appToken) => appToken.accessToken.reveal())).size).toBe(1);
    expect(result[0]?.claims).toMatchObject({ tenantId: story.tenant('contoso.example').tenantId });
  });

  it('and want it fresh, cause one request too, and no cached one serves them', async () => {
    const { tokens } = story.installation.ports;
    await tokens.acquire(request('contoso.example'));
    const { rows } = await requestsDuring(story, () => Promise.all(Array.from({ length: 10 }, () => tokens.acquire(request('contoso.example', 'backup', true)))));
    expect(tokenRows(rows)).toHaveLength(1);
  });

  it('cause none while it is good, and one when it has aged', async () => {
    const { tokens } = story.installation.ports;
    const first = await tokens.acquire(request('contoso.example'));
    const { rows } = await requestsDuring(story, () => Promise.all(Array.from({ length: 10 }, () => tokens.acquire(request('contoso.example')))));
    expect(tokenRows(rows)).toEqual([]);
    story.advanceClock((first.expiresAt - story.clock.now()) / 1000);
    const later = await requestsDuring(story, () => Promise.all(Array.from({ length: 10 }, () => tokens.acquire(request('contoso.example')))));
    expect(tokenRows(later.rows)).toHaveLength(1);
  });

  it('for two tenants and two apps, cause one request for each pair, and nobody gets another\'s', async () => {
    const { tokens } = story.installation.ports;
    const pairs = ['contoso.example', 'fabrikam.example'].flatMap((domain) => ['backup', 'restore'].map((appKey) => ({ domain, appKey })));
    const { result, rows } = await requestsDuring(story, () => Promise.all(pairs.flatMap((pair) => Array.from({ length: 10 }, async () => ({ pair, appToken: await tokens.acquire(request(pair.domain, pair.appKey)) })))));
    expect(tokenRows(rows)).toHaveLength(4);
    const appIds = new Map(story.sandbox.ready.apps.map((app) => [app.key, app.appId]));
    for (const { pair, appToken } of result) expect(appToken.claims).toMatchObject({ tenantId: story.tenant(pair.domain).tenantId, appId: appIds.get(pair.appKey) });
  });

  it('survive that one of them gives up', async () => {
    const { tokens } = story.installation.ports;
    const impatient = new AbortController();
    const { result, rows } = await requestsDuring(story, async () => {
      const waiting = Array.from({ length: 9 }, () => tokens.acquire(request('contoso.example')));
      const given = tokens.acquire({ ...request('contoso.example'), signal: impatient.signal });
      impatient.abort(new Error('no patience'));
      return Promise.allSettled([given, ...waiting]);
    });
    expect(result.map((outcome) => outcome.status)).toEqual(['rejected', ...Array.from({ length: 9 }, () => 'fulfilled')]);
    expect(tokenRows(rows)).toHaveLength(1);
  });
});
