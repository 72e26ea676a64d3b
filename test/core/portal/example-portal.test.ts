import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type ExamplePortal, startExamplePortal } from '../../../examples/portal/portal.mts';
import { answerKeySet, answerRedemption } from '../../../src/core/impersonation/endpoints';
import { AUDIENCE, createWorld, ISSUER, issueCode, portalKey, TENANT, type World } from '../impersonation/support';

const running: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

/** The partner's two addresses on a real socket. */
async function startPartner(world: World): Promise<string> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', origin);
      const asked = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() };
      const settings = { portal: { audience: AUDIENCE, keys: [portalKey.publicJwk] }, redeemUrl: `${origin}/impersonation/redeem`, issuer: ISSUER };
      void (async () => {
        const answer = await (url.pathname.endsWith('jwks.json') ? answerKeySet(world.ports) : answerRedemption(world.ports, settings, asked));
        response.writeHead(answer.status, answer.headers as Record<string, string>).end(answer.body);
      })();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  running.push({ close: () => server.close().closeAllConnections() });
  return origin;
}

async function start(world: World): Promise<ExamplePortal> {
  const partner = await startPartner(world);
  const portal = await startExamplePortal({
    partnerName: 'Northwind Backup',
    issuer: ISSUER,
    clock: world.clock,
    jwks: `${partner}/.well-known/jwks.json`,
    redeem: { url: `${partner}/impersonation/redeem`, clientKey: portalKey.privateKey, algorithm: 'ES256' },
    findAccount: async () => ({ name: 'Contoso', tenantId: TENANT, adminName: 'Ada Admin' }),
  });
  running.push(portal);
  return portal;
}

/** What a browser does: keeps cookies, posts forms, follows nothing by itself. */
function createBrowser(portal: ExamplePortal) {
  const cookies = new Map<string, string>();
  return async (path: string, form?: Readonly<Record<string, string>>): Promise<{ status: number; location: string | null; body: string }> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(portal.url + path, { redirect: 'manual', headers: { cookie }, ...(form && { method: 'POST', body: new URLSearchParams(form) }) });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return { status: response.status, location: response.headers.get('location'), body: await response.text() };
  };
}

const textOf = (body: string, testId: string) => new RegExp(`data-testid="${testId}"[^>]*>([^<]*)<`).exec(body)?.[1];
const csrfOf = (body: string) => /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';

describe('the example portal', () => {
  it('opens for an operator with a code, shows who acts on every page, and closes', async () => {
    const world = createWorld();
    const portal = await start(world);
    const browse = createBrowser(portal);
    expect((await browse('/dashboard')).status).toBe(401);
    const asked = await browse('/enter', { code: (await issueCode(world)).reveal() });
    expect([asked.status, textOf(asked.body, 'account'), textOf(asked.body, 'admin')]).toEqual([200, 'Contoso', 'Ada Admin']);
    expect(await browse('/confirm', { csrf: csrfOf(asked.body), decision: 'start' })).toMatchObject({ status: 303, location: '/dashboard' });
    const dashboard = await browse('/dashboard');
    expect(textOf(dashboard.body, 'banner')).toBe('op-1 acting for Northwind Backup as Ada Admin (restricted access), reason: Ticket 4711, ends at 2026-01-15 10:00 UTC');
    expect(dashboard.body).toContain('data-testid="area-data" data-open="false"');
    expect((await browse('/mailboxes')).status).toBe(403);
    expect((await browse('/sign-out', {})).body).toContain('data-testid="signed-out"');
    expect((await browse('/dashboard')).status).toBe(401);
    expect(portal.log.map((entry) => [entry.action, entry.actor.id])).toEqual([
      ['impersonation.entered', 'op-1'],
      ['impersonation.started', 'op-1'],
      ['impersonation.ended', 'op-1'],
    ]);
  });

  it('shows the customer\'s data at the full level', async () => {
    const world = createWorld();
    const browse = createBrowser(await start(world));
    const code = await issueCode(world, { decision: { allowed: true, accessLevel: 'full', reason: 'Restore test' } });
    const asked = await browse('/enter', { code: code.reveal() });
    await browse('/confirm', { csrf: csrfOf(asked.body), decision: 'start' });
    expect((await browse('/mailboxes')).body).toContain('data-testid="mailboxes"');
  });

  it('refuses a replayed code and closes by itself when the time is over', async () => {
    const world = createWorld();
    const browse = createBrowser(await start(world));
    const code = (await issueCode(world)).reveal();
    const asked = await browse('/enter', { code });
    expect(textOf((await browse('/enter', { code })).body, 'refusal')).toBe('This cannot be opened');
    await browse('/confirm', { csrf: csrfOf(asked.body), decision: 'start' });
    expect((await browse('/dashboard')).status).toBe(200);
    world.clock.advance(3_600_000);
    expect((await browse('/dashboard')).status).toBe(401);
  });
});
