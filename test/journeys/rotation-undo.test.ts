/** Going back: where there is a way, and what happens where somebody else was going forward meanwhile. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secret } from '../../src/core/internal/secret';
import { codeOf, failureOf } from './attacks';
import { createInterruptedStore } from './mortal-store';
import { keysOf, registered, rotateUntil, signOnce } from './rotations';
import { OPERATOR, startStory, type Story } from './story';

const DAY_SECONDS = 24 * 60 * 60;

let story: Story;
let first: string;

beforeAll(async () => {
  story = await startStory();
});

afterAll(async () => story.stop());

beforeEach(async () => {
  await story.renew();
  first = await registered(story, ['backup']);
});

const certificates = () => story.installation.certificates;

describe('undoing a rotation', () => {
  it('during the overlap lets the old certificate sign again, and removes the new one when nothing is under way any more', async () => {
    const { certificate } = await rotateUntil(story, first, 'overlap');
    expect(await certificates().undoRotation(first, OPERATOR)).toMatchObject({ step: 'roll_back', rotation: { state: 'rolling_back' } });
    expect(await signOnce(story, 'backup')).toBe(first);
    expect(await keysOf(story, 'backup')).toHaveLength(2);
    await rotateUntil(story, first, 'rolled_back');
    expect(await keysOf(story, 'backup')).toHaveLength(1);
    expect(await signOnce(story, 'backup')).toBe(first);
    expect(await certificates().show(certificate?.id ?? '', OPERATOR)).toMatchObject({ state: 'retired', usedBy: [] });
  });

  it('is refused when the old certificate has expired meanwhile', async () => {
    await rotateUntil(story, first, 'overlap');
    story.advanceClock(366 * DAY_SECONDS);
    expect(await codeOf(certificates().undoRotation(first, OPERATOR))).toBe('CERTIFICATE_ROTATION_TOO_LATE');
  });

  it('is refused while a file of the new certificate is out, naming it', async () => {
    const { certificate } = await rotateUntil(story, first, 'overlap');
    await certificates().exportFile(certificate?.id ?? '', { format: 'pfx', password: secret('correct horse') }, OPERATOR);
    expect(await failureOf(certificates().undoRotation(first, OPERATOR))).toMatchObject({ code: 'CERTIFICATE_ROTATION_TOO_LATE', message: expect.stringContaining(`export:${certificate?.id ?? ''}`) as string });
    expect((await certificates().rotate(first, OPERATOR)).rotation.state).toBe('overlap');
  });

  it('leaves no new key behind, though somebody who did not know of it was just registering one', async () => {
    await certificates().rotate(first, OPERATOR);
    let isUndone = false;
    const late = await story.install(
      createInterruptedStore(story.store, async (key) => {
        if (isUndone || !key.startsWith('audit/')) return;
        isUndone = true;
        await rotateBack();
      }),
    );
    const rotateBack = async () => {
      expect((await certificates().undoRotation(first, OPERATOR)).rotation.state).toBe('rolled_back');
      expect(await keysOf(story, 'backup')).toHaveLength(1);
    };
    expect(await codeOf(late.certificates.rotate(first, OPERATOR))).toBe('KEY_CREDENTIAL_BUSY');
    expect(isUndone).toBe(true);
    expect(await keysOf(story, 'backup')).toHaveLength(1);
    expect(await signOnce(story, 'backup')).toBe(first);
  });
});

describe('an old key that was about to go', () => {
  it('stays when a file of it was taken meanwhile, until that is released', async () => {
    await rotateUntil(story, first, 'retiring');
    await certificates().exportFile(first, { format: 'pfx', password: secret('correct horse') }, OPERATOR);
    expect((await certificates().rotate(first, OPERATOR)).rotation).toMatchObject({ state: 'overlap', reasons: [{ code: 'CERTIFICATE_EXPORTED' }] });
    expect(await keysOf(story, 'backup')).toHaveLength(2);
    await certificates().releaseSigner(`export:${first}`, OPERATOR);
    await rotateUntil(story, first, 'done');
    expect(await keysOf(story, 'backup')).toHaveLength(1);
  });
});
