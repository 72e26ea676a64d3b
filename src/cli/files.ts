/** Certificate files and their passwords: files are read within the limit and never overwritten, passwords come by standard input. */
import { closeSync, openSync, readSync } from 'node:fs';
import { MAX_FILE_BYTES, OnboardingError, type PfxPassword, secret } from '../core/index';
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

/** Standard input without the end of line that `echo` and editors add. */
export async function readLine({ input }: Streams): Promise<string> {
  const text = input === undefined ? '' : await input();
  return text.replace(/\r?\n$/, '');
}
