/** The customer's backup portal: nothing but the verifier kit, its own key, and http to the partner's public addresses. */
import { createNodeRandom } from '../../src/core/adapters/node-random';
import { createMemoryState, createPortalKit, type PortalHttp, type PortalKit, type PortalKitOptions, type PortalLogEntry } from '../../src/core/portal';
import type { Story } from './story';

export interface BackupPortal {
  readonly kit: PortalKit;
  readonly log: PortalLogEntry[];
  /** Everything that went over the wire, for searches. */
  readonly traffic: string[];
}

export function openPortal(story: Story, tenantOf: (accountId: string) => string | undefined, changes: Partial<PortalKitOptions> = {}): BackupPortal {
  const log: PortalLogEntry[] = [];
  const traffic: string[] = [];
  const kit = createPortalKit({
    partnerName: 'Northwind Backup',
    issuer: story.publicBaseUrl,
    audience: story.configuration.portal?.audience ?? '',
    jwks: `${story.publicBaseUrl}/.well-known/jwks.json`,
    redeem: { url: `${story.publicBaseUrl}/impersonation/redeem`, clientKey: story.portalKey.privateKey, algorithm: 'ES256' },
    findAccount: async (accountId) => {
      const tenantId = tenantOf(accountId);
      return tenantId === undefined ? undefined : { name: accountId, tenantId };
    },
    log: async (entry) => void log.push(entry),
    state: createMemoryState(story.clock),
    http: loopback(traffic),
    clock: story.clock,
    random: createNodeRandom(),
    ...changes,
  });
  return { kit, log, traffic };
}

function loopback(traffic: string[]): PortalHttp {
  return async ({ method, url, headers, body }) => {
    const answer = await fetch(url, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });
    const text = await answer.text();
    traffic.push(`${method} ${url}`, body ?? '', text);
    return { status: answer.status, body: text };
  };
}
