/**
 * Judges consent evidence, purely: required against granted, per (resource app id, permission id). A permission counts as
 * granted only when the fresh token and the directory agree; what could not be read makes the answer `unknown`, never
 * green; a surplus is reported but refuses nothing. With what was proven before, a loss is told apart from a grant that is
 * still on its way, and a permission that a newer declaration asks for from both.
 */
import type { ErrorCode } from '../../error-catalog';
import { sameGuid } from '../../internal/guid';
import type { PartnerApp } from '../apps/apps';
import type { AppEvidence, DirectoryGrants, GrantEvidence, TokenEvidence } from './evidence-model';
import { findSurplus, judgePermission, type JudgedPermission } from './judge-permissions';
import type { ConsentProof } from './proof-records';
import type { AppConsentState, AppVerdict, Because, ConsentVerdict, EvidenceKind, PermissionFinding } from './verdict';

const MISSING: ReadonlySet<AppConsentState> = new Set(['not_granted', 'partial', 'disabled', 'revoked']);

/** `proof` is what was proven before; one of another tenant counts for nothing. */
export function judgeConsent(apps: readonly PartnerApp[], evidence: GrantEvidence, proof?: ConsentProof): ConsentVerdict {
  const proven = proof !== undefined && sameGuid(proof.tenantId, evidence.tenantId) ? proof : undefined;
  const verdicts = apps.map((app) => judgeApp(app, evidence, proven));
  const states = verdicts.map((verdict) => verdict.state);
  const rest = states.includes('unknown') ? 'unknown' : 'granted';
  return { tenantId: evidence.tenantId, readAt: evidence.readAt, verdict: states.some((state) => MISSING.has(state)) ? 'missing' : rest, apps: verdicts };
}

/**
 * The same verdict, knowing which apps an earlier read of the same consent saw granted: what they miss now was taken back
 * since, by a later round for instance, or is seen by a replica that is behind. Pure.
 */
export function noteTakenBack(verdict: ConsentVerdict, seenGranted: readonly string[]): ConsentVerdict {
  const apps = verdict.apps.map((app): AppVerdict => {
    if (!seenGranted.includes(app.key) || app.missing.length === 0 || app.state === 'disabled' || app.state === 'unknown') return app;
    const because: Because = { code: 'CONSENT_GRANTS_REMOVED' satisfies ErrorCode, serviceCode: app.because?.serviceCode ?? null };
    return app.because === null || app.because.code === 'STS_APP_NOT_IN_TENANT' ? { ...app, removed: app.missing, added: [], because } : app;
  });
  return { ...verdict, apps };
}

/** Keys of the apps this read saw granted, added to those of earlier ones. Pure. */
export function seeGranted(verdict: Pick<ConsentVerdict, 'apps'>, seenBefore: readonly string[]): readonly string[] {
  return [...new Set([...seenBefore, ...verdict.apps.filter((app) => app.state === 'granted').map((app) => app.key)])];
}

function judgeApp(app: PartnerApp, evidence: GrantEvidence, proof: ConsentProof | undefined): AppVerdict {
  const found = evidence.apps.find((candidate) => candidate.appKey === app.key) ?? { appKey: app.key, tokens: new Map(), directory: UNANSWERED };
  const directory = found.directory.outcome === 'read' ? found.directory : undefined;
  // An app that is not there holds nothing, whatever else could not be read.
  const isAbsent = directory?.servicePrincipal === null || (directory === undefined && refusalOf(found, 'absent') !== undefined);
  const judged = app.requiredPermissions.map((required) => judgePermission(required, found, evidence)).map((one) => (isAbsent ? { ...one, status: 'missing' as const } : one));
  const before = proof?.apps.find((candidate) => sameGuid(candidate.appId, app.appId));
  const missing = pick(judged, 'missing');
  const wasProven = (finding: PermissionFinding) => before?.granted.some((one) => isSame(one, finding)) === true;
  const findings = {
    granted: pick(judged, 'granted'),
    missing,
    removed: missing.filter(wasProven),
    added: proof === undefined ? [] : missing.filter((finding) => !wasProven(finding)),
    unproven: pick(judged, 'unproven'),
  };
  const standing = judgeState(found, findings, before !== undefined && before.granted.length > 0);
  return {
    key: app.key,
    appId: app.appId,
    ...standing,
    evidence: standing.state === 'unknown' ? null : evidenceKind(found, evidence.depth),
    servicePrincipalId: directory?.servicePrincipal?.objectId ?? null,
    ...findings,
    surplus: directory === undefined ? [] : findSurplus(app, directory, evidence.resources),
    notes: notesOf(found, standing),
  };
}

const UNANSWERED = { outcome: 'unknown', code: 'CONSENT_UNKNOWN', serviceCode: undefined } as const;

function pick(judged: readonly JudgedPermission[], status: JudgedPermission['status']): PermissionFinding[] {
  return judged.filter((one) => one.status === status).map((one) => one.finding);
}

/** By id; a permission that no id is known of has its name. */
function isSame(proven: ConsentProof['apps'][number]['granted'][number], finding: PermissionFinding): boolean {
  if (proven.type !== finding.type || !sameGuid(proven.resourceAppId, finding.resourceAppId)) return false;
  return proven.id === null || finding.id === null ? proven.name === finding.name : sameGuid(proven.id, finding.id);
}

function evidenceKind({ directory }: AppEvidence, depth: GrantEvidence['depth']): EvidenceKind {
  if (depth === 'routine') return 'directory_agrees';
  // Not asked, or refused: what the state says then rests on the tokens alone.
  return directory.outcome === 'read' ? 'tokens_and_directory' : 'token_roles';
}

type Findings = Pick<AppVerdict, 'granted' | 'missing' | 'removed' | 'added' | 'unproven'>;
type Standing = Pick<AppVerdict, 'state' | 'because'>;

/** The first that applies: switched off, not there, not readable, not provable, and only then counting. */
function judgeState(found: AppEvidence, findings: Findings, wasProven: boolean): Standing {
  const directory = found.directory.outcome === 'read' ? found.directory : undefined;
  return findSwitchedOff(found, directory) ?? findAbsent(found, directory, wasProven) ?? findUnread(found, findings) ?? count(found, findings);
}

function findSwitchedOff(found: AppEvidence, directory: DirectoryGrants | undefined): Standing | undefined {
  const principal = directory?.servicePrincipal;
  const refused = refusalOf(found, 'disabled');
  if (principal?.disabledByMicrosoft !== undefined && principal.disabledByMicrosoft !== null) return { state: 'disabled', because: { code: 'CONSENT_APP_DISABLED_BY_MICROSOFT' satisfies ErrorCode, serviceCode: principal.disabledByMicrosoft } };
  if (refused !== undefined) return { state: 'disabled', because: refused };
  if (principal?.accountEnabled === false) return { state: 'disabled', because: { code: 'STS_APP_DISABLED' satisfies ErrorCode, serviceCode: null } };
  const unassigned = refusalOf(found, 'unassigned');
  return unassigned === undefined ? undefined : { state: 'disabled', because: { ...unassigned, code: 'CONSENT_ASSIGNMENT_REQUIRED' satisfies ErrorCode } };
}

function findAbsent(found: AppEvidence, directory: DirectoryGrants | undefined, wasProven: boolean): Standing | undefined {
  const refused = refusalOf(found, 'absent');
  const isAbsentThere = directory?.servicePrincipal === null;
  if (refused === undefined && !isAbsentThere) return undefined;
  const serviceCode = refused?.serviceCode ?? null;
  if (directory?.deletedAt !== undefined) return { state: wasProven ? 'revoked' : 'not_granted', because: { code: 'CONSENT_APP_SOFT_DELETED' satisfies ErrorCode, serviceCode } };
  // The directory still shows it: the token endpoint's replica may be behind or ahead, and nobody is accused.
  const isGone = wasProven && (isAbsentThere || directory === undefined);
  return { state: isGone ? 'revoked' : 'not_granted', because: { code: isGone ? ('CONSENT_APP_DELETED' satisfies ErrorCode) : (refused?.code ?? ('STS_APP_NOT_IN_TENANT' satisfies ErrorCode)), serviceCode } };
}

function findUnread(found: AppEvidence, { missing, unproven }: Findings): Standing | undefined {
  // What fresh app tokens lack is missing although the directory says nothing: with nothing granted, it never would.
  if (found.directory.outcome === 'unknown' && missing.length > 0) return undefined;
  if (found.directory.outcome === 'unknown') return { state: 'unknown', because: { code: found.directory.code, serviceCode: found.directory.serviceCode ?? null } };
  const refused = refusalOf(found, 'unknown');
  if (refused !== undefined) return { state: 'unknown', because: refused };
  if (unproven.length === 0) return undefined;
  // A permission that nobody may look for hides nothing: what is surely missing is said first.
  const isByDeclaration = found.directory.outcome === 'not_asked' || found.directory.scopes === null;
  if (!isByDeclaration || unproven.some((finding) => !isUnprovable(found, finding))) return { state: 'unknown', because: { code: 'CONSENT_UNKNOWN' satisfies ErrorCode, serviceCode: null } };
  return missing.length > 0 ? undefined : { state: 'unknown', because: { code: 'CONSENT_READ_PERMISSION_MISSING' satisfies ErrorCode, serviceCode: null } };
}

/** Because no declared app may read it, and not because a read failed. */
function isUnprovable({ directory }: AppEvidence, { type, inDirectory }: PermissionFinding): boolean {
  return directory.outcome === 'not_asked' || (type === 'delegated' && inDirectory === null);
}

function count(found: AppEvidence, { granted, missing, removed, added, unproven }: Findings): Standing {
  if (missing.length === 0) return { state: 'granted', because: null };
  // What a fresh token still carries is not gone because the directory could not be read.
  const holdsNothing = granted.length === 0 && !unproven.some(({ inToken }) => inToken === true);
  // A resource that is switched off or not there takes its permissions along: nobody revoked them.
  const unusable = refusalOf(found, 'resource_missing');
  const because = (code: ErrorCode): Because => unusable ?? { code, serviceCode: null };
  if (holdsNothing && removed.length > 0 && unusable === undefined) return { state: 'revoked', because: because('CONSENT_REVOKED') };
  const state = holdsNothing ? 'not_granted' : 'partial';
  if (removed.length > 0) return { state, because: because('CONSENT_GRANTS_REMOVED') };
  return { state, because: added.length > 0 ? because('CONSENT_EXTENDED') : (unusable ?? null) };
}

function refusalOf({ tokens }: AppEvidence, outcome: TokenEvidence['outcome']): Because | undefined {
  for (const token of tokens.values()) if (token.outcome === outcome && token.outcome !== 'roles') return { code: token.code, serviceCode: token.serviceCode ?? null };
  return undefined;
}

function notesOf({ directory }: AppEvidence, { state }: Standing): Because[] {
  const notes: ErrorCode[] = [];
  if (directory.outcome === 'not_asked') notes.push('CONSENT_EVIDENCE_WEAK');
  // Its tokens still carry what they must; people without an assignment cannot sign in to it any more.
  if (directory.outcome === 'read' && directory.servicePrincipal?.assignmentRequired === true && state !== 'disabled') notes.push('CONSENT_ASSIGNMENT_REQUIRED');
  return notes.map((code) => ({ code, serviceCode: null }));
}
