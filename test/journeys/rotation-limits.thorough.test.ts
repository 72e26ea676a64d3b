/** What a rotation refuses, whom it waits for, and what it calls its certificates. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateCertificate } from '../../src/core/certificates/generate';
import { secret } from '../../src/core/internal/secret';
import { codeOf, failureOf } from './attacks';
import { keyIdsOf } from './key-stage';
import { registered, rotateUntil, signOnce } from './rotations';
import { OPERATOR, startStory, type Story } from './story';

const DAY_SECONDS = 24 * 3600;
const RESOURCE = 'https://graph.microsoft.com';
const PASSWORD = 'correct horse';

let story: Story;

const certificates = () => story.installation.certificates;

beforeAll(async () => {
  story = await startStory();
});

afterAll(async () => story.stop());

beforeEach(async () => story.renew());

/** Blocked, at the hour at which it would be retired otherwise. */
async function blockedRotation(first: string) {
  await rotateUntil(story, first, 'overlap');
  story.advanceClock(DAY_SECONDS);
  for (const appKey of ['backup', 'restore']) if (story.configuration.credentials.get(appKey) !== undefined) await story.installation.ports.tokens.acquire({ tenantId: story.configuration.homeTenantId, appKey, resource: RESOURCE, fresh: true });
  const report = await certificates().rotate(first, OPERATOR);
  expect(report).toMatchObject({ step: 'release', rotation: { state: 'overlap' } });
  expect(keyIdsOf(story)).toHaveLength(2);
  return report.rotation.reasons;
}

/** A certificate that is both in the store and in a file, and the app "restore" signs in with the file. */
async function registeredWithFile(kind: 'pfx' | 'pem'): Promise<string> {
  const made = await generateCertificate(story.installation.ports, { subject: 'backup', keyBits: 2048 });
  const pem = `${made.pem}\n${made.privateKey.reveal()}`;
  const { record } = await certificates().importFile({ name: 'Primary', bytes: Buffer.from(pem) }, OPERATOR);
  for (const appKey of ['backup', 'restore']) await certificates().register(record.id, appKey, OPERATOR);
  story.secrets.set('restore.pem', pem);
  story.secrets.set('password', PASSWORD);
  const credential = kind === 'pem' ? { pemFile: 'restore.pem' } : { pfxFile: 'restore.pfx', pfxPasswordFile: 'password' };
  await story.reconfigure((written) => ({ apps: (written['apps'] as { key: string }[]).map((app) => ({ ...app, credential: app.key === 'restore' ? credential : { certificateId: record.id } })) }));
  return record.id;
}

describe('the old key is kept for', () => {
  it('an app that signs in with it from a PEM file, until the file has another one', { timeout: 60_000 }, async () => {
    const first = await registeredWithFile('pem');
    const reasons = await blockedRotation(first);
    expect(new Set(reasons.map(({ code }) => code))).toEqual(new Set(['CERTIFICATE_STATIC_SOURCE']));
    expect(reasons[0]?.message).toContain('restore.pem');
    expect((await certificates().planRotation(first, OPERATOR)).blockers.map(({ code }) => code)).toContain('CERTIFICATE_STATIC_SOURCE');
    await story.reconfigure((written) => ({ apps: (written['apps'] as { key: string }[]).map((app) => ({ ...app, credential: { certificateId: first } })) }));
    for (const { message } of reasons) {
      const signerId = /release it: signer (?<id>\S+)\.$/.exec(message)?.groups?.['id'];
      if (signerId !== undefined) await certificates().releaseSigner(signerId, OPERATOR);
    }
    await rotateUntil(story, first, 'done');
    expect(keyIdsOf(story, 'restore')).toHaveLength(1);
    expect(await signOnce(story, 'restore')).not.toBe(first);
  });

  it('a process on another host that was not seen with the new one, until it is', { timeout: 60_000 }, async () => {
    const first = await registered(story, ['backup', 'restore']);
    const other = await story.install(story.store, undefined, { signer: { id: 'night-shift', label: 'the night shift' } });
    const sign = async () => other.ports.tokens.acquire({ tenantId: story.configuration.homeTenantId, appKey: 'backup', resource: RESOURCE, fresh: true });
    await sign();
    expect(await blockedRotation(first)).toEqual([{ code: 'CERTIFICATE_SIGNER_BEHIND', message: expect.stringContaining('the night shift') as string }]);
    await sign();
    await rotateUntil(story, first, 'done');
    await sign();
  });

  it('a process that is gone for good, until an operator says so or a day has passed', { timeout: 60_000 }, async () => {
    const first = await registered(story, ['backup', 'restore']);
    const other = await story.install(story.store, undefined, { signer: { id: 'retired-host', label: 'a host that was switched off' } });
    await other.ports.tokens.acquire({ tenantId: story.configuration.homeTenantId, appKey: 'backup', resource: RESOURCE, fresh: true });
    const [reason] = await blockedRotation(first);
    expect(reason?.message).toContain('signer retired-host:backup.');
    expect(await codeOf(certificates().releaseSigner('retired-host:backup', 'nobody'))).toBe('OPERATOR_NOT_ALLOWED');
    expect(await codeOf(certificates().releaseSigner('never-seen', OPERATOR))).toBe('CERTIFICATE_SIGNER_UNKNOWN');
    await certificates().releaseSigner('retired-host:backup', OPERATOR);
    await rotateUntil(story, first, 'done');
  });

  it('whoever holds an exported file of it, for weeks, until an operator releases it', { timeout: 60_000 }, async () => {
    const first = await registered(story, ['backup', 'restore']);
    await certificates().exportFile(first, { format: 'pfx', password: secret(PASSWORD) }, OPERATOR);
    expect(await blockedRotation(first)).toMatchObject([{ code: 'CERTIFICATE_EXPORTED', message: expect.stringContaining(`export:${first}`) as string }]);
    story.advanceClock(60 * DAY_SECONDS);
    for (const appKey of ['backup', 'restore']) await signOnce(story, appKey);
    expect((await certificates().rotate(first, OPERATOR)).rotation.reasons).toMatchObject([{ code: 'CERTIFICATE_EXPORTED' }]);
    await certificates().releaseSigner(`export:${first}`, OPERATOR);
    await rotateUntil(story, first, 'done');
  });
});

describe('a rotation is refused', () => {
  it('for a certificate that is not there, not in use, retired, or has ended; by an operator who may not', { timeout: 60_000 }, async () => {
    expect(await codeOf(certificates().rotate('nothing', OPERATOR))).toBe('CERTIFICATE_NOT_FOUND');
    const { id: idle } = await certificates().generate({ name: 'idle', keyBits: 2048 }, OPERATOR);
    expect(await codeOf(certificates().rotate(idle, OPERATOR))).toBe('CERTIFICATE_NOT_IN_USE');
    expect(await codeOf(certificates().undoRotation(idle, OPERATOR))).toBe('CERTIFICATE_NOT_IN_USE');
    const first = await registered(story, ['backup']);
    for (const act of [certificates().rotate(first, 'nobody'), certificates().undoRotation(first, 'nobody'), certificates().planRotation(first, 'nobody')]) expect(await codeOf(act)).toBe('OPERATOR_NOT_ALLOWED');
    const { certificate } = await rotateUntil(story, first, 'done');
    expect(await codeOf(certificates().releaseSigner('nothing', OPERATOR))).toBe('CERTIFICATE_SIGNER_UNKNOWN');
    story.advanceClock(366 * DAY_SECONDS);
    expect(await codeOf(certificates().rotate(certificate?.id ?? '', OPERATOR))).toBe('CERTIFICATE_EXPIRED');
  });

  it('for an app that the configuration no longer declares', async () => {
    const first = await registered(story, ['backup', 'restore']);
    await story.reconfigure((written) => ({ apps: (written['apps'] as { key: string }[]).filter(({ key }) => key === 'backup') }));
    expect(await failureOf(certificates().rotate(first, OPERATOR))).toMatchObject({ code: 'APP_UNKNOWN', details: { app: 'restore' } });
    expect(keyIdsOf(story)).toHaveLength(1);
  });

  it('to be undone once the old key is on its way out, and afterwards there is nothing to undo', { timeout: 60_000 }, async () => {
    const first = await registered(story, ['backup']);
    await rotateUntil(story, first, 'retiring');
    expect(await codeOf(certificates().undoRotation(first, OPERATOR))).toBe('CERTIFICATE_ROTATION_TOO_LATE');
    await rotateUntil(story, first, 'done');
    expect(await certificates().undoRotation(first, OPERATOR)).toMatchObject({ step: 'none', rotation: { state: 'done' } });
  });
});

describe('a certificate whose operator edits it while it is rotated', () => {
  it('is rotated all the same', { timeout: 60_000 }, async () => {
    const first = await registered(story, ['backup']);
    const { certificate } = await rotateUntil(story, first, 'overlap');
    await certificates().edit(first, { name: 'The old one' }, OPERATOR);
    await certificates().edit(certificate?.id ?? '', { name: 'The new one', description: 'renamed' }, OPERATOR);
    for (const id of [first, certificate?.id ?? '']) expect(await codeOf(certificates().remove(id, { confirm: true }, OPERATOR))).toBe('CERTIFICATE_IN_USE');
    await rotateUntil(story, first, 'done');
    await certificates().remove(first, { confirm: true }, OPERATOR);
    expect(await signOnce(story, 'backup')).toBe(certificate?.id);
  });
});

describe('the new certificate\'s name', () => {
  it.each([
    ['is cut to what fits', 'N'.repeat(80), /^N{69} \d{4}-\d{2}-\d{2}$/u],
    ['is never cut inside a character', `${'N'.repeat(68)}😀😀😀`, /^N{68} \d{4}-\d{2}-\d{2}$/u],
    ['holds more than letters', '😀'.repeat(40), /^😀{34} \d{4}-\d{2}-\d{2}$/u],
    ['has the new date instead of the old one', 'Sicherung Göteborg 2020-01-01', /^Sicherung Göteborg 20(?!20)\d{2}-\d{2}-\d{2}$/u],
  ])('%s', async (_what, name, expected) => {
    const first = await registered(story, ['backup'], name);
    const { certificate } = await certificates().rotate(first, OPERATOR);
    expect(certificate?.name).toMatch(expected);
    expect((await certificates().undoRotation(first, OPERATOR)).rotation.state).toBe('rolled_back');
    // The same day again: the first name is taken by what was rolled back.
    const again = (await certificates().rotate(first, OPERATOR)).certificate;
    expect(again?.name).toMatch(/ \d{4}-\d{2}-\d{2} [0-9a-f]{8}$/u);
    expect(again?.name.length).toBeLessThanOrEqual(80);
  });
});

describe('rotation after rotation', () => {
  it('the configuration goes on naming the first certificate, also after that was deleted', { timeout: 120_000 }, async () => {
    const first = await registered(story, ['backup', 'restore']);
    let current = first;
    for (let turn = 0; turn < 3; turn += 1) {
      const { certificate } = await rotateUntil(story, current, 'done');
      await certificates().remove(current, { confirm: true }, OPERATOR);
      current = certificate?.id ?? '';
      for (const appKey of ['backup', 'restore']) expect(await signOnce(story, appKey)).toBe(current);
      expect(keyIdsOf(story, 'restore')).toHaveLength(1);
      story.advanceClock(30 * DAY_SECONDS);
    }
    expect(await certificates().list(OPERATOR)).toMatchObject([{ id: current, lineId: first, state: 'active' }]);
    expect(await codeOf(certificates().rotate(first, OPERATOR))).toBe('CERTIFICATE_NOT_CURRENT');
    await story.reconfigure(() => ({}));
    expect(await signOnce(story, 'backup')).toBe(current);
  });
});
