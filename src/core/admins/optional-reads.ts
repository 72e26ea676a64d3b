/**
 * What is worth knowing of admins where the tenant's licence and the app's permissions allow it: who may make himself a member of
 * a group that holds a role (Privileged Identity Management for Groups), and when somebody signed in last. Not being allowed is
 * an answer, and nothing that decides rests on these: only an answer nobody can read raises.
 * Sources: Microsoft Graph v1.0 "List eligibilityScheduleInstances" (privilegedAccessGroup), "signInActivity resource type".
 */
import * as z from 'zod/v4';
import { isGuid } from '../internal/guid';
import type { GraphResponse, GraphScope, Ports } from '../ports';
import { isLicenceAnswer, missingAnswer, readItems, readListAnswer } from './graph-answers';
import type { OptionalReading } from './model';
import { requireGuid } from './people';

const MEMBERSHIPS = { what: 'who may activate a membership of a group', permission: 'PrivilegedEligibilitySchedule.Read.AzureADGroup' };
const SIGN_INS = { what: 'when people signed in last', permission: 'AuditLog.Read.All' };

const membershipSchema = z.object({ groupId: z.string(), principalId: z.string().refine(isGuid).transform((id) => id.toLowerCase()), accessId: z.string() });
const activitySchema = z.object({
  id: z.string().refine(isGuid).transform((id) => id.toLowerCase()),
  signInActivity: z.object({ lastSuccessfulSignInDateTime: z.string().nullish(), lastSignInDateTime: z.string().nullish() }).nullish(),
});

/** Least permission PrivilegedEligibilitySchedule.Read.AzureADGroup. Raises `INPUT_INVALID` when the id is not a GUID. */
export function eligibleMembersPath(groupId: string): string {
  return `/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances?$filter=${encodeURIComponent(`groupId eq '${requireGuid(groupId)}'`)}`;
}

export interface EligibleMembers {
  readonly reading: OptionalReading;
  readonly memberIds: readonly string[];
}

/** Raises `GRAPH_ANSWER_INVALID` and what the transport raises. */
export async function readEligibleMembers(ports: Pick<Ports, 'graph'>, scope: GraphScope, groupId: string, answer: GraphResponse | undefined): Promise<EligibleMembers> {
  if (answer === undefined) throw missingAnswer(MEMBERSHIPS);
  const list = await readListAnswer(ports, scope, answer, eligibleMembersPath(groupId), MEMBERSHIPS);
  // A group that privileged identity management was never told of.
  if (list.stoppedBy?.status === 404) return { reading: 'listed', memberIds: [] };
  if (list.stoppedBy !== undefined) return { reading: readingOf(list.stoppedBy), memberIds: [] };
  const rows = readItems(list, membershipSchema, scope, MEMBERSHIPS);
  // An eligible owner could only let others in; a filter that was not heeded lets other groups' rows through.
  return { reading: 'listed', memberIds: rows.filter((row) => row.accessId === 'member' && row.groupId.toLowerCase() === groupId).map((row) => row.principalId) };
}

/** A list of its own: where it is refused, the people themselves are not lost. Least permissions AuditLog.Read.All and User.Read.All. */
export function signInsPath(objectIds: readonly string[]): string {
  return `/users?$filter=${encodeURIComponent(`id in (${objectIds.map((id) => `'${requireGuid(id)}'`).join(',')})`)}&$select=id,signInActivity`;
}

export interface SignIns {
  readonly reading: OptionalReading;
  /** Milliseconds since 1970 by object id; whoever is missing never signed in, as far as the directory remembers. */
  readonly lastSignInAt: ReadonlyMap<string, number>;
}

/** Raises like {@link readEligibleMembers}. */
export async function readSignIns(ports: Pick<Ports, 'graph'>, scope: GraphScope, path: string, answer: GraphResponse | undefined): Promise<SignIns> {
  if (answer === undefined) throw missingAnswer(SIGN_INS);
  const list = await readListAnswer(ports, scope, answer, path, SIGN_INS);
  if (list.stoppedBy !== undefined) return { reading: readingOf(list.stoppedBy), lastSignInAt: new Map() };
  return { reading: 'listed', lastSignInAt: new Map(readItems(list, activitySchema, scope, SIGN_INS).flatMap(lastOf)) };
}

function readingOf(refused: GraphResponse): OptionalReading {
  if (isLicenceAnswer(refused)) return 'not_licensed';
  return refused.status === 403 ? 'not_permitted' : 'unreadable';
}

/** Successful sign-ins are recorded since December 2023; before, only attempts. */
function lastOf({ id, signInActivity }: z.infer<typeof activitySchema>): [string, number][] {
  const at = Date.parse(signInActivity?.lastSuccessfulSignInDateTime ?? signInActivity?.lastSignInDateTime ?? '');
  return Number.isNaN(at) ? [] : [[id, at]];
}
