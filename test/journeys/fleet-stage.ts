/** Many customers at once, as if each one's admin had clicked: the grants in the directory, the ownership in the state. */
import { updateJourney } from '../../src/core/accounts/journey';
import { claimRecord } from '../../src/core/records';
import { holdClaim, settleClaim } from '../../src/core/sso/claims';
import { accountTenantKind, tenantClaimKind } from '../../src/core/sso/ownership-records';
import { DEFAULT_SEED } from '../../src/sandbox/seed-default';
import type { SandboxOptions } from '../../src/sandbox/index';
import { grantPermissions, staticPermissions } from '../../src/sandbox/sts/grants';
import type { SweepReport } from '../../src/core/fleet/model';
import { worldTenant } from './directory';
import { OPERATOR, type Story } from './story';

/** Nobody but the partner and as many customers as a story wants; `customer-00007` is the seventh. */
export function fleetSeed(count: number): SandboxOptions {
  const partner = DEFAULT_SEED.tenants.filter(({ key }) => key === DEFAULT_SEED.homeTenant);
  return { seed: { ...DEFAULT_SEED, extends: 'nothing', tenants: partner, generatedTenants: { count } } };
}

export function customerId(number: number): string {
  return `customer-${String(number).padStart(5, '0')}`;
}

export function domainOf(number: number): string {
  return `${customerId(number)}.example`;
}

/** Consented, owned, nobody bound yet. With `adminChoice: first` every further step needs no person. */
export async function onboardFleet(story: Story, numbers: readonly number[], labels: readonly string[] = []): Promise<void> {
  for (const number of numbers) await adopt(story, number, labels);
}

async function adopt(story: Story, number: number, labels: readonly string[]): Promise<void> {
  const { world, ready } = story.sandbox;
  const tenant = worldTenant(story, domainOf(number));
  const own = (world.tenants.get(world.homeTenantId)?.applications.list(world.now()) ?? []).filter(({ appId }) => ready.apps.some((app) => app.appId === appId));
  for (const application of own) grantPermissions(world, tenant, application, staticPermissions(application), null);
  const [accountId, tenantId, now, { ports }] = [customerId(number), tenant.tenantId, story.clock.now(), story.installation];
  await story.onboarding.addAccount({ id: accountId, name: accountId, expectedTenant: domainOf(number), labels }, OPERATOR);
  await holdClaim(ports, tenantClaimKind, tenantId, accountId);
  const evidence = { id: accountId, accountId, tenantId, objectId: accountId, upn: `admin@${domainOf(number)}`, displayName: 'Ada', roles: [], authenticatedAt: now, signedInAt: now, confirmedAt: now, accessLevel: null };
  await claimRecord(ports, accountTenantKind, accountId, { state: 'held', evidence });
  await settleClaim(ports, tenantClaimKind, tenantId, accountId);
  await updateJourney(ports, accountId, (journey) => ({ ...journey, provenTenantId: tenantId, state: 'consent_pending', epoch: 1 }));
  await updateJourney(ports, accountId, (journey) => ({ ...journey, state: 'consent_verifying' }));
  await updateJourney(ports, accountId, (journey) => ({ ...journey, state: 'consented', consentEvidenceAt: now }));
}

/** Sweep until nobody waits for time any more. */
export async function sweepUntilActive(story: Story, limit = 20): Promise<SweepReport> {
  for (let turn = 0; turn < limit; turn += 1) {
    const report = await story.onboarding.sweep();
    if (report.waiting === 0) return report;
    story.advanceClock(30);
  }
  throw new Error('The fleet never became active.');
}
