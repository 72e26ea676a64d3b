/**
 * A small https server on loopback with a certificate of its own, for tests that need to decide every byte of an answer.
 * What a real service would answer is the sandbox's business; this one does as it is told and remembers what it saw.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import forge from 'node-forge';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** The same number for requests over one connection. */
  readonly socket: number;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** Cut the connection instead of answering. */
  readonly cut?: boolean;
  /** Answer only when this resolves. */
  readonly after?: Promise<unknown>;
}

export interface TlsServer {
  readonly origin: string;
  readonly ca: string;
  readonly seen: SeenRequest[];
  answer: (request: SeenRequest) => Answer | Promise<Answer>;
  close(): Promise<void>;
}

export function makeServerCertificate(names: readonly string[] = ['localhost']): { key: string; pem: string } {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date('2020-01-01');
  certificate.validity.notAfter = new Date('2120-01-01');
  const name = [{ name: 'commonName', value: names[0] }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }]);
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create());
  return { key, pem: forge.pki.certificateToPem(certificate) };
}

let shared: { key: string; pem: string } | undefined;

export async function startTlsServer(certificate = (shared ??= makeServerCertificate())): Promise<TlsServer> {
  const sockets = new Map<Socket, number>();
  const state: { seen: SeenRequest[]; answer: (request: SeenRequest) => Answer | Promise<Answer> } = { seen: [], answer: () => ({ status: 404 }) };
  const server = createServer({ key: certificate.key, cert: certificate.pem }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request: SeenRequest = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers as Record<string, string | undefined>,
        body: Buffer.concat(chunks).toString('utf8'),
        socket: sockets.get(incoming.socket) ?? 0,
      };
      state.seen.push(request);
      void Promise.resolve(state.answer(request)).then(async (answer) => {
        await answer.after;
        if (answer.cut === true) return incoming.socket.destroy();
        const body = answer.text ?? (answer.json === undefined ? '' : JSON.stringify(answer.json));
        outgoing.writeHead(answer.status ?? 200, { ...(answer.json === undefined ? {} : { 'content-type': 'application/json' }), ...answer.headers });
        return outgoing.end(body);
      });
    });
  });
  server.on('secureConnection', (socket: Socket) => sockets.set(socket, sockets.size + 1));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: certificate.pem,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}
