/**
 * Carries the core's web requests over node:http or node:https: sockets, limits and nothing else. Plain http is for
 * loopback and for a TLS proxy in front; the cookies of the pages need TLS on every other host.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { MAX_BODY_BYTES, type WebRequest, type WebResponse } from '../internal/web';

export interface ServerOptions {
  /** Address to listen on, for example `127.0.0.1`. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** PEM texts; plain http when absent. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  readonly handle: (request: WebRequest) => Promise<WebResponse>;
}

export interface RunningServer {
  readonly port: number;
  /** Cuts open connections. */
  close(): Promise<void>;
}

/** Rejects with Node's own error when the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    void answer(options.handle, request, response);
  };
  const server = options.tls === undefined ? createHttpServer(listener) : createHttpsServer({ cert: options.tls.certificate, key: options.tls.key }, listener);
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

async function answer(handle: ServerOptions['handle'], request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await readBody(request);
    const result = body === undefined ? { status: 413, headers: {}, body: '' } : await handle(toWebRequest(request, body));
    response.writeHead(result.status, Object.entries(result.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : value.map((one) => [name, one]))).flat());
    response.end(request.method === 'HEAD' ? '' : result.body);
  } catch {
    // Whatever failed is not the stranger's to read.
    if (!response.headersSent) response.writeHead(500);
    response.end();
  }
}

function toWebRequest(request: IncomingMessage, body: string): WebRequest {
  const url = new URL(request.url ?? '/', 'http://placeholder.invalid');
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join('; ') : value]));
  return { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams, headers, body };
}

/** Undefined when it is larger than a form of ours can be. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
