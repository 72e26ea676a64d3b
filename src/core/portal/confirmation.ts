/**
 * Between a verified grant and a session stands a person's click: the page names account, operator and level, and the
 * click must come from the browser that brought the code (cookie) and from that very page (CSRF value). Without it an
 * attacker could post a code of their own into a victim's browser: login CSRF.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { ImpersonationGrant } from '../impersonation/grant';
import { equalInConstantTime, sha256Base64Url, toBase64Url } from '../internal/encoding';
import { secret, type Secret } from '../internal/secret';
import type { RandomSource } from '../ports';
import { parseJson } from '../internal/json';
import type { PortalAccount, PortalState } from './ports';
import { actingFields } from './session';

export const CONFIRMATION_LIFETIME_SECONDS = 300;

const pendingSchema = z.strictObject({
  csrfHash: z.string(),
  ...actingFields,
  /** When the grant was redeemed: the session's time runs from here. */
  redeemedAt: z.number(),
  expiresAt: z.number(),
});

type StoredPending = z.infer<typeof pendingSchema>;

/** What the person is asked to confirm. */
export type PendingFacts = Omit<StoredPending, 'csrfHash'>;

export interface PendingConfirmation {
  /** Belongs into a cookie of the browser that brought the code. */
  readonly id: Secret;
  /** Belongs into the page's form. */
  readonly csrf: Secret;
  readonly facts: PendingFacts;
}

export function describeGrant(grant: ImpersonationGrant, account: PortalAccount, now: number): PendingFacts {
  return {
    jti: grant.jti,
    accountId: grant.accountId,
    accountName: account.name,
    tenantId: grant.tenantId,
    subject: `${grant.tenantId}:${grant.userObjectId}`,
    adminName: account.adminName ?? grant.userObjectId,
    actor: { issuer: grant.actor.issuer, id: grant.actor.id },
    accessLevel: grant.accessLevel,
    reason: grant.reason,
    redeemedAt: now,
    expiresAt: now + CONFIRMATION_LIFETIME_SECONDS * 1000,
  };
}

/** Raises whatever the state raises. */
export async function openConfirmation(ports: { readonly state: PortalState; readonly random: Pick<RandomSource, 'bytes'> }, facts: PendingFacts): Promise<PendingConfirmation> {
  const id = secret(toBase64Url(ports.random.bytes(32)));
  const csrf = secret(toBase64Url(ports.random.bytes(32)));
  const stored: StoredPending = { ...facts, csrfHash: sha256Base64Url(csrf.reveal()) };
  await ports.state.set(pendingName(id), JSON.stringify(stored), facts.expiresAt);
  return { id, csrf, facts };
}

/**
 * Take a confirmation, once. A wrong CSRF value leaves it standing, so that a stranger's attempt costs nobody anything.
 * Raises `IMPERSONATION_CONFIRMATION_REFUSED` and whatever the state raises.
 */
export async function takeConfirmation(state: PortalState, input: { readonly id: Secret; readonly csrf: Secret; readonly now: number }): Promise<PendingFacts> {
  const stored = await state.get(pendingName(input.id));
  const pending = stored === undefined ? undefined : pendingSchema.safeParse(parseJson(stored.value)).data;
  if (pending === undefined) throw refused('unknown');
  const { csrfHash, ...facts } = pending;
  if (facts.expiresAt <= input.now) throw refused('expired');
  if (!equalInConstantTime(sha256Base64Url(input.csrf.reveal()), csrfHash)) throw refused('csrf');
  if (!(await state.delete(pendingName(input.id)))) throw refused('used');
  return facts;
}

export function refused(check: string): OnboardingError {
  return new OnboardingError('IMPERSONATION_CONFIRMATION_REFUSED', `The confirmation was refused (${check}).`, { details: { check } });
}

function pendingName(id: Secret): string {
  return `impersonation/confirmation/${sha256Base64Url(id.reveal())}`;
}
