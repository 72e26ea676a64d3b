/**
 * Who sits at the browser. The host vouches for its operator: whoever reads the terminal gets a link that signs in once. From
 * then on a cookie says it (`__Host-`, HttpOnly, SameSite=Strict), every form carries a token of the session, and every POST
 * must come from our own pages. A real portal puts its own sign-in here.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const LINK_SECONDS = 10 * 60;
const IDLE_SECONDS = 30 * 60;
const LONGEST_SECONDS = 8 * 60 * 60;
const COOKIE = '__Host-operator-session';

export interface Session {
  readonly id: string;
  readonly csrf: string;
}

export interface Sessions {
  /** The secret part of a link that signs in once. */
  issueLink(): string;
  /** Undefined for a code that is unknown, used or out of time; otherwise the session, with the cookie to set. */
  signIn(code: string): { readonly session: Session; readonly cookie: string } | undefined;
  find(headers: IncomingHttpHeaders): Session | undefined;
  /** Answers the cookie that clears it. */
  signOut(session: Session): string;
}

interface Kept extends Session {
  readonly startedAt: number;
  readonly seenAt: number;
}

export function createSessions(now: () => number): Sessions {
  const links = new Map<string, number>();
  const sessions = new Map<string, Kept>();
  return {
    issueLink: () => {
      const code = randomSecret();
      links.set(digest(code), now() + LINK_SECONDS * 1000);
      return code;
    },
    signIn: (code) => {
      const expiresAt = links.get(digest(code)) ?? 0;
      links.delete(digest(code));
      if (expiresAt <= now()) return undefined;
      const secret = randomSecret();
      const session = { id: digest(secret), csrf: randomSecret(), startedAt: now(), seenAt: now() };
      sessions.set(session.id, session);
      return { session, cookie: cookie(secret, LONGEST_SECONDS) };
    },
    find: (headers) => {
      const session = sessions.get(digest(readCookie(headers.cookie ?? '') ?? ''));
      if (session === undefined) return undefined;
      if (now() < Math.min(session.seenAt + IDLE_SECONDS * 1000, session.startedAt + LONGEST_SECONDS * 1000)) {
        sessions.set(session.id, { ...session, seenAt: now() });
        return session;
      }
      sessions.delete(session.id);
      return undefined;
    },
    signOut: ({ id }) => {
      sessions.delete(id);
      return cookie('', 0);
    },
  };
}

/** Only what memory holds is compared, so a stolen copy of it signs nobody in. */
function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

function cookie(value: string, maxAgeSeconds: number): string {
  return `${COOKIE}=${value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}`;
}

/** Undefined when absent, or present twice: two cookies of one name mean somebody planted one. */
function readCookie(header: string): string | undefined {
  const found = header.split(';').map((pair) => pair.trim()).filter((pair) => pair.startsWith(`${COOKIE}=`));
  return found.length === 1 ? found[0]?.slice(COOKIE.length + 1) : undefined;
}

export function isSameSecret(left: string, right: string): boolean {
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest());
}

/**
 * Whether a form was sent by one of our own pages. Pages with `no-referrer` send `Origin: null` with their forms; then the browser's own
 * word for where the request comes from (Fetch Metadata) decides, which no page can forge. Neither header: not a browser's form.
 */
export function isFromOurPages(headers: IncomingHttpHeaders, ownOrigin: string): boolean {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return origin === ownOrigin || ((origin === 'null' || origin === undefined) && site === 'same-origin');
}
