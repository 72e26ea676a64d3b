/**
 * Sign-in of a customer's admin: OpenID Connect, authorization code with PKCE, at one concrete tenant. It promises that an
 * answer is accepted once, only in the browser that started, only for what it was started for, and only with an ID token
 * that passes every check. The state is stored as its SHA-256, nonce and verifier sealed, so a stolen store signs nobody in.
 * Sources: OpenID Connect Core 3.1; RFC 7636 (S256); RFC 9700 section 4.7 (binding to the browser); Microsoft Learn
 * "OpenID Connect on the Microsoft identity platform".
 */
import * as z from 'zod/v4';
import { hasCode, OnboardingError } from '../errors';
import { equalInConstantTime, leftHalfSha256, sha256Base64Url, toBase64Url } from '../internal/encoding';
import { isGuid } from '../internal/guid';
import { CONSUMER_TENANT_ID } from '../internal/tenant-name';
import type { Ports, SealBinding } from '../ports';
import { claimRecord, dropRecordsWhere, findRecord, type RecordKind, type RecordPorts, replaceRecord, type StillMine, type Stored } from '../records';
import { checkIdToken, type IdTokenVerdict } from './id-token';
import type { FinishSignInInput, SignedIn, SignInRefused, StartedSignIn, StartSignInInput } from './model';
import { readSignInCallback, type SignInCallback } from './sign-in-callback';

const MAX_TTL_SECONDS = 3600;
/** A finished or late sign-in is remembered this long, so that a repeat reads "used" or "expired" instead of "unknown". */
const REMEMBERED_MS = 24 * 3_600_000;
const SHA256_FORM = /^[A-Za-z0-9_-]{43}$/;

const pendingSchema = z.strictObject({
  accountId: z.string(),
  purpose: z.literal('ownership'),
  tenantId: z.string(),
  appId: z.string(),
  appKey: z.string(),
  authorityHost: z.string(),
  redirectUri: z.string(),
  responseMode: z.enum(['form_post', 'query']),
  browserHash: z.string(),
  /** Sealed; gone once spent. */
  secrets: z.strictObject({ nonce: z.string(), codeVerifier: z.string() }).nullable(),
  expiresAt: z.number(),
});

type PendingSignIn = z.infer<typeof pendingSchema>;

const pendingKind: RecordKind<PendingSignIn> = { kind: 'sso/sign-in', schemaVersion: 1, schema: pendingSchema, authenticated: true };

/**
 * Start a sign-in: send the browser to `authorizationUrl` and give it the cookie whose hash was passed.
 * Raises `INPUT_INVALID`, `TENANT_INVALID`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`.
 */
export async function startSignIn(ports: Pick<Ports, 'store' | 'sealer' | 'random' | 'clock'>, input: StartSignInInput): Promise<StartedSignIn> {
  requireUsable(input);
  const [state, nonce, codeVerifier] = [randomText(ports), randomText(ports), randomText(ports)];
  const stateHash = sha256Base64Url(state);
  const expiresAt = ports.clock.now() + input.ttlSeconds * 1000;
  const { accountId, purpose, appId, appKey, authorityHost, redirectUri, responseMode, browserHash } = input;
  const kept = { accountId, purpose, tenantId: input.tenantId.toLowerCase(), appId, appKey, authorityHost, redirectUri, responseMode, browserHash };
  const secrets = { nonce: ports.sealer.seal(nonce, bindingOf(stateHash, 'nonce')), codeVerifier: ports.sealer.seal(codeVerifier, bindingOf(stateHash, 'codeVerifier')) };
  await claimRecord(ports, pendingKind, stateHash, { ...kept, secrets, expiresAt }, expiresAt + REMEMBERED_MS);
  return { authorizationUrl: buildAuthorizationUrl(input, { state, nonce, codeChallenge: sha256Base64Url(codeVerifier) }), expiresAt };
}

/** Pure. `prompt=select_account`: whoever the browser happens to be signed in as is not taken unasked. */
export function buildAuthorizationUrl(
  input: Pick<StartSignInInput, 'authorityHost' | 'tenantId' | 'appId' | 'redirectUri' | 'responseMode'>,
  once: { readonly state: string; readonly nonce: string; readonly codeChallenge: string },
): string {
  const url = new URL(`${input.authorityHost}/${input.tenantId.toLowerCase()}/oauth2/v2.0/authorize`);
  url.search = new URLSearchParams({
    client_id: input.appId,
    response_type: 'code',
    response_mode: input.responseMode,
    redirect_uri: input.redirectUri,
    scope: 'openid profile email',
    state: once.state,
    nonce: once.nonce,
    code_challenge: once.codeChallenge,
    code_challenge_method: 'S256',
    prompt: 'select_account',
  }).toString();
  return url.toString();
}

/**
 * Finish a sign-in with the parameters that arrived. Checked in this order: form, state known, in time, browser, way of
 * arrival; then the state is spent, whatever follows; then Microsoft's error, the code, the ID token. A refusal is an
 * outcome with `SSO_CALLBACK_MALFORMED`, `SSO_STATE_UNKNOWN`, `SSO_STATE_EXPIRED`, `SSO_BROWSER_MISMATCH`,
 * `SSO_STATE_REPLAYED`, `SSO_SIGN_IN_DECLINED`, `SSO_CODE_REFUSED`, `SSO_ID_TOKEN_INVALID` (details.check),
 * `SSO_WRONG_TENANT`, or `STS_UNAVAILABLE` when Microsoft's answer says so.
 * Raises `STS_UNAVAILABLE`, `STATE_UNAVAILABLE`, `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`.
 */
export async function finishSignIn(ports: Pick<Ports, 'store' | 'sealer' | 'clock' | 'signIn'>, input: FinishSignInInput): Promise<SignedIn | SignInRefused> {
  const callback = readSignInCallback(input.params);
  if (callback.kind === 'malformed') return refused(new OnboardingError('SSO_CALLBACK_MALFORMED', 'The sign-in answer does not have the documented form.', { details: { why: callback.why } }));
  const stateHash = sha256Base64Url(callback.state);
  const pending = await findRecord(ports, pendingKind, stateHash);
  if (pending === undefined) return refused(new OnboardingError('SSO_STATE_UNKNOWN', 'The sign-in answer carries a state that was never issued.'));
  const early = judgeBeforeSpending(pending.value, input, callback.issuer, ports.clock.now());
  if (early !== undefined) return refused(early);
  const { accountId } = pending.value;
  const secrets = await spend(ports, stateHash, pending);
  if (secrets === undefined) return refused(new OnboardingError('SSO_STATE_REPLAYED', 'This sign-in answer was used already.'), accountId);
  if (callback.kind === 'error') return refused(errorOf(callback), accountId);
  return redeem(ports, { pending: pending.value, stateHash, secrets, callback, signal: input.signal });
}

/** For the end of an account: every sign-in that was started for it. False when it is not `stillMine`. Raises `STATE_CONFLICT`. */
export async function dropSignIns(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecordsWhere(ports, pendingKind, (pending) => pending.accountId === accountId, stillMine);
}

function judgeBeforeSpending(pending: PendingSignIn, input: FinishSignInInput, issuer: string | undefined, now: number): OnboardingError | undefined {
  if (pending.expiresAt <= now) return new OnboardingError('SSO_STATE_EXPIRED', 'The sign-in answer came after its time.');
  // Before spending: somebody who only learned the state must not be able to use it up.
  if (input.browserSecret === undefined || !equalInConstantTime(sha256Base64Url(input.browserSecret), pending.browserHash)) {
    return new OnboardingError('SSO_BROWSER_MISMATCH', 'The sign-in answer came from another browser than the one that started.');
  }
  if (input.arrivedBy !== undefined && input.arrivedBy !== pending.responseMode) {
    return new OnboardingError('SSO_CALLBACK_MALFORMED', 'The sign-in answer did not arrive the way that was asked for.', { details: { why: 'response_mode' } });
  }
  // RFC 9207: an answer that names its issuer must name the one that was asked.
  if (issuer !== undefined && issuer.toLowerCase() !== `${pending.authorityHost}/${pending.tenantId}/v2.0`.toLowerCase()) {
    return new OnboardingError('SSO_CALLBACK_MALFORMED', 'The sign-in answer names another issuer than the one that was asked.', { details: { why: 'iss' } });
  }
  return undefined;
}

type SealedSecrets = NonNullable<PendingSignIn['secrets']>;

/** Of several racing callbacks exactly one gets the secrets. */
async function spend(ports: Pick<Ports, 'store' | 'sealer'>, stateHash: string, pending: Stored<PendingSignIn>): Promise<SealedSecrets | undefined> {
  const { secrets, expiresAt } = pending.value;
  if (secrets === null) return undefined;
  const won = await replaceRecord(ports, pendingKind, stateHash, pending, { ...pending.value, secrets: null }, expiresAt + REMEMBERED_MS);
  return won ? secrets : undefined;
}

interface Redemption {
  readonly pending: PendingSignIn;
  readonly stateHash: string;
  readonly secrets: SealedSecrets;
  readonly callback: Extract<SignInCallback, { kind: 'code' }>;
  readonly signal: AbortSignal | undefined;
}

async function redeem(ports: Pick<Ports, 'sealer' | 'clock' | 'signIn'>, redemption: Redemption): Promise<SignedIn | SignInRefused> {
  const { pending, stateHash, secrets, callback, signal } = redemption;
  const { accountId, appId, appKey, tenantId, authorityHost, redirectUri, purpose, browserHash } = pending;
  const codeVerifier = ports.sealer.open(secrets.codeVerifier, bindingOf(stateHash, 'codeVerifier'));
  const nonce = ports.sealer.open(secrets.nonce, bindingOf(stateHash, 'nonce')).reveal();
  try {
    const { idToken, accessTokenHash } = await ports.signIn.redeemCode({ appKey, tenantId, code: callback.code, codeVerifier, redirectUri, ...(signal === undefined ? {} : { signal }) });
    const verified = await ports.signIn.verifySignature(idToken, tenantId, signal);
    const now = ports.clock.now();
    const verdict = checkIdToken(verified, { appId, tenantId, authorityHost, nonce, codeHash: leftHalfSha256(callback.code.reveal()), accessTokenHash }, now);
    if (!verdict.ok) return refused(tokenError(verdict, tenantId), accountId);
    return { outcome: 'signed_in', identity: verdict.identity, accountId, purpose, appKey, browserHash, signedInAt: now };
  } catch (error) {
    if (hasCode(error, 'SSO_CODE_REFUSED', 'SSO_ID_TOKEN_INVALID')) return refused(error, accountId);
    throw error;
  }
}

function tokenError(verdict: Extract<IdTokenVerdict, { ok: false }>, expectedTenantId: string): OnboardingError {
  if (verdict.failed === 'tid_expected') {
    const details = { expectedTenantId, signedInTenantId: verdict.tenantId ?? '' };
    return new OnboardingError('SSO_WRONG_TENANT', `The signed-in account belongs to tenant ${details.signedInTenantId}, expected was ${expectedTenantId}.`, { details });
  }
  return new OnboardingError('SSO_ID_TOKEN_INVALID', 'The ID token failed a check.', { details: { check: verdict.failed } });
}

function errorOf(callback: Extract<SignInCallback, { kind: 'error' }>): OnboardingError {
  const { error, serviceCode } = callback;
  // RFC 6749 4.1.2.1: these two say that the service, not the person, ended it.
  const isDisturbance = error === 'temporarily_unavailable' || error === 'server_error';
  return isDisturbance
    ? new OnboardingError('STS_UNAVAILABLE', 'Microsoft could not complete the sign-in.', { serviceCode, details: { error } })
    : new OnboardingError('SSO_SIGN_IN_DECLINED', 'The sign-in was cancelled or refused.', { serviceCode, details: { error } });
}

function refused(error: OnboardingError, accountId?: string): SignInRefused {
  return { outcome: 'refused', error, ...(accountId === undefined ? {} : { accountId }) };
}

function requireUsable(input: StartSignInInput): void {
  if (!isGuid(input.tenantId) || input.tenantId.toLowerCase() === CONSUMER_TENANT_ID) {
    throw new OnboardingError('TENANT_INVALID', 'A sign-in needs a concrete tenant id.', { details: { field: 'tenantId' } });
  }
  const problem = [
    { field: 'ttlSeconds', ok: Number.isInteger(input.ttlSeconds) && input.ttlSeconds >= 1 && input.ttlSeconds <= MAX_TTL_SECONDS },
    { field: 'browserHash', ok: SHA256_FORM.test(input.browserHash) },
    { field: 'authorityHost', ok: URL.canParse(input.authorityHost) && new URL(input.authorityHost).origin === input.authorityHost },
    { field: 'redirectUri', ok: URL.canParse(input.redirectUri) },
  ].find(({ ok }) => !ok);
  if (problem !== undefined) throw new OnboardingError('INPUT_INVALID', `A sign-in cannot be started with this ${problem.field}.`, { details: { field: problem.field } });
}

function randomText(ports: Pick<Ports, 'random'>): string {
  return toBase64Url(ports.random.bytes(32));
}

function bindingOf(stateHash: string, field: string): SealBinding {
  return { kind: pendingKind.kind, id: stateHash, field };
}
