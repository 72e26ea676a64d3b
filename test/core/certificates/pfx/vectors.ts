/** The files of test/vectors/pfx with what is expected of them. */
import { readFileSync } from 'node:fs';
import { secret } from '../../../../src/core/internal/secret';

const folder = new URL('../../../vectors/pfx/', import.meta.url);

export interface Vector {
  readonly file: string;
  readonly password: string | null;
  readonly tier: 'core' | 'exotic' | 'quirk';
  readonly expect: { readonly ok: boolean; readonly error?: string; readonly certificates?: readonly string[]; readonly keys?: readonly string[] };
}

export const VECTORS = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as readonly Vector[];

export function bytesOf(file: string): Buffer {
  return readFileSync(new URL(file, folder));
}

export function passwordOf({ password }: Pick<Vector, 'password'>) {
  return password === null ? null : secret(password);
}
