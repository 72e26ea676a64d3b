/** The scheduled check over a whole installation: what it looks at, whom it tells, and when it counts as having run. */
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CheckRequest } from '../../src/core/corridor/certificates/check-certificates';
import { switchLine } from '../../src/core/certificates/rotation/line';
import { rotationKind, type CertificateRotation } from '../../src/core/certificates/rotation/rotation-model';
import { toPem } from '../../src/core/certificates/facts';
import { readHeartbeat } from '../../src/core/certificates/renewal/heartbeat';
import { openPrivateKey, readCertificateDer } from '../../src/core/certificates/records/records';
import { hasCode, OnboardingError } from '../../src/core/errors';
import { secret } from '../../src/core/internal/secret';
import { claimRecord } from '../../src/core/records';
import { needsStep } from '../../src/core/corridor/certificates/judge-credential';
import { makeServerCertificate } from '../core/adapters/tls-server';
import { changeKeys, registrationOf } from './key-stage';
import { registered } from './rotations';
import { OPERATOR, startStory, type Story } from './story';

const DAY_SECONDS = 86_400;
const HOUR_MS = 3_600_000;
let story: Story;

beforeAll(async () => {
  story = await startStory();
});
beforeEach(async () => story.renew());
afterAll(async () => story.stop());

const check = (request?: CheckRequest) => story.installation.certificates.check(OPERATOR, request);
const told = () => story.events.map(({ type, data }) => [type, data['name']]);
const generate = async (name: string, lifetimeDays = 365) => story.installation.certificates.generate({ name, keyBits: 2048, lifetimeDays }, OPERATOR);

/** The apps sign in with these instead, in the order of the configuration: backup, restore. */
async function signInWith(...credentials: readonly object[]): Promise<void> {
  await story.reconfigure((written) => ({ apps: (written['apps'] as readonly object[]).map((app, index) => ({ ...app, ...(credentials[index] === undefined ? {} : { credential: credentials[index] }) })) }));
}

async function pfxOf(certificateId: string): Promise<Uint8Array> {
  return (await story.installation.certificates.exportFile(certificateId, { format: 'pfx', password: secret('of the file') }, OPERATOR)).bytes;
}

/** As somebody who keeps certificate and key in one file would have it. */
async function pemOf(certificateId: string): Promise<string> {
  const { ports } = story.installation;
  const { privateKey } = await openPrivateKey(ports, certificateId);
  return `${toPem(await readCertificateDer(ports, certificateId))}${privateKey.reveal()}`;
}

const asRotation = (fields: Partial<CertificateRotation>): CertificateRotation => ({
  id: 'rotation-1', lineId: '', fromCertificateId: '', toCertificateId: 'not-made-yet', state: 'proving', apps: [],
  proof: { goodRounds: 0, lastGoodAt: null, rounds: 0, lastProblem: null },
  startedAt: story.clock.now(), startedBy: OPERATOR, activatedAt: null, lastFallbackAt: null, endedAt: null, nextStepAt: story.clock.now(), reasons: [], ...fields,
});

describe('what is looked at', () => {
  it('begins with what the partner\'s apps sign in with, and goes on with other certificates in use', async () => {
    const [own, other, unused] = [await generate('Own'), await generate('Other'), await generate('Unused')];
    await story.installation.certificates.register(other.id, 'restore', OPERATOR);
    await story.installation.certificates.register(own.id, 'backup', OPERATOR);
    await signInWith({ certificateId: own.id });
    const { items, attention } = await check();
    expect(items.map(({ name, source, appKeys, status }) => [name, source, appKeys, status])).toEqual([
      ['Own', 'stored', ['backup'], 'ok'],
      ['restore.secret', 'secret', ['restore'], 'unwatched'],
      ['Other', 'stored', ['restore'], 'ok'],
    ]);
    expect(items.map(({ certificateId }) => certificateId)).not.toContain(unused.id);
    expect(items[0]).toMatchObject({ certificateId: own.id, notAfter: own.notAfter, rotation: null, problems: [] });
    expect(attention).toBe(false);
  });

  it('lists one certificate of two apps once', async () => {
    const { id } = await generate('Shared');
    await signInWith({ certificateId: id }, { certificateId: id });
    expect((await check()).items.map(({ appKeys }) => appKeys)).toEqual([['backup', 'restore']]);
  });

  it('follows a line to the certificate that signs now', async () => {
    const [first, second] = [await generate('First', 30), await generate('Second')];
    await switchLine(story.installation.ports, first.id, { currentId: second.id, previousId: first.id, switchedAt: story.clock.now(), decidedBy: 'rotation-1' }, async () => true);
    await signInWith({ certificateId: first.id });
    expect((await check()).items[0]).toMatchObject({ certificateId: second.id, name: 'Second', status: 'ok' });
  });

  it('reads the end of a certificate out of a PFX and a PEM file, and says when it is over', async () => {
    const { id, notAfter } = await generate('In a file', 90);
    story.secrets.set('backup.pfx', Buffer.from(await pfxOf(id)) as never);
    story.secrets.set('backup.password', 'of the file');
    story.secrets.set('restore.pem', await pemOf(id));
    await signInWith({ pfxFile: 'backup.pfx', pfxPasswordFile: 'backup.password' }, { pemFile: 'restore.pem' });
    const before = (await check()).items;
    expect(before.map(({ source, name, certificateId, status }) => [source, name, certificateId, status])).toEqual([['pfx', 'backup.pfx', null, 'ok'], ['pem', 'restore.pem', null, 'ok']]);
    expect(before.map((item) => Date.parse(item.notAfter ?? ''))).toEqual([Date.parse(notAfter), Date.parse(notAfter)]);
    story.advanceClock(100 * DAY_SECONDS);
    expect((await check()).items.map(({ status, attention }) => [status, attention])).toEqual([['expired', true], ['expired', true]]);
    // A process that has never seen them valid.
    await signInWith();
    expect((await check()).items.map(({ status, problems }) => [status, problems[0]?.code])).toEqual([['expired', 'CERTIFICATE_EXPIRED'], ['expired', 'CERTIFICATE_EXPIRED']]);
  });

  it('says of a file that cannot be opened why, without what is in it, and goes on', async () => {
    const { id } = await generate('Locked', 90);
    story.secrets.set('backup.pfx', Buffer.from(await pfxOf(id)) as never);
    story.secrets.set('backup.password', 'not the password');
    await signInWith({ pfxFile: 'backup.pfx', pfxPasswordFile: 'backup.password' }, { certificateId: 'gone' });
    const { items, attention, heartbeat } = await check();
    expect(items.map(({ status, problems }) => [status, problems[0]?.code])).toEqual([['unreadable', 'APP_CREDENTIAL_UNUSABLE'], ['unreadable', 'CERTIFICATE_NOT_FOUND']]);
    expect([attention, heartbeat.overdue, typeof heartbeat.lastAt]).toEqual([true, false, 'number']);
    expect(JSON.stringify(items)).not.toContain('not the password');
  });

  it('sees when a client secret ends only in the directory', async () => {
    const [unseen] = (await check()).items;
    expect(unseen).toMatchObject({ source: 'secret', status: 'unwatched', notAfter: null, attention: false, problems: [{ code: 'CREDENTIAL_UNWATCHED' }] });
    const [seen] = (await check({ directory: true })).items;
    expect(seen?.status).toBe('ok');
    expect(Date.parse(seen?.notAfter ?? '')).toBeGreaterThan(story.clock.now());
    expect(seen?.problems).toEqual([]);
  });
});

describe('the keys on the app registrations', () => {
  it('are looked at when the directory is asked: one that nobody knows is news once, one of ours that is gone stays an alarm', async () => {
    // The app signs in with its secret, so that it can still look when the key is gone.
    const { id } = await generate('Primary');
    await story.installation.certificates.register(id, 'backup', OPERATOR);
    story.advanceClock(DAY_SECONDS);
    expect(await check()).toMatchObject({ appKeys: null, attention: false });
    const well = await check({ directory: true });
    expect([well.attention, well.appKeys?.map(({ appKey, unknown, missing }) => [appKey, unknown, missing])]).toEqual([false, [['backup', [], []], ['restore', [], []]]]);

    const [mine] = registrationOf(story).keyCredentials;
    if (mine === undefined) throw new Error('The key is not there.');
    changeKeys(story, (keys) => [...keys, { ...mine, keyId: '99999999-0000-4000-8000-000000000000', displayName: 'A back door', customKeyIdentifier: 'AB'.repeat(20), key: new X509Certificate(makeServerCertificate(['somebody.example']).pem).raw.toString('base64') }]);
    const found = await check({ directory: true });
    expect([found.attention, found.appKeys?.[0]?.unknown.map(({ displayName }) => displayName)]).toEqual([true, ['A back door']]);
    const again = await check({ directory: true });
    expect([again.attention, again.appKeys?.[0]?.unknown.length]).toEqual([false, 1]);

    changeKeys(story, () => []);
    for (let look = 0; look < 2; look += 1) {
      const gone = await check({ directory: true });
      expect([gone.attention, gone.appKeys?.[0]?.missing.map(({ name }) => name)]).toEqual([true, ['Primary']]);
    }
  });

  it('are a finding of their own when the app cannot even sign in to look', async () => {
    await registered(story, ['backup']);
    changeKeys(story, () => []);
    const { appKeys, attention } = await check({ directory: true });
    expect([attention, appKeys?.map(({ appKey, problem }) => [appKey, problem?.code.slice(0, 4)])]).toEqual([true, [['backup', 'STS_'], ['restore', undefined]]]);
  });

  it('that cannot be read for want of a permission are a finding, and keep nothing else from being looked at', async () => {
    await registered(story, ['backup']);
    const { graph } = story.installation.ports;
    const send = graph.send.bind(graph);
    vi.spyOn(graph, 'send').mockImplementation(async (scope, request) => (request.path.includes('keyCredentials') ? { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'no' } }, requestId: undefined } : send(scope, request)));
    const { appKeys, heartbeat, attention } = await check({ directory: true });
    vi.restoreAllMocks();
    expect([attention, appKeys?.map(({ problem }) => problem?.code), typeof heartbeat.lastAt]).toEqual([true, ['KEY_CREDENTIAL_REFUSED', 'KEY_CREDENTIAL_REFUSED'], 'number']);
  });
});

describe('what the host is told', () => {
  it('is each stage of a certificate once, however often it is checked', async () => {
    const { id } = await generate('Backup');
    await signInWith({ certificateId: id });
    const stages: (string | undefined)[] = [];
    for (const days of [1, 250, 1, 100, 1, 30, 1]) {
      story.advanceClock(days * DAY_SECONDS);
      stages.push((await check()).items[0]?.status);
    }
    expect(stages).toEqual(['ok', 'due', 'due', 'expiring', 'expiring', 'expired', 'expired']);
    const certificates = story.events.filter(({ type }) => type !== 'certificate.check_overdue');
    expect(certificates.map(({ type }) => type)).toEqual(['certificate.due', 'certificate.expiring', 'certificate.expired']);
    expect(certificates[0]).toMatchObject({ accountId: null, data: { certificateId: id, name: 'Backup', appKeys: ['backup'] } });
  });

  it('is nothing of a certificate that is being rotated in good order, and that it hangs when nobody drives it', async () => {
    const { id } = await generate('Backup');
    await signInWith({ certificateId: id });
    story.advanceClock(250 * DAY_SECONDS);
    await claimRecord(story.installation.ports, rotationKind, id, asRotation({ lineId: id, fromCertificateId: id }));
    const running = await check();
    expect(running.items[0]).toMatchObject({ status: 'due', attention: false, problems: [], rotation: { id: 'rotation-1', state: 'proving' } });
    story.advanceClock(3 * DAY_SECONDS);
    const stuck = await check();
    expect(stuck.items[0]).toMatchObject({ attention: true, problems: [{ code: 'ROTATION_OVERDUE' }] });
    await check();
    expect(told().filter(([type]) => type !== 'certificate.check_overdue')).toEqual([['certificate.rotation_overdue', 'Backup']]);
  });

  it('is that a rotation failed, with its reason', async () => {
    const { id } = await generate('Backup');
    await signInWith({ certificateId: id });
    await claimRecord(story.installation.ports, rotationKind, id, asRotation({ lineId: id, fromCertificateId: id, state: 'rolled_back', endedAt: story.clock.now(), reasons: [{ code: 'CERTIFICATE_NOT_ACCEPTED', message: 'Never accepted.' }] }));
    const { items, attention } = await check();
    expect([attention, items[0]?.problems]).toEqual([true, [{ code: 'ROTATION_FAILED', message: 'The new key was taken back. Never accepted.' }]]);
    expect(told()).toEqual([['certificate.rotation_failed', 'Backup']]);
  });

  it('is no alarm when an operator took the rotation back', async () => {
    const id = await registered(story, ['backup']);
    const { certificates } = story.installation;
    await certificates.rotate(id, OPERATOR);
    await certificates.undoRotation(id, OPERATOR);
    const { items, attention } = await check();
    expect([attention, items[0]?.rotation?.state, items[0]?.problems.map(({ code }) => code)]).toEqual([false, 'rolled_back', ['ROTATION_FAILED']]);
  });
});

describe('a check that rotates', () => {
  it('renews everything by being repeated, and asks nobody for anything meanwhile', async () => {
    const first = await registered(story, ['backup', 'restore']);
    story.advanceClock(250 * DAY_SECONDS);
    const seen: string[] = [];
    for (let hour = 0; hour < 48 && seen.at(-1) !== 'done'; hour += 1) {
      const { steps, attention, complete, heartbeat } = await check({ rotate: true });
      expect([attention, complete, heartbeat.overdue]).toEqual([false, true, false]);
      seen.push(...steps.map(({ state }) => state));
      story.advanceClock(3600);
    }
    expect([...new Set(seen)]).toEqual(['registering', 'proving', 'overlap', 'retiring', 'done']);
    const { items } = await check({ rotate: true });
    expect(items).toMatchObject([{ appKeys: ['backup', 'restore'], status: 'ok', rotation: { state: 'done' } }]);
    expect(items[0]?.certificateId).not.toBe(first);
    expect(story.events.filter(({ type }) => type !== 'certificate.check_overdue')).toEqual([]);
  });

  it('goes on with the others when one cannot be rotated, and says why', async () => {
    const unregistered = await generate('Only named here');
    await registered(story, ['backup']);
    await story.reconfigure((written) => ({ apps: (written['apps'] as { key: string }[]).map((app) => (app.key === 'restore' ? { ...app, credential: { certificateId: unregistered.id } } : app)) }));
    story.advanceClock(250 * DAY_SECONDS);
    const { items, steps, attention, complete } = await check({ rotate: true });
    expect(steps.map(({ step }) => step)).toEqual(['issue']);
    expect(items.map(({ name, problems }) => [name, problems.map(({ code }) => code)])).toEqual([['Primary', []], ['Only named here', ['CERTIFICATE_DUE', 'CERTIFICATE_NOT_IN_USE']]]);
    expect([attention, complete]).toEqual([true, true]);
  });

  it('leaves no heartbeat when the directory kept a step from being taken', async () => {
    await registered(story, ['backup']);
    story.advanceClock(250 * DAY_SECONDS);
    await check({ rotate: true });
    const before = await readHeartbeat(story.installation.ports);
    vi.spyOn(story.installation.ports.graph, 'send').mockRejectedValue(new OnboardingError('GRAPH_UNAVAILABLE', 'down'));
    const { complete, items } = await check({ rotate: true });
    vi.restoreAllMocks();
    expect([complete, items[0]?.problems]).toEqual([false, [{ code: 'GRAPH_UNAVAILABLE', message: 'down' }]]);
    expect(await readHeartbeat(story.installation.ports)).toEqual(before);
  });

  it('does not begin again at once what was taken back', () => {
    const rotation = asRotation({ state: 'rolled_back', endedAt: 1000 });
    const due = { mayRenewNow: true, status: 'due' } as const;
    expect(needsStep({ certificateId: 'c', appKeys: ['backup'], rotation }, due, 1000 + 23 * HOUR_MS)).toBe(false);
    expect(needsStep({ certificateId: 'c', appKeys: ['backup'], rotation }, due, 1000 + 24 * HOUR_MS)).toBe(true);
    expect(needsStep({ certificateId: 'c', appKeys: ['backup'], rotation: undefined }, { mayRenewNow: true, status: 'expired' }, 1000)).toBe(false);
    expect(needsStep({ certificateId: null, appKeys: ['backup'], rotation: undefined }, due, 1000)).toBe(false);
    expect(needsStep({ certificateId: 'c', appKeys: ['customer:contoso/backup'], rotation: undefined }, due, 1000)).toBe(false);
  });
});

describe('the heartbeat', () => {
  it('is left by a check that looked at everything, and keeps the alarm silent for two intervals', async () => {
    await generate('Backup');
    await check();
    const { certificates } = story.installation;
    story.advanceClock(2 * DAY_SECONDS - 3600);
    expect(await certificates.checkHeartbeat(OPERATOR)).toMatchObject({ overdue: false });
    story.advanceClock(3601);
    expect(await certificates.checkHeartbeat(OPERATOR)).toMatchObject({ overdue: true });
    await certificates.checkHeartbeat(OPERATOR);
    expect(story.events.map(({ type, accountId }) => [type, accountId])).toEqual([['certificate.check_overdue', null]]);
  });

  it('is noticed by a process that runs for long, which says so once, and again only after it was well', async () => {
    await generate('Backup');
    await check();
    const stop = new AbortController();
    let looks = 0;
    const { clock, logger } = story.installation.ports;
    vi.spyOn(clock, 'sleep').mockImplementation(async (ms) => {
      looks += 1;
      if (looks === 6) await check();
      if (looks === 12) stop.abort();
      story.advanceClock((ms / 1000) * 120);
    });
    const warn = vi.spyOn(logger, 'warn');
    await story.installation.certificates.keepWatch(stop.signal);
    vi.restoreAllMocks();
    expect(warn.mock.calls.map(([message]) => message)).toEqual(Array(2).fill('The scheduled check of the certificates has stopped.'));
    expect(story.events.map(({ type }) => type)).toEqual(['certificate.check_overdue', 'certificate.check_overdue']);
  });

  it('is one word to strangers, who are told nothing else, and the pages stay up', async () => {
    const health = async () => story.onboarding.handle({ method: 'GET', path: '/healthz', query: new URLSearchParams(), headers: {}, body: '' });
    expect(await health()).toMatchObject({ status: 200, body: '{"ok":true}' });
    await generate('Backup');
    story.advanceClock(3 * DAY_SECONDS);
    expect(await health()).toMatchObject({ status: 200, body: '{"ok":true,"attention":true}' });
    expect(story.events).toEqual([]);
    await check();
    story.advanceClock(10);
    expect(await health()).toMatchObject({ status: 200, body: '{"ok":true}' });
    const kept = await story.store.get('certificates/heartbeat/check');
    await story.store.set('certificates/heartbeat/check', (kept?.value ?? '').replace(/"everyHours\\":24/, '"everyHours\\\\":9999'));
    story.advanceClock(10);
    expect(await health()).toMatchObject({ status: 200, body: '{"ok":true,"attention":true}' });
  });

  it('is looked for once in ten seconds, however often strangers ask', async () => {
    const health = async () => story.onboarding.handle({ method: 'GET', path: '/healthz', query: new URLSearchParams(), headers: {}, body: '' });
    await generate('Backup');
    const lists = vi.spyOn(story.store, 'list');
    await Promise.all(Array.from({ length: 20 }, health));
    expect(lists).toHaveBeenCalledTimes(1);
    story.advanceClock(10);
    await health();
    expect(lists).toHaveBeenCalledTimes(2);
    lists.mockRestore();
  });

  it('is missed when a certificate was stored and no check ever ran', async () => {
    const { certificates } = story.installation;
    expect(await certificates.checkHeartbeat(OPERATOR)).toEqual({ lastAt: null, dueBy: null, overdue: false });
    await generate('Backup');
    story.advanceClock(49 * 3600);
    expect(await certificates.checkHeartbeat(OPERATOR)).toMatchObject({ lastAt: null, overdue: true });
  });

  it('is not left by a look that stands in for no check, which tells nobody either', async () => {
    const { id } = await generate('Backup');
    await signInWith({ certificateId: id });
    story.advanceClock(250 * DAY_SECONDS);
    const { occasions, heartbeat } = await check({ recorded: false });
    expect(occasions.map(({ type }) => type)).toEqual(['certificate.due', 'certificate.check_overdue']);
    expect([heartbeat.lastAt, heartbeat.overdue, story.events]).toEqual([null, true, []]);
  });

  it('is not left by a check whose directory or store failed half-way', async () => {
    await generate('Backup');
    const { ports } = story.installation;
    vi.spyOn(ports.graph, 'send').mockRejectedValueOnce(new OnboardingError('GRAPH_UNAVAILABLE', 'down'));
    await expect(check({ directory: true })).rejects.toThrow('down');
    vi.spyOn(ports.store, 'list').mockImplementationOnce(() => {
      throw new OnboardingError('STATE_UNAVAILABLE', 'away');
    });
    await expect(check()).rejects.toThrow('away');
    expect(await readHeartbeat(ports)).toBeUndefined();
  });

  it('is not left by an operator who may not look after certificates', async () => {
    await story.reconfigure((written) => ({ operators: (written['operators'] as readonly object[]).map((operator) => ({ ...operator, may: ['onboard'] })) }));
    const refused = await check().catch((error: unknown) => error);
    expect(hasCode(refused, 'OPERATOR_NOT_ALLOWED')).toBe(true);
    expect(await readHeartbeat(story.installation.ports)).toBeUndefined();
  });

  it('says how often the check is meant to run, for hosts that are configured otherwise', async () => {
    await story.reconfigure(() => ({ certificates: { renewal: { checkEveryHours: 1 } } }));
    await check();
    await story.reconfigure(() => ({ certificates: {} }));
    const { lastAt, dueBy } = await story.installation.certificates.checkHeartbeat(OPERATOR);
    expect(Date.parse(dueBy ?? '') - (lastAt ?? 0)).toBe(2 * HOUR_MS);
  });
});
