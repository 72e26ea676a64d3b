/** Most probes are one request and one expected answer. */
import type { Ask, Bench, Probe, RuleId } from './model';
import { found } from './model';
import { compare, exactly, type Expectation, guid, like, list, object, type Shape, text } from './shape';

type From<T> = T | ((bench: Bench) => T);

export function single(rule: RuleId, asks: string, ask: From<Ask>, expected: From<Expectation>, needs?: readonly string[]): Probe {
  const run: Probe['run'] = async (bench) => found(compare(await bench.ask(given(ask, bench)), given(expected, bench)));
  return { rule, asks, run, ...(needs === undefined ? {} : { needs }) };
}

/** The app's token request with these changes, and the refusal it must get. */
export function refusedToken(rule: RuleId, asks: string, changes: From<Readonly<Record<string, string | undefined>>>, expected: Expectation, tenant?: string): Probe {
  return { rule, asks, run: async (bench) => found(compare(await bench.askToken(given(changes, bench), tenant), expected)) };
}

export function given<T>(value: From<T>, bench: Bench): T {
  return typeof value === 'function' ? (value as (from: Bench) => T)(bench) : value;
}

export function get(path: string, headers: Readonly<Record<string, string>> = {}): Ask {
  return { host: 'graph', method: 'GET', path, headers };
}

export function document(path: string): Ask {
  return { host: 'login', method: 'GET', path };
}

const TIMESTAMP = like(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/, 'an instant with a space');

/** The JSON refusal of the sign-in host. The sentence is not compared: the number is. */
export function stsRefusal(status: number, code: number, error: string): Expectation {
  return {
    status,
    headers: { 'content-type': like(/^application\/json/, 'JSON') },
    body: object({
      error: exactly(error),
      error_description: like(new RegExp(`^AADSTS${code}: `), `a sentence that begins with AADSTS${code}`),
      error_codes: list(exactly(code, String(code)), { least: 1, most: 1 }),
      timestamp: TIMESTAMP,
      trace_id: guid,
      correlation_id: guid,
    }),
  };
}

/** The envelope of a refusal by Graph. Without `code` any code will do. */
export function graphRefusal(status: number, code?: string, message: Shape = text): Expectation {
  return {
    status,
    headers: { 'content-type': like(/^application\/json/, 'JSON'), 'request-id': guid },
    body: object({ error: object({ code: code === undefined ? text : exactly(code), message, innerError: object({ date: text, 'request-id': guid, 'client-request-id': text }) }) }),
  };
}

/** Success at Graph, with the long content type and the headers every answer has. */
export function graphSuccess(body: Shape, status = 200): Expectation {
  return {
    status,
    headers: {
      'content-type': like(/^application\/json;odata\.metadata=minimal;odata\.streaming=true;IEEE754Compatible=false;charset=utf-8$/i, 'the content type of OData answers'),
      'odata-version': exactly('4.0'),
      'request-id': guid,
      'client-request-id': guid,
      'strict-transport-security': text,
    },
    body,
  };
}

/** A success of an action or function outside OData's own: no member is promised but those of `body`. */
export function collection(context: RegExp, item: Shape, wanted: { readonly least?: number; readonly most?: number } = {}): Expectation {
  return graphSuccess(object({ '@odata.context': like(context, 'the context of this collection'), value: list(item, wanted) }));
}

