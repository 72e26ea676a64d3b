/**
 * The sandbox's world: its clock, its tenants, its generator of ids, and how far each kind of read lags behind
 * the writes. Time moves only when told to or with the clock it was given; ids come from the seed, so the same
 * seed and the same requests give the same world.
 */
import { createHash } from 'node:crypto';
import type { CloudName } from './cloud-hosts';
import type { ReplicationScope, Tenant, World } from './model';
import { generateSigningKeysNow, type SigningKeys } from './signing-keys';
import { TenantDirectory, type TenantSource } from './tenant-directory';
import { VersionedTable } from './versioned-table';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface WorldOptions {
  readonly clock: Clock;
  readonly homeTenantId?: string;
  /** Made on first use when absent. */
  readonly signingKeys?: SigningKeys;
  readonly origins?: World['origins'];
  readonly replicationLagMs?: ReplicationLag;
  readonly cloud?: CloudName | undefined;
}

export type ReplicationLag = Readonly<Partial<Record<ReplicationScope, number>>>;

export const REPLICATION_SCOPES: readonly ReplicationScope[] = [
  'graph.get',
  'graph.list',
  'graph.reference',
  'graph.auditLog',
  'sts.servicePrincipal',
  'sts.keys',
  'sts.roles',
];

const LAGS_LIKE: Readonly<Partial<Record<ReplicationScope, ReplicationScope>>> = { 'graph.reference': 'graph.get', 'graph.auditLog': 'graph.list' };

/** How one request sees the world: through the replicas it fell to, by a clock that may be off. */
export interface RequestView {
  readonly skewMs: number;
  /** Whether `lagMs` has a say about this kind of read. */
  isPresent(scope: ReplicationScope): boolean;
  lagMs(scope: ReplicationScope): number;
}

/** A world and the levers its control door pulls. */
export interface ControlledWorld extends World {
  addTenant(tenant: Tenant): void;
  /** Tenants that are made when they are first asked for, in place of an earlier source's. */
  setTenantSource(source: TenantSource | undefined): void;
  /** Move the clock forward; a directory never sees time run backwards. */
  advance(seconds: number): void;
  setNow(atMs: number): void;
  setOrigins(origins: World['origins']): void;
  /** Everything `act` reads before its first await is seen that way. */
  through<T>(view: RequestView, act: () => T): T;
  setSigningKeys(keys: SigningKeys): void;
  replicationLagMs(): ReplicationLag;
  setReplicationLagMs(lag: ReplicationLag): void;
}

/** An empty world. `seed` alone decides its ids; `seed.ts` fills it with tenants. */
export function createWorld(seed: string, options: WorldOptions): ControlledWorld {
  const tenants = new TenantDirectory();
  const lag = new Map<ReplicationScope, number>();
  let offsetMs = 0;
  let counter = 0;
  let origins = options.origins ?? { login: 'https://localhost', graph: 'https://localhost' };
  let signingKeys = options.signingKeys;
  let view: RequestView | undefined;
  const trueNow = () => options.clock.now() + offsetMs;
  const now = () => trueNow() + (view?.skewMs ?? 0);
  const lagOf = (scope: ReplicationScope): number => {
    if (view?.isPresent(scope) === true) return view.lagMs(scope);
    const other = LAGS_LIKE[scope];
    return lag.get(scope) ?? (other === undefined ? 0 : lagOf(other));
  };

  const setReplicationLagMs = (wanted: ReplicationLag) => {
    for (const scope of REPLICATION_SCOPES) {
      const value = wanted[scope];
      if (value !== undefined) lag.set(scope, value);
    }
  };
  setReplicationLagMs(options.replicationLagMs ?? {});

  return {
    now,
    cloud: options.cloud,
    homeTenantId: options.homeTenantId ?? namedGuid(seed, 'tenant/home'),
    tenants,
    asOf: (scope) => trueNow() - lagOf(scope),
    newGuid: () => namedGuid(seed, `counter/${(counter += 1)}`),
    get origins() {
      return origins;
    },
    get signingKeys() {
      signingKeys ??= generateSigningKeysNow(Date.now());
      return signingKeys;
    },
    addTenant: (tenant) => tenants.add(tenant),
    setTenantSource: (source) => tenants.setSource(source),
    advance(seconds) {
      if (!Number.isFinite(seconds) || seconds < 0) throw new RangeError('The clock moves forward by a finite number of seconds.');
      offsetMs += seconds * 1000;
    },
    setNow(atMs) {
      if (!Number.isFinite(atMs) || atMs < trueNow()) throw new RangeError('The clock cannot be set to an earlier instant.');
      offsetMs += atMs - trueNow();
    },
    setOrigins: (wanted) => void (origins = wanted),
    through(wanted, act) {
      const outer = view;
      view = wanted;
      try {
        return act();
      } finally {
        view = outer;
      }
    },
    setSigningKeys: (keys) => void (signingKeys = keys),
    replicationLagMs: () => Object.fromEntries(REPLICATION_SCOPES.map((scope) => [scope, lagOf(scope)])),
    setReplicationLagMs,
  };
}

/** A GUID that depends only on the seed and the name, shaped as version 4. */
export function namedGuid(seed: string, name: string): string {
  const hex = createHash('sha256').update(`${seed}\0${name}`).digest('hex');
  const variant = '89ab'[Number.parseInt(hex.slice(16, 17), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A tenant with empty tables. */
export function createTenant(tenantId: string, sharePointHost: string, licences: readonly string[]): Tenant {
  return {
    tenantId,
    sharePointHost,
    licences: new Set(licences),
    organization: new VersionedTable(),
    users: new VersionedTable(),
    groups: new VersionedTable(),
    applications: new VersionedTable(),
    servicePrincipals: new VersionedTable(),
    appRoleAssignments: new VersionedTable(),
    oauth2PermissionGrants: new VersionedTable(),
    roleAssignments: new VersionedTable(),
    roleEligibilities: new VersionedTable(),
    subscribedSkus: new VersionedTable(),
    administrativeUnits: new VersionedTable(),
    activatedRoles: new VersionedTable(),
    deletedItems: new VersionedTable(),
    directoryAudits: new VersionedTable(),
    appManagementPolicies: new VersionedTable(),
  };
}
