/**
 * Asks whether consent is real. A full read: a fresh app token per app and resource, and the grants in the customer's
 * directory, on new sockets. A routine look: the directory alone, with what is cached. Nothing is judged here, and nothing
 * is read from the app registration (a manifest says what was asked for, not what was granted). What could not be read is
 * recorded as such; `judge.ts` never turns it green.
 * Least Graph permission (application): Application.Read.All; Directory.Read.All for delegated grants. Without a declared
 * permission to read, the directory is not asked and the tokens' roles stand alone.
 * Sources: Microsoft Graph v1.0 "List appRoleAssignments", "List oauth2PermissionGrants", "List organization".
 */
import type { GraphScope, Ports } from '../../ports';
import { GRAPH_APP_ID, SHAREPOINT_APP_ID } from '../apps/apps';
import { type DirectoryReading, mayRead, planDirectoryReading } from './directory-reading';
import { type DirectoryRead, readDirectory, readRecycleBin } from './evidence-directory';
import type { AppEvidence, DirectoryGrants, EvidenceInput, GrantEvidence, ResourceEvidence, Unread } from './evidence-model';
import { type ReadToken, readToken, readTokens, resourceIdentifier, tokenResources } from './evidence-tokens';

type EvidencePorts = Pick<Ports, 'tokens' | 'graph' | 'clock'>;

/**
 * One independent read of everything: new tokens, new sockets. One token request for each app and resource; one Graph call
 * for up to five apps, and a second one only when an app is absent (is it in the recycle bin?) or more has to be read.
 */
export async function readGrantEvidence(ports: EvidencePorts, input: EvidenceInput): Promise<GrantEvidence> {
  const graphTokens = new Map<string, ReadToken>();
  const reader = await findReader(ports, input, graphTokens);
  return collect(ports, input, graphTokens, reader === undefined ? undefined : await readWithToken(ports, input, reader));
}

/**
 * The directory as it is now, with the cached app token and what is remembered of the resources: one Graph call, and none
 * for a token while the last one lives. Undefined when no declared app may read it.
 */
export async function readRoutineEvidence(ports: Pick<Ports, 'graph' | 'clock'>, input: EvidenceInput): Promise<GrantEvidence | undefined> {
  const [reading] = planDirectoryReading(input.apps);
  if (reading === undefined) return undefined;
  const known = new Map(resourcesOf(input).flatMap((id): [string, ResourceEvidence][] => {
    const resource = input.memory?.find(input.tenantId, id);
    return resource === undefined ? [] : [[id, resource]];
  }));
  const resourceIds = resourcesOf(input).filter((id) => !known.has(id));
  const directory = await readDirectory(ports, scopeOf(input, reading), { apps: input.apps, resourceIds, readsDelegatedGrants: reading.readsDelegatedGrants, withSharePointHost: false });
  remember(input, directory);
  const apps = input.apps.map((app): AppEvidence => ({ appKey: app.key, tokens: new Map(), directory: directory.grants.get(app.appId) ?? UNANSWERED }));
  return { tenantId: input.tenantId, readAt: ports.clock.now(), depth: 'routine', resources: new Map<string, ResourceEvidence | null>([...known, ...directory.resources]), apps };
}

const UNANSWERED: Unread = { outcome: 'unknown', code: 'GRAPH_ANSWER_INVALID', serviceCode: undefined };

interface Reader {
  readonly reading: DirectoryReading;
  readonly graphToken: ReadToken;
}

/**
 * The first whose token says that it may read: an app that was deleted or lost the permission must not hide what another
 * can still see. The tokens are among those the read needs anyway. Without any such token, the first one's refusal counts.
 */
async function findReader(ports: EvidencePorts, input: EvidenceInput, graphTokens: Map<string, ReadToken>): Promise<Reader | undefined> {
  const readers: Reader[] = [];
  for (const reading of planDirectoryReading(input.apps)) {
    const graphToken = await readToken(ports, input, reading.appKey, resourceIdentifier(input.endpoints, GRAPH_APP_ID, undefined));
    graphTokens.set(reading.appKey, graphToken);
    readers.push({ reading, graphToken });
    if (graphToken.evidence.outcome === 'roles' && mayRead(graphToken.evidence.roles)) return readers.at(-1);
  }
  return readers.find(({ graphToken }) => graphToken.appToken !== undefined) ?? readers[0];
}

async function readWithToken(ports: EvidencePorts, input: EvidenceInput, { reading, graphToken: { appToken, evidence } }: Reader): Promise<DirectoryRead> {
  // Without a token nothing can be asked: why there is none is what is known about the directory.
  if (appToken === undefined) return unreadDirectory(input, evidence.outcome === 'roles' ? UNANSWERED : { outcome: 'unknown', code: evidence.code, serviceCode: evidence.serviceCode });
  const scope: GraphScope = { ...scopeOf(input, reading), fresh: true, appToken };
  const withSharePointHost = input.apps.some((app) => tokenResources(app).includes(SHAREPOINT_APP_ID));
  const directory = await readDirectory(ports, scope, { apps: input.apps, resourceIds: resourcesOf(input), readsDelegatedGrants: reading.readsDelegatedGrants, withSharePointHost });
  remember(input, directory);
  return explainAbsence(ports, scope, directory);
}

async function explainAbsence(ports: EvidencePorts, scope: GraphScope, directory: DirectoryRead): Promise<DirectoryRead> {
  const isAbsent = (found: DirectoryGrants | Unread) => found.outcome === 'read' && found.servicePrincipal === null;
  const absent = [...directory.grants].flatMap(([appId, found]) => (isAbsent(found) ? [appId] : []));
  if (absent.length === 0) return directory;
  const deleted = await readRecycleBin(ports, scope, absent);
  const explain = (appId: string, found: DirectoryGrants | Unread) => (found.outcome === 'read' && deleted.has(appId) ? { ...found, deletedAt: deleted.get(appId) } : found);
  return { ...directory, grants: new Map([...directory.grants].map(([appId, found]) => [appId, explain(appId, found)])) };
}

async function collect(ports: EvidencePorts, input: EvidenceInput, graphTokens: ReadonlyMap<string, ReadToken>, directory: DirectoryRead | undefined): Promise<GrantEvidence> {
  const apps = await Promise.all(
    input.apps.map(async (app): Promise<AppEvidence> => {
      const tokens = await readTokens(ports, input, app, { sharePointHost: directory?.sharePointHost, graphToken: graphTokens.get(app.key) });
      return { appKey: app.key, tokens, directory: directory === undefined ? { outcome: 'not_asked' } : (directory.grants.get(app.appId) ?? UNANSWERED) };
    }),
  );
  return { tenantId: input.tenantId, readAt: ports.clock.now(), depth: 'full', resources: directory?.resources ?? new Map(), apps };
}

function scopeOf({ tenantId, signal }: EvidenceInput, { appKey }: DirectoryReading): GraphScope {
  return { tenantId, appKey, ...(signal === undefined ? {} : { signal }) };
}

function resourcesOf({ apps }: EvidenceInput): readonly string[] {
  return [...new Set(apps.flatMap((app) => app.requiredPermissions.map((permission) => permission.resourceAppId)))];
}

function unreadDirectory({ apps }: EvidenceInput, unread: Unread): DirectoryRead {
  return { sharePointHost: undefined, resources: new Map(), grants: new Map(apps.map((app) => [app.appId, unread])) };
}

function remember({ memory, tenantId }: EvidenceInput, { resources }: DirectoryRead): void {
  for (const [id, resource] of resources) if (resource !== null) memory?.keep(tenantId, id, resource);
}
