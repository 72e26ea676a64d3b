/** An app rolls its own keys against the sandbox: when all goes well, when it does not, and when somebody tries what must not be. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyIdOf } from '../../src/core/certificates/key-credentials';
import { addKeyCredential, removeKeyCredential } from '../../src/core/certificates/roll-keys';
import { isOnboardingError, type OnboardingError } from '../../src/core/errors';
import { accessOf, holdCertificate, keyIdsOf, registrationOf, type HeldCertificate } from './key-stage';
import { OPERATOR, startStory, type Story } from './story';

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
  story = await startStory();
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
});
