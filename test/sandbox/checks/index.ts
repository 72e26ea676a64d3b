/** Every independent check, and how one is run. */
import { AssertionError } from 'node:assert/strict';
import type { Lie, LieId } from '../../../src/sandbox/lies/registry';
import type { Check } from './check';
import type { Stage } from './client';
import { documentChecks } from './documents';
import { graphAccessChecks } from './graph-access';
import { graphKeyChecks } from './graph-keys';
import { graphReadChecks } from './graph-reads';
import { graphWriteChecks } from './graph-writes';
import { consentChecks, replicationChecks, signInChecks } from './pages';
import { tokenChecks } from './tokens';
import { tokenEndpointChecks } from './token-endpoint';

export const CHECKS: readonly Check[] = [
  ...documentChecks, ...tokenEndpointChecks, ...tokenChecks, ...signInChecks, ...consentChecks,
  ...graphAccessChecks, ...graphReadChecks, ...graphWriteChecks, ...graphKeyChecks, ...replicationChecks,
];

const NO_LAG = { 'graph.get': 0, 'graph.list': 0, 'sts.servicePrincipal': 0, 'sts.keys': 0, 'sts.roles': 0 };

/** Why the check fails while the sandbox tells these lies, or undefined when it holds. Raises what the check could not do. */
export async function failureOf(stage: Stage, check: Check, lies: readonly LieId[]): Promise<string | undefined> {
  stage.sandbox.setLies([]);
  stage.sandbox.reset();
  stage.sandbox.setReplicationLagMs(NO_LAG);
  stage.sandbox.setLies(lies);
  try {
    await check.run(stage);
  } catch (error) {
    // A check that breaks is not a check that catches.
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  return undefined;
}

/** The checks of the lie's area that catch it; none for a lie that survives. */
export async function killsOf(stage: Stage, lie: Lie): Promise<readonly Check[]> {
  const kills: Check[] = [];
  for (const check of CHECKS.filter(({ area }) => area === lie.area)) {
    if ((await failureOf(stage, check, [lie.id])) !== undefined) kills.push(check);
  }
  return kills;
}
