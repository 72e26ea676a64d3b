/** A look at an account that began before its consent was taken back and ends after it: what it saw counts for nothing any more. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { findBinding } from '../../src/core/sso/binding';
import { readJourney, updateJourney } from '../../src/core/accounts/journey';
import { tokenFor } from './admin-token';
import { invite } from './attacks';
import { rememberDirectory, rememberState, removePermission } from './directory';
import { createInterruptedStore } from './mortal-store';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const RECHECK_SECONDS = 3601;

let story: Story;
let putBack: () => Promise<void>;
/** Happens once, right before the look notes in the proof that it saw everything granted. */
let meanwhile: (() => Promise<void>) | undefined;

beforeAll(async () => {
  const interrupt = async (key: string) => {
    if (!key.startsWith('consent/proof/')) return;
    const act = meanwhile;
    meanwhile = undefined;
    await act?.();
  };
  story = await startStory({ wrapStore: (store) => createInterruptedStore(store, interrupt) });
  await onboardAsAdmin(story, await invite(story), admin());
  await story.onboarding.bindAdmin({ accountId: 'contoso', operatorId: OPERATOR, admin: admin().objectId });
  expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
  putBack = await rememberState(story);
}, 60_000);

beforeEach(async () => {
  await putBack();
  story.advanceClock(RECHECK_SECONDS);
});

afterAll(async () => story.stop());

const admin = () => personWith(story.tenant('contoso.example'), 'Global Administrator');
const ports = () => ({ store: story.store, clock: story.clock, sealer: story.installation.ports.sealer });
const journey = async () => readJourney(ports(), 'contoso');

/** The replicas that are asked afterwards have not heard of it yet: there everything is as it was. */
async function revokeUnheard(): Promise<void> {
  const asBefore = rememberDirectory(story, 'contoso.example');
  const adminToken = tokenFor(story, story.tenant('contoso.example'), admin().objectId);
  const what = { kind: 'permission', appKey: 'backup', permission: { name: 'Mail.ReadWrite' } } as const;
  expect(await story.onboarding.revokeGrants({ accountId: 'contoso', operatorId: OPERATOR, confirmed: true, route: { kind: 'admin', adminToken }, what })).toMatchObject({ state: 'revoked', journey: 'attention' });
  asBefore();
}

it('does not bring an account back that needs attention since, but has the whole streak proven again', async () => {
  meanwhile = revokeUnheard;
  // The loss stands, and a look that began after it starts the proof from nothing.
  expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'consent_verifying' });
  expect(await journey()).toMatchObject({ consentEvidenceAt: null, goodReadsAt: [expect.any(Number)] });
  expect((await findBinding(ports(), 'contoso'))?.state).toBe('stale');
});

it('does not bring the evidence back of an account that needed attention before', async () => {
  await updateJourney(ports(), 'contoso', (before) => ({ ...before, state: 'attention', reasons: [{ code: 'SSO_BINDING_STALE', message: 'For a while.' }] }));
  meanwhile = revokeUnheard;
  expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention', reasons: [{ code: 'CONSENT_MISSING_PERMISSIONS' }] });
  expect(await journey()).toMatchObject({ consentEvidenceAt: null });
});

it('is not made active by one good look after a whole day of proving it anew in vain', async () => {
  const restored = rememberDirectory(story, 'contoso.example');
  await updateJourney(ports(), 'contoso', (before) => ({ ...before, state: 'consent_verifying', goodReadsAt: [], reads: 0, verifyingSince: story.clock.now(), nextCheckAt: null }));
  removePermission(story, 'contoso.example', 'backup', 'Mail.ReadWrite');
  story.advanceClock(86_401);
  expect(await story.onboarding.verifyConsent('contoso')).toMatchObject({ verdict: 'missing' });
  expect(await journey()).toMatchObject({ state: 'attention', consentEvidenceAt: null });
  restored();
  expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'consent_verifying' });
});
