/**
 * State keys as bytes whose order is the order of their UTF-16 code units, which is what the StateStore port promises and
 * what plain UTF-8 gets wrong for characters beyond the basic plane. The form is CESU-8 (Unicode Technical Report 26):
 * UTF-8, except that the two halves of a surrogate pair are encoded one by one. Ordinary keys stay readable in any tool.
 */

const SURROGATES = /[\uD800-\uDFFF]/;

export function encodeKey(key: string): Uint8Array {
  if (!SURROGATES.test(key)) return Buffer.from(key, 'utf8');
  return Buffer.concat(key.split('').map((unit) => (SURROGATES.test(unit) ? encodeHalf(unit.charCodeAt(0)) : Buffer.from(unit, 'utf8'))));
}

export function decodeKey(bytes: Uint8Array): string {
  // Latin-1 makes one character of every byte, so that the three bytes of a half can be found and put together.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return text
    .split(/(\xED[\xA0-\xBF][\x80-\xBF])/)
    .map((part, index) => (index % 2 === 1 ? decodeHalf(part) : Buffer.from(part, 'latin1').toString('utf8')))
    .join('');
}

/** The lower bound, inclusive, of all keys after this one. */
export function firstKeyAfter(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** The upper bound, exclusive, of all keys that start with `prefix`. */
export function firstKeyBeyond(prefix: string): Uint8Array {
  const bytes = Buffer.from(encodeKey(prefix));
  // No byte of an encoded key is 0xFF: adding one never carries over, and 0xFF is beyond every key.
  if (bytes.length === 0) return Buffer.of(0xff);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) + 1, bytes.length - 1);
  return bytes;
}

function encodeHalf(unit: number): Buffer {
  return Buffer.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
}

function decodeHalf(part: string): string {
  const [first = 0, second = 0, third = 0] = Buffer.from(part, 'latin1');
  return String.fromCharCode(((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f));
}
