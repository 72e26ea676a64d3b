/**
 * From flags, files and environment to an installation of the core. Secrets arrive by environment, file or standard
 * input, never by argument, since arguments are visible to every process of the host.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Clock, type Configuration, createInstallation, createSystemClock, identifySigner, type Installation, type Logger, OnboardingError, type OperatorOnboarding, openStateStore, parseConfiguration, parseKeyRing } from '../core/index';
import { forTerminal } from './output';
import { followSandboxClock, type FollowingClock } from './sandbox-clock';

export interface GlobalFlags {
  readonly json?: boolean;
  readonly config?: string;
  readonly state?: string;
  readonly cloud?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface Runtime {
  readonly configuration: Configuration;
  readonly installation: Installation;
  readonly clock: Clock & Partial<Pick<FollowingClock, 'refresh'>>;
  /** The operator the command line acts as: bound to the configuration. Raises `OPERATOR_UNKNOWN`. */
  readonly operatorId: () => string;
  /** The onboarding as that operator may see it; what every command that serves one goes through. Raises `OPERATOR_UNKNOWN`. */
  readonly operator: () => OperatorOnboarding;
  readonly readFile: (path: string) => string;
}

export const DEFAULT_CONFIG_FILE = 'm365-onboarding.config.json';
export const MASTER_KEYS_VARIABLE = 'M365_ONBOARDING_MASTER_KEYS';

/** Raises `CONFIG_NOT_FOUND`, `CONFIG_INVALID`, `MASTER_KEY_INVALID`, `STATE_…`. Close the installation afterwards. */
export async function openRuntime(flags: GlobalFlags): Promise<Runtime> {
  const file = resolve(flags.config ?? DEFAULT_CONFIG_FILE);
  const folder = dirname(file);
  const readFile = (path: string) => readText(resolve(folder, path));
  const configuration = readConfiguration(file, flags);
  const clock = configuration.sandbox?.control === undefined ? createSystemClock() : await followSandboxClock(configuration.sandbox.control);
  const masterKeys = process.env[MASTER_KEYS_VARIABLE];
  const stateUrl = readStateUrl(flags, configuration);
  const ring = masterKeys === undefined || masterKeys === '' ? undefined : parseKeyRing(masterKeys);
  const store = await openStateStore(stateUrl, { clock, folder });
  try {
    const installation = await createInstallation({
      configuration,
      store,
      clock,
      masterKeys: ring,
      ca: readSandboxAuthority(configuration, folder),
      readFile: (path) => readBytes(resolve(folder, path)),
      environment: process.env,
      signer: identifySigner('the command line', file),
      logger: flags.quiet === true ? undefined : standardErrorLogger(flags.verbose === true),
      // A store in memory is this process's alone, whatever the deployment.
      deployment: store.claimScope === 'process' ? 'process' : 'host',
    });
    return { configuration, installation, clock, readFile, operatorId: () => requireConfiguredOperator(configuration), operator: () => installation.asOperator(requireConfiguredOperator(configuration)) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Run with an open installation and close it whatever happens. */
export async function withRuntime<T>(flags: GlobalFlags, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const runtime = await openRuntime(flags);
  try {
    return await work(runtime);
  } finally {
    await runtime.installation.close();
  }
}

function readConfiguration(file: string, flags: GlobalFlags): Configuration {
  const text = readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OnboardingError('CONFIG_INVALID', `${file} is not JSON.`, { cause: error });
  }
  const overridden = flags.cloud === undefined || typeof value !== 'object' || value === null ? value : { ...value, cloud: flags.cloud };
  return parseConfiguration(overridden);
}

function readText(path: string): string {
  return readBytes(path).toString('utf8');
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new OnboardingError('CONFIG_NOT_FOUND', `${path} could not be read.`, { cause: error, details: { file: path } });
  }
}

/** Arguments are visible to every process of the host, so a password in one has already leaked. */
function readStateUrl(flags: GlobalFlags, configuration: Configuration): string {
  if (flags.state !== undefined && URL.canParse(flags.state) && new URL(flags.state).password !== '') {
    throw new OnboardingError('INPUT_INVALID', 'A password does not belong into --state; set PGPASSWORD, or name the state in the configuration.', { details: { field: 'state' } });
  }
  return flags.state ?? configuration.state;
}

/**
 * The sandbox removes its CA when it ends. Without it nothing is trusted that the sandbox could say, which then reads
 * as "not reachable" where a command needs it, and leaves commands that do not need it alone.
 */
function readSandboxAuthority(configuration: Configuration, folder: string): string | undefined {
  const file = configuration.sandbox?.caFile;
  if (file === undefined || !existsSync(resolve(folder, file))) return undefined;
  return readText(resolve(folder, file));
}

function requireConfiguredOperator(configuration: Configuration): string {
  if (configuration.operator === undefined) throw new OnboardingError('OPERATOR_UNKNOWN', 'The configuration names no operator for the command line.', { details: { field: 'operator' } });
  return configuration.operator;
}

/** Warnings always: a support code on a refused page is worth nothing unless somebody can look it up. */
function standardErrorLogger(verbose: boolean): Logger {
  const write = (level: string) => (message: string, fields?: object) => {
    process.stderr.write(`${forTerminal(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`)}\n`);
  };
  const silent = () => undefined;
  return { debug: verbose ? write('debug') : silent, info: verbose ? write('info') : silent, warn: write('warn') };
}
