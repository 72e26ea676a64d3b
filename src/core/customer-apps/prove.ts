/**
 * The proof that a customer app works: fresh app tokens in the customer's tenant, signed for with the app's certificate and
 * carrying every required role. Nothing of the admin's is used. A new registration, its key and its roles reach the token
 * endpoint one by one, within seconds to minutes; until then every answer is "not yet".
 */
import { hasCode } from '../errors';
import type { Ports } from '../ports';
import { type Asked, done, patiently, pending } from '../directory-ask';

/** Roles expected in a token for a resource; none: that a token is given is all there is to prove. */
export interface ExpectedRoles {
  /** Resource identifier without `/.default`. */
  readonly resource: string;
  readonly roles: readonly string[];
}

export interface AppProofRequest {
  readonly appKey: string;
  readonly tenantId: string;
  readonly expected: readonly ExpectedRoles[];
  /** Before the first attempt: one that comes too early can be remembered by the service. */
  readonly firstWaitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Milliseconds of the last accepted token. Raises at once what waiting does not mend: `STS_APP_DISABLED`,
 * `STS_RESOURCE_MISSING`, `TENANT_NOT_FOUND`, `CERTIFICATE_…`, `SEAL_BROKEN`.
 */
export async function proveCustomerApp(ports: Pick<Ports, 'tokens' | 'clock'>, request: AppProofRequest): Promise<Asked<number>> {
  await ports.clock.sleep(request.firstWaitSeconds * 1000, request.signal);
  return patiently({ clock: ports.clock, signal: request.signal }, async () => {
    for (const expected of request.expected) {
      const missing = await missingRoles(ports, request, expected);
      if (missing !== undefined) return missing;
    }
    return done(ports.clock.now());
  });
}

async function missingRoles({ tokens }: Pick<Ports, 'tokens'>, { appKey, tenantId, signal }: AppProofRequest, { resource, roles }: ExpectedRoles): Promise<Asked<number> | undefined> {
  try {
    const { claims } = await tokens.acquire({ appKey, tenantId, resource, fresh: true, ...(signal === undefined ? {} : { signal }) });
    // A token that cannot be read proves that the app may sign in, and nothing about its roles.
    const missing = roles.filter((role) => claims?.roles.includes(role) !== true);
    return missing.length === 0 ? undefined : pending(`The token for ${resource} does not carry ${missing.join(', ')} yet.`);
  } catch (error) {
    if (!hasCode(error, 'STS_APP_NOT_IN_TENANT', 'STS_CREDENTIAL_REFUSED', 'STS_REFUSED', 'STS_THROTTLED', 'STS_UNAVAILABLE')) throw error;
    return pending(`The token endpoint does not accept the app yet (${error.serviceCode ?? error.code}).`);
  }
}
