/**
 * Answers that are collections: filter, count, page and select over rows already in their wire form.
 * Sources: Microsoft Graph "Paging", "Query parameters" and "Advanced query capabilities on directory objects".
 */
import { contextUrl, type Answer, type Call } from './call';
import { advancedOperatorOf, matches, testsOf, type Filter, type Filterable } from './filter';
import { readExpansion, type Expansion } from './expand';
import { openPage, sealPage, type PagePosition } from './paging';
import { badRequest, NotModelled } from './refusal';
import { checkSelect, namesOf, project, type TypeName, type Wire } from './select';
import { variantsOf } from './variants';
import { tellPage, tellRow } from '../lies/graph';
import { isLying, tell } from '../lies/truth';

export interface Listing {
  readonly type: TypeName;
  /** As the service writes the type's name in filter refusals. */
  readonly resource: string;
  /** What follows `$metadata#`. */
  readonly context: string;
  rows(asOfMs: number): readonly Wire[];
  readonly filterable: Filterable;
  /** Properties Microsoft documents as not filterable. */
  readonly refusedFilters?: readonly string[];
  /** Selected when the client selects nothing; absent: everything. */
  readonly defaults?: readonly string[];
  /** Absent: the collection comes in one page, whatever `$top` says. */
  readonly pageSize?: number;
  /** Directory objects: `$count` and the advanced operators work with `ConsistencyLevel: eventual`. */
  readonly isDirectory: boolean;
  /** The rows have been selected by the handler, type by type. */
  readonly isShaped?: boolean;
  /** Relations the handler has put into the rows already. */
  readonly expandable?: readonly string[];
}

export const DEFAULT_PAGE_SIZE = 100;

export function answerList(call: Call, listing: Listing): Answer {
  const { query } = call;
  const expansion = listing.expandable === undefined ? readExpansion(call, listing.type) : undefined;
  checkOptions(call, listing);
  const binding = JSON.stringify([call.caller.tenant.tenantId, call.path.toLowerCase(), query.repeated]);
  const position =
    query.skipToken === undefined ? { offset: 0, asOfMs: tell(call.world, 'L-LAG-LIST', call.world.asOf('graph.list'), () => call.world.now()) } : openPage(query.skipToken, binding);
  const all = select(listing.rows(position.asOfMs), tell(call.world, 'L-FILTER-IGNORED', query.filter, () => undefined));
  const size = listing.pageSize === undefined ? all.length : (tell(call.world, 'L-TOP-IGNORED', query.top, () => undefined) ?? listing.pageSize);
  const isEmpty = comesEmpty(call, position);
  const end = isEmpty ? position.offset : position.offset + size;
  const { next, hasNext } = tellPage(call.world, end, all.length);
  const counted = listing.isDirectory && query.count && (query.eventual || isLying(call.world, 'L-COUNT')) && position.offset === 0;
  const shown = all.slice(position.offset, end).map((row) => expanded(shape(row, call, listing), row, expansion, position.asOfMs));
  return {
    status: 200,
    body: {
      '@odata.context': contextUrl(call, contextOf(call, listing)),
      ...tipsOf(call, listing),
      ...(counted ? { '@odata.count': all.length } : {}),
      ...(hasNext ? { '@odata.nextLink': nextLink(call, sealPage({ ...position, offset: next, afterEmpty: isEmpty }, binding)) } : {}),
      value: shown,
    },
    ...(isEmpty ? { ruleId: 'G-PAGE-EMPTY' } : expansion === undefined ? {} : { ruleId: 'G-EXPAND' }),
  };
}

// A page may be empty and still have a next link: every second page after the first, when the variant says so.
function comesEmpty(call: Call, position: PagePosition): boolean {
  return variantsOf(call.world).emptyPages === 'middle' && position.offset > 0 && position.afterEmpty !== true;
}

function tipsOf(call: Call, listing: Listing): Wire {
  if (call.query.select !== undefined || variantsOf(call.world).tips === 'absent') return {};
  const path = call.path.replace(/^\//, '');
  return { '@microsoft.graph.tips': `Use $select to choose only the properties your app needs, as this can lead to performance improvements. For example: GET ${path}?$select=${namesOf(listing.type).properties.slice(0, 2).join(',')}` };
}

function expanded(shown: Wire, row: Wire, expansion: Expansion | undefined, asOfMs: number): Wire {
  return expansion === undefined ? shown : { ...shown, [expansion.name]: expansion.for(String(row.id), asOfMs) };
}

/** `/users/$count`: a bare number, only for callers who asked for eventual consistency. */
export function answerCount(call: Call, listing: Listing): Answer {
  if (!call.query.eventual) throw badRequest('G-ERR-COUNT', '$count is not currently supported.');
  checkFilter(call.query.filter, listing, true);
  const rows = select(listing.rows(call.world.asOf('graph.list')), call.query.filter);
  return { status: 200, body: String(rows.length), headers: { 'content-type': 'text/plain' } };
}

function shape(row: Wire, call: Call, listing: Listing): Wire {
  if (listing.isShaped === true) return row;
  const related = Object.fromEntries((listing.expandable ?? []).filter((name) => name in row).map((name) => [name, row[name]]));
  const selected = tell(call.world, 'L-SELECT-IGNORED', call.query.select, () => undefined);
  return { ...tellRow(call.world, project(row, selected, listing.type, listing.defaults, call.world)), ...related };
}

function select(rows: readonly Wire[], filter: Filter | undefined): readonly Wire[] {
  return filter === undefined ? rows : rows.filter((row) => matches(filter, row));
}

function checkOptions(call: Call, listing: Listing): void {
  const { query } = call;
  if (query.search !== undefined) {
    if (query.eventual) throw new NotModelled('$search');
    throw badRequest(
      'G-ERR-SEARCH',
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
      'Request_UnsupportedQuery',
    );
  }
  if (query.count && query.eventual && !listing.isDirectory) throw new NotModelled(`$count on ${listing.context}`);
  if (listing.isShaped !== true) checkSelect(query.select, listing.type, call.world);
  checkFilter(query.filter, listing, query.eventual && query.count);
}

function checkFilter(filter: Filter | undefined, listing: Listing, advanced: boolean): void {
  if (filter === undefined) return;
  for (const test of testsOf(filter)) {
    if (listing.refusedFilters?.includes(test.property) === true) throw unsupportedClause(test.property, listing);
    if (listing.filterable[test.property]?.includes(test.operator) !== true) {
      throw new NotModelled(`$filter ${test.property} ${test.operator} on ${listing.context}`);
    }
  }
  const found = advancedOperatorOf(filter);
  if (found === undefined || (advanced && listing.isDirectory)) return;
  if (found.operator !== 'endsWith') throw unsupportedClause(found.property, listing);
  throw badRequest(
    'G-ERR-ADVANCED',
    "Operator 'endsWith' is not supported because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information",
    'Request_UnsupportedQuery',
  );
}

function unsupportedClause(property: string, listing: Listing) {
  return badRequest(
    'G-ERR-FILTER',
    `Unsupported or invalid query filter clause specified for property '${property}' of resource '${listing.resource}'.`,
    'Request_UnsupportedQuery',
  );
}

function contextOf(call: Call, listing: Listing): string {
  const names = [...(call.query.select ?? []), ...(call.query.expand === undefined ? [] : (listing.expandable ?? [call.query.expand.split('(')[0] ?? '']).map((name) => `${name}()`))];
  return names.length === 0 ? listing.context : `${listing.context}(${names.join(',')})`;
}

function nextLink(call: Call, token: string): string {
  const options = [...call.query.repeated, ['$skiptoken', token] as const];
  const search = options.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const origin = tell(call.world, 'L-PAGE-RELATIVE', call.world.origins.graph, () => '');
  return `${origin}/v1.0${call.path}?${search}`;
}
