/**
 * The token half of the evidence: a fresh app token per resource, and what Entra refuses to give. Needs no permission at
 * all, so it works for any app. Source: Microsoft Learn "OAuth 2.0 client credentials flow"; roles of Exchange and
 * SharePoint appear only in tokens for those audiences.
 */
import { hasCode, isOnboardingError, type OnboardingError } from '../errors';
import type { CloudEndpoints } from '../internal/clouds';
import type { AppToken, Ports } from '../ports';
import { EXCHANGE_APP_ID, GRAPH_APP_ID, type PartnerApp, SHAREPOINT_APP_ID } from './apps';
import type { EvidenceInput, TokenEvidence } from './evidence-model';

export async function readTokens(ports: Pick<Ports, 'tokens'>, input: EvidenceInput, app: PartnerApp, sharePointHost: string | undefined): Promise<ReadonlyMap<string, TokenEvidence>> {
  const resourceIds = [...new Set(app.requiredPermissions.filter((permission) => permission.type === 'application').map((permission) => permission.resourceAppId))];
  const evidence = new Map<string, TokenEvidence>();
  for (const resourceAppId of resourceIds.length === 0 ? [GRAPH_APP_ID] : resourceIds) {
    const resource = resourceIdentifier(input.endpoints, resourceAppId, sharePointHost);
    evidence.set(resourceAppId, resource === undefined ? { outcome: 'unknown', code: 'CONSENT_UNKNOWN', serviceCode: undefined } : await readToken(ports, input, app.key, resource));
  }
  return evidence;
}

/** Resource identifier for a token request; undefined when the tenant's SharePoint host is not known. */
export function resourceIdentifier(endpoints: CloudEndpoints, resourceAppId: string, sharePointHost: string | undefined): string | undefined {
  if (resourceAppId === GRAPH_APP_ID) return endpoints.graphResource;
  if (resourceAppId === EXCHANGE_APP_ID) return endpoints.exchangeResource;
  if (resourceAppId !== SHAREPOINT_APP_ID) return resourceAppId;
  return sharePointHost === undefined ? undefined : `https://${sharePointHost}${endpoints.sharePointSuffix}`;
}

async function readToken(ports: Pick<Ports, 'tokens'>, input: EvidenceInput, appKey: string, resource: string): Promise<TokenEvidence> {
  const signal = input.signal === undefined ? {} : { signal: input.signal };
  try {
    return judgeToken(await ports.tokens.acquire({ appKey, tenantId: input.tenantId, resource, fresh: true, ...signal }));
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return { outcome: refusedOutcome(error), code: error.code, serviceCode: error.serviceCode };
  }
}

function judgeToken(token: AppToken): TokenEvidence {
  // An undecodable token proves that the app may sign in, and nothing about its permissions.
  return token.claims === undefined ? { outcome: 'unknown', code: 'CONSENT_UNKNOWN', serviceCode: undefined } : { outcome: 'roles', roles: token.claims.roles };
}

function refusedOutcome(error: OnboardingError): 'absent' | 'disabled' | 'resource_missing' | 'unknown' {
  if (hasCode(error, 'STS_APP_NOT_IN_TENANT')) return 'absent';
  if (hasCode(error, 'STS_APP_DISABLED')) return 'disabled';
  return hasCode(error, 'STS_RESOURCE_MISSING') ? 'resource_missing' : 'unknown';
}
