/**
 * A tenant's OpenID Connect discovery document. OpenID Connect Discovery 1.0 section 4; Microsoft identity platform
 * "OpenID Connect on the Microsoft identity platform". Public and unauthenticated: what it says is a hint about tenants,
 * and an address in it is used only when it stays at the pinned origin.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { CloudHints } from '../internal/clouds';
import type { Clock } from '../ports';
import type { HttpsClient } from './https-client';
import type { HttpsResponse } from './https-exchange';
import { parseJson } from '../internal/json';
import { readStsFailure, readStsRefusal } from './sts-refusal';

export interface MetadataPorts {
  /** Origin of the sign-in service, no trailing slash. */
  readonly authorityHost: string;
  readonly https: HttpsClient;
  readonly clock: Pick<Clock, 'now'>;
}

export interface OpenIdMetadata {
  readonly issuer: string;
  readonly jwksUri: string;
  /** Where the tenant's directory is kept, in Microsoft's words: `NA`, `EU`, `AS` and others. */
  readonly region: string | undefined;
  /** What the document says of its cloud. */
  readonly cloudHints: CloudHints;
}

const hint = z.string().max(100).nullish().catch(undefined).transform((value) => value ?? undefined);

const metadataSchema = z.object({
  issuer: z.string(),
  jwks_uri: z.string(),
  tenant_region_scope: z.string().max(20).nullish().catch(undefined),
  tenant_region_sub_scope: hint,
  cloud_instance_name: hint,
  cloud_graph_host_name: hint,
  msgraph_host: hint,
});

/**
 * The document of a tenant id or domain; undefined when Microsoft says there is no such tenant (AADSTS90002).
 * Raises `TENANT_WRONG_CLOUD` when Microsoft itself says so, `STS_UNAVAILABLE`, `STS_THROTTLED`, `TLS_UNTRUSTED`.
 */
export async function findOpenIdMetadata(ports: MetadataPorts, tenant: string, signal?: AbortSignal): Promise<OpenIdMetadata | undefined> {
  const response = await fetchPublicJson(ports, `${ports.authorityHost}/${tenant}/v2.0/.well-known/openid-configuration`, signal);
  if (response.status === 200) {
    const document = metadataSchema.safeParse(response.body).data;
    if (document === undefined) throw unusable('The discovery document does not have the documented form.');
    return { issuer: document.issuer, jwksUri: document.jwks_uri, region: document.tenant_region_scope ?? undefined, cloudHints: hintsOf(document) };
  }
  const refusal = readStsRefusal(response, { now: ports.clock.now(), sent: [] });
  if (refusal.code === 'TENANT_NOT_FOUND') return undefined;
  if (refusal.retryable || refusal.code === 'TENANT_WRONG_CLOUD') throw refusal;
  throw new OnboardingError('STS_UNAVAILABLE', 'The discovery document could not be had.', { serviceCode: refusal.serviceCode, correlationId: refusal.correlationId, details: refusal.details });
}

/** A GET whose answer may be of any status. Raises `STS_UNAVAILABLE` when there is none, `TLS_UNTRUSTED`. */
export async function fetchPublicJson({ https }: Pick<MetadataPorts, 'https'>, url: string, signal?: AbortSignal): Promise<HttpsResponse & { readonly body: unknown }> {
  try {
    const response = await https.send({ method: 'GET', url, signal });
    return { ...response, body: parseJson(response.text) };
  } catch (error) {
    throw readStsFailure(error);
  }
}

function hintsOf(document: z.infer<typeof metadataSchema>): CloudHints {
  const { issuer, cloud_instance_name: instanceName, msgraph_host: graphHost, cloud_graph_host_name: directoryHost, tenant_region_sub_scope: regionSubScope } = document;
  return { issuer, instanceName, graphHost, directoryHost, regionSubScope };
}

function unusable(message: string): OnboardingError {
  return new OnboardingError('STS_UNAVAILABLE', message);
}
