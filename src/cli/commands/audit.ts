import type { Command } from 'commander';
import { type AuditEntry, sameSupportCode } from '../../core/index';
import { EXIT, instant, table } from '../output';
import { type CommandContext, runAction } from './context';

export function addAuditCommands(program: Command, context: CommandContext): void {
  const audit = program.command('audit').description('the hash-chained audit');
  audit
    .command('list')
    .option('--account <account>', 'only entries of this account')
    .option('--support-code <code>', 'only the refusal whose page shows this support code')
    .description('entries, oldest first')
    .action(async (flags: { readonly account?: string; readonly supportCode?: string }, command: Command) => {
      await runAction(context, command, async ({ installation, operator }, output) => {
        const mine = operator();
        const items: AuditEntry[] = [];
        for await (const entry of installation.audit.list()) {
          const wanted = (flags.account === undefined || entry.accountId === flags.account) && (flags.supportCode === undefined || hasSupportCode(entry, flags.supportCode));
          if (wanted && (await mine.mayRead(entry.accountId))) items.push(entry);
        }
        // One refusal is read in full; a list is not.
        const told = flags.supportCode === undefined ? [] : items.map((entry) => `${entry.action}: ${JSON.stringify(entry.details)}`);
        output.result({ items, next: null }, () => [table(['no', 'at', 'action', 'phase', 'actor', 'account', 'outcome'], items.map((entry) => [String(entry.seq), instant(entry.at), entry.action, entry.phase, entry.actor, entry.accountId ?? '-', entry.outcome ?? '-'])), ...told].join('\n'));
        return EXIT.done;
      });
    });
  audit.command('verify').description('find a changed, missing or reordered entry').action(async (_flags: unknown, command: Command) => {
    await runAction(context, command, async ({ installation }, output) => {
      const result = await installation.audit.verify();
      // On a broken chain nothing further can be said about what it holds.
      const openIntents = result.intact ? await installation.audit.orphanedIntents() : [];
      output.result({ ...result, openIntents: openIntents.map(({ seq, id, at, actor, accountId }) => ({ seq, id, at, actor, accountId })) }, () =>
        result.intact ? [`The chain of ${result.entries} entries is intact.`, ...openIntents.map((entry) => `  no outcome yet: ${entry.id} by ${entry.actor} at ${instant(entry.at)}`)].join('\n') : `The chain is broken at entry ${result.brokenAt ?? '?'}.`,
      );
      return result.intact ? EXIT.done : EXIT.attention;
    });
  });
}

function hasSupportCode({ details }: AuditEntry, wanted: string): boolean {
  const code = details?.['supportCode'];
  return typeof code === 'string' && sameSupportCode(code, wanted);
}
