/** What becomes of a consent after it was proven: each way it can be lost, told apart, named, and whose move it is. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listAccountOccasions } from '../../src/core/corridor/account-occasions';
import { ERROR_CATALOG } from '../../src/core/error-catalog';
import { invite, requestsDuring } from './attacks';
import { addPermission, changePrincipal, rememberDirectory, rememberState, removeGrants, removePermission, softDeletePrincipal } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const CONTOSO = 'contoso.example';
const RECHECK_SECONDS = 3600;

let story: Story;
let putBack: () => Promise<void>;
let apps: readonly Record<string, unknown>[];

beforeAll(async () => {
  story = await startStory({ configure: () => ({ adminChoice: 'first' }) });
  apps = story.written['apps'] as typeof apps;
  await onboardAsAdmin(story, await invite(story), personWith(story.tenant(CONTOSO), 'Global Administrator'));
  expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
  const [putDirectoryBack, putStateBack] = [rememberDirectory(story, CONTOSO), await rememberState(story)];
  putBack = async () => {
    putDirectoryBack();
    await putStateBack();
  };
});

beforeEach(async () => {
  await putBack();
  await declare((permissions) => permissions);
  story.advanceClock(RECHECK_SECONDS);
});

afterAll(async () => story.stop());

/** The same apps under a declaration that was changed since. */
async function declare(change: (permissions: readonly Record<string, unknown>[], appKey: string) => readonly Record<string, unknown>[]): Promise<void> {
  await story.reconfigure(() => ({ apps: apps.map((app) => ({ ...app, requiredPermissions: change(app['requiredPermissions'] as readonly Record<string, unknown>[], String(app['key'])) })) }));
}

const stateOf = (report: Awaited<ReturnType<Story['onboarding']['verifyConsent']>>, key: string) => {
  const app = report.apps.find((one) => one.key === key);
  return { state: app?.state, because: app?.because?.code };
};

describe('a loss', () => {
  it.each<[string, () => void, 'revoked' | 'partial' | 'disabled', keyof typeof ERROR_CATALOG, RegExp]>([
    ['every grant of an app was taken away', () => removeGrants(story, CONTOSO, 'restore'), 'revoked', 'CONSENT_REVOKED', /Files\.ReadWrite\.All on Microsoft Graph/],
    ['one grant was taken away', () => void removePermission(story, CONTOSO, 'restore', 'Files.ReadWrite.All'), 'partial', 'CONSENT_GRANTS_REMOVED', /gone: Files\.ReadWrite\.All on Microsoft Graph\.$/],
    ['the enterprise application was deleted', () => softDeletePrincipal(story, CONTOSO, 'restore'), 'revoked', 'CONSENT_APP_SOFT_DELETED', /recycle bin/],
    ['the enterprise application was disabled', () => changePrincipal(story, CONTOSO, 'restore', { accountEnabled: false }), 'disabled', 'STS_APP_DISABLED', /disabled/],
    ['Microsoft disabled the app', () => changePrincipal(story, CONTOSO, 'restore', { disabledByMicrosoftStatus: 'DisabledDueToViolationOfServicesAgreement' }), 'disabled', 'CONSENT_APP_DISABLED_BY_MICROSOFT', /Microsoft disabled the app/],
  ])('is found by verify and by advance when %s', async (_what, happen, state, code, said) => {
    happen();
    const report = await story.onboarding.verifyConsent('contoso');
    expect(report).toMatchObject({ verdict: 'missing', evidence: 'tokens_and_directory', reasons: [{ code }] });
    expect(stateOf(report, 'restore')).toMatchObject({ state, because: code });
    expect(stateOf(report, 'backup')).toEqual({ state: 'granted', because: undefined });
    const advanced = await story.onboarding.advance('contoso');
    expect(advanced).toMatchObject({ state: 'attention', reasons: [{ code }] });
    expect(advanced.reasons[0]?.message).toMatch(said);
    expect(ERROR_CATALOG[code].remedy.length).toBeGreaterThan(20);
    // What the host's trigger puts out carries the same code.
    expect(await listAccountOccasions(story.installation.asOperator(OPERATOR))).toMatchObject([{ type: 'account.consent_drift', accountId: 'contoso', data: { reasons: [{ code }] } }]);
    expect(story.events.findLast(({ type }) => type === 'accounts.attention')).toMatchObject({ data: { reasons: [code] } });
  });

  it('that is made good is proven again by a whole streak, and the account is active', async () => {
    const restored = rememberDirectory(story, CONTOSO);
    softDeletePrincipal(story, CONTOSO, 'restore');
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention' });
    restored();
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'consent_verifying' });
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active', reasons: [] });
  });
});

describe('no loss', () => {
  it('is an assignment that people need: the tokens carry their roles, and the note says who is shut out', async () => {
    changePrincipal(story, CONTOSO, 'restore', { appRoleAssignmentRequired: true });
    const report = await story.onboarding.verifyConsent('contoso');
    expect(report).toMatchObject({ verdict: 'granted', reasons: [], notes: [{ code: 'CONSENT_ASSIGNMENT_REQUIRED', message: expect.stringContaining('AADSTS50105') as string }] });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'active' });
  });

  it('is a permission beyond what was asked for: it is named, and refuses nothing', async () => {
    addPermission(story, CONTOSO, 'backup', 'AuditLog.Read.All');
    const report = await story.onboarding.verifyConsent('contoso');
    expect(report.verdict).toBe('granted');
    expect(report.apps.map((app) => app.surplus.map(({ name, resource }) => `${name} on ${resource}`))).toEqual([['AuditLog.Read.All on Microsoft Graph'], []]);
  });
});

describe('a newer declaration', () => {
  const more = { resource: 'graph', type: 'application', name: 'AuditLog.Read.All', reason: 'reads who signed in' };

  it('that asks for more is told apart from a loss, and only what is new is named', async () => {
    await declare((permissions, key) => (key === 'backup' ? [...permissions, more] : permissions));
    const report = await story.onboarding.verifyConsent('contoso');
    expect(report).toMatchObject({ verdict: 'missing', reasons: [{ code: 'CONSENT_EXTENDED', message: 'backup: newly required and not granted yet: AuditLog.Read.All on Microsoft Graph.' }] });
    expect(report.apps[0]).toMatchObject({ state: 'partial', added: [{ name: 'AuditLog.Read.All' }], removed: [] });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention', reasons: [{ code: 'CONSENT_EXTENDED' }] });
  });

  it('that asks for what is there already is read in full at once, and can be lost from then on', async () => {
    addPermission(story, CONTOSO, 'backup', 'AuditLog.Read.All');
    await declare((permissions, key) => (key === 'backup' ? [...permissions, more] : permissions));
    // No token of this account was ever seen to carry it: the directory alone is not enough.
    expect(await story.onboarding.verifyConsent('contoso')).toMatchObject({ verdict: 'granted', evidence: 'tokens_and_directory' });
    expect(await story.onboarding.verifyConsent('contoso')).toMatchObject({ verdict: 'granted', evidence: 'directory_agrees' });
    removePermission(story, CONTOSO, 'backup', 'AuditLog.Read.All');
    expect(await story.onboarding.verifyConsent('contoso')).toMatchObject({ verdict: 'missing', reasons: [{ code: 'CONSENT_GRANTS_REMOVED' }] });
  });
});

describe('a declaration that may not read the directory', () => {
  const READS = /^(Directory|Application)\.Read\.All$/;
  const withoutReading = (permissions: readonly Record<string, unknown>[], keep: RegExp | undefined, withDelegated: boolean) =>
    permissions.filter(({ name, type }) => (!READS.test(String(name)) || keep?.test(String(name)) === true) && (withDelegated || type === 'application'));

  it('rests on the roles of fresh tokens alone, asks Graph nothing, and says so', async () => {
    await declare((permissions) => withoutReading(permissions, undefined, false));
    const { result, rows } = await requestsDuring(story, () => story.onboarding.verifyConsent('contoso'));
    expect(result).toMatchObject({ verdict: 'granted', evidence: 'token_roles', notes: [{ code: 'CONSENT_EVIDENCE_WEAK' }, { code: 'CONSENT_EVIDENCE_WEAK' }] });
    expect(rows.filter((row) => row.host === 'graph')).toEqual([]);
    expect(rows.filter((row) => row.path.endsWith('/token'))).toHaveLength(6);
    removePermission(story, CONTOSO, 'backup', 'Mail.ReadWrite');
    expect(await story.onboarding.verifyConsent('contoso')).toMatchObject({ verdict: 'missing', reasons: [{ code: 'CONSENT_GRANTS_REMOVED', message: expect.stringContaining('Mail.ReadWrite') as string }] });
  });

  it('cannot prove a delegated permission, is never green with one, and names what to add', async () => {
    for (const keep of [undefined, /^Application\.Read\.All$/]) {
      await declare((permissions) => withoutReading(permissions, keep, true));
      const report = await story.onboarding.consentStatus('contoso');
      expect(report).toMatchObject({ verdict: 'unknown', evidence: null, reasons: [{ code: 'CONSENT_READ_PERMISSION_MISSING' }, { code: 'CONSENT_READ_PERMISSION_MISSING' }] });
      expect(report.reasons[0]?.message).toContain('Directory.Read.All');
      expect(report.apps.map(({ unproven }) => unproven.map(({ name }) => name))).toEqual([['User.Read'], ['User.Read']]);
    }
  });

  it('reads principals and assignments with Application.Read.All, and never asks for delegated grants', async () => {
    await declare((permissions) => withoutReading(permissions, /^Application\.Read\.All$/, false));
    const { result, rows } = await requestsDuring(story, () => story.onboarding.consentStatus('contoso'));
    expect(result).toMatchObject({ verdict: 'granted', evidence: 'tokens_and_directory' });
    expect(rows.flatMap((row) => row.itemRules).filter((rule) => rule.startsWith('G-SP-GRANTS'))).toEqual([]);
  });
});
