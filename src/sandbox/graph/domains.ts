/** The tenant's domains: those of its organization, by name. Sources: "List domains", "Get domain" reference pages. */
import type { Organization } from '../model';
import { keyAt, type Answer, type Call } from './call';
import { answerList } from './listing';
import { notFound } from './refusal';
import type { Wire } from './select';
import { readSingle } from './single';

export function listDomains(call: Call): Answer {
  return answerList(call, {
    type: 'domain',
    resource: 'Domain',
    context: 'domains',
    rows: (asOfMs) => domainsAt(call, asOfMs),
    filterable: {},
    isDirectory: false,
  });
}

export function getDomain(call: Call): Answer {
  const { value } = keyAt(call, 0);
  const domain = domainsAt(call, call.world.asOf('graph.get')).find(({ id }) => id === value.toLowerCase());
  if (domain === undefined) throw notFound(value);
  return readSingle(call, 'domains', 'domain', domain);
}

function domainsAt(call: Call, asOfMs: number): readonly Wire[] {
  return call.caller.tenant.organization.list(asOfMs).flatMap(({ verifiedDomains }) => verifiedDomains.map(view));
}

function view(domain: Organization['verifiedDomains'][number]): Wire {
  return {
    authenticationType: domain.type,
    availabilityStatus: null,
    id: domain.name,
    isAdminManaged: true,
    isDefault: domain.isDefault,
    isInitial: domain.isInitial,
    isRoot: true,
    isVerified: true,
    supportedServices: domain.capabilities.split(', ').filter((name) => name !== ''),
    passwordValidityPeriodInDays: null,
    passwordNotificationWindowInDays: null,
    state: null,
  };
}
