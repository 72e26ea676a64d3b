/** The three things that are picked from a live list. Each list says enough to choose by, and takes an ID as well. */
import type { INodeListSearchItems, INodeProperties } from 'n8n-workflow';
import { type AdminCandidate, type ExcludedCandidate, type ExclusionCode, OnboardingError } from '../../../core/index';
import type { OtherField, Workplace } from '../../host/operation';

export const ACCOUNT: INodeProperties = locator({
  displayName: 'Customer Account',
  name: 'account',
  description: 'The customer account to work on',
  searchListMethod: 'searchAccounts',
  modes: [{ displayName: 'By ID', name: 'id', type: 'string', placeholder: 'e.g. contoso' }],
});

export const ADMIN: INodeProperties = locator({
  displayName: 'Admin',
  name: 'admin',
  description: 'The admin to bind, best candidate first. Whoever cannot be bound is listed last, with the reason; choosing one of them is refused.',
  searchListMethod: 'searchAdmins',
  modes: [
    { displayName: 'By Object ID', name: 'id', type: 'string', placeholder: 'e.g. 11111111-2222-3333-4444-555555555555' },
    { displayName: 'By User Principal Name', name: 'upn', type: 'string', placeholder: 'e.g. ada@contoso.com' },
  ],
});

export const CERTIFICATE: INodeProperties = locator({
  displayName: 'Certificate',
  name: 'certificate',
  description: 'The stored credential certificate',
  searchListMethod: 'searchCertificates',
  modes: [{ displayName: 'By ID', name: 'id', type: 'string' }],
});

interface LocatorShape {
  readonly displayName: string;
  readonly name: string;
  readonly description: string;
  readonly searchListMethod: string;
  /** Besides the list. */
  readonly modes: NonNullable<INodeProperties['modes']>;
}

function locator({ searchListMethod, modes, ...field }: LocatorShape): INodeProperties {
  return {
    ...field,
    type: 'resourceLocator',
    required: true,
    default: { mode: 'list', value: '' },
    modes: [{ displayName: 'From List', name: 'list', type: 'list', typeOptions: { searchListMethod, searchable: true } }, ...modes],
  };
}

const NO_ACCOUNT = 'Admins can be listed once the customer account is chosen and does not depend on an item.';

export async function findAccounts({ onboarding }: Workplace): Promise<readonly INodeListSearchItems[]> {
  const accounts = await onboarding.listAccounts();
  return accounts.map(({ id, name, state, removingAt }) => ({ name: `${name} (${removingAt === undefined ? state.replaceAll('_', ' ') : 'being removed'})`, value: id, description: id }));
}

/**
 * Recommended first. Who is excluded is shown with the reason under the person's own ID, which binding refuses with that
 * reason. The panel shows one line of some 50 characters and cuts off its end, so a line begins with what it is about.
 * Raises `INPUT_INVALID` while no account is chosen: an empty list would say that there are no admins.
 */
export async function findAdmins({ onboarding, signal }: Workplace, other: OtherField): Promise<readonly INodeListSearchItems[]> {
  const accountId = other(ACCOUNT.name);
  if (accountId === '') throw new OnboardingError('INPUT_INVALID', NO_ACCOUNT, { details: { parameter: ACCOUNT.name } });
  const { candidates, excluded } = await onboarding.listAdmins(accountId, signal);
  return [...candidates.map(candidateEntry), ...excluded.map(excludedEntry)];
}

function candidateEntry({ rank, displayName, upn, objectId, reasons }: AdminCandidate): INodeListSearchItems {
  return { name: `${rank}. ${displayName}${rank === 1 ? ', recommended' : ''} (${upn})`, value: objectId, description: reasons.join(' ') };
}

function excludedEntry({ displayName, upn, objectId, excludedBecause }: ExcludedCandidate): INodeListSearchItems {
  const why = excludedBecause.map(({ code }) => EXCLUSION_WORDS[code]).join(', ');
  return { name: `Not selectable (${why}): ${displayName ?? upn ?? objectId}`, value: objectId, description: excludedBecause.map(({ message }) => message).join(' ') };
}

/** The reason in as few words as fit into a list; the refusal says it in full. */
const EXCLUSION_WORDS: Readonly<Record<ExclusionCode, string>> = {
  disabled: 'disabled',
  guest: 'guest',
  unit_scoped: 'limited role',
  service_principal: 'application',
  deleted: 'deleted',
  eligible_only: 'role not activated',
  unreadable: 'unreadable',
  policy_not_met: 'role missing',
  synced_account: 'on-premises account',
  break_glass: 'emergency account',
  no_mailbox: 'no mailbox',
};

export async function findCertificates({ certificates, operatorId }: Workplace): Promise<readonly INodeListSearchItems[]> {
  const records = await certificates.list(operatorId);
  return records.map(({ id, name, state, notAfter }) => ({ name: `${name} (${state}, until ${notAfter.slice(0, 10)})`, value: id, description: id }));
}
