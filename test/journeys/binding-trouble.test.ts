/** What goes wrong between the list of admins and a proven binding: each ends in a state of its own, with a sentence to go on with. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditOf, failureOf, invite } from './attacks';
import { changePerson, deletePerson, deletePrincipal, findPerson, rememberDirectory, rememberState, removePermission, removeRoles } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const CONTOSO = 'contoso.example';
const READ_DIRECTORY = ['RoleManagement.Read.Directory', 'Directory.Read.All'];
/** Every request of a batch as well: the storm is at the door. */
const STORM = { version: 1, rules: [{ id: 'storm', match: { host: 'graph', path: '*' }, do: { status: 429, headers: { 'retry-after': '600' }, body: '' } }] };

let story: Story;
/** Grace's, as the list of candidates had it. */
let listedId: string;
let putBack: () => Promise<void>;

beforeAll(async () => {
  story = await startStory();
  await onboardAsAdmin(story, await invite(story), personWith(story.tenant(CONTOSO), 'Global Administrator'));
  expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'admin_needed' });
  listedId = (await story.onboarding.listAdmins('contoso', OPERATOR)).candidates.find(({ objectId }) => objectId === grace())?.objectId ?? '';
  const [putDirectoryBack, putStateBack] = [rememberDirectory(story, CONTOSO), await rememberState(story)];
  putBack = async () => {
    story.sandbox.faults.set(undefined);
    putDirectoryBack();
    await putStateBack();
  };
});

beforeEach(async () => putBack());

afterAll(async () => story.stop());

const grace = () => findPerson(story, CONTOSO, 'grace').id;
const bind = (admin: string) => story.onboarding.bindAdmin({ accountId: 'contoso', admin, operatorId: OPERATOR });
const forbidRoles = () => void READ_DIRECTORY.map((name) => removePermission(story, CONTOSO, 'backup', name));

describe('between the list and the choice', () => {
  it.each<readonly [string, () => void, string, RegExp]>([
    ['the admin lost the role', () => removeRoles(story, CONTOSO, grace()), 'ADMINS_NOT_A_CANDIDATE', /holds none of the required roles/],
    ['the admin was disabled', () => void changePerson(story, CONTOSO, 'grace', { accountEnabled: false }), 'ADMINS_NOT_A_CANDIDATE', /account is disabled/],
    ['the admin was deleted', () => void deletePerson(story, CONTOSO, 'grace'), 'ADMINS_NOT_A_CANDIDATE', /holds none of the required roles/],
    ['reading roles was forbidden', forbidRoles, 'ADMINS_UNREADABLE', /RoleManagement\.Read\.Directory/],
    ['everybody was told to wait', () => story.sandbox.faults.set(STORM), 'GRAPH_THROTTLED', /429/],
  ])('%s: nobody is bound, and the answer says why', async (_what, happen, code, sentence) => {
    // A token of before would not know what is forbidden since.
    await story.reconfigure(() => ({}));
    happen();
    const failure = await failureOf(bind(listedId));
    expect([failure.code, failure.message]).toEqual([code, expect.stringMatching(sentence)]);
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'admin_needed', waitingFor: 'admin_choice' });
    expect((await failureOf(story.onboarding.showBinding('contoso'))).code).toBe('SSO_BINDING_NOT_FOUND');
    expect((await auditOf(story)).filter(({ action }) => action === 'sso.bound')).toEqual([]);
  });
});

describe('between the binding and its proof', () => {
  const told = async () => {
    const { state, reasons } = await story.onboarding.status('contoso');
    return { state, said: reasons.map(({ code, message }) => `${code}: ${message}`).join('\n') };
  };

  beforeEach(async () => {
    await bind(grace());
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'sso_validating' });
    // The proof of consent is no longer fresh, and no token of before is used.
    story.advanceClock(1200);
    await story.reconfigure(() => ({}));
  });

  it('the admin was disabled: attention at once', async () => {
    changePerson(story, CONTOSO, 'grace', { accountEnabled: false });
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention', waitingFor: null });
    expect((await told()).said).toMatch(/^SSO_BINDING_STALE: Grace Okafor .*disabled/);
  });

  it.each<readonly [string, () => void, RegExp, RegExp]>([
    ['the role was lost', () => removeRoles(story, CONTOSO, grace()), /waits for replication.*\n.*role missing/, /^SSO_BINDING_STALE: Grace Okafor .*did not confirm the binding in time.*\n.*role missing.*\n.*Proposed successor: /],
    ['the admin was deleted', () => void deletePerson(story, CONTOSO, 'grace'), /waits for replication.*\n.*not found/, /^SSO_BINDING_STALE: Grace Okafor .*did not confirm the binding in time.*\n.*it was deleted.*\n.*Proposed successor: /],
    ['the consent was revoked', () => deletePrincipal(story, CONTOSO, 'restore'), /waits for replication.*\n.*consent is not there/, /^CONSENT_APP_DELETED: restore/],
    ['the consent of the app that reads was revoked', () => deletePrincipal(story, CONTOSO, 'backup'), /waits for replication.*\n.*consent is not there/, /^CONSENT_APP_DELETED: backup/m],
    ['reading roles was forbidden', forbidRoles, /waits for replication.*\n.*consent is not there/, /^CONSENT_GRANTS_REMOVED: backup: .*RoleManagement\.Read\.Directory on Microsoft Graph/],
  ])('%s: replication is waited for, with the reason, and after the hour it is attention', async (_what, happen, first, last) => {
    happen();
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'sso_validating', waitingFor: 'replication' });
    expect((await told()).said).toMatch(first);
    story.advanceClock(3600);
    expect(await story.onboarding.advance('contoso')).toMatchObject({ state: 'attention', waitingFor: null });
    expect((await told()).said).toMatch(last);
  });

  it('everybody was told to wait: the wait is told, nothing is lost, and it goes on by itself', async () => {
    story.sandbox.faults.set(STORM);
    const failure = await failureOf(story.onboarding.advance('contoso'));
    expect(failure).toMatchObject({ code: 'GRAPH_THROTTLED', retryAfterSeconds: 600 });
    expect((await told()).state).toBe('sso_validating');
    story.sandbox.faults.set(undefined);
    story.advanceClock(601);
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active', reasons: [] });
  });
});
