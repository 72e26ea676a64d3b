/**
 * Reads ITU-T X.690 BER as far as PKCS#12 files use it: definite and indefinite lengths, constructed strings. Every length,
 * the depth and the number of elements are checked; nothing is decoded that was not asked for. Refused: tag numbers above
 * 30, lengths beyond the enclosing element, and end-of-contents where nothing is open.
 */
import { MAX_DEPTH, MAX_ELEMENTS } from './limits';
import { malformed, truncated } from './refusal';

export interface BerElement {
  /** The identifier octet: class, the constructed bit, tag number. */
  readonly tag: number;
  readonly isConstructed: boolean;
  readonly children: readonly BerElement[];
  /** Between the header and the end, as it is written. */
  readonly content: Buffer;
  /** With header and, when the length is indefinite, the end-of-contents. */
  readonly encoded: Buffer;
}

/** How many elements may still be read; one for a file and all that is decrypted from it. */
export interface ElementBudget {
  left: number;
}

export function createElementBudget(): ElementBudget {
  return { left: MAX_ELEMENTS };
}

const CONSTRUCTED = 0x20;
const INDEFINITE = 0x80;
const MAX_LENGTH_OCTETS = 4;

interface Place {
  readonly bytes: Buffer;
  readonly start: number;
  /** Where the enclosing element, or the input, ends. */
  readonly end: number;
  readonly depth: number;
  /** No enclosing element has a definite length, so that what is missing is missing at the end of the file. */
  readonly isOpen: boolean;
  readonly budget: ElementBudget;
}

/**
 * The first element of `bytes`; what follows it is left alone. `isFile`: running out of bytes means that the file was
 * cut. Raises `PFX_TRUNCATED`, `PFX_MALFORMED`.
 */
export function readBer(bytes: Uint8Array, budget: ElementBudget, isFile = false): BerElement {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readElement({ bytes: buffer, start: 0, end: buffer.length, depth: 0, isOpen: isFile, budget });
}

/** The one element that `bytes` is; undefined when it is anything else. What a decryption by a wrong key never gives. */
export function readWholeSequence(bytes: Uint8Array, budget: ElementBudget): BerElement | undefined {
  const attempt = { left: budget.left };
  try {
    const element = readBer(bytes, attempt);
    if (element.tag !== 0x30 || element.encoded.length !== bytes.length) return undefined;
    budget.left = attempt.left;
    return element;
  } catch {
    return undefined;
  }
}

function readElement(place: Place): BerElement {
  const { bytes, start, end, budget } = place;
  if (place.depth > MAX_DEPTH) throw malformed('its elements are nested too deeply');
  if ((budget.left -= 1) < 0) throw malformed('it has too many elements');
  requireBytes(place, start, 2);
  const tag = bytes.readUInt8(start);
  if ((tag & 0x1f) === 0x1f) throw malformed('it has a tag that PKCS#12 does not use');
  if (tag === 0) throw malformed('an element ends that was not begun');
  const isConstructed = (tag & CONSTRUCTED) !== 0;
  if (bytes.readUInt8(start + 1) === INDEFINITE) return readIndefinite(place, tag, isConstructed);
  const { contentStart, length } = readLength(place);
  requireBytes(place, contentStart, length);
  const contentEnd = contentStart + length;
  const children = isConstructed ? readChildren({ ...place, start: contentStart, end: contentEnd, isOpen: false }) : [];
  return { tag, isConstructed, children, content: bytes.subarray(contentStart, contentEnd), encoded: bytes.subarray(start, Math.min(contentEnd, end)) };
}

function readLength({ bytes, start, ...place }: Place): { readonly contentStart: number; readonly length: number } {
  const first = bytes.readUInt8(start + 1);
  if (first < INDEFINITE) return { contentStart: start + 2, length: first };
  const octets = first & 0x7f;
  if (octets > MAX_LENGTH_OCTETS) throw malformed('an element claims an impossible length');
  requireBytes({ bytes, start, ...place }, start + 2, octets);
  return { contentStart: start + 2 + octets, length: bytes.readUIntBE(start + 2, octets) };
}

function readChildren(place: Place): readonly BerElement[] {
  const children: BerElement[] = [];
  for (let next = place.start; next < place.end; ) {
    const child = readElement({ ...place, start: next, depth: place.depth + 1 });
    children.push(child);
    next += child.encoded.length;
  }
  return children;
}

function readIndefinite(place: Place, tag: number, isConstructed: boolean): BerElement {
  if (!isConstructed) throw malformed('a plain value has no length');
  const { bytes, start } = place;
  const children: BerElement[] = [];
  let next = start + 2;
  for (;;) {
    requireBytes(place, next, 2);
    if (bytes.readUInt16BE(next) === 0) break;
    const child = readElement({ ...place, start: next, depth: place.depth + 1 });
    children.push(child);
    next += child.encoded.length;
  }
  return { tag, isConstructed, children, content: bytes.subarray(start + 2, next), encoded: bytes.subarray(start, next + 2) };
}

function requireBytes({ end, isOpen }: Place, start: number, count: number): void {
  if (start + count <= end) return;
  throw isOpen ? truncated() : malformed('an element is longer than the one around it');
}
