/**
 * Makes an answer fit to be shown to strangers and still tell whether it is another one. Everything is taken away that is not
 * in a short list of words Microsoft fixes: texts become their kind, GUIDs become marks that stay equal where the GUIDs were
 * equal (an HMAC under a key nobody keeps), instants keep only how they are written. What is missing, null, of another type or
 * in another order stays visible.
 */
import { createHmac } from 'node:crypto';

export interface NormaliserOptions {
  /** At least 16 random bytes; the same key gives the same marks. */
  readonly key: Buffer;
  /** Texts with a name of their own, such as the tenant's domain: `[['contoso.example', 'domain']]`. Longer ones first. */
  readonly known: readonly (readonly [string, string])[];
}

export interface Normaliser {
  /** Any part of an answer. */
  readonly answer: (value: unknown) => unknown;
  /** A text of our own, such as the address of a request: ids and known names are marked, the rest stays. */
  readonly own: (text: string) => string;
}

/** Members whose texts come from a fixed vocabulary of Microsoft's. */
const VOCABULARY: ReadonlySet<string> = new Set([
  '@odata.type', 'alg', 'appidacr', 'capabilityStatus', 'code', 'consentType', 'error', 'expires_in', 'ext_expires_in', 'idtyp', 'kty', 'memberType', 'principalType', 'servicePrincipalType',
  'signInAudience', 'tenantType', 'token_type', 'typ', 'type', 'usage', 'use', 'userType', 'ver', 'appliesTo', 'provisioningStatus', 'e', 'odata-version', 'content-type', 'retry-after', 'state',
]);
/** Members that tell a sentence: read by people, sometimes quoting names. */
const SENTENCES: ReadonlySet<string> = new Set(['message', 'error_description']);
const SECRETS = /secret|password|assertion$|_token$|^proof$|^key$|^authorization$/i;

const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const WHOLE_GUID = new RegExp(`^${GUID.source}$`, 'i');
const INSTANT = /^\d{4}-\d\d-\d\d(?<gap>[T ])\d\d:\d\d:\d\d(?:\.(?<fraction>\d+))?(?<zone>Z|[+-]\d\d:\d\d)$/;
const JWT = /^[\w-]{2,}\.[\w-]{2,}\.[\w-]*$/;
const WORD = /^[\w#.;=/ +-]{0,200}$/;

export function createNormaliser({ key, known }: NormaliserOptions): Normaliser {
  const mark = (text: string) => createHmac('sha256', key).update(text.toLowerCase()).digest('hex').slice(0, 8);
  const replaced = (text: string) => known.reduce((left, [from, name]) => (from === '' ? left : left.replaceAll(new RegExp(from.replaceAll(/[^\w]/g, String.raw`\$&`), 'gi'), `{${name}}`)), text).replaceAll(GUID, (guid) => `{guid ${mark(guid)}}`);

  const text = (value: string, member: string): string => {
    if (value === '') return '';
    if (SECRETS.test(member)) return '{secret}';
    if (WHOLE_GUID.test(value)) return `{guid ${mark(value)}}`;
    const instant = INSTANT.exec(value)?.groups;
    if (instant !== undefined) return `{instant ${instant.gap === 'T' ? 'T' : 'space'}, ${(instant.fraction ?? '').length} digits, ${instant.zone === 'Z' ? 'Z' : 'offset'}}`;
    if (JWT.test(value) && value.length > 40) return '{jwt}';
    if ((VOCABULARY.has(member) || member.endsWith('_supported')) && WORD.test(value)) return replaced(value);
    if (SENTENCES.has(member)) return sentence(replaced(value));
    return kindOfText(value, replaced(value));
  };

  const normalise = (value: unknown, member: string): unknown => {
    if (typeof value === 'string') return text(value, member);
    if (typeof value === 'number') return member === 'status' || member === 'error_codes' || VOCABULARY.has(member) ? value : '{number}';
    if (Array.isArray(value)) return value.map((item) => normalise(item, member));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [replaced(name), normalise(item, name)]));
  };
  // A page token is the service's own, in an address that is ours otherwise: nobody knows what it holds.
  return { answer: (value) => normalise(value, ''), own: (value) => replaced(value.replaceAll(/((?:\$|%24)skiptoken=)[^&]*/gi, '$1{opaque}')) };
}

/** An AADSTS number, and nothing else of a sentence: the rest quotes whom it likes. */
function sentence(text: string): string {
  const number = /^AADSTS\d+/.exec(text)?.[0];
  return number === undefined ? '{sentence}' : `${number}: {sentence}`;
}

function kindOfText(value: string, replaced: string): string {
  if (/^https?:\/\//.test(value)) return addressKind(replaced);
  if (/^[0-9A-F]{40}$/.test(value)) return '{40 hex digits, upper case}';
  if (/^[0-9a-f]{40}$/.test(value)) return '{40 hex digits, lower case}';
  if (/^[^@\s]+@[^@\s]+$/.test(value)) return '{address}';
  if (/^[\w-]{27,}$/.test(value)) return `{base64url, ${value.length} characters}`;
  return '{text}';
}

/** Scheme and known host, how many segments, which query options: enough to see an address change its form. */
function addressKind(replaced: string): string {
  const [, origin = '', path = '', query = ''] = /^(https?:\/\/[^/?#]*|\{[a-z]+\})([^?#]*)(?:\?([^#]*))?/.exec(replaced) ?? [];
  const shown = /^(https?:\/\/)?\{[a-z]+\}$/.test(origin) ? origin : `${origin.split(':')[0]}://{host}`;
  const segments = path.split('/').map((segment) => (segment === '' || segment.startsWith('{') || /^(?:v[12]\.0|beta|oauth2|discovery|keys|token|authorize|devicecode|logout|kerberos|common|organizations)$/.test(segment) ? segment : '{segment}'));
  const options = [...new URLSearchParams(query).keys()].map((name) => (name.startsWith('$') ? name : '{option}'));
  return `${shown}${segments.join('/')}${options.length === 0 ? '' : `?${options.join('&')}`}`;
}
