/**
 * Sockets to values and back: one HTTPS origin where Graph lives under /v1.0 and /beta and everything else is the
 * sign-in host; under Microsoft's own names the name decides. Connections are kept alive and numbered, so that a replica can be chosen per connection.
 */
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { serviceOfHost } from './cloud-hosts';
import { sendBroken } from './faults/transport';
import { notModelled, respond, type SandboxRequest, type SandboxResponse } from './http';
import type { TlsIdentity } from './tls';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const GRAPH_PATH = /^\/(?:v1\.0|beta)(?:\/|$)/i;
const OIDC_PATH = /^\/oidc\//i;

export type Answer = (request: SandboxRequest) => Promise<SandboxResponse>;

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** A server that listens nowhere yet. */
export function createHttps(tls: TlsIdentity, answer: Answer): HttpsServer {
  const numberOf = socketNumbers();
  return createServer({ cert: tls.certificatePem, key: tls.privateKeyPem }, (incoming, outgoing) => {
    void serve(incoming, outgoing, numberOf(incoming.socket), answer);
  });
}

/** Serve until closed. `port` 0 lets the system choose. */
export async function listen(server: HttpServer | HttpsServer, port: number): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: portOf(server.address()),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

const NO_BODY = Buffer.alloc(0);

/** The whole body, or undefined when it is longer than anything a client of the real service sends. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers;
  return length === undefined && coding === undefined ? NO_BODY : collectBody(incoming);
}

async function collectBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    length += part.length;
    // The rest is read all the same: an answer in the middle of an upload would cost the client its connection.
    if (length <= MAX_BODY_BYTES) parts.push(part);
  }
  return length <= MAX_BODY_BYTES ? Buffer.concat(parts) : undefined;
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse, socketId: number, answer: Answer): Promise<void> {
  try {
    const body = await readBody(incoming);
    await send(outgoing, body === undefined ? tooLarge() : await answer(toRequest(incoming, body, socketId)));
  } catch {
    // The client went away in the middle of its request: nobody is left to answer.
    outgoing.destroy();
  }
}

function toRequest(incoming: IncomingMessage, body: Buffer, socketId: number): SandboxRequest {
  const [path, query] = splitOnce(incoming.url ?? '/');
  const headers: Record<string, string | undefined> = {};
  for (const name in incoming.headers) {
    const value = incoming.headers[name];
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    method: incoming.method ?? 'GET',
    host: serviceOf(incoming.headers.host ?? '', path),
    path,
    query: new URLSearchParams(query),
    headers,
    body,
    socketId,
  };
}

function serviceOf(hostHeader: string, path: string): SandboxRequest['host'] {
  // The userinfo endpoint stands at Graph's host and belongs to the sign-in service.
  if (OIDC_PATH.test(path)) return 'login';
  return serviceOfHost(hostHeader) ?? (GRAPH_PATH.test(path) ? 'graph' : 'login');
}

function splitOnce(target: string): [string, string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

async function send(outgoing: ServerResponse, response: SandboxResponse): Promise<void> {
  const headers: Record<string, string | string[] | number> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name] = typeof value === 'string' ? value : [...value];
  const hasBody = response.status !== 204 && response.status !== 304;
  if (response.broken !== undefined && (hasBody || response.broken.kind.startsWith('reset'))) {
    outgoing.statusCode = response.status;
    outgoing.setHeaders(new Map(Object.entries(headers)));
    return sendBroken(outgoing, response, response.broken);
  }
  if (hasBody) headers['content-length'] = Buffer.byteLength(response.body);
  outgoing.writeHead(response.status, headers);
  outgoing.end(hasBody ? response.body : undefined);
}

function tooLarge(): SandboxResponse {
  return notModelled('a request body over 4 MiB');
}

function socketNumbers(): (socket: Socket) => number {
  const numbers = new WeakMap<Socket, number>();
  let last = 0;
  return (socket) => {
    const known = numbers.get(socket);
    if (known !== undefined) return known;
    last += 1;
    numbers.set(socket, last);
    return last;
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP port.');
  return address.port;
}

/** A mistake of the sandbox's own, told apart from anything the service would say. */
export function sandboxFault(error: unknown): SandboxResponse {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
  const fault = respond({ id: 'SANDBOX-FAULT', statement: 'The sandbox itself failed.', grade: 'assumed' }, 500, {
    error: { code: 'SandboxFault', message: what },
  });
  return { ...fault, gap: `a fault of the sandbox itself: ${what}` };
}
