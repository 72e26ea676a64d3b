/** The example backup portal beside n8n: what an impersonation code is posted to, and what a credential says about it. */
import { createJwtService } from 'n8n-nodes-m365-onboarding';
import { startExamplePortal } from '../../examples/portal/portal.mts';

export interface PortalBesideN8n {
  /** The field Backup Portal of the credential M365 Onboarding State. */
  readonly field: string;
  readonly portal: Awaited<ReturnType<typeof startExamplePortal>>;
  /** What nobody may find anywhere else. */
  readonly clientKey: string;
}

/** `publicBaseUrl`: where the consent trigger serves the key set and redeems codes. `tenants`: account IDs and their tenants. */
export async function startPortal(publicBaseUrl: string, accounts: Readonly<Record<string, { readonly name: string; readonly tenantId: string }>>): Promise<PortalBesideN8n> {
  const clientKey = await createJwtService().generateSigningKey('ES256');
  const portal = await startExamplePortal({
    partnerName: 'Northwind Backup',
    issuer: publicBaseUrl,
    jwks: `${publicBaseUrl}/.well-known/jwks.json`,
    redeem: { url: `${publicBaseUrl}/impersonation/redeem`, clientKey: clientKey.privateKey, algorithm: 'ES256' },
    findAccount: async (accountId) => accounts[accountId],
  });
  return { portal, clientKey: clientKey.privateKey.reveal(), field: JSON.stringify({ audience: portal.audience, deliverTo: portal.deliverTo, jwksOrClientKey: clientKey.publicJwk }) };
}
