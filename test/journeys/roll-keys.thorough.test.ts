/** An app rolls its own keys against the sandbox: when all goes well, when it does not, and when somebody tries what must not be. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { watchKeyCredentials } from '../../src/core/certificates/keys/compare-keys';
import { keyIdOf } from '../../src/core/certificates/keys/key-credentials';
import { addKeyCredential, removeKeyCredential } from '../../src/core/certificates/keys/roll-keys';
import { isOnboardingError, type OnboardingError } from '../../src/core/errors';
import type { GraphTransport } from '../../src/core/ports';
import { setGraphVariants } from '../../src/sandbox/graph/variants';
import type { KeyCredential } from '../../src/sandbox/model';
import { auditOf } from './attacks';
import { accessOf, changeKeys, holdCertificate, keyIdsOf, makeStrangersKey, registrationOf, type HeldCertificate } from './key-stage';
import { createDyingStore, type DyingStore } from './mortal-store';
import { OPERATOR, startStory, type Story } from './story';

const STRANGER = '99999999-0000-4000-8000-000000000001';
let story: Story;
let old: HeldCertificate;
let next: HeldCertificate;

const add = (held = next, signer = old.signer) => addKeyCredential(story.installation.ports, { ...accessOf(story), certificate: held.certificate, signer });
const remove = (held = old, signer = next.signer, change: object = {}) =>
  removeKeyCredential(story.installation.ports, { ...accessOf(story), keyId: keyIdOf(held.certificate), thumbprintSha256: held.certificate.thumbprintSha256, signer, ...change });
async function refusal(attempt: Promise<unknown>): Promise<OnboardingError> {
  const error: unknown = await attempt.then(() => undefined, (reason: unknown) => reason);
  if (!isOnboardingError(error)) throw new Error('A refusal was expected.', { cause: error });
  return error;
}
const requestsTo = (action: string) => story.sandbox.requests().filter(({ path }) => path.endsWith(`/${action}`));

beforeAll(async () => {
  story = await startStory({ sandbox: { faultDelays: 'virtual' } });
});
afterAll(async () => story.stop());

beforeEach(async () => {
  await story.renew();
  story.sandbox.faults.set(undefined);
  old = await holdCertificate(story, 'old');
  next = await holdCertificate(story, 'next');
  await story.installation.certificates.register(old.id, 'backup', OPERATOR);
});

describe('rolling a key', () => {
  it('adds the new one beside the old one and removes the old one on the new one\'s word', async () => {
    expect(await add()).toEqual({ applicationObjectId: registrationOf(story).id, keyId: keyIdOf(next.certificate), alreadyRegistered: false, foreignChange: null });
    expect(keyIdsOf(story)).toEqual([keyIdOf(old.certificate), keyIdOf(next.certificate)]);
    expect(await remove()).toEqual({ alreadyGone: false, foreignChange: null });
    expect(keyIdsOf(story)).toEqual([keyIdOf(next.certificate)]);
  });

  it('changes nothing the second time', async () => {
    await add();
    expect((await add()).alreadyRegistered).toBe(true);
    await remove();
    expect((await remove()).alreadyGone).toBe(true);
    expect([requestsTo('addKey'), requestsTo('removeKey')].map((all) => all.length)).toEqual([1, 1]);
  });

  it('takes no key on its own word', async () => {
    await add();
    expect(await refusal(remove(old, old.signer))).toMatchObject({ code: 'KEY_CREDENTIAL_SIGNER_UNUSABLE', details: { reason: 'removes_itself' } });
    expect(requestsTo('removeKey')).toEqual([]);
  });

  it('sends no proof by a certificate that is not registered', async () => {
    const stranger = await holdCertificate(story, 'stranger');
    expect(await refusal(add(next, stranger.signer))).toMatchObject({ code: 'KEY_CREDENTIAL_SIGNER_UNUSABLE', details: { reason: 'not_registered' } });
    expect(requestsTo('addKey')).toEqual([]);
  });

  it('says why a proof by another private key was refused', async () => {
    expect(await refusal(add(next, { ...old.signer, privateKey: next.signer.privateKey }))).toMatchObject({ code: 'KEY_CREDENTIAL_PROOF_REFUSED', serviceCode: 'Authentication_MissingOrMalformed' });
  });

  it('leaves what others registered alone', async () => {
    const others = await holdCertificate(story, 'others');
    await story.installation.certificates.register(others.id, 'backup', OPERATOR);
    await add();
    await remove();
    expect(keyIdsOf(story)).toEqual([keyIdOf(others.certificate), keyIdOf(next.certificate)]);
  });

  it('sends no proof by a certificate that ends within minutes, and names the way out', async () => {
    const brief = await holdCertificate(story, 'brief', 1);
    await story.installation.certificates.register(brief.id, 'backup', OPERATOR);
    story.advanceClock((Date.parse(brief.certificate.notAfter) - story.clock.now()) / 1000 - 60);
    const error = await refusal(add(next, brief.signer));
    expect(error).toMatchObject({ code: 'KEY_CREDENTIAL_SIGNER_UNUSABLE', details: { reason: 'expired' } });
    expect(error.remedy).toContain('certificate register');
    expect(requestsTo('addKey')).toEqual([]);
  });

  it('leaves a key alone whose id names another certificate by now', async () => {
    await add();
    const stranger = await holdCertificate(story, 'stranger');
    expect((await refusal(remove(old, next.signer, { thumbprintSha256: stranger.certificate.thumbprintSha256 }))).code).toBe('KEY_CREDENTIAL_FOREIGN_CHANGE');
    expect([requestsTo('removeKey').length, keyIdsOf(story).length]).toEqual([0, 2]);
  });

  it('does not believe an old read that a key is gone', async () => {
    await add();
    // The directory as it was before the new key: a roll-back of it must not take this for "gone already".
    story.sandbox.faults.set(onceStale(60_000));
    expect(await remove(next, old.signer)).toMatchObject({ alreadyGone: false });
    expect(keyIdsOf(story)).toEqual([keyIdOf(old.certificate)]);
  });

  it.each([400, 404] as const)('takes a key for gone that Microsoft does not find (%s)', async (missingKey) => {
    setGraphVariants(story.sandbox.world, { missingKey });
    await add();
    changeKeys(story, (keys) => keys.filter(({ keyId }) => keyId !== keyIdOf(old.certificate)));
    expect(await remove()).toMatchObject({ alreadyGone: true });
    expect(requestsTo('removeKey')).toHaveLength(1);
  });

  it('does not believe an old read that a key is still there', async () => {
    await add();
    story.advanceClock(3600);
    await remove();
    story.sandbox.faults.set(onceStale(60_000));
    expect(await addKeyCredential(story.installation.ports, { ...accessOf(story), certificate: old.certificate, signer: next.signer })).toMatchObject({ alreadyRegistered: false });
    expect(keyIdsOf(story)).toEqual([keyIdOf(next.certificate), keyIdOf(old.certificate)]);
  });
});

describe('rolling a key while the line is bad', () => {
  /** Carried out, and then answered otherwise. */
  const done = (how: object) => JSON.parse(`{"apply":true,"then":${JSON.stringify(how)}}`) as object;
  const LOST = done({ transport: 'reset-before-headers' });
  const REFUSED = { status: 409, body: 'graph.ConcurrencyViolation' };
  const onWrites = (...rules: readonly object[]) => ({ version: 1, rules: rules.map((rule, index) => ({ id: `r${index}`, ...rule })) });
  const writes = (action: string, nth: readonly number[], what: object) => ({ match: { host: 'graph', method: 'POST', path: `*/${action}` }, when: { nth }, do: what });

  it.each([
    ['the answer is lost', LOST],
    ['the request is lost', { transport: 'reset-before-headers' }],
    ['the answer is cut off', done({ transport: 'truncate' })],
    ['the service fails and has done it', done({ status: 500, body: 'graph.ServiceUnavailable' })],
    ['somebody else is writing, in the words of the reference', REFUSED],
    ['somebody else is writing, as it was reported', { ...REFUSED, status: 503 }],
    ['the service is busy', { status: 429, headers: { 'Retry-After': '7' }, body: 'graph.TooManyRequests' }],
  ])('ends with one key where one should be, when %s', async (_, what) => {
    story.sandbox.faults.set(onWrites(writes('addKey', [1], what), writes('removeKey', [1], what)));
    expect((await add()).keyId).toBe(keyIdOf(next.certificate));
    expect(keyIdsOf(story)).toEqual([keyIdOf(old.certificate), keyIdOf(next.certificate)]);
    await remove();
    expect(keyIdsOf(story)).toEqual([keyIdOf(next.certificate)]);
  });

  it('gives up politely while somebody else goes on writing, and has changed nothing', async () => {
    story.sandbox.faults.set(onWrites(writes('addKey', [1, 2, 3, 4, 5, 6, 7, 8, 9], REFUSED)));
    const before = story.clock.now();
    expect(await refusal(add())).toMatchObject({ serviceCode: 'Directory_ConcurrencyViolation' });
    expect(story.clock.now() - before).toBeGreaterThan(30_000);
    expect([requestsTo('addKey').length, keyIdsOf(story)]).toEqual([5, [keyIdOf(old.certificate)]]);
  });

  it('removes the second one that a service made of a repetition without heeding our key id', async () => {
    setGraphVariants(story.sandbox.world, { addKeyId: 'generated' });
    story.sandbox.faults.set(onWrites(writes('addKey', [1], LOST), { match: { host: 'graph', method: 'GET', path: '*/applications*' }, when: { nth: [2] }, do: { staleMs: 60_000 } }));
    const { keyId } = await add();
    expect(requestsTo('addKey')).toHaveLength(2);
    expect(keyIdsOf(story)).toEqual([keyIdOf(old.certificate), keyId]);
  });

  it.each(['lossy-network', 'replication-hell', 'rough-day'].flatMap((preset) => ['one', 'two', 'three'].map((seed) => [preset, seed] as const)))('comes to the same end under %s, seed %s', async (preset, seed) => {
    story.sandbox.faults.set({ version: 1, preset, seed });
    await persist(() => add());
    expect(keyIdsOf(story)).toEqual([keyIdOf(old.certificate), keyIdOf(next.certificate)]);
    await persist(() => remove());
    expect(keyIdsOf(story)).toEqual([keyIdOf(next.certificate)]);
    expect(story.events.filter(({ type }) => type === 'certificate.foreign_change')).toEqual([]);
  });
});

describe('rolling a key, killed after every write to the state', () => {
  it('ends with one key where one should be, and is continued by whoever comes next', { timeout: 120_000 }, async () => {
    let mortal: DyingStore | undefined;
    await story.renew({ wrapStore: (store) => (mortal = createDyingStore(store)).store });
    [old, next] = [await holdCertificate(story, 'old'), await holdCertificate(story, 'next')];
    await story.installation.certificates.register(old.id, 'backup', OPERATOR);
    expect(await survive(mortal, () => add())).toBeGreaterThan(5);
    expect(keyIdsOf(story)).toEqual([keyIdOf(old.certificate), keyIdOf(next.certificate)]);
    await survive(mortal, () => remove());
    expect(keyIdsOf(story)).toEqual([keyIdOf(next.certificate)]);
    expect(await story.installation.audit.verify()).toMatchObject({ intact: true });
  });

  it('leaves a registration that is ended by the next one, while the directory lags', { timeout: 120_000 }, async () => {
    let mortal: DyingStore | undefined;
    await story.renew({ wrapStore: (store) => (mortal = createDyingStore(store)).store });
    [old, next] = [await holdCertificate(story, 'old'), await holdCertificate(story, 'next')];
    await story.installation.certificates.register(old.id, 'backup', OPERATOR);
    story.sandbox.setReplicationLagMs({ 'graph.get': 90_000 });
    expect(await survive(mortal, () => story.installation.certificates.register(next.id, 'backup', OPERATOR))).toBeGreaterThan(5);
    expect(keyIdsOf(story)).toEqual([keyIdOf(old.certificate), keyIdOf(next.certificate)]);
    expect(story.sandbox.requests().filter(({ method, status }) => method === 'PATCH' && status === 204)).toHaveLength(2);
  });

  it('is continued after a kill between the request and the first look at what became of it', async () => {
    const killed = withGraph((send) => async (scope, request) => {
      const answer = await send(scope, request);
      if (request.method === 'POST') throw new Error('killed');
      return answer;
    });
    await expect(addKeyCredential(killed, { ...accessOf(story), certificate: next.certificate, signer: old.signer })).rejects.toThrow('killed');
    expect((await add()).alreadyRegistered).toBe(true);
    await expect(removeKeyCredential(killed, { ...accessOf(story), keyId: keyIdOf(old.certificate), signer: next.signer })).rejects.toThrow('killed');
    await remove();
    expect(keyIdsOf(story)).toEqual([keyIdOf(next.certificate)]);
    expect([requestsTo('addKey').length, requestsTo('removeKey').length]).toEqual([1, 2]);
  });
});

describe('a change that none of our writers made', () => {
  let stranger: KeyCredential;
  const told = () => story.events.filter(({ type }) => type === 'certificate.foreign_change').map(({ data }) => [data['missingKeyIds'], data['unknownKeyIds']]);
  const noted = async () => (await auditOf(story)).filter(({ action }) => action === 'certificate.foreign_change').map(({ details }) => [details?.['missingKeyIds'], details?.['unknownKeyIds']]);
  const come = () => changeKeys(story, (keys) => [...keys, stranger]);
  const go = () => changeKeys(story, (keys) => keys.filter(({ keyId }) => keyId !== STRANGER));

  beforeEach(async () => {
    stranger = await makeStrangersKey(story, STRANGER);
  });

  it('while a key is added is reported, told once, and left as it is', async () => {
    const ports = withGraph((send) => async (scope, request) => {
      if (request.path.endsWith('/addKey')) come();
      return send(scope, request);
    });
    const added = await addKeyCredential(ports, { ...accessOf(story), certificate: next.certificate, signer: old.signer });
    expect(added).toMatchObject({ alreadyRegistered: false, foreignChange: { missing: [], unknown: [STRANGER] } });
    expect(keyIdsOf(story)).toEqual([keyIdOf(old.certificate), STRANGER, keyIdOf(next.certificate)]);
    const watched = await watchKeyCredentials(story.installation.ports, accessOf(story));
    expect([watched.unknown.map(({ keyId }) => keyId), watched.told]).toEqual([[STRANGER], null]);
    expect([told(), await noted()]).toEqual([[[[], [STRANGER]]], [[[], [STRANGER]]]]);
  });

  it('is never written back by a registration: a key of ours that somebody removed is told, refused once, and stays away', async () => {
    story.advanceClock(20 * 60);
    changeKeys(story, () => []);
    const register = () => story.installation.certificates.register(next.id, 'backup', OPERATOR);
    expect(await refusal(register())).toMatchObject({ code: 'KEY_CREDENTIAL_FOREIGN_CHANGE', details: { missingKeyIds: [keyIdOf(old.certificate)] } });
    expect(keyIdsOf(story)).toEqual([]);
    expect(await register()).toMatchObject({ alreadyRegistered: false });
    expect(keyIdsOf(story)).toEqual([keyIdOf(next.certificate)]);
    expect([told(), await noted()]).toEqual([[[[keyIdOf(old.certificate)], []]], [[[keyIdOf(old.certificate)], []]]]);
  });

  it('is told again when it went and came back', async () => {
    const watch = async () => watchKeyCredentials(story.installation.ports, accessOf(story));
    come();
    await watch();
    await watch();
    go();
    await watch();
    come();
    await watch();
    expect(told()).toHaveLength(2);
    expect(await noted()).toHaveLength(2);
  });

  it('is not seen where old reads explain it', async () => {
    story.sandbox.setReplicationLagMs({ 'graph.get': 240_000 });
    expect(await refusal(add())).toMatchObject({ code: 'KEY_CREDENTIAL_STALE', retryable: true });
    await persist(() => add());
    expect(await watchKeyCredentials(story.installation.ports, accessOf(story))).toMatchObject({ unknown: [], missing: [], told: null });
    expect(told()).toEqual([]);
  });
});

/** Again and again, killed one write later each time, until it comes to its end; how many writes that took. */
async function survive(mortal: DyingStore | undefined, step: () => Promise<unknown>): Promise<number> {
  for (let writes = 1; writes < 60; writes += 1) {
    mortal?.dieAfter(writes);
    const isDone = await step().then(() => true, () => false);
    const died = mortal?.died() ?? false;
    mortal?.dieAfter(undefined);
    if (isDone && !died) return writes;
    expect(new Set(keyIdsOf(story)).size).toBe(keyIdsOf(story).length);
    expect(keyIdsOf(story).length).toBeLessThanOrEqual(2);
  }
  throw new Error('It never came to its end.');
}

/** The installation's ports with another way to send. */
function withGraph(wrap: (send: GraphTransport['send']) => GraphTransport['send']) {
  const { ports } = story.installation;
  return { ...ports, graph: { ...ports.graph, send: wrap((scope, request) => ports.graph.send(scope, request)) } };
}

function onceStale(staleMs: number): object {
  return { version: 1, rules: [{ id: 'old-read', match: { host: 'graph', method: 'GET', path: '*/applications*' }, when: { nth: [1] }, do: { staleMs } }] };
}

/** As somebody who waits as long as they are told and runs it again. */
async function persist<T>(step: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await step();
    } catch (error) {
      if (!isOnboardingError(error) || !error.retryable || tries > 12) throw error;
      story.advanceClock(Math.max(60, error.retryAfterSeconds ?? 0));
    }
  }
}
