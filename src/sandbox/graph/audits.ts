/**
 * Reading the audit logs. Sign-ins need a premium licence and are not kept here: without the licence the refusal is
 * modelled, with it nothing is. Sources: "List directoryAudits", "Get directoryAudit" reference pages; the refusal:
 * public threads (rules.json).
 */
import type { DirectoryAudit } from '../model';
import { ACTIVITIES } from './audit-activities';
import { writeAudit, type Initiator } from './audit-log';
import { keyAt, type Answer, type Call } from './call';
import { viewObject } from './directory-objects';
import { isGuid } from './ids';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { NotModelled, notFound, premiumNeeded } from './refusal';
import type { GraphRuleId } from './rules';
import type { Wire } from './select';
import { readSingle } from './single';

const CONTEXT = 'auditLogs/directoryAudits';

export function listDirectoryAudits(call: Call): Answer {
  const { world, caller } = call;
  return answerList(call, {
    type: 'directoryAudit',
    resource: 'DirectoryAudit',
    context: CONTEXT,
    // The newest first, whatever the lag of other reads.
    rows: () => caller.tenant.directoryAudits.list(world.asOf('graph.auditLog')).toReversed().map(view),
    filterable: { activityDisplayName: ['eq', 'startswith'], category: ['eq'], correlationId: ['eq'], loggedByService: ['eq'], result: ['eq'], activityDateTime: ['ge', 'le'] },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: false,
  });
}

export function getDirectoryAudit(call: Call): Answer {
  const { value: id } = keyAt(call, 0);
  const entry = call.caller.tenant.directoryAudits.get(id, call.world.asOf('graph.auditLog'));
  if (entry === undefined) throw notFound(id);
  return readSingle(call, CONTEXT, 'directoryAudit', view(entry));
}

export function listSignIns(call: Call): Answer {
  const { licences } = call.caller.tenant;
  if (licences.has('AAD_PREMIUM') || licences.has('AAD_PREMIUM_P2')) throw new NotModelled('the sign-in log');
  throw premiumNeeded('G-SIGNINS-LICENCE');
}

/** The name a key of the path has before the write, for its entry. */
export function targetOf(call: Call): { readonly id: string; readonly displayName: string | null } | undefined {
  const [key] = call.keys;
  if (key === undefined || !isGuid(key.value)) return undefined;
  const id = key.value.toLowerCase();
  return { id, displayName: nameIn(viewObject(call, id, call.world.now()) ?? call.caller.tenant.applications.get(id, call.world.now())) };
}

/** The entry of a write that succeeded. `before` is what the path named. */
export function auditWrite(call: Call, ruleId: GraphRuleId, answer: Answer, before: ReturnType<typeof targetOf>): void {
  const activity = ACTIVITIES[ruleId];
  if (activity === undefined) return;
  const body = typeof answer.body === 'object' ? answer.body : {};
  const made = typeof body.id === 'string' ? { id: body.id, displayName: nameIn(body) } : undefined;
  const target = before ?? made;
  writeAudit(call.world, call.caller.tenant, activity, initiatorOf(call), target === undefined ? [] : [target]);
}

function initiatorOf({ caller, world }: Call): Initiator {
  const { tenant, objectId, appId } = caller;
  const person = caller.kind === 'delegated' ? tenant.users.get(objectId, world.now()) : undefined;
  if (person !== undefined) return { kind: 'user', id: person.id, userPrincipalName: person.userPrincipalName, displayName: person.displayName };
  const principal = tenant.servicePrincipals.list(world.now()).find((row) => row.appId === appId);
  return { kind: 'app', appId, servicePrincipalId: principal?.id ?? objectId, displayName: principal?.displayName ?? appId };
}

function nameIn(object: object | undefined): string | null {
  const { displayName } = (object ?? {}) as { readonly displayName?: unknown };
  return typeof displayName === 'string' ? displayName : null;
}

function view(entry: DirectoryAudit): Wire {
  return { ...entry };
}
