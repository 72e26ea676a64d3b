/** Sends an answer the way a bad network does: cut, reset, misdeclared, drop by drop. */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { SandboxResponse } from '../http';
import type { Broken, TransportFault } from './plan';

const PIECES = 16;
/** How much shorter than the truth a wrong length is: enough to cut a JSON document open. */
const MISSING_BYTES = 7;

type Sender = (outgoing: ServerResponse, body: Buffer, broken: Broken) => void | Promise<void>;

const SENDERS: Readonly<Record<TransportFault, Sender>> = {
  'reset-before-headers': (outgoing) => void outgoing.destroy(),
  'reset-after-headers': (outgoing, body) => {
    outgoing.setHeader('content-length', body.length + 1);
    outgoing.write(body.length === 0 ? ' ' : body.subarray(0, 1), () => outgoing.destroy());
  },
  // Ends in good order: the client has every byte it was promised, and half a document.
  truncate: (outgoing, body) => {
    outgoing.setHeader('connection', 'close');
    outgoing.end(body.subarray(0, Math.floor(body.length / 2)));
  },
  'wrong-content-length': (outgoing, body) => {
    const length = Math.max(0, body.length - MISSING_BYTES);
    outgoing.setHeader('connection', 'close');
    outgoing.setHeader('content-length', length);
    outgoing.strictContentLength = false;
    outgoing.end(body);
  },
  'slow-loris': async (outgoing, body, { pauseMs }) => {
    outgoing.setHeader('content-length', body.length);
    const size = Math.max(1, Math.ceil(body.length / PIECES));
    for (let at = 0; at < body.length && !outgoing.destroyed; at += size) {
      outgoing.write(body.subarray(at, at + size));
      await (pauseMs === 0 ? nextTurn() : pause(pauseMs));
    }
    outgoing.end();
  },
};

/** The status and the headers of the answer are set already, without a length. */
export async function sendBroken(outgoing: ServerResponse, response: Pick<SandboxResponse, 'body'>, broken: Broken): Promise<void> {
  await SENDERS[broken.kind](outgoing, Buffer.from(response.body), broken);
}
