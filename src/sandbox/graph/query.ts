/**
 * The query options of one request, read once. Options the sandbox does not evaluate are refused as not modelled;
 * silently ignoring one would let a client believe in a filter that was never applied.
 * Source: Microsoft Graph "Customize Microsoft Graph responses with query parameters".
 */
import { parseFilter, type Filter } from './filter';
import { badRequest, NotModelled } from './refusal';

export interface Query {
  readonly select: readonly string[] | undefined;
  readonly expand: string | undefined;
  readonly filter: Filter | undefined;
  readonly top: number | undefined;
  readonly skipToken: string | undefined;
  readonly count: boolean;
  readonly search: string | undefined;
  /** The options a next page must repeat, in their order, without the page token. */
  readonly repeated: readonly (readonly [string, string])[];
  /** `ConsistencyLevel: eventual` was sent. */
  readonly eventual: boolean;
}

const NOT_MODELLED = new Set(['$orderby', '$skip', '$format', '$apply', '$compute', '$levels', '$deltatoken']);
const READ = new Set(['$select', '$expand', '$filter', '$top', '$skiptoken', '$count', '$search']);
// The service takes these without the dollar sign on some paths only.
const UNPREFIXED = new Set([...READ].map((name) => name.slice(1)));

export function readQuery(params: URLSearchParams, consistencyLevel: string | undefined): Query {
  const options = new Map<string, string>();
  for (const [name, value] of params) addOption(options, name, value);
  const filterText = options.get('$filter');
  return {
    select: readNames(options.get('$select')),
    expand: options.get('$expand'),
    filter: filterText === undefined ? undefined : parseFilter(filterText),
    top: readTop(options.get('$top')),
    skipToken: options.get('$skiptoken'),
    count: readCount(options.get('$count')),
    search: options.get('$search'),
    repeated: [...params].filter(([name]) => name.toLowerCase() !== '$skiptoken'),
    eventual: consistencyLevel?.toLowerCase() === 'eventual',
  };
}

function addOption(options: Map<string, string>, rawName: string, value: string): void {
  const name = rawName.toLowerCase();
  if (NOT_MODELLED.has(name) || UNPREFIXED.has(name)) throw new NotModelled(`query option ${rawName}`);
  // An unknown custom option is ignored by the service; an unknown `$` option is refused.
  if (!name.startsWith('$')) return;
  if (!READ.has(name)) throw badRequest('G-ERR-QUERY-OPTION', `The query parameter '${rawName}' is not supported.`, 'BadRequest');
  if (options.has(name)) throw badRequest('G-ERR-QUERY-OPTION', `Query option '${rawName}' was specified more than once.`, 'BadRequest');
  options.set(name, value);
}

function readNames(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((name) => name.trim()).filter((name) => name !== '');
}

function readTop(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const top = Number(text);
  if (!/^\d+$/.test(text) || top < 1 || top > 999) {
    throw badRequest('G-ERR-TOP', `Invalid page size specified: '${text}'. Must be between 1 and 999 inclusive.`);
  }
  return top;
}

function readCount(text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw badRequest('G-ERR-QUERY-OPTION', `Invalid value '${text}' for $count query option.`, 'BadRequest');
}
