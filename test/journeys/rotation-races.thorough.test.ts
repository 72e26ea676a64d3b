/** Several processes at one rotation: each step once, whoever is held up does nothing that others decided against meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStateStore } from '../../src/core/adapters/open-store';
import { findLine } from '../../src/core/certificates/rotation/line';
import { findRotation, listRotations } from '../../src/core/certificates/rotation/rotation-model';
import { isOnboardingError } from '../../src/core/errors';
import type { Installation } from '../../src/core/installation';
import { auditOf, codeOf } from './attacks';
import { keyIdsOf } from './key-stage';
import { createInterruptedStore } from './mortal-store';
import { registered, rotateUntil, signOnce } from './rotations';
import { OPERATOR, startStory, type Story } from './story';

let story: Story;
let first: string;

const certificates = () => story.installation.certificates;
const stateOf = async () => (await findRotation(story.installation.ports, first))?.value.state;

beforeAll(async () => {
  story = await startStory();
});

afterAll(async () => story.stop());

/** Another process on the same state; `meanwhile` happens once, right before it writes the first key that begins so. */
async function heldUpAt(keyPrefix: string, meanwhile: () => Promise<void>): Promise<Installation> {
  let isOver = false;
  return story.install(
    createInterruptedStore(story.store, async (key) => {
      if (isOver || !key.startsWith(keyPrefix)) return;
      isOver = true;
      await meanwhile();
    }),
  );
}

async function undo(): Promise<void> {
  while ((await certificates().undoRotation(first, OPERATOR)).rotation.state !== 'rolled_back') story.advanceClock(60);
}

async function untilProven(): Promise<void> {
  const report = await rotateUntil(story, first, 'proving');
  for (let round = 0; round < 3; round += 1) {
    story.advanceClock(Math.max(0, ((await findRotation(story.installation.ports, first))!.value.nextStepAt - story.clock.now()) / 1000));
    await certificates().rotate(first, OPERATOR);
  }
  expect((await findRotation(story.installation.ports, first))?.value).toMatchObject({ id: report.rotation.id, state: 'proving', proof: { goodRounds: 3 } });
}

describe('a caller who was held up', () => {
  beforeEach(async () => {
    await story.renew();
    story.sandbox.faults.set(undefined);
    first = await registered(story, ['backup', 'restore']);
    // Every replica knows it by now, however far behind.
    story.advanceClock(48 * 3600);
  });

  it('in activating does not switch what signs after the rotation was undone', async () => {
    await untilProven();
    const late = await heldUpAt('certificates/line/', async () => {
      await undo();
    });
    expect((await late.certificates.rotate(first, OPERATOR)).rotation.state).toBe('rolled_back');
    expect(await findLine(story.installation.ports, first)).toMatchObject({ currentId: first, previousId: null });
    expect((await certificates().list(OPERATOR)).filter(({ state }) => state === 'active').map(({ id }) => id)).toEqual([first]);
    expect(await signOnce(story, 'backup')).toBe(first);
    // And the line is free for the next one.
    expect(await signOnce(story, 'restore')).toBe(first);
    const done = await rotateUntil(story, first, 'done');
    expect(await signOnce(story, 'restore')).toBe(done.certificate?.id);
  });

  it('in going back does not give the old certificate a line that has gone on', async () => {
    await rotateUntil(story, first, 'overlap');
    const late = await heldUpAt('certificates/line/', async () => {
      await undo();
      await rotateUntil(story, first, 'overlap');
    });
    await late.certificates.undoRotation(first, OPERATOR);
    const line = await findLine(story.installation.ports, first);
    const { value } = (await findRotation(story.installation.ports, first))!;
    expect(line).toMatchObject({ currentId: value.toCertificateId, previousId: first });
    expect(value.state).toBe('overlap');
    expect(await signOnce(story, 'backup')).toBe(value.toCertificateId);
  });

  it('in retiring does nothing twice', async () => {
    await rotateUntil(story, first, 'retiring');
    const late = await heldUpAt('certificates/line/', async () => {
      await rotateUntil(story, first, 'done');
    });
    expect((await late.certificates.rotate(first, OPERATOR)).rotation.state).toBe('done');
    expect(story.sandbox.requests().filter(({ path }) => path.endsWith('/removeKey'))).toHaveLength(2);
  });

  it('in releasing the old key does not overlook that it was just needed', async () => {
    await rotateUntil(story, first, 'overlap');
    story.advanceClock(25 * 3600);
    for (const appKey of ['backup', 'restore']) await signOnce(story, appKey);
    const other = await story.install(story.store, undefined, { signer: { id: 'other', label: 'another host' } });
    let reported = false;
    const late = await heldUpAt('certificates/rotation/', async () => {
      story.sandbox.faults.set({ version: 1, rules: [{ id: 'stale', match: { host: 'login', path: '*/token' }, do: { staleMs: 30 * 3_600_000 } }] });
      await other.ports.tokens.acquire({ tenantId: story.configuration.homeTenantId, appKey: 'backup', resource: 'https://graph.microsoft.com', fresh: true });
      story.sandbox.faults.set(undefined);
      reported = true;
    }).then((installation) => installation.certificates);
    const report = await late.rotate(first, OPERATOR);
    expect(reported).toBe(true);
    expect(report.rotation).toMatchObject({ state: 'overlap', proof: { goodRounds: 0 } });
  });
});

describe('two lines of one app', () => {
  beforeEach(async () => {
    await story.renew();
    first = await registered(story, ['backup']);
  });

  it('are not rotated at once', async () => {
    const second = await registered(story, ['backup', 'restore'], 'Secondary');
    await certificates().rotate(first, OPERATOR);
    expect(await codeOf(certificates().rotate(second, OPERATOR))).toBe('CERTIFICATE_ROTATION_RUNNING');
    await rotateUntil(story, first, 'done');
    expect((await certificates().rotate(second, OPERATOR)).step).toBe('issue');
  });

  it('are not begun at the same moment either', async () => {
    const second = await registered(story, ['backup'], 'Secondary');
    const outcomes: string[] = [];
    const late = await heldUpAt('certificates/rotation/', async () => {
      outcomes.push((await certificates().rotate(second, OPERATOR)).step);
    });
    outcomes.push(await codeOf(late.certificates.rotate(first, OPERATOR)));
    expect(outcomes).toEqual(['issue', 'CERTIFICATE_ROTATION_RUNNING']);
    expect((await listRotations(story.installation.ports)).map(({ fromCertificateId }) => fromCertificateId)).toEqual([second]);
    // Whoever made way can go when the other one is through.
    await rotateUntil(story, second, 'done');
    expect((await certificates().rotate(first, OPERATOR)).step).toBe('issue');
  });
});

describe('two processes on one file that take every step at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'journey-race-'));

  afterAll(() => rmSync(folder, { recursive: true }));

  it('bring about each effect once', { timeout: 120_000 }, async () => {
    const state = 'sqlite:race.sqlite';
    await story.renew({ openStore: (clock) => openStateStore(state, { clock, folder }) });
    first = await registered(story, ['backup', 'restore']);
    const other = await story.install(await openStateStore(state, { clock: story.clock, folder }), undefined, { signer: { id: 'other', label: 'another host' } });
    const met: string[] = [];
    const rotate = async ({ certificates: at }: Pick<Installation, 'certificates'>) => {
      try {
        return await at.rotate(first, OPERATOR);
      } catch (error) {
        if (!isOnboardingError(error)) throw error;
        met.push(error.code);
        return undefined;
      }
    };
    for (let turn = 0; turn < 40 && (await stateOf()) !== 'done'; turn += 1) {
      const reports = await Promise.all([story.installation, other, story.installation, other].map(rotate));
      const nextStepAt = Math.min(...reports.flatMap((report) => (report === undefined ? [] : [report.rotation.nextStepAt])));
      if (Number.isFinite(nextStepAt)) story.advanceClock(Math.max(0, (nextStepAt - story.clock.now()) / 1000));
    }
    const { value } = (await findRotation(story.installation.ports, first))!;
    expect(value.state).toBe('done');
    expect(met.filter((code) => code !== 'KEY_CREDENTIAL_BUSY')).toEqual([]);
    const sent = (action: string) => story.sandbox.requests().filter(({ path, status }) => path.endsWith(`/${action}`) && status < 300).length;
    expect([sent('addKey'), sent('removeKey')]).toEqual([2, 2]);
    expect((await certificates().list(OPERATOR)).filter(({ lineId }) => lineId === first).map(({ id }) => id)).toEqual([value.toCertificateId]);
    for (const appKey of ['backup', 'restore']) expect(keyIdsOf(story, appKey)).toEqual([value.apps.find((app) => app.appKey === appKey)?.newKeyId]);
    const audit = await auditOf(story);
    expect(audit.filter(({ action }) => action === 'certificate.rotation').map(({ details }) => details?.['state'])).toEqual(['issuing', 'registering', 'proving', 'overlap', 'retiring', 'done']);
    for (const action of ['certificate.registered', 'certificate.unregistered']) {
      const done = audit.filter((entry) => entry.action === action && entry.phase === 'outcome' && entry.outcome === 'done' && entry.id.endsWith(`${value.id}:outcome`));
      expect(done, action).toHaveLength(2);
    }
    expect(audit.length - new Set(audit.map(({ id }) => id)).size).toBe(0);
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
    expect(await story.installation.audit.verify()).toMatchObject({ intact: true });
    await other.close();
  });
});
