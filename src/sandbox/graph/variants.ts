/**
 * Where the sources contradict each other, the sandbox can play each side. The defaults are the stricter or the
 * newer one; docs/sandbox.md lists the contradictions. Kept beside the world, so that a world needs no knowledge of them.
 */
import type { World } from '../model';

export interface GraphVariants {
  /** `required`: addKey and removeKey need an application permission (permissions data, a 2021 thread); `none`: the older reference page. */
  readonly addKeyPermission: 'required' | 'none';
  /** Two wordings of the same 400 for an app role that is already assigned. */
  readonly duplicateAssignment: 'entitlement-grant' | 'permission-being-assigned';
  /** Two wordings for an expired access token. */
  readonly expiredToken: 'lifetime' | 'expired';
  /** Status when a POST refers to an object this replica does not have yet. */
  readonly missingReference: 400 | 404;
  /** Audience of an application created without one: recordings of 2024 and of 2022 disagree. */
  readonly defaultSignInAudience: 'AzureADMyOrg' | 'AzureADandPersonalMicrosoftAccount';
}

export const DEFAULT_GRAPH_VARIANTS: GraphVariants = {
  addKeyPermission: 'required',
  duplicateAssignment: 'entitlement-grant',
  expiredToken: 'lifetime',
  missingReference: 400,
  defaultSignInAudience: 'AzureADMyOrg',
};

const chosen = new WeakMap<World, GraphVariants>();

export function variantsOf(world: World): GraphVariants {
  return chosen.get(world) ?? DEFAULT_GRAPH_VARIANTS;
}

/** Choose sides; what is not named keeps its present side. */
export function setGraphVariants(world: World, variants: Partial<GraphVariants>): void {
  chosen.set(world, { ...variantsOf(world), ...variants });
}
