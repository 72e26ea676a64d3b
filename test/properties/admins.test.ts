import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoleHolderEvidence } from '../../src/core/admins/evidence';
import type { RoleHolding } from '../../src/core/admins/holdings';
import { judgeAdmins } from '../../src/core/admins/judge';
import { DEFAULT_EXCLUSIONS } from '../../src/core/admins/model';
import type { DirectoryPrincipal } from '../../src/core/admins/people';
import { DEFAULT_RANKING } from '../../src/core/admins/ranking';
import { DEFAULT_ADMIN_POLICY, EXCHANGE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR } from '../../src/core/admins/roles';
import { guid } from '../core/admins/fake-directory';

const WISHES = { policy: DEFAULT_ADMIN_POLICY, ranking: DEFAULT_RANKING, exclude: DEFAULT_EXCLUSIONS, now: 0 };
const ids = Array.from({ length: 12 }, (_, index) => guid(index));
const anyId = fc.constantFrom(...ids);

const principal = (objectId: string): fc.Arbitrary<DirectoryPrincipal> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('user' as const), objectId: fc.constant(objectId), upn: fc.constantFrom('ada@customer.example', 'admin@customer.example'), displayName: fc.constant('Ada'), accountEnabled: fc.boolean(), userType: fc.constantFrom('member' as const, 'guest' as const), synced: fc.boolean(), hasMailbox: fc.constantFrom(true, false, null), sessionsValidFromAt: fc.constant(null) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('group' as const), objectId: fc.constant(objectId), displayName: fc.constant('Group'), memberIds: fc.uniqueArray(anyId, { maxLength: 5 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('service_principal' as const, 'deleted' as const, 'unreadable' as const), objectId: fc.constant(objectId), upn: fc.constant(null), displayName: fc.constant(null) }) },
  );

const holding: fc.Arbitrary<RoleHolding> = fc.record({
  roleTemplateId: fc.constantFrom(GLOBAL_ADMINISTRATOR, EXCHANGE_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR),
  principalId: anyId,
  scope: fc.constantFrom('/', '/', '/administrativeUnits/1', 'app'),
  state: fc.constantFrom('active' as const, 'active' as const, 'eligible' as const),
});

const evidence: fc.Arbitrary<RoleHolderEvidence> = fc
  .tuple(fc.array(holding, { maxLength: 25 }), fc.tuple(...ids.map(principal)))
  .map(([holdings, principals]) => ({ holdings, principals: new Map(principals.map((one) => [one.objectId, one])), eligibility: 'listed', eligibleMembers: new Map(), groupEligibility: 'not_asked', lastSignInAt: new Map(), signIns: 'not_asked' }));

describe('judgeAdmins', () => {
  it('puts everybody the evidence names on exactly one list', () => {
    fc.assert(
      fc.property(evidence, (given) => {
        const { candidates, excluded } = judgeAdmins(given, WISHES);
        const wanted = given.holdings.filter((one) => DEFAULT_ADMIN_POLICY.roleTemplateIds.includes(one.roleTemplateId));
        const named = wanted.flatMap(({ principalId }) => {
          const found = given.principals.get(principalId);
          return found?.kind === 'group' ? found.memberIds : [principalId];
        });
        expect([...candidates, ...excluded].map((person) => person.objectId).sort()).toEqual([...new Set(named)].sort());
      }),
    );
  });

  it('never offers anybody but enabled members with an active role for the whole tenant', () => {
    fc.assert(
      fc.property(evidence, (given) => {
        for (const candidate of judgeAdmins(given, WISHES).candidates) {
          expect(given.principals.get(candidate.objectId)).toMatchObject({ kind: 'user', accountEnabled: true, userType: 'member' });
          const reaches = (one: RoleHolding) => {
            const found = given.principals.get(one.principalId);
            return one.principalId === candidate.objectId || (found?.kind === 'group' && found.memberIds.includes(candidate.objectId));
          };
          expect(given.holdings.some((one) => reaches(one) && one.state === 'active' && one.scope === '/' && DEFAULT_ADMIN_POLICY.roleTemplateIds.includes(one.roleTemplateId))).toBe(true);
        }
      }),
    );
  });

  it('gives the same ranks whatever the order of the answers', () => {
    fc.assert(
      fc.property(evidence.chain((given) => fc.tuple(fc.constant(given), fc.shuffledSubarray([...given.holdings], { minLength: given.holdings.length }))), ([given, shuffled]) => {
        const ranks = (holdings: readonly RoleHolding[]) => judgeAdmins({ ...given, holdings }, WISHES).candidates.map(({ objectId, rank }) => [objectId, rank]);
        expect(ranks(shuffled)).toEqual(ranks(given.holdings));
      }),
    );
  });
});
