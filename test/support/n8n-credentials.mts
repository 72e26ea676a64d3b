/** The package's two credentials, filled in for a running sandbox: what a person would type into n8n. */
import { readFileSync } from 'node:fs';
import { buildConfig } from 'n8n-nodes-m365-onboarding/sandbox';

/** Workflows run on real time here, so no replica lags. */
export const NO_LAG = { 'graph.get': 0, 'graph.list': 0, 'sts.servicePrincipal': 0, 'sts.keys': 0, 'sts.roles': 0 } as const;

export type CredentialFields = Readonly<Record<string, string | boolean>>;

export function fillCredentials(ready: Parameters<typeof buildConfig>[0], publicBaseUrl: string, masterKey: string, stateUrl = 'sqlite:onboarding.sqlite'): Readonly<Record<'m365PartnerApp' | 'm365OnboardingState', CredentialFields>> {
  const { homeTenantId, apps, operators, operator, partnerName } = buildConfig(ready);
  return {
    m365PartnerApp: {
      homeTenantId,
      cloud: 'global',
      apps: JSON.stringify(apps.map((app) => ({ ...app, credential: { from: 'secret' } }))),
      appSecrets: JSON.stringify(Object.fromEntries(ready.apps.map((app) => [app.key, { secret: app.clientSecret }]))),
      useSandbox: true,
      sandboxAuthorityHost: ready.login,
      sandboxGraphBaseUrl: ready.graph,
      sandboxCa: readFileSync(ready.caFile, 'utf8'),
    },
    m365OnboardingState: {
      stateUrl,
      masterKeys: `k1:${masterKey}`,
      operators: JSON.stringify(operators),
      operatorId: operator ?? '',
      partnerName,
      publicBaseUrl,
      adminChoice: 'manual',
    },
  };
}
