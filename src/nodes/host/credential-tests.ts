/**
 * The tests behind the Test button of the credentials. They do what the nodes will do: sign every app in at the token
 * endpoint, open the state, read what the master keys sealed; and say in words what is missing.
 */
import type { ICredentialsDecrypted, ICredentialTestFunctions, INodeCredentialTestResult } from 'n8n-workflow';
import { asOnboardingError, type Configuration, GRAPH_APP_ID, type Installation, isOnboardingError, type PartnerApp } from '../../core/index';
import { readEnvironment } from './environment';
import { openInstallation } from './installation';
import { type PartnerAppData, readSettings, requireLastingState, type StateData } from './settings';

type CredentialTest = (this: ICredentialTestFunctions, credential: ICredentialsDecrypted) => Promise<INodeCredentialTestResult>;

/** Held in the home tenant: registers certificates on the app itself. */
const NEEDED_AT_HOME = ['Application.ReadWrite.OwnedBy'];
/** Declared for the customers' tenants, by the apps together: prove the consent, find the admins. */
const NEEDED_AT_CUSTOMERS = ['Directory.Read.All', 'RoleManagement.Read.Directory'];

/** Stand-ins for the credential that is not under test, so that the core's own checks judge the one that is. */
const NO_STATE: StateData = { stateUrl: 'memory:', publicBaseUrl: 'https://localhost' };
const NO_APPS: PartnerAppData = {
  homeTenantId: '00000000-0000-0000-0000-000000000001',
  apps: [{ key: 'none', appId: '00000000-0000-0000-0000-000000000001', round: 1, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'None', reason: 'none' }], credential: { certificateId: 'none' } }],
};

export const testPartnerApp: CredentialTest = async (credential) =>
  answer(async () => {
    // What is asked is whether the apps can sign in: nothing is written, so a state in memory will do, in a queue too.
    const environment = { ...readEnvironment(), isQueueMode: false };
    const { installation, configuration } = await openInstallation(readSettings(credential.data ?? {}, NO_STATE, environment), environment);
    try {
      const findings = await Promise.all(configuration.apps.map((app) => testApp(installation, configuration, app)));
      const undeclared = NEEDED_AT_CUSTOMERS.filter((name) => !configuration.apps.some((app) => declares(app, name)));
      const missing = [...findings.flatMap(({ problem }) => problem ?? []), ...(undeclared.length === 0 ? [] : [`no app asks customers for ${undeclared.join(', ')} (Microsoft Graph, application)`])];
      return missing.length > 0 ? { status: 'Error', message: `${missing.join('; ')}.` } : { status: 'OK', message: `${findings.map(({ fact }) => fact).join('; ')}.` };
    } finally {
      await installation.close();
    }
  });

export const testOnboardingState: CredentialTest = async (credential) =>
  answer(async () => {
    const environment = readEnvironment();
    const settings = readSettings(NO_APPS, credential.data ?? {}, environment);
    requireLastingState(settings, environment);
    const { installation, requireOperatorId } = await openInstallation(settings, environment);
    try {
      const operatorId = requireOperatorId();
      const accounts = await installation.asOperator(operatorId).listAccounts();
      return { status: 'OK', message: `The state answers and the master keys open it. Nodes act as ${operatorId}, who sees ${accounts.length} customer accounts.` };
    } finally {
      await installation.close();
    }
  });

interface AppFinding {
  readonly fact?: string;
  readonly problem?: string;
}

async function testApp(installation: Installation, { homeTenantId, endpoints, credentials }: Configuration, { key }: PartnerApp): Promise<AppFinding> {
  // The test of one credential never sees the other, and stored certificates are in the other's state.
  if ('certificateId' in (credentials.get(key) ?? {})) return { fact: `${key}: its stored certificate is tried when a node runs` };
  try {
    const { claims } = await installation.ports.tokens.acquire({ appKey: key, tenantId: homeTenantId, resource: endpoints.graphResource, fresh: true });
    const missing = NEEDED_AT_HOME.filter((name) => claims?.roles.includes(name) !== true);
    if (missing.length === 0) return { fact: `${key}: signed in at the home tenant` };
    return { problem: `${key}: signed in, but lacks ${missing.join(', ')} (Microsoft Graph, application) in the home tenant, which registering certificates needs` };
  } catch (reason) {
    return { problem: `${key}: ${inWords(reason)}` };
  }
}

function declares(app: PartnerApp, name: string): boolean {
  return app.requiredPermissions.some((permission) => permission.resourceAppId === GRAPH_APP_ID && permission.type === 'application' && permission.name === name);
}

async function answer(test: () => Promise<INodeCredentialTestResult>): Promise<INodeCredentialTestResult> {
  try {
    return await test();
  } catch (reason) {
    return { status: 'Error', message: inWords(reason) };
  }
}

/** The core's message and next step; of anything else nothing, since it may quote a secret. */
function inWords(reason: unknown): string {
  const { message, remedy, serviceCode } = asOnboardingError(reason);
  if (!isOnboardingError(reason)) return 'The test ended unexpectedly';
  return `${message}${serviceCode === undefined ? '' : ` (${serviceCode})`} ${remedy}`;
}
