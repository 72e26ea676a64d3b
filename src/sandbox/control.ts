/**
 * The control door: plain HTTP on loopback, for tests and for people. It moves the clock, shows what happened and
 * resets; it never shows a secret. A web page in a browser cannot use it: requests with an Origin header, with a
 * foreign Host or with a body that is not JSON are refused.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, readBody, type Listening } from './server';
import type { JsonObject } from './jwt';
import { isJsonObject } from './jwt';

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A route is given the JSON body of a POST, or the query of a GET as texts. */
export type ControlRoutes = Readonly<Record<string, (input: JsonObject) => ControlAnswer>>;

/** Raised by a route for input it cannot take; becomes a 400 with this message. */
export class ControlRefusal extends Error {
  override readonly name = 'ControlRefusal';
}

/** Routes are keyed `GET /state`. */
export async function listenControl(routes: ControlRoutes): Promise<Listening> {
  let port = 0;
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing, routes, port);
  });
  const listening = await listen(server, 0);
  port = listening.port;
  return listening;
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, routes: ControlRoutes, port: number): Promise<void> {
  const { status, body } = await decide(incoming, routes, port);
  outgoing.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  outgoing.end(`${JSON.stringify(body)}\n`);
}

async function decide(incoming: IncomingMessage, routes: ControlRoutes, port: number): Promise<ControlAnswer> {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  // A rebound DNS name or a page's script would otherwise reach the door from any browser on this machine.
  if (!hosts.includes(incoming.headers.host ?? '') || incoming.headers.origin !== undefined) return refused(403, 'The control door takes local programs only.');
  const [path = '/', query = ''] = (incoming.url ?? '/').split('?');
  const route = routes[`${incoming.method} ${path}`];
  if (route === undefined) return refused(404, `No such control: ${incoming.method} ${path}. There are: ${Object.keys(routes).join(', ')}.`);
  try {
    return route(incoming.method === 'POST' ? await readJson(incoming) : Object.fromEntries(new URLSearchParams(query)));
  } catch (error) {
    if (error instanceof ControlRefusal || error instanceof RangeError) return refused(400, error.message);
    return refused(500, error instanceof Error ? error.message : 'unknown');
  }
}

async function readJson(incoming: IncomingMessage): Promise<JsonObject> {
  const body = await readBody(incoming);
  if (body === undefined) throw new ControlRefusal('The body is too large.');
  if (body.length === 0) return {};
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (isJsonObject(parsed)) return parsed;
  } catch {
    throw new ControlRefusal('The body is not valid JSON.');
  }
  throw new ControlRefusal('The body must be a JSON object.');
}

function refused(status: number, message: string): ControlAnswer {
  return { status, body: { error: { code: 'ControlRefused', message } } };
}
