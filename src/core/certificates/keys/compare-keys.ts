/**
 * Whether an app registration still has the keys it should have, and only those. One read of Graph per app (Microsoft allows 150
 * of these a minute per tenant); nothing is written there. A key that our writers touched moments ago is judged later: one read
 * can be old.
 */
import type { Ports } from '../../ports';
import { reportForeignChange, type ReportPorts } from './foreign-change';
import { readKeys, type KeyAccess } from './key-access';
import { findByKeyId, isEntryOf, thumbprintSha256Of, type ApplicationKeys, type ForeignChange, type KeyCredentialEntry } from './key-credentials';
import { findEntry, isSettled, readLedger, type KeyLedger, type LedgerEntry } from './key-ledger';
import type { CertificateRecord } from '../model';
import { listCertificates } from '../records/records';

/** A key on the registration that belongs to a certificate of ours. */
export interface KnownKey {
  readonly keyId: string;
  /** Null for one that only the ledger or the configuration knows. */
  readonly certificateId: string | null;
  readonly name: string | null;
  /** As Graph has it. */
  readonly endDateTime: string | null;
}

/** A key nobody here knows: a colleague's, or a back door. */
export interface UnknownKey {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly endDateTime: string | null;
  /** Null while Graph does not show the key. */
  readonly thumbprintSha256: string | null;
}

/** A key of ours that was registered and is not shown any more. */
export interface MissingKey {
  readonly keyId: string;
  readonly certificateId: string | null;
  readonly name: string | null;
}

export interface KeyComparison {
  readonly appKey: string;
  readonly applicationAppId: string;
  readonly applicationObjectId: string;
  readonly registered: readonly KnownKey[];
  readonly unknown: readonly UnknownKey[];
  readonly missing: readonly MissingKey[];
}

export interface CompareInput extends KeyAccess {
  /** Upper-case hex SHA-256 of certificates that are known besides the stored ones, for example those of PFX files. */
  readonly alsoKnownSha256?: readonly string[] | undefined;
}

export type ComparePorts = Pick<Ports, 'graph' | 'clock' | 'store' | 'sealer'>;

/**
 * Least permission (application): Application.ReadWrite.OwnedBy. Raises `KEY_CREDENTIAL_REFUSED`, `GRAPH_ANSWER_INVALID`,
 * `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE` and what the GraphTransport raises.
 */
export async function compareKeyCredentials(ports: ComparePorts, input: CompareInput): Promise<KeyComparison> {
  const keys = await readKeys(ports, input);
  const known = { ledger: await readLedger(ports, input.applicationAppId), certificates: await listCertificates(ports), alsoKnownSha256: new Set(input.alsoKnownSha256 ?? []) };
  return { appKey: input.appKey, applicationAppId: input.applicationAppId, ...compareKeys(keys, known, { appId: input.applicationAppId, now: ports.clock.now() }) };
}

/**
 * The same, and what it shows of others' doing is told once, as `certificate.foreign_change`. Raises like
 * {@link compareKeyCredentials}, and `AUDIT_UNAVAILABLE`, `STATE_CONFLICT`.
 */
export async function watchKeyCredentials(ports: ComparePorts & ReportPorts, input: CompareInput): Promise<KeyComparison & { readonly told: ForeignChange | null }> {
  const comparison = await compareKeyCredentials(ports, input);
  const change = { missing: comparison.missing.map(({ keyId }) => keyId.toLowerCase()), unknown: comparison.unknown.map(({ keyId }) => keyId.toLowerCase()) };
  return { ...comparison, told: (await reportForeignChange(ports, input, { change, isComplete: true })) ?? null };
}

export interface KnownCertificates {
  readonly ledger: KeyLedger;
  readonly certificates: readonly CertificateRecord[];
  readonly alsoKnownSha256: ReadonlySet<string>;
}

/** Pure; `now` in milliseconds. */
export function compareKeys(keys: ApplicationKeys, known: KnownCertificates, { appId, now }: { readonly appId: string; readonly now: number }): Pick<KeyComparison, 'applicationObjectId' | 'registered' | 'unknown' | 'missing'> {
  const ours = keys.keyCredentials.filter((entry) => isOurs(entry, known, now));
  return {
    applicationObjectId: keys.id,
    registered: ours.map((entry) => describeKnown(entry, known.certificates.find((certificate) => isEntryOf(entry, certificate)))),
    unknown: keys.keyCredentials.filter((entry) => !ours.includes(entry)).map(describeUnknown),
    missing: findMissing(keys, known, appId, now),
  };
}

/** A key we removed is ours while an old read may show it; after that somebody has brought it back. */
function isOurs(entry: KeyCredentialEntry, { ledger, certificates, alsoKnownSha256 }: KnownCertificates, now: number): boolean {
  const noted = findEntry(ledger, entry.keyId);
  if (noted !== undefined) return noted.state !== 'removed' || !isSettled(noted.at, now);
  return certificates.some((certificate) => isEntryOf(entry, certificate)) || alsoKnownSha256.has(thumbprintSha256Of(entry) ?? '');
}

function describeKnown({ keyId, endDateTime }: KeyCredentialEntry, owner: CertificateRecord | undefined): KnownKey {
  return { keyId, certificateId: owner?.id ?? null, name: owner?.name ?? null, endDateTime: endDateTime ?? null };
}

function describeUnknown(entry: KeyCredentialEntry): UnknownKey {
  const displayName = typeof entry['displayName'] === 'string' ? entry['displayName'] : null;
  return { keyId: entry.keyId, displayName, endDateTime: entry.endDateTime ?? null, thumbprintSha256: thumbprintSha256Of(entry) ?? null };
}

/** By the ledger; for certificates from before it, by where their record says they are in use. */
function findMissing(keys: ApplicationKeys, { ledger, certificates }: KnownCertificates, appId: string, now: number): readonly MissingKey[] {
  const noted = ledger.keys
    .map((entry) => ({ entry, keyId: entry.keyId, owner: certificates.find(({ thumbprintSha256 }) => thumbprintSha256 === entry.thumbprintSha256) }))
    .filter(({ entry, owner }) => isMissed(entry, owner, now));
  const used = certificates
    .filter(({ notAfter }) => Date.parse(notAfter) > now)
    .flatMap((owner) => owner.usedBy.map((use) => ({ ...use, keyId: use.keyId.toLowerCase(), owner })))
    .filter((use) => use.appId.toLowerCase() === appId.toLowerCase() && findEntry(ledger, use.keyId) === undefined && isSettled(use.registeredAt, now));
  return [...noted, ...used]
    .filter(({ keyId }) => findByKeyId(keys, keyId) === undefined)
    .map(({ keyId, owner }) => ({ keyId, certificateId: owner?.id ?? null, name: owner?.name ?? null }));
}

/** One that was told as lost stays missing for as long as its certificate is kept. */
function isMissed({ state, at, endsAt }: LedgerEntry, owner: CertificateRecord | undefined, now: number): boolean {
  if (endsAt !== null && endsAt <= now) return false;
  return state === 'lost' ? owner !== undefined : state === 'added' && isSettled(at, now);
}
