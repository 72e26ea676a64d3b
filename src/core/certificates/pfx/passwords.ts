/**
 * One password in every form that programs have given it. PKCS#12's own derivation takes UTF-16 with a terminator (RFC 7292
 * appendix B.1), PBKDF2 takes UTF-8; but NSS gave UTF-16 to PBKDF2, Bouncy Castle ISO-8859-1, OpenSSL before 1.1 widened
 * UTF-8 octets to UTF-16, and a keyboard on macOS may type decomposed letters. The null password is none of them: no octets
 * at all, where the empty password is a terminator.
 */
import type { Secret } from '../../internal/secret';

/** `null` is the null password of Windows, which differs from the empty one. */
export type PfxPassword = Secret | null;

/** What to try, in this order. */
export interface PasswordForms {
  /** For the derivation of PKCS#12. */
  readonly utf16: readonly Buffer[];
  /** For PBKDF2 and scrypt. */
  readonly octets: readonly Buffer[];
}

const NULL_UTF16 = Buffer.alloc(0);
const EMPTY_UTF16 = Buffer.alloc(2);
const EMPTY_OCTETS = Buffer.alloc(0);

/** Not given: the empty password, then null. Either of them stands for both, in its order. */
export function formsOf(password: PfxPassword | undefined): PasswordForms {
  if (password === null) return { utf16: [NULL_UTF16, EMPTY_UTF16], octets: [EMPTY_OCTETS] };
  const text = password?.reveal() ?? '';
  return text === '' ? { utf16: [EMPTY_UTF16, NULL_UTF16], octets: [EMPTY_OCTETS] } : formsOfText(text);
}

function formsOfText(text: string): PasswordForms {
  const spellings = [...new Set([text, text.normalize('NFC'), text.normalize('NFD')])];
  const utf8 = spellings.map((spelling) => Buffer.from(spelling, 'utf8'));
  const latin1 = spellings.map((spelling) => Buffer.from(spelling, 'latin1')).filter((octets, index) => octets.toString('latin1') === spellings[index]);
  const utf16 = spellings.map(toUtf16);
  return {
    utf16: distinct([...utf16, ...utf8.map((octets) => toUtf16(octets.toString('latin1')))]),
    octets: distinct([...utf8, ...latin1, ...utf16]),
  };
}

/** The same forms with the one that has proved right first. */
export function provenFirst(forms: PasswordForms, proven: Uint8Array): PasswordForms {
  const first = (list: readonly Buffer[]) => [...list.filter((form) => form.equals(proven)), ...list.filter((form) => !form.equals(proven))];
  return { utf16: first(forms.utf16), octets: first(forms.octets) };
}

/** UTF-16, big-endian, with the terminating zero character. */
export function toUtf16(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le').swap16();
}

function distinct(forms: readonly Buffer[]): readonly Buffer[] {
  return forms.filter((form, index) => forms.findIndex((other) => other.equals(form)) === index);
}
