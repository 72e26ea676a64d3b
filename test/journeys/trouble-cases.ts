/** One onboarding under one preset and one seed, and what must hold afterwards. Shared by `npm test` and `npm run test:seeds`. */
import { expect } from 'vitest';
import { generateCertificate } from '../../src/core/certificates/generate';
import { advanceThrough, beginTrouble, CUSTOMER, effects, endTrouble, onboardThrough, registerThrough, type Trouble } from './trouble';
import { advanceUntilSettled, OPERATOR, startStory, type Story } from './story';

export interface Stage {
  readonly story: Story;
  /** Certificate and key as one PEM file, made once: making a key takes longer than a journey. */
  readonly pem: Uint8Array;
}

export async function openStage(): Promise<Stage> {
  const story = await startStory({ sandbox: { faultDelays: 'virtual' }, configure: () => ({ adminChoice: 'first' }) });
  const made = await generateCertificate(story.installation.ports, { subject: 'backup', keyBits: 2048 });
  return { story, pem: Buffer.from(`${made.pem}\n${made.privateKey.reveal()}`) };
}

/** The customer ends active and everything is there once, whatever happened on the way. */
export async function endsActive({ story, pem }: Stage, preset: string, seed: string): Promise<Trouble> {
  await story.renew();
  const trouble = beginTrouble(story, { preset, seed });
  const report = await onboardThrough(trouble);
  const registered = await registerThrough(trouble, pem);
  endTrouble(trouble);
  expect(report).toMatchObject({ state: 'active', reasons: [] });
  expect(registered.keyId).toMatch(/^[0-9a-f-]{36}$/);
  const settled = await advanceUntilSettled(story, 'contoso');
  expect(settled).toMatchObject({ state: 'active', waitingFor: null, reasons: [] });
  expect(await story.onboarding.showAccount('contoso')).toMatchObject({ tenantId: story.tenant(CUSTOMER).tenantId, accessLevel: 'restricted' });
  expect(await story.onboarding.showBinding('contoso')).toMatchObject({ state: 'active', reasons: [] });
  expect(await effects(story)).toEqual({ principals: [1, 1], doubledAssignments: 0, doubledGrants: 0, keyCredentials: [1, 0], doubledAuditIds: 0, orphanedIntents: [], chain: true, gaps: [] });
  expect(trouble.reports.map(({ expect: verdict }) => verdict.violations)).toEqual(trouble.reports.map(() => []));
  return trouble;
}

/** What the customer never granted is never taken for granted, during the trouble and after it. */
export async function neverFalselyGreen({ story }: Stage, preset: string, seed: string): Promise<void> {
  await story.renew({ configure: withUngranted });
  const trouble = beginTrouble(story, { preset, seed });
  const { onboarding } = story;
  const seen = new Set<string>();
  await onboardThrough(trouble, (report) => {
    seen.add(report.state);
    return trouble.reports.length > 0 || story.clock.now() - report.since > 20 * 60_000;
  });
  endTrouble(trouble);
  const report = await advanceThrough(trouble, ({ state, reasons }) => state === 'attention' || reasons.some(({ code }) => code === 'CONSENT_MISSING_PERMISSIONS'));
  expect(report.reasons).toContainEqual(expect.objectContaining({ code: 'CONSENT_MISSING_PERMISSIONS', message: expect.stringContaining('AuditLog.Read.All') as string }));
  expect([...seen].filter((state) => state !== 'consent_verifying')).toEqual([]);
  await expect(onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'never' })).rejects.toThrow();
}

function withUngranted(base: { readonly apps: readonly { readonly requiredPermissions: readonly object[] }[] }): Record<string, unknown> {
  const ungranted = { resource: 'graph', type: 'application', name: 'AuditLog.Read.All', reason: 'is in no registration, so nobody can grant it' };
  return { adminChoice: 'first', apps: base.apps.map((app, index) => (index === 0 ? { ...app, requiredPermissions: [...app.requiredPermissions, ungranted] } : app)) };
}
