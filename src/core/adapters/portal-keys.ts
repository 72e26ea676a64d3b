/**
 * The backup portal's public keys: written into the configuration, or fetched from the address it names. The address
 * comes from the configuration only; an answer is kept for five minutes, and used until it is fifteen minutes old when the
 * portal cannot be reached (RFC 7517 section 5).
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { Clock, JsonObject } from '../ports';
import type { HttpsClient } from './https-client';

const FRESH_MS = 5 * 60_000;
const STALE_MS = 15 * 60_000;

const jwkSchema = z.looseObject({ kty: z.string() });
const jwksSchema = z.object({ keys: z.array(jwkSchema) });

export interface PortalKeyOptions {
  /** Address of a JWK set, one public JWK, or a JWK set. */
  readonly setting: string | Readonly<Record<string, unknown>>;
  readonly https: Pick<HttpsClient, 'send'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Raises `CONFIG_INVALID` at once for a setting that is none of the three; the loader raises `IMPERSONATION_KEYS_UNAVAILABLE`. */
export function createPortalKeySource(options: PortalKeyOptions): readonly JsonObject[] | (() => Promise<readonly JsonObject[]>) {
  const { setting } = options;
  if (typeof setting !== 'string') return readKeys(setting);
  if (!setting.startsWith('https://')) throw invalid();
  let kept: Kept | undefined;
  return async () => {
    const now = options.clock.now();
    if (kept !== undefined && isWithin(kept, FRESH_MS, now)) return kept.keys;
    try {
      const response = await options.https.send({ method: 'GET', url: setting });
      kept = { keys: readKeys(response.status === 200 ? JSON.parse(response.text) : undefined), at: now };
    } catch (error) {
      if (kept === undefined || !isWithin(kept, STALE_MS, now)) throw new OnboardingError('IMPERSONATION_KEYS_UNAVAILABLE', 'The backup portal\'s keys could not be fetched.', { cause: error });
    }
    return kept.keys;
  };
}

interface Kept {
  readonly keys: readonly JsonObject[];
  readonly at: number;
}

/** False too when the clock went back behind the fetch: then nobody knows how old the keys are. */
function isWithin(kept: Kept, ms: number, now: number): boolean {
  return now >= kept.at && now - kept.at < ms;
}

function readKeys(value: unknown): readonly JsonObject[] {
  const set = jwksSchema.safeParse(value);
  const one = jwkSchema.safeParse(value);
  const keys = set.success ? set.data.keys : one.success ? [one.data] : undefined;
  // A private key in a configuration file has already leaked; refusing it is the only way to get it noticed.
  if (keys === undefined || keys.length === 0 || keys.some((key) => 'd' in key)) throw invalid();
  return keys as readonly JsonObject[];
}

function invalid(): OnboardingError {
  return new OnboardingError('CONFIG_INVALID', 'portal.jwksOrClientKey must be an https address of a JWK set, a public JWK, or a JWK set.', { details: { field: 'portal.jwksOrClientKey' } });
}
