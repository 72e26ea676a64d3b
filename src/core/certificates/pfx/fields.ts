/**
 * Takes ASN.1 elements as the type a rule expects. Strict: a field that is missing, of another type or one too many is a
 * malformed file, so that no two readers can understand the same bytes differently. ITU-T X.690.
 */
import type { BerElement } from './ber';
import { malformed } from './refusal';

export const TAG = { integer: 0x02, octets: 0x04, constructedOctets: 0x24, none: 0x05, objectId: 0x06, sequence: 0x30, set: 0x31, bmpText: 0x1e } as const;

/** The members of a SEQUENCE of `least` to `most` members. */
export function sequenceOf(element: BerElement | undefined, what: string, least: number, most = least): readonly BerElement[] {
  if (element?.tag !== TAG.sequence) throw malformed(`${what} is missing or of the wrong type`);
  if (element.children.length < least || element.children.length > most) throw malformed(`${what} has missing or surplus fields`);
  return element.children;
}

/** The one element inside an explicit context tag `[number]`. */
export function taggedOf(element: BerElement | undefined, number: number, what: string): BerElement {
  const [inner, ...rest] = element?.tag === (0xa0 | number) ? element.children : [];
  if (inner === undefined || rest.length > 0) throw malformed(`${what} is missing or of the wrong type`);
  return inner;
}

/** An OCTET STRING, in one piece or in segments. */
export function octetsOf(element: BerElement | undefined, what: string): Buffer {
  if (element?.tag === TAG.octets) return element.content;
  if (element?.tag === TAG.constructedOctets) return Buffer.concat(element.children.map((segment) => octetsOf(segment, what)));
  throw malformed(`${what} is missing or of the wrong type`);
}

/** An implicitly tagged `[number]` OCTET STRING, in one piece or in segments. */
export function taggedOctetsOf(element: BerElement | undefined, number: number, what: string): Buffer {
  if (element?.tag === (0x80 | number)) return element.content;
  if (element?.tag === (0xa0 | number)) return Buffer.concat(element.children.map((segment) => octetsOf(segment, what)));
  throw malformed(`${what} is missing or of the wrong type`);
}

/** A non-negative INTEGER; beyond 48 bits it is Infinity, which no limit lets through. */
export function integerOf(element: BerElement | undefined, what: string): number {
  const bytes = element?.tag === TAG.integer ? element.content : Buffer.alloc(0);
  if (bytes.length === 0) throw malformed(`${what} is missing or of the wrong type`);
  if (bytes.readUInt8(0) >= 0x80) throw malformed(`${what} is negative`);
  return bytes.length > 6 ? Infinity : bytes.readUIntBE(0, bytes.length);
}

/** An OBJECT IDENTIFIER in dotted form. */
export function objectIdOf(element: BerElement | undefined, what: string): string {
  const bytes = element?.tag === TAG.objectId ? element.content : Buffer.alloc(0);
  if (bytes.length === 0 || bytes.length > 40 || (bytes.at(-1) ?? 0) >= 0x80) throw malformed(`${what} names no algorithm or type`);
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of bytes) {
    if (arc > 0xff_ffff_ffff) throw malformed(`${what} names no algorithm or type`);
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

export interface AlgorithmId {
  readonly oid: string;
  /** Absent as well when it is NULL, which means the same everywhere in PKCS#12. */
  readonly parameters: BerElement | undefined;
}

/** An AlgorithmIdentifier. */
export function algorithmOf(element: BerElement | undefined, what: string): AlgorithmId {
  const [oid, parameters] = sequenceOf(element, what, 1, 2);
  if (parameters?.tag === TAG.none && parameters.content.length > 0) throw malformed(`${what} has parameters of the wrong type`);
  return { oid: objectIdOf(oid, what), parameters: parameters?.tag === TAG.none ? undefined : parameters };
}

/** The same where only absent or NULL parameters make sense. */
export function bareAlgorithmOf(element: BerElement | undefined, what: string): string {
  const { oid, parameters } = algorithmOf(element, what);
  if (parameters !== undefined) throw malformed(`${what} has parameters of the wrong type`);
  return oid;
}
