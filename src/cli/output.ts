/** What reaches standard output and standard error, and with which exit code. Programs read the former, people the latter. */
import { asOnboardingError, type ErrorCode, type OnboardingError } from '../core/index';

export const EXIT = { done: 0, unexpected: 1, usage: 2, refused: 3, waiting: 4, attention: 5, unavailable: 6 } as const;

export interface Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** One JSON object on one line with --json, otherwise the text for people. */
  result(value: unknown, text: () => string): void;
  /** Progress for people, on standard error. */
  say(message: string): void;
}

export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Standard input to its end; absent where there is none. */
  readonly input?: () => Promise<string>;
  /** Ask the person at the terminal for something that is not shown; absent where there is no terminal. */
  readonly ask?: (prompt: string) => Promise<string>;
}

export function createOutput(streams: Streams, flags: { readonly json?: boolean | undefined; readonly quiet?: boolean | undefined }): Output {
  const json = flags.json === true;
  const quiet = flags.quiet === true;
  return {
    json,
    quiet,
    result: (value, text) => streams.out(`${json ? JSON.stringify(withReadableInstants(value)) : forTerminal(text())}\n`),
    say: (message) => {
      if (!quiet) streams.err(`${forTerminal(message)}\n`);
    },
  };
}

/** Names come from customers' directories: an escape sequence in one of them must not reach the operator's terminal. */
export function forTerminal(text: string): string {
  return text.replaceAll(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, '\u{fffd}');
}

/** Instants are milliseconds inside and ISO 8601 outside: a number named `…At` or `since` becomes a string. */
export function withReadableInstants(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReadableInstants);
  if (typeof value !== 'object' || value === null) return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, typeof item === 'number' && /(At|^since|^at)$/.test(name) ? new Date(item).toISOString() : withReadableInstants(item)]));
}

export function instant(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '-' : new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** Print a failure in the documented form and give its exit code. The cause and the stack stay inside. */
export function reportFailure(streams: Streams, json: boolean, verbose: boolean, thrown: unknown): number {
  const error = asOnboardingError(thrown);
  if (json) streams.out(`${JSON.stringify({ error })}\n`);
  else streams.err(forTerminal(describeFailure(error)));
  if (verbose && error.code === 'UNEXPECTED' && error.cause instanceof Error) streams.err(`${describeCause(error.cause)}\n`);
  return exitCodeOf(error);
}

function describeFailure(error: OnboardingError): string {
  const evidence = [error.serviceCode, error.correlationId === undefined ? undefined : `correlation id ${error.correlationId}`].filter((part) => part !== undefined).join(', ');
  const passOn = error.adminMessage === undefined ? '' : `  tell the customer's admin:  ${error.adminMessage}\n`;
  return `${error.message}\n  code:  ${error.code}${evidence === '' ? '' : ` (${evidence})`}\n  next:  ${error.remedy} (${error.owner})\n${passOn}`;
}

/** Where it happened, not what it says: nobody knows what a foreign message quotes. */
function describeCause(cause: Error): string {
  return [cause.name, ...(cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))].join('\n');
}

const REFUSED_THOUGH_INVESTIGATED: ReadonlySet<ErrorCode> = new Set(['STATE_CORRUPTED', 'STATE_RECORD_INVALID', 'STATE_RECORD_TAMPERED', 'SEAL_BROKEN']);

export function exitCodeOf(error: OnboardingError): number {
  if (error.reaction === 'retry_later') return EXIT.unavailable;
  if (error.reaction === 'attention') return EXIT.attention;
  if (error.reaction === 'investigate') return REFUSED_THOUGH_INVESTIGATED.has(error.code) ? EXIT.refused : EXIT.unexpected;
  return EXIT.refused;
}

/** `1 account`, `2 accounts`. */
export function count(amount: number, one: string, several = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : several}`;
}

/** Plain columns for lists. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((header, column) => Math.max(header.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd();
  return [line(headers), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
