/**
 * Says per backup service whether it is ready, and otherwise what is missing, whose move it is and what to do. The order is
 * grants, the right tenant, licences, the service's own answer; `ready` needs all of them, and an incomplete answer is
 * `unknown`. A refusal soon after consent is `pending`: Exchange keeps permissions for up to two hours, SharePoint and Teams for
 * about one. Pure; the time is passed in.
 */
import * as z from 'zod/v4';
import { ERROR_CATALOG, type ErrorCode } from '../../error-catalog';
import { sameGuid } from '../../internal/guid';
import type { PartnerApp } from '../apps/apps';
import type { BackupService } from '../apps/templates';
import { judgeLicence, planIdsOf } from './licences';
import type { LicenceFinding, ServicePlan, ServiceReport, ServicesEvidence, ServiceState } from './model';
import { notesOf } from './notes';
import { choosePeople, PEOPLE_PER_PAGE } from './people';
import { type Grants, planProbes } from './plan-probes';
import { judgeAnswers, type ProbeFinding, sharePointHostOf } from './probe-answers';
import { objectIdSchema, readRows } from './replies';

export interface JudgeServicesInput {
  readonly apps: readonly PartnerApp[];
  readonly grants: Grants;
  /** When the consent was proven. */
  readonly provenAt: number;
  readonly now: number;
}

interface Facts {
  readonly plan: ServicePlan;
  readonly licence: LicenceFinding;
  readonly evidence: ServicesEvidence;
  readonly probe: ProbeFinding;
  readonly provenAt: number;
  readonly now: number;
}

interface Finding {
  readonly state: ServiceState;
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly nextCheckAt?: number | null;
}

type Check = (facts: Facts) => Finding | undefined;

const HOUR_MS = 3_600_000;
/** A mailbox is made within a day of its licence. */
const MAILBOX_MADE_MS = 24 * HOUR_MS;
const LOOK_AGAIN_MS = HOUR_MS;
const EWS_BLOCKED_AT = Date.UTC(2026, 9, 1);

const TITLES: Readonly<Record<BackupService, string>> = { exchange: 'Exchange', onedrive: 'OneDrive', sharepoint: 'SharePoint', teams: 'Teams', groups: 'Groups', directory: 'The directory' };

/** One report per service that some app declares. */
export function judgeServices({ apps, grants, provenAt, now }: JudgeServicesInput, evidence: ServicesEvidence): readonly ServiceReport[] {
  return planProbes(apps, grants).map((plan) => {
    const replies = evidence.probes.get(plan.service) ?? [];
    const probe: ProbeFinding = plan.grant === null ? { outcome: 'not_asked', reply: undefined } : judgeAnswers(plan.grant.probe, replies);
    const facts: Facts = { plan, evidence, probe, provenAt, now, licence: judgeLicence(plan.service, evidence.skus) };
    return { ...describe(plan.service, decide(facts)), evidence: evidenceOf(facts), notes: notesOf({ apps, grants, evidence, service: plan.service, now }) };
  });
}

const CHECKS: readonly Check[] = [checkGrant, checkTenant, checkLicence, checkProbe];

function decide(facts: Facts): Finding {
  for (const check of CHECKS) {
    const found = check(facts);
    if (found !== undefined) return found;
  }
  return { state: 'ready', code: null, message: `${TITLES[facts.plan.service]} is granted, ${facts.licence.status === 'licensed' ? 'licensed ' : ''}and answers.` };
}

function checkGrant({ plan: { service, grant, missing, unread, unprovable }, now }: Facts): Finding | undefined {
  const title = TITLES[service];
  if (missing.length > 0) return { state: 'permission_missing', code: 'CONSENT_SERVICE_PERMISSION_MISSING', message: `${title}: not granted: ${missing.map(({ appKey, permission }) => `${permission} (${appKey})`).join(', ')}.` };
  if (unread.length > 0) return { state: 'unknown', code: 'CONSENT_UNKNOWN', message: `${title}: whether ${unread.join(', ')} is granted could not be read.` };
  if (grant !== null) return undefined;
  if (unprovable.length === 0) return { state: 'permission_missing', code: 'CONSENT_SERVICE_NOT_PROBED', message: `${title}: no app that declares it asks for a permission of its.` };
  if (now >= EWS_BLOCKED_AT && unprovable.every((name) => name === 'full_access_as_app')) return { state: 'probe_failed', code: 'CONSENT_PERMISSION_DATED', message: `${title}: all that is granted is Exchange Web Services, which Microsoft blocks since 2026-10-01 and ends on 2027-04-01.` };
  return { state: 'unknown', code: 'CONSENT_SERVICE_NOT_PROBED', message: `${title}: granted is ${unprovable.join(', ')}, which no read of Microsoft Graph can show at work.` };
}

const organizationSchema = z.object({ id: z.string() });

function checkTenant({ plan, evidence }: Facts): Finding | undefined {
  const [organization] = readRows(evidence.organization, organizationSchema)?.rows ?? [];
  if (organization === undefined || sameGuid(organization.id, evidence.tenantId)) return undefined;
  return { state: 'unknown', code: 'TENANT_MISMATCH', message: `${TITLES[plan.service]}: the answers come from another tenant than the account's.` };
}

function checkLicence({ plan: { service }, licence, now }: Facts): Finding | undefined {
  const title = TITLES[service];
  const plans = licence.plans.join(', ');
  if (licence.status === 'none') return { state: 'not_licensed', code: 'CONSENT_SERVICE_NOT_LICENSED', message: `${title}: no subscription that is in force has a plan for it${service === 'exchange' ? '; Exchange Foundation, which comes with other products, has no mailboxes' : ''}.` };
  if (licence.status === 'being_set_up') return { state: 'pending', code: 'CONSENT_SERVICE_LICENCE_PENDING', message: `${title}: Microsoft is still setting up ${plans}.`, nextCheckAt: now + LOOK_AGAIN_MS };
  if (licence.status === 'set_up_failed') return { state: 'probe_failed', code: 'CONSENT_SERVICE_LICENCE_FAILED', message: `${title}: Microsoft could not set up ${plans}.` };
  return undefined;
}

function checkProbe(facts: Facts): Finding | undefined {
  const { outcome } = facts.probe;
  if (outcome === 'works') return whyUnsettled(facts);
  if (outcome === 'not_asked') return isEmptyTeamList(facts) ? whyUnsettled(facts) : whyNotAsked(facts);
  return FINDINGS[outcome](facts);
}

/** It answers, and yet nobody knows whether it is paid for. */
function whyUnsettled({ plan, licence, evidence }: Facts): Finding | undefined {
  const title = TITLES[plan.service];
  if (licence.status === 'licensed' || licence.status === 'not_needed') return undefined;
  if (licence.status === 'unrecognised') return { state: 'unknown', code: 'CONSENT_SERVICE_LICENCE_UNKNOWN', message: `${title} answers, and its plan is one this version does not know: ${licence.plans.join(', ')}.` };
  return { state: 'unknown', code: 'CONSENT_SERVICE_LICENCE_UNREAD', message: `${title} answers, and the tenant's subscriptions could not be read (${evidence.skus?.code ?? 'no documented form'}).` };
}

/** A tenant without a single team is as ready for one as all others. */
function isEmptyTeamList({ plan, evidence }: Facts): boolean {
  return plan.grant?.probe === 'team' && readRows(evidence.teams, objectIdSchema)?.rows.length === 0;
}

function whyNotAsked({ plan, evidence }: Facts): Finding {
  const title = TITLES[plan.service];
  if (plan.grant?.probe === 'team') return { state: 'unknown', code: 'CONSENT_SERVICE_UNANSWERED', message: `${title}: which groups are teams could not be read (${evidence.teams?.code ?? 'no documented form'}).` };
  const chosen = choosePeople(evidence.people, planIdsOf(plan.service, evidence.skus));
  if (chosen === undefined) return { state: 'unknown', code: 'CONSENT_SERVICE_UNANSWERED', message: `${title}: who is licensed for it could not be read (${evidence.people?.code ?? 'no documented form'}).` };
  if (chosen.people.length > 0) return { state: 'unknown', code: 'CONSENT_SERVICE_UNANSWERED', message: `${title}: the probe was not answered.` };
  if (chosen.isCut) return { state: 'unknown', code: 'CONSENT_SERVICE_NOBODY_LICENSED', message: `${title}: none of the first ${PEOPLE_PER_PAGE} people of the tenant holds a licence for it, and there are more.` };
  return { state: 'not_licensed', code: 'CONSENT_SERVICE_NOBODY_LICENSED', message: `${title}: the tenant has licences, and no enabled member holds one.` };
}

type Failure = Exclude<ProbeFinding['outcome'], 'works' | 'not_asked'>;

const FINDINGS: Readonly<Record<Failure, (facts: Facts) => Finding>> = {
  unanswered: ({ plan, probe, now }) => ({ state: 'unknown', code: 'CONSENT_SERVICE_UNANSWERED', message: `${TITLES[plan.service]} gave no usable answer (${shown(probe)}).`, nextCheckAt: now + LOOK_AGAIN_MS }),
  refused: whyRefused,
  locked: ({ plan }) => ({ state: 'probe_failed', code: 'CONSENT_SERVICE_DRIVE_LOCKED', message: `${TITLES[plan.service]}: everything that was tried is locked or archived.` }),
  unlicensed: ({ plan }) => ({ state: 'not_licensed', code: 'CONSENT_SERVICE_NOT_LICENSED', message: `${TITLES[plan.service]}: Microsoft says that the tenant has no licence for SharePoint.` }),
  absent: whyAbsent,
  failed: ({ plan, probe }) => ({ state: 'probe_failed', code: 'CONSENT_SERVICE_PROBE_FAILED', message: `${TITLES[plan.service]} answered ${shown(probe)}.` }),
};

function whyRefused({ plan: { service, grant }, probe, provenAt, now }: Facts): Finding {
  const title = TITLES[service];
  const settledAt = provenAt + (service === 'exchange' ? 2 : 1) * HOUR_MS;
  if (now < settledAt) return { state: 'pending', code: 'CONSENT_SERVICE_SETTLING', message: `${title} still refuses the app (${shown(probe)}); after a consent that can last until ${new Date(settledAt).toISOString()}.`, nextCheckAt: settledAt };
  // Graph's own gate speaks of the token, and the token was proven to hold it.
  if (probe.reply?.code === 'Authorization_RequestDenied') return { state: 'permission_missing', code: 'CONSENT_SERVICE_PERMISSION_MISSING', message: `${title}: ${grant?.permission ?? 'the permission'} was proven, and Microsoft Graph refuses the app without it.` };
  return { state: 'probe_failed', code: 'CONSENT_SERVICE_REFUSED', message: `${title} refuses the app (${shown(probe)}) although ${grant?.permission ?? 'the permission'} is granted: a policy of the service's own stands in the way.` };
}

function whyAbsent({ plan, evidence, now }: Facts): Finding {
  const title = TITLES[plan.service];
  const nextCheckAt = now + LOOK_AGAIN_MS;
  if (plan.service === 'teams') return { state: 'pending', code: 'CONSENT_SERVICE_TEAM_NOT_MADE', message: `${title}: groups say that they are teams, and Teams does not know them yet.`, nextCheckAt };
  if (plan.service === 'onedrive') return { state: 'pending', code: 'CONSENT_SERVICE_DRIVE_NOT_MADE', message: `${title}: nobody who was tried has opened it yet, so there is no drive to look at; that is no error.`, nextCheckAt: now + 24 * LOOK_AGAIN_MS };
  const tried = choosePeople(evidence.people, planIdsOf(plan.service, evidence.skus))?.people ?? [];
  const isFresh = tried.length > 0 && tried.every(({ licensedAt }) => now - licensedAt < MAILBOX_MADE_MS);
  const message = `${title}: none of the ${tried.length} licensed people who were tried has a mailbox in the cloud${isFresh ? ', and their licences are not a day old' : ''}.`;
  return isFresh ? { state: 'pending', code: 'CONSENT_SERVICE_MAILBOX_MISSING', message, nextCheckAt } : { state: 'probe_failed', code: 'CONSENT_SERVICE_MAILBOX_MISSING', message };
}

function shown({ reply }: ProbeFinding): string {
  if (reply === undefined) return 'nothing';
  if (reply.code === null) return 'a form nobody documented';
  return reply.status === 0 ? reply.code : `${reply.status} ${reply.code}`;
}

function describe(service: BackupService, { state, code, message, nextCheckAt = null }: Finding): Omit<ServiceReport, 'evidence' | 'notes'> {
  const known = code === null ? undefined : ERROR_CATALOG[code];
  return { service, state, code, message, owner: known?.owner ?? null, remedy: known?.remedy ?? null, nextCheckAt };
}

function evidenceOf({ plan, licence, evidence }: Facts): ServiceReport['evidence'] {
  const probed = evidence.probes.get(plan.service) ?? [];
  const replies = plan.grant?.probe === 'team' && evidence.teams !== undefined ? [evidence.teams, ...probed] : probed;
  return {
    grant: plan.grant === null ? null : { appKey: plan.grant.appKey, permission: plan.grant.permission },
    missing: plan.missing,
    licence,
    probe: plan.grant?.probe ?? null,
    answers: replies.map(({ status, code, requestId }) => ({ status, code, requestId })),
    sharePointHost: plan.service === 'sharepoint' ? sharePointHostOf(replies) : null,
  };
}
