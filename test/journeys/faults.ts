/** What a fault must come to, whichever it is: nothing green, and words with which somebody can go on. */
import { expect } from 'vitest';
import { ERROR_CATALOG, type ErrorCode, type ErrorOwner } from '../../src/core/error-catalog';
import { isOnboardingError } from '../../src/core/errors';
import { auditOf, codeOf } from './attacks';
import { worldTenant } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, type Story, visitInvitation } from './story';

export const CONTOSO = 'contoso.example';
export const FABRIKAM = 'fabrikam.example';

/** States that tell an operator that the consent stands. */
const GREEN: ReadonlySet<string> = new Set(['consented', 'admin_needed', 'sso_validating', 'active']);

export interface Told {
  readonly code: string;
  readonly message: string;
}

export const contosoAdmin = (story: Story) => personWith(story.tenant(CONTOSO), 'Global Administrator');
export const fabrikamAdmin = (story: Story) => personWith(story.tenant(FABRIKAM), 'Global Administrator');

/** Neither the account, nor the report, nor anything that rests on consent says yes. Returns what the account's status says. */
export async function expectNotGreen(story: Story, accountId = 'contoso') {
  const { onboarding } = story;
  const report = await onboarding.status(accountId);
  expect([...GREEN]).not.toContain(report.state);
  expect((await onboarding.showAccount(accountId)).state).toBe(report.state);
  expect((await onboarding.consentStatus(accountId)).verdict).not.toBe('granted');
  expect(await codeOf(onboarding.impersonate({ accountId, operatorId: OPERATOR, reason: 'never' }))).not.toBe('');
  return report;
}

/** The same, and nobody ever said otherwise. */
export async function expectNeverGreen(story: Story, accountId = 'contoso') {
  expect((await auditOf(story)).filter((entry) => entry.action === 'consent.granted' && entry.accountId === accountId)).toEqual([]);
  expect(await codeOf(story.onboarding.listAdmins(accountId, OPERATOR))).toBe('SSO_OWNERSHIP_UNPROVEN');
  return expectNotGreen(story, accountId);
}

/** The words have a code of the catalog, its meaning, its owner and a next step, and name this evidence. Returns the owner. */
export function expectExplained(told: Told, code: ErrorCode, evidence: readonly (string | RegExp)[] = []): ErrorOwner {
  expect(told.code).toBe(code);
  const { means, remedy, owner, reaction } = ERROR_CATALOG[code];
  expect([means.length > 20, remedy.length > 15, owner.length > 0, reaction]).toEqual([true, true, true, expect.not.stringMatching(/^investigate$/)]);
  for (const piece of evidence) expect(told.message).toMatch(piece instanceof RegExp ? piece : new RegExp(piece.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)));
  return owner;
}

/** The only reason, in these words. */
export function expectOneReason(reasons: readonly Told[], code: ErrorCode, evidence: readonly (string | RegExp)[] = []): ErrorOwner {
  expect(reasons.map((reason) => reason.code)).toEqual([code]);
  return expectExplained(reasons[0] ?? { code: '', message: '' }, code, evidence);
}

/** What went wrong, as its owner would get it to read. */
export async function toldBy(attempt: Promise<unknown>): Promise<Told> {
  return attempt.then(
    (value) => ({ code: 'WENT_THROUGH', message: JSON.stringify(value) }),
    (error: unknown) => (isOnboardingError(error) ? error : Promise.reject(error)),
  );
}

/** The customer's admin does it right, and everything that should be there is there once. */
export async function endsWellOnce(story: Story, url: string, accountId = 'contoso'): Promise<void> {
  await onboardAsAdmin(story, url, contosoAdmin(story));
  expect(await advanceUntilSettled(story, accountId)).toMatchObject({ state: 'admin_needed', reasons: [] });
  expect(await granted(story, accountId)).toEqual({ verdict: 'granted', grantedOnce: 1, ownedOnce: 1, principals: [1, 1], doubled: 0 });
}

async function granted(story: Story, accountId: string) {
  const now = story.clock.now();
  const tenant = worldTenant(story, CONTOSO);
  const audit = (await auditOf(story)).filter((entry) => entry.accountId === accountId);
  const rows = [...tenant.appRoleAssignments.list(now).map((row) => `${row.principalId} ${row.resourceId} ${row.appRoleId}`), ...tenant.oauth2PermissionGrants.list(now).map((row) => `${row.clientId} ${row.resourceId} ${row.principalId}`)];
  return {
    verdict: (await story.onboarding.consentStatus(accountId)).verdict,
    grantedOnce: audit.filter((entry) => entry.action === 'consent.granted').length,
    ownedOnce: audit.filter((entry) => entry.action === 'sso.ownership_confirmed' && entry.outcome === 'done').length,
    principals: story.sandbox.ready.apps.map(({ appId }) => tenant.servicePrincipals.list(now).filter((row) => row.appId === appId).length),
    doubled: rows.length - new Set(rows).size,
  };
}

/** Both rounds accepted, in a browser that stops at the last question; the consent is still to be proven. */
export async function acceptBoth(story: Story, url: string): Promise<void> {
  await visitInvitation(story, url, contosoAdmin(story));
}
