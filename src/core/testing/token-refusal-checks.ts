/** What a source makes of refusals, and of answers that no token endpoint should give. */
import assert from 'node:assert/strict';
import { secret } from '../internal/secret';
import { fail, type TokenCheck } from './token-source-checks';
import { refusal, refusalOf, type SeenTokenRequest, tokenAnswer, type TokenEndpointAnswer } from './token-stage';

/** What each number of Microsoft's is to the caller. */
export const REFUSALS = [
  [700016, 'STS_APP_NOT_IN_TENANT'],
  [7000229, 'STS_APP_NOT_IN_TENANT'],
  [7000112, 'STS_APP_DISABLED'],
  [500011, 'STS_RESOURCE_MISSING'],
  [650052, 'STS_RESOURCE_MISSING'],
  [700027, 'STS_CREDENTIAL_REFUSED'],
  [700024, 'STS_CREDENTIAL_REFUSED'],
  [7000215, 'STS_CREDENTIAL_REFUSED'],
  [7000222, 'STS_CREDENTIAL_REFUSED'],
  [50012, 'STS_CREDENTIAL_REFUSED'],
  [90002, 'TENANT_NOT_FOUND'],
  [90033, 'STS_UNAVAILABLE'],
  [53003, 'STS_REFUSED'],
  // Last: nothing more is asked of the app in that tenant for a while.
  [90055, 'STS_THROTTLED'],
] as const;

const UNUSABLE: readonly TokenEndpointAnswer[] = [
  { status: 503, text: '<html>busy</html>' },
  { status: 200, text: '<html>Sign in</html>' },
  { status: 200, text: '' },
  { status: 200, text: '{"hello":"there"}' },
  { status: 200, text: '{"token_type":"Bearer","access_token":"x"}' },
  { status: 200, text: '{"token_type":"Bearer","expires_in":-1,"access_token":"x"}' },
  { status: 200, text: '{"token_type":"pop","expires_in":3599,"access_token":"x"}' },
  { status: 500, text: '{"error":"server_error","error_description":"AADSTS1: oops"}' },
  { cut: true },
];

export const refusing: Record<string, TokenCheck> = {
  'refusals arrive by what the caller can do about them, with Microsoft\'s own code': async (play) => {
    for (const [number, code] of REFUSALS) {
      play.reply = () => refusal(number, 401);
      const { serviceCode, correlationId, ...error } = await refusalOf(play.ask());
      assert.deepEqual([error.code, serviceCode, correlationId], [code, `AADSTS${number}`, '33333333-3333-4333-8333-333333333333']);
    }
    assert.equal(play.seen.length, REFUSALS.length);
  },
  'an answer that is none is a service that is away, and nothing of it is kept': async (play) => {
    for (const answer of UNUSABLE) {
      play.reply = () => answer;
      assert.equal((await refusalOf(play.ask())).code, 'STS_UNAVAILABLE');
    }
    play.reply = () => undefined;
    assert.notEqual((await play.ask()).claims, undefined);
  },
  'a redirect is not followed: what proves the app goes nowhere else': async (play) => {
    play.reply = () => ({ status: 307, headers: { location: `/${play.tenantIds[1]}/oauth2/v2.0/token` }, text: '' });
    assert.equal((await refusalOf(play.ask())).code, 'STS_UNAVAILABLE');
    assert.equal(play.seen.length, 1);
  },
  'a token of another tenant is dropped and serves nobody': async (play) => {
    play.reply = () => tokenAnswer({ tid: play.tenantIds[1], appid: play.app.appId });
    assert.equal((await refusalOf(play.ask())).code, 'STS_REFUSED');
    play.reply = () => undefined;
    assert.equal((await play.ask()).claims?.tenantId?.toLowerCase(), play.tenantIds[0].toLowerCase());
    assert.equal((await play.ask({ tenantId: play.tenantIds[1] })).claims?.tenantId?.toLowerCase(), play.tenantIds[1].toLowerCase());
    assert.equal(play.seen.length, 3);
  },
  'before a Retry-After has passed nothing more is asked of that app in that tenant, and others are': async (play) => {
    for (const answer of [refusal(90055, 429, { 'retry-after': '30' }), refusal(90033, 503, { 'retry-after': '30' })]) {
      const before = play.seen.length;
      play.reply = () => answer;
      assert.equal((await refusalOf(play.ask({ fresh: true }))).retryAfterSeconds, 30);
      play.clock.advance(29_000);
      const early = await refusalOf(play.ask({ fresh: true, resource: play.resources[1] }));
      assert.deepEqual([early.retryAfterSeconds, early.retryable], [1, true]);
      assert.equal(play.seen.length, before + 1);
      play.reply = () => undefined;
      await play.ask({ fresh: true, appKey: play.otherApp.key });
      await play.ask({ fresh: true, tenantId: play.tenantIds[1] });
      play.clock.advance(1000);
      await play.ask({ fresh: true });
      assert.equal(play.seen.length, before + 4);
    }
  },
  'a throttled answer that does not say for how long is followed by a pause as well, of that app in that tenant alone': async (play) => {
    for (const number of [90055, 50196]) {
      const before = play.seen.length;
      play.reply = () => refusal(number, 429);
      assert.equal((await refusalOf(play.ask({ fresh: true }))).code, 'STS_THROTTLED');
      play.reply = () => undefined;
      const early = await refusalOf(play.ask({ fresh: true }));
      assert.deepEqual([early.code, (early.retryAfterSeconds ?? 0) > 0], ['STS_THROTTLED', true]);
      await play.ask({ fresh: true, tenantId: play.tenantIds[1] });
      play.clock.advance((early.retryAfterSeconds ?? 0) * 1000);
      await play.ask({ fresh: true });
      assert.equal(play.seen.length, before + 3);
    }
  },
  'nothing that was sent comes back in an error, whatever the service repeats': async (play) => {
    const spellings = [(text: string) => text, encodeURIComponent, (text: string) => text.slice(3, 60), (text: string) => JSON.stringify({ request: text })];
    const statuses = [200, 400, 401, 429, 500];
    const credentials = [play.credential, { kind: 'secret', id: 'one', secret: secret('very~Secret.Value_1234567890+/=') }] as const;
    for (const credential of credentials) {
      for (const status of statuses) {
        for (const spell of spellings) {
          play.credential = credential;
          play.reply = (request) => ({ status, text: repeat(spell(proofOf(request))) });
          const error = await refusalOf(play.ask({ fresh: true }));
          const sent = proofOf(play.seen.at(-1) ?? fail());
          const told = everythingIn(error);
          for (let at = 0; at + 16 <= sent.length; at += 16) assert.ok(!told.includes(sent.slice(at, at + 16)), `status ${status}`);
        }
      }
    }
  },
};

function proofOf({ body }: SeenTokenRequest): string {
  const form = new URLSearchParams(body);
  return form.get('client_assertion') ?? form.get('client_secret') ?? assert.fail('the app did not prove itself');
}

function repeat(text: string): string {
  return JSON.stringify({ error: 'invalid_request', error_description: `AADSTS900144: ${text}`, correlation_id: text, suberror: text });
}

/** Message, stack, JSON and every own property of an error and of what caused it. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  const properties = Object.getOwnPropertyNames(error).filter((name) => name !== 'cause');
  const own = properties.map((name) => JSON.stringify(Reflect.get(error, name)));
  return [error.message, error.stack ?? '', JSON.stringify(error), ...own, ...(error.cause === undefined ? [] : [everythingIn(error.cause)])].join('\n');
}
