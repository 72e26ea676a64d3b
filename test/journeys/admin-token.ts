/** Access tokens of people, for journeys: by their own sign-in, or straight from the sandbox's signing key. */
import { secret, type Secret } from '../../src/core/internal/secret';
import { issueAccessToken } from '../../src/sandbox/access-tokens';
import type { ReadyTenant, RunningSandbox } from '../../src/sandbox/index';
import { ADMIN_SCOPES, signInAtSandbox } from '../support/person-token.mts';

export { ADMIN_SCOPES } from '../support/person-token.mts';

interface Stage {
  readonly sandbox: RunningSandbox;
  readonly ca: string;
}

export async function signInForToken({ sandbox, ca }: Stage, tenant: ReadyTenant, person: { readonly upn: string; readonly password: string }): Promise<Secret> {
  return secret(await signInAtSandbox(sandbox.ready, ca, tenant.tenantId, person));
}

/** For people who could not consent to these scopes themselves. */
export function tokenFor({ sandbox }: Pick<Stage, 'sandbox'>, tenant: Pick<ReadyTenant, 'tenantId'>, objectId: string, scopes: readonly string[] = ADMIN_SCOPES): Secret {
  const appId = sandbox.ready.apps[0]?.appId ?? '';
  return secret(issueAccessToken(sandbox.world, { tenantId: tenant.tenantId, audience: 'https://graph.microsoft.com', appId, appDisplayName: 'Admin tool', clientProof: '1', subjectObjectId: objectId, roles: [], scopes }));
}
