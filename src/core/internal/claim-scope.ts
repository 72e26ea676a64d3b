/** How far atomic claims reach: two processes that both believe they won a claim would double every effect. Pure. */

const REACH = { process: 0, host: 1, shared: 2 } as const;

export function reachesAsFarAs(actual: keyof typeof REACH, needed: keyof typeof REACH): boolean {
  return REACH[actual] >= REACH[needed];
}
