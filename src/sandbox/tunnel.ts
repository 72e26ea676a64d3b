/** A TLS socket through an HTTP proxy, for the played browser. RFC 9110 section 9.3.6 (CONNECT). */
import { request } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';

/** `proxy`: `http://127.0.0.1:PORT`. Rejects when the proxy refuses the host or its certificate is not under `ca`. */
export function openTunnel(proxy: string, host: string, ca: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(proxy);
    const asking = request({ hostname, port, method: 'CONNECT', path: `${host}:443`, headers: { host: `${host}:443` } });
    asking.on('error', reject);
    asking.on('connect', (answer, socket) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`The proxy answered ${answer.statusCode} for ${host}.`));
        return;
      }
      const secured = connect({ socket, servername: host, ca, ALPNProtocols: ['http/1.1'] });
      secured.once('error', reject);
      secured.once('secureConnect', () => resolve(secured));
    });
    asking.end();
  });
}
