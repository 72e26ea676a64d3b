/**
 * What the last check of an account's services found, so that a later one can say what got worse. A check without an answer
 * says nothing about a service: what was last known of it stays. Nobody decides on access by it, so it is not
 * authenticated. docs/storage-schema.md.
 */
import * as z from 'zod/v4';
import { dropRecord, findRecord, type RecordKind, type RecordPorts, type StillMine, updateRecord } from '../../records';
import { BACKUP_SERVICES, type BackupService } from '../apps/templates';
import { SERVICE_STATES, type ServiceReport, type ServiceState } from './model';

const serviceSchema = z.object({
  service: z.enum(BACKUP_SERVICES),
  state: z.enum(SERVICE_STATES),
  code: z.string().nullable(),
  message: z.string(),
  /** The last state that was not `unknown`; null when there was none. */
  settled: z.enum(SERVICE_STATES).nullable(),
});

const checkSchema = z.object({ accountId: z.string(), tenantId: z.string(), checkedAt: z.number(), services: z.array(serviceSchema) });

/** `checkedAt` in milliseconds since the epoch. */
export type RememberedServices = z.infer<typeof checkSchema>;

const checkKind: RecordKind<RememberedServices> = { kind: 'consent/services', schemaVersion: 1, schema: checkSchema };

export interface WorsenedService {
  readonly service: BackupService;
  readonly from: ServiceState;
  readonly to: ServiceState;
  readonly code: string | null;
}

/** The last check of this account, of whatever tenant. Raises `STATE_RECORD_INVALID`, `STATE_UNAVAILABLE`. */
export async function findRememberedServices(ports: RecordPorts, accountId: string): Promise<RememberedServices | undefined> {
  return (await findRecord(ports, checkKind, accountId))?.value;
}

/** Remember a check; what got worse since the last one, once for several that run at a time. Raises `STATE_CONFLICT`, `STATE_UNAVAILABLE`. */
export async function rememberServices(ports: RecordPorts, found: { readonly accountId: string; readonly tenantId: string; readonly checkedAt: number; readonly services: readonly ServiceReport[] }): Promise<readonly WorsenedService[]> {
  let worsened: readonly WorsenedService[] = [];
  await updateRecord(ports, checkKind, found.accountId, (current) => {
    const before = current?.tenantId === found.tenantId ? current.services : [];
    // A check that began earlier and ended later knows less.
    worsened = current !== undefined && current.checkedAt > found.checkedAt ? [] : compareServices(before, found.services);
    if (current !== undefined && current.checkedAt > found.checkedAt) return current;
    return { accountId: found.accountId, tenantId: found.tenantId, checkedAt: found.checkedAt, services: found.services.map((report) => toRecord(report, before)) };
  });
  return worsened;
}

/** For the end of an account. False when it is not `stillMine`. Raises `STATE_CONFLICT`. */
export async function dropRememberedServices(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecord(ports, checkKind, accountId, stillMine);
}

/** What is worse than it was last known to be. Pure. */
export function compareServices(before: RememberedServices['services'], now: readonly Pick<ServiceReport, 'service' | 'state' | 'code'>[]): readonly WorsenedService[] {
  return now.flatMap(({ service, state, code }) => {
    const from = before.find((known) => known.service === service)?.settled ?? null;
    if (from === null || state === 'unknown' || SERVICE_STATES.indexOf(state) <= SERVICE_STATES.indexOf(from)) return [];
    return [{ service, from, to: state, code }];
  });
}

function toRecord({ service, state, code, message }: ServiceReport, before: RememberedServices['services']): RememberedServices['services'][number] {
  const settled = state === 'unknown' ? (before.find((known) => known.service === service)?.settled ?? null) : state;
  return { service, state, code, message, settled };
}
