/**
 * The scheduled check: every credential in use, the partner's own apps first; what is due, what hangs, what has ended; told to
 * the host once each. A check that could not look at everything leaves no heartbeat, so that an outage is an alarm as well.
 */
import { type HeartbeatView, judgeHeartbeat, readHeartbeat, writeHeartbeat } from '../certificates/heartbeat';
import type { LifecycleSettings } from '../certificates/lifecycle';
import { type Occasion, tellOccasion } from '../certificates/occasions';
import { listCertificates } from '../certificates/records';
import type { EventSink } from '../ports';
import { type OnboardingContext, requireOperator } from './context';
import { type CheckedCredential, judgeCredential, occasionsOf } from './judge-credential';
import { readSecretEnds } from './secret-ends';
import { type CredentialWatch, listWatched } from './watched-credentials';

export interface CheckOptions {
  readonly watch: CredentialWatch;
  readonly lifecycle: LifecycleSettings;
  /** Who is told; undefined: nobody listens, and no occasion is used up. */
  readonly events: EventSink | undefined;
}

export interface CheckRequest {
  /** Also ask the directory when client secrets end: one read for each app that has one. */
  readonly directory?: boolean | undefined;
  /** False for a look that stands in for no scheduled check: no heartbeat, nobody is told. Default true. */
  readonly recorded?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CertificateCheck {
  readonly items: readonly CheckedCredential[];
  /** After this check, when it was recorded. */
  readonly heartbeat: HeartbeatView;
  /** Something is due or has gone wrong. */
  readonly attention: boolean;
  /** What stands now, told or not; each with an id that is the same for the same occasion. */
  readonly occasions: readonly Occasion[];
}

/**
 * Raises `OPERATOR_NOT_ALLOWED`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`, `STATE_RECORD_TAMPERED`, `PFX_TOO_SLOW`; with
 * `directory` what the transports raise. Least Graph permission (application): Application.ReadWrite.OwnedBy, with `directory` only.
 */
export async function checkCertificates(context: OnboardingContext, options: CheckOptions, operatorId: string, request: CheckRequest = {}): Promise<CertificateCheck> {
  await requireOperator(context, operatorId, 'certificates', undefined);
  const judged = await judgeAll(context, options, request);
  const before = await heartbeatNow(context, options);
  const occasions = [...judged.flatMap((one) => one.occasions), ...overdueOccasions(before)];
  const items = judged.map(({ shown }) => shown);
  const isRecorded = request.recorded !== false;
  if (isRecorded) {
    await tellAll(context, options, occasions);
    await writeHeartbeat(context.ports, { by: operatorId, everyHours: options.lifecycle.renewal.checkEveryHours });
  }
  const heartbeat = isRecorded ? await heartbeatNow(context, options) : before;
  return { items, heartbeat, attention: heartbeat.overdue || items.some(({ attention }) => attention), occasions };
}

/** Only whether the check still runs; told when it does not. Raises like {@link checkCertificates} without `directory`. */
export async function checkHeartbeat(context: OnboardingContext, options: CheckOptions, operatorId: string): Promise<HeartbeatView> {
  await requireOperator(context, operatorId, 'certificates', undefined);
  return watchHeartbeat(context, options);
}

/** The same for the process itself, which acts for no operator. */
export async function watchHeartbeat(context: OnboardingContext, options: CheckOptions): Promise<HeartbeatView> {
  const heartbeat = await heartbeatNow(context, options);
  await tellAll(context, options, overdueOccasions(heartbeat));
  return heartbeat;
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

async function tellAll({ ports }: OnboardingContext, { events }: CheckOptions, occasions: readonly Occasion[]): Promise<void> {
  if (events === undefined) return;
  for (const occasion of occasions) await tellOccasion(ports, (event) => events.emit(event), occasion);
}

interface Judged {
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
    return { shown, occasions: occasionsOf(shown, one.dated?.thumbprintSha256) };
  });
}
