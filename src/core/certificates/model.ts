/**
 * The forms of the certificates room. Thumbprints are upper-case hex over the DER as it was made or imported; validity is
 * ISO 8601 in UTC with whole seconds, as certificates and Graph write it. A record shows no key: the private key is
 * sealed in the stored form and leaves only through `openPrivateKey`.
 */
import * as z from 'zod/v4';
import type { Secret } from '../internal/secret';

export const KEY_BITS = [2048, 3072, 4096] as const;
export type KeyBits = (typeof KEY_BITS)[number];
export const DEFAULT_KEY_BITS: KeyBits = 3072;
export const DEFAULT_LIFETIME_DAYS = 365;

const thumbprint = (digits: number) => z.string().regex(new RegExp(`^[0-9A-F]{${digits}}$`));
const instant = z.iso.datetime({ precision: 0 });

/** What a certificate is, without its key. */
const certificateFactsSchema = z.object({
  /** As OpenSSL writes it, for example `CN=Backup`. */
  subject: z.string(),
  /** Upper-case hex; some authorities made negative ones. */
  serialNumber: z.string().regex(/^-?[0-9A-F]+$/),
  notBefore: instant,
  notAfter: instant,
  thumbprintSha1: thumbprint(40),
  thumbprintSha256: thumbprint(64),
  keyType: z.literal('rsa'),
  keyBits: z.number().int(),
});

/** An app registration that accepts the certificate. */
const certificateUseSchema = z.object({
  appKey: z.string(),
  appId: z.string(),
  keyId: z.string(),
  /** Milliseconds since the Unix epoch: when the key credential was seen in the directory. */
  registeredAt: z.number(),
});

export const certificateRecordSchema = certificateFactsSchema.extend({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  source: z.enum(['generated', 'imported']),
  /** `next`: not yet used to sign in; `active`: an app signs in with it; `retired`: kept for the record only. */
  state: z.enum(['next', 'active', 'retired']),
  usedBy: z.array(certificateUseSchema),
  /** Milliseconds since the Unix epoch. */
  createdAt: z.number(),
  createdBy: z.string(),
  /** First certificate of the line this one continues; absent on the first itself. */
  lineId: z.string().optional(),
});

const removalSchema = z.object({
  id: z.string(),
  /** Milliseconds since the Unix epoch. */
  startedAt: z.number(),
  startedBy: z.string(),
});

/** At rest: the record, the public certificate, the sealed private key. */
export const storedCertificateSchema = certificateRecordSchema.extend({
  /** Present while it is being deleted: it is gone for everybody but whoever deletes it. */
  removal: removalSchema.optional(),
  /** Base64 of the certificate's DER. */
  certificateDer: z.base64(),
  sealedPrivateKey: z.string(),
});

export type CertificateFacts = Readonly<z.infer<typeof certificateFactsSchema>>;
export type CertificateRemoval = Readonly<z.infer<typeof removalSchema>>;
export type CertificateUse = Readonly<z.infer<typeof certificateUseSchema>>;
/** What people and programs see of a stored certificate. */
export type CertificateRecord = Readonly<z.infer<typeof certificateRecordSchema>>;
export type StoredCertificate = Readonly<z.infer<typeof storedCertificateSchema>>;

/** Id of the first certificate of the line this one belongs to. */
export function lineIdOf({ id, lineId }: Pick<CertificateRecord, 'id' | 'lineId'>): string {
  return lineId ?? id;
}

/** A certificate with its key, in memory. */
export interface CredentialCertificate extends CertificateFacts {
  readonly der: Uint8Array;
  readonly pem: string;
  /** PKCS#8 PEM. */
  readonly privateKey: Secret;
}
