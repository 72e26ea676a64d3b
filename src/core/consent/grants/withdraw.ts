/**
 * Takes grants back, and shows what became of each: gone by a read after the act, still shown, or refused with the code of who
 * refused it. Nothing but the targets is touched: of a delegated grant only the named scope goes and the others are sent back.
 * An answer that says "not found", and one that is lost, prove nothing. Least permissions: AppRoleAssignment.ReadWrite.All,
 * DelegatedPermissionGrant.ReadWrite.All, for a service principal Application.ReadWrite.All. Microsoft Graph "Delete an
 * appRoleAssignment", "Update" and "Delete oAuth2PermissionGrant", "Delete servicePrincipal".
 */
import * as z from 'zod/v4';
import { type Asked, type DirectoryAsk, done, get, isSuccess, pending, patiently, readOrAbsent, refusalOf, write } from '../../directory-ask';
import { hasCode, type OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import type { GraphResponse } from '../../ports';
import type { RevocationTarget } from './change-records';
import { findGrant, listAssignments, listGrants, type PresentAssignment, type PresentGrant, sameScopes } from './present';

const itemSchema = z.object({ id: z.string() });

export interface RefusedTarget {
  readonly target: RevocationTarget;
  readonly error: OnboardingError;
}

export interface Withdrawal {
  readonly gone: readonly RevocationTarget[];
  /** Accepted, or its answer lost, and not gone from what the directory shows. */
  readonly stillShown: readonly RevocationTarget[];
  readonly refused: readonly RefusedTarget[];
}

/**
 * In the order of the targets, so that an app that acts with its own rights can finish. `sent` is called with what was taken
 * back, or may have been, also when something raised stops the rest. Raises what the reads and the transport raise.
 */
export async function withdrawGrants(ask: DirectoryAsk, targets: readonly RevocationTarget[], sent: (tried: readonly RevocationTarget[]) => Promise<void>): Promise<Withdrawal> {
  const refused: RefusedTarget[] = [];
  const tried: RevocationTarget[] = [];
  try {
    for (const group of groupTargets(targets)) {
      const answer = await withdraw(ask, group);
      // Not found may be a replica's word, and a conflict somebody's at the same moment: the reads say what became of it.
      if (answer === undefined || isSuccess(answer) || answer.status === 404 || answer.status === 409) tried.push(...group);
      else refused.push(...group.map((target) => ({ target, error: refusalOf(ask, answer, 'Taking back a grant') })));
    }
  } finally {
    if (tried.length > 0) await sent(tried);
  }
  const open = await untilGone(ask, tried);
  return { gone: tried.filter((target) => !open.includes(target)), stillShown: open, refused };
}

/** Whether a service principal that was deleted can be restored by the customer; null when nobody may say. */
export async function isRestorable(ask: DirectoryAsk, objectId: string): Promise<boolean | null> {
  const answer = await get(ask, `/directory/deletedItems/${encodeURIComponent(objectId)}`);
  if (answer.status === 404) return false;
  return answer.status === 200 ? true : null;
}

/** Pure. Scopes of one grant go together: each PATCH replaces the whole text. */
export function groupTargets(targets: readonly RevocationTarget[]): readonly (readonly RevocationTarget[])[] {
  return [...Map.groupBy(targets, ({ kind, objectId }) => `${kind} ${objectId}`).values()];
}

async function withdraw(ask: DirectoryAsk, group: readonly RevocationTarget[]): Promise<GraphResponse | undefined> {
  const [target] = group;
  if (target === undefined) return undefined;
  const { kind, objectId, servicePrincipalId } = target;
  if (kind === 'service_principal') return write(ask, { method: 'DELETE', path: `/servicePrincipals/${encodeURIComponent(objectId)}` });
  if (kind === 'application') return write(ask, { method: 'DELETE', path: `/servicePrincipals/${encodeURIComponent(servicePrincipalId)}/appRoleAssignments/${encodeURIComponent(objectId)}` });
  return narrow(ask, objectId, group.map(({ name }) => name));
}

/** Until two reads agree on what the grant holds: a replica that is behind would bring back or lose somebody's scope. */
async function narrow(ask: DirectoryAsk, grantId: string, names: readonly string[]): Promise<GraphResponse | undefined> {
  const what = 'Taking back delegated permissions';
  let previous: PresentGrant | undefined;
  const agreed = await patiently(ask, async (): Promise<Asked<PresentGrant | undefined>> => {
    const grant = await findGrant(ask, grantId, what);
    if (grant === undefined) return done(undefined);
    if (previous !== undefined && sameScopes(previous.scopes, grant.scopes)) return done(grant);
    previous = grant;
    return pending('Two reads differ.');
  });
  if (agreed.kind === 'pending' || agreed.value === undefined) return undefined;
  const left = agreed.value.scopes.filter((scope) => !names.includes(scope));
  if (left.length === agreed.value.scopes.length) return undefined;
  const path = `/oauth2PermissionGrants/${encodeURIComponent(grantId)}`;
  return left.length === 0 ? write(ask, { method: 'DELETE', path }) : write(ask, { method: 'PATCH', path, body: { scope: left.join(' ') } });
}

/** Two reads in a row must show none of them: one replica may be so far behind that it never had them. */
async function untilGone(ask: DirectoryAsk, targets: readonly RevocationTarget[]): Promise<readonly RevocationTarget[]> {
  let open = targets;
  let goodReads = 0;
  await patiently(ask, async (): Promise<Asked<void>> => {
    open = targets.length === 0 ? [] : await unlessBlind(ask, targets, stillShown(ask, targets));
    goodReads = open.length === 0 ? goodReads + 1 : 0;
    return goodReads >= 2 || targets.length === 0 ? done(undefined) : pending('What was taken back is still shown.');
  });
  return goodReads >= 2 || targets.length === 0 ? [] : open.length === 0 ? targets : open;
}

/** Whoever has just taken away its own rights sees nothing any more, and what nobody sees is not gone. */
async function unlessBlind(ask: DirectoryAsk, targets: readonly RevocationTarget[], look: Promise<readonly RevocationTarget[]>): Promise<readonly RevocationTarget[]> {
  try {
    return await look;
  } catch (error) {
    if (hasCode(error, ask.refusals.notAllowed, ask.refusals.tokenRefused)) return targets;
    throw error;
  }
}

async function stillShown(ask: DirectoryAsk, targets: readonly RevocationTarget[]): Promise<readonly RevocationTarget[]> {
  const what = 'Reading whether it is gone';
  const shown: RevocationTarget[] = [];
  for (const [principalId, of] of Map.groupBy(targets, ({ servicePrincipalId }) => servicePrincipalId)) {
    const isThere = readOrAbsent(ask, await get(ask, `/servicePrincipals/${encodeURIComponent(principalId)}?$select=id`), itemSchema, what) !== undefined;
    const assignments = isThere && of.some(({ kind }) => kind === 'application') ? await listAssignments(ask, principalId, what) : [];
    const grants = of.some(({ kind }) => kind === 'delegated') ? await listGrants(ask, principalId, what) : [];
    shown.push(...of.filter((target) => (target.kind === 'service_principal' ? isThere : isShown(target, assignments, grants))));
  }
  return shown;
}

/** Pure. By what it means and not by its row: the same permission under a new id is not gone. */
export function isShown(target: RevocationTarget, assignments: readonly PresentAssignment[], grants: readonly PresentGrant[]): boolean {
  if (target.kind === 'application') return assignments.some((row) => sameGuid(row.resourceId, target.resourceId) && sameGuid(row.appRoleId, target.id));
  return grants.some((row) => row.isForAll && sameGuid(row.resourceId, target.resourceId) && row.scopes.includes(target.name));
}
