/** A backup portal wired straight to the partner's redemption and key set: the real two sides, without a network. */
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { answerKeySet, answerRedemption } from '../../../src/core/impersonation/endpoints';
import { ensureSigningKey } from '../../../src/core/impersonation/signing-keys';
import { buildGrantClaims, buildGrantHeader, type ImpersonationGrant } from '../../../src/core/impersonation/grant';
import { secret, type Secret } from '../../../src/core/internal/secret';
import { createMemoryState, createPortalKit, type JsonObject, type PortalHttp, type PortalKit, type PortalKitOptions, type PortalLogEntry } from '../../../src/core/portal';
import { ADMIN, AUDIENCE, createWorld, ISSUER, jwt, portalKey, REDEEM_URL, TENANT, type World } from '../impersonation/support';

export const JWKS_URL = 'https://partner.example/.well-known/jwks.json';

export interface Portal {
  readonly world: World;
  readonly kit: PortalKit;
  readonly options: PortalKitOptions;
  readonly log: PortalLogEntry[];
  /** Requests the portal made, and a switch that cuts the line. */
  readonly line: { requests: string[]; cut: boolean };
}

export function createPortal(changes: Partial<PortalKitOptions> = {}, world: World = createWorld()): Portal {
  const log: PortalLogEntry[] = [];
  const line: Portal['line'] = { requests: [], cut: false };
  const options: PortalKitOptions = {
    partnerName: 'Northwind Backup',
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks: JWKS_URL,
    redeem: { url: REDEEM_URL, clientKey: portalKey.privateKey, algorithm: 'ES256' },
    findAccount: async (accountId) => (accountId === 'contoso' ? { name: 'Contoso', tenantId: TENANT, adminName: 'Ada Admin' } : undefined),
    log: async (entry) => {
      log.push(entry);
    },
    state: createMemoryState(world.clock),
    http: partnerLine(world, line),
    clock: world.clock,
    random: createNodeRandom(),
    ...changes,
  };
  return { world, kit: createPortalKit(options), options, log, line };
}

function partnerLine(world: World, line: Portal['line']): PortalHttp {
  return async ({ method, url, headers, body = '' }) => {
    line.requests.push(`${method} ${url}`);
    if (line.cut) throw new Error('connect ECONNREFUSED');
    const request = { method, path: new URL(url).pathname, query: new URL(url).searchParams, headers, body };
    const settings = { portal: { audience: AUDIENCE, keys: [portalKey.publicJwk] }, redeemUrl: REDEEM_URL, issuer: ISSUER };
    const answer = url === JWKS_URL ? await answerKeySet(world.ports) : await answerRedemption(world.ports, settings, request);
    return { status: answer.status, body: answer.body };
  };
}

/** A grant signed by the partner's real key, with whatever an attacker would like to change. */
export async function signGrant(world: World, changes: { readonly claims?: JsonObject; readonly header?: JsonObject; readonly privateKey?: Secret } = {}): Promise<Secret> {
  const key = await ensureSigningKey(world.ports);
  const now = world.clock.now();
  const grant: ImpersonationGrant = {
    issuer: ISSUER, audience: AUDIENCE, jti: world.ports.random.uuid(), accountId: 'contoso', tenantId: TENANT, userObjectId: ADMIN,
    actor: { issuer: ISSUER, id: 'op-1' }, accessLevel: 'restricted', reason: 'Ticket 4711', issuedAt: now, expiresAt: now + 120_000,
  };
  const header = { ...buildGrantHeader('ES256', key.kid), ...changes.header };
  return secret(await jwt.sign(header, { ...buildGrantClaims(grant), ...changes.claims }, changes.privateKey ?? key.privateKey));
}
