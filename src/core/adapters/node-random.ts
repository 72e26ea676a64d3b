/** Randomness from the operating system by way of node:crypto. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { RandomSource } from '../ports';

export function createNodeRandom(): RandomSource {
  return { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };
}
