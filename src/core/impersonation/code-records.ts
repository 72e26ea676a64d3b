/**
 * What the store keeps about a one-time code and the grant behind it. Codes are kept only as SHA-256, so a stolen store
 * redeems nothing; the record is authenticated, so an edited store raises no level and moves no grant.
 */
import * as z from 'zod/v4';
import { reachesAsFarAs } from '../internal/claim-scope';
import { sha256Base64Url } from '../internal/encoding';
import type { Secret } from '../internal/secret';
import type { ClaimScope, StateStore } from '../ports';
import { OnboardingError } from '../errors';
import type { RecordKind } from '../records';

/** A spent or expired code is remembered this long, so that a replay is told apart from an invention. */
export const CODE_MEMORY_SECONDS = 600;

const codeSchema = z.strictObject({
  jti: z.string().min(1),
  accountId: z.string().min(1),
  tenantId: z.string().min(1),
  userObjectId: z.string().min(1),
  actor: z.strictObject({ issuer: z.string().min(1), id: z.string().min(1) }),
  accessLevel: z.enum(['restricted', 'full']),
  reason: z.string().min(1),
  issuer: z.string().min(1),
  audience: z.string().min(1),
  expiresAt: z.number(),
});

export type CodeRecord = z.infer<typeof codeSchema>;

export const codeKind: RecordKind<CodeRecord> = { kind: 'impersonation/code', schemaVersion: 1, schema: codeSchema, authenticated: true };

/** Put by the one redemption that wins. */
export const SPENT_PREFIX = 'impersonation/spent/';
/** Put by a revocation; looked at before a grant is signed. */
export const REVOKED_PREFIX = 'impersonation/revoked/';
/** Client assertions the portal has used. */
export const ASSERTION_PREFIX = 'impersonation/assertion/';

/** 32 bytes as base64url without padding. */
const CODE_FORM = /^[A-Za-z0-9_-]{43}$/;

/** The name of a code at rest. Raises `IMPERSONATION_CODE_UNKNOWN` for anything that cannot be one of ours. */
export function codeId(code: Secret): string {
  if (!CODE_FORM.test(code.reveal())) throw new OnboardingError('IMPERSONATION_CODE_UNKNOWN', 'This is not a one-time code of ours.');
  return sha256Base64Url(code.reveal());
}

/** Raises `STATE_SCOPE_TOO_SMALL` when two processes of the deployment could both win a claim. */
export function requireClaimScope(store: Pick<StateStore, 'claimScope'>, deployment: ClaimScope): void {
  if (reachesAsFarAs(store.claimScope, deployment)) return;
  throw new OnboardingError('STATE_SCOPE_TOO_SMALL', `Single use needs a store whose claims reach "${deployment}"; this one reaches "${store.claimScope}".`);
}
