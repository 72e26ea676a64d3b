/**
 * Where the sources contradict each other, or say that the service does one thing or the other, the sandbox can play each
 * side. The defaults are the stricter or the newer one; docs/sandbox.md lists them. Kept beside the world, so that a world
 * needs no knowledge of them.
 */
import type { World } from '../model';

/** The sides of every variant; the first is the default. */
export const GRAPH_VARIANT_SIDES = {
  /** `required`: addKey and removeKey need an application permission (permissions data, a 2021 thread); `none`: the older reference page. */
  addKeyPermission: ['required', 'none'],
  /** What becomes of a key id that is sent along with addKey: kept as in an upload (recorded there), or another one is given. The reference is silent. */
  addKeyId: ['kept', 'generated'],
  /** Status for removing a key that is not there: nobody says. */
  missingKey: [400, 404],
  /** Two wordings of the same 400 for an app role that is already assigned. */
  duplicateAssignment: ['entitlement-grant', 'permission-being-assigned'],
  /** Two wordings for an expired access token. */
  expiredToken: ['lifetime', 'expired'],
  /** Status when a write refers to an object this replica does not have yet. */
  missingReference: [400, 404],
  /** Audience of an application created without one: recordings of 2024 and of 2022 disagree. */
  defaultSignInAudience: ['AzureADMyOrg', 'AzureADandPersonalMicrosoftAccount'],
  /** Whether two writes to one application within two seconds meet, and the status they meet with: 409 (reference, 2026), 503 (2022). */
  concurrentWrites: ['pass', 409, 503],
  /** Name of the inner error: live answers and the concept page, which shows both; a client reads either. */
  innerErrorName: ['innerError', 'innererror'],
  /** Pages after the first may be empty and still have a next link. */
  emptyPages: ['none', 'middle'],
  /** `@microsoft.graph.tips` in reads that select nothing: absent in recordings up to 2024, on the concept page of 2026. */
  tips: ['absent', 'present'],
  /** `$select` of a name nobody declares, on open types: it differs from path to path. */
  unknownSelect: ['not-modelled', 'ignored', 'refused'],
} as const;

type Sides = typeof GRAPH_VARIANT_SIDES;
export type GraphVariants = { readonly [Name in keyof Sides]: Sides[Name][number] };

export const DEFAULT_GRAPH_VARIANTS: GraphVariants = {
  addKeyPermission: 'required',
  addKeyId: 'kept',
  missingKey: 400,
  duplicateAssignment: 'entitlement-grant',
  expiredToken: 'lifetime',
  missingReference: 400,
  defaultSignInAudience: 'AzureADMyOrg',
  concurrentWrites: 'pass',
  innerErrorName: 'innerError',
  emptyPages: 'none',
  tips: 'absent',
  unknownSelect: 'not-modelled',
};

const chosen = new WeakMap<World, GraphVariants>();

export function variantsOf(world: World): GraphVariants {
  return chosen.get(world) ?? DEFAULT_GRAPH_VARIANTS;
}

/** Choose sides; what is not named keeps its present side. */
export function setGraphVariants(world: World, variants: Partial<GraphVariants>): void {
  chosen.set(world, { ...variantsOf(world), ...variants });
}

/** What is wrong with a choice of sides, in words; undefined when nothing is. */
export function problemWithVariants(value: Readonly<Record<string, unknown>>): string | undefined {
  const allowed = new Map<string, readonly unknown[]>(Object.entries(GRAPH_VARIANT_SIDES));
  for (const [name, side] of Object.entries(value)) {
    const sides = allowed.get(name);
    if (sides === undefined) return `graph.${name} is no variant (there are ${[...allowed.keys()].join(', ')})`;
    if (!sides.includes(side)) return `graph.${name} must be one of: ${sides.join(', ')}`;
  }
  return undefined;
}
