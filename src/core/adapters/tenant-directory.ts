/**
 * Which tenant is behind a domain, from the public discovery document. A hint and never evidence: anybody can ask, and the
 * answer says nothing about who is asking. Microsoft identity platform "OpenID Connect", tenant-specific issuer.
 */
import { OnboardingError } from '../errors';
import { isGuid, sameGuid } from '../internal/guid';
import { parseTenantName } from '../internal/tenant-name';
import type { TenantDirectory } from '../ports';
import { findOpenIdMetadata, type MetadataPorts } from './openid-metadata';

/**
 * The TenantDirectory port. `findTenantId` raises `TENANT_INVALID` for what can never be a customer's tenant,
 * `STS_UNAVAILABLE`, `STS_THROTTLED`, `TLS_UNTRUSTED`. A tenant of another cloud is undefined, as it cannot be served here.
 */
export function createTenantDirectory(ports: MetadataPorts): TenantDirectory {
  return {
    async findTenantId(domainOrTenantId, signal) {
      const name = parseTenantName(domainOrTenantId);
      if (name === undefined) throw new OnboardingError('TENANT_INVALID', 'The tenant is neither a tenant id nor a domain.');
      const metadata = await findOpenIdMetadata(ports, name.value, signal);
      return metadata === undefined ? undefined : readTenantId(metadata.issuer, ports.authorityHost, name.kind === 'id' ? name.value : undefined);
    },
    async findRegion(tenantId, signal) {
      const name = parseTenantName(tenantId);
      return name?.kind === 'id' ? (await findOpenIdMetadata(ports, name.value, signal))?.region : undefined;
    },
  };
}

function readTenantId(issuer: string, authorityHost: string, asked: string | undefined): string | undefined {
  const [tenantId, version, ...rest] = issuer.startsWith(`${authorityHost}/`) ? issuer.slice(authorityHost.length + 1).split('/') : [];
  if (tenantId === undefined || !isGuid(tenantId) || version !== 'v2.0' || rest.length > 0) return undefined;
  if (asked !== undefined && !sameGuid(asked, tenantId)) throw new OnboardingError('STS_UNAVAILABLE', 'The discovery document is another tenant\'s.');
  return tenantId.toLowerCase();
}
