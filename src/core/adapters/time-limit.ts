/** Ends what nobody should wait for longer, in the time of this machine: whatever clock the core goes by, a person is waiting. */
export function limitTime(ms: number, signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(ms);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}
