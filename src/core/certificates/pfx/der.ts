/** Builds DER (ITU-T X.690 section 10): definite, minimal lengths, sets in order. What PKCS#12 needs, and nothing else. */
import { TAG } from './fields';

export function sequence(...members: readonly Buffer[]): Buffer {
  return element(TAG.sequence, Buffer.concat(members));
}

/** Members in ascending order of their encodings, as DER demands. */
export function setOf(...members: readonly Buffer[]): Buffer {
  return element(TAG.set, Buffer.concat(members.toSorted((left, right) => Buffer.compare(left, right))));
}

export function octets(content: Uint8Array): Buffer {
  return element(TAG.octets, content);
}

/** A non-negative integer below 2^48. */
export function integer(value: number): Buffer {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return element(TAG.integer, Buffer.from(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even, 'hex'));
}

export function objectId(oid: string): Buffer {
  const [root = 0, second = 0, ...rest] = oid.split('.').map(Number);
  return element(TAG.objectId, Buffer.from([root * 40 + second, ...rest].flatMap(base128)));
}

export function none(): Buffer {
  return element(TAG.none, Buffer.alloc(0));
}

/** BMPString: UTF-16, big-endian, without a terminator. */
export function bmpText(text: string): Buffer {
  return element(TAG.bmpText, Buffer.from(text, 'utf16le').swap16());
}

/** Explicit `[number]`. */
export function tagged(number: number, content: Buffer): Buffer {
  return element(0xa0 | number, content);
}

/** Implicit `[number]` of a primitive type. */
export function taggedOctets(number: number, content: Buffer): Buffer {
  return element(0x80 | number, content);
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  const shortest = bytes.subarray(bytes.findIndex((octet) => octet !== 0));
  return Buffer.concat([Buffer.from([0x80 | shortest.length]), shortest]);
}

function base128(arc: number): number[] {
  const septets = [arc & 0x7f];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) septets.unshift((left & 0x7f) | 0x80);
  return septets;
}
