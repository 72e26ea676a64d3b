/**
 * The cheapest client there is: keep-alive TLS sockets that write the same prepared bytes and count whole answers. A client
 * library would take more of the machine than the server that is measured.
 */
import { connect, type TLSSocket } from 'node:tls';

export interface RawTarget {
  readonly port: number;
  readonly caPem: string;
  /** One whole request, head and body. */
  readonly request: string;
}

export interface RawRun {
  readonly answers: number;
  /** Answers with another status than 200. */
  readonly others: number;
  readonly bytes: number;
  readonly durationMs: number;
}

const SOCKETS = 8;

export function rawGet(path: string, headers: Readonly<Record<string, string>>): string {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
}

/** `count` requests over eight sockets, each with one request under way at a time. */
export async function runRaw(target: RawTarget, count: number): Promise<RawRun> {
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, async () => open(target)));
  let started = 0;
  let answers = 0;
  let others = 0;
  let bytes = 0;
  const startedAt = performance.now();
  const next = () => (started += 1) <= count;
  try {
    await Promise.all(
      sockets.map(async (socket) => {
        const ask = askOver(socket, target.request);
        while (next()) {
          const answer = await ask();
          answers += 1;
          bytes += answer.bytes;
          if (answer.status !== 200) others += 1;
        }
      }),
    );
    return { answers, others, bytes, durationMs: performance.now() - startedAt };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function open({ port, caPem }: RawTarget): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca: caPem }, () => resolve(socket));
    socket.once('error', reject);
  });
}

interface RawAnswer {
  readonly status: number;
  readonly bytes: number;
}

function askOver(socket: TLSSocket, request: string): () => Promise<RawAnswer> {
  let waiting: { resolve(answer: RawAnswer): void; reject(error: Error): void } | undefined;
  let received = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('close', () => waiting?.reject(new Error('The server closed the socket.')));
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = received.toString('latin1', 0, headEnd);
    const length = headEnd + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (received.length < length) return;
    received = received.subarray(length);
    waiting?.resolve({ status: Number(head.slice(9, 12)), bytes: length });
  });
  return async () =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      socket.write(request);
    });
}
