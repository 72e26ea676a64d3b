/**
 * The tables of one store, in a schema of their own, and how they come about: numbered migrations, each run once, in one
 * transaction, under a lock that several starting processes queue for. Refuses a schema of a newer version and a standby,
 * whose reads may be stale. The store's id is made with the tables; a session that finds another id has met another store.
 */
import { randomUUID } from 'node:crypto';
import { OnboardingError } from '../errors';
import { refusedLocation } from './postgres-url';

/** One session of the database, as far as it is used here. */
export interface PostgresClient {
  query(sql: string, params?: unknown[]): Promise<{ readonly rows: readonly Record<string, unknown>[]; readonly rowCount: number | null }>;
}

export interface PostgresStoreIdentity {
  readonly storeId: string;
  /** Whether the server synchronizes its log with the disk at all. */
  readonly synchronizes: boolean;
}

/** For each version the statements that lead to it from the one before. `SCHEMA` stands for the quoted name. Never changed, only added to. */
export type Migrations = readonly (readonly string[])[];

const MIGRATIONS: Migrations = [
  [
    // Keys as bytes: a collation of text would sort them in another way, and could take two for one.
    'CREATE TABLE SCHEMA.state (key bytea PRIMARY KEY, value text NOT NULL, version text NOT NULL, expires_at double precision)',
    'CREATE INDEX state_expiry ON SCHEMA.state (expires_at) WHERE expires_at IS NOT NULL',
  ],
];

export const DEFAULT_SCHEMA = 'm365_onboarding';
/** The first half of the advisory lock's key, "M365"; the second half is of the schema. */
const LOCK = 0x4d333635;
/** What keeps any text as it is: the first by checking it, the second by never looking. */
const ENCODINGS = new Set(['UTF8', 'SQL_ASCII']);

/** The schema's name, quoted. Raises `STATE_LOCATION_REFUSED` for a name that would need more than that. */
export function quoteSchema(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name) || name.startsWith('pg_')) throw refusedLocation('a schema is named by up to 63 of a-z, 0-9 and _');
  return `"${name}"`;
}

/** Find the tables or make them. Raises `STATE_VERSION_UNSUPPORTED`, `STATE_LOCATION_REFUSED`, `STATE_UNAVAILABLE`, or the driver's error. */
export async function openSchema(client: PostgresClient, schema: string, migrations: Migrations = MIGRATIONS): Promise<PostgresStoreIdentity> {
  const [about] = (await client.query("SELECT to_regclass($1) IS NOT NULL AS is_known, pg_is_in_recovery() AS is_standby, current_setting('server_encoding') AS encoding", [`${schema}.meta`])).rows;
  // A standby cannot be given tables, and what it lacks its primary may have.
  if (about?.['is_standby'] === true) throw standby();
  if (!ENCODINGS.has(String(about?.['encoding']))) throw refusedLocation('the encoding of the PostgreSQL database is not UTF8');
  if (about?.['is_known'] !== true || (await readVersion(client, schema)) < migrations.length) await migrate(client, schema, migrations);
  return examineSession(client, schema, undefined, migrations);
}

/** Once per session, before anything else is asked of it. Raises what {@link openSchema} raises. */
export async function examineSession(client: PostgresClient, schema: string, expectedStoreId: string | undefined, migrations: Migrations = MIGRATIONS): Promise<PostgresStoreIdentity> {
  // A database or role may have been set to confirm before the log is on the disk; a claim must not be forgotten.
  const { rows } = await client.query(`SELECT pg_is_in_recovery() AS is_standby, current_setting('fsync') AS fsync,
    set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
    (SELECT value FROM ${schema}.meta WHERE name = 'store_id') AS store_id, (SELECT value FROM ${schema}.meta WHERE name = 'schema_version') AS version`);
  const { is_standby: isStandby, fsync, store_id: storeId, version } = rows[0] ?? {};
  if (isStandby === true) throw standby();
  if (expectedStoreId !== undefined && storeId !== expectedStoreId) throw new OnboardingError('STATE_UNAVAILABLE', 'Another store is at this place in PostgreSQL now.');
  if (versionOf(version) > migrations.length) throw new OnboardingError('STATE_VERSION_UNSUPPORTED', 'The state in PostgreSQL was written by a newer version.');
  if (typeof storeId !== 'string') throw foreignTables();
  return { storeId, synchronizes: fsync === 'on' };
}

async function migrate(client: PostgresClient, schema: string, migrations: Migrations): Promise<void> {
  // Each statement must see what the holder of the lock before us committed.
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK, schema]);
    await createMeta(client, schema);
    const version = await readVersion(client, schema);
    for (const statement of migrations.slice(version).flat()) await client.query(statement.replaceAll('SCHEMA', schema));
    if (version < migrations.length) await putMeta(client, schema, migrations.length);
    await client.query('COMMIT');
  } catch (error) {
    // A session that is broken beyond this has ended its transaction already.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function createMeta(client: PostgresClient, schema: string): Promise<void> {
  // CREATE SCHEMA asks for the right to make one even where it is there already, made by an administrator.
  const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema.slice(1, -1)]);
  if (rowCount === 0) await client.query(`CREATE SCHEMA ${schema}`);
  await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.meta (name text PRIMARY KEY, value text NOT NULL)`);
}

async function putMeta(client: PostgresClient, schema: string, version: number): Promise<void> {
  await client.query(`INSERT INTO ${schema}.meta (name, value) VALUES ('store_id', $1) ON CONFLICT (name) DO NOTHING`, [randomUUID()]);
  await client.query(`INSERT INTO ${schema}.meta (name, value) VALUES ('schema_version', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, [String(version)]);
}

async function readVersion(client: PostgresClient, schema: string): Promise<number> {
  const { rows } = await client.query(`SELECT value FROM ${schema}.meta WHERE name = 'schema_version'`);
  return versionOf(rows[0]?.['value']);
}

/** 0 where nothing is yet. */
function versionOf(value: unknown): number {
  const version = Number(value ?? 0);
  if (!Number.isSafeInteger(version)) throw foreignTables();
  return version;
}

function foreignTables(): OnboardingError {
  return refusedLocation('the PostgreSQL schema holds tables of something else');
}

function standby(): OnboardingError {
  return new OnboardingError('STATE_UNAVAILABLE', 'The PostgreSQL server is a standby, whose answers may be old.');
}
