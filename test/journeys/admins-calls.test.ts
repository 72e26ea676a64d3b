/** How often Microsoft Graph is asked for everybody with full rights, counted by the sandbox: three times, whoever they are. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { invite, requestsDuring } from './attacks';
import { addPermission, findPerson, worldTenant } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const TREY = 'trey.example';
const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10';
const HOLDERS = 60;

let story: Story;

beforeAll(async () => {
  story = await startStory();
  await onboardAsAdmin(story, await invite(story, 'trey', TREY, 'Trey Research'), personWith(story.tenant(TREY), 'Global Administrator'));
  expect(await advanceUntilSettled(story, 'trey')).toMatchObject({ state: 'admin_needed' });
  addPermission(story, TREY, 'backup', 'PrivilegedEligibilitySchedule.Read.AzureADGroup');
  addPermission(story, TREY, 'backup', 'AuditLog.Read.All');
});

afterAll(async () => story.stop());

/** More people who hold the role, until the tenant has this many holders. */
function fillUp(wanted: number, present: number): void {
  const tenant = worldTenant(story, TREY);
  const now = story.clock.now();
  const like = findPerson(story, TREY, 'hana');
  for (let number = present; number < wanted; number += 1) {
    const [id, assignment] = [randomUUID(), randomUUID()];
    tenant.users.put(id, { ...like, id, userPrincipalName: `admin${number}@${TREY}`, displayName: `Admin ${number}` }, now);
    tenant.roleAssignments.put(assignment, { id: assignment, principalId: id, roleDefinitionId: GLOBAL_ADMINISTRATOR, directoryScopeId: '/' }, now);
  }
}

it('asks three times for sixty holders, among them groups, somebody deleted and somebody who may only become a member', async () => {
  await story.reconfigure(() => ({ admins: { ranking: ['recent_sign_in', 'named'] } }));
  const before = await story.onboarding.listAdmins('trey', OPERATOR);
  fillUp(HOLDERS, before.candidates.length + before.excluded.length);
  const { result, rows } = await requestsDuring(story, () => story.onboarding.listAdmins('trey', OPERATOR));
  expect(result.candidates.length + result.excluded.length).toBe(HOLDERS);
  expect(result).toMatchObject({ eligibility: 'listed', groupEligibility: 'listed', signIns: 'listed' });
  const seen = result.excluded.flatMap(({ excludedBecause }) => excludedBecause.map(({ code }) => code));
  expect(seen.toSorted()).toEqual(['break_glass', 'deleted', 'eligible_only']);
  expect([...result.candidates, ...result.excluded].some(({ routes }) => routes.some(({ via }) => via === 'group'))).toBe(true);
  const asked = rows.filter(({ host }) => host === 'graph').map(({ method, path }) => `${method} ${path}`);
  expect(asked).toEqual(Array.from({ length: 3 }, () => 'POST /v1.0/$batch'));
});
