import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { OnboardingError } from '../../core/index';
import { CLOUD_NAMES, type CloudName, FaultPlanError, type FaultsInput, isCloudName, LIES, readFaultsArgument, startSandbox, writeSandboxConfig } from '../../sandbox/index';
import { EXIT } from '../output';
import { type CommandContext, readPort, runPlain } from './context';

interface StartFlags {
  readonly port?: number;
  readonly seed?: string;
  readonly readyFile?: string;
  readonly writeConfig?: string;
  readonly masquerade?: true | CloudName;
  readonly faults?: string;
  readonly lie?: readonly string[];
}

export function addSandboxCommands(program: Command, context: CommandContext): void {
  program
    .command('sandbox')
    .description('a strict local Entra ID and Microsoft Graph')
    .command('start')
    .option('--port <port>', 'default: any free one', readPort)
    .option('--seed <file>', 'tenants, people, apps and replication lag (docs/sandbox.md)')
    .option('--ready-file <file>', 'also write the ready line here')
    .option('--write-config <file>', 'write a configuration that points here')
    .option('--masquerade [cloud]', `answer under Microsoft's own host names behind a proxy on this machine (${CLOUD_NAMES.join(', ')})`, readCloud)
    .option('--faults <preset or file>', 'what goes wrong: calm, rough-day, replication-hell, sts-outage, key-rollover, throttled-tenant, lossy-network, a fault plan or a trace')
    .option('--lie <id>', 'be wrong in this one way (docs/lies.md); may be given again', collectLie)
    .description('start it and stay in the foreground; one JSON line says where everything is')
    .action(async (flags: StartFlags, command: Command) => {
      await runPlain(context, command, async (_output, _globals, signal) => {
        if (flags.masquerade !== undefined && flags.writeConfig !== undefined) {
          throw new OnboardingError('INPUT_INVALID', 'No configuration can point at a sandbox in masquerade: leave out --write-config.', { details: { field: 'writeConfig' } });
        }
        const sandbox = await startSandbox({
          lies: flags.lie,
          ...(flags.port === undefined ? {} : { port: flags.port }),
          ...(flags.seed === undefined ? {} : { seedFile: resolve(flags.seed) }),
          ...(flags.masquerade === undefined ? {} : { masquerade: flags.masquerade }),
          ...(flags.faults === undefined ? {} : { faults: await readFaults(flags.faults) }),
        });
        const line = `${JSON.stringify(sandbox.ready)}\n`;
        if (flags.writeConfig !== undefined) writeSandboxConfig(sandbox.ready, resolve(flags.writeConfig));
        if (flags.readyFile !== undefined) writePrivate(resolve(flags.readyFile), line);
        context.streams.out(line);
        await new Promise<void>((done) => {
          if (signal.aborted) done();
          signal.addEventListener('abort', () => done(), { once: true });
        });
        await sandbox.stop();
        return EXIT.done;
      });
    });
}

function collectLie(id: string, before: readonly string[] = []): readonly string[] {
  if (LIES.some((lie) => lie.id === id)) return [...before, id];
  throw new InvalidArgumentError('No lie has this id: docs/lies.md lists them.');
}

async function readFaults(presetOrFile: string): Promise<FaultsInput> {
  try {
    return await readFaultsArgument(presetOrFile);
  } catch (error) {
    throw error instanceof FaultPlanError ? new OnboardingError('INPUT_INVALID', error.message, { details: { field: 'faults' }, cause: error }) : error;
  }
}

function readCloud(name: string): CloudName {
  if (isCloudName(name)) return name;
  throw new InvalidArgumentError(`One of: ${CLOUD_NAMES.join(', ')}.`);
}

/** The ready line holds the sandbox's test credentials. */
function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
}
