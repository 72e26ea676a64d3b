/** The command that cron runs: what is due, what hangs, what has ended; with --rotate it renews as well. */
import type { Command } from 'commander';
import { type AppKeys, type CertificateCheck, type CheckedCredential, type HeartbeatView, OnboardingError } from '../../core/index';
import { EXIT, instant, table } from '../output';
import { type CommandContext, runAction } from './context';

interface CheckFlags {
  readonly rotate?: boolean;
  readonly heartbeat?: boolean;
  readonly directory?: boolean;
}

export function addCheckCommand(certificate: Command, context: CommandContext): void {
  certificate
    .command('check')
    .option('--rotate', 'begin the rotation of what is due, and take one step of each that is running')
    .option('--heartbeat', 'only say whether the check still runs; checks nothing')
    .option('--directory', 'also ask the directory when client secrets end, and whether the apps\' keys are as we know them')
    .description('look at every credential in use, your own apps\' first; exit code 5 when something needs attention')
    .action(async (flags: CheckFlags, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output, signal) => {
        const { certificates } = installation;
        if (flags.heartbeat === true) {
          if (flags.rotate === true || flags.directory === true) throw new OnboardingError('INPUT_INVALID', '--heartbeat checks nothing, so it goes with no other flag.', { details: { field: 'heartbeat' } });
          const heartbeat = await certificates.checkHeartbeat(operatorId());
          output.result({ heartbeat }, () => describeHeartbeat(heartbeat));
          return heartbeat.overdue ? EXIT.attention : EXIT.done;
        }
        const { rotate, directory } = flags;
        const { items, appKeys, heartbeat, steps, complete, attention } = await certificates.check(operatorId(), { rotate, directory, signal });
        output.result({ items, next: null, appKeys, heartbeat, steps, complete }, () => describeCheck({ items, appKeys, heartbeat, steps, complete }));
        if (attention) return EXIT.attention;
        return complete ? EXIT.done : EXIT.unavailable;
      });
    });
}

function describeCheck({ items, appKeys, heartbeat, steps, complete }: Pick<CertificateCheck, 'items' | 'appKeys' | 'heartbeat' | 'steps' | 'complete'>): string {
  const rows = items.map((item) => [item.name, item.source, item.appKeys.join(', '), item.status.replaceAll('_', ' '), instantOf(item.notAfter), instant(item.renewAt), rotationOf(item)]);
  const problems = items.flatMap(({ name, problems: found }) => found.map(({ code, message }) => `${name}: ${message} (${code})`));
  const done = steps.map(({ certificateId, step, state }) => `${items.find((item) => item.certificateId === certificateId)?.name ?? certificateId}: ${step === 'wait' ? 'nothing to do yet' : step.replaceAll('_', ' ')}, now ${state.replaceAll('_', ' ')}`);
  const list = rows.length === 0 ? 'No app has a credential.' : table(['credential', 'source', 'apps', 'state', 'ends', 'renewed', 'rotation'], rows);
  return [list, ...blank(done), ...blank([...problems, ...(appKeys ?? []).flatMap(describeKeys)]), '', complete ? describeHeartbeat(heartbeat) : `This check is not complete and does not count. ${describeHeartbeat(heartbeat)}`].join('\n');
}

function describeKeys({ appKey, unknown, missing, problem }: AppKeys): readonly string[] {
  return [
    ...(problem === null ? [] : [`${appKey}: ${problem.message} (${problem.code})`]),
    ...missing.map(({ keyId, name }) => `${appKey}: the key ${keyId}${name === null ? '' : ` of "${name}"`} is gone from the app registration.`),
    ...unknown.map(({ keyId, displayName, endDateTime }) => `${appKey}: nobody here knows the key ${keyId} (${displayName ?? 'without a name'}, ends ${endDateTime ?? 'at no given time'}).`),
  ];
}

function blank(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function instantOf(text: string | null): string {
  return text === null ? '-' : instant(Date.parse(text));
}

function rotationOf({ rotation }: CheckedCredential): string {
  if (rotation === null) return '-';
  const state = rotation.state.replaceAll('_', ' ');
  return rotation.nextStepAt === null ? state : `${state}, next step ${instant(rotation.nextStepAt)}`;
}

function describeHeartbeat({ lastAt, dueBy, overdue }: HeartbeatView): string {
  if (dueBy === null) return 'No check has run yet, and nothing is stored that it would look after.';
  const last = lastAt === null ? 'No check was ever completed' : `Last complete check ${instant(lastAt)}`;
  return overdue ? `${last}: overdue since ${instantOf(dueBy)}. Look at whatever is meant to run it.` : `${last}, an alarm after ${instantOf(dueBy)}.`;
}
