/**
 * Says in words why an app's consent is not granted, one sentence for each thing a person would do something about, with a
 * code of the catalog. Names the permissions; repeats nothing that Microsoft wrote. Pure.
 */
import type { ErrorCode } from '../../error-catalog';
import { READ_PERMISSION_TO_ADD } from './directory-reading';
import type { AppVerdict, Because, ConsentVerdict, PermissionFinding } from './verdict';

export interface ConsentReason {
  readonly code: string;
  readonly message: string;
}

const LOSSES: ReadonlySet<string> = new Set<ErrorCode>(['CONSENT_MISSING_PERMISSIONS', 'CONSENT_GRANTS_REMOVED', 'CONSENT_REVOKED', 'CONSENT_EXTENDED', 'CONSENT_APP_DELETED', 'CONSENT_APP_SOFT_DELETED']);

/** Whether a reason with this code says that a grant is not there, so that asking again may bring it. */
export function isLoss(code: string): boolean {
  return LOSSES.has(code);
}

/** For every app that is not granted, in the order of the rounds. */
export function describeShortfall(verdict: Pick<ConsentVerdict, 'apps'>): ConsentReason[] {
  return verdict.apps.filter((app) => app.state !== 'granted').flatMap(describeApp);
}

/** What is worth knowing of a consent that hinders nothing: weaker evidence, an assignment that people need. */
export function describeNotes(verdict: Pick<ConsentVerdict, 'apps'>): ConsentReason[] {
  return verdict.apps.flatMap((app) => app.notes.map(({ code }) => reason(code, `${app.key}: ${NOTES[code] ?? code}`)));
}

const NOTES: Readonly<Record<string, string>> = {
  CONSENT_EVIDENCE_WEAK: 'no declared app may read the directory, so the roles of fresh app tokens are all that proves it.',
  CONSENT_ASSIGNMENT_REQUIRED: 'the enterprise application requires assignment: its app tokens still work, but nobody without an assignment can sign in to it (AADSTS50105).',
};

function describeApp(app: AppVerdict): ConsentReason[] {
  if (app.state === 'unknown') return [describeUnknown(app)];
  if (app.state === 'disabled') return [describeDisabled(app)];
  return describeDeleted(app) ?? describeMissing(app);
}

function describeUnknown({ key, because, unproven }: AppVerdict): ConsentReason {
  if (because?.code === 'CONSENT_READ_PERMISSION_MISSING') {
    return reason('CONSENT_READ_PERMISSION_MISSING', `${key}: cannot be proven, because no declared app may look for it: ${listNames(unproven)}. Add ${READ_PERMISSION_TO_ADD} (application) on Microsoft Graph to one of the apps.`);
  }
  return reason('CONSENT_UNKNOWN', `${key}: the directory's answer was incomplete${because === null ? '' : ` (${because.serviceCode ?? because.code})`}.`);
}

function describeDisabled({ key, because }: AppVerdict): ConsentReason {
  if (because?.code === 'CONSENT_APP_DISABLED_BY_MICROSOFT') return reason(because.code, `${key}: Microsoft disabled the app${inBrackets(because)}; nobody in the tenant can enable it.`);
  if (because?.code === 'CONSENT_ASSIGNMENT_REQUIRED') return reason(because.code, `${key}: the tenant requires an assignment and gives the app no token without one${inBrackets(because)}.`);
  return reason('STS_APP_DISABLED', `${key}: the app is disabled in the tenant.`);
}

function describeDeleted({ key, because, missing }: AppVerdict): ConsentReason[] | undefined {
  if (because?.code === 'CONSENT_APP_DELETED') return [reason(because.code, `${key}: the enterprise application was deleted in the tenant${inBrackets(because)}, and with it what was granted: ${listNames(missing)}.`)];
  if (because?.code === 'CONSENT_APP_SOFT_DELETED') return [reason(because.code, `${key}: the enterprise application lies in the tenant's recycle bin${inBrackets(because)}; not granted: ${listNames(missing)}.`)];
  return undefined;
}

function describeMissing({ key, state, because, missing, removed, added, unproven }: AppVerdict): ConsentReason[] {
  // Waiting or asking again does not help where nobody can grant it.
  const unpublished = missing.filter(({ isPublished }) => isPublished === false);
  const named = new Set([...removed, ...added, ...unpublished]);
  const rest = missing.filter((finding) => !named.has(finding));
  const sentences: readonly (readonly [ErrorCode, string, readonly PermissionFinding[]])[] = [
    [state === 'revoked' ? 'CONSENT_REVOKED' : 'CONSENT_GRANTS_REMOVED', state === 'revoked' ? 'everything that was granted is gone' : 'was granted and is gone', removed],
    ['CONSENT_EXTENDED', 'newly required and not granted yet', added.filter((finding) => !unpublished.includes(finding))],
    ['CONSENT_MISSING_PERMISSIONS', 'not granted (yet)', rest],
    ['CONSENT_PERMISSION_UNPUBLISHED', 'nobody can grant what the tenant does not offer', unpublished.filter((finding) => !removed.includes(finding))],
  ];
  const told = sentences.filter(([, , findings]) => findings.length > 0).map(([code, text, findings]) => reason(code, `${key}: ${text}${because === null ? '' : inBrackets(because)}: ${listNames(findings)}.`));
  return told.length > 0 ? told : [reason('CONSENT_MISSING_PERMISSIONS', `${key}: not granted (yet): ${listNames(unproven)}.`)];
}

function listNames(findings: readonly PermissionFinding[]): string {
  return findings.length === 0 ? 'nothing' : findings.map((finding) => `${finding.name} on ${finding.resource}`).join(', ');
}

function inBrackets({ serviceCode }: Because): string {
  return serviceCode === null ? '' : ` (${serviceCode})`;
}

function reason(code: string, message: string): ConsentReason {
  return { code, message };
}
