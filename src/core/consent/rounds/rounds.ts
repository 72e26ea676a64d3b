/**
 * The state of one round: 256 random bits, at most an hour old, bound to account, app, round and browser, spent once.
 * The state alone opens nothing: the browser's `__Host-` cookie must fit too (RFC 6749 section 10.12, RFC 9700
 * section 4.7), so an address copied into another browser is refused without burning it for its owner.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import { equalInConstantTime, sha256Base64Url, toBase64Url } from '../../internal/encoding';
import type { Clock, JsonObject, RandomSource } from '../../ports';
import { changeRecord, claimRecord, dropRecordsWhere, findRecord, type RecordKind, type RecordPorts, type StillMine } from '../../records';

export const ROUND_STATE_TTL_SECONDS = 3600;
/** Spent and expired states are remembered, so that a late or repeated answer gets its own refusal. */
const REMEMBERED_MS = 86_400_000;

const stateSchema = z.object({
  accountId: z.string(),
  invitationHash: z.string(),
  appKey: z.string(),
  round: z.number().int().positive(),
  browserHash: z.string(),
  /** The tenant this round must answer for: expected in round 1 (or null), proven from round 2 on. */
  expectedTenantId: z.string().nullable(),
  expiresAt: z.number(),
});

export type RoundState = z.infer<typeof stateSchema>;

const stateKind: RecordKind<RoundState> = { kind: 'consent/state', schemaVersion: 1, schema: stateSchema };
const spentKind: RecordKind<{ at: number }> = { kind: 'consent/state-spent', schemaVersion: 1, schema: z.object({ at: z.number() }) };

const browserSchema = z.object({
  accountId: z.string(),
  invitationHash: z.string(),
  /** Of the journey when this browser began: an answer must not count for a request that was opened since. */
  epoch: z.number().int().nonnegative(),
  /** The last round whose callback was accepted as a claim, with the tenant it claimed. */
  lastClaim: z.object({ round: z.number().int(), appKey: z.string(), tenantId: z.string(), claimedAt: z.number().default(0) }).nullable(),
  expiresAt: z.number(),
});

/** What one consenting browser is in the middle of. Named by the hash of its cookie. */
export type BrowserProgress = z.infer<typeof browserSchema>;

const browserKind: RecordKind<BrowserProgress> = { kind: 'consent/browser', schemaVersion: 1, schema: browserSchema };

type RoundPorts = RecordPorts & { readonly clock: Clock; readonly random: RandomSource };

/** Start tracking a browser. The returned secret goes into its cookie and nowhere else. */
export async function startBrowser(ports: RoundPorts, input: Pick<BrowserProgress, 'accountId' | 'invitationHash' | 'epoch'>): Promise<{ readonly browserSecret: string }> {
  const browserSecret = toBase64Url(ports.random.bytes(32));
  const expiresAt = ports.clock.now() + 2 * ROUND_STATE_TTL_SECONDS * 1000;
  await claimRecord(ports, browserKind, sha256Base64Url(browserSecret), { ...input, lastClaim: null, expiresAt }, expiresAt);
  return { browserSecret };
}

/** Raises `CONSENT_BROWSER_MISMATCH` when this browser never started here or its time is over. */
export async function requireBrowser(ports: RecordPorts & { readonly clock: Clock }, browserSecret: string | undefined): Promise<BrowserProgress & { readonly hash: string }> {
  const hash = sha256Base64Url(browserSecret ?? '');
  const found = browserSecret === undefined ? undefined : await findRecord(ports, browserKind, hash);
  if (found === undefined || found.value.expiresAt <= ports.clock.now()) throw mismatch();
  return { ...found.value, hash };
}

export async function recordClaim(ports: RecordPorts, browserHash: string, claim: NonNullable<BrowserProgress['lastClaim']>): Promise<void> {
  const found = await findRecord(ports, browserKind, browserHash);
  if (found === undefined) throw mismatch();
  await changeRecord(ports, browserKind, browserHash, (current) => ({ ...current, lastClaim: claim }), found.value.expiresAt);
}

/** For the end of an account: every browser and every round under way. False when it is not `stillMine`. Raises `STATE_CONFLICT`. */
export async function dropRounds(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  const belongs = (record: { readonly accountId: string }) => record.accountId === accountId;
  return (await dropRecordsWhere(ports, stateKind, belongs, stillMine)) && dropRecordsWhere(ports, browserKind, belongs, stillMine);
}

/** Mint the state of one round. */
export async function mintRoundState(ports: RoundPorts, input: Omit<RoundState, 'expiresAt'>): Promise<{ readonly state: string; readonly hash: string; readonly expiresAt: number }> {
  const state = toBase64Url(ports.random.bytes(32));
  const hash = sha256Base64Url(state);
  const expiresAt = ports.clock.now() + ROUND_STATE_TTL_SECONDS * 1000;
  await claimRecord(ports, stateKind, hash, { ...input, expiresAt }, expiresAt + REMEMBERED_MS);
  return { state, hash, expiresAt };
}

/**
 * Redeem a state in the browser it belongs to; exactly one of several racing callbacks succeeds.
 * Raises `CONSENT_STATE_UNKNOWN`, `CONSENT_BROWSER_MISMATCH`, `CONSENT_STATE_EXPIRED`, `CONSENT_STATE_REPLAYED`.
 */
export async function redeemRoundState(
  ports: RecordPorts & { readonly clock: Clock },
  state: string | undefined,
  browserSecret: string | undefined,
): Promise<RoundState & { readonly hash: string }> {
  const hash = sha256Base64Url(state ?? '');
  const found = state === undefined ? undefined : (await findRecord(ports, stateKind, hash))?.value;
  if (found === undefined) throw new OnboardingError('CONSENT_STATE_UNKNOWN', 'The answer carries a state that was never issued.');
  const about = { accountId: found.accountId, about: hash };
  if (browserSecret === undefined || !equalInConstantTime(sha256Base64Url(browserSecret), found.browserHash)) throw mismatch(about);
  const now = ports.clock.now();
  if (found.expiresAt <= now) throw new OnboardingError('CONSENT_STATE_EXPIRED', 'The answer came after its time.', { details: about });
  if (!(await claimRecord(ports, spentKind, hash, { at: now }, found.expiresAt + REMEMBERED_MS))) {
    throw new OnboardingError('CONSENT_STATE_REPLAYED', 'This answer was used already.', { details: about });
  }
  return { ...found, hash };
}

function mismatch(about: JsonObject = {}): OnboardingError {
  return new OnboardingError('CONSENT_BROWSER_MISMATCH', 'The answer came from another browser than the one that started.', { details: about });
}
