/**
 * An impersonation session in the backup portal: who acts as whom, how far, until when. The deadline is set once, when
 * the grant arrives, and nothing moves it. What a level opens is a table; everything not in it is closed.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { sha256Base64Url } from '../internal/encoding';
import type { Secret } from '../internal/secret';
import { parseJson } from '../internal/json';
import type { PortalState } from './ports';

/** Parts of a backup portal. `data` is everything that shows, restores or exports what was backed up. */
export const PORTAL_AREAS = ['dashboard', 'users', 'settings', 'audit', 'data'] as const;
export type PortalArea = (typeof PORTAL_AREAS)[number];

/** Who acts as whom, how far and why: the same from the grant to the end of the session. */
export const actingFields = {
  jti: z.string(),
  accountId: z.string(),
  accountName: z.string(),
  tenantId: z.string(),
  /** The admin acted as: `<tenant id>:<object id>`. */
  subject: z.string(),
  adminName: z.string(),
  /** The operator: the doer in every log. */
  actor: z.strictObject({ issuer: z.string(), id: z.string() }),
  accessLevel: z.enum(['restricted', 'full']),
  reason: z.string(),
};

const sessionSchema = z.strictObject({
  ...actingFields,
  startedAt: z.number(),
  endsAt: z.number(),
});

export type PortalSession = z.infer<typeof sessionSchema>;

const OPEN_AREAS: Readonly<Record<PortalSession['accessLevel'], readonly PortalArea[]>> = {
  restricted: ['dashboard', 'users', 'settings', 'audit'],
  full: PORTAL_AREAS,
};

/** Pure. False for an unknown area, an unknown level, and once `now` has reached the deadline. */
export function allowsArea(session: PortalSession, area: PortalArea, now: number): boolean {
  return now < session.endsAt && (OPEN_AREAS[session.accessLevel] ?? []).includes(area);
}

/** One sentence for the top of every page of the session; plain text, escape it for HTML. */
export function bannerText(session: PortalSession, partnerName: string): string {
  const until = new Date(session.endsAt).toISOString().slice(0, 16).replace('T', ' ');
  return `${session.actor.id} acting for ${partnerName} as ${session.adminName} (${session.accessLevel} access), reason: ${session.reason}, ends at ${until} UTC`;
}

/** Sessions are kept under the hash of their key, until the deadline. Raises whatever the state raises. */
export async function saveSession(state: PortalState, key: Secret, session: PortalSession): Promise<void> {
  await state.set(sessionName(key), JSON.stringify(session), session.endsAt);
}

/** Undefined when there is none, or its time is over. Raises `STATE_RECORD_INVALID` and whatever the state raises. */
export async function findSession(state: PortalState, key: Secret, now: number): Promise<PortalSession | undefined> {
  const stored = await state.get(sessionName(key));
  if (stored === undefined) return undefined;
  const session = sessionSchema.safeParse(parseJson(stored.value));
  if (!session.success) throw new OnboardingError('STATE_RECORD_INVALID', 'A stored session does not have its form.');
  return now < session.data.endsAt ? session.data : undefined;
}

/** True when there was one and this call ended it. */
export async function dropSession(state: PortalState, key: Secret): Promise<boolean> {
  return state.delete(sessionName(key));
}

function sessionName(key: Secret): string {
  return `impersonation/session/${sha256Base64Url(key.reveal())}`;
}
