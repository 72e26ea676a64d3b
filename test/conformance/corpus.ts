/** The corpus as values: exchanges by operation, the metadata's kinds, the facts about ids and errors. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { emptyShape, learn, type Allowed, type Kind, type Shape } from './shape';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly request: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface CsdlType {
  readonly base: string | null;
  readonly props: Readonly<Record<string, { readonly type: string; readonly nullable: boolean }>>;
}

const ROOT = fileURLToPath(new URL('./corpus/', import.meta.url));
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** The parsed file; the caller says what it holds. */
export function readCorpus(file: string): unknown {
  return JSON.parse(readFileSync(`${ROOT}${file}`, 'utf8'));
}

/** Whole recordings, in the order they were made. */
export const stories: readonly { readonly name: string; readonly exchanges: readonly Exchange[] }[] = readFiles('recordings');
export const recordings = stories.flatMap(({ exchanges }) => exchanges);
export const references = readFiles('reference').flatMap(({ exchanges }) => exchanges);
/** Every (method, path, status) the whole corpus knows, modelled or not. */
export const allOperations: readonly string[] = Object.keys(readCorpus('operations.json') as Record<string, unknown>);

/** `GET /serviceprincipals/{}`: one name for all the ways an operation is written. */
export function operationOf(method: string, path: string): string {
  const [address = ''] = path.split('?');
  const name = address
    .replace(/^\/v1\.0/i, '')
    .toLowerCase()
    .replaceAll(/\('[^']*'\)|\{[^}]*\}/g, (found) => (found.startsWith('(') ? '/{}' : '{}'))
    .replaceAll(GUID, '{}')
    .replaceAll('{}_{}', '{}')
    .replace(/^(\/users)\/[^/]*@[^/]*/, '$1/{}')
    .replace(/^(\/directoryroles)\/roletemplateid=\{\}/, '$1/{}')
    .replace(/^(\/domains)\/[^/]+/, '$1/{}')
    .replace(/(\/federatedidentitycredentials)\/[^/]+$/, '$1/{}')
    .replace(/^(\/oauth2permissiongrants|\/auditlogs\/[a-z]+|\/rolemanagement\/directory\/role(?:assignment|eligibility)(?:schedule)?(?:instance)?s)\/(?!delta|filterby)[^/]+$/, '$1/{}');
  return `${method} ${name}`;
}

/** `GET /serviceprincipals/{} 200` for an entry of `allOperations`; undefined for another version than v1.0. */
export function caseKeyOf(entry: string): string | undefined {
  const [method = '', path = '', status = ''] = entry.split(' ');
  return path.startsWith('/v1.0/') ? `${operationOf(method, path)} ${status}` : undefined;
}

export interface Learned {
  readonly source: 'recorded' | 'documented';
  readonly exchanges: readonly Exchange[];
  readonly shape: Shape;
}

/**
 * What the corpus knows of an operation's body. Recordings win over reference pages, whose examples are shortened;
 * exchanges that select or expand show other members and count only where there are no plain ones.
 */
export function learned(key: string, view: (body: unknown) => unknown = (body) => body): Learned {
  const recorded = exchangesOf(recordings, key);
  const exchanges = recorded.length > 0 ? recorded : exchangesOf(references, key);
  if (exchanges.length === 0) throw new Error(`The corpus has no example of ${key}`);
  const shape = emptyShape();
  for (const { body } of exchanges) learn(shape, view(body));
  return { source: recorded.length > 0 ? 'recorded' : 'documented', exchanges, shape };
}

/** Kinds of members by the metadata, for a body whose objects (or whose `value` entries) are of a type. */
export function metadataOf(type: string): Allowed {
  const types = readCorpus('csdl.json') as Record<string, CsdlType>;
  return (path) => {
    const [last] = path.slice(-1);
    if (last === '@odata.count') return new Set<Kind>(['number']);
    if (last?.startsWith('@odata.') === true) return new Set<Kind>(['string']);
    const names = (path[0] === 'value' ? path.slice(1) : path).filter((name) => name !== '[]');
    return names.length === 0 ? undefined : kindsAt(types, `graph.${type}`, names);
  };
}

function exchangesOf(exchanges: readonly Exchange[], key: string): readonly Exchange[] {
  const fitting = exchanges.filter(({ method, path, status }) => `${operationOf(method, path)} ${status}` === key);
  const plain = fitting.filter(({ path }) => !/[$](?:select|expand)/i.test(path));
  return plain.length > 0 ? plain : fitting;
}

function kindsAt(types: Readonly<Record<string, CsdlType>>, type: string, [name = '', ...rest]: readonly string[]): ReadonlySet<Kind> | undefined {
  for (let current: string | null = type; current !== null; ) {
    const declared: CsdlType | undefined = types[`microsoft.${current}`];
    const property = declared?.props[name];
    if (property !== undefined && rest.length === 0) return kindsOfEdm(property.type, property.nullable);
    // On the wire without being in the metadata: recorded in every group.
    if (name === 'creationOptions' && type === 'graph.group') return new Set<Kind>(['array']);
    if (property !== undefined) return kindsAt(types, property.type.replace(/^Collection\(|\)$/g, ''), rest);
    current = declared?.base ?? null;
  }
  return undefined;
}

function kindsOfEdm(edm: string, nullable: boolean): ReadonlySet<Kind> {
  const kinds: Readonly<Record<string, readonly Kind[]>> = {
    'Edm.String': ['string', 'guid'],
    'Edm.Guid': ['guid'],
    'Edm.Binary': ['string'],
    'Edm.Boolean': ['bool'],
    'Edm.Int32': ['number'],
    'Edm.DateTimeOffset': ['datetime', 'datetime.f'],
  };
  const own: readonly Kind[] = edm.startsWith('Collection(') ? ['array'] : (kinds[edm] ?? ['object']);
  return new Set<Kind>([...own, ...(nullable ? (['null'] as const) : [])]);
}

function readFiles(folder: string): readonly { readonly name: string; readonly exchanges: readonly Exchange[] }[] {
  return readdirSync(`${ROOT}${folder}`)
    .toSorted()
    .map((file) => ({ name: file.replace(/\.json$/, ''), exchanges: (readCorpus(`${folder}/${file}`) as { readonly pairs: readonly Exchange[] }).pairs }));
}
