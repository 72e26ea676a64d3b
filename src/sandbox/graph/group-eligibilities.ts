/**
 * Privileged identity management for groups: who may activate a membership. A filter by group or person is required.
 * Sources: "List eligibilityScheduleInstances" (privilegedAccessGroup), v1.0 metadata; the licence: public threads (rules.json).
 */
import { SEEDED_DATE_TIME } from '../seed-apps';
import { type Answer, type Call } from './call';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { badRequest } from './refusal';
import { requirePremium } from './role-schedules';

const CONTEXT = 'identityGovernance/privilegedAccess/group/eligibilityScheduleInstances';

export function listGroupEligibilities(call: Call): Answer {
  requirePremium(call);
  if (call.query.filter === undefined) throw badRequest('G-PIMGROUP-FILTER', 'A filter by group or principal is required.', 'BadRequest');
  return answerList(call, {
    type: 'privilegedAccessGroupEligibilityScheduleInstance',
    resource: 'PrivilegedAccessGroupEligibilityScheduleInstance',
    context: CONTEXT,
    rows: (asOfMs) => call.caller.tenant.groups.list(asOfMs).flatMap((group) => (group.eligibleMemberIds ?? []).map((principalId) => view(group.id, principalId, group.createdDateTime ?? SEEDED_DATE_TIME))),
    filterable: { groupId: ['eq'], principalId: ['eq'], accessId: ['eq'] },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: false,
  });
}

function view(groupId: string, principalId: string, startDateTime: string) {
  const id = `${groupId}_member_${principalId}`;
  return { id, startDateTime, endDateTime: null, accessId: 'member', principalId, groupId, eligibilityScheduleId: id, memberType: 'direct' };
}
