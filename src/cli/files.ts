/** Certificate files and their passwords: files are read within the limit and never overwritten, passwords come by standard input. */
import { closeSync, openSync, readSync, unlinkSync, writeFileSync } from 'node:fs';
import { hasCode, MAX_FILE_BYTES, OnboardingError, type PfxPassword, type Secret, secret } from '../core/index';
import type { Streams } from './output';

/** At most one byte more than is allowed, so that a huge file is refused and not read. Raises `INPUT_INVALID`. */
export function readCertificateFile(path: string): Uint8Array {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < buffer.length; length += count) count = readSync(file, buffer, length, buffer.length - length, null);
    return buffer.subarray(0, length);
  } catch (error) {
    throw new OnboardingError('INPUT_INVALID', `${path} could not be read.`, { cause: error, details: { file: path } });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Make the file first, then what goes into it: a name that is taken is found out before anything else happens. Nobody but
 * its owner may read it. When the work fails, the file is taken away again. Raises `INPUT_INVALID`.
 */
export async function writeNewFile<T extends { readonly bytes: Uint8Array }>(path: string, work: () => Promise<T>): Promise<T> {
  const file = createFile(path);
  try {
    const made = await work();
    writeFileSync(file, made.bytes);
    return made;
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

function createFile(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new OnboardingError('INPUT_INVALID', isTaken ? `${path} exists already, and nothing is overwritten.` : `${path} could not be made.`, { cause: error, details: { file: path } });
  }
}

export interface PasswordFlags {
  readonly passwordStdin?: boolean;
  readonly passwordNull?: boolean;
}

/** Undefined when no flag asks for one. Raises `INPUT_INVALID` when both do. */
export async function readPassword(streams: Streams, flags: PasswordFlags): Promise<PfxPassword | undefined> {
  if (flags.passwordStdin === true && flags.passwordNull === true) throw new OnboardingError('INPUT_INVALID', 'Give --password-stdin or --password-null, not both.', { details: { field: 'password' } });
  if (flags.passwordNull === true) return null;
  return flags.passwordStdin === true ? secret(await readLine(streams)) : undefined;
}

interface Passwords {
  readonly password?: PfxPassword | undefined;
  readonly repeatedPassword?: Secret;
}

/** The password that the flags name. Without a flag none, and when the file wants one, twice from the person at the terminal. */
export async function withPassword<T>(streams: Streams, flags: PasswordFlags, open: (passwords: Passwords) => Promise<T>): Promise<T> {
  const { ask } = streams;
  const given = await readPassword(streams, flags);
  try {
    return await open({ password: given });
  } catch (error) {
    if (given !== undefined || ask === undefined || !hasCode(error, 'PFX_PASSWORD_REQUIRED')) throw error;
    return await open({ password: secret(await ask('Password of the file: ')), repeatedPassword: secret(await ask('Once more: ')) });
  }
}

/** Standard input without the end of line that `echo` and editors add. */
export async function readLine({ input }: Streams): Promise<string> {
  const text = input === undefined ? '' : await input();
  return text.replace(/\r?\n$/, '');
}
