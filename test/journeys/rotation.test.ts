/** A certificate that signs, and the one that takes its place, as Entra ID sees it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditOf, codeOf } from './attacks';
import { keysOf, registered, rotateUntil, signOnce } from './rotations';
import { OPERATOR, startStory, type Story } from './story';

const STATES = ['issuing', 'registering', 'proving', 'overlap', 'retiring', 'done'];

let story: Story;
let first: string;

beforeAll(async () => {
  story = await startStory();
});

afterAll(async () => story.stop());

beforeEach(async () => {
  await story.renew();
  first = await registered(story, ['backup', 'restore']);
});

const certificates = () => story.installation.certificates;

describe('a rotation', () => {
  it('puts a new certificate in the place of the old one, step by step, and the configuration goes on naming the old one', async () => {
    const begun = await certificates().rotate(first, OPERATOR);
    expect(begun).toMatchObject({ step: 'issue', rotation: { state: 'registering' }, certificate: { name: expect.stringMatching(/^Primary \d{4}-\d{2}-\d{2}$/), state: 'next', lineId: first } });
    const second = begun.certificate?.id ?? '';
    expect(await certificates().rotate(first, OPERATOR)).toMatchObject({ step: 'register', rotation: { state: 'proving' } });
    expect(await keysOf(story, 'backup')).toHaveLength(2);
    expect(await certificates().rotate(first, OPERATOR)).toMatchObject({ step: 'wait' });

    const overlap = await rotateUntil(story, first, 'overlap');
    expect(overlap.rotation.proof).toMatchObject({ goodRounds: 3, lastProblem: null });
    expect(await certificates().show(second, OPERATOR)).toMatchObject({ state: 'active', usedBy: [{ appKey: 'backup' }, { appKey: 'restore' }] });
    expect(await signOnce(story, 'backup')).toBe(second);

    const done = await rotateUntil(story, first, 'done');
    expect(done.rotation.endedAt).toBeGreaterThanOrEqual((done.rotation.activatedAt ?? 0) + 24 * 60 * 60_000);
    expect(await keysOf(story, 'backup')).toHaveLength(1);
    expect(await keysOf(story, 'restore')).toHaveLength(1);
    expect(await certificates().show(first, OPERATOR)).toMatchObject({ state: 'retired', usedBy: [] });
    expect(await signOnce(story, 'backup')).toBe(second);
    // The end again for whoever repeats the call; a new rotation only of the certificate that signs.
    expect(await certificates().rotate(first, OPERATOR)).toMatchObject({ step: 'none', rotation: { id: done.rotation.id } });
    expect(await certificates().rotate(second, OPERATOR)).toMatchObject({ step: 'issue', rotation: { fromCertificateId: second, lineId: first } });
    const third = await rotateUntil(story, second, 'done');
    expect(await signOnce(story, 'restore')).toBe(third.certificate?.id);
    expect(await codeOf(certificates().rotate(first, OPERATOR))).toBe('CERTIFICATE_NOT_CURRENT');
    expect((await auditOf(story)).filter(({ action }) => action === 'certificate.rotation').map(({ details }) => details?.['state'])).toEqual([...STATES, ...STATES]);
  });
});
