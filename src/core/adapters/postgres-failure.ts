/**
 * What a failed call to PostgreSQL means. A statement is taken back only when the server said so in words that leave no
 * doubt; a write that stayed without an answer may have been made, and the caller is told. The server's own words are not
 * repeated, because they quote keys, values and role names; SQLSTATE says enough (PostgreSQL documentation, "Error Codes").
 */
import { isOnboardingError, OnboardingError } from '../errors';

/** `opening` also judges the location; of `writing` the caller must know what became of it. */
export type PostgresMoment = 'opening' | 'asking' | 'writing';

/** Data, constraint, transaction, syntax or access, limit and lock errors, and a cancelled statement: never of a statement that took effect. */
const TAKEN_BACK = /^(22|23|25|42|54|55)|^40001$|^40P01$|^57014$/;
/** What no waiting mends: sign-in, database, rights. */
const WRONG_LOCATION = /^28|^3D000$|^42501$/;
/** Our statements meet tables that are not ours. */
const FOREIGN_TABLES = /^42(P07|P16|703|804|809|883)$/;

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^28/, 'the server refused the sign-in'],
  [/^3D000/, 'there is no such database'],
  [/^42501/, 'the role lacks a right'],
  [/^42P01|^3F000/, 'its tables are gone'],
  [/^25006/, 'the server takes no writes'],
  [/^53300/, 'the server has no session left'],
  [/^53/, 'the server is out of space or memory'],
  [/^57014/, 'the server took too long'],
  [/^57P/, 'the server is stopping or starting'],
];

/** True for the server's own no to a statement: nothing of it remains, and the session is as good as before. */
export function isTakenBack(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && TAKEN_BACK.test(state);
}

/**
 * `STATE_UNAVAILABLE`, with `mayHaveLanded` in the details of a write; when opening also `STATE_LOCATION_REFUSED`. Our own
 * errors pass. `wasSent` is false when there was no session to send anything to.
 */
export function explainFailure(cause: unknown, place: string, moment: PostgresMoment, wasSent = true): OnboardingError {
  if (isOnboardingError(cause)) return cause;
  const state = sqlStateOf(cause);
  const reason = state === undefined ? wordsOf(cause) : `${reasonOf(state)} (SQLSTATE ${state})`;
  if (moment === 'opening' && state !== undefined) {
    if (WRONG_LOCATION.test(state)) return failure('STATE_LOCATION_REFUSED', place, reason, state);
    if (FOREIGN_TABLES.test(state)) return failure('STATE_LOCATION_REFUSED', place, `the schema holds tables of something else (SQLSTATE ${state})`, state);
  }
  const mayHaveLanded = moment === 'writing' && wasSent && !isTakenBack(cause);
  const told = mayHaveLanded ? `${reason}; the write may have been made all the same` : reason;
  // The server's error quotes rows; the socket's and the driver's quote nothing of ours.
  return failure('STATE_UNAVAILABLE', place, told, state, { ...(moment === 'writing' && { mayHaveLanded }) }, state === undefined ? cause : undefined);
}

function failure(code: 'STATE_UNAVAILABLE' | 'STATE_LOCATION_REFUSED', place: string, reason: string, sqlState: string | undefined, details: Readonly<Record<string, boolean>> = {}, cause?: unknown): OnboardingError {
  return new OnboardingError(code, `The PostgreSQL state at ${place} cannot be used: ${reason}.`, { cause, details: { ...details, ...(sqlState !== undefined && { sqlState }) } });
}

/** Only the server's errors have a severity; a socket's codes look like `ECONNREFUSED`. */
function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}

function reasonOf(state: string): string {
  return REASONS.find(([pattern]) => pattern.test(state))?.[1] ?? 'the server answered with an error';
}

function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'for no given reason';
  // Several addresses were tried, and only the parts say what happened.
  const words = cause instanceof AggregateError && cause.message === '' ? cause.errors.map((each) => (each as Error).message).join('; ') : cause.message;
  return words.replace(/\.$/, '');
}
