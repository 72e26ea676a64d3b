import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningSandbox } from '../../src/sandbox/index';
import { grantConsent, openSandbox, person, tenantId } from './support';

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await openSandbox({ variants: { graph: { emptyPages: 'middle' } } });
});
afterAll(() => sandbox.stop());

it('an administrator’s consent is in the audit log of the tenant, with who gave it and to which app', async () => {
  await grantConsent(sandbox, 'contoso', 'contoso/ada');
  const tenant = sandbox.world.tenants.get(tenantId(sandbox, 'contoso'));
  const entries = tenant?.directoryAudits.list(sandbox.world.now()) ?? [];
  expect(entries.map(({ activityDisplayName }) => activityDisplayName)).toEqual(['Consent to application']);
  expect(entries[0]?.initiatedBy).toMatchObject({ app: null, user: { id: person(sandbox, 'contoso/ada').objectId } });
  expect(entries[0]?.targetResources[0]).toMatchObject({ displayName: 'Northwind Backup – Protect', type: 'ServicePrincipal' });
  sandbox.reset();
  expect(sandbox.world.tenants.get(tenantId(sandbox, 'contoso'))?.directoryAudits.list(sandbox.world.now())).toEqual([]);
});

it('a seed says which sides of contradictions are played, and a wrong side is refused with its place', async () => {
  await expect(openSandbox({ seed: { variants: { graph: { emptyPages: 'sometimes' as 'none' } } } })).rejects.toThrow(/variants\.graph.*emptyPages must be one of: none, middle/);
});
