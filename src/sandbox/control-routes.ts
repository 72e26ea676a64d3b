/**
 * What the control door offers.
 */
import { allRules } from './rules';
import { ControlRefusal, type ControlAnswer, type ControlRoutes } from './control';
import { FaultPlanError } from './faults/plan-fields';
import type { Faults } from './faults/session';
import { graphVariantsOf, problemWithVariants, setGraphVariants, type GraphVariants } from './graph/index';
import type { JsonObject } from './jwt';
import { isJsonObject } from './jwt';
import type { Tenant } from './model';
import type { RequestLog } from './request-log';
import { DECLINE_VARIANTS, type DeclineVariant, type Seed } from './seed-format';
import type { StsState } from './sts/context';
import { checkStsVariants, signInDoors } from './sts/control-doors';
import { tenantName } from './sts/directory';
import { pageOfTenants } from './tenant-pages';
import { REPLICATION_SCOPES, type ControlledWorld } from './world';
import { isLieId } from './lies/registry';
import { describeLies, setLies } from './lies/truth';

export interface ControlledParts {
  readonly world: ControlledWorld;
  readonly seed: Seed;
  readonly sts: StsState;
  readonly log: RequestLog;
  readonly faults: Faults;
  readonly reset: () => void;
}

export function controlRoutes(parts: ControlledParts): ControlRoutes {
  const { world, sts, log } = parts;
  return {
    'GET /state': () => ok(state(parts)),
    'GET /tenants': (query) => ok(pageOfTenants(parts.seed, query)),
    'GET /requests': () => ok({ items: log.rows(), dropped: log.droppedRows, next: null }),
    'GET /gaps': () => ok({ items: log.gaps(), next: null }),
    'GET /rules': () => ok({ items: allRules, next: null }),
    'GET /lies': () => ok({ items: describeLies(world), next: null }),
    'POST /lies': (body) => chooseLies(world, body),
    'POST /clock': (body) => moveClock(world, body),
    'POST /replication': (body) => setReplication(world, body),
    'POST /variants': (body) => setVariants(sts, body),
    'POST /reset': () => {
      parts.reset();
      return ok(state(parts));
    },
    ...signInDoors(sts),
    'GET /faults': () => ok(parts.faults.report() ?? { plan: null }),
    'GET /trace': () => ok({ items: parts.faults.trace(), next: null }),
    'POST /faults': (body) => setFaults(parts.faults, body),
  };
}

function ok(body: unknown): ControlAnswer {
  return { status: 200, body };
}

function state({ world, sts }: ControlledParts) {
  return {
    now: new Date(world.now()).toISOString(),
    login: world.origins.login,
    graph: world.origins.graph,
    homeTenantId: world.homeTenantId,
    replicationLagMs: world.replicationLagMs(),
    variants: { decline: sts.declineVariant, graph: graphVariantsOf(world), sts: sts.variants },
    tenantCount: world.tenants.size,
    tenants: [...world.tenants.inUse()].map((tenant) => describeTenant(world, tenant)),
  };
}

/** The tenant as it is now, whatever its replicas show. */
function describeTenant(world: ControlledWorld, tenant: Tenant) {
  const now = world.now();
  return {
    tenantId: tenant.tenantId,
    displayName: tenantName(world, tenant),
    users: tenant.users.list(now).length,
    groups: tenant.groups.list(now).length,
    applications: tenant.applications.list(now).map(({ appId, displayName, keyCredentials }) => ({ appId, displayName, keyCredentials: keyCredentials.length })),
    servicePrincipals: tenant.servicePrincipals.list(now).map(({ id, appId, displayName, accountEnabled }) => ({ id, appId, displayName, accountEnabled })),
    appRoleAssignments: tenant.appRoleAssignments.list(now).length,
    oauth2PermissionGrants: tenant.oauth2PermissionGrants.list(now).length,
  };
}

function moveClock(world: ControlledWorld, body: JsonObject): ControlAnswer {
  if (typeof body.advanceSeconds === 'number') world.advance(body.advanceSeconds);
  else if (typeof body.now === 'string' && !Number.isNaN(Date.parse(body.now))) world.setNow(Date.parse(body.now));
  else throw new ControlRefusal('Give advanceSeconds (a number) or now (an ISO 8601 instant).');
  return ok({ now: new Date(world.now()).toISOString() });
}

function setReplication(world: ControlledWorld, body: JsonObject): ControlAnswer {
  const lag: Record<string, number> = {};
  for (const [scope, value] of Object.entries(body)) {
    const isKnown = REPLICATION_SCOPES.some((known) => known === scope);
    if (!isKnown || typeof value !== 'number' || value < 0) throw new ControlRefusal(`Give milliseconds for any of ${REPLICATION_SCOPES.join(', ')}.`);
    lag[scope] = value;
  }
  world.setReplicationLagMs(lag);
  return ok({ replicationLagMs: world.replicationLagMs() });
}

/** An empty object ends the present plan. */
function setFaults(faults: Faults, body: JsonObject): ControlAnswer {
  try {
    faults.set(Object.keys(body).length === 0 ? undefined : body);
  } catch (error) {
    throw error instanceof FaultPlanError ? new ControlRefusal(error.message) : error;
  }
  return ok(faults.report() ?? { plan: null });
}

function chooseLies(world: ControlledWorld, { ids }: JsonObject): ControlAnswer {
  if (!Array.isArray(ids) || !ids.every(isLieId)) throw new ControlRefusal('Give ids: the lies to tell from now on, none for the truth. GET /lies has them all.');
  setLies(world, ids);
  return ok({ items: describeLies(world), next: null });
}

function setVariants(sts: StsState, body: JsonObject): ControlAnswer {
  const { decline, graph, sts: wanted } = body;
  if (decline === null) sts.declineVariant = null;
  else if (decline !== undefined) {
    if (!isDeclineVariant(decline)) throw new ControlRefusal(`decline is one of ${DECLINE_VARIANTS.join(', ')} or null.`);
    sts.declineVariant = decline;
  }
  if (wanted !== undefined) sts.variants = { ...sts.variants, ...checkStsVariants(wanted) };
  if (graph !== undefined) setGraphVariants(sts.world, checkGraphVariants(graph));
  return ok({ variants: { decline: sts.declineVariant, graph: graphVariantsOf(sts.world), sts: sts.variants } });
}

function isDeclineVariant(value: unknown): value is DeclineVariant {
  return DECLINE_VARIANTS.some((known) => known === value);
}

function checkGraphVariants(value: unknown): Partial<GraphVariants> {
  if (!isJsonObject(value)) throw new ControlRefusal('graph must be an object.');
  const problem = problemWithVariants(value);
  if (problem !== undefined) throw new ControlRefusal(`${problem}.`);
  return value;
}
