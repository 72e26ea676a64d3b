import { describe, expect, it } from 'vitest';
import { CLIENT_ASSERTION_TYPE } from '../../../src/core/impersonation/client-assertion';
import { OnboardingError } from '../../../src/core/errors';
import { buildDeliveryPage, buildUndeliveredPage } from '../../../src/core/impersonation/delivery-page';
import { answerKeySet, answerRedemption } from '../../../src/core/impersonation/endpoints';
import { ensureSigningKey } from '../../../src/core/impersonation/signing-keys';
import { secret } from '../../../src/core/internal/secret';
import type { WebRequest } from '../../../src/core/internal/web';
import { AUDIENCE, createWorld, decodeJwt, ISSUER, issueCode, portalKey, refusal, REDEEM_URL, signAssertion, type World } from './support';

const settings = { portal: { audience: AUDIENCE, keys: [portalKey.publicJwk] }, redeemUrl: REDEEM_URL, issuer: ISSUER };

async function formOf(world: World, changes: Readonly<Record<string, string>> = {}): Promise<string> {
  return new URLSearchParams({ code: 'A'.repeat(43), client_assertion: (await signAssertion(world)).reveal(), client_assertion_type: CLIENT_ASSERTION_TYPE, ...changes }).toString();
}

function post(body: string, changes: Partial<WebRequest> = {}): WebRequest {
  return { method: 'POST', path: '/impersonation/redeem', query: new URLSearchParams(), headers: { 'content-type': 'application/x-www-form-urlencoded' }, body, ...changes };
}

const bodyOf = (response: { body: string }) => JSON.parse(response.body) as Record<string, unknown>;

describe('the redemption address', () => {
  it('answers a portal with its grant and keeps the answer out of caches', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    const response = await answerRedemption(world.ports, settings, post(await formOf(world, { code: code.reveal() })));
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(decodeJwt(String(bodyOf(response)['grant'])).claims).toMatchObject({ account_id: 'contoso' });
  });

  it('tells a portal that proved itself why its code was refused', async () => {
    const world = createWorld();
    const response = await answerRedemption(world.ports, settings, post(await formOf(world)));
    expect([response.status, bodyOf(response)]).toEqual([400, { error: 'IMPERSONATION_CODE_UNKNOWN' }]);
  });

  it('tells a stranger nothing about a code, good or bad', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    const answers = await Promise.all(['A'.repeat(43), code.reveal()].map(async (guess) => answerRedemption(world.ports, settings, post(await formOf(world, { code: guess, client_assertion: 'x.y.z' })))));
    for (const answer of answers) expect([answer.status, answer.body]).toEqual([401, '{"error":"IMPERSONATION_PORTAL_UNAUTHENTICATED"}']);
  });

  it('does not tell anybody about the inside, and reports it to the host', async () => {
    const world = createWorld();
    const code = await issueCode(world);
    world.failAudit(() => true);
    const reported: unknown[] = [];
    const response = await answerRedemption(world.ports, settings, post(await formOf(world, { code: code.reveal() })), (error) => reported.push(error));
    expect([response.status, bodyOf(response)]).toEqual([503, { error: 'try_later' }]);
    expect(reported).toMatchObject([{ code: 'AUDIT_UNAVAILABLE' }]);
  });

  it.each<[string, Partial<WebRequest>, string]>([
    ['a GET', { method: 'GET' }, ''],
    ['a code in the address', { query: new URLSearchParams({ code: 'x' }) }, ''],
    ['a body that is no form', { headers: { 'content-type': 'application/json' } }, ''],
    ['a code given twice', {}, '&code=second'],
  ])('refuses %s without spending anything', async (_what, changes, suffix) => {
    const world = createWorld();
    const code = await issueCode(world);
    const body = await formOf(world, { code: code.reveal() });
    const response = await answerRedemption(world.ports, settings, post(body + suffix, changes));
    expect(response.status).toBe(changes.method === 'GET' ? 405 : 400);
    expect((await answerRedemption(world.ports, settings, post(body))).status).toBe(200);
  });
});

describe('the key set address', () => {
  it('publishes the keys for as long as a verifier may keep them', async () => {
    const world = createWorld();
    const { kid } = await ensureSigningKey(world.ports);
    const response = await answerKeySet(world.ports);
    expect(response.headers).toMatchObject({ 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' });
    expect(bodyOf(response)).toMatchObject({ keys: [{ kid, kty: 'EC', alg: 'ES256', use: 'sig' }] });
  });
});

describe('the delivery page', () => {
  const input = { deliverTo: 'https://portal.example/enter', code: secret('C'.repeat(43)), accountName: 'Contoso "<script>alert(1)</script>' };

  it('posts the code, with a button where scripts are off, and lets it into no cache and no referrer', () => {
    const page = buildDeliveryPage(input);
    expect(page.body).toContain(`<form method="post" action="https://portal.example/enter" data-testid="delivery"><input type="hidden" name="code" value="${'C'.repeat(43)}"><button type="submit"`);
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(page.headers['content-security-policy']).toContain("form-action 'self' https://portal.example;");
    expect(JSON.stringify(page.headers)).not.toContain('C'.repeat(43));
  });

  it('runs its own script and no other', () => {
    const page = buildDeliveryPage(input);
    expect(page.body.match(/<script>/g)).toHaveLength(1);
    expect(page.headers['content-security-policy']).toMatch(/script-src 'sha256-[A-Za-z0-9+/]{43}='$/);
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
  });

  it('is sandboxed where it shares its origin', () => {
    expect(buildDeliveryPage({ ...input, sandboxed: true }).headers['content-security-policy']).toMatch(/; sandbox allow-forms allow-scripts$/);
  });

  it('says why a portal stays closed, with nothing in it that a browser would run', () => {
    const page = buildUndeliveredPage(new OnboardingError('IMPERSONATION_LEVEL_NONE', 'No <script>alert(1)</script> today.'));
    expect(page.status).toBe(403);
    expect(page.body).toContain('No &#60;script&#62;');
    expect(page.body).toContain('IMPERSONATION_LEVEL_NONE');
    expect(page.headers['content-security-policy']).toMatch(/; sandbox$/);
    expect(buildUndeliveredPage(new OnboardingError('GRAPH_THROTTLED', 'Later.')).status).toBe(503);
  });

  it('goes to no address that others can read', async () => {
    expect(await refusal(Promise.resolve().then(() => buildDeliveryPage({ ...input, deliverTo: 'http://portal.example/enter' })))).toBe('IMPERSONATION_PORTAL_UNCONFIGURED');
    expect(await refusal(Promise.resolve().then(() => buildDeliveryPage({ ...input, deliverTo: 'javascript:alert(1)' })))).toBe('IMPERSONATION_PORTAL_UNCONFIGURED');
  });
});
