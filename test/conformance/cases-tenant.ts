/** Cases for domains, directory roles over time, and the audit log; see cases.ts. */
import { on, type Case } from './case';
import { firstOf, type Stage } from './stage';

const ASSIGNMENTS = '/roleManagement/directory/roleAssignments';
const ACTIVE = '/roleManagement/directory/roleAssignmentScheduleInstances';
const ELIGIBLE = '/roleManagement/directory/roleEligibilityScheduleInstances';
const OWN = "filterByCurrentUser(on='principal')";
const PIM = ['RoleAssignmentSchedule.Read.Directory', 'RoleEligibilitySchedule.Read.Directory'];

export const tenantCases: Readonly<Record<string, Case>> = {
  'GET /domains 200': on('domain', ({ ask }) => ask('GET', '/domains')),
  'GET /domains/{} 200': on('domain', ({ ask }) => ask('GET', '/domains/contoso.example')),
  'POST /rolemanagement/directory/roleassignments 201': on('unifiedRoleAssignment', (stage) => assign(stage, '7be44c8a-adaf-4e2a-84d6-ab2649e08a13')),
  'DELETE /rolemanagement/directory/roleassignments/{} 204': on('unifiedRoleAssignment', async (stage) => {
    const { id } = (await assign(stage, 'e8611ab8-c189-46e8-94e1-60213ab1f814')).json() as unknown as { readonly id: string };
    return stage.ask('DELETE', `${ASSIGNMENTS}/${id}`);
  }),
  'GET /rolemanagement/directory/roleassignmentscheduleinstances 200': on('unifiedRoleAssignmentScheduleInstance', ({ ask }) => ask('GET', ACTIVE)),
  'GET /rolemanagement/directory/roleassignmentscheduleinstances/{} 200': on('unifiedRoleAssignmentScheduleInstance', async ({ ask }) =>
    ask('GET', `${ACTIVE}/${firstOf(await ask('GET', ACTIVE)).id}`),
  ),
  "GET /rolemanagement/directory/roleassignmentscheduleinstances/filterbycurrentuser(on='principal') 200": on('unifiedRoleAssignmentScheduleInstance', ({ ask, person }) =>
    ask('GET', `${ACTIVE}/${OWN}`, { scopes: PIM, subject: person('ada') }),
  ),
  'GET /rolemanagement/directory/roleeligibilityscheduleinstances/{} 200': on('unifiedRoleEligibilityScheduleInstance', async ({ ask }) =>
    ask('GET', `${ELIGIBLE}/${firstOf(await ask('GET', ELIGIBLE)).id}`),
  ),
  "GET /rolemanagement/directory/roleeligibilityscheduleinstances/filterbycurrentuser(on='principal') 200": on('unifiedRoleEligibilityScheduleInstance', ({ ask, person }) =>
    ask('GET', `${ELIGIBLE}/${OWN}`, { scopes: PIM, subject: person('piotr') }),
  ),
  'GET /auditlogs/directoryaudits 200': { type: 'directoryAudit', view: auditEntry, perform: async (stage) => logged(stage) },
  'GET /auditlogs/directoryaudits/{} 200': {
    type: 'directoryAudit',
    view: auditEntry,
    pageOnly: '@odata.context',
    perform: async (stage) => stage.ask('GET', `/auditLogs/directoryAudits/${firstOf(await logged(stage)).id}`),
  },
};

function assign({ ask, person }: Stage, roleDefinitionId: string) {
  return ask('POST', ASSIGNMENTS, { body: { '@odata.type': '#microsoft.graph.unifiedRoleAssignment', principalId: person('nora'), roleDefinitionId, directoryScopeId: '/' } });
}

async function logged({ ask, ids }: Stage) {
  await ask('PATCH', `/servicePrincipals/${ids.client}`, { body: { appRoleAssignmentRequired: true } });
  return ask('GET', '/auditLogs/directoryAudits');
}

/**
 * The examples on the pages show a person's change of a group, write `Type` for `type`, `targetResource` on one page,
 * and a list where one entry is read: what both sides have is compared, by the names of the metadata.
 */
function auditEntry(body: unknown): unknown {
  const { value } = body as { readonly value?: readonly Entry[] };
  const entry = value?.[0] ?? (body as Entry);
  const { id, category, correlationId, result, resultReason, activityDisplayName, activityDateTime, loggedByService } = entry;
  const [target = {}] = entry.targetResources ?? entry.targetResource ?? [];
  const { id: targetId, displayName, Type, type = Type, modifiedProperties } = target;
  return {
    header: { id, category, correlationId, result, resultReason, activityDisplayName, activityDateTime, loggedByService },
    target: { id: targetId, displayName, type, isList: Array.isArray(modifiedProperties) },
    initiators: Object.keys(entry.initiatedBy ?? {}).toSorted(),
  };
}

type Entry = Readonly<Record<string, unknown>> & {
  readonly targetResources?: readonly Readonly<Record<string, unknown>>[];
  readonly targetResource?: readonly Readonly<Record<string, unknown>>[];
  readonly initiatedBy?: object;
};
