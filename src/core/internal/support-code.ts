/**
 * The few letters a turned-away visitor reads out on the telephone. They open nothing and say nothing; whoever runs the
 * product finds them in the audit and in the log. No letter looks like another one.
 */
import { createHash } from 'node:crypto';

const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const LENGTH = 8;

/** At least eight random bytes, as a code nobody else has. */
export function randomSupportCode(bytes: Uint8Array): string {
  const letters = Array.from(bytes.subarray(0, LENGTH), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}

/** The code of an audit entry: the same refusal, looked at again, keeps its code and adds no entry. */
export function supportCodeOf(auditId: string): string {
  return randomSupportCode(createHash('sha256').update(`support-code:${auditId}`, 'utf8').digest());
}

/** As somebody types it who heard it, in upper or lower case, with or without the dash. */
export function sameSupportCode(left: string, right: string): boolean {
  const plain = (text: string) => text.replaceAll(/[^0-9A-Za-z]/g, '').toUpperCase();
  return plain(left) === plain(right) && plain(left).length === LENGTH;
}
