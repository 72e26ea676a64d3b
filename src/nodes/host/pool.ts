/**
 * Keeps a bounded number of opened things alive between executions. Whoever borrows at the same moment shares one; what
 * nobody uses is closed when it was idle for long or the place is needed; what is in use is never closed.
 */

export interface PoolOptions<T> {
  readonly maxOpen: number;
  readonly idleMs: number;
  readonly now: () => number;
  readonly close: (value: T) => Promise<void>;
}

export interface Loan<T> {
  readonly value: T;
  /** Doing it again does nothing. */
  release(): void;
}

export interface Pool<T> {
  /** A failed opening is forgotten, so that the next call tries again. Raises what `open` raises. */
  borrow(key: string, open: () => Promise<T>): Promise<Loan<T>>;
  closeAll(): Promise<void>;
}

interface Entry<T> {
  readonly opened: Promise<T>;
  loans: number;
  usedAt: number;
}

export function createPool<T>(options: PoolOptions<T>): Pool<T> {
  const entries = new Map<string, Entry<T>>();

  function retire(key: string): Promise<void> {
    const entry = entries.get(key);
    entries.delete(key);
    return entry === undefined ? Promise.resolve() : entry.opened.then(options.close).catch(() => undefined);
  }

  /** Least recently used first; a map remembers the order of insertion, and borrowing inserts again. */
  function tidy(): void {
    for (const [key, entry] of entries) {
      const isIdle = entry.loans === 0;
      if (isIdle && (options.now() - entry.usedAt >= options.idleMs || entries.size > options.maxOpen)) void retire(key);
    }
  }

  function opening(key: string, open: () => Promise<T>): Entry<T> {
    const entry = { opened: open(), loans: 0, usedAt: options.now() };
    entry.opened.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    return entry;
  }

  function enter(key: string, open: () => Promise<T>): Entry<T> {
    const entry = entries.get(key) ?? opening(key, open);
    entries.delete(key);
    entries.set(key, entry);
    entry.loans += 1;
    tidy();
    return entry;
  }

  function leave(entry: Entry<T>): void {
    entry.loans -= 1;
    entry.usedAt = options.now();
    tidy();
  }

  return {
    borrow: async (key, open) => {
      const entry = enter(key, open);
      const value = await entry.opened;
      let isOut = true;
      return {
        value,
        release: () => {
          if (isOut) leave(entry);
          isOut = false;
        },
      };
    },
    closeAll: async () => {
      await Promise.all([...entries.keys()].map(retire));
    },
  };
}
