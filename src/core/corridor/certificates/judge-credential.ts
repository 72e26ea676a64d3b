/**
 * What a check makes of one watched credential. Pure: status, what is wrong in words, whether a person should look, and the
 * occasions a host is told about. A credential that is being rotated in good order asks nobody for anything.
 */
import type { LifecycleSettings } from '../../certificates/lifecycle';
import { type Occasion, type OccasionType, rotationSubject } from '../../certificates/renewal/occasions';
import { judgeRenewal, planRenewal, type Renewal, type RenewalReason, type RenewalStatus } from '../../certificates/renewal/renewal';
import { type CertificateRotation, isRunning, type RotationState } from '../../certificates/rotation/rotation-model';
import { judgeRotation } from '../../certificates/rotation/rotation-watch';
import { type CredentialKind, type CredentialProblem, isCustomers, type WatchedCredential } from './watched-credentials';

/** `unwatched`: nobody can see from here when it ends; `unreadable`: it could not be opened. */
export type CredentialStatus = RenewalStatus | 'unwatched' | 'unreadable';

export interface ShownRotation {
  readonly id: string;
  readonly state: RotationState;
  readonly toCertificateId: string;
  readonly startedAt: number;
  /** Earliest instant at which the next step can do something; null when it has ended. */
  readonly nextStepAt: number | null;
  readonly reasons: readonly CredentialProblem[];
}

export interface CheckedCredential {
  /** Null for what is not stored here. */
  readonly certificateId: string | null;
  /** As stored; for anything else where the configuration takes it from. */
  readonly name: string;
  readonly source: CredentialKind;
  readonly appKeys: readonly string[];
  readonly status: CredentialStatus;
  /** ISO 8601 in UTC; null when it is not known. */
  readonly notAfter: string | null;
  /** When it is renewed, milliseconds since the Unix epoch; null when its end is not known. */
  readonly renewAt: number | null;
  /** What `renewAt` follows from. */
  readonly renewReason: RenewalReason | null;
  /** Its renewal is due, and a window is open or the end is near. */
  readonly mayRenewNow: boolean;
  /** A step of its rotation can be taken now: the first, when it is due, or the next. */
  readonly stepDue: boolean;
  readonly rotation: ShownRotation | null;
  /** A person, or a rotation, has something to do. */
  readonly attention: boolean;
  readonly problems: readonly CredentialProblem[];
}

/** A rotation that was taken back had its reason, which is not gone an hour later. */
const RETRY_MS = 24 * 60 * 60_000;
const ALARMING: ReadonlySet<CredentialStatus> = new Set(['expiring', 'expired', 'not_yet_valid', 'unreadable']);

/** `now` in milliseconds since the Unix epoch. */
export function judgeCredential(watched: WatchedCredential, settings: LifecycleSettings, now: number): CheckedCredential {
  const { dated, rotation, problem } = watched;
  const renewal = dated === undefined ? undefined : judgeRenewal(dated, settings.renewal, now);
  const status = renewal?.status ?? statusWithoutDates(watched);
  const mayRenewNow = renewal?.mayBegin ?? false;
  const isRotating = rotation !== undefined && isRunning(rotation);
  const rotationProblem = rotation === undefined ? undefined : judgeRotation(rotationFacts(rotation, settings, watched.replaced), now);
  const needsRenewal = status === 'due' && !isRotating;
  const found = problem ?? (status === 'due' && isRotating ? undefined : describeStatus(status, dated?.notAfter, renewal));
  return {
    certificateId: watched.certificateId,
    name: watched.name,
    source: watched.source,
    appKeys: watched.appKeys,
    status,
    notAfter: dated?.notAfter ?? null,
    renewAt: renewal?.renewAt ?? null,
    renewReason: renewal?.reason ?? null,
    mayRenewNow,
    stepDue: needsStep(watched, { mayRenewNow, status }, now),
    rotation: rotation === undefined ? null : showRotation(rotation),
    attention: ALARMING.has(status) || needsRenewal || (rotationProblem !== undefined && !isUndone(rotation)),
    problems: [found, rotationProblem].filter((one) => one !== undefined),
  };
}

/** Pure. What a host is told of it, unless it was told before. `thumbprintSha256` is undefined for what could not be opened. */
export function occasionsOf(checked: CheckedCredential, thumbprintSha256: string | undefined): readonly Occasion[] {
  const { rotation, problems, source, name } = checked;
  const subject = thumbprintSha256 ?? `${source}:${name}`;
  return problems.flatMap((problem): readonly Occasion[] => {
    const type = OCCASION_OF[problem.code];
    if (type === undefined) return [];
    const data = occasionData(checked, problem);
    if (rotation === null || !problem.code.startsWith('ROTATION_')) return [{ type, subject, data }];
    return [{ type, subject: rotationSubject(rotation), data: { ...data, rotationId: rotation.id, rotationState: rotation.state } }];
  });
}

const OCCASION_OF: Readonly<Record<string, OccasionType>> = {
  CERTIFICATE_DUE: 'certificate.due',
  CERTIFICATE_EXPIRES_SOON: 'certificate.expiring',
  CERTIFICATE_EXPIRED: 'certificate.expired',
  ROTATION_FAILED: 'certificate.rotation_failed',
  ROTATION_OVERDUE: 'certificate.rotation_overdue',
};

function occasionData({ certificateId, name, source, appKeys, status, notAfter, renewAt }: CheckedCredential, problem: CredentialProblem) {
  return { certificateId, name, source, appKeys, status, notAfter, renewAt: renewAt === null ? null : new Date(renewAt).toISOString(), message: problem.message };
}

function rotationFacts(rotation: CertificateRotation, { renewal, rotation: { overlapHours } }: LifecycleSettings, replaced: WatchedCredential['replaced']) {
  return { rotation, oldPlan: replaced === undefined ? undefined : planRenewal(replaced, renewal), overlapHours, checkEveryHours: renewal.checkEveryHours };
}

/** An operator took it back, and knows. */
function isUndone(rotation: CertificateRotation | undefined): boolean {
  return rotation?.state === 'rolled_back' && rotation.reasons.some(({ code }) => code === 'CERTIFICATE_ROTATION_UNDONE');
}

function showRotation(rotation: CertificateRotation): ShownRotation {
  const { id, state, toCertificateId, startedAt, nextStepAt, reasons } = rotation;
  return { id, state, toCertificateId, startedAt, nextStepAt: isRunning(rotation) ? nextStepAt : null, reasons };
}

function statusWithoutDates({ source, problem }: WatchedCredential): CredentialStatus {
  if (source === 'secret') return 'unwatched';
  return problem?.code === 'CERTIFICATE_EXPIRED' ? 'expired' : 'unreadable';
}

function describeStatus(status: CredentialStatus, notAfter: string | undefined, renewal: Renewal | undefined): CredentialProblem | undefined {
  const end = (notAfter ?? '').slice(0, 10);
  switch (status) {
    case 'due':
      return { code: 'CERTIFICATE_DUE', message: `Its renewal is due since ${day(renewal?.renewAt ?? 0)}; it ends on ${end}.` };
    case 'expiring':
      return { code: 'CERTIFICATE_EXPIRES_SOON', message: `It ends on ${end}.` };
    case 'expired':
      return { code: 'CERTIFICATE_EXPIRED', message: `It ended on ${end}: nothing signs in with it any more.` };
    case 'not_yet_valid':
      return { code: 'CERTIFICATE_NOT_YET_VALID', message: 'It is not valid yet: nothing signs in with it until then.' };
    case 'unwatched':
      return { code: 'CREDENTIAL_UNWATCHED', message: 'When a client secret ends is known to the directory alone. Ask it (--directory), or sign in with a certificate.' };
    default:
      return undefined;
  }
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** Pure. Has a rotation of this credential something to do now? `now` in milliseconds since the Unix epoch. */
export function needsStep({ certificateId, appKeys, rotation }: Pick<WatchedCredential, 'certificateId' | 'appKeys' | 'rotation'>, { mayRenewNow, status }: Pick<CheckedCredential, 'mayRenewNow' | 'status'>, now: number): boolean {
  if (certificateId === null || isCustomers({ appKeys })) return false;
  if (rotation !== undefined && isRunning(rotation)) return now >= rotation.nextStepAt;
  if (rotation?.state === 'rolled_back' && now < (rotation.endedAt ?? 0) + RETRY_MS) return false;
  // What has expired can no longer vouch for its successor.
  return mayRenewNow && status !== 'expired';
}
