/**
 * Asked where the sandbox decides: the truth, unless this world was told to lie about it. Kept beside the world, so that
 * a world needs no knowledge of lies and one that never heard of them tells none.
 */
import { isLieId, LIES, type LieId } from './registry';

const told = new WeakMap<object, ReadonlySet<LieId>>();

/** Exactly these lies from now on. Raises RangeError for an id that no lie has. */
export function setLies(world: object, ids: readonly string[]): void {
  told.set(world, new Set(ids.map(requireLie)));
}

/** The lies this world tells now, with all it could tell. */
export function describeLies(world: object) {
  return LIES.map((lie) => ({ ...lie, isOn: isLying(world, lie.id) }));
}

export function isLying(world: object, id: LieId): boolean {
  return told.get(world)?.has(id) === true;
}

/** `truth`, or what the lie makes of it. */
export function tell<T>(world: object, id: LieId, truth: T, lie: (truth: T) => T): T {
  return isLying(world, id) ? lie(truth) : truth;
}

function requireLie(id: string): LieId {
  if (isLieId(id)) return id;
  throw new RangeError(`There is no lie "${id}". The lies are: ${LIES.map((lie) => lie.id).join(', ')}.`);
}
