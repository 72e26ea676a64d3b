/**
 * The partner's public keys, fetched from the one configured place and kept for at most five minutes. When the place
 * does not answer, keys are used up to fifteen minutes after they were fetched, and then nothing is believed. An
 * unknown key id causes one new fetch per cool-down, so that strangers cannot make us hammer the partner. RFC 7517.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { Clock, JsonObject } from '../ports';

export const KEY_SET_TTL_SECONDS = 300;
export const KEY_SET_STALE_SECONDS = 900;
export const UNKNOWN_KEY_COOL_DOWN_SECONDS = 30;

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

export interface KeySet {
  /** Public keys with this id, usually one; empty when the partner publishes none. Raises `IMPERSONATION_KEYS_UNAVAILABLE`. */
  keysFor(kid: string): Promise<readonly JsonObject[]>;
}

interface Fetched {
  readonly keys: readonly JsonObject[];
  readonly at: number;
}

/** `load` gives the parsed key set document; it is called by at most one caller at a time. */
export function createKeySet(options: { readonly load: () => Promise<unknown>; readonly clock: Pick<Clock, 'now'> }): KeySet {
  let fetched: Fetched | undefined;
  let flight: Promise<Fetched> | undefined;

  function refresh(): Promise<Fetched> {
    flight ??= fetchKeys(options)
      .then((fresh) => (fetched = fresh))
      .finally(() => {
        flight = undefined;
      });
    return flight;
  }

  async function current(): Promise<Fetched> {
    const known = fetched;
    if (known !== undefined && isWithin(known, KEY_SET_TTL_SECONDS, options.clock.now())) return known;
    try {
      return await refresh();
    } catch (error) {
      if (known !== undefined && isWithin(known, KEY_SET_STALE_SECONDS, options.clock.now())) return known;
      throw error;
    }
  }

  return {
    async keysFor(kid) {
      const known = await current();
      const found = withId(known, kid);
      if (found.length > 0 || isWithin(known, UNKNOWN_KEY_COOL_DOWN_SECONDS, options.clock.now())) return found;
      return withId(await refresh(), kid);
    },
  };
}

async function fetchKeys({ load, clock }: { readonly load: () => Promise<unknown>; readonly clock: Pick<Clock, 'now'> }): Promise<Fetched> {
  const document = await load().catch((cause: unknown) => {
    throw unavailable('The key set could not be fetched.', cause);
  });
  const parsed = keySetSchema.safeParse(document);
  if (!parsed.success) throw unavailable('The key set does not have the form of RFC 7517.');
  // A symmetric key in a public set would let everybody who reads it sign.
  const keys = parsed.data.keys.filter((key) => key.kty !== 'oct' && !Object.hasOwn(key, 'k'));
  return { keys: keys as unknown as readonly JsonObject[], at: clock.now() };
}

/** False too when the clock went back behind the fetch: then nobody knows how old the keys are. */
function isWithin(fetched: Fetched, seconds: number, now: number): boolean {
  return now >= fetched.at && now - fetched.at < seconds * 1000;
}

function withId(fetched: Fetched, kid: string): readonly JsonObject[] {
  return fetched.keys.filter((key) => key['kid'] === kid);
}

function unavailable(message: string, cause?: unknown): OnboardingError {
  return new OnboardingError('IMPERSONATION_KEYS_UNAVAILABLE', message, { cause });
}
