/** One customer from nothing to active, by two hosts that share a PostgreSQL and know nothing of each other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../src/core/adapters/node-server';
import { openPostgresStore } from '../../src/core/adapters/postgres-store';
import type { Installation } from '../../src/core/installation';
import type { PortalHttp } from '../../src/core/portal';
import { invite } from '../journeys/attacks';
import { openPortal } from '../journeys/backup-portal';
import { onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from '../journeys/story';
import { binaries, type PostgresServer, startPostgres } from './postgres-server';

describe.skipIf(binaries === undefined)('a journey on PostgreSQL', () => {
  let server: PostgresServer;
  let story: Story;
  let otherHost: Installation;

  beforeAll(async () => {
    server = await startPostgres();
    story = await startStory({ configure: () => ({ adminChoice: 'first' }), openStore: (clock) => openPostgresStore({ url: server.url(), clock }) });
    otherHost = await story.install(await openPostgresStore({ url: server.url(), clock: story.clock }));
  });
  afterAll(async () => {
    await otherHost.close();
    await story.stop();
    await server.stop();
  });

  it('is made by whichever host is there first, once', async () => {
    const tenant = story.tenant('contoso.example');
    await onboardAsAdmin(story, await invite(story), personWith(tenant, 'Global Administrator'), 'restricted');
    const hosts = [story.onboarding, otherHost.onboarding];
    let state = '';
    for (let turn = 0; turn < 80 && state !== 'active'; turn += 1) {
      // One of the two may find that the other was faster, and says so.
      const reports = await Promise.allSettled(hosts.map((host) => host.advance('contoso')));
      const [report] = reports.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      for (const outcome of reports) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'STATE_CONFLICT' });
      state = report?.state ?? state;
      if (typeof report?.nextCheckAt === 'number') story.advanceClock(Math.max(0.001, (report.nextCheckAt - story.clock.now()) / 1000));
    }
    expect(state).toBe('active');
    expect(await otherHost.onboarding.showBinding('contoso')).toMatchObject({ tenantId: tenant.tenantId, state: 'active' });
  });

  it('leaves one audit without a gap, whichever host wrote it', async () => {
    expect(await otherHost.audit.verify()).toMatchObject({ intact: true });
    const ids = (await Array.fromAsync(otherHost.audit.list())).map((entry) => entry.id);
    expect(ids.length).toBeGreaterThan(3);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('redeems a one-time code once, also when it is tried at both hosts at the same time', async () => {
    const second = await startServer({ host: '127.0.0.1', port: 0, handle: (request) => otherHost.onboarding.handle(request) });
    const atSecond: PortalHttp = async ({ method, url, headers, body }) => {
      const answer = await fetch(url.replace(`:${story.port}/`, `:${second.port}/`), { method, headers, ...(body === undefined ? {} : { body }) });
      return { status: answer.status, body: await answer.text() };
    };
    const tenantOf = () => story.tenant('contoso.example').tenantId;
    const portals = Array.from({ length: 6 }, (_, index) => openPortal(story, tenantOf, index % 2 === 0 ? {} : { http: atSecond }));
    const { code } = await otherHost.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'TICKET-1042' });
    const outcomes = await Promise.all(portals.map(({ kit }) => kit.receiveCode(code).then(() => 'entered', (error: { code?: string }) => error.code)));
    await second.close();
    expect(outcomes.filter((outcome) => outcome === 'entered')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'IMPERSONATION_CODE_SPENT')).toHaveLength(5);
  });
});
