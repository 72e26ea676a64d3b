/** What the certificate is like that takes another one's place. Pure: the same each time for one rotation, so that a repetition makes the same. */
import type { LifetimeLimit } from '../lifetime-policy';
import { type CertificateRecord, DEFAULT_KEY_BITS, DEFAULT_LIFETIME_DAYS, KEY_BITS, type KeyBits } from '../model';
import { MAX_NAME_LENGTH } from '../records/naming';
import type { CertificateRotation } from './rotation-model';

const DAY_MS = 24 * 60 * 60_000;
const MAX_SUBJECT_LENGTH = 64;

export interface PlannedSuccessor {
  readonly id: string;
  readonly lineId: string;
  readonly subject: string;
  readonly description: string;
  readonly keyBits: KeyBits;
  readonly lifetimeDays: number;
  /** "Backup" becomes "Backup 2027-03-01", and that "Backup 2028-01-15"; the second one is for a name that is taken. */
  readonly names: readonly [string, string];
}

/** Key and lifetime of the one it replaces, the lifetime no longer than the home tenant allows. */
export function planSuccessor(from: CertificateRecord, rotation: Pick<CertificateRotation, 'toCertificateId' | 'lineId' | 'startedAt'>, limit: LifetimeLimit): PlannedSuccessor {
  const { toCertificateId: id, lineId, startedAt } = rotation;
  const base = from.name.replace(/ \d{4}-\d{2}-\d{2}(?: [0-9a-f]{8})?$/, '');
  const date = new Date(startedAt).toISOString().slice(0, 10);
  return {
    id,
    lineId,
    subject: subjectOf(from),
    description: from.description,
    keyBits: KEY_BITS.find((bits) => bits === from.keyBits) ?? DEFAULT_KEY_BITS,
    lifetimeDays: lifetimeOf(from, limit),
    names: [withSuffix(base, date), withSuffix(base, `${date} ${id.slice(0, 8)}`)],
  };
}

/** Never cut in the middle of a character of two halves. */
function withSuffix(base: string, suffix: string): string {
  const room = MAX_NAME_LENGTH - suffix.length - 1;
  return `${base.slice(0, room).replace(/[\uD800-\uDBFF]$/, '').trimEnd()} ${suffix}`;
}

function subjectOf({ subject, name }: CertificateRecord): string {
  const commonName = /^CN=(?<name>[^\n,+]{1,64})$/.exec(subject)?.groups?.['name'];
  return commonName ?? Array.from(name).slice(0, MAX_SUBJECT_LENGTH).join('');
}

/** Somebody else's certificate may have lived for decades. */
function lifetimeOf({ source, notBefore, notAfter }: CertificateRecord, limit: LifetimeLimit): number {
  const days = source === 'imported' ? DEFAULT_LIFETIME_DAYS : Math.round((Date.parse(notAfter) - Date.parse(notBefore)) / DAY_MS);
  return Math.max(1, limit.kind === 'limited' ? Math.min(days, limit.maxDays) : days);
}
