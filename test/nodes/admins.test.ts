/** What a workflow gets of admins when nobody can be bound. */
import { describe, expect, it } from 'vitest';
import { getManyAdmins } from '../../src/nodes/M365Onboarding/resources/admin/get-many.operation';

const excluded = [{ objectId: 'aaaaaaaa-0000-4000-8000-000000000001', upn: 'dora@contoso.example', displayName: 'Dora', rank: null, reasons: [], routes: [], excludedBecause: [{ code: 'disabled', message: 'The account is disabled.' }] }];
const onboarding = { listAdmins: async () => ({ candidates: [], excluded, eligibility: 'listed', groupEligibility: 'not_asked', signIns: 'not_asked' }) };

function run(includeExcluded: boolean) {
  const parameters = { requiredText: () => 'contoso', flag: (name: string) => (name === 'includeExcluded' ? includeExcluded : true) };
  return getManyAdmins.execute(parameters as unknown as Parameters<typeof getManyAdmins.execute>[0], { onboarding } as unknown as Parameters<typeof getManyAdmins.execute>[1]);
}

describe('Admin: Get Many', () => {
  it('fails with the reason when nobody can be bound, instead of ending the workflow without an item', async () => {
    await expect(run(false)).rejects.toMatchObject({ code: 'ADMINS_NONE', details: { excluded: [{ upn: 'dora@contoso.example', because: ['disabled'] }] } });
  });

  it('lists who nearly qualifies when asked to', async () => {
    expect(await run(true)).toMatchObject([{ upn: 'dora@contoso.example', selectable: false }]);
  });
});
