/** What happens to an active account when its directory changes behind our back. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditOf, codeOf, invite } from './attacks';
import { openPortal } from './backup-portal';
import { changePerson, changePrincipal, deletePerson, deletePrincipal, findPerson, recreatePerson, rememberDirectory, rememberState, removePermission, removeRoles } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10';
const CONTOSO = 'contoso.example';
const RECHECK_SECONDS = 3600;

let story: Story;

let putBack: () => Promise<void>;

/** Ada brings the account in, Grace is bound, the customer allows everything. */
beforeAll(async () => {
  story = await startStory();
  await onboardAsAdmin(story, await invite(story), personWith(story.tenant(CONTOSO), 'Global Administrator'), 'full');
  await advanceUntilSettled(story, 'contoso');
  await story.onboarding.bindAdmin({ accountId: 'contoso', admin: findPerson(story, CONTOSO, 'grace').id, operatorId: OPERATOR });
  expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
  const [putDirectoryBack, putStateBack] = [rememberDirectory(story, CONTOSO), await rememberState(story)];
  putBack = async () => {
    putDirectoryBack();
    await putStateBack();
  };
});

beforeEach(async () => {
  await putBack();
  story.advanceClock(RECHECK_SECONDS);
});

afterAll(async () => story.stop());

const impersonate = () => story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 4711' });

async function reasonsAfterRecheck(): Promise<string> {
  const report = await story.onboarding.advance('contoso');
  expect(report).toMatchObject({ state: 'attention', waitingFor: null });
  return report.reasons.map((reason) => `${reason.code}: ${reason.message}`).join('\n');
}

describe('the bound admin', () => {
  it.each<[string, () => void, RegExp]>([
    ['was disabled', () => void changePerson(story, CONTOSO, 'grace', { accountEnabled: false }), /SSO_BINDING_STALE: .*disabled/],
    ['lost the role', () => removeRoles(story, CONTOSO, findPerson(story, CONTOSO, 'grace').id), /SSO_BINDING_STALE: .*role missing/],
    ['was deleted', () => void deletePerson(story, CONTOSO, 'grace'), /SSO_BINDING_STALE: .*not found/],
    ['became a guest', () => void changePerson(story, CONTOSO, 'grace', { userType: 'Guest' }), /SSO_BINDING_STALE: .*guest/],
  ])('who %s is refused at once and brought to attention with the reason', async (_what, happen, expected) => {
    expect((await impersonate()).deliverTo).toBeDefined();
    happen();
    expect(await codeOf(impersonate())).toBe('IMPERSONATION_NOT_ACTIVE');
    expect(await reasonsAfterRecheck()).toMatch(expected);
    expect((await story.onboarding.showBinding('contoso')).state).toBe('stale');
    const told = (await auditOf(story)).slice(-2);
    expect(told).toMatchObject([{ action: 'sso.binding_stale', accountId: 'contoso' }, { action: 'accounts.attention', accountId: 'contoso' }]);
    expect(await codeOf(impersonate())).toBe('IMPERSONATION_NOT_ACTIVE');
  });

  it('who does not qualify any more is named with a successor, somebody else who qualifies now', async () => {
    changePerson(story, CONTOSO, 'grace', { accountEnabled: false });
    const [first] = (await story.onboarding.listAdmins('contoso', OPERATOR)).candidates;
    expect(await reasonsAfterRecheck()).toContain(`Proposed successor: ${first?.displayName} (${first?.upn}), object id ${first?.objectId}.`);
    expect(await story.onboarding.showBinding('contoso')).toMatchObject({ state: 'stale', successor: { objectId: first?.objectId, upn: first?.upn, reasons: first?.reasons } });
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: first?.objectId ?? '', operatorId: OPERATOR });
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active', reasons: [] });
    expect(await story.onboarding.showBinding('contoso')).toMatchObject({ userObjectId: first?.objectId, successor: null });
  });

  it('whose sessions were revoked since is brought to attention, until somebody who asked binds the same person again', async () => {
    changePerson(story, CONTOSO, 'grace', { signInSessionsValidFromDateTime: new Date(story.clock.now()).toISOString() });
    expect(await reasonsAfterRecheck()).toMatch(/SSO_BINDING_STALE: Grace Okafor .*all sessions of the account were revoked/);
    story.advanceClock(RECHECK_SECONDS);
    expect(await reasonsAfterRecheck()).toContain('sessions of the account were revoked');
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: findPerson(story, CONTOSO, 'grace').id, operatorId: OPERATOR });
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active', reasons: [] });
  });

  it('who is deleted and created again under the same name is somebody else', async () => {
    const former = deletePerson(story, CONTOSO, 'grace');
    const later = recreatePerson(story, CONTOSO, former, GLOBAL_ADMINISTRATOR);
    expect(later.id).not.toBe(former.id);
    expect(await codeOf(impersonate())).toBe('IMPERSONATION_NOT_ACTIVE');
    expect(await reasonsAfterRecheck()).toMatch(/not found|other person/);
    expect((await story.onboarding.showBinding('contoso')).userObjectId).toBe(former.id);
    // Only a deliberate new binding makes the new person the bound one, and then it is proven from the start.
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: later.userPrincipalName, operatorId: OPERATOR });
    expect(await codeOf(impersonate())).toBe('IMPERSONATION_NOT_ACTIVE');
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
    expect(await story.onboarding.showBinding('contoso')).toMatchObject({ userObjectId: later.id, history: [{ userObjectId: former.id, endedBecause: 'rebound' }] });
  });

  it('who is renamed stays the same person', async () => {
    const grace = changePerson(story, CONTOSO, 'grace', { userPrincipalName: 'grace.newname@contoso.example', displayName: 'Grace Newname' });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'active', reasons: [] });
    expect(await story.onboarding.showBinding('contoso')).toMatchObject({ userObjectId: grace.id, upn: 'grace.newname@contoso.example', displayName: 'Grace Newname' });
  });

  it('who is enabled again has to be proven again, over time', async () => {
    changePerson(story, CONTOSO, 'grace', { accountEnabled: false });
    await reasonsAfterRecheck();
    changePerson(story, CONTOSO, 'grace', { accountEnabled: true });
    const first = await story.onboarding.advance('contoso');
    expect(first.state).not.toBe('active');
    expect(await codeOf(impersonate())).toBe('IMPERSONATION_NOT_ACTIVE');
    story.advanceClock(60);
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'active', reasons: [] });
    expect((await impersonate()).deliverTo).toBeDefined();
  });
});

describe('unbinding', () => {
  it('needs a confirmation, ends what was issued, frees the person and keeps who was bound', async () => {
    const issued = await impersonate();
    expect(await codeOf(story.onboarding.unbindAdmin({ accountId: 'contoso', operatorId: OPERATOR }))).toBe('SSO_UNBINDING_UNCONFIRMED');
    expect((await story.onboarding.showBinding('contoso')).state).toBe('active');
    expect(await story.onboarding.unbindAdmin({ accountId: 'contoso', operatorId: OPERATOR, confirmed: true, reason: 'leaves' })).toEqual({ accountId: 'contoso', unbound: true, audited: true });
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'admin_needed', waitingFor: 'admin_choice' });
    expect(await codeOf(impersonate())).toBe('IMPERSONATION_NOT_ACTIVE');
    expect(await codeOf(openPortal(story, () => story.tenant(CONTOSO).tenantId).kit.receiveCode(issued.code))).toMatch(/^IMPERSONATION_GRANT_REVOKED$|^IMPERSONATION_CODE_/);
    expect(await story.onboarding.unbindAdmin({ accountId: 'contoso', operatorId: OPERATOR })).toEqual({ accountId: 'contoso', unbound: false, audited: true });
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: findPerson(story, CONTOSO, 'ada').id, operatorId: OPERATOR });
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
    expect(await story.onboarding.showBinding('contoso')).toMatchObject({ history: [{ upn: findPerson(story, CONTOSO, 'grace').userPrincipalName, endedBecause: 'unbound', endedBy: OPERATOR }] });
  });

  it('is not undone by the next run, although the installation takes the first admin by itself', async () => {
    await story.reconfigure(() => ({ adminChoice: 'first' }));
    await story.onboarding.unbindAdmin({ accountId: 'contoso', operatorId: OPERATOR, confirmed: true });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'admin_needed', waitingFor: 'admin_choice' });
    await story.reconfigure(() => ({ adminChoice: 'manual' }));
  });
});

describe('the consent', () => {
  it.each<[string, () => void, RegExp]>([
    ['the enterprise application was deleted', () => deletePrincipal(story, CONTOSO, 'backup'), /CONSENT_APP_DELETED: backup/],
    ['the other application was deleted', () => deletePrincipal(story, CONTOSO, 'restore'), /CONSENT_APP_DELETED: restore/],
    ['the application was disabled', () => changePrincipal(story, CONTOSO, 'restore', { accountEnabled: false }), /STS_APP_DISABLED: restore/],
    ['one permission was taken away', () => void removePermission(story, CONTOSO, 'backup', 'Mail.ReadWrite'), /CONSENT_GRANTS_REMOVED: backup: .*Mail\.ReadWrite on Microsoft Graph/],
    ['the permissions to read the directory were taken away', () => void ['Directory.Read.All', 'Application.Read.All'].map((name) => removePermission(story, CONTOSO, 'backup', name)), /CONSENT_GRANTS_REMOVED: backup: .*Directory\.Read\.All on Microsoft Graph/],
  ])('is gone when %s: attention names it and impersonation ends', async (_what, happen, expected) => {
    expect((await impersonate()).deliverTo).toBeDefined();
    happen();
    expect(await codeOf(impersonate())).toMatch(/^IMPERSONATION_(NOT_ACTIVE|UNPROVEN)$/);
    expect(await reasonsAfterRecheck()).toMatch(expected);
    expect(await codeOf(impersonate())).toMatch(/^IMPERSONATION_(NOT_ACTIVE|UNPROVEN)$/);
  });

  it('that cannot be read any more is no proof: nothing is opened on it, and after a day it is called by its name', async () => {
    story.sandbox.faults.set({ version: 1, rules: [{ id: 'closed', match: { host: 'graph', path: '*appRoleAssignments*' }, do: { status: 403, contentType: 'application/json', body: '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges."}}' } }] });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'active' });
    expect(await codeOf(impersonate())).toBe('IMPERSONATION_UNPROVEN');
    story.advanceClock(86_400);
    expect(await reasonsAfterRecheck()).toContain('CONSENT_UNKNOWN: backup: the directory\'s answer was incomplete');
    story.sandbox.faults.set(undefined);
  });

  it('that lost the very permissions it is read with is lost: fresh tokens without them say so at once', async () => {
    for (const name of ['Directory.Read.All', 'Application.Read.All']) for (const app of ['backup', 'restore']) removePermission(story, CONTOSO, app, name);
    expect(await reasonsAfterRecheck()).toMatch(/CONSENT_GRANTS_REMOVED: backup: was granted and is gone: Directory\.Read\.All on Microsoft Graph, Application\.Read\.All on Microsoft Graph\./);
    expect(await codeOf(impersonate())).toMatch(/^IMPERSONATION_(NOT_ACTIVE|UNPROVEN)$/);
  });

  it('that came back is noticed, and the account is active again', async () => {
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: false });
    await reasonsAfterRecheck();
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: true });
    // One good read is one replica: whoever asks now is told "pending", however often, and a new binding helps nothing.
    expect(await story.onboarding.verifyConsent('contoso')).toMatchObject({ verdict: 'pending', nextCheckAt: null });
    await story.onboarding.bindAdmin({ accountId: 'contoso', admin: findPerson(story, CONTOSO, 'grace').id, operatorId: OPERATOR });
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'attention' });
    const restarted = story.clock.now();
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'consent_verifying', waitingFor: 'replication' });
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active', reasons: [] });
    expect(story.clock.now() - restarted).toBeGreaterThanOrEqual(60_000);
    expect((await auditOf(story)).filter((entry) => entry.action === 'consent.granted')).toHaveLength(2);
  });

  it('that seems to come back and is gone at the next look is attention at once, not a wait for replication', async () => {
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: false });
    await reasonsAfterRecheck();
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: true });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'consent_verifying' });
    changePrincipal(story, CONTOSO, 'restore', { accountEnabled: false });
    story.advanceClock(15);
    expect(await reasonsAfterRecheck()).toContain('STS_APP_DISABLED: restore');
  });
});

describe('a code that was issued before', () => {
  const redeem = (code: Awaited<ReturnType<typeof impersonate>>['code']) => openPortal(story, () => story.tenant(CONTOSO).tenantId).kit.receiveCode(code);

  it.each<[string, () => Promise<unknown>]>([
    ['the level was lowered', () => story.onboarding.lowerAccessLevel('contoso', 'none', OPERATOR)],
    ['the level was lowered a little', () => story.onboarding.lowerAccessLevel('contoso', 'restricted', OPERATOR)],
    ['somebody else was bound', () => story.onboarding.bindAdmin({ accountId: 'contoso', admin: findPerson(story, CONTOSO, 'ada').id, operatorId: OPERATOR })],
    ['the binding went stale', async () => {
      changePerson(story, CONTOSO, 'grace', { accountEnabled: false });
      await story.onboarding.verifyBinding('contoso');
    }],
  ])('is of no use once %s', async (_what, happen) => {
    const issued = await impersonate();
    await happen();
    expect(await codeOf(redeem(issued.code))).toBe('IMPERSONATION_GRANT_REVOKED');
    expect((await auditOf(story)).at(-1)).toMatchObject({ action: 'impersonation.redeem', outcome: 'refused', reason: 'no_longer_allowed' });
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
  });

  it('carries less than the customer allows when the operator asked for less', async () => {
    const issued = await story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 4712', accessLevel: 'restricted' });
    expect((await redeem(issued.code)).facts.accessLevel).toBe('restricted');
  });

  it('dies with its minute', async () => {
    const issued = await impersonate();
    story.advanceClock(61);
    expect(await codeOf(redeem(issued.code))).toBe('IMPERSONATION_CODE_EXPIRED');
  });
});

describe('a journey that calls itself active', () => {
  it('is looked at again at once when a check of its own found the binding stale', async () => {
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'active' });
    changePerson(story, CONTOSO, 'grace', { accountEnabled: false });
    await story.onboarding.verifyBinding('contoso');
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention' });
  });
});
