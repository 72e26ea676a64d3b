/** One app that backs everything up, and answers as Graph gives them, one changed at a time. */
import { EXCHANGE_APP_ID, GRAPH_APP_ID, parseApps, SHAREPOINT_APP_ID } from '../../../../src/core/consent/apps/apps';
import { judgeServices } from '../../../../src/core/consent/services/judge';
import type { GrantedApp, Reply, ServiceReport, ServicesEvidence } from '../../../../src/core/consent/services/model';
import { planProbes } from '../../../../src/core/consent/services/plan-probes';
import { BACKUP_SERVICES, type BackupService } from '../../../../src/core/consent/apps/templates';

export const TENANT = '11111111-1111-4111-8111-111111111111';
export const PROVEN_AT = Date.parse('2026-03-01T09:00:00Z');
export const DAY_MS = 86_400_000;
/** Long after every cache has settled. */
export const LATER = PROVEN_AT + 3 * DAY_MS;

export const PLANS = {
  EXCHANGE_S_STANDARD: '9aaf7827-d63c-4b61-89c3-182f06f82e5c',
  EXCHANGE_S_ENTERPRISE: 'efb87545-963c-4e0d-99df-69c6916d9eb0',
  EXCHANGE_S_FOUNDATION: '113feb6c-3fe4-4440-bddc-54d774bf0318',
  SHAREPOINTENTERPRISE: '5dbe027f-2339-4123-9542-606e4d348a72',
  SHAREPOINTWAC: 'e95bec33-7c88-4a70-8e19-b10bd9d0c014',
  TEAMS1: '57ff2da0-773e-42df-b2af-ffb7a2317929',
} as const;

export const PERMISSIONS = ['Mail.Read', 'Files.Read.All', 'Sites.Read.All', 'Group.Read.All', 'Directory.Read.All'] as const;

const RESOURCE_IDS: Readonly<Record<string, string>> = { graph: GRAPH_APP_ID, exchange: EXCHANGE_APP_ID, sharepoint: SHAREPOINT_APP_ID };

export function declare(permissions: readonly string[] = PERMISSIONS, services: readonly BackupService[] = BACKUP_SERVICES, key = 'backup', round = 1) {
  return { key, appId: `22222222-0000-4000-8000-00000000000${round}`, round, services, requiredPermissions: permissions.map((name) => required(name)) };
}

function required(text: string) {
  const [resource = 'graph', name = text] = text.includes('/') ? text.split('/') : ['graph', text];
  return { resource, type: 'application', name, reason: 'backs up' };
}

export function granted(permissions: readonly string[] = PERMISSIONS, key = 'backup', servicePrincipalId: string | null = '33333333-0000-4000-8000-000000000001'): GrantedApp {
  return {
    key,
    servicePrincipalId,
    granted: permissions.map((text) => {
      const { resource, name } = required(text);
      return { resourceAppId: RESOURCE_IDS[resource] ?? resource, type: 'application', id: null, name };
    }),
  };
}

export const ok = (body: unknown): Reply => ({ status: 200, body, code: null, requestId: 'r-1' });
export const no = (status: number, code: string, message = 'no'): Reply => ({ status, body: { error: { code, message } }, code, requestId: 'r-2' });
export const silence = (code = 'GRAPH_UNAVAILABLE'): Reply => ({ status: 0, body: undefined, code, requestId: null });
export const list = (...value: readonly unknown[]): Reply => ok({ value });

export function sku(plans: Readonly<Record<string, string>>, changes: { readonly capabilityStatus?: string; readonly provisioningStatus?: string } = {}): Reply {
  const servicePlans = Object.entries(plans).map(([servicePlanName, servicePlanId]) => ({ servicePlanName, servicePlanId, provisioningStatus: changes.provisioningStatus ?? 'Success', appliesTo: 'User' }));
  return list({ skuPartNumber: 'SPE_E3', capabilityStatus: changes.capabilityStatus ?? 'Enabled', servicePlans });
}

export function person(number: number, plans: readonly string[] = Object.values(PLANS), changes: object = {}) {
  const assignedPlans = plans.map((servicePlanId) => ({ assignedDateTime: '2026-01-02T00:00:00Z', capabilityStatus: 'Enabled', service: 'exchange', servicePlanId }));
  return { id: `44444444-0000-4000-8000-${String(number).padStart(12, '0')}`, accountEnabled: true, userType: 'Member', assignedPlans, ...changes };
}

export const WORKING: Readonly<Record<BackupService, Reply>> = {
  exchange: ok({ id: 'inbox', totalItemCount: 3 }),
  onedrive: ok({ id: 'b!1', quota: { used: 1 } }),
  sharepoint: ok({ id: 'contoso.sharepoint.com,1,2', webUrl: 'https://contoso.sharepoint.com', siteCollection: { hostname: 'contoso.sharepoint.com' } }),
  teams: ok({ id: 'team', displayName: 'Sales' }),
  groups: list({ id: 'group' }),
  directory: list({ id: 'person' }),
};

export function evidence(changes: Partial<Omit<ServicesEvidence, 'probes'>> = {}, probes: Readonly<Partial<Record<BackupService, readonly Reply[]>>> = {}): ServicesEvidence {
  return {
    tenantId: TENANT,
    readAt: LATER,
    organization: list({ id: TENANT }),
    skus: sku(PLANS),
    people: list(person(1), person(2)),
    teams: list({ id: '55555555-0000-4000-8000-000000000001' }),
    exchangeRoles: new Map(),
    ...changes,
    probes: new Map(BACKUP_SERVICES.map((service) => [service, probes[service] ?? [WORKING[service]]])),
  };
}

export interface Case {
  readonly declared?: readonly string[];
  readonly granted?: readonly string[];
  readonly evidence?: ServicesEvidence;
  readonly now?: number;
}

export function judge(service: BackupService, { declared, granted: held, evidence: found = evidence(), now = LATER }: Case = {}): ServiceReport {
  const report = judgeServices({ apps: parseApps([declare(declared)]), grants: [granted(held ?? declared)], provenAt: PROVEN_AT, now }, found).find((one) => one.service === service);
  if (report === undefined) throw new Error(`No report about ${service}`);
  return report;
}

export const plan = (declared: Parameters<typeof declare>[0], held: readonly string[] = declared ?? []) => planProbes(parseApps([declare(declared)]), [granted(held)]);
