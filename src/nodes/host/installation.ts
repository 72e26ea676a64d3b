/**
 * The core behind the nodes: one installation per content of the two credentials and process, shared by every item,
 * execution and node, so that they share tokens and the requests for them. The operator is the one the credential M365
 * Onboarding State names (security decision 7); no parameter and no item can name another.
 */
import type { FunctionsBase } from 'n8n-workflow';
import { LoggerProxy } from 'n8n-workflow';
import { type ClaimScope, type Configuration, createInstallation, createSystemClock, identifySigner, type Installation, type Logger, OnboardingError, openStateStore, type OperatorOnboarding } from '../../core/index';
import { type HostEnvironment, processWide, readEnvironment } from './environment';
import type { Workplace } from './operation';
import { createPool, type Pool } from './pool';
import { type HostSettings, type PartnerAppData, readSettings, requireLastingState, type StateData } from './settings';

/** What every context of n8n that runs a node offers. */
export type CredentialHost = Pick<FunctionsBase, 'getCredentials'>;

export interface HostInstallation {
  readonly installation: Installation;
  readonly configuration: Configuration;
  /** Raises `OPERATOR_UNKNOWN` when the credential names none. */
  requireOperatorId(): string;
  /** The onboarding as that operator may see it. Raises `OPERATOR_UNKNOWN`. */
  asOperator(): OperatorOnboarding;
  /** Give it back when the execution, the request or the list is done. */
  release(): void;
}

type Opened = Omit<HostInstallation, 'release'>;

export const PARTNER_APP = 'm365PartnerApp';
export const ONBOARDING_STATE = 'm365OnboardingState';

const MAX_OPEN = 16;
const IDLE_MS = 15 * 60_000;

/**
 * The installation this node's credentials describe. Raises n8n's own error when a credential is missing,
 * `CONFIG_INVALID`, `MASTER_KEY_…`, `STATE_…`.
 */
export async function openHost(host: CredentialHost, itemIndex = 0): Promise<HostInstallation> {
  const partner = await host.getCredentials<PartnerAppData>(PARTNER_APP, itemIndex);
  const state = await host.getCredentials<StateData>(ONBOARDING_STATE, itemIndex);
  const environment = readEnvironment();
  const loan = await sharedPool().borrow(JSON.stringify([environment, partner, state]), async () => {
    const settings = readSettings(partner, state, environment);
    requireLastingState(settings, environment);
    return openInstallation(settings, environment);
  });
  return { ...loan.value, release: () => loan.release() };
}

/** Closes what is open, used or not. For the end of a process and of a test. */
export async function closeHosts(): Promise<void> {
  await sharedPool().closeAll();
}

function sharedPool(): Pool<Opened> {
  const clock = createSystemClock();
  return processWide(createInstallation, () => createPool<Opened>({ maxOpen: MAX_OPEN, idleMs: IDLE_MS, now: () => clock.now(), close: ({ installation }) => installation.close() }));
}

/** What operations and lists work with. Raises `OPERATOR_UNKNOWN`. */
export function workplaceOf(host: HostInstallation, signal: AbortSignal | undefined): Workplace {
  return { onboarding: host.asOperator(), certificates: host.installation.certificates, customerApps: host.installation.customerApps, apps: host.configuration.apps, operatorId: host.requireOperatorId(), signal };
}

/** Not shared and not kept: the caller closes it. Raises like {@link openHost}. */
export async function openInstallation(settings: HostSettings, environment: HostEnvironment): Promise<Opened> {
  const { configuration } = settings;
  const clock = createSystemClock();
  const store = await openStateStore(settings.stateUrl, { clock, folder: environment.stateFolder });
  const installation = await createInstallation({
    configuration,
    store,
    masterKeys: settings.masterKeys,
    ca: settings.ca,
    readFile: settings.readFile,
    environment: environment.proxy,
    signer: identifySigner('n8n', JSON.stringify([...configuration.credentials])),
    logger: n8nLogger(),
    deployment: neededReach(store.claimScope, environment),
  }).catch(async (reason: unknown) => {
    await store.close();
    throw reason;
  });
  const requireOperatorId = () => requireOperator(configuration);
  return { installation, configuration, requireOperatorId, asOperator: () => installation.asOperator(requireOperatorId()) };
}

/** Workers of a queue may run on other machines, where a file of this one is nothing. */
function neededReach(actual: ClaimScope, environment: HostEnvironment): ClaimScope {
  if (environment.isQueueMode) return 'shared';
  return actual === 'process' ? 'process' : 'host';
}

function requireOperator({ operator }: Configuration): string {
  if (operator === undefined) throw new OnboardingError('OPERATOR_UNKNOWN', 'The credential M365 Onboarding State names no operator.', { details: { field: 'operatorId' } });
  return operator;
}

/** The core logs codes and public facts only. */
function n8nLogger(): Logger {
  return {
    debug: (message, fields) => LoggerProxy.debug(message, { ...fields }),
    info: (message, fields) => LoggerProxy.info(message, { ...fields }),
    warn: (message, fields) => LoggerProxy.warn(message, { ...fields }),
  };
}
