/**
 * Whole directories against a reference that knows them: for every principal the answer is worked out the slow way, from what
 * the directory is and not from what Graph says of it.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { discoverAdmins } from '../../src/core/admins/discovery';
import { DEFAULT_ADMIN_POLICY, EXCHANGE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, SHAREPOINT_ADMINISTRATOR } from '../../src/core/admins/roles';
import { type FakeDirectory, fakeGraph, guid, SCOPE, user } from '../core/admins/fake-directory';

const clock = { now: () => Date.parse('2026-03-01T09:00:00Z'), sleep: async () => undefined };
const ROLES = [GLOBAL_ADMINISTRATOR, EXCHANGE_ADMINISTRATOR, SHAREPOINT_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR];
const FIRST_GROUP = 100_000;

/** Drawn numbers decide everything, so a failing directory can be made again from its seed. */
function buildDirectory(holders: number, draw: () => number): FakeDirectory {
  const chance = (share: number) => draw() < share;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)] as T;
  const users = Array.from({ length: holders }, (_, index) =>
    user(index, {
      accountEnabled: chance(0.85),
      userType: pick(['Member', 'Member', 'Member', 'Guest', null]),
      onPremisesSyncEnabled: chance(0.3) ? true : null,
      userPrincipalName: chance(0.1) ? `breakglass${index}@customer.example` : chance(0.1) ? `p${index}_home.example#EXT#@customer.onmicrosoft.com` : `person${index}@customer.example`,
    }),
  );
  const anyUser = () => guid(Math.floor(draw() * holders));
  const groups = Array.from({ length: Math.ceil(holders / 40) }, (_, index) => ({
    id: guid(FIRST_GROUP + index),
    displayName: `Group ${index}`,
    members: [...new Set(Array.from({ length: Math.floor(draw() * 30) }, anyUser))],
    eligible: [...new Set(Array.from({ length: Math.floor(draw() * 4) }, anyUser))],
  }));
  const servicePrincipals = Array.from({ length: 5 }, (_, index) => guid(200_000 + index));
  const gone = Array.from({ length: 5 }, (_, index) => guid(300_000 + index));
  const principal = () => (chance(0.9) ? anyUser() : pick([...groups.map(({ id }) => id), ...servicePrincipals, ...gone]));
  const holding = () => ({ principalId: principal(), roleDefinitionId: pick(ROLES), directoryScopeId: pick(['/', '/', '/', '/administrativeUnits/1', null]), hidden: chance(0.05) });
  return { users, groups, servicePrincipals, assigned: Array.from({ length: holders }, holding), eligible: Array.from({ length: Math.floor(holders / 5) }, holding) };
}

/** Who may be offered and who must be named, by the words of the rule. */
function workOut(directory: FakeDirectory): { readonly offered: string[]; readonly named: string[] } {
  const routes = new Map<string, boolean[]>();
  const note = (id: string, counts: boolean) => routes.set(id, [...(routes.get(id) ?? []), counts]);
  for (const [isActive, rows] of [[true, directory.assigned ?? []], [false, directory.eligible ?? []]] as const) {
    for (const { principalId, roleDefinitionId, directoryScopeId } of rows) {
      if (!DEFAULT_ADMIN_POLICY.roleTemplateIds.includes(roleDefinitionId)) continue;
      const group = directory.groups?.find(({ id }) => id === principalId);
      const counts = isActive && directoryScopeId === '/';
      if (group === undefined) note(principalId, counts);
      for (const id of group?.members ?? []) note(id, counts);
      for (const id of group?.eligible ?? []) note(id, false);
    }
  }
  const isUsable = (id: string) => {
    const person = directory.users.find((candidate) => candidate.id === id);
    const name = person?.userPrincipalName ?? '';
    return person?.accountEnabled === true && person.userType !== 'Guest' && !name.includes('#EXT#') && !name.startsWith('breakglass');
  };
  const named = [...routes.keys()].sort();
  return { named, offered: named.filter((id) => routes.get(id)?.includes(true) === true && isUsable(id)) };
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function compare(holders: number, seed: number): Promise<void> {
  const directory = buildDirectory(holders, randomOf(seed));
  const { candidates, excluded } = await discoverAdmins({ graph: fakeGraph(directory), clock }, SCOPE);
  const expected = workOut(directory);
  expect(candidates.map(({ objectId }) => objectId).sort()).toEqual(expected.offered);
  expect([...candidates, ...excluded].map(({ objectId }) => objectId).sort()).toEqual(expected.named);
  expect(excluded.every(({ excludedBecause }) => excludedBecause.length > 0)).toBe(true);
  expect(candidates.map(({ rank }) => rank)).toEqual(candidates.map((_, index) => index + 1));
}

it('offers nobody who is excluded and hides nobody who is eligible, in directories of any shape', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 120 }), fc.integer(), compare), { numRuns: 60 });
});

it.each([500, 2000])('does so with %i holders', async (holders) => {
  await compare(holders, holders);
});
