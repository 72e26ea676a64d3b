/**
 * Things that wait in memory for the browser that put them there: a file that may be fetched once, an upload that waits for a
 * choice. Each can be taken once, by the same session, within minutes; a restart forgets all of them.
 */
import { randomBytes } from 'node:crypto';

export interface Drawer<T> {
  /** Answers the ticket that takes it. */
  put(sessionId: string, value: T): string;
  /** Undefined: taken before, out of time, of another session, or never there. */
  take(sessionId: string, ticket: string): T | undefined;
  /** What waits for this session. */
  waiting(sessionId: string): readonly { readonly ticket: string; readonly value: T; readonly expiresAt: number }[];
  forget(sessionId: string): void;
}

const MAX_WAITING = 20;

export function createDrawer<T>(now: () => number, lifetimeSeconds: number): Drawer<T> {
  const kept = new Map<string, { readonly sessionId: string; readonly value: T; readonly expiresAt: number }>();
  const sweep = () => {
    for (const [ticket, { expiresAt }] of kept) if (expiresAt <= now()) kept.delete(ticket);
  };
  return {
    put: (sessionId, value) => {
      sweep();
      // A browser that never fetches what it asks for must not fill the memory.
      const [oldest] = kept.keys();
      if (kept.size >= MAX_WAITING && oldest !== undefined) kept.delete(oldest);
      const ticket = randomBytes(32).toString('base64url');
      kept.set(ticket, { sessionId, value, expiresAt: now() + lifetimeSeconds * 1000 });
      return ticket;
    },
    take: (sessionId, ticket) => {
      sweep();
      const found = kept.get(ticket);
      if (found === undefined || found.sessionId !== sessionId) return undefined;
      kept.delete(ticket);
      return found.value;
    },
    waiting: (sessionId) => {
      sweep();
      return [...kept].flatMap(([ticket, { sessionId: owner, value, expiresAt }]) => (owner === sessionId ? [{ ticket, value, expiresAt }] : []));
    },
    forget: (sessionId) => {
      for (const [ticket, { sessionId: owner }] of kept) if (owner === sessionId) kept.delete(ticket);
    },
  };
}
