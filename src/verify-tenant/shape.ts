/**
 * What an answer must look like, said member by member. A shape names the places where a value departs from it, with the kind
 * of what stands there instead: never the value itself, which may name somebody.
 */
import type { Answer } from './model';

export type Shape = (value: unknown, at: string) => readonly string[];

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function kindOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return value === '' ? 'an empty text' : GUID.test(value) ? 'a GUID' : 'a text';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'number') return `the number ${value}`;
  return value === true ? 'true' : 'false';
}

function unless(holds: boolean, value: unknown, at: string, wanted: string): readonly string[] {
  return holds ? [] : [`${at}: ${kindOf(value)} instead of ${wanted}`];
}

export const text: Shape = (value, at) => unless(typeof value === 'string' && value !== '', value, at, 'a text');
export const number: Shape = (value, at) => unless(typeof value === 'number', value, at, 'a number');
export const guid: Shape = (value, at) => unless(typeof value === 'string' && GUID.test(value), value, at, 'a GUID');
export const present: Shape = (value, at) => unless(value !== undefined, value, at, 'any value');
export const nothing: Shape = (value, at) => unless(value === null, value, at, 'null');

export function like(form: RegExp, wanted: string): Shape {
  return (value, at) => unless(typeof value === 'string' && form.test(value), value, at, wanted);
}

/** Written with this many digits after the second. */
export function instant(digits: number): Shape {
  const fraction = digits === 0 ? '' : `\\.\\d{${digits}}`;
  return like(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d${fraction}Z$`), `an instant with ${digits} digits after the second`);
}

/** `named` stands in for the value in a report. */
export function exactly(wanted: unknown, named = JSON.stringify(wanted)): Shape {
  return (value, at) => unless(value === wanted, value, at, named);
}

export function list(item: Shape, wanted: { readonly least?: number; readonly most?: number } = {}): Shape {
  return (value, at) => {
    if (!Array.isArray(value)) return unless(false, value, at, 'a list');
    const { least = 0, most = Number.POSITIVE_INFINITY } = wanted;
    const size = unless(value.length >= least && value.length <= most, value, at, most === least ? `a list of ${least}` : `a list of ${least} to ${most}`);
    return [...size, ...value.flatMap((entry, index) => item(entry, `${at}[${index}]`))];
  };
}

/** `absent` members must not be there at all; others than the named ones may. */
export function object(members: Readonly<Record<string, Shape>>, absent: readonly string[] = []): Shape {
  return (value, at) => {
    if (!isObject(value)) return unless(false, value, at, 'an object');
    const wrong = Object.entries(members).flatMap(([name, shape]) => shape(value[name], `${at}.${name}`));
    return [...wrong, ...absent.flatMap((name) => unless(value[name] === undefined, value[name], `${at}.${name}`, 'no such member'))];
  };
}

/** Exactly these members, whatever their values. */
export function membersOf(names: readonly string[]): Shape {
  return (value, at) => {
    if (!isObject(value)) return unless(false, value, at, 'an object');
    const missing = names.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name}: absent`);
    const surplus = Object.keys(value).filter((name) => !names.includes(name) && !name.startsWith('@')).length;
    return [...missing, ...(surplus === 0 ? [] : [`${at}: ${surplus} members more than expected`])];
  };
}

export function every(...shapes: readonly Shape[]): Shape {
  return (value, at) => shapes.flatMap((shape) => shape(value, at));
}

export function either(...shapes: readonly Shape[]): Shape {
  return (value, at) => {
    const all = shapes.map((shape) => shape(value, at));
    return all.some((differences) => differences.length === 0) ? [] : (all[0] ?? []);
  };
}

export interface Expectation {
  readonly status: number;
  readonly headers?: Readonly<Record<string, Shape>>;
  readonly body?: Shape;
}

export function compare(answer: Answer, { status, headers = {}, body }: Expectation): readonly string[] {
  if (answer.status !== status) return [`status: ${answer.status}${errorOf(answer)} instead of ${status}`];
  const wrongHeaders = Object.entries(headers).flatMap(([name, shape]) => shape(answer.headers[name], `header ${name}`));
  return [...wrongHeaders, ...(body?.(answer.body, 'body') ?? [])];
}

/** The service's own short code of a refusal; it names nobody. */
export function errorOf({ body }: Answer): string {
  if (!isObject(body)) return '';
  const codes: unknown = body['error_codes'];
  if (Array.isArray(codes) && typeof codes[0] === 'number') return ` (AADSTS${codes[0]})`;
  const code = isObject(body['error']) ? body['error']['code'] : undefined;
  return typeof code === 'string' && /^\w{1,80}$/.test(code) ? ` (${code})` : '';
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of a collection's `value`; empty when there is none. */
export function rowsOf({ body }: Answer): readonly Readonly<Record<string, unknown>>[] {
  const value: unknown = isObject(body) ? body['value'] : undefined;
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
