/** What a sweep over the customer accounts is asked for, what it says of one account, and what it comes to. Types only. */
import type { JourneyState } from '../accounts/journey';

/** How one account stands after it was looked at. */
export type AccountVerdict =
  /** Consent and binding were found alive by this look or one within the hour. */
  | { readonly kind: 'ok' }
  /** Something regressed; a person has to act. */
  | { readonly kind: 'attention'; readonly codes: readonly string[] }
  /** Onboarding waits for a person or for replication, as it should. */
  | { readonly kind: 'waiting' }
  /** Nothing can be said. `unavailable`: only because a service did not answer, which time mends. */
  | { readonly kind: 'failed'; readonly code: string; readonly unavailable: boolean };

/**
 * What came of one visit. `skipped`: not part of this sweep, or gone meanwhile. `again`: worth another visit, not before `fromAt`;
 * `asked` when a service said so, otherwise one more is enough.
 */
export type Visit =
  | { readonly kind: 'skipped' }
  | { readonly kind: 'judged'; readonly verdict: AccountVerdict }
  | { readonly kind: 'again'; readonly fromAt: number; readonly asked: boolean; readonly verdict: AccountVerdict };

export interface RequestCount {
  /** At the token endpoint. */
  readonly token: number;
  /** At Microsoft Graph; a batch is one. */
  readonly graph: number;
}

export interface SweepOptions {
  /** Accounts at the same time, 1 to 64; default 8. */
  readonly concurrency?: number | undefined;
  /** Go on with this operator's last sweep of the same accounts when it did not come to its end within the last day. */
  readonly resume?: boolean | undefined;
  /** Only accounts with this label. */
  readonly label?: string | undefined;
  /** Only accounts whose onboarding is in one of these states when it is their turn. */
  readonly states?: readonly JourneyState[] | undefined;
  /** How long this run waits, all in all, for tenants that asked it to come back later; default 1800. */
  readonly patienceSeconds?: number | undefined;
  /** Told after every account. What it raises is ignored. */
  readonly onProgress?: ((progress: SweepProgress) => void) | undefined;
  /** Ends the run between two accounts; those under way are left as a kill would leave them, for `resume`. */
  readonly signal?: AbortSignal | undefined;
}

export interface SweepCounts {
  /** Looked at, and counted once in one of the next four. */
  readonly accounts: number;
  readonly ok: number;
  readonly attention: number;
  readonly waiting: number;
  readonly failed: number;
  /** Of the failed, those for which only a service did not answer. */
  readonly unavailable: number;
}

export interface SweepProgress extends SweepCounts {
  /** The account that is done. */
  readonly accountId: string;
  readonly verdict: AccountVerdict;
  /** Accounts that were put back until a service wants to be asked again. */
  readonly putBack: number;
}

export interface SweepReport extends SweepCounts {
  /** Null when the host's transports do not count. */
  readonly requests: RequestCount | null;
  /** Working time, of the earlier parts of a resumed run as well. */
  readonly durationMs: number;
  /** When the run began, the part that is resumed included. */
  readonly startedAt: number;
  /** True when it went on with an earlier run. */
  readonly resumed: boolean;
  /** Who needs attention and why, the first hundred; `attention` counts them all. */
  readonly regressed: readonly { readonly accountId: string; readonly codes: readonly string[] }[];
  /** Who could not be judged and why, the first hundred; `failed` counts them all. */
  readonly failures: readonly { readonly accountId: string; readonly code: string }[];
}
