import type { Command } from 'commander';
import { type AdminDiscovery, ERROR_CATALOG, type JourneyReport } from '../../core/index';
import { EXIT, instant, table } from '../output';
import { reasonLines } from '../reasons';
import { type Action, type CommandContext, runAction } from './context';

export function addJourneyCommands(program: Command, context: CommandContext): void {
  program
    .command('advance')
    .argument('<account>')
    .option('--wait', 'block until a person is needed, it is active, or something is due')
    .description('do everything that needs no person, then say what it waits for')
    .action(async (accountId: string, flags: { readonly wait?: boolean }, command: Command) => {
      await runAction(context, command, advance(accountId, flags.wait === true));
    });
  program.command('status').argument('<account>').description('where the onboarding stands; changes nothing').action(async (accountId: string, _flags: unknown, command: Command) => {
    await runAction(context, command, async ({ operator }, output) => {
      const report = await operator().status(accountId);
      output.result(report, () => describeJourney(report));
      return EXIT.done;
    });
  });
  const admins = program.command('admins').description('admins with full rights');
  admins.command('list').argument('<account>').description('candidates, and who is excluded and why').action(async (accountId: string, _flags: unknown, command: Command) => {
    await runAction(context, command, async ({ operator }, output, signal) => {
      const found = await operator().listAdmins(accountId, signal);
      output.result(found, () => describeAdmins(found));
      return EXIT.done;
    });
  });
}

function advance(accountId: string, wait: boolean): Action {
  return async ({ operator, clock }, output, signal) => {
    for (;;) {
      const report = await operator().advance(accountId, signal);
      const worthWaiting = wait && report.waitingFor === 'replication' && report.nextCheckAt !== null && !signal.aborted;
      if (!worthWaiting) {
        output.result(report, () => describeJourney(report));
        if (report.state === 'attention') return EXIT.attention;
        return report.waitingFor === null ? EXIT.done : EXIT.waiting;
      }
      output.say(`${report.state}: next look at ${instant(report.nextCheckAt)}`);
      await clock.sleep(Math.max(0, (report.nextCheckAt ?? 0) - clock.now()), signal);
    }
  };
}

function describeJourney(report: JourneyReport): string {
  const waiting = report.waitingFor === null ? '' : `, waiting for ${report.waitingFor.replaceAll('_', ' ')}`;
  const next = report.nextCheckAt === null ? '' : `, next look at ${instant(report.nextCheckAt)}`;
  return [`${report.accountId}: ${report.state} since ${instant(report.since)}${waiting}${next}`, ...(report.reasons.length === 0 ? nextCommand(report) : reasonLines(report.reasons))].join('\n');
}

/** For waits that have no reason of their own: nothing went wrong, and a newcomer does not know what to type. */
function nextCommand({ accountId, state }: JourneyReport): string[] {
  if (state === 'new') return [`    next: consent open ${accountId} (operator)`];
  return state === 'admin_needed' ? [`    next: admins list ${accountId}, then sso bind ${accountId} --admin OBJECT_ID (operator)`] : [];
}

export function describeAdmins(found: AdminDiscovery): string {
  const candidates = found.candidates.map((person) => [String(person.rank), person.upn, person.objectId, person.routes.map((route) => (route.via === 'group' ? `${route.role} via ${route.groupName ?? 'a group'}` : route.role)).join(', ')]);
  const excluded = found.excluded.map((person) => [person.upn ?? person.displayName ?? person.objectId, person.excludedBecause.map((reason) => reason.message).join(' ')]);
  const chosenFrom = candidates.length === 0 ? reasonLines([{ code: 'ADMINS_NONE', message: ERROR_CATALOG.ADMINS_NONE.means }]) : [table(['rank', 'admin', 'object id', 'roles'], candidates)];
  const why = found.candidates.map(({ rank, upn, reasons }) => `  ${rank}  ${upn}: ${reasons.join(' ')}`);
  return [...chosenFrom, ...(why.length === 0 ? [] : ['', 'why in this order', ...why]), ...(excluded.length === 0 ? [] : ['', table(['excluded', 'because'], excluded)]), '', `eligible people: ${found.eligibility.replaceAll('_', ' ')}; through groups: ${found.groupEligibility.replaceAll('_', ' ')}; last sign-ins: ${found.signIns.replaceAll('_', ' ')}`].join('\n');
}
