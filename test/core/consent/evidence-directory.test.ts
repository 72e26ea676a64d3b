import { expect, it } from 'vitest';
import { readAppGrants } from '../../../src/core/consent/evidence-directory';
import type { GraphResponse, GraphTransport } from '../../../src/core/ports';

const OURS = '11111111-aaaa-4aaa-8aaa-111111111111';
const OTHERS = '22222222-bbbb-4bbb-8bbb-222222222222';
const GRAPH = '33333333-cccc-4ccc-8ccc-333333333333';
const [HELD, FOREIGN] = ['44444444-dddd-4ddd-8ddd-444444444444', '55555555-eeee-4eee-8eee-555555555555'];

/** Answers every batch with these collections. */
function graphWith(...collections: readonly (readonly object[])[]): { readonly graph: GraphTransport } {
  const answers = collections.map((value): GraphResponse => ({ status: 200, body: { value }, requestId: undefined }));
  const unasked = () => Promise.reject(new Error('Only batches are expected.'));
  return { graph: { batch: () => Promise.resolve(answers), list: unasked, send: unasked } };
}

const read = async (ports: ReturnType<typeof graphWith>) => {
  const [grants] = await readAppGrants(ports, { tenantId: 'tenant', appKey: 'backup' }, [{ objectId: OURS, accountEnabled: true }]);
  return grants;
};

it('counts what the app itself holds, and nothing of another app that a mistaken answer lists beside it', async () => {
  const grants = await read(graphWith(
    [{ appRoleId: HELD, resourceId: GRAPH, principalId: OURS.toUpperCase() }, { appRoleId: FOREIGN, resourceId: GRAPH, principalId: OTHERS }],
    [{ clientId: OTHERS, resourceId: GRAPH, scope: 'User.Read', consentType: 'AllPrincipals' }, { clientId: OURS, resourceId: GRAPH, scope: ' openid', consentType: 'AllPrincipals' }],
  ));
  expect(grants).toMatchObject({ outcome: 'read', appRoles: [{ resourceObjectId: GRAPH, roleId: HELD }], scopes: [{ resourceObjectId: GRAPH, scope: 'openid' }] });
});

it('takes rows that do not say whose they are for no evidence at all', async () => {
  const grants = await read(graphWith([{ appRoleId: HELD, resourceId: GRAPH }], []));
  expect(grants).toMatchObject({ outcome: 'unknown' });
});
