/**
 * The keys a tenant's ID tokens are signed with. They roll without a schedule (Microsoft identity platform "Signing key
 * rollover"), so an unknown key id is looked up again, but not more often than the cool-down: a stranger with invented
 * key ids cannot make us ask for ever. What was read once keeps serving when the service is away.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { JsonObject } from '../ports';
import { isPinned } from './https-exchange';
import { fetchPublicJson, findOpenIdMetadata, type MetadataPorts } from './openid-metadata';
import { createFlights } from './single-flight';

const LIFETIME_MS = 24 * 60 * 60_000;
const COOL_DOWN_MS = 30_000;
const MAX_TENANTS = 500;

interface Entry {
  readonly keys: readonly JsonObject[];
  readonly fetchedAt: number;
  /** Last try, whether it worked or not. */
  readonly triedAt: number;
}

export interface SigningKeyCache {
  /** Keys of the tenant, looked up again when none has this id. Raises `STS_UNAVAILABLE`, `STS_THROTTLED`, `TLS_UNTRUSTED`, `SSO_ID_TOKEN_INVALID`. */
  find(tenantId: string, kid: string | undefined, signal?: AbortSignal): Promise<readonly JsonObject[]>;
}

export function createSigningKeyCache(ports: MetadataPorts): SigningKeyCache {
  const entries = new Map<string, Entry>();
  const flights = createFlights<readonly JsonObject[]>();

  function remember(tenantId: string, entry: Entry): readonly JsonObject[] {
    entries.delete(tenantId);
    entries.set(tenantId, entry);
    const [oldest] = entries.keys();
    if (entries.size > MAX_TENANTS && oldest !== undefined) entries.delete(oldest);
    return entry.keys;
  }

  return {
    async find(tenantId, kid, signal) {
      const now = ports.clock.now();
      const entry = entries.get(tenantId);
      const knows = entry?.keys.some((key) => key['kid'] === kid) === true;
      const isCurrent = entry !== undefined && now - entry.fetchedAt < LIFETIME_MS;
      const isCoolingDown = entry !== undefined && now - entry.triedAt < COOL_DOWN_MS;
      if (entry !== undefined && ((knows && isCurrent) || isCoolingDown)) return entry.keys;
      try {
        const keys = await flights(tenantId, signal, (flightSignal) => fetchKeys(ports, tenantId, flightSignal));
        return remember(tenantId, { keys, fetchedAt: now, triedAt: now });
      } catch (error) {
        if (entry === undefined || !knows || signal?.aborted === true) throw error;
        return remember(tenantId, { ...entry, triedAt: now });
      }
    },
  };
}

const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.json())) });

async function fetchKeys(ports: MetadataPorts, tenantId: string, signal: AbortSignal): Promise<readonly JsonObject[]> {
  const metadata = await findOpenIdMetadata(ports, tenantId, signal);
  if (metadata === undefined) throw new OnboardingError('SSO_ID_TOKEN_INVALID', 'The ID token\'s tenant does not exist.', { details: { check: 'tenant' } });
  // OpenID Connect Discovery 4.3: a document that speaks for another issuer says nothing about this one's keys.
  if (metadata.issuer.toLowerCase() !== `${ports.authorityHost}/${tenantId}/v2.0`.toLowerCase()) {
    throw new OnboardingError('SSO_ID_TOKEN_INVALID', 'The discovery document is that of another issuer.', { details: { check: 'discovery_issuer' } });
  }
  if (!isPinned(metadata.jwksUri, ports.authorityHost)) {
    throw new OnboardingError('SSO_ID_TOKEN_INVALID', 'The keys are published at another origin and were not fetched.', { details: { check: 'jwks_uri' } });
  }
  const response = await fetchPublicJson(ports, metadata.jwksUri, signal);
  const keySet = response.status === 200 ? keySetSchema.safeParse(response.body).data : undefined;
  if (keySet === undefined) throw new OnboardingError('STS_UNAVAILABLE', 'The signing keys could not be had.', { details: { status: response.status } });
  return keySet.keys;
}
