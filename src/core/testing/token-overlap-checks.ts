/** What a source does while two keys are registered and not everybody knows the new one yet. */
import assert from 'node:assert/strict';
import type { TokenCheck } from './token-source-checks';
import { certificateCredential, type Play, refusal, refusalOf, type SeenTokenRequest, signerOf } from './token-stage';

const MINUTE_MS = 60_000;
/** Refusals of a credential that the former key would not mend. */
const OTHER_REFUSALS = [7000222, 7000215, 50012, 50013, 50027, 700024, 7000229, 500011, 53003, 90033] as const;

function overlap(play: Play): void {
  play.credential = certificateCredential(play.current, play.former);
}

/** A replica that has not heard of these keys. */
function unaware(...unknown: readonly { readonly thumbprintSha256: string }[]): Play['reply'] {
  const thumbprints = new Set(unknown.map(({ thumbprintSha256 }) => thumbprintSha256));
  return (request: SeenTokenRequest) => (thumbprints.has(signerOf(request)) ? refusal(700027, 401) : undefined);
}

const signers = ({ seen }: Play) => seen.map(signerOf);

export const overlapping: Record<string, TokenCheck> = {
  'where the new key is unknown the former one signs the same request, and both outcomes are reported': async (play) => {
    overlap(play);
    play.reply = unaware(play.current);
    assert.notEqual((await play.ask()).claims, undefined);
    assert.deepEqual(signers(play), [play.current.thumbprintSha256, play.former.thumbprintSha256]);
    assert.deepEqual(play.uses, [
      { thumbprintSha256: play.current.thumbprintSha256, outcome: 'unknown_key' },
      { thumbprintSha256: play.former.thumbprintSha256, outcome: 'accepted' },
    ]);
  },
  'where the new key is known the former one is not used': async (play) => {
    overlap(play);
    await play.ask();
    assert.deepEqual(signers(play), [play.current.thumbprintSha256]);
    assert.deepEqual(play.uses, [{ thumbprintSha256: play.current.thumbprintSha256, outcome: 'accepted' }]);
  },
  'for a minute the former key is asked with first in that tenant, then the new one again': async (play) => {
    overlap(play);
    play.reply = unaware(play.current);
    const first = await play.ask();
    assert.equal(await play.ask(), first);
    play.clock.advance(MINUTE_MS - 1);
    await play.ask({ fresh: true });
    await play.ask({ tenantId: play.tenantIds[1] });
    assert.deepEqual(signers(play).slice(2), [play.former, play.current, play.former].map(({ thumbprintSha256 }) => thumbprintSha256));
    play.reply = () => undefined;
    play.clock.advance(1);
    assert.notEqual(await play.ask(), first);
    assert.equal(signers(play).at(-1), play.current.thumbprintSha256);
    assert.deepEqual(play.uses.at(-1), { thumbprintSha256: play.current.thumbprintSha256, outcome: 'accepted' });
  },
  'when the former key is gone within that minute, the new one signs': async (play) => {
    overlap(play);
    play.reply = unaware(play.current);
    await play.ask();
    play.reply = unaware(play.former);
    await play.ask({ fresh: true });
    await play.ask({ fresh: true });
    assert.deepEqual(signers(play).slice(2), [play.former, play.current, play.current].map(({ thumbprintSha256 }) => thumbprintSha256));
  },
  'when neither key is known, that is the answer, after one request with each': async (play) => {
    overlap(play);
    play.reply = unaware(play.current, play.former);
    const error = await refusalOf(play.ask());
    assert.deepEqual([error.code, error.serviceCode], ['STS_CREDENTIAL_REFUSED', 'AADSTS700027']);
    assert.equal(play.seen.length, 2);
  },
  'every other refusal stands: the former key would not mend it, or would hide it': async (play) => {
    overlap(play);
    for (const number of OTHER_REFUSALS) {
      play.reply = () => refusal(number, 401);
      assert.equal((await refusalOf(play.ask())).serviceCode, `AADSTS${number}`);
    }
    assert.deepEqual(new Set(signers(play)), new Set([play.current.thumbprintSha256]));
    assert.equal(play.seen.length, OTHER_REFUSALS.length);
    assert.deepEqual(play.uses, []);
  },
  'a credential without a former key proves itself: it is asked with at once, and refused': async (play) => {
    overlap(play);
    play.reply = unaware(play.current);
    await play.ask();
    play.credential = certificateCredential(play.current);
    assert.equal((await refusalOf(play.ask({ fresh: true }))).serviceCode, 'AADSTS700027');
    assert.equal((await refusalOf(play.ask())).serviceCode, 'AADSTS700027');
    assert.deepEqual(signers(play).slice(2), [play.current.thumbprintSha256, play.current.thumbprintSha256]);
  },
  'who has no former key does not share the request of one who has': async (play) => {
    overlap(play);
    play.reply = unaware(play.current);
    const helped = play.ask();
    play.credential = certificateCredential(play.current);
    const alone = refusalOf(play.ask());
    assert.notEqual((await helped).claims, undefined);
    assert.equal((await alone).serviceCode, 'AADSTS700027');
  },
  'a pause that came with the refusal holds for the former key too': async (play) => {
    overlap(play);
    play.reply = () => refusal(700027, 401, { 'retry-after': '30' });
    assert.ok(((await refusalOf(play.ask())).retryAfterSeconds ?? 0) > 0);
    await refusalOf(play.ask());
    assert.equal(play.seen.length, 1);
    assert.equal(play.uses.length, 1);
  },
  'what is served from memory is not reported': async (play) => {
    await play.ask();
    await Promise.all([play.ask(), play.ask(), play.ask()]);
    assert.equal(play.uses.length, 1);
  },
  'a report that fails, at once or later, fails no request': async (play) => {
    overlap(play);
    for (const report of [() => Promise.reject(new Error('books closed')), () => assert.fail('books closed'), undefined]) {
      play.report = report;
      play.reply = unaware(play.current);
      assert.notEqual((await play.ask({ fresh: true })).claims, undefined);
    }
  },
};
