/**
 * The verifier kit a backup portal drops in: one-time code in, confirmed and limited session out. It exchanges the code
 * from the back end, verifies the grant, spends its `jti`, matches account and tenant with the portal's own knowledge, and
 * asks the person before anything starts. It needs no Microsoft client and no secret but the portal's own key.
 */
import { createJwtService } from '../adapters/jose-jwt';
import { OnboardingError } from '../errors';
import { GRANT_SKEW_SECONDS, type ImpersonationGrant } from '../impersonation/grant';
import { isSafeUrl } from '../impersonation/safe-url';
import { sha256Base64Url, toBase64Url } from '../internal/encoding';
import { sameGuid } from '../internal/guid';
import { secret, type Secret } from '../internal/secret';
import type { Clock, JwtService, RandomSource, SigningAlgorithm } from '../ports';
import { describeGrant, openConfirmation, takeConfirmation, type PendingConfirmation, type PendingFacts } from './confirmation';
import { parseJson } from '../internal/json';
import { createKeySet } from './key-set';
import type { FindPortalAccount, PortalAccount, PortalHttp, PortalLog, PortalLogEntry, PortalState } from './ports';
import { createRedemption } from './redemption';
import { allowsArea, bannerText, dropSession, findSession, saveSession, type PortalArea, type PortalSession } from './session';
import { createGrantVerifier, invalidGrant } from './verifier';

export const DEFAULT_SESSION_MINUTES = 60;
export const MAX_SESSION_MINUTES = 480;
/** Added to a grant's end before its `jti` is forgotten, so that a clock that is set back revives nothing. */
const SPENT_MARGIN_SECONDS = 1_800;

export interface PortalKitOptions {
  /** The partner's name on pages and in the banner. */
  readonly partnerName: string;
  /** `iss` of the grants this portal accepts. */
  readonly issuer: string;
  /** This portal: `aud` of its grants. */
  readonly audience: string;
  /** The partner's key set: its address, or a function that gives the parsed document. */
  readonly jwks: string | (() => Promise<unknown>);
  readonly redeem: {
    /** The partner's redemption address. */
    readonly url: string;
    /** PKCS#8 PEM, or a private JWK in JSON. */
    readonly clientKey: Secret;
    readonly algorithm: SigningAlgorithm;
    /** Default: the audience. */
    readonly clientId?: string | undefined;
  };
  readonly findAccount: FindPortalAccount;
  readonly log: PortalLog;
  readonly state: PortalState;
  readonly http: PortalHttp;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<RandomSource, 'bytes' | 'uuid'>;
  readonly jwt?: Pick<JwtService, 'sign' | 'verify'> | undefined;
  /** 1 to 480, default 60, counted from the redemption. A running session is never extended. */
  readonly sessionMinutes?: number | undefined;
  /** A subset of ES256, EdDSA, PS256 for grants; default all three. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined;
}

export interface StartedSession {
  /** Belongs into a cookie; whoever holds it holds the session. */
  readonly key: Secret;
  readonly session: PortalSession;
}

export interface PortalKit {
  readonly partnerName: string;
  /**
   * Exchange a one-time code and open a confirmation. Raises the refusals of the redemption,
   * `IMPERSONATION_REDEEM_UNAVAILABLE`, `IMPERSONATION_GRANT_INVALID`, `IMPERSONATION_LEVEL_NONE`,
   * `IMPERSONATION_GRANT_SPENT`, `IMPERSONATION_KEYS_UNAVAILABLE`, and whatever state and log raise.
   */
  receiveCode(code: Secret): Promise<PendingConfirmation>;
  /** The grant behind a code that reached the portal another way. Raises like {@link receiveCode}. */
  receiveGrant(grant: Secret): Promise<PendingConfirmation>;
  /** Start the session. Raises `IMPERSONATION_CONFIRMATION_REFUSED`, and whatever state and log raise. */
  confirm(id: Secret, csrf: Secret): Promise<StartedSession>;
  /** Give a confirmation up. Raises like {@link confirm}. */
  cancel(id: Secret, csrf: Secret): Promise<void>;
  /** Undefined when there is none or its time is over. A state that fails rejects: no session without an answer. */
  findSession(key: Secret): Promise<PortalSession | undefined>;
  /** True when there was one. The session ends even when the log cannot be written; then it rejects afterwards. */
  endSession(key: Secret): Promise<boolean>;
  allows(session: PortalSession, area: PortalArea): boolean;
  banner(session: PortalSession): string;
}

/** Raises `CONFIG_INVALID` or `INPUT_INVALID` for options with which nothing could be proven. */
export function createPortalKit(options: PortalKitOptions): PortalKit {
  const { clock, state } = options;
  requireOptions(options);
  const jwt = options.jwt ?? createJwtService();
  const redeem = createRedemption({ ...options, jwt }, { ...options.redeem, clientId: options.redeem.clientId ?? options.audience });
  const keySet = createKeySet({ clock, load: loaderOf(options) });
  const verify = createGrantVerifier({ issuer: options.issuer, audience: options.audience, algorithms: options.algorithms, keySet, jwt, clock });

  async function receiveGrant(grantJwt: Secret): Promise<PendingConfirmation> {
    const grant = await verify(grantJwt);
    const facts = describeGrant(grant, await requireAccount(options.findAccount, grant), clock.now());
    await spendGrant(state, grant, clock.now());
    await options.log(logEntry('impersonation.entered', facts, clock.now()));
    return openConfirmation(options, facts);
  }

  return {
    partnerName: options.partnerName,
    receiveGrant,
    receiveCode: async (code) => receiveGrant(await redeem(code)),
    async confirm(id, csrf) {
      const facts = await takeConfirmation(state, { id, csrf, now: clock.now() });
      const session = startSession(facts, clock.now(), options.sessionMinutes ?? DEFAULT_SESSION_MINUTES);
      await options.log(logEntry('impersonation.started', session, clock.now()));
      const key = secret(toBase64Url(options.random.bytes(32)));
      await saveSession(state, key, session);
      return { key, session };
    },
    async cancel(id, csrf) {
      const facts = await takeConfirmation(state, { id, csrf, now: clock.now() });
      await options.log(logEntry('impersonation.cancelled', facts, clock.now()));
    },
    findSession: (key) => findSession(state, key, clock.now()),
    async endSession(key) {
      const session = await findSession(state, key, clock.now());
      const ended = await dropSession(state, key);
      if (ended && session !== undefined) await options.log(logEntry('impersonation.ended', session, clock.now()));
      return ended;
    },
    allows: (session, area) => allowsArea(session, area, clock.now()),
    banner: (session) => bannerText(session, options.partnerName),
  };
}

async function requireAccount(findAccount: FindPortalAccount, grant: ImpersonationGrant): Promise<PortalAccount> {
  const account = await findAccount(grant.accountId, grant.userObjectId);
  if (account === undefined) throw invalidGrant('account_unknown');
  // The grant's tenant must be the one this portal backs up for that account: a mixed-up account opens nothing.
  if (!sameGuid(account.tenantId, grant.tenantId)) throw invalidGrant('tenant_mismatch');
  return account;
}

async function spendGrant(state: PortalState, grant: ImpersonationGrant, now: number): Promise<void> {
  const name = `impersonation/jti/${sha256Base64Url(JSON.stringify([grant.issuer, grant.jti]))}`;
  const rememberUntil = Math.max(grant.expiresAt, now) + (GRANT_SKEW_SECONDS + SPENT_MARGIN_SECONDS) * 1000;
  if (!(await state.claim(name, '1', rememberUntil))) throw new OnboardingError('IMPERSONATION_GRANT_SPENT', 'The impersonation grant was used already.');
}

function startSession(facts: PendingFacts, now: number, sessionMinutes: number): PortalSession {
  const { redeemedAt, expiresAt: _confirmBy, ...rest } = facts;
  return { ...rest, startedAt: now, endsAt: redeemedAt + sessionMinutes * 60_000 };
}

function logEntry(action: PortalLogEntry['action'], about: PendingFacts | PortalSession, at: number): PortalLogEntry {
  const { actor, subject, accountId, accessLevel, reason, jti } = about;
  return { action, at, actor, subject, accountId, accessLevel, reason, jti };
}

function loaderOf({ jwks, http }: Pick<PortalKitOptions, 'jwks' | 'http'>): () => Promise<unknown> {
  if (typeof jwks === 'function') return jwks;
  return async () => {
    const answer = await http({ method: 'GET', url: jwks, headers: { accept: 'application/jwk-set+json, application/json' } });
    if (answer.status !== 200) throw new OnboardingError('IMPERSONATION_KEYS_UNAVAILABLE', `The key set answered ${answer.status}.`);
    return parseJson(answer.body);
  };
}

function requireOptions(options: PortalKitOptions): void {
  const minutes = options.sessionMinutes ?? DEFAULT_SESSION_MINUTES;
  if (!(minutes >= 1 && minutes <= MAX_SESSION_MINUTES)) throw misconfigured('sessionMinutes');
  if (!isSafeUrl(options.redeem.url)) throw misconfigured('redeem.url');
  if (typeof options.jwks === 'string' && !isSafeUrl(options.jwks)) throw misconfigured('jwks');
}

function misconfigured(field: string): OnboardingError {
  return new OnboardingError('CONFIG_INVALID', `The portal kit's ${field} cannot be used.`, { details: { field } });
}
