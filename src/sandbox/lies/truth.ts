/**
 * Asked where the sandbox decides: the truth, unless this world was told to lie about it. Kept beside the world, so that
 * a world needs no knowledge of lies and one that never heard of them tells none.
 */
import { isLieId, LIES, type LieId } from './registry';

interface Told {
  readonly lies: ReadonlySet<LieId>;
  readonly reached: Set<LieId>;
}

const told = new WeakMap<object, Told>();

/** Exactly these lies from now on. Raises RangeError for an id that no lie has. */
export function setLies(world: object, ids: readonly string[]): void {
  told.set(world, { lies: new Set(ids.map(requireLie)), reached: new Set() });
}

/** Every lie, whether this world tells it now, and whether anybody has come where it is told since. */
export function describeLies(world: object) {
  return LIES.map((lie) => ({ ...lie, isOn: told.get(world)?.lies.has(lie.id) === true, isReached: told.get(world)?.reached.has(lie.id) === true }));
}

export function isLying(world: object, id: LieId): boolean {
  const telling = told.get(world);
  if (telling?.lies.has(id) !== true) return false;
  telling.reached.add(id);
  return true;
}

/** `truth`, or what the lie makes of it. */
export function tell<T>(world: object, id: LieId, truth: T, lie: (truth: T) => T): T {
  return isLying(world, id) ? lie(truth) : truth;
}

function requireLie(id: string): LieId {
  if (isLieId(id)) return id;
  throw new RangeError(`There is no lie "${id}". The lies are: ${LIES.map((lie) => lie.id).join(', ')}.`);
}
