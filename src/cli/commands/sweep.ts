/** The command that cron runs over the whole fleet: every account looked at once, who needs somebody, and what it cost. */
import { type Command, InvalidArgumentError } from 'commander';
import type { SweepProgress, SweepReport } from '../../core/index';
import { count, EXIT, type Output, table } from '../output';
import { type CommandContext, runAction } from './context';

interface SweepFlags {
  readonly concurrency?: number;
  readonly resume?: boolean;
  readonly label?: string;
  readonly patience?: number;
}

/** Lines of progress for people; a line per account would hide who needs them. */
const SAY_EVERY = 50;

export function addSweepCommand(program: Command, context: CommandContext): void {
  program
    .command('sweep')
    .option('--concurrency <n>', 'accounts at the same time, 1 to 64; default 8', readCount)
    .option('--resume', 'go on with the last sweep when it did not come to its end')
    .option('--label <label>', 'only accounts with this label')
    .option('--patience <seconds>', 'how long to wait, all in all, for tenants that ask for it; default 1800', readCount)
    .description('advance every account once and say who needs attention; exit code 5 when somebody does')
    .action(async ({ concurrency, resume, label, patience }: SweepFlags, command: Command) => {
      await runAction(context, command, async ({ operator }, output, signal) => {
        const report = await operator().sweep({ concurrency, resume, label, patienceSeconds: patience, signal, onProgress: (progress) => sayProgress(output, progress) });
        output.result(report, () => describeSweep(report));
        return exitCodeOfSweep(report);
      });
    });
}

function exitCodeOfSweep({ attention, failed, unavailable }: SweepReport): number {
  if (attention > 0) return EXIT.attention;
  if (failed === 0) return EXIT.done;
  return failed === unavailable ? EXIT.unavailable : EXIT.unexpected;
}

function readCount(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError('A whole number is expected.');
}

function sayProgress(output: Output, { accounts, accountId, verdict, putBack }: SweepProgress): void {
  if (verdict.kind === 'attention') output.say(`${accountId}: ${verdict.codes.join(', ')}`);
  if (verdict.kind === 'failed') output.say(`${accountId}: ${verdict.code}, nothing can be said`);
  if (accounts % SAY_EVERY === 0) output.say(`${count(accounts, 'account')}${putBack === 0 ? '' : `, ${putBack} put back until a service wants to be asked again`}`);
}

function describeSweep(report: SweepReport): string {
  const { accounts, ok, attention, waiting, failed, requests, durationMs, regressed, failures } = report;
  const counts = `${count(accounts, 'account')} in ${Math.round(durationMs / 1000)} s: ${ok} well, ${count(attention, 'needs attention', 'need attention')}, ${waiting} waiting, ${failed} could not be judged`;
  const cost = requests === null ? [] : [`${count(requests.token, 'token request')}, ${count(requests.graph, 'Graph request')}`];
  return [counts, ...cost, ...named('needs attention', regressed.map(({ accountId, codes }) => [accountId, codes.join(', ')]), attention), ...named('not judged', failures.map(({ accountId, code }) => [accountId, code]), failed)].join('\n');
}

function named(title: string, rows: readonly (readonly string[])[], total: number): readonly string[] {
  if (rows.length === 0) return [];
  return ['', table([title, 'because'], rows), ...(total > rows.length ? [`and ${total - rows.length} more`] : [])];
}
