/**
 * Which credentials a check looks at, in the order of what stops first when one ends: what the partner's apps sign in with,
 * then other stored certificates in use, then those of apps in customers' tenants. A stored certificate is followed along its
 * line to the one that signs now. Secrets are listed although their end cannot be seen from here.
 */
import { findLineOf } from '../../certificates/rotation/line';
import { type CertificateRecord, lineIdOf } from '../../certificates/model';
import { listCertificates } from '../../certificates/records/records';
import type { DatedCredential } from '../../certificates/renewal/renewal';
import { type CertificateRotation, isRunning, listRotations } from '../../certificates/rotation/rotation-model';
import { type AppCredentialSetting, type CredentialPlace, placeOf } from '../../configuration';
import { isCustomerAppUser } from '../../customer-apps/model';
import { isOnboardingError } from '../../errors';
import type { Ports } from '../../ports';

export type CredentialKind = CredentialPlace['source'];

export interface CredentialProblem {
  readonly code: string;
  readonly message: string;
}

export interface WatchedCredential {
  /** Null for what is not stored here. */
  readonly certificateId: string | null;
  readonly name: string;
  readonly source: CredentialKind;
  /** Apps that sign in with it; one in a customer's tenant as `customer:<account id>/<key>`. */
  readonly appKeys: readonly string[];
  /** Undefined when its end could not be read. */
  readonly dated: DatedCredential | undefined;
  /** Its line's rotation, running or the last one. */
  readonly rotation: CertificateRotation | undefined;
  /** The certificate that rotation replaces; undefined when it is gone. */
  readonly replaced: DatedCredential | undefined;
  /** What kept it from being read. */
  readonly problem: CredentialProblem | undefined;
}

export interface CredentialWatch {
  /** What the apps sign in with, by app key, in the order of the configuration. */
  readonly sources: ReadonlyMap<string, AppCredentialSetting>;
  /** When the certificate in an app's PFX or PEM file is valid. */
  readonly readFileValidity: (appKey: string) => Promise<DatedCredential>;
}

interface Shelf {
  readonly records: ReadonlyMap<string, CertificateRecord>;
  readonly rotations: ReadonlyMap<string, CertificateRotation>;
}

/** Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function listWatched(ports: Pick<Ports, 'store' | 'sealer'>, watch: CredentialWatch): Promise<readonly WatchedCredential[]> {
  const certificates = await listCertificates(ports);
  const rotations = await listRotations(ports);
  const shelf: Shelf = { records: new Map(certificates.map((record) => [record.id, record])), rotations: new Map(rotations.map((rotation) => [rotation.lineId, rotation])) };
  const own: WatchedCredential[] = [];
  for (const [appKey, setting] of watch.sources) own.push(await watchSource(ports, watch, shelf, appKey, setting));
  const signing = mergeApps(own);
  const known = new Set([...signing.map(({ certificateId }) => certificateId), ...rotations.filter(isRunning).map(idleOf)]);
  const others = certificates.filter(({ id, state, usedBy }) => state === 'active' && usedBy.length > 0 && !known.has(id));
  const rest = others.map((record) => watchRecord(shelf, record, record.usedBy.map(({ appKey }) => appKey)));
  return [...signing, ...rest.filter((one) => !isCustomers(one)), ...rest.filter(isCustomers)];
}

/** The certificate of a running rotation that does not sign: the new one until it is activated, then the old one. */
function idleOf({ state, activatedAt, fromCertificateId, toCertificateId }: CertificateRotation): string {
  return activatedAt === null || state === 'rolling_back' ? toCertificateId : fromCertificateId;
}

/** Of a customer's own app: nobody here rotates it. */
export function isCustomers({ appKeys }: Pick<WatchedCredential, 'appKeys'>): boolean {
  return appKeys.length > 0 && appKeys.every(isCustomerAppUser);
}

async function watchSource(ports: Pick<Ports, 'store' | 'sealer'>, watch: CredentialWatch, shelf: Shelf, appKey: string, setting: AppCredentialSetting): Promise<WatchedCredential> {
  const { source, name } = placeOf(setting);
  const base = { certificateId: null, name, source, appKeys: [appKey], dated: undefined, rotation: undefined, replaced: undefined, problem: undefined };
  if (source === 'pfx' || source === 'pem') return { ...base, ...(await readFile(watch, appKey)) };
  if (source === 'secret') return base;
  const signing = shelf.records.get((await findLineOf(ports, name))?.currentId ?? name);
  if (signing !== undefined) return watchRecord(shelf, signing, [appKey]);
  return { ...base, certificateId: name, problem: { code: 'CERTIFICATE_NOT_FOUND', message: `The app "${appKey}" names a certificate that is not stored.` } };
}

async function readFile(watch: CredentialWatch, appKey: string): Promise<Pick<WatchedCredential, 'dated' | 'problem'>> {
  try {
    return { dated: await watch.readFileValidity(appKey), problem: undefined };
  } catch (error) {
    if (!isOnboardingError(error) || error.retryable) throw error;
    const found: unknown = error.details['problems'];
    const isExpired = Array.isArray(found) && found.includes('CERTIFICATE_EXPIRED');
    return { dated: undefined, problem: { code: isExpired ? 'CERTIFICATE_EXPIRED' : error.code, message: error.message } };
  }
}

function watchRecord({ rotations, records }: Shelf, record: CertificateRecord, appKeys: readonly string[]): WatchedCredential {
  const rotation = rotations.get(lineIdOf(record));
  return { certificateId: record.id, name: record.name, source: 'stored', appKeys, dated: record, rotation, replaced: records.get(rotation?.fromCertificateId ?? ''), problem: undefined };
}

/** Two apps with one certificate are one thing to renew; two files are two, even with one content. */
function mergeApps(watched: readonly WatchedCredential[]): readonly WatchedCredential[] {
  const merged = new Map<string, WatchedCredential>();
  for (const one of watched) {
    const key = JSON.stringify([one.source, one.name, one.certificateId]);
    const known = merged.get(key);
    merged.set(key, known === undefined ? one : { ...known, appKeys: [...known.appKeys, ...one.appKeys] });
  }
  return [...merged.values()];
}
