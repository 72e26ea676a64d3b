/**
 * State in any Keyv (version 6) store, by a factory. Keyv has neither put-if-absent nor compare-and-swap, so claims are
 * atomic within this process only, by a queue per key: one store per backend and process. Keyv also turns outages into
 * "not found" when anybody listens to its errors, and so do some of its adapters; therefore a record of our own tells an
 * absent key from an absent backend, and an instance with an error listener is refused.
 */
import { randomUUID } from 'node:crypto';
import { isOnboardingError, OnboardingError } from '../errors';
import type { Clock, StateStore, StoredValue } from '../ports';
import type { IdentifiedStore } from './memory-store';
import { isExpired, requireStorable, storeClosed } from './state-text';

/** The part of Keyv that is used, so that no type of Keyv's is part of ours. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttlMs?: number): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  iterator?: unknown;
  disconnect(): Promise<void>;
  listeners?(event: string): readonly unknown[];
}

export interface KeyvStoreOptions {
  /** Makes the instance this store owns. Must attach no `error` listener. */
  factory(): KeyvLike;
  readonly clock: Pick<Clock, 'now'>;
}

interface Envelope extends StoredValue {
  readonly expiresAt?: number;
}

const PREFIX = 'state/';
const STORE_ID_KEY = 'meta/store-id';
/** Keyv counts by the host's clock; it may only tidy up long after the injected clock has spoken. */
const KEYV_KEEPS_MS = 24 * 60 * 60 * 1000;

/**
 * Make the instance and find or give the store's id. Raises `CONFIG_INVALID` when outages could not be told, and
 * `STATE_UNAVAILABLE`, which every method raises too, beside `INPUT_INVALID` for text with half a surrogate pair and
 * `STATE_RECORD_INVALID` for a value that is not ours.
 */
export async function openKeyvStore(options: KeyvStoreOptions): Promise<IdentifiedStore> {
  const backend = createBackend(options.factory());
  const storeId = await backend.identify();
  return createStore(backend, storeId, options.clock);
}

function createStore(backend: Backend, storeId: string, clock: Pick<Clock, 'now'>): IdentifiedStore {
  const oneAtATime = createQueues();
  let closed = false;

  function requireOpen(key: string, value?: string): void {
    if (closed) throw storeClosed();
    requireStorable(key, value);
  }

  async function live(key: string): Promise<Envelope | undefined> {
    const envelope = await backend.read(key);
    return envelope !== undefined && isExpired(envelope.expiresAt, clock.now()) ? undefined : envelope;
  }

  async function write(key: string, value: string, expiresAt: number | undefined): Promise<true> {
    const envelope: Envelope = { value, version: randomUUID(), ...(expiresAt === undefined ? {} : { expiresAt }) };
    await backend.write(key, envelope, expiresAt === undefined ? undefined : Math.max(0, expiresAt - clock.now()) + KEYV_KEEPS_MS);
    return true;
  }

  return {
    claimScope: 'process',
    // Whether a write survives is the backend's secret.
    durable: false,
    storeId,
    async get(key) {
      requireOpen(key);
      const envelope = await live(key);
      return envelope && { value: envelope.value, version: envelope.version };
    },
    async set(key, value, expiresAt) {
      requireOpen(key, value);
      await oneAtATime(key, () => write(key, value, expiresAt));
    },
    async delete(key) {
      requireOpen(key);
      return oneAtATime(key, async () => (await live(key)) !== undefined && backend.remove(key));
    },
    async *list(prefix): ReturnType<StateStore['list']> {
      requireOpen(prefix);
      for (const [key, envelope] of await backend.readAll(prefix)) {
        if (!isExpired(envelope.expiresAt, clock.now())) yield { key, value: envelope.value, version: envelope.version };
      }
    },
    async claim(key, value, expiresAt) {
      requireOpen(key, value);
      return oneAtATime(key, async () => (await live(key)) === undefined && write(key, value, expiresAt));
    },
    async replace(key, expectedVersion, value, expiresAt) {
      requireOpen(key, value);
      return oneAtATime(key, async () => (await live(key))?.version === expectedVersion && write(key, value, expiresAt));
    },
    async close() {
      if (closed) return;
      closed = true;
      await backend.disconnect();
    },
  };
}

interface Backend {
  identify(): Promise<string>;
  read(key: string): Promise<Envelope | undefined>;
  /** Sorted by key. */
  readAll(prefix: string): Promise<readonly (readonly [string, Envelope])[]>;
  write(key: string, envelope: Envelope, ttlMs: number | undefined): Promise<void>;
  remove(key: string): Promise<boolean>;
  disconnect(): Promise<void>;
}

/** Keyv with its ways of keeping silent about an outage closed. */
function createBackend(keyv: KeyvLike): Backend {
  if ((keyv.listeners?.('error').length ?? 0) > 0) {
    throw new OnboardingError('CONFIG_INVALID', 'The Keyv instance has an error listener, which makes an outage look like an absent key.');
  }
  const { iterator } = keyv;
  if (typeof iterator !== 'function') throw new OnboardingError('CONFIG_INVALID', 'The Keyv instance cannot list its keys.');

  async function put(key: string, value: unknown, ttlMs?: number): Promise<void> {
    if (!(await speaking(() => keyv.set(key, value, ttlMs)))) throw unavailable('it did not accept a write');
  }

  async function identity(): Promise<string | undefined> {
    const found = await speaking(() => keyv.get(STORE_ID_KEY));
    return typeof found === 'string' ? found : undefined;
  }

  /** Called when the answer was "nothing": our own record must be there, or nobody answered at all. */
  async function requireAnswering(): Promise<void> {
    if ((await identity()) === undefined) throw unavailable('its own identity cannot be read');
  }

  return {
    async identify() {
      if ((await identity()) === undefined) await put(STORE_ID_KEY, randomUUID());
      // Read again: what counts is what the backend kept.
      const kept = await identity();
      if (kept === undefined) throw unavailable('it did not keep a write');
      return kept;
    },
    async read(key) {
      const found = await speaking(() => keyv.get(PREFIX + key));
      if (found === undefined) await requireAnswering();
      return found === undefined ? undefined : envelopeOf(key, found);
    },
    async readAll(prefix) {
      const found = await speaking(() => collect((iterator as () => AsyncIterable<unknown>).call(keyv)));
      // A listing that broke off would look like a short one.
      if (!found.has(STORE_ID_KEY)) throw unavailable('its list is not complete');
      await requireAnswering();
      const ours = [...found].filter(([key]) => key.startsWith(PREFIX + prefix)).map(([key, value]) => [key.slice(PREFIX.length), value] as const);
      return ours.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, envelopeOf(key, value)] as const);
    },
    write: (key, envelope, ttlMs) => put(PREFIX + key, envelope, ttlMs),
    async remove(key) {
      const removed = await speaking(() => keyv.delete(PREFIX + key));
      // We saw it a moment ago and are alone with it: whoever says no now could not do it.
      if (!removed) throw unavailable('it did not accept a deletion');
      return true;
    },
    disconnect: () => speaking(() => keyv.disconnect()),
  };
}

async function collect(entries: AsyncIterable<unknown>): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>();
  for await (const entry of entries) {
    if (Array.isArray(entry) && typeof entry[0] === 'string') found.set(entry[0], entry[1]);
  }
  return found;
}

function envelopeOf(key: string, found: unknown): Envelope {
  const { value, version, expiresAt } = (found ?? {}) as Partial<Record<keyof Envelope, unknown>>;
  if (typeof value === 'string' && typeof version === 'string' && (expiresAt === undefined || typeof expiresAt === 'number')) return found as Envelope;
  throw new OnboardingError('STATE_RECORD_INVALID', `The value of ${key} was not written by this store.`);
}

/** Whatever Keyv throws is an outage. */
async function speaking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw isOnboardingError(error) ? error : unavailable('it answered with an error', error);
  }
}

function unavailable(reason: string, cause?: unknown): OnboardingError {
  return new OnboardingError('STATE_UNAVAILABLE', `The Keyv backend cannot be used: ${reason}.`, { cause });
}

/** Runs what concerns one key one after the other. */
function createQueues(): <T>(key: string, act: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, act) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(act);
    const tail = turn.catch(() => undefined);
    tails.set(key, tail);
    try {
      return await turn;
    } finally {
      if (tails.get(key) === tail) tails.delete(key);
    }
  };
}
