/**
 * The sandbox under Microsoft's own host names: an HTTP proxy on loopback that takes CONNECT for the names of one cloud and
 * ends TLS itself, so that clients need no change but a proxy and a certificate authority. Nothing is ever forwarded:
 * every other host, every other port and plain http is refused and reported, which proves that a run reached nobody else.
 * RFC 9110 section 9.3.6 (CONNECT).
 */
import { createServer as createHttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { hostNamesOf, type CloudName } from './cloud-hosts';
import { listen, type Listening } from './server';

export interface MasqueradeOptions {
  readonly cloud: CloudName;
  /** The proxy's port; 0 lets the system choose. */
  readonly port: number;
  /** Told of everything that is not the cloud's: `CONNECT` with host and port, any other method with the address. */
  readonly onRefused: (method: string, target: string) => void;
}

const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThe sandbox answers for no such host and forwards nothing.\n';

/** `server` speaks TLS under the cloud's names and need not listen anywhere itself. */
export async function listenMasquerade(server: HttpsServer, { cloud, port, onRefused }: MasqueradeOptions): Promise<Listening> {
  const targets = new Set(hostNamesOf(cloud).map((host) => `${host}:443`));
  const tunnels = new Set<Duplex>();
  const proxy = createHttpServer((incoming, outgoing) => {
    onRefused(incoming.method ?? 'GET', (incoming.url ?? '').split('?')[0] ?? '');
    outgoing.writeHead(403, { 'content-type': 'text/plain', connection: 'close' }).end('Plain http is not spoken here, and nothing is forwarded.\n');
  });
  proxy.on('connect', (incoming, socket: Duplex, head: Buffer) => {
    const target = (incoming.url ?? '').toLowerCase();
    // A client that goes away in the middle of its handshake is no fault of the sandbox.
    socket.on('error', () => socket.destroy());
    if (!targets.has(target)) {
      onRefused('CONNECT', target);
      socket.end(REFUSAL);
      return;
    }
    tunnels.add(socket);
    socket.once('close', () => tunnels.delete(socket));
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    server.emit('connection', socket);
  });
  const listening = await listen(proxy, port);
  return {
    port: listening.port,
    close: async () => {
      for (const tunnel of tunnels) tunnel.destroy();
      await listening.close();
    },
  };
}
