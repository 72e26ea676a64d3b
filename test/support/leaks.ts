/**
 * Finds pieces of secrets in whatever came out, however they were written: as they are, in UTF-16, JSON or URL escapes, in hex,
 * base64 or base64url at any offset, as printed bytes, as decimal numbers. A piece of 24 octets, or of 40 digits, is found
 * wherever it begins. What is public of a file, its certificate for one, is no secret.
 */
import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';

const PIECE = 12;
const DIGITS = 20;

export interface LeakSearch {
  /** A PEM private key: its exponent, primes and their relatives, which nothing public shows. */
  hideKey(name: string, pem: string): void;
  hidePassword(name: string, password: string): void;
  /** A file that holds secrets; what it has in common with `known` is nobody's secret. */
  hideFile(name: string, bytes: Uint8Array, known: readonly Uint8Array[]): void;
  readonly size: number;
  /** Which secrets have a piece in the text. */
  find(text: string): readonly string[];
}

export function createLeakSearch(): LeakSearch {
  const pieces = new Map<string, string>();
  const digits = new Map<string, string>();
  const hide = (name: string, bytes: Uint8Array, isKnown: (piece: string) => boolean = () => false) => {
    const text = Buffer.from(bytes).toString('latin1');
    for (let at = 0; at + PIECE <= text.length; at += PIECE) {
      const piece = text.slice(at, at + PIECE);
      if (!isKnown(piece)) pieces.set(piece, name);
    }
  };
  return {
    hideKey: (name, pem) => {
      const { d = '', p = '', q = '', dp = '', dq = '', qi = '' } = createPrivateKey(pem).export({ format: 'jwk' });
      for (const [part, value] of Object.entries({ d, p, q, dp, dq, qi })) {
        const bytes = Buffer.from(value, 'base64url');
        hide(`${name}, ${part}`, bytes);
        const decimal = BigInt(`0x${bytes.toString('hex')}`).toString();
        for (let at = 0; at + DIGITS <= decimal.length; at += DIGITS) digits.set(decimal.slice(at, at + DIGITS), `${name}, ${part} as a number`);
      }
    },
    hidePassword: (name, password) => {
      const utf16 = Buffer.from(password, 'utf16le');
      for (const bytes of [Buffer.from(password), Buffer.from(password.normalize('NFD')), utf16, Buffer.from(utf16).swap16()]) hide(name, bytes);
    },
    hideFile: (name, bytes, known) => {
      const others = known.map((other) => Buffer.from(other).toString('latin1'));
      hide(name, bytes, (piece) => others.some((other) => other.includes(piece)));
    },
    get size() {
      return pieces.size + digits.size;
    },
    find: (text) => {
      const found = new Set<string>();
      for (const view of viewsOf(text)) {
        for (let at = 0; at + PIECE <= view.length; at += 1) {
          const name = pieces.get(view.slice(at, at + PIECE));
          if (name !== undefined) found.add(name);
        }
      }
      for (const [run] of text.matchAll(new RegExp(`\\d{${DIGITS},}`, 'g'))) {
        for (let at = 0; at + DIGITS <= run.length; at += 1) {
          const name = digits.get(run.slice(at, at + DIGITS));
          if (name !== undefined) found.add(name);
        }
      }
      return [...found];
    },
  };
}

/** What the text says, octet by octet, for each way of reading it. */
function* viewsOf(text: string): Generator<string> {
  const latin1 = (bytes: Buffer) => bytes.toString('latin1');
  // As it was read from a file by the octet, and as it would be written into one.
  yield text;
  yield latin1(Buffer.from(text));
  const unescaped = text.replaceAll(/\\+u([0-9a-fA-F]{4})/g, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16))).replaceAll(/\\+(["'\\/`$])/g, '$1');
  yield latin1(Buffer.from(unescaped));
  yield latin1(Buffer.from(text.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))));
  // Lines of PEM, as they are and inside JSON.
  const joined = text.replaceAll(/\\+[rn]|\s/g, '');
  for (const [run] of joined.matchAll(/[A-Za-z0-9+/_-]{16,}/g)) for (const offset of [0, 1, 2, 3]) yield latin1(Buffer.from(run.slice(offset), 'base64url'));
  for (const [run] of joined.replaceAll(':', '').matchAll(/[0-9a-fA-F]{24,}/g)) for (const offset of [0, 1]) yield latin1(Buffer.from(run.slice(offset, run.length - ((run.length - offset) % 2)), 'hex'));
  for (const [run] of text.matchAll(/(?:\d{1,3}[,\s]+){11,}\d{1,3}/g)) yield latin1(Buffer.from((run.match(/\d+/g) ?? []).map(Number)));
}

/** Whatever there is of a value, an error with its causes for one, as a log or a debugger would show it. */
export function printed(value: unknown): string {
  const stack = value instanceof Error ? `\n${String(value.stack)}` : '';
  return `${JSON.stringify(value) ?? ''}\n${String(value)}${stack}\n${inspect(value, { depth: 20, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null })}`;
}
