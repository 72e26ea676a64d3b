/**
 * Keys from passwords, on threads of their own: two at once at most, each ended when it takes too long or is no longer
 * wanted, so that no file keeps the event loop or the thread pool of the host busy. A thread is kept for a moment, since a
 * file asks for several keys. A light PBKDF2 is left to the pool of node:crypto.
 */
import { pbkdf2 } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { OnboardingError } from '../errors';
import type { KeyDerivation, KeyDeriver } from '../ports';
import { atMostAtOnce } from './at-once';
import { startDerivationThread } from './key-derivation-thread';

export interface KeyDeriverOptions {
  /** For one derivation. Default 30 seconds; what the limits let through takes a few on an idle core. */
  readonly timeoutMs?: number | undefined;
  /** How long a thread is kept without work. Default 5 seconds. */
  readonly idleMs?: number | undefined;
}

const MAX_AT_ONCE = 2;
/** Some milliseconds of one of the pool's four threads. */
const LIGHT_ITERATIONS = 10_000;
const pooledPbkdf2 = promisify(pbkdf2);

/** The KeyDeriver port. `derive` raises `PFX_TOO_SLOW`. */
export function createKeyDeriver({ timeoutMs = 30_000, idleMs = 5000 }: KeyDeriverOptions = {}): KeyDeriver {
  const inTurn = atMostAtOnce(MAX_AT_ONCE);
  const idle: IdleThread[] = [];

  function borrow(): Worker {
    const kept = idle.pop();
    if (kept === undefined) return start();
    clearTimeout(kept.ending);
    return kept.thread;
  }

  function start(): Worker {
    const thread = startDerivationThread();
    // One that dies while nobody waits for it is nobody's failure, and must not be handed out again.
    thread.on('error', () => undefined).on('exit', () => forget(thread));
    return thread;
  }

  function forget(thread: Worker): void {
    const at = idle.findIndex((entry) => entry.thread === thread);
    for (const { ending } of at < 0 ? [] : idle.splice(at, 1)) clearTimeout(ending);
  }

  /** Kept, it holds neither the process nor, after a while, its memory. */
  function giveBack(thread: Worker): void {
    thread.unref();
    idle.push({ thread, ending: setTimeout(() => void retire(thread), idleMs).unref() });
  }

  /** Ending takes a moment, in which nobody may borrow it any more. */
  async function retire(thread: Worker): Promise<void> {
    forget(thread);
    await thread.terminate();
  }

  return {
    pause: async () => setImmediate(),
    derive: (derivation, signal) =>
      inTurn(async () => {
        if (derivation.function === 'pbkdf2' && derivation.iterations <= LIGHT_ITERATIONS) return deriveOnPool(derivation);
        const thread = borrow();
        const key = await ask(thread, derivation, timeoutMs, signal).catch(async (error: unknown) => {
          await thread.terminate();
          throw error;
        });
        giveBack(thread);
        return key;
      }, signal),
  };
}

interface IdleThread {
  readonly thread: Worker;
  readonly ending: NodeJS.Timeout;
}

interface Answer {
  readonly key?: Uint8Array;
  readonly failure?: string;
}

async function ask(thread: Worker, derivation: KeyDerivation, timeoutMs: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const waiting = new AbortController();
  thread.ref();
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      const settle = ({ key, failure }: Answer) => (key === undefined ? reject(ended(failure)) : resolve(key));
      const refuse = (cause?: unknown) => reject(ended('ended', cause));
      thread.once('message', settle).once('error', refuse).once('exit', refuse);
      waiting.signal.addEventListener('abort', () => thread.off('message', settle).off('error', refuse).off('exit', refuse));
      const timer = setTimeout(() => reject(new OnboardingError('PFX_TOO_SLOW', 'Deriving the key from the password took too long and was ended.')), timeoutMs);
      waiting.signal.addEventListener('abort', () => clearTimeout(timer));
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true, signal: waiting.signal });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      thread.postMessage(derivation);
    });
  } finally {
    waiting.abort();
  }
}

/** The reason is a code of Node's or a word of ours; nothing of what was derived from. */
function ended(reason: string | undefined, cause?: unknown): OnboardingError {
  return new OnboardingError('UNEXPECTED', `A key could not be derived (${reason ?? 'no answer'}).`, cause === undefined ? {} : { cause });
}

async function deriveOnPool({ password, salt, iterations, lengthBytes, hash }: Extract<KeyDerivation, { function: 'pbkdf2' }>): Promise<Uint8Array> {
  return pooledPbkdf2(password, salt, iterations, lengthBytes, hash);
}
