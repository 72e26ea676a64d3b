/** The command line: arguments to the core or the sandbox, results to standard output, everything else to standard error. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { addAccountCommands } from './commands/account';
import { addAuditCommands } from './commands/audit';
import { addCertificateCommands } from './commands/certificate';
import { addConsentCommands } from './commands/consent';
import type { CommandContext } from './commands/context';
import { addCustomerAppCommands } from './commands/customer-app';
import { addErrorCommands } from './commands/errors';
import { addImpersonationCommands } from './commands/impersonation';
import { addJourneyCommands } from './commands/journey';
import { addPlanCommands } from './commands/plan';
import { addSsoCommands } from './commands/sso';
import { addSandboxCommands } from './commands/sandbox';
import { addServeCommand } from './commands/serve';
import { addSweepCommand } from './commands/sweep';
import { addVerifyTenantCommand } from './commands/verify-tenant';
import { EXIT, type Streams } from './output';
import { DEFAULT_CONFIG_FILE, MASTER_KEYS_VARIABLE } from './runtime';

const EXIT_CODES = `
Exit codes: 0 done, 1 unexpected, 2 wrong usage, 3 refused, 4 waiting for a person or replication,
5 attention needed, 6 a service is unavailable.
Secrets come from the environment or files: ${MASTER_KEYS_VARIABLE}=id:base64(32 bytes),… seals the state.`;

export function buildProgram(context: CommandContext): Command {
  const program = new Command('m365-onboarding');
  program
    .description('Onboard customers\' Microsoft 365 tenants for backup, with proof.')
    .version(readVersion(), '--version')
    .option('--json', 'one JSON object on standard output')
    .option('--config <file>', `default ${DEFAULT_CONFIG_FILE}`)
    .option('--state <url>', 'sqlite:PATH (inside the configuration\'s folder), postgres://USER@HOST/DATABASE or memory:')
    .option('--cloud <cloud>', 'global, usgov, usgovdod or china')
    .option('--quiet', 'no progress on standard error')
    .option('--verbose', 'more on standard error')
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({ writeOut: context.streams.out, writeErr: context.streams.err })
    .showHelpAfterError('(add --help for more)');
  for (const add of [addAccountCommands, addConsentCommands, addJourneyCommands, addSsoCommands, addPlanCommands, addImpersonationCommands, addCertificateCommands, addCustomerAppCommands, addAuditCommands, addErrorCommands, addSweepCommand, addServeCommand, addSandboxCommands, addVerifyTenantCommand]) add(program, context);
  return program;
}

/** Run one command line; resolves to the exit code and never rejects. */
export async function run(argv: readonly string[], streams: Streams): Promise<number> {
  const context: CommandContext = { streams, exitCode: EXIT.done };
  try {
    await buildProgram(context).parseAsync([...argv], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    if (argv.includes('--json')) streams.out(`${JSON.stringify({ error: { code: 'USAGE', message: error.message.replace(/^error: /, ''), retryable: false, remedy: 'Run with --help.', owner: 'operator', serviceCode: null, correlationId: null } })}\n`);
    return EXIT.usage;
  }
}

function readVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return version;
}
