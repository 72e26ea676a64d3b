/** What every command gets: where to print, and how to run with an installation and end with the right exit code. */
import { type Command, InvalidArgumentError } from 'commander';
import { OnboardingError, type Secret, secret } from '../../core/index';
import { readLine } from '../files';
import { createOutput, type Output, reportFailure, type Streams } from '../output';
import { type GlobalFlags, type Runtime, withRuntime } from '../runtime';

export interface CommandContext {
  readonly streams: Streams;
  /** Set once, by the command that ran. */
  exitCode: number;
}

export type Action = (runtime: Runtime, output: Output, signal: AbortSignal) => Promise<number>;

/** Run a command's work with an installation; a failure is printed in the documented form. */
export async function runAction(context: CommandContext, command: Command, action: Action): Promise<void> {
  await runPlain(context, command, async (output, flags, signal) => withRuntime(flags, (runtime) => action(runtime, output, signal)));
}

/** The same without an installation (the sandbox needs none). */
export async function runPlain(context: CommandContext, command: Command, action: (output: Output, flags: GlobalFlags, signal: AbortSignal) => Promise<number>): Promise<void> {
  const flags: GlobalFlags = command.optsWithGlobals();
  const interrupted = new AbortController();
  const stop = () => interrupted.abort(new Error('interrupted'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    context.exitCode = await action(createOutput(context.streams, flags), flags, interrupted.signal);
  } catch (error) {
    // A wait that was cut short ends with the signal's reason, which is no failure of anything.
    const thrown = error === interrupted.signal.reason ? new OnboardingError('UNEXPECTED', 'Interrupted. Nothing is lost: run it again.') : error;
    context.exitCode = reportFailure(context.streams, flags.json === true, flags.verbose === true, thrown);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** For `--port`: anything else is wrong usage. */
export function readPort(text: string): number {
  const port = Number(text);
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535.');
}

/** An access token for this one call: never an argument, which other people of the machine could read. */
export async function readTokenFromStdin({ streams }: CommandContext): Promise<Secret> {
  return secret((await readLine(streams)).trim());
}
