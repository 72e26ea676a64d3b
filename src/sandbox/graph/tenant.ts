/**
 * The organization and its licences. Sources: "List organization", "List subscribedSkus" reference pages.
 */
import { keyAt, type Answer, type Call } from './call';
import { requireObjectId } from './directory';
import { ORGANIZATION_BASICS, viewOrganization, viewSku, withhold } from './directory-views';
import { answerList } from './listing';
import { holdsAny } from './permissions';
import { notFound } from './refusal';
import type { Wire } from './select';
import { readSingle } from './single';

const WHOLE_ORGANIZATION = ['Directory.Read.All', 'Directory.ReadWrite.All', 'Organization.Read.All', 'Organization.ReadWrite.All'];

export function listOrganization(call: Call): Answer {
  return answerList(call, {
    type: 'organization',
    resource: 'Organization',
    context: 'organization',
    rows: (asOfMs) => viewOrganizations(call, asOfMs),
    filterable: {},
    isDirectory: true,
  });
}

export function getOrganization(call: Call): Answer {
  const id = requireObjectId(keyAt(call, 0));
  const organization = viewOrganizations(call, call.world.asOf('graph.get')).find((row) => row.id === id);
  if (organization === undefined) throw notFound(id);
  return readSingle(call, 'organization', 'organization', organization);
}

export function listSubscribedSkus(call: Call): Answer {
  return answerList(call, {
    type: 'subscribedSku',
    resource: 'SubscribedSku',
    context: 'subscribedSkus',
    rows: (asOfMs) => call.caller.tenant.subscribedSkus.list(asOfMs).map((sku) => viewSku(sku, call.caller.tenant.tenantId)),
    filterable: {},
    isDirectory: false,
  });
}

export function getSubscribedSku(call: Call): Answer {
  const { value: id } = keyAt(call, 0);
  const sku = call.caller.tenant.subscribedSkus.get(id, call.world.asOf('graph.get'));
  if (sku === undefined) throw notFound(id);
  return readSingle(call, 'subscribedSkus', 'subscribedSku', viewSku(sku, call.caller.tenant.tenantId));
}

function viewOrganizations(call: Call, asOfMs: number): Wire[] {
  const { organization, subscribedSkus } = call.caller.tenant;
  const isWhole = holdsAny(call.caller, WHOLE_ORGANIZATION);
  return organization
    .list(asOfMs)
    .map((row) => viewOrganization(row, subscribedSkus.list(asOfMs)))
    .map((view) => (isWhole ? view : withhold(view, ORGANIZATION_BASICS)));
}
