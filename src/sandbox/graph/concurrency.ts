/**
 * Two writes to one application at almost the same time: the service refuses the second with
 * Directory_ConcurrencyViolation, as 409 (reference, thread of 2026) or as 503 (thread of 2022). Played only when the
 * variant asks for it; time is the sandbox's own.
 */
import type { World } from '../model';
import { GraphRefusal } from './refusal';
import { rule } from './rules';
import { variantsOf } from './variants';

const WINDOW_MS = 2000;
const lastWrites = new WeakMap<World, Map<string, number>>();

/** Refuses a write to the object when another one was made a moment ago. */
export function requireUndisturbed(world: World, objectId: string): void {
  const status = variantsOf(world).concurrentWrites;
  const lastMs = lastWrites.get(world)?.get(objectId);
  if (status === 'pass' || lastMs === undefined || world.now() - lastMs >= WINDOW_MS) return;
  const message = 'Error due to concurrent requests being made to the tenant. Please wait briefly and retry.';
  throw new GraphRefusal(rule('G-CONCURRENT'), status, 'Directory_ConcurrencyViolation', message);
}

export function noteWrite(world: World, objectId: string): void {
  if (variantsOf(world).concurrentWrites === 'pass') return;
  const writes = lastWrites.get(world) ?? new Map<string, number>();
  writes.set(objectId, world.now());
  lastWrites.set(world, writes);
}
