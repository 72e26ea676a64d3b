/**
 * The audit is read by people, exported and kept for years, so a secret must not get in by mistake. Text that looks like
 * a token, a private key or a random value is replaced, and so is whatever stands under a name that promises a secret.
 * Evidence stays: GUIDs, hexadecimal thumbprints, permission names, addresses.
 */
import type { Json, JsonObject } from '../ports';

const REDACTED = '[redacted]';

const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  // JWS and JWE in compact form: a base64url object first, then dots.
  /\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g,
  // Client secrets of Entra ID, recognisable by their fourth to sixth character.
  /[\w~.-]{3}\dQ~[\w~.-]{20,}/g,
];

/** Keys and tokens in standard base64; a path of that length has neither padding nor a plus sign. */
const LONG_BASE64 = /[A-Za-z0-9+/]{40,}={0,2}/g;

/** Codes, verifiers, refresh tokens in base64url; a thumbprint or a GUID never mixes upper and lower case. */
const LONG_BASE64URL = /[\w-]{40,}/g;

const SECRET_NAME = /(?:password|passphrase|secret|privatekey|token|assertion|verifier|authorizationcode|masterkey|cookie)$/i;

/** The same text with everything that looks like a secret replaced. */
export function redactText(text: string): string {
  const known = SECRETS.reduce((rest, pattern) => rest.replace(pattern, REDACTED), text);
  const withoutBase64 = known.replace(LONG_BASE64, (run) => (/[+=]/.test(run) ? REDACTED : run));
  return withoutBase64.replace(LONG_BASE64URL, (run) => (looksRandom(run) ? REDACTED : run));
}

/** The same object, deeply, also without values under names like `clientSecret`; secrets of ours are redacted by their own JSON form. */
export function redactDetails(details: JsonObject): JsonObject {
  return redactValue(JSON.parse(JSON.stringify(details)) as JsonObject) as JsonObject;
}

function redactValue(value: Json, name = ''): Json {
  if (typeof value === 'string') return SECRET_NAME.test(name) ? REDACTED : redactText(value);
  if (Array.isArray(value)) return value.map((item: Json) => redactValue(item, name));
  if (typeof value !== 'object' || value === null) return value;
  // Readers of JSON disagree on this one name, and a hash over it would not hold.
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(entries.map(([key, item]) => [key, redactValue(item, key)]));
}

function looksRandom(run: string): boolean {
  return /[a-z]/.test(run) && /[A-Z]/.test(run) && /[\d_-]/.test(run);
}
