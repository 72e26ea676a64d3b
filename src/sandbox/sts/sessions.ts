/**
 * The sign-in session of one browser, kept in a cookie on this origin, and the interactions under way in it. An
 * interaction answers only to the browser that began it: a form carried off elsewhere is refused.
 */
import { randomBytes } from 'node:crypto';
import type { SandboxResponse } from '../http';
import type { Exchange, Interaction, Person, Session, StsState } from './context';
import { isSamePerson } from './directory';

const COOKIE_NAME = 'SANDBOXAUTH';
const INTERACTION_LIFETIME_MS = 3_600_000;

export function findSession(exchange: Exchange): Session | undefined {
  const pairs = (exchange.request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  const id = pairs.find(([name]) => name === COOKIE_NAME)?.[1];
  return id === undefined ? undefined : exchange.sts.sessions.get(id);
}

export function openSession(sts: StsState): Session {
  const session: Session = { id: randomBytes(32).toString('base64url'), accounts: [] };
  sts.sessions.set(session.id, session);
  return session;
}

export function withSessionCookie(response: SandboxResponse, session: Session): SandboxResponse {
  // SameSite=None as the service has it: consent begins with a redirect from the app's site.
  const cookie = `${COOKIE_NAME}=${session.id}; Path=/; Secure; HttpOnly; SameSite=None`;
  return { ...response, headers: { ...response.headers, 'set-cookie': cookie } };
}

export function openInteraction(
  sts: StsState,
  session: Session,
  started: Pick<Interaction, 'authority' | 'application' | 'request'>,
): Interaction {
  const interaction: Interaction = {
    ...started,
    id: randomBytes(32).toString('base64url'),
    sessionId: session.id,
    startedAt: sts.world.now(),
    person: undefined,
    mayRequest: undefined,
    provedNow: false,
  };
  sts.interactions.set(interaction.id, interaction);
  return interaction;
}

/** The interaction a posted form belongs to, if it is this browser's and still under way. */
export function findInteraction(exchange: Exchange): { interaction: Interaction; session: Session } | undefined {
  const session = findSession(exchange);
  const interaction = exchange.sts.interactions.get(exchange.form.get('ctx') ?? '');
  if (session === undefined || interaction === undefined || interaction.sessionId !== session.id) return undefined;
  return exchange.world.now() < interaction.startedAt + INTERACTION_LIFETIME_MS ? { interaction, session } : undefined;
}

export function rememberAccount(session: Session, person: Person): void {
  session.accounts = [person, ...session.accounts.filter((known) => !isSamePerson(known, person))];
}

export function isSignedIn(session: Session, person: Person): boolean {
  return session.accounts.some((known) => isSamePerson(known, person));
}
