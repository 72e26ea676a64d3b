/** One team, by the id of its group. Sources: "Get team" reference page; the refusal: public threads (rules.json). */
import { keyAt, type Answer, type Call } from './call';
import { requireObjectId } from './directory';
import { tenantCreatedAt } from './directory-objects';
import { wholeSeconds } from './instants';
import { GraphRefusal, NotModelled } from './refusal';
import { rule } from './rules';
import { readSingle } from './single';

export function getTeam(call: Call): Answer {
  if (call.caller.kind === 'delegated') throw new NotModelled('teams under a delegated token');
  const id = requireObjectId(keyAt(call, 0));
  const { tenant } = call.caller;
  const group = tenant.groups.get(id, call.world.asOf('graph.get'));
  if (group?.team !== 'there') throw new GraphRefusal(rule('G-TEAM-NONE'), 404, 'NotFound', `No team found with Group Id ${id}`);
  const view = {
    id,
    createdDateTime: wholeSeconds(group.createdDateTime ?? tenantCreatedAt(call)),
    displayName: group.displayName,
    description: group.displayName,
    internalId: `19:${id.replaceAll('-', '')}@thread.tacv2`,
    classification: null,
    specialization: 'none',
    visibility: 'private',
    webUrl: `https://teams.microsoft.com/l/team/19%3a${id.replaceAll('-', '')}%40thread.tacv2/conversations?groupId=${id}&tenantId=${tenant.tenantId}`,
    isArchived: false,
    tenantId: tenant.tenantId,
  };
  return readSingle(call, 'teams', 'team', view);
}
