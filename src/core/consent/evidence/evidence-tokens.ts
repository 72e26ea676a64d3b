/**
 * The token half of the evidence: a fresh app token per resource, and what Entra refuses to give. Needs no permission at
 * all, so it works for any app. A request that failed for the moment is repeated once, after a wait and never before
 * Retry-After. Source: Microsoft Learn "OAuth 2.0 client credentials flow"; roles of Exchange and SharePoint appear only
 * in tokens for those audiences.
 */
import { hasCode, isOnboardingError, type OnboardingError } from '../../errors';
import type { CloudEndpoints } from '../../internal/clouds';
import type { AppToken, Ports } from '../../ports';
import { EXCHANGE_APP_ID, GRAPH_APP_ID, type PartnerApp, SHAREPOINT_APP_ID } from '../apps/apps';
import type { EvidenceInput, TokenEvidence } from './evidence-model';

type TokenPorts = Pick<Ports, 'tokens' | 'clock'>;

const FIRST_WAIT_MS = 1000;
/** Whoever asks us to wait longer gets a later read instead. */
const LONGEST_WAIT_MS = 10_000;

/** Nobody consented (yet), seen right after consent for half a minute; then it goes away by itself. */
const NOT_CONSENTED = 'AADSTS65001';
/** The resource wants its callers assigned, and this app holds no role on it. */
const NOT_ASSIGNED: ReadonlySet<string | undefined> = new Set(['AADSTS501051', 'AADSTS50105']);

/** The resources whose tokens tell about an app: those it has application permissions on, and Graph when there is none. */
export function tokenResources(app: PartnerApp): readonly string[] {
  const resourceIds = [...new Set(app.requiredPermissions.filter((permission) => permission.type === 'application').map((permission) => permission.resourceAppId))];
  return resourceIds.length === 0 ? [GRAPH_APP_ID] : resourceIds;
}

/** One token for each of the app's resources; one that is there already (`graphToken`, for Graph) is not asked for again. */
export async function readTokens(ports: TokenPorts, input: EvidenceInput, app: PartnerApp, known: { readonly sharePointHost: string | undefined; readonly graphToken?: ReadToken | undefined }): Promise<ReadonlyMap<string, TokenEvidence>> {
  const evidence = new Map<string, TokenEvidence>();
  for (const resourceAppId of tokenResources(app)) {
    const asked = resourceAppId === GRAPH_APP_ID ? known.graphToken : undefined;
    const read = asked ?? (await readToken(ports, input, app.key, resourceIdentifier(input.endpoints, resourceAppId, known.sharePointHost)));
    evidence.set(resourceAppId, read.evidence);
  }
  return evidence;
}

/**
 * Resource identifier for a token request. Without the tenant's SharePoint host the resource's app id stands in for it:
 * the token's roles are the same.
 */
export function resourceIdentifier(endpoints: CloudEndpoints, resourceAppId: string, sharePointHost: string | undefined): string {
  if (resourceAppId === GRAPH_APP_ID) return endpoints.graphResource;
  if (resourceAppId === EXCHANGE_APP_ID) return endpoints.exchangeResource;
  return resourceAppId === SHAREPOINT_APP_ID && sharePointHost !== undefined ? `https://${sharePointHost}${endpoints.sharePointSuffix}` : resourceAppId;
}

export interface ReadToken {
  readonly evidence: TokenEvidence;
  /** Undefined when it was refused. */
  readonly appToken: AppToken | undefined;
}

/** A fresh token for one app and resource. A refusal is evidence; whatever is not an error of ours is raised. */
export async function readToken(ports: TokenPorts, input: EvidenceInput, appKey: string, resource: string): Promise<ReadToken> {
  const signal = input.signal === undefined ? {} : { signal: input.signal };
  const ask = () => ports.tokens.acquire({ appKey, tenantId: input.tenantId, resource, fresh: true, ...signal });
  try {
    const appToken = await ask().catch(async (error: unknown) => {
      const waitMs = waitBeforeRepeat(error);
      if (waitMs === undefined) throw error;
      await ports.clock.sleep(waitMs, input.signal);
      return ask();
    });
    return { appToken, evidence: judgeToken(appToken) };
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return { appToken: undefined, evidence: { outcome: refusedOutcome(error), code: error.code, serviceCode: error.serviceCode } };
  }
}

/** How long to wait before the one repeat; undefined when there is none. A throttle that names no time is not pressed. */
export function waitBeforeRepeat(error: unknown): number | undefined {
  if (!isOnboardingError(error) || !hasCode(error, 'STS_UNAVAILABLE', 'STS_THROTTLED')) return undefined;
  if (error.code === 'STS_THROTTLED' && error.retryAfterSeconds === undefined) return undefined;
  const waitMs = Math.max(FIRST_WAIT_MS, Math.ceil((error.retryAfterSeconds ?? 0) * 1000));
  return waitMs > LONGEST_WAIT_MS ? undefined : waitMs;
}

function judgeToken(token: AppToken): TokenEvidence {
  // An undecodable token proves that the app may sign in, and nothing about its permissions.
  return token.claims === undefined ? { outcome: 'unknown', code: 'CONSENT_UNKNOWN', serviceCode: undefined } : { outcome: 'roles', roles: token.claims.roles };
}

function refusedOutcome(error: OnboardingError): 'absent' | 'disabled' | 'unassigned' | 'resource_missing' | 'unknown' {
  const { code, serviceCode } = error;
  if (code === 'STS_APP_NOT_IN_TENANT' || serviceCode === NOT_CONSENTED) return 'absent';
  if (code === 'STS_APP_DISABLED') return 'disabled';
  if (NOT_ASSIGNED.has(serviceCode)) return 'unassigned';
  return code === 'STS_RESOURCE_MISSING' ? 'resource_missing' : 'unknown';
}
