/**
 * From one request line to one outcome, for a request of its own and for an item of a batch alike: find the route,
 * check the permission, run the handler, turn refusals into envelopes.
 */
import type { Rule } from '../http';
import type { World } from '../model';
import { parseAddress } from './address';
import { auditWrite, targetOf } from './audits';
import type { Answer, Body, Call } from './call';
import type { Caller } from './caller';
import { noteWrite, requireUndisturbed } from './concurrency';
import { requireDirectoryRole } from './delegated-writes';
import { accessOf, type Access } from './permissions';
import { readQuery, type Query } from './query';
import { badRequest, GraphRefusal, insufficientPrivileges, NotModelled } from './refusal';
import { routesAt, type GraphRoute } from './routes';
import { rule } from './rules';
import type { Wire } from './select';
import { refuseUnmatched } from './unmatched';
import { variantsOf } from './variants';
import { tellAccess } from '../lies/graph';

export interface Line {
  readonly method: string;
  /** Without version and query, starting with a slash, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  readonly body: Body;
}

export interface Outcome {
  readonly rule: Rule;
  readonly status: number;
  readonly body: Wire | string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Resource units. */
  readonly units: number;
  /** `GET /users/{id}`; absent when no route fits. */
  readonly operation?: string;
  readonly gaps: readonly string[];
  /** Of a batch: the rules of its items. */
  readonly itemRules?: readonly Rule[];
}

export interface Ids {
  readonly requestId: string;
  readonly clientRequestId: string;
  readonly nowMs: number;
  /** Absent: as live answers have it. */
  readonly innerErrorName?: 'innerError' | 'innererror';
}

export function dispatch(world: World, caller: Caller, line: Line, ids: Ids): Outcome {
  return guarded(ids, () => run(world, caller, line));
}

/** Run and turn what was refused or is not modelled into an outcome; bugs pass through. */
export function guarded(ids: Ids, action: () => Outcome): Outcome {
  try {
    return action();
  } catch (error) {
    if (error instanceof GraphRefusal) return refused(error, ids);
    if (error instanceof NotModelled) return missing(error.message);
    throw error;
  }
}

function run(world: World, caller: Caller, line: Line): Outcome {
  const parts = parseAddress(line.path);
  if (parts === undefined) throw badRequest('G-ERR-SEGMENT', 'The request URI is not valid.', 'BadRequest');
  const found = routesAt(parts);
  const fit = found.find(({ route }) => route.method === line.method);
  if (fit === undefined) return refuseUnmatched(line.method, parts, found.length > 0);
  const { route, keys } = fit;
  const access = requireAccess(world, caller, route);
  const query = readQuery(line.query, line.header('consistencylevel'));
  const call: Call = { world, caller, access, path: line.path, keys, query, body: line.body, mayCreate: /(?:^|[,\s])create-if-missing(?:$|[,;\s])/i.test(line.header('prefer') ?? '') };
  const answer = isRead(route) ? route.handler(call) : write(call, route);
  return {
    rule: rule(answer.ruleId ?? route.ruleId),
    status: answer.status,
    body: answer.body,
    headers: answer.headers ?? {},
    units: unitsOf(route.cost, query),
    operation: `${route.method} ${route.template}`,
    gaps: [],
  };
}

/** A write, refused when it meets another one, and told of in the audit log. */
function write(call: Call, route: GraphRoute): Answer {
  requireDirectoryRole(call, route.operation);
  const target = targetOf(call);
  const disturbed = route.template.startsWith('/applications/{id}') ? target?.id : undefined;
  if (disturbed !== undefined) requireUndisturbed(call.world, disturbed);
  const answer = route.handler(call);
  if (disturbed !== undefined) noteWrite(call.world, disturbed);
  auditWrite(call, answer.ruleId ?? route.ruleId, answer, target);
  return answer;
}

function requireAccess(world: World, caller: Caller, route: GraphRoute): Access {
  if (caller.kind === 'application' && /^\/me(?:\/|$)/.test(route.template)) {
    throw badRequest('G-ERR-ME', '/me request is only valid with delegated authentication flow.', 'BadRequest');
  }
  const access = tellAccess(world, accessOf(caller, route.operation));
  const isOwnKeyCall = route.ruleId === 'G-APP-ADD-KEY' || route.ruleId === 'G-APP-REMOVE-KEY';
  if (access === 'none' && isOwnKeyCall && variantsOf(world).addKeyPermission === 'none') return 'own';
  if (access === 'none') throw route.ruleId.startsWith('G-PIM-') ? pimDenied(route) : insufficientPrivileges();
  return access;
}

function isRead(route: GraphRoute): boolean {
  return route.method === 'GET' || /\/(?:getByIds|getMemberGroups|checkMemberGroups)$/.test(route.template);
}

function unitsOf(cost: number, query: Query): number {
  const fewer = (query.select === undefined ? 0 : 1) + (query.top !== undefined && query.top < 20 ? 1 : 0);
  return Math.max(1, cost - fewer + (query.expand === undefined ? 0 : 1));
}

function refused(refusal: GraphRefusal, ids: Ids): Outcome {
  const { code, message, status, extra } = refusal;
  const innerError = {
    date: new Date(ids.nowMs).toISOString().slice(0, 19),
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
  };
  const details = extra.details === undefined ? {} : { details: extra.details };
  return {
    rule: refusal.rule,
    status,
    body: { error: { code, message, ...details, [ids.innerErrorName ?? 'innerError']: innerError } },
    headers: extra.headers ?? {},
    units: 1,
    gaps: [],
  };
}

function missing(what: string): Outcome {
  return {
    rule: { id: 'NOT-MODELLED', statement: 'Not modelled.', grade: 'assumed' },
    status: 501,
    body: { error: { code: 'SandboxNotModelled', message: `The sandbox does not model this: ${what}` } },
    headers: {},
    units: 0,
    gaps: [what],
  };
}

// The privileged identity endpoints hide their refusal in a JSON string under an unspecific code (reported).
function pimDenied({ template }: GraphRoute): GraphRefusal {
  const kind = template.includes('roleEligibility') ? 'RoleEligibilitySchedule' : 'RoleAssignmentSchedule';
  const inner = { errorCode: 'PermissionScopeNotGranted', message: `Authorization failed due to missing permission scope ${kind}.Read.Directory.`, instanceAnnotations: [] };
  return new GraphRefusal(rule('G-PIM-DENIED'), 403, 'UnknownError', JSON.stringify(inner));
}
