/**
 * The scheduled check: every credential in use, the partner's own apps first; what is due, what hangs, what has ended; told to
 * the host once each. A check that could not look at everything leaves no heartbeat, so that an outage is an alarm as well.
 */
import { type HeartbeatView, judgeHeartbeat, readHeartbeat, writeHeartbeat } from '../../certificates/renewal/heartbeat';
import type { LifecycleSettings } from '../../certificates/lifecycle';
import { type Occasion, tellOccasion } from '../../certificates/renewal/occasions';
import { listCertificates } from '../../certificates/records/records';
import { hasCode } from '../../errors';
import { type AppKeys, checkAppKeys } from './check-app-keys';
import { type OnboardingContext, requireOperator } from '../context';
import { type CheckedCredential, judgeCredential, occasionsOf } from './judge-credential';
import { type Renewed, type RenewalStep, takeSteps } from './renew-certificates';
import type { RotationReport } from './rotate';
import { readSecretEnds } from './secret-ends';
import { type CredentialWatch, listWatched, type WatchedCredential } from './watched-credentials';

export interface CheckOptions {
  readonly watch: CredentialWatch;
  readonly lifecycle: LifecycleSettings;
}

/** Takes one step of a certificate's rotation. */
export type Rotate = (certificateId: string, operatorId: string, signal?: AbortSignal) => Promise<RotationReport>;

export interface CheckRequest {
  /** Begin the rotation of what is due, and take one step of each that is running. */
  readonly rotate?: boolean | undefined;
  /** Also ask the directory when client secrets end and whether the apps' keys are as we know them: two reads per app at most. */
  readonly directory?: boolean | undefined;
  /** False for a look that stands in for no scheduled check: no heartbeat, nobody is told. Default true. */
  readonly recorded?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CertificateCheck {
  readonly items: readonly CheckedCredential[];
  /** The keys on the app registrations, by app; null unless the directory was asked. */
  readonly appKeys: readonly AppKeys[] | null;
  /** After this check, when it was recorded. */
  readonly heartbeat: HeartbeatView;
  /** Something is due or has gone wrong. */
  readonly attention: boolean;
  /** False when a step failed that may go through later; then there is no heartbeat either. */
  readonly complete: boolean;
  /** What was done, with `rotate`. */
  readonly steps: readonly RenewalStep[];
  /** What stands now, told or not; each with an id that is the same for the same occasion. */
  readonly occasions: readonly Occasion[];
}

/**
 * Raises `OPERATOR_NOT_ALLOWED`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`, `STATE_RECORD_TAMPERED`, `PFX_TOO_SLOW`; with
 * `directory` what the transports raise. Least Graph permission (application): Application.ReadWrite.OwnedBy, with `directory` only.
 */
export async function checkCertificates(context: OnboardingContext, options: CheckOptions & { readonly rotate: Rotate }, operatorId: string, request: CheckRequest = {}): Promise<CertificateCheck> {
  await requireOperator(context, operatorId, 'certificates', undefined);
  const { steps, failures } = request.rotate === true ? await renewDue(context, options, operatorId, request.signal) : NOTHING_DONE;
  const judged = (await judgeAll(context, options, request)).map((one) => withFailure(one, failures));
  const before = await heartbeatNow(context, options);
  const occasions = [...judged.flatMap((one) => one.occasions), ...overdueOccasions(before)];
  const items = judged.map(({ shown }) => shown);
  const complete = ![...failures.values()].some(({ retryable }) => retryable);
  const isRecorded = request.recorded !== false;
  const appKeys = request.directory === true ? await checkAppKeys(context, { watched: judged.map(({ watched }) => watched), isRecorded, signal: request.signal }) : null;
  if (isRecorded) await tellAll(context, occasions);
  if (isRecorded && complete) await writeHeartbeat(context.ports, { by: operatorId, everyHours: options.lifecycle.renewal.checkEveryHours });
  const heartbeat = isRecorded ? await heartbeatNow(context, options) : before;
  const attention = heartbeat.overdue || [...items, ...(appKeys ?? [])].some((one) => one.attention);
  return { items, appKeys, heartbeat, attention, complete, steps, occasions };
}

const LOOK_EVERY_MS = 10_000;
const NOTHING_DONE: Renewed = { steps: [], failures: new Map() };

async function renewDue(context: OnboardingContext, options: CheckOptions & { readonly rotate: Rotate }, operatorId: string, signal?: AbortSignal): Promise<Renewed> {
  const due = (await judgeAll(context, options, {})).flatMap(({ shown: { certificateId, stepDue } }) => (stepDue && certificateId !== null ? [certificateId] : []));
  return takeSteps(due, async (certificateId) => options.rotate(certificateId, operatorId, signal));
}

function withFailure(judged: Judged, failures: Renewed['failures']): Judged {
  const failure = failures.get(judged.watched.certificateId ?? '');
  if (failure === undefined) return judged;
  const problem = { code: failure.code, message: failure.message };
  return { ...judged, shown: { ...judged.shown, attention: true, problems: [...judged.shown.problems, problem] } };
}

/** Only whether the check still runs; told when it does not. Raises like {@link checkCertificates} without `directory`. */
export async function checkHeartbeat(context: OnboardingContext, options: CheckOptions, operatorId: string): Promise<HeartbeatView> {
  await requireOperator(context, operatorId, 'certificates', undefined);
  return watchHeartbeat(context, options);
}

/** The same for the process itself, which acts for no operator. */
export async function watchHeartbeat(context: OnboardingContext, options: CheckOptions): Promise<HeartbeatView> {
  const heartbeat = await heartbeatNow(context, options);
  await tellAll(context, overdueOccasions(heartbeat));
  return heartbeat;
}

/**
 * For `/healthz`, which strangers may ask for as often as they like: tells nobody, and looks into the store once in ten seconds.
 * Raises like {@link isCheckOverdue}.
 */
export function createOverdueLook(context: OnboardingContext, options: CheckOptions): () => Promise<boolean> {
  let last: { readonly at: number; readonly answer: Promise<boolean> } | undefined;
  return async () => {
    const now = context.ports.clock.now();
    if (last !== undefined && now >= last.at && now - last.at < LOOK_EVERY_MS) return last.answer;
    const look = { at: now, answer: isCheckOverdue(context, options) };
    last = look;
    return look.answer.catch((error: unknown) => {
      if (last === look) last = undefined;
      throw error;
    });
  };
}

/** Without a master key there is nothing to watch. Raises `STATE_UNAVAILABLE`. */
async function isCheckOverdue(context: OnboardingContext, options: CheckOptions): Promise<boolean> {
  if (!context.ports.sealer.ready) return false;
  try {
    return (await heartbeatNow(context, options)).overdue;
  } catch (error) {
    // Somebody changed what says that the check ran.
    if (hasCode(error, 'STATE_RECORD_TAMPERED', 'STATE_RECORD_INVALID')) return true;
    throw error;
  }
}

async function heartbeatNow({ ports }: OnboardingContext, { lifecycle }: CheckOptions): Promise<HeartbeatView> {
  const heartbeat = await readHeartbeat(ports);
  const created = heartbeat === undefined ? (await listCertificates(ports)).map(({ createdAt }) => createdAt) : [];
  const facts = { heartbeat, firstCertificateAt: created.length === 0 ? null : Math.min(...created), checkEveryHours: lifecycle.renewal.checkEveryHours };
  return judgeHeartbeat(facts, ports.clock.now());
}

function overdueOccasions({ overdue, lastAt, dueBy }: HeartbeatView): readonly Occasion[] {
  if (!overdue) return [];
  const message = lastAt === null ? 'Certificates are stored, and no check has ever looked at them.' : `No check of the certificates was completed since ${new Date(lastAt).toISOString().slice(0, 16)}Z.`;
  return [{ type: 'certificate.check_overdue', subject: String(lastAt ?? 'never'), data: { lastAt: lastAt === null ? null : new Date(lastAt).toISOString(), dueBy, message } }];
}

async function tellAll({ ports }: OnboardingContext, occasions: readonly Occasion[]): Promise<void> {
  for (const occasion of occasions) await tellOccasion(ports, occasion);
}

interface Judged {
  readonly watched: WatchedCredential;
  readonly shown: CheckedCredential;
  readonly occasions: readonly Occasion[];
}

async function judgeAll(context: OnboardingContext, { watch, lifecycle }: CheckOptions, { directory, signal }: CheckRequest): Promise<readonly Judged[]> {
  const { ports } = context;
  const listed = await listWatched(ports, watch);
  const watched = directory === true ? await readSecretEnds(context, listed, signal) : listed;
  const now = ports.clock.now();
  return watched.map((one) => {
    const shown = judgeCredential(one, lifecycle, now);
    return { watched: one, shown, occasions: occasionsOf(shown, one.dated?.thumbprintSha256) };
  });
}
