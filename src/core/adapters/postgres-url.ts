/**
 * From a PostgreSQL URL to what the driver needs, read here and not by the driver, so that nothing is left to a default that
 * could weaken it. A host that is not this machine gets TLS with the certificate and the name checked, unless the URL says
 * otherwise. What is refused is never repeated: a password that was not percent-encoded ends up in any part of a URL.
 * PostgreSQL documentation, "Connection Strings" and "SSL Support"; modes as pg 8 reads them.
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { OnboardingError } from '../errors';

export interface PostgresTlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface PostgresTarget {
  /** Host and database: all that a message may say. */
  readonly place: string;
  /** From the URL's `schema`; absent when it has none. */
  readonly schema: string | undefined;
  /** A folder of a Unix socket when it begins with a slash. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Absent: the driver asks PGUSER and PGPASSWORD. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: PostgresTlsOptions | false;
}

const DEFAULT_PORT = 5432;
const PARAMETERS = new Set(['host', 'schema', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']);
// As in pg 8: without a check only when it is asked for by name.
const CHECKED_MODES = new Set(['prefer', 'require', 'verify-ca', 'verify-full']);
const CONTROL = /\p{Cc}/u;

/** Raises `STATE_LOCATION_REFUSED` for a URL that is not understood, and for a certificate file that cannot be read. */
export async function readPostgresUrl(text: string): Promise<PostgresTarget> {
  const url = parse(text);
  const parameters = readParameters(url.searchParams);
  const host = readHost(url, parameters.get('host'));
  const database = decode(requireDatabase(url));
  return {
    place: `${host}/${database}`,
    schema: parameters.get('schema'),
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    database,
    user: url.username === '' ? undefined : decode(url.username),
    password: url.password === '' ? undefined : decode(url.password),
    tls: await readTls(parameters, isThisMachine(host)),
  };
}

export function refusedLocation(reason: string): OnboardingError {
  return new OnboardingError('STATE_LOCATION_REFUSED', `The state location is refused: ${reason}.`);
}

function parse(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) throw refusedLocation('it is not a PostgreSQL URL; is the password percent-encoded?');
  if (url.hash !== '') throw refusedLocation('a PostgreSQL URL has no fragment; is the password percent-encoded?');
  return url;
}

function readParameters(given: URLSearchParams): ReadonlyMap<string, string> {
  const names = [...given.keys()];
  if (names.some((name) => !PARAMETERS.has(name))) throw refusedLocation(`a PostgreSQL URL has the parameters ${[...PARAMETERS].join(', ')} and no others`);
  if (new Set(names).size < names.length) throw refusedLocation('a parameter of the PostgreSQL URL is there twice');
  return new Map(given);
}

function readHost(url: URL, socketFolder: string | undefined): string {
  if (socketFolder !== undefined) {
    if (!isAbsolute(socketFolder) || CONTROL.test(socketFolder)) throw refusedLocation('the parameter host is the folder of a Unix socket and nothing else');
    return socketFolder;
  }
  if (url.hostname === '') throw refusedLocation('the PostgreSQL URL names no host');
  return decode(url.hostname.replace(/^\[(.+)\]$/, '$1'));
}

function requireDatabase(url: URL): string {
  const [, name] = /^\/([^/@:]+)$/.exec(url.pathname) ?? [];
  if (name === undefined) throw refusedLocation('the PostgreSQL URL names no database; is the password percent-encoded?');
  return name;
}

function decode(part: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    throw refusedLocation('the PostgreSQL URL is not percent-encoded as it should be');
  }
  if (CONTROL.test(text)) throw refusedLocation('the PostgreSQL URL holds a control character');
  return text;
}

async function readTls(parameters: ReadonlyMap<string, string>, isLocal: boolean): Promise<PostgresTlsOptions | false> {
  const files = { ca: parameters.get('sslrootcert'), cert: parameters.get('sslcert'), key: parameters.get('sslkey') };
  const asksForTls = Object.values(files).some((file) => file !== undefined);
  const mode = parameters.get('sslmode') ?? (isLocal && !asksForTls ? 'disable' : 'verify-full');
  if (mode === 'disable') return false;
  if (mode !== 'no-verify' && !CHECKED_MODES.has(mode)) throw refusedLocation('sslmode is not one of disable, no-verify, prefer, require, verify-ca, verify-full');
  const contents: Record<string, string> = {};
  for (const [name, file] of Object.entries(files)) {
    if (file !== undefined) contents[name] = await readPem(file);
  }
  return { rejectUnauthorized: mode !== 'no-verify', ...contents };
}

async function readPem(file: string): Promise<string> {
  const text = isAbsolute(file) ? await readFile(file, 'utf8').catch(() => undefined) : undefined;
  // One answer for every reason: whoever may set a URL must not learn what files this host has.
  if (text === undefined || !text.includes('-----BEGIN ')) throw refusedLocation('a certificate or key file of the PostgreSQL URL is not an absolute path to a PEM file');
  return text;
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('/') || /^127(\.\d{1,3}){3}$/.test(host);
}
