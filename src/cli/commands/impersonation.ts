import type { Command } from 'commander';
import { EXIT, instant } from '../output';
import { type CommandContext, runAction } from './context';

interface IssueFlags {
  readonly reason: string;
  readonly level?: 'restricted' | 'full';
}

export function addImpersonationCommands(program: Command, context: CommandContext): void {
  const issue = (command: Command) =>
    command
      .argument('<account>')
      .requiredOption('--reason <text>', 'why, in your words or a ticket number; the customer can read it')
      .option('--level <level>', 'restricted, to ask for less than the customer allows')
      .description('issue a one-time code for the customer\'s backup portal, as the configured operator')
      .action(async (accountId: string, flags: IssueFlags, self: Command) => {
        await runAction(context, self, async ({ operator }, output, signal) => {
          const issued = await operator().impersonate({ accountId, reason: flags.reason, accessLevel: flags.level, signal });
          // The code is the documented exception to "no secret on standard output": single use, 60 seconds.
          const { deliverTo, expiresAt, jti } = issued;
          output.result({ deliverTo, code: issued.code.reveal(), expiresAt, jti }, () => `Post this code to ${deliverTo} before ${instant(expiresAt)} (it works once):\n${issued.code.reveal()}`);
          return EXIT.done;
        });
      });
  const impersonation = program.command('impersonation').description('impersonation grants');
  issue(impersonation.command('issue'));
  issue(program.command('impersonate'));
}
