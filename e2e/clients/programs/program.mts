// What every program here shares: its task from the environment, its findings as lines of JSON, and a place for the browser
// to come back to. Nothing in it knows of a sandbox.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Task {
  readonly login: string;
  readonly graph: string;
  /** Everything of Graph's that was granted. */
  readonly scope: string;
  /** The services answer at an address of their own, not under the names the clients know. */
  readonly isElsewhere: boolean;
  readonly tenantId: string;
  readonly homeTenantId: string;
  readonly appId: string;
  readonly objectId: string;
  readonly clientSecret: string;
  /** For programs that can do more than one thing. */
  readonly job?: string;
  /** PEM files and the certificate's thumbprints in hex. */
  readonly certificate: { readonly keyFile: string; readonly bothFile: string; readonly certificateFile: string; readonly sha1: string; readonly sha256: string };
}

export function readTask(): Task {
  return JSON.parse(process.env['CLIENT_TASK'] ?? '{}') as Task;
}

export function report(result: object): void {
  process.stdout.write(`${JSON.stringify({ result })}\n`);
}

/** Claims of a token, unchecked: this is for looking. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>;
}

/** What is worth comparing of an app token. */
export function outlineOf(token: string) {
  const { aud, iss, appid, appidacr, tid, idtyp, roles } = claimsOf(token);
  return { aud, iss, appid, appidacr, tid, idtyp, roles: Array.isArray(roles) ? roles.length : 0 };
}

/** What the promise was refused with, or the text `accepted`. */
export async function refusalOf<Described>(attempt: Promise<unknown>, describe: (error: never) => Described): Promise<Described | 'accepted'> {
  return attempt.then(
    () => 'accepted' as const,
    (error: unknown) => describe(error as never),
  );
}

/** A page of the program's own that a browser can be sent back to. `visit` asks whoever started the program to open an address. */
export async function openCallback() {
  let arrive: (url: URL) => void = () => undefined;
  const server = createServer((request, response) => {
    response.end('Back in the program.');
    arrive(new URL(request.url ?? '/', redirectUri));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const redirectUri = `http://localhost:${(server.address() as AddressInfo).port}/sign-in/callback`;
  return {
    redirectUri,
    visit: (url: string) =>
      new Promise<URL>((resolve) => {
        arrive = resolve;
        process.stdout.write(`${JSON.stringify({ open: url })}\n`);
      }),
    close: () => server.close(),
  };
}
