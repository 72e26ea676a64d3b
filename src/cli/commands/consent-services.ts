/** `consent services`: does what the apps back up work in the customer's tenant, and if not, whose move is it? */
import type { Command } from 'commander';
import type { RememberedServices, ServiceReport, ServicesReport } from '../../core/index';
import { EXIT, instant } from '../output';
import { type CommandContext, runAction } from './context';

export function addConsentServicesCommand(consent: Command, context: CommandContext): void {
  consent
    .command('services')
    .argument('<account>')
    .option('--last', 'what the last check found; asks nobody')
    .description('whether what the apps back up works in the tenant: grants, licences, one reading each (exit 5 unless all are ready)')
    .action(async (accountId: string, flags: { readonly last?: boolean }, command: Command) => {
      await runAction(context, command, async ({ operator }, output, signal) => {
        if (flags.last === true) {
          const remembered = (await operator().lastServices(accountId)) ?? null;
          output.result({ last: remembered }, () => describeRemembered(remembered));
          return EXIT.done;
        }
        const report = await operator().checkServices(accountId, signal);
        output.result(report, () => describe(report));
        return report.ready ? EXIT.done : EXIT.attention;
      });
    });
}

function describe(report: ServicesReport): string {
  const lines = report.services.flatMap(describeService);
  if (report.services.length === 0) lines.push('No app declares a service.');
  if (report.nextCheckAt !== null) lines.push(`look again at ${instant(report.nextCheckAt)}`);
  return lines.join('\n');
}

function describeService({ service, state, code, message, owner, remedy, notes }: ServiceReport): string[] {
  const lines = [`${service.padEnd(12)} ${state}`, `  ${message}`];
  if (code !== null) lines.push(`  ${code}, for the ${owner ?? 'operator'}: ${remedy ?? ''}`);
  return [...lines, ...notes.map((note) => `  note ${note.code}: ${note.message}`)];
}

function describeRemembered(remembered: RememberedServices | null): string {
  if (remembered === null) return 'The services of this account were never checked.';
  return [`checked ${instant(remembered.checkedAt)}`, ...remembered.services.map(({ service, state, message }) => `${service.padEnd(12)} ${state}  ${message}`)].join('\n');
}
