/**
 * Keys that were asked for before they were known. Where the variant says so, the refusal is remembered for a while, as if the
 * answer had been cached: reported of federated credentials that are used too early, and assumed to hold for keys.
 */
import type { World } from '../model';

const REMEMBERED_MS = 2 * 60_000;
const refusedUntil = new WeakMap<World, Map<string, number>>();

export function noteEarlyKey(world: World, appId: string, thumbprintHex: string): void {
  const refused = refusedUntil.get(world) ?? new Map<string, number>();
  refusedUntil.set(world, refused.set(`${appId} ${thumbprintHex}`, world.now() + REMEMBERED_MS));
}

/** True while the early request is remembered; being asked again does not prolong it. */
export function isRemembered(world: World, appId: string, thumbprintHex: string): boolean {
  return world.now() < (refusedUntil.get(world)?.get(`${appId} ${thumbprintHex}`) ?? 0);
}
