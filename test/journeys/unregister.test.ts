/** A certificate that nobody signs with leaves an app registration, proven by another one, and can be deleted then. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyIdsOf } from './key-stage';
import { OPERATOR, startStory, type Story } from './story';

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(async () => story.stop());

const certificates = () => story.installation.certificates;
const refusalOf = async (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error);

async function register(name: string): Promise<string> {
  const { id } = await certificates().generate({ name, keyBits: 2048 }, OPERATOR);
  await certificates().register(id, 'backup', OPERATOR);
  return id;
}

describe('taking a certificate off an app', { timeout: 120_000 }, () => {
  it('needs another one that proves it, and leaves the app that one', async () => {
    const first = await register('First');
    expect(await refusalOf(certificates().unregister(first, 'backup', OPERATOR))).toMatchObject({ code: 'KEY_CREDENTIAL_SIGNER_UNUSABLE' });
    const second = await register('Second');
    const before = keyIdsOf(story);
    expect(await refusalOf(certificates().remove(first, { confirm: true }, OPERATOR))).toMatchObject({ code: 'CERTIFICATE_IN_USE', details: { dependents: [{ kind: 'app', appKey: 'backup' }] } });
    expect(await certificates().unregister(first, 'backup', OPERATOR)).toEqual({ certificateId: first, appKey: 'backup', alreadyGone: false });
    expect(keyIdsOf(story)).toHaveLength(before.length - 1);
    expect(await certificates().show(first, OPERATOR)).toMatchObject({ state: 'retired', usedBy: [] });
    expect(await certificates().unregister(first, 'backup', OPERATOR)).toMatchObject({ alreadyGone: true });
    expect(await certificates().remove(first, { confirm: true }, OPERATOR)).toMatchObject({ removed: true });
    expect(await certificates().show(second, OPERATOR)).toMatchObject({ state: 'active', usedBy: [{ appKey: 'backup' }] });
  });
});
