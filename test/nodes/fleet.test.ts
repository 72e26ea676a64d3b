/** Items of many customers at once: what Microsoft sees of it, and that nobody's token reaches somebody else's tenant. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { updateJourney } from '../../src/core/accounts/journey';
import { claimRecord } from '../../src/core/records';
import { holdClaim, settleClaim } from '../../src/core/sso/claims';
import { accountTenantKind, tenantClaimKind } from '../../src/core/sso/ownership-records';
import { closeHosts } from '../../src/nodes/host/installation';
import type { TenantSeed } from '../../src/sandbox/seed-format';
import { DEFAULT_SEED } from '../../src/sandbox/seed-default';
import { grantPermissions, staticPermissions } from '../../src/sandbox/sts/grants';
import { OPERATOR } from '../journeys/story';
import { type Stage, startStage } from './n8n-stage';

const TENANTS = 50;
const CALLS = 4;
/** Hundreds of signed tokens and answers, on a machine that may have other work. */
const LIMIT_MS = 120_000;

let stage: Stage;
const customers = Array.from({ length: TENANTS }, (_, index) => ({ key: `customer-${index}`, domain: `customer-${index}.example` }));

beforeAll(async () => {
  const partner = DEFAULT_SEED.tenants.find(({ key }) => key === DEFAULT_SEED.homeTenant) as TenantSeed;
  const seeded = customers.map(({ key, domain }): TenantSeed => ({ key, domain, name: key, prefix: key.replace('-', ''), country: 'PT', licences: ['AAD_PREMIUM_P2'], people: [{ alias: 'ada', name: `Ada of ${key}`, roles: ['Global Administrator'] }, { alias: 'eli', name: `Eli of ${key}`, eligibleRoles: ['Global Administrator'] }] }));
  stage = await startStage({ sandbox: { seed: { ...DEFAULT_SEED, extends: 'nothing', tenants: [partner, ...seeded] } } });
  for (const { key, domain } of customers) await onboarded(key, domain);
}, LIMIT_MS);

afterAll(async () => stage.stop());

/** As if the admin had clicked: the grants in the directory, and in the state that the tenant belongs to the account. */
async function onboarded(accountId: string, domain: string): Promise<void> {
  const { story } = stage;
  const { tenantId } = story.tenant(domain);
  const { world } = story.sandbox;
  const tenant = world.tenants.get(tenantId);
  const application = world.tenants.get(world.homeTenantId)?.applications.list(world.now()).find((row) => row.appId === story.sandbox.ready.apps[0]?.appId);
  if (tenant === undefined || application === undefined) throw new Error(`The seed has no ${domain}.`);
  grantPermissions(world, tenant, application, staticPermissions(application), null);
  const { ports } = story.installation;
  await story.onboarding.addAccount({ id: accountId, name: accountId, expectedTenant: domain }, OPERATOR);
  await holdClaim(ports, tenantClaimKind, tenantId, accountId);
  const now = story.clock.now();
  const evidence = { id: accountId, accountId, tenantId, objectId: accountId, upn: `ada@${domain}`, displayName: 'Ada', roles: [], authenticatedAt: now, signedInAt: now, confirmedAt: now, accessLevel: null };
  await claimRecord(ports, accountTenantKind, accountId, { state: 'held', evidence });
  await settleClaim(ports, tenantClaimKind, tenantId, accountId);
  await updateJourney(ports, accountId, (journey) => ({ ...journey, provenTenantId: tenantId }));
}

describe(`${TENANTS} tenants with ${CALLS} items each, in turn`, { timeout: LIMIT_MS }, () => {
  const items = Array.from({ length: CALLS }, () => customers).flat().map(({ key }) => ({ resource: 'admin', operation: 'getMany', account: { mode: 'id', value: key }, includeExcluded: true, returnAll: true, options: { concurrency: 16 } }));

  it('cause one token request per tenant, and every answer comes from its own tenant, in the order of the items', async () => {
    const before = stage.story.sandbox.requests().length;
    const output = await stage.run(items);
    // Each of the reads of an item leaves something only its own tenant knows: who holds a role, whether that person is enabled, who could activate one.
    const expected = items.flatMap(({ account }, item) => [['Ada of', true], ['Eli of', false]].map(([who, selectable]) => [`${String(who)} ${account.value}`, selectable, { item }]));
    expect(output.map(({ json, pairedItem }) => [json['displayName'], json['selectable'], pairedItem])).toEqual(expected);

    const rows = stage.story.sandbox.requests().slice(before);
    const tokens = rows.filter((row) => row.path.endsWith('/oauth2/v2.0/token'));
    expect(tokens).toHaveLength(TENANTS);
    expect(new Set(tokens.map((row) => row.tenant))).toEqual(new Set(customers.map(({ domain }) => stage.story.tenant(domain).tenantId)));
    const graph = rows.filter((row) => row.host === 'graph');
    expect(graph.every((row) => row.status < 300)).toBe(true);
    const perTenant = Map.groupBy(graph, (row) => row.tenant);
    expect(perTenant.size).toBe(TENANTS);
    // As the bearer of each call says whose token it was, no token has served another tenant's call.
    expect([...perTenant.values()].map((own) => own.length)).toEqual([...perTenant].map(() => 2 * CALLS));
  });

  it('cause none in the next execution, which shares the installation', async () => {
    const before = stage.story.sandbox.requests().length;
    await Promise.all([stage.run(items.slice(0, TENANTS)), stage.run(items.slice(0, TENANTS))]);
    expect(stage.story.sandbox.requests().slice(before).filter((row) => row.path.endsWith('/token'))).toEqual([]);
  });

  it('cause one again when two executions start at the same moment in a process that knows nothing yet', async () => {
    await closeHosts();
    const before = stage.story.sandbox.requests().length;
    await Promise.all([stage.run(items.slice(0, TENANTS)), stage.run(items.slice(0, TENANTS))]);
    expect(stage.story.sandbox.requests().slice(before).filter((row) => row.path.endsWith('/token'))).toHaveLength(TENANTS);
  });
});
