/**
 * The part of OData's `$filter` that the modelled collections take: `eq`, `ne`, `ge`, `le`, `in`, `startswith`, `endswith`,
 * `any` over strings, joined by `and`, `or`, `not` and parentheses. A property or operator the collection does
 * not declare is not modelled (501), never quietly ignored. Sources: OData 4.01 URL conventions 5.1.1,
 * Microsoft Graph "Use the $filter query parameter" and "Advanced query capabilities on directory objects".
 */
import { badRequest, NotModelled } from './refusal';

export type Operator = 'eq' | 'ne' | 'in' | 'startswith' | 'endswith' | 'any' | 'ge' | 'le';
export type Literal = string | boolean | null;

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | { readonly kind: 'test'; readonly property: string; readonly operator: Operator; readonly values: readonly Literal[] };

/** What a collection can be filtered by. */
export type Filterable = Readonly<Record<string, readonly Operator[]>>;

type Wire = Readonly<Record<string, unknown>>;

const TOKEN = /\s*(?:('(?:[^']|'')*')|(\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?Z)?)|([A-Za-z_][\w.]*)|([(),:/]))/y;
const NOT_MODELLED_WORDS = new Set(['gt', 'lt', 'has', 'contains', 'all']);

export function parseFilter(text: string): Filter {
  const cursor = new Cursor(tokenize(text));
  const filter = parseOr(cursor);
  if (!cursor.atEnd()) throw malformed(text);
  return filter;
}

export function matches(filter: Filter, row: Wire): boolean {
  if (filter.kind === 'test') return CHECKS[filter.operator](row[filter.property], filter.values);
  if (filter.kind === 'not') return !matches(filter.part, row);
  return filter.kind === 'and' ? filter.parts.every((part) => matches(part, row)) : filter.parts.some((part) => matches(part, row));
}

/** Every test in the filter, to be checked against what the collection declares. */
export function testsOf(filter: Filter): readonly Extract<Filter, { kind: 'test' }>[] {
  if (filter.kind === 'test') return [filter];
  return filter.kind === 'not' ? testsOf(filter.part) : filter.parts.flatMap(testsOf);
}

/** The advanced operator in the filter (needs `ConsistencyLevel: eventual` and `$count=true`), if there is one. */
export function advancedOperatorOf(filter: Filter): { readonly operator: 'ne' | 'not' | 'endsWith'; readonly property: string } | undefined {
  if (filter.kind === 'not') return { operator: 'not', property: testsOf(filter)[0]?.property ?? '' };
  if (filter.kind !== 'test') return filter.parts.map(advancedOperatorOf).find((found) => found !== undefined);
  if (filter.operator === 'ne') return { operator: 'ne', property: filter.property };
  return filter.operator === 'endswith' ? { operator: 'endsWith', property: filter.property } : undefined;
}

type Check = (actual: unknown, values: readonly Literal[]) => boolean;

const CHECKS: Readonly<Record<Operator, Check>> = {
  eq: (actual, [wanted = null]) => same(actual, wanted),
  ne: (actual, [wanted = null]) => !same(actual, wanted),
  in: (actual, values) => values.some((value) => same(actual, value)),
  any: (actual, [wanted = null]) => Array.isArray(actual) && actual.some((entry) => same(entry, wanted)),
  startswith: (actual, [wanted]) => bothText(actual, wanted, (text, part) => text.startsWith(part)),
  endswith: (actual, [wanted]) => bothText(actual, wanted, (text, part) => text.endsWith(part)),
  ge: (actual, [wanted]) => instantOf(actual) >= instantOf(wanted),
  le: (actual, [wanted]) => instantOf(actual) <= instantOf(wanted),
};

// Anything that is no instant compares with nothing.
function instantOf(value: unknown): number {
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}

function bothText(actual: unknown, wanted: unknown, check: (text: string, part: string) => boolean): boolean {
  return typeof actual === 'string' && typeof wanted === 'string' && check(actual.toLowerCase(), wanted.toLowerCase());
}

// The directory compares strings without regard to case.
function same(actual: unknown, wanted: Literal): boolean {
  if (typeof actual === 'string' && typeof wanted === 'string') return actual.toLowerCase() === wanted.toLowerCase();
  return (actual ?? null) === wanted;
}

class Cursor {
  #index = 0;
  constructor(private readonly tokens: readonly string[]) {}

  peek(): string | undefined {
    return this.tokens[this.#index];
  }

  take(): string {
    const token = this.tokens[this.#index];
    if (token === undefined) throw malformed('unexpected end');
    this.#index += 1;
    return token;
  }

  takeIf(word: string): boolean {
    if (this.peek()?.toLowerCase() !== word) return false;
    this.#index += 1;
    return true;
  }

  expect(word: string): void {
    if (!this.takeIf(word)) throw malformed(`expected '${word}'`);
  }

  atEnd(): boolean {
    return this.#index >= this.tokens.length;
  }
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const rest = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rest.length) {
    const found = TOKEN.exec(rest);
    if (found === null) throw malformed(text);
    tokens.push(found[1] ?? found[2] ?? found[3] ?? found[4] ?? '');
  }
  return tokens;
}

function parseOr(cursor: Cursor): Filter {
  const parts = [parseAnd(cursor)];
  while (cursor.takeIf('or')) parts.push(parseAnd(cursor));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts };
}

function parseAnd(cursor: Cursor): Filter {
  const parts = [parseUnary(cursor)];
  while (cursor.takeIf('and')) parts.push(parseUnary(cursor));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts };
}

function parseUnary(cursor: Cursor): Filter {
  if (cursor.takeIf('not')) return { kind: 'not', part: parseUnary(cursor) };
  if (!cursor.takeIf('(')) return parseTest(cursor);
  const inner = parseOr(cursor);
  cursor.expect(')');
  return inner;
}

function parseTest(cursor: Cursor): Filter {
  const name = cursor.take();
  const word = name.toLowerCase();
  if (cursor.peek() === '(') {
    if (word === 'startswith' || word === 'endswith') return parseFunction(cursor, word);
    throw new NotModelled(`$filter function ${name}`);
  }
  if (cursor.takeIf('/')) return parseAny(cursor, name);
  const operator = cursor.take().toLowerCase();
  if (operator === 'in') return { kind: 'test', property: name, operator, values: parseList(cursor) };
  if (operator === 'ge' || operator === 'le') return { kind: 'test', property: name, operator, values: [parseLiteral(cursor)] };
  if (operator === 'eq' || operator === 'ne') return { kind: 'test', property: name, operator, values: [parseLiteral(cursor)] };
  if (NOT_MODELLED_WORDS.has(operator)) throw new NotModelled(`$filter operator ${operator}`);
  throw malformed(operator);
}

function parseFunction(cursor: Cursor, operator: 'startswith' | 'endswith'): Filter {
  cursor.expect('(');
  const property = cursor.take();
  cursor.expect(',');
  const values = [parseLiteral(cursor)];
  cursor.expect(')');
  return { kind: 'test', property, operator, values };
}

function parseAny(cursor: Cursor, property: string): Filter {
  if (!cursor.takeIf('any')) throw new NotModelled(`$filter path ${property}/${cursor.peek() ?? ''}`);
  cursor.expect('(');
  const variable = cursor.take().toLowerCase();
  cursor.expect(':');
  if (!cursor.takeIf(variable)) throw malformed(variable);
  if (!cursor.takeIf('eq')) throw new NotModelled(`$filter ${property}/any with another operator than eq`);
  const values = [parseLiteral(cursor)];
  cursor.expect(')');
  return { kind: 'test', property, operator: 'any', values };
}

function parseList(cursor: Cursor): Literal[] {
  cursor.expect('(');
  const values = [parseLiteral(cursor)];
  while (cursor.takeIf(',')) values.push(parseLiteral(cursor));
  cursor.expect(')');
  return values;
}

function parseLiteral(cursor: Cursor): Literal {
  const token = cursor.take();
  if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (token === 'true' || token === 'false') return token === 'true';
  if (token === 'null') return null;
  if (/^\d{4}-\d\d-\d\d/.test(token)) return token;
  throw malformed(token);
}

function malformed(what: string) {
  return badRequest('G-ERR-FILTER-SYNTAX', `Invalid filter clause: ${what}`, 'BadRequest');
}
