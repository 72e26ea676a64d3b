/** What a source asks for, when it asks, and whom its tokens serve. */
import assert from 'node:assert/strict';
import { secret } from '../internal/secret';
import { assertionOf, certificateCredential, type Play, refusal, refusalOf, signerOf } from './token-stage';

export type TokenCheck = (play: Play) => Promise<void>;

const MINUTE_MS = 60_000;
/** A token that is given out outlives a long read by this much. */
const MARGIN_MS = 5 * MINUTE_MS;
const CALLERS = 10;

export const requesting: Record<string, TokenCheck> = {
  'a token is asked for once, at the tenant\'s own token endpoint, for all the app was granted on the resource': async (play) => {
    const appToken = await play.ask();
    assert.equal(play.seen.length, 1);
    const [{ method, path, body } = fail()] = play.seen;
    assert.equal(method, 'POST');
    assert.match(path, new RegExp(`^/${play.tenantIds[0]}/oauth2/v2\\.0/token(\\?|$)`, 'i'));
    const form = new URLSearchParams(body);
    assert.deepEqual([form.get('client_id'), form.get('grant_type'), form.getAll('scope')], [play.app.appId, 'client_credentials', [`${play.resources[0]}/.default`]]);
    assert.equal(appToken.claims?.tenantId?.toLowerCase(), play.tenantIds[0].toLowerCase());
    assert.ok(appToken.expiresAt > play.clock.now() + MARGIN_MS);
  },
  'a certificate signs every request anew: PS256 and its SHA-256 thumbprint, for this endpoint and for minutes': async (play) => {
    await play.ask({ fresh: true });
    await play.ask({ fresh: true });
    const assertions = play.seen.map((request) => assertionOf(request) ?? fail());
    assert.equal(new Set(assertions.map(({ claims }) => claims['jti'])).size, 2);
    for (const { header, claims } of assertions) {
      assert.deepEqual([header['alg'], header['x5t']], ['PS256', undefined]);
      assert.deepEqual([claims['iss'], claims['sub']], [play.app.appId, play.app.appId]);
      assert.ok(String(claims['aud']).endsWith(`/${play.tenantIds[0]}/oauth2/v2.0/token`));
      const now = play.clock.now() / 1000;
      assert.ok(Number(claims['nbf']) <= now && Number(claims['exp']) > now && Number(claims['exp']) <= now + 900);
    }
    for (const request of play.seen) assert.equal(signerOf(request), play.current.thumbprintSha256);
  },
  'the private key is in no request': async (play) => {
    await play.ask();
    const key = play.current.privateKey.reveal().replaceAll(/-----[^-]*-----|\s/g, '');
    assert.ok(!decodeURIComponent(JSON.stringify(play.seen)).includes(key.slice(40, 80)));
  },
  'a thumbprint with colons, or of another length, is refused before anything is sent': async (play) => {
    for (const thumbprintSha256 of [play.current.thumbprintSha256.replaceAll(/(..)(?!$)/g, '$1:'), play.current.thumbprintSha256.slice(0, 40), '']) {
      play.credential = certificateCredential({ ...play.current, thumbprintSha256 });
      assert.equal((await refusalOf(play.ask())).code, 'APP_CREDENTIAL_UNUSABLE');
    }
    assert.deepEqual(play.seen, []);
  },
  'nobody is asked about a tenant that is none, an app that is unknown, or more than one resource': async (play) => {
    for (const tenantId of ['common', 'organizations', 'consumers', 'contoso.example', '', `${play.tenantIds[0]}/..`]) assert.equal((await refusalOf(play.ask({ tenantId }))).code, 'TENANT_INVALID');
    assert.equal((await refusalOf(play.ask({ appKey: 'nobody' }))).code, 'APP_UNKNOWN');
    for (const resource of ['', `${play.resources[0]} x`, `${play.resources[0]}/.default`]) assert.equal((await refusalOf(play.ask({ resource }))).code, 'INPUT_INVALID');
    assert.deepEqual(play.seen, []);
  },
};

export const keeping: Record<string, TokenCheck> = {
  'a token serves again until five minutes before it expires, by the injected clock': async (play) => {
    const first = await play.ask();
    play.clock.moveTo(first.expiresAt - MARGIN_MS - 1000);
    assert.equal(await play.ask(), first);
    play.clock.moveTo(first.expiresAt - MARGIN_MS);
    assert.notEqual(await play.ask(), first);
    assert.equal(play.seen.length, 2);
  },
  'a token never serves another tenant, app or resource': async (play) => {
    const [tenant, otherTenant] = play.tenantIds;
    const wants = [tenant, otherTenant].flatMap((tenantId) => [play.app, play.otherApp].flatMap(({ key }) => play.resources.map((resource) => ({ tenantId, appKey: key, resource }))));
    const first = await Promise.all(wants.map((want) => play.ask(want)));
    assert.equal(new Set(first).size, wants.length);
    for (const [index, want] of wants.entries()) {
      assert.equal(first[index]?.claims?.tenantId?.toLowerCase(), want.tenantId.toLowerCase());
      assert.equal(await play.ask(want), first[index]);
    }
    assert.equal(await play.ask({ tenantId: tenant.toUpperCase() }), first[0]);
    assert.equal(play.seen.length, wants.length);
  },
  'a token does not serve a credential that did not get it': async (play) => {
    const first = await play.ask();
    play.reply = () => refusal(7000215, 401);
    for (const credential of [certificateCredential(play.former), { kind: 'secret', id: 'one', secret: secret('first-secret') }, { kind: 'secret', id: 'two', secret: secret('second-secret') }] as const) {
      play.credential = credential;
      assert.equal((await refusalOf(play.ask())).code, 'STS_CREDENTIAL_REFUSED');
    }
    play.credential = certificateCredential(play.current);
    assert.equal(await play.ask(), first);
  },
  'a fresh request passes by what is kept, on a new connection, and its token serves from then on': async (play) => {
    const first = await play.ask();
    const fresh = await play.ask({ fresh: true });
    const again = await play.ask({ fresh: true });
    assert.equal(new Set([first, fresh, again]).size, 3);
    assert.equal(new Set(play.seen.map(({ socket }) => socket)).size, 3);
    assert.equal(await play.ask(), again);
  },
};

export const sharing: Record<string, TokenCheck> = {
  'ten callers at once cause one request': async (play) => {
    const appTokens = await Promise.all(Array.from({ length: CALLERS }, () => play.ask()));
    assert.equal(new Set(appTokens).size, 1);
    assert.equal(play.seen.length, 1);
  },
  'callers that want a fresh token share a request of their own': async (play) => {
    await Promise.all([true, false, true, false].map((fresh) => play.ask({ fresh })));
    assert.equal(play.seen.length, 2);
  },
  'all who wait see a failure, and the next one asks anew: only a service that throttles is left alone': async (play) => {
    for (const answer of [refusal(90033, 503), refusal(53003, 400), { cut: true as const }]) {
      const before = play.seen.length;
      play.reply = () => answer;
      const errors = await Promise.all(Array.from({ length: CALLERS }, () => refusalOf(play.ask({ fresh: true }))));
      assert.equal(new Set(errors.map(({ code }) => code)).size, 1);
      play.reply = () => undefined;
      await play.ask({ fresh: true });
      assert.equal(play.seen.length, before + 2);
    }
  },
  'who gives up leaves the others their token': async (play) => {
    const controller = new AbortController();
    const arrived = deferred();
    const released = deferred();
    play.reply = async () => {
      arrived.resolve();
      await released.promise;
      return undefined;
    };
    const impatient = play.ask({ signal: controller.signal });
    const patient = play.ask();
    await arrived.promise;
    const reason = new Error('enough');
    controller.abort(reason);
    await assert.rejects(impatient, (error) => error === reason);
    released.resolve();
    assert.notEqual((await patient).claims, undefined);
    assert.equal(play.seen.length, 1);
  },
  'when the last one has given up, the next caller gets a request of its own; who has given up before asks nobody': async (play) => {
    const controller = new AbortController();
    const arrived = deferred();
    play.reply = () => {
      arrived.resolve();
      return new Promise(() => undefined);
    };
    const impatient = play.ask({ signal: controller.signal });
    await arrived.promise;
    controller.abort(new Error('enough'));
    await assert.rejects(impatient, { message: 'enough' });
    await assert.rejects(play.ask({ signal: controller.signal }), { message: 'enough' });
    assert.equal(play.seen.length, 1);
    play.reply = () => undefined;
    await play.ask();
    assert.equal(play.seen.length, 2);
  },
};

export function fail(): never {
  return assert.fail('nothing was sent');
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  const parts: { resolve: () => void } = { resolve: () => undefined };
  const promise = new Promise<void>((resolve) => {
    parts.resolve = resolve;
  });
  return { promise, resolve: () => parts.resolve() };
}
