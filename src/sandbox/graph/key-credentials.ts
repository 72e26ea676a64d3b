/**
 * What the service does with `keyCredentials`: a PATCH replaces the whole collection; an entry that is already
 * there is kept only when it is sent back unchanged, with `key` null or left out; dates must lie within the
 * certificate's own; without `customKeyIdentifier` it becomes the SHA-1 thumbprint as 40 upper-case hex digits and
 * without `displayName` the subject (both recorded). Sources: "Update application", "keyCredential resource type",
 * recorded uploads of 2022-2024, refusals reported in public threads (see rules.json).
 */
import { createHash, X509Certificate } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../jwt';
import type { KeyCredential } from '../model';
import { isGuid } from './ids';
import { normaliseInstant, wholeSeconds } from './instants';
import { badRequest, GraphRefusal, NotModelled } from './refusal';
import { rule } from './rules';

const MEMBERS = ['customKeyIdentifier', 'displayName', 'endDateTime', 'key', 'keyId', 'startDateTime', 'type', 'usage'] as const;
const MAX_DISPLAY_NAME = 90;
const DEFAULT_LIFETIME_MS = 365 * 24 * 3_600_000;

export interface KeyContext {
  readonly nowMs: number;
  newGuid(): string;
  /** Refuses a new entry that the tenant's policy forbids. */
  requireAllowed?(credential: KeyCredential): void;
  /** Lies only: past the certificate's end, and writes over an existing entry. */
  readonly mayOutlive?: boolean;
  readonly mayChange?: boolean;
}

/** The new collection, or the refusal of the whole write. */
export function replaceKeyCredentials(current: readonly KeyCredential[], sent: unknown, context: KeyContext): KeyCredential[] {
  if (!Array.isArray(sent)) throw badRequest('G-KEY-INVALID', "Invalid value specified for property 'keyCredentials' of resource 'Application'.");
  const seen = new Set<string>();
  return sent.map((entry: unknown) => {
    const object = checkEntry(entry);
    const known = typeof object.keyId === 'string' ? current.find(({ keyId }) => lower(keyId) === lower(object.keyId)) : undefined;
    const credential = known === undefined ? createKeyCredential(object, context) : keepUnchanged(known, object, context);
    if (seen.has(credential.keyId)) throw badRequest('G-KEY-INVALID', `KeyId '${credential.keyId}' appears more than once.`);
    seen.add(credential.keyId);
    return credential;
  });
}

/** A new entry from an upload: PATCH, POST or addKey. */
export function createKeyCredential(entry: JsonObject, context: KeyContext): KeyCredential {
  const der = decodeKey(entry.key);
  const certificate = parseCertificate(der);
  const { startDateTime, endDateTime } = readDates(entry, certificate, context);
  const credential: KeyCredential = {
    keyId: readKeyId(entry.keyId) ?? context.newGuid(),
    key: der.toString('base64'),
    customKeyIdentifier: readText(entry.customKeyIdentifier, 'customKeyIdentifier') ?? thumbprint(der),
    displayName: (readText(entry.displayName, 'displayName') ?? subjectOf(certificate)).slice(0, MAX_DISPLAY_NAME),
    startDateTime,
    endDateTime,
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
  };
  context.requireAllowed?.(credential);
  return credential;
}

export function checkEntry(entry: unknown): JsonObject {
  if (!isJsonObject(entry)) throw badRequest('G-KEY-INVALID', "Invalid value specified for property 'keyCredentials' of resource 'Application'.");
  for (const name of Object.keys(entry)) {
    if (!name.startsWith('@') && !(MEMBERS as readonly string[]).includes(name)) throw badRequest('G-ERR-MEMBER', `Invalid property '${name}'.`);
  }
  // Serializers that drop `usage` or `type` on the way back meet this refusal.
  requireOneOf(entry.usage, 'usage', ['Sign', 'Verify']);
  requireOneOf(entry.type, 'type', ['AsymmetricX509Cert', 'X509CertAndPassword']);
  if (entry.usage !== 'Verify' || entry.type !== 'AsymmetricX509Cert') throw new NotModelled('key credentials for signing SAML tokens');
  return entry;
}

/** Subject as the service writes it: the last name first, `S` for the state (recorded). */
export function subjectOf(certificate: X509Certificate): string {
  return certificate.subject
    .split('\n')
    .toReversed()
    .map((attribute) => attribute.replace(/^ST=/, 'S='))
    .join(', ');
}

export function thumbprint(der: Buffer): string {
  return createHash('sha1').update(der).digest('hex').toUpperCase();
}

function keepUnchanged(known: KeyCredential, entry: JsonObject, { nowMs, mayChange }: KeyContext): KeyCredential {
  if (entry.key !== undefined && entry.key !== null && decodeKey(entry.key).toString('base64') !== known.key) throw notUpdatable(known.keyId);
  const compared = ['customKeyIdentifier', 'displayName', 'startDateTime', 'endDateTime'] as const;
  if (compared.some((name) => entry[name] !== known[name]) && mayChange !== true) throw notUpdatable(known.keyId);
  // Reported for lists that still carry an expired entry: the whole write fails.
  if (Date.parse(known.endDateTime) <= nowMs) throw invalidDate('End');
  return known;
}

function readDates(entry: JsonObject, certificate: X509Certificate, { nowMs, mayOutlive }: KeyContext): { startDateTime: string; endDateTime: string } {
  const notBeforeMs = Date.parse(certificate.validFrom);
  const notAfterMs = Date.parse(certificate.validTo);
  const startDateTime = readInstant(entry.startDateTime, 'Start') ?? wholeSeconds(Math.max(notBeforeMs, Math.min(nowMs, notAfterMs)));
  const startMs = Date.parse(startDateTime);
  const endDateTime = readInstant(entry.endDateTime, 'End') ?? wholeSeconds(Math.min(startMs + DEFAULT_LIFETIME_MS, notAfterMs));
  const endMs = Date.parse(endDateTime);
  if (startMs < notBeforeMs) throw invalidDate('Start');
  if ((endMs > notAfterMs && mayOutlive !== true) || endMs <= startMs || endMs <= nowMs) throw invalidDate('End');
  return { startDateTime, endDateTime };
}

function readInstant(value: unknown, which: 'Start' | 'End'): string | undefined {
  if (value === undefined || value === null) return undefined;
  const instant = typeof value === 'string' ? normaliseInstant(value) : undefined;
  if (instant === undefined) throw invalidDate(which);
  return instant;
}

function readKeyId(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && isGuid(value)) return value.toLowerCase();
  throw badRequest('G-KEY-INVALID', "Cannot convert the literal to the expected type 'Edm.Guid'.");
}

function readText(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw badRequest('G-KEY-INVALID', `Invalid value specified for property '${name}' of resource 'KeyCredential'.`);
}

// Line breaks inside the base64 are accepted (recorded).
function decodeKey(value: unknown): Buffer {
  const text = typeof value === 'string' ? value.replaceAll(/\s/g, '') : '';
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw notACertificate();
  return Buffer.from(text, 'base64');
}

function parseCertificate(der: Buffer): X509Certificate {
  try {
    const certificate = new X509Certificate(der);
    // OpenSSL also reads PEM and trailing bytes; the service takes one DER certificate.
    if (certificate.raw.equals(der)) return certificate;
  } catch {
    throw notACertificate();
  }
  throw notACertificate();
}

function requireOneOf(value: unknown, name: string, accepted: readonly string[]): void {
  if (typeof value === 'string' && accepted.includes(value)) return;
  throw badRequest(
    'G-KEY-USAGE',
    `The value for the property "${name}" in one of your credentials is invalid. Acceptable values are ${accepted.join(', ')}.`,
  );
}

function notUpdatable(keyId: string): GraphRefusal {
  const message = `Update to existing credential with KeyId '${keyId}' is not allowed.`;
  return new GraphRefusal(rule('G-KEY-NOT-UPDATABLE'), 400, 'Request_BadRequest', message, {
    details: [{ code: 'KeyNotUpdatable', message }],
  });
}

function invalidDate(which: 'Start' | 'End'): GraphRefusal {
  return badRequest('G-KEY-DATES', `Key credential ${which.toLowerCase()} date is invalid.`, `KeyCredentialsInvalid${which}Date`);
}

function notACertificate(): GraphRefusal {
  return badRequest('G-KEY-VALUE', 'Key value is not a valid certificate.', 'KeyCredentialsInvalidValue');
}

function lower(value: unknown): string {
  return String(value).toLowerCase();
}
