/**
 * Chance that can be repeated: a draw depends on the seed, on who asks and on how often it was asked before, and on nothing
 * else. Neither the order in which requests arrive nor the time of day has a say.
 */
import { createHash } from 'node:crypto';
import type { Distribution } from './plan';

/** From 0 up to, but not including, 1. */
export function draw(seed: string, subject: string, key: string, count: number): number {
  const digest = createHash('sha256').update(JSON.stringify([seed, subject, key, count])).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** A value of the distribution for a draw, in whole milliseconds. */
export function pickMs(distribution: Distribution, drawn: number): number {
  if (distribution.dist === 'constant') return distribution.ms;
  if (distribution.dist === 'uniform') return Math.round(distribution.min + drawn * (distribution.max - distribution.min));
  return Math.round(Math.min(distribution.max, distribution.mean * Math.abs(Math.log(1 - drawn))));
}

/** How often each key was counted, from one. */
export class Counters {
  readonly #counts = new Map<string, number>();

  next(...key: readonly string[]): number {
    const name = JSON.stringify(key);
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count;
  }
}
