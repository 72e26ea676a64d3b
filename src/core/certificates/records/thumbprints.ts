/**
 * Thumbprints in every spelling that people meet: hexadecimal as Entra ID shows it, with colons as OpenSSL prints it, base64url
 * as it stands in `x5t` and `x5t#S256` (RFC 7515 sections 4.1.7 and 4.1.8); and back from any of them. Pure.
 */
import type { CertificateFacts } from '../model';

export interface Thumbprints {
  readonly sha1Hex: string;
  readonly sha1Colon: string;
  /** `x5t`. */
  readonly sha1Base64Url: string;
  readonly sha256Hex: string;
  readonly sha256Colon: string;
  /** `x5t#S256`. */
  readonly sha256Base64Url: string;
}

type Digests = Pick<CertificateFacts, 'thumbprintSha1' | 'thumbprintSha256'>;

export function spellThumbprints({ thumbprintSha1, thumbprintSha256 }: Digests): Thumbprints {
  return {
    sha1Hex: thumbprintSha1,
    sha1Colon: withColons(thumbprintSha1),
    sha1Base64Url: Buffer.from(thumbprintSha1, 'hex').toString('base64url'),
    sha256Hex: thumbprintSha256,
    sha256Colon: withColons(thumbprintSha256),
    sha256Base64Url: Buffer.from(thumbprintSha256, 'hex').toString('base64url'),
  };
}

/** The same record with every spelling beside its own. */
export function withThumbprints<T extends Digests>(record: T): T & { readonly thumbprints: Thumbprints } {
  return { ...record, thumbprints: spellThumbprints(record) };
}

/** Upper-case hex of a SHA-1 or SHA-256 thumbprint in any spelling; undefined for anything else. */
export function readThumbprint(text: string): string | undefined {
  // Windows' certificate dialogue puts an invisible mark before the first digit it lets people copy.
  const bare = text.replaceAll(/[\s\p{Cf}]+/gu, '').replace(/^sha-?(?:1|256)(?:fingerprint)?[:=]/i, '');
  const hex = bare.replaceAll(/[:-]/g, '').toUpperCase();
  if (/^(?:[0-9A-F]{40}|[0-9A-F]{64})$/.test(hex)) return hex;
  if (!/^(?:[\w-]{27}|[\w-]{43}|[A-Za-z0-9+/]{27}=?|[A-Za-z0-9+/]{43}=?)$/.test(bare)) return undefined;
  return Buffer.from(bare, 'base64').toString('hex').toUpperCase();
}

/** Whether the thumbprint in upper-case hex is one of the certificate's two. */
export function hasThumbprint({ thumbprintSha1, thumbprintSha256 }: Digests, hex: string): boolean {
  return hex === thumbprintSha1 || hex === thumbprintSha256;
}

function withColons(hex: string): string {
  return hex.match(/../g)?.join(':') ?? '';
}
