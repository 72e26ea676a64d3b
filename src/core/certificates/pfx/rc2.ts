/**
 * RC2 in CBC mode, decryption only, because OpenSSL 3 keeps it in a provider that a host does not load and old Windows
 * and OpenSSL files are encrypted with it. Nothing is ever written with it. RFC 2268.
 */

/** RFC 2268 section 2, "PITABLE". */
const PI = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba217' +
    '9a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e8254d6' +
    '6593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb6266fbf0e' +
    'da4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade' +
    '8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ecc2e0416e0f' +
    '51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d' +
    '38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);
const BLOCK_BYTES = 8;

/** The plaintext without its padding, or undefined when the length or the padding is impossible. */
export function decryptRc2Cbc(key: Buffer, effectiveBits: number, iv: Buffer, ciphertext: Buffer): Buffer | undefined {
  if (ciphertext.length === 0 || ciphertext.length % BLOCK_BYTES !== 0) return undefined;
  const words = expandKey(key, effectiveBits);
  const plain = Buffer.alloc(ciphertext.length);
  for (let at = 0; at < ciphertext.length; at += BLOCK_BYTES) {
    if (at === 0) decryptBlock(words, { ciphertext, plain, at, previous: iv, previousAt: 0 });
    else decryptBlock(words, { ciphertext, plain, at, previous: ciphertext, previousAt: at - BLOCK_BYTES });
  }
  return withoutPadding(plain);
}

/** Section 2: 128 octets from the key, cut back to the effective bits, as 64 words. */
function expandKey(key: Buffer, effectiveBits: number): Uint16Array {
  const expanded = Buffer.alloc(128);
  key.copy(expanded);
  const octet = (index: number) => expanded.readUInt8(index);
  const pi = (index: number) => PI.readUInt8(index & 255);
  for (let index = key.length; index < 128; index += 1) expanded.writeUInt8(pi(octet(index - 1) + octet(index - key.length)), index);
  const effectiveBytes = Math.ceil(effectiveBits / 8);
  const mask = 255 >> (8 * effectiveBytes - effectiveBits);
  expanded.writeUInt8(pi(octet(128 - effectiveBytes) & mask), 128 - effectiveBytes);
  for (let index = 127 - effectiveBytes; index >= 0; index -= 1) expanded.writeUInt8(pi(octet(index + 1) ^ octet(index + effectiveBytes)), index);
  return Uint16Array.from({ length: 64 }, (_, index) => expanded.readUInt16LE(index * 2));
}

interface Place {
  readonly ciphertext: Buffer;
  readonly plain: Buffer;
  readonly at: number;
  /** The block before, or the start value: CBC adds it to what was decrypted. */
  readonly previous: Buffer;
  readonly previousAt: number;
}

/** Section 4: five mixing rounds, a mash, six, a mash, five; all backwards. */
function decryptBlock(words: Uint16Array, { ciphertext, plain, at, previous, previousAt }: Place): void {
  let [a, b, c, d] = [ciphertext.readUInt16LE(at), ciphertext.readUInt16LE(at + 2), ciphertext.readUInt16LE(at + 4), ciphertext.readUInt16LE(at + 6)];
  const subkey = (index: number) => words[index & 63] ?? 0;
  for (let round = 15; round >= 0; round -= 1) {
    d = (turnRight(d, 5) - subkey(round * 4 + 3) - (c & b) - (~c & a)) & 0xffff;
    c = (turnRight(c, 3) - subkey(round * 4 + 2) - (b & a) - (~b & d)) & 0xffff;
    b = (turnRight(b, 2) - subkey(round * 4 + 1) - (a & d) - (~a & c)) & 0xffff;
    a = (turnRight(a, 1) - subkey(round * 4) - (d & c) - (~d & b)) & 0xffff;
    if (round !== 11 && round !== 5) continue;
    d = (d - subkey(c)) & 0xffff;
    c = (c - subkey(b)) & 0xffff;
    b = (b - subkey(a)) & 0xffff;
    a = (a - subkey(d)) & 0xffff;
  }
  plain.writeUInt16LE(a ^ previous.readUInt16LE(previousAt), at);
  plain.writeUInt16LE(b ^ previous.readUInt16LE(previousAt + 2), at + 2);
  plain.writeUInt16LE(c ^ previous.readUInt16LE(previousAt + 4), at + 4);
  plain.writeUInt16LE(d ^ previous.readUInt16LE(previousAt + 6), at + 6);
}

function turnRight(word: number, bits: number): number {
  return ((word >>> bits) | (word << (16 - bits))) & 0xffff;
}

function withoutPadding(plain: Buffer): Buffer | undefined {
  const length = plain.at(-1) ?? 0;
  if (length < 1 || length > BLOCK_BYTES) return undefined;
  const isPadded = plain.subarray(-length).every((octet) => octet === length);
  return isPadded ? plain.subarray(0, -length) : undefined;
}
