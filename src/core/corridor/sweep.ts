/**
 * The fleet and the journey together: a visit of the sweep is one `advance`, which makes the routine check. Nothing is asked
 * of a tenant whose last answer still asks to wait, and whatever such a pause may have spoiled is looked at again.
 */
import { findAccount } from '../accounts/account';
import { type Journey, readJourney } from '../accounts/journey';
import { asOnboardingError, hasCode, OnboardingError } from '../errors';
import { isUnsettled, judgeFailure, judgeLook } from '../fleet/judge';
import type { AccountVerdict, RequestCount, SweepOptions, SweepReport, Visit } from '../fleet/model';
import { sweepAccounts } from '../fleet/sweep';
import type { GraphTransport, TokenSource } from '../ports';
import { advanceJourney } from './advance';
import { type OnboardingContext, requireOperator } from './context';

/** How a sweep reaches Microsoft: impatient, counted, and with one memory of who asked to wait. */
export interface SweepTransports {
  readonly tokens: TokenSource;
  readonly graph: GraphTransport;
  /** Requests that left through these two. */
  requests(): RequestCount;
  /** How long this tenant still wants not to be asked, in milliseconds; 0 when asking is welcome. */
  pauseLeftMs(tenantId: string): number;
  /** Does the work under a signal that ends it with this reason when it takes too long for a look at one account. */
  inTime<T>(work: (signal: AbortSignal | undefined) => Promise<T>, signal: AbortSignal | undefined, reason: OnboardingError): Promise<T>;
}

export interface SweepInput extends SweepOptions {
  /** Whose accounts; absent: all of them, for hosts that authorise by themselves. */
  readonly operatorId?: string | undefined;
}

/**
 * Looks at every account that belongs to the sweep. Raises `OPERATOR_NOT_ALLOWED`, `FLEET_SWEEP_RUNNING`, `INPUT_INVALID`,
 * `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`, `STATE_RECORD_TAMPERED`, the signal's reason. Least Graph permission: as `advance`.
 */
export async function sweepFleet(context: OnboardingContext, input: SweepInput, transports?: SweepTransports): Promise<SweepReport> {
  const { operatorId, label, states, signal } = input;
  signal?.throwIfAborted();
  if (operatorId !== undefined) await requireOperator(context, operatorId, 'onboard', undefined);
  const visits = transports === undefined ? context : { ...context, ports: { ...context.ports, tokens: transports.tokens, graph: transports.graph } };
  return sweepAccounts(
    context.ports,
    {
      scope: { operatorId: operatorId ?? null, label: label ?? null, states: states === undefined ? null : [...states] },
      visit: (accountId, ended) => visitAccount(visits, { accountId, input, transports, signal: ended }),
      requests: () => transports?.requests() ?? null,
    },
    input,
  );
}

interface VisitInput {
  readonly accountId: string;
  readonly input: SweepInput;
  readonly transports: SweepTransports | undefined;
  readonly signal: AbortSignal | undefined;
}

const PAUSED: AccountVerdict = { kind: 'failed', code: 'GRAPH_THROTTLED', unavailable: true };
/** A line that broke or a pause that is over by now: soon enough for this run, late enough for others to have their turn. */
const ONCE_MORE_MS = 60_000;

async function visitAccount(context: OnboardingContext, visit: VisitInput): Promise<Visit> {
  const { accountId, transports } = visit;
  const { clock } = context.ports;
  try {
    if (!(await belongs(context, visit))) return { kind: 'skipped' };
    const startedAt = clock.now();
    const before = await readJourney(context.ports, accountId);
    const pausedUntilAt = pausedUntil(context, before, transports);
    if (pausedUntilAt !== undefined) return { kind: 'again', fromAt: pausedUntilAt, asked: true, verdict: PAUSED };
    const { waitingFor } = await advanceInTime(context, visit);
    const after = await readJourney(context.ports, accountId);
    const verdict = judgeLook({ startedAt, before, after });
    const untilAt = pausedUntil(context, after, transports);
    if (!isUnsettled(verdict, untilAt !== undefined && waitingFor === 'replication')) return { kind: 'judged', verdict };
    // Before it is due again, the journey would only repeat what it says now.
    return { kind: 'again', fromAt: Math.max(untilAt ?? clock.now() + ONCE_MORE_MS, after.nextCheckAt ?? 0), asked: untilAt !== undefined, verdict };
  } catch (reason) {
    return afterFailure(context, visit, reason);
  }
}

async function belongs({ ports }: OnboardingContext, { accountId, input }: VisitInput): Promise<boolean> {
  const { operatorId, label, states } = input;
  if (operatorId !== undefined && !(await ports.authorizer.authorize(operatorId, 'onboard', accountId))) return false;
  const account = await findAccount(ports, accountId);
  if (account === undefined || account.removal !== null || (label !== undefined && !account.labels.includes(label))) return false;
  const { state } = await readJourney(ports, accountId);
  return state !== 'offboarded' && states?.includes(state) !== false;
}

/** Raises `FLEET_ACCOUNT_TOO_SLOW`, and like `advance`. */
async function advanceInTime(context: OnboardingContext, { accountId, transports, signal }: VisitInput): ReturnType<typeof advanceJourney> {
  const advance = async (ended: AbortSignal | undefined) => advanceJourney(context, accountId, ended);
  const tooSlow = new OnboardingError('FLEET_ACCOUNT_TOO_SLOW', 'The look at the account took too long and was given up.', { details: { accountId } });
  return transports === undefined ? advance(signal) : transports.inTime(advance, signal, tooSlow);
}

function pausedUntil({ ports }: OnboardingContext, { provenTenantId }: Journey, transports: SweepTransports | undefined): number | undefined {
  const leftMs = provenTenantId === null ? 0 : (transports?.pauseLeftMs(provenTenantId) ?? 0);
  return leftMs > 0 ? ports.clock.now() + Math.ceil(leftMs) : undefined;
}

async function afterFailure(context: OnboardingContext, { accountId, transports, signal }: VisitInput, reason: unknown): Promise<Visit> {
  // The next account would fail the same way, and this one is not to blame.
  if (signal?.aborted === true || hasCode(reason, 'STATE_UNAVAILABLE', 'MASTER_KEY_MISSING')) throw reason;
  const error = asOnboardingError(reason);
  const verdict = judgeFailure(error);
  if (verdict === undefined) return { kind: 'skipped' };
  if (!isUnsettled(verdict, false)) return { kind: 'judged', verdict };
  const now = context.ports.clock.now();
  const asked = error.retryAfterSeconds === undefined ? undefined : now + Math.ceil(error.retryAfterSeconds * 1000);
  const untilAt = asked ?? pausedUntil(context, await readJourney(context.ports, accountId), transports);
  return { kind: 'again', fromAt: untilAt ?? now + ONCE_MORE_MS, asked: untilAt !== undefined, verdict };
}
