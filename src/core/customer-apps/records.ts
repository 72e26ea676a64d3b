/** Where customer apps are kept: `customer-apps/app/<accountId>/<key>`, authenticated, since it says whose app a key opens. */
import { OnboardingError } from '../errors';
import { changeRecord, claimRecord, dropRecordsWhere, findReadable, findRecord, listRecords, type RecordKind, type RecordPorts, retireRecord, type StillMine } from '../records';
import { APP_KEY_PATTERN, type CustomerApp, customerAppSchema } from './model';

const appKind: RecordKind<CustomerApp> = { kind: 'customer-apps/app', schemaVersion: 1, schema: customerAppSchema, authenticated: true };

type Where = Pick<CustomerApp, 'accountId' | 'key'>;

/** Raises `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`. */
export async function findCustomerApp(ports: RecordPorts, where: Where): Promise<CustomerApp | undefined> {
  return APP_KEY_PATTERN.test(where.key) ? (await findRecord(ports, appKind, idOf(where)))?.value : undefined;
}

/** Raises `CUSTOMER_APP_UNKNOWN` and like {@link findCustomerApp}. */
export async function requireCustomerApp(ports: RecordPorts, where: Where): Promise<CustomerApp> {
  const app = await findCustomerApp(ports, where);
  if (app === undefined) throw unknownApp(where);
  return app;
}

/** Of one account, or of all of them, by account and key. Raises like {@link findCustomerApp}. */
export async function listCustomerApps(ports: RecordPorts, accountId?: string): Promise<readonly CustomerApp[]> {
  const apps: CustomerApp[] = [];
  for await (const { value } of listRecords(ports, appKind, accountId === undefined ? '' : `${accountId}/`)) apps.push(value);
  return apps;
}

/** For the end of an account: a record that cannot be read opens nothing and must not keep the account alive. Raises `STATE_UNAVAILABLE`. */
export async function findReadableApps(ports: RecordPorts, accountId: string): Promise<readonly CustomerApp[]> {
  const apps: CustomerApp[] = [];
  for await (const { value } of findReadable(ports, appKind)) if (value.accountId === accountId) apps.push(value);
  return apps;
}

/** The record that is there now: this one, or the one of whoever was faster. Raises like {@link findCustomerApp}. */
export async function openCustomerApp(ports: RecordPorts, app: CustomerApp): Promise<CustomerApp> {
  if (await claimRecord(ports, appKind, idOf(app), app)) return app;
  return requireCustomerApp(ports, app);
}

/**
 * Note what became of a step, on the newest version of this very registration. Raises `CUSTOMER_APP_UNKNOWN` when it has
 * ended meanwhile, `STATE_CONFLICT`, and like {@link findCustomerApp}.
 */
export async function changeCustomerApp(ports: RecordPorts, app: CustomerApp, change: (current: CustomerApp) => CustomerApp): Promise<CustomerApp> {
  const changed = await changeRecord(ports, appKind, idOf(app), (current) => {
    if (current.id !== app.id) throw unknownApp(app);
    return change(current);
  });
  if (changed === undefined) throw unknownApp(app);
  return changed;
}

/** The last write of a removal. */
export async function endCustomerApp(ports: RecordPorts, app: CustomerApp): Promise<void> {
  const read = await findRecord(ports, appKind, idOf(app));
  if (read?.value.id === app.id) await retireRecord(ports, appKind, idOf(app), read);
}

/** For the end of an account; what stands in the tenant stays. False when it is not `stillMine`. Raises `STATE_CONFLICT`. */
export async function dropCustomerApps(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecordsWhere(ports, appKind, (app) => app.accountId === accountId, stillMine);
}

function idOf({ accountId, key }: Where): string {
  return `${accountId}/${key}`;
}

function unknownApp({ accountId, key }: Where): OnboardingError {
  return new OnboardingError('CUSTOMER_APP_UNKNOWN', `The account has no customer app "${key.slice(0, 32)}".`, { details: { accountId } });
}
