/**
 * A sweep over all customer accounts: each is looked at once, a few at a time; whoever's service asks to wait is put back and
 * visited after that time, never earlier; what is done is written down as it goes. One sweep at a time over one state.
 * Knows nothing of consent: what a visit is, its caller says.
 */
import { OnboardingError } from '../errors';
import type { Clock } from '../ports';
import type { RecordPorts } from '../records';
import { type Lease, type LeasePorts, takeLease } from './lease';
import { runLanes } from './lanes';
import type { AccountVerdict, RequestCount, SweepOptions, SweepReport, Visit } from './model';
import { createPutBack, type PutBack } from './put-back';
import { openRun, type RunKeeper, type SweepRun, type SweepScope } from './run-record';
import { addVerdict, countsOf } from './tally';
import { readUpcoming } from './upcoming';

export type SweepPorts = RecordPorts & LeasePorts & { readonly clock: Clock };

export interface SweepWork {
  readonly scope: SweepScope;
  /** Look at one account. A rejection ends the whole sweep: for a store that is gone, and for an abort. */
  visit(accountId: string, signal: AbortSignal | undefined): Promise<Visit>;
  /** How many requests left since this run began; null when nobody counts. */
  requests(): RequestCount | null;
}

export const DEFAULT_CONCURRENCY = 8;
const MAX_CONCURRENCY = 64;
const DEFAULT_PATIENCE_SECONDS = 1800;
/** Put back more often than this, an account is left to the next sweep. */
const MAX_TIMES_BACK = 5;
/** Accounts under way or put back; when so many wait, no others are begun, since it is not single tenants that are busy then. */
const MAX_OPEN = 500;
/** What a kill may cost in repeated looks. */
const SAVE_EVERY_ACCOUNTS = 16;
const SAVE_EVERY_MS = 5000;

/**
 * Raises `FLEET_SWEEP_RUNNING`, `INPUT_INVALID`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`, `STATE_RECORD_TAMPERED` (of the run
 * to be resumed), the signal's reason when aborted, and what `visit` raises. What was done until then is kept for `resume`.
 */
export async function sweepAccounts(ports: SweepPorts, work: SweepWork, options: SweepOptions = {}): Promise<SweepReport> {
  const concurrency = checked('concurrency', options.concurrency ?? DEFAULT_CONCURRENCY, 1, MAX_CONCURRENCY);
  const patienceMs = checked('patienceSeconds', options.patienceSeconds ?? DEFAULT_PATIENCE_SECONDS, 0, 86_400) * 1000;
  options.signal?.throwIfAborted();
  const lease = await takeLease(ports);
  try {
    const keeper = await openRun(ports, { scope: work.scope, resume: options.resume === true, now: ports.clock.now() });
    const progress = new Progress(ports, { work, keeper, lease, patienceMs, onProgress: options.onProgress });
    const upcoming = readUpcoming(ports.store, keeper.run);
    try {
      await runLanes(ports, {
        concurrency,
        signal: options.signal,
        next: async () => progress.begin(await (progress.takePutBack() ?? (progress.isFull ? undefined : upcoming.next()))),
        nextAt: () => progress.putBack.nextAt(),
        visit: async (accountId) => progress.visited(accountId, await work.visit(accountId, options.signal)),
        pause: async (untilAt) => progress.saveWhenDue(untilAt),
      });
    } finally {
      await upcoming.end();
      // What stopped the run matters more than a note of it.
      await progress.save().catch(() => undefined);
    }
    options.signal?.throwIfAborted();
    await keeper.finish();
    return progress.report();
  } finally {
    await lease.end().catch(() => undefined);
  }
}

function checked(field: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new OnboardingError('INPUT_INVALID', `${field} is a whole number from ${least} to ${most}.`, { details: { field } });
}

interface Place {
  readonly work: SweepWork;
  readonly keeper: RunKeeper;
  readonly lease: Lease;
  readonly patienceMs: number;
  readonly onProgress: SweepOptions['onProgress'];
}

type Next = { readonly accountId: string; readonly isNew: boolean };

/** What is done, under way and put back. Changed between two awaits only, so that what is saved is whole. */
class Progress {
  readonly putBack: PutBack = createPutBack();
  readonly #startedAt: number;
  readonly #open: Set<string>;
  #cursor: string | null;
  #tally: SweepRun['tally'];
  #savedAt: number;
  #unsaved = 0;

  constructor(
    readonly ports: SweepPorts,
    readonly place: Place,
  ) {
    const { cursor, open, tally } = place.keeper.run;
    this.#startedAt = this.#savedAt = ports.clock.now();
    this.#cursor = cursor;
    this.#open = new Set(open);
    this.#tally = tally;
  }

  get isFull(): boolean {
    return this.putBack.size >= MAX_OPEN;
  }

  takePutBack(): Next | undefined {
    const accountId = this.putBack.take(this.ports.clock.now());
    return accountId === undefined ? undefined : { accountId, isNew: false };
  }

  begin(next: Next | undefined): string | undefined {
    if (next === undefined) return undefined;
    this.#open.add(next.accountId);
    if (next.isNew) this.#cursor = next.accountId;
    return next.accountId;
  }

  visited(accountId: string, visit: Visit): void {
    if (visit.kind === 'again' && this.#mayWait(accountId, visit)) return this.putBack.add(accountId, visit.fromAt);
    this.#open.delete(accountId);
    this.putBack.forget(accountId);
    if (visit.kind === 'skipped') return;
    this.#unsaved += 1;
    this.#tally = addVerdict(this.#tally, accountId, visit.verdict);
    this.#tell(accountId, visit.verdict);
  }

  #mayWait(accountId: string, { fromAt, asked }: { readonly fromAt: number; readonly asked: boolean }): boolean {
    return this.putBack.timesOf(accountId) < (asked ? MAX_TIMES_BACK : 1) && fromAt <= this.#startedAt + this.place.patienceMs;
  }

  #tell(accountId: string, verdict: AccountVerdict): void {
    try {
      this.place.onProgress?.({ ...countsOf(this.#tally), accountId, verdict, putBack: this.putBack.size });
    } catch {
      // Whoever only watches stops nothing.
    }
  }

  async saveWhenDue(sleepsUntilAt: number | undefined): Promise<void> {
    const due = this.#unsaved >= SAVE_EVERY_ACCOUNTS || this.ports.clock.now() - this.#savedAt >= SAVE_EVERY_MS;
    if (due || sleepsUntilAt !== undefined) await this.save(sleepsUntilAt);
  }

  async save(leasedFrom = this.ports.clock.now()): Promise<void> {
    const now = this.ports.clock.now();
    this.#unsaved = 0;
    this.#savedAt = now;
    await this.place.lease.renew(leasedFrom);
    await this.place.keeper.save(this.#snapshot(now), now);
  }

  #snapshot(now: number): SweepRun {
    const { run } = this.place.keeper;
    const made = this.place.work.requests() ?? { token: 0, graph: 0 };
    return {
      ...run,
      cursor: this.#cursor,
      open: [...this.#open],
      tally: this.#tally,
      requests: { token: run.requests.token + made.token, graph: run.requests.graph + made.graph },
      workedMs: run.workedMs + now - this.#startedAt,
    };
  }

  report(): SweepReport {
    const { startedAt, requests, workedMs } = this.#snapshot(this.ports.clock.now());
    const { regressed, failures } = this.#tally;
    const counted = this.place.work.requests() === null ? null : requests;
    return { ...countsOf(this.#tally), requests: counted, durationMs: workedMs, startedAt, resumed: this.place.keeper.resumed, regressed, failures };
  }
}
