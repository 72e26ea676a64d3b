/**
 * Key credentials of an app registration as Graph shows them, and what a change of them means. Pure. Microsoft Graph
 * "keyCredential resource type" and "Update application": a PATCH replaces the whole collection, so every entry that is
 * there goes back exactly as it was read, with an empty key, and a new one is added at the end.
 */
import * as z from 'zod/v4';
import { sha1Hex, sha256Hex } from '../../internal/encoding';
import { sameGuid } from '../../internal/guid';
import type { CertificateFacts } from '../model';

/** Longer names are cut by the service, and a cut name would look like a foreign change. */
const MAX_DISPLAY_NAME = 90;

/** Many times what Microsoft Entra ID lets an application hold; a longer list is no answer of it. */
const MAX_KEYS = 5000;

const entrySchema = z.looseObject({ keyId: z.string(), key: z.string().nullish(), customKeyIdentifier: z.string().nullish(), startDateTime: z.string().nullish(), endDateTime: z.string().nullish() });
export type KeyCredentialEntry = z.infer<typeof entrySchema>;

const applicationSchema = z.object({ id: z.string().min(1), appId: z.string(), keyCredentials: z.array(entrySchema).max(MAX_KEYS) });
/** An application object in the home tenant with its key credentials. */
export type ApplicationKeys = z.infer<typeof applicationSchema>;

/** The part of a credential certificate that is registered: never the private key. */
export interface RegistrableCertificate extends Pick<CertificateFacts, 'thumbprintSha1' | 'thumbprintSha256' | 'notBefore' | 'notAfter'> {
  readonly der: Uint8Array;
  /** Shown in the app registration; the certificate's name in the store. */
  readonly name: string;
}

/** Undefined when the answer does not have the documented form. */
export function readApplicationKeys(body: unknown): ApplicationKeys | undefined {
  return applicationSchema.safeParse(body).data;
}

/** The entry of a certificate: by its DER where Graph shows it, else by the SHA-1 thumbprint in either notation. */
export function findKeyCredential(keys: ApplicationKeys, certificate: Pick<RegistrableCertificate, 'der' | 'thumbprintSha1'>): KeyCredentialEntry | undefined {
  return keys.keyCredentials.find((entry) => {
    const der = derOf(entry);
    return der === undefined ? isLabelled(entry, certificate.thumbprintSha1) : der.equals(certificate.der);
  });
}

/** The entry of the certificate with this SHA-1 thumbprint, in the same way. */
export function findByThumbprintSha1(keys: ApplicationKeys, thumbprintSha1: string): KeyCredentialEntry | undefined {
  return keys.keyCredentials.find((entry) => {
    const der = derOf(entry);
    return der === undefined ? isLabelled(entry, thumbprintSha1) : sha1Hex(der) === thumbprintSha1.toUpperCase();
  });
}

export function findByKeyId(keys: ApplicationKeys, keyId: string): KeyCredentialEntry | undefined {
  return keys.keyCredentials.find((entry) => sameGuid(entry.keyId, keyId));
}

/** Whether an entry is this certificate's: by its DER where Graph shows it, else by its label. */
export function isEntryOf(entry: KeyCredentialEntry, certificate: Pick<RegistrableCertificate, 'thumbprintSha1' | 'thumbprintSha256'>): boolean {
  const shown = thumbprintSha256Of(entry);
  return shown === undefined ? isLabelled(entry, certificate.thumbprintSha1) : shown === certificate.thumbprintSha256.toUpperCase();
}

/** Upper-case hex; undefined while Graph does not show the key. */
export function thumbprintSha256Of(entry: Pick<KeyCredentialEntry, 'key'>): string | undefined {
  const der = derOf(entry);
  return der === undefined ? undefined : sha256Hex(der);
}

/** Entries beyond the first of one certificate: what a service that did not heed our key id made of a repetition. */
export function surplusKeyIds(keys: ApplicationKeys, certificate: Pick<RegistrableCertificate, 'der' | 'thumbprintSha256'>): readonly string[] {
  const ids = keys.keyCredentials.filter((entry) => derOf(entry)?.equals(certificate.der)).map(({ keyId }) => keyId);
  const kept = ids.find((keyId) => sameGuid(keyId, keyIdOf(certificate))) ?? ids[0];
  return ids.filter((keyId) => keyId !== kept);
}

function derOf({ key }: Pick<KeyCredentialEntry, 'key'>): Buffer | undefined {
  return typeof key === 'string' && key !== '' ? Buffer.from(key, 'base64') : undefined;
}

function isLabelled({ customKeyIdentifier }: KeyCredentialEntry, thumbprintSha1: string): boolean {
  const thumbprint = thumbprintSha1.toUpperCase();
  return customKeyIdentifier?.toUpperCase() === thumbprint || customKeyIdentifier === Buffer.from(thumbprint, 'hex').toString('base64');
}

/** The same GUID for the same certificate, so that a repeated registration is the same registration. RFC 9562 version 8. */
export function keyIdOf(certificate: Pick<RegistrableCertificate, 'thumbprintSha256'>): string {
  const hex = certificate.thumbprintSha256.toLowerCase();
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What is registered of a certificate. Dates equal the certificate's own; anything beyond them is refused by the service. */
export function buildKeyCredential(certificate: RegistrableCertificate) {
  return {
    keyId: keyIdOf(certificate),
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
    displayName: Array.from(certificate.name).slice(0, MAX_DISPLAY_NAME).join(''),
    startDateTime: certificate.notBefore,
    endDateTime: certificate.notAfter,
    key: Buffer.from(certificate.der).toString('base64'),
  };
}

/** The body of the PATCH. */
export function buildKeyCredentialsPatch(keys: ApplicationKeys, certificate: RegistrableCertificate) {
  const kept = keys.keyCredentials.map((entry) => ({ ...entry, key: null }));
  return { keyCredentials: [...kept, buildKeyCredential(certificate)] };
}

/** One text per state of the collection, whatever its order and however keys are shown. */
export function fingerprintOf(keys: ApplicationKeys): string {
  const entries = keys.keyCredentials.map(({ key: _key, ...entry }) => JSON.stringify(Object.entries(entry).toSorted(([left], [right]) => (left < right ? -1 : 1))));
  return sha256Hex(entries.toSorted().join('\n'));
}

/** Entries that have ended by `now` (milliseconds). The service refuses a list that still carries one. */
export function expiredKeyIds(keys: ApplicationKeys, now: number): readonly string[] {
  return keys.keyCredentials.filter(({ endDateTime }) => Date.parse(endDateTime ?? '') <= now).map(({ keyId }) => keyId);
}

/** `done`: ours is there beside everything that was; `pending`: the old state, replication; `foreign`: somebody else wrote. */
export type ReadBack = { readonly kind: 'done'; readonly keyId: string } | { readonly kind: 'pending' } | { readonly kind: 'foreign'; readonly missing: readonly string[]; readonly unknown: readonly string[] };

/**
 * What a read after the write shows, compared with the snapshot the write was built from. A read without our key proves nothing
 * yet: it can be older than the snapshot.
 */
export function judgeReadBack(before: ApplicationKeys, after: ApplicationKeys, certificate: RegistrableCertificate, isExplained: IsExplained = () => false): ReadBack {
  const entry = findKeyCredential(after, certificate);
  if (entry === undefined) return { kind: 'pending' };
  const change = findForeignChange(before, after, (kind, keyId) => sameGuid(keyId, entry.keyId) || isExplained(kind, keyId));
  return change === undefined ? { kind: 'done', keyId: entry.keyId } : { kind: 'foreign', ...change };
}

/** What somebody else changed between two reads: their key ids. */
export interface ForeignChange {
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
}

/** Whether a change of this key is the doing of our own writers; key ids in lower case. */
export type IsExplained = (kind: keyof ForeignChange, keyId: string) => boolean;

/** Undefined when nothing changed but what is explained. */
export function findForeignChange(before: ApplicationKeys, after: ApplicationKeys, isExplained: IsExplained): ForeignChange | undefined {
  const [known, seen] = [keyIdsOf(before), keyIdsOf(after)];
  const missing = [...known].filter((keyId) => !seen.has(keyId) && !isExplained('missing', keyId));
  const unknown = [...seen].filter((keyId) => !known.has(keyId) && !isExplained('unknown', keyId));
  return missing.length + unknown.length === 0 ? undefined : { missing, unknown };
}

function keyIdsOf({ keyCredentials }: ApplicationKeys): ReadonlySet<string> {
  return new Set(keyCredentials.map(({ keyId }) => keyId.toLowerCase()));
}
