/**
 * Requests in, answers out: limits, forms with and without a file, and the headers every answer has. It knows nothing of
 * certificates.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_FILE_BYTES } from 'n8n-nodes-m365-onboarding';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What a form sent. */
export interface Submitted {
  /** Empty when absent. */
  readonly text: (name: string) => string;
  /** Undefined when absent, or when nothing was chosen. */
  readonly file: (name: string) => Promise<Uint8Array | undefined>;
}

/** A file of the largest size, its fields, and what multipart puts between them. */
const MAX_BODY_BYTES = MAX_FILE_BYTES + 64 * 1024;
/** What is read on, and thrown away, so that a browser gets to see why it was too much. */
const MAX_DRAINED_BYTES = 8 * MAX_BODY_BYTES;

const ALWAYS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

export const NOTHING_SUBMITTED: Submitted = { text: () => '', file: async () => undefined };

/** 303: whatever the method was, the next request is a GET. */
export function redirect(location: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 303, headers: { ...headers, location } };
}

export function page(status: number, markup: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body: markup };
}

/** Saved and never shown. The name may hold any letter, so it is sent in both spellings of RFC 6266. */
export function download(fileName: string, mimeType: string, bytes: Uint8Array): Reply {
  const plain = fileName.replaceAll(/[^\w.-]/g, '-');
  return { status: 200, headers: { 'content-type': mimeType, 'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(fileName)}` }, body: bytes };
}

export function send(response: ServerResponse, { status, headers = {}, body = '' }: Reply): void {
  response.writeHead(status, { ...ALWAYS, ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Undefined for a body that is too large or is no form. */
export async function readForm(request: IncomingMessage): Promise<Submitted | undefined> {
  const body = await readBody(request);
  const type = request.headers['content-type'] ?? '';
  if (body === undefined || !/^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type)) return undefined;
  try {
    return submitted(await new Response(body, { headers: { 'content-type': type } }).formData());
  } catch {
    return undefined;
  }
}

function submitted(form: FormData): Submitted {
  return {
    text: (name) => {
      const value = form.get(name);
      return typeof value === 'string' ? value.replaceAll('\r\n', '\n') : '';
    },
    file: async (name) => {
      const value = form.get(name);
      return value === null || typeof value === 'string' || (value.size === 0 && value.name === '') ? undefined : new Uint8Array(await value.arrayBuffer());
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer<ArrayBuffer> | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > MAX_DRAINED_BYTES) {
      request.destroy();
      return undefined;
    }
    if (size <= MAX_BODY_BYTES) parts.push(part as Buffer);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(parts);
}
