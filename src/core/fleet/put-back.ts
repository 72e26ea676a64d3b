/** Accounts that wait until a service wants to be asked again. No clock of its own: whoever asks says what time it is. */

export interface PutBack {
  readonly size: number;
  /** How often this account was put back so far. */
  timesOf(accountId: string): number;
  add(accountId: string, dueAt: number): void;
  /** One whose time has come, the longest waiting first; undefined when nobody's has. */
  take(now: number): string | undefined;
  /** It is done. */
  forget(accountId: string): void;
  /** When the next one is due; undefined when nobody waits. */
  nextAt(): number | undefined;
}

export function createPutBack(): PutBack {
  const due = new Map<string, number>();
  const times = new Map<string, number>();
  const earliest = () => [...due].reduce<readonly [string, number] | undefined>((best, one) => (best === undefined || one[1] < best[1] ? one : best), undefined);
  return {
    get size() {
      return due.size;
    },
    timesOf: (accountId) => times.get(accountId) ?? 0,
    add(accountId, dueAt) {
      due.set(accountId, dueAt);
      times.set(accountId, (times.get(accountId) ?? 0) + 1);
    },
    take(now) {
      const first = earliest();
      if (first === undefined || first[1] > now) return undefined;
      due.delete(first[0]);
      return first[0];
    },
    forget: (accountId) => void times.delete(accountId),
    nextAt: () => earliest()?.[1],
  };
}
