/** The yardstick: Node's own HTTPS server with one fixed answer, under a certificate made as the sandbox makes its own. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type * as Tls from '../../src/sandbox/tls';
import { built } from './built.mts';
import { cpuMsOfProcess, type Operations, serveOperations } from './child.mts';

export interface BareOperations extends Operations {
  /** Answers every request with `headers` and a body of this length. */
  start(input: { readonly bodyBytes: number; readonly headers: Readonly<Record<string, string>> }): Promise<{ readonly port: number; readonly caPem: string }>;
  /** Milliseconds of computing by this process since it started. */
  cpuMs(input: null): Promise<number>;
}

let close = async (): Promise<void> => {};

const operations: BareOperations = {
  start: async ({ bodyBytes, headers }) => {
    const { createTlsIdentity } = await built<typeof Tls>('dist/sandbox/tls.mjs');
    const tls = createTlsIdentity(Date.now());
    const body = 'x'.repeat(bodyBytes);
    const server = createServer({ cert: tls.certificatePem, key: tls.privateKeyPem }, (_incoming, outgoing) => {
      outgoing.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
      outgoing.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = async () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return { port: (server.address() as AddressInfo).port, caPem: tls.caPem };
  },
  cpuMs: async () => cpuMsOfProcess(),
};

serveOperations(operations, async () => close());
