/**
 * One effect for many equal callers. A caller that gives up leaves the others alone; when the last one has left, the
 * effect is aborted. A flight that failed is forgotten, so the next caller starts a new one.
 */

export type Flights<T> = (key: string, signal: AbortSignal | undefined, start: (signal: AbortSignal) => Promise<T>) => Promise<T>;

interface Flight<T> {
  readonly landing: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/** Rejects with whatever `start` rejects with, or with the caller's own abort reason. */
export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();

  function launch(key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const landing = start(controller.signal).finally(() => {
      if (flights.get(key)?.controller === controller) flights.delete(key);
    });
    const flight = { landing, controller, waiting: 0 };
    flights.set(key, flight);
    return flight;
  }

  return async (key, signal, start) => {
    signal?.throwIfAborted();
    const flight = flights.get(key) ?? launch(key, start);
    flight.waiting += 1;
    try {
      return await orAborted(flight.landing, signal);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) abandon(flights, key, flight);
    }
  };
}

function abandon<T>(flights: Map<string, Flight<T>>, key: string, flight: Flight<T>): void {
  if (flights.get(key) !== flight) return;
  flights.delete(key);
  // Nobody waits any more, so the rejection that follows the abort belongs to nobody.
  flight.landing.catch(() => undefined);
  flight.controller.abort();
}

/** Rejects with the reason of the signal as soon as it is aborted, whether or not `landing` ever settles. */
export function orAborted<T>(landing: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return landing;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    void landing.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
