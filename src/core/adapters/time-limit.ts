/** Ends what nobody should wait for longer, in the time of this machine: whatever clock the core goes by, a person is waiting. */
export function limitTime(ms: number, signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(ms);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}

/** Does the work under a signal that aborts with `reason` when the time is over, in the time of this machine. Leaves no timer behind. */
export async function withinTime<T>({ ms, signal, reason }: { readonly ms: number; readonly signal: AbortSignal | undefined; readonly reason: Error }, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const onAbort = () => ended.abort(signal?.reason);
  const timer = setTimeout(() => ended.abort(reason), ms);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(ended.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
