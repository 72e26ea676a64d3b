/**
 * Client libraries are loaded when they are first needed, once, and each in a turn of the event loop of its own: reading
 * one takes tens of milliseconds in one piece, and two that are needed by the same call would otherwise add up before
 * anybody else is served. A load that failed is tried again with the next use.
 */
import { setImmediate } from 'node:timers/promises';

/** The answer rejects with what `load` raises. */
export function onFirstUse<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= inOwnTurn(load).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

async function inOwnTurn<T>(load: () => Promise<T>): Promise<T> {
  await setImmediate();
  const library = await load();
  await setImmediate();
  return library;
}
