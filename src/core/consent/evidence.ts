/**
 * Asks whether consent is real: a fresh app token per app and resource, and the grants in the customer's directory.
 * Nothing is judged here, and nothing is read from the app registration (a manifest says what was asked for, not
 * what was granted). What could not be read is recorded as such; `judge.ts` never turns it green.
 * Least Graph permission (application): Directory.Read.All for oauth2PermissionGrants, Application.Read.All for the rest.
 * Sources: Microsoft Graph v1.0 "List appRoleAssignments", "List oauth2PermissionGrants", "List organization".
 */
import type { GraphScope, Ports } from '../ports';
import { readAppGrants, readPrincipals } from './evidence-directory';
import type { AppEvidence, EvidenceInput, GrantEvidence } from './evidence-model';
import { readTokens } from './evidence-tokens';

type EvidencePorts = Pick<Ports, 'tokens' | 'graph' | 'clock'>;

/**
 * One independent read of everything: new tokens, new sockets. Two Graph batches for up to nine apps and resources, and
 * one token per app and resource.
 */
export async function readGrantEvidence(ports: EvidencePorts, input: EvidenceInput): Promise<GrantEvidence> {
  const resourceIds = [...new Set(input.apps.flatMap((app) => app.requiredPermissions.map((permission) => permission.resourceAppId)))];
  const scope: GraphScope = { tenantId: input.tenantId, appKey: input.readerKey, fresh: true, ...(input.signal === undefined ? {} : { signal: input.signal }) };
  const directory = await readPrincipals(ports, scope, input.apps, resourceIds);
  const grants = await readAppGrants(ports, scope, input.apps.map((app) => directory.principals.get(app.appId)));
  const apps = await Promise.all(
    input.apps.map(async (app, index): Promise<AppEvidence> => {
      const tokens = await readTokens(ports, input, app, directory.sharePointHost);
      return { appKey: app.key, tokens, directory: grants[index] ?? { outcome: 'unknown', code: 'GRAPH_ANSWER_INVALID', serviceCode: undefined } };
    }),
  );
  return { tenantId: input.tenantId, readAt: ports.clock.now(), resources: directory.resources, apps };
}
