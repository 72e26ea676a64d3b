/**
 * Which tenant is behind a domain, from the public discovery document. A hint and never evidence: anybody can ask, and the
 * answer says nothing about who is asking. Microsoft identity platform "OpenID Connect", tenant-specific issuer.
 */
import { OnboardingError } from '../errors';
import { cloudOfDocument } from '../internal/clouds';
import { isGuid, sameGuid } from '../internal/guid';
import { parseTenantName } from '../internal/tenant-name';
import type { TenantDirectory } from '../ports';
import { findOpenIdMetadata, type MetadataPorts, type OpenIdMetadata } from './openid-metadata';
import { createFlights } from './single-flight';

/**
 * The TenantDirectory port. Equal questions at the same time are one request. `findTenantId` and `findCloud` raise `TENANT_INVALID` for what can never be a customer's tenant,
 * `TENANT_WRONG_CLOUD` when Microsoft itself says so, `STS_UNAVAILABLE`, `STS_THROTTLED`, `TLS_UNTRUSTED`. The id of a tenant
 * at another sign-in host is undefined, as it cannot be served here; `findCloud` says where it is.
 */
export function createTenantDirectory(ports: MetadataPorts): TenantDirectory {
  const flights = createFlights<OpenIdMetadata | undefined>();
  const find = (tenant: string, signal: AbortSignal | undefined) => flights(tenant, signal, (shared) => findOpenIdMetadata(ports, tenant, shared));
  return {
    async findTenantId(domainOrTenantId, signal) {
      const name = requireName(domainOrTenantId);
      const metadata = await find(name.value, signal);
      return metadata === undefined ? undefined : readTenantId(metadata.issuer, ports.authorityHost, name.kind === 'id' ? name.value : undefined);
    },
    async findRegion(tenantId, signal) {
      const name = parseTenantName(tenantId);
      return name?.kind === 'id' ? (await find(name.value, signal))?.region : undefined;
    },
    async findCloud(domainOrTenantId, signal) {
      const { value } = requireName(domainOrTenantId);
      const hints = (await find(value, signal))?.cloudHints;
      const cloud = hints === undefined ? undefined : cloudOfDocument(hints);
      if (hints === undefined || cloud === undefined) return undefined;
      return { cloud, loginHost: URL.canParse(hints.issuer) ? new URL(hints.issuer).host : '', regionSubScope: hints.regionSubScope };
    },
  };
}

function requireName(domainOrTenantId: string): NonNullable<ReturnType<typeof parseTenantName>> {
  const name = parseTenantName(domainOrTenantId);
  if (name === undefined) throw new OnboardingError('TENANT_INVALID', 'The tenant is neither a tenant id nor a domain.');
  return name;
}

function readTenantId(issuer: string, authorityHost: string, asked: string | undefined): string | undefined {
  const [tenantId, version, ...rest] = issuer.startsWith(`${authorityHost}/`) ? issuer.slice(authorityHost.length + 1).split('/') : [];
  if (tenantId === undefined || !isGuid(tenantId) || version !== 'v2.0' || rest.length > 0) return undefined;
  if (asked !== undefined && !sameGuid(asked, tenantId)) throw new OnboardingError('STS_UNAVAILABLE', 'The discovery document is another tenant\'s.');
  return tenantId.toLowerCase();
}
