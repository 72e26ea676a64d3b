/**
 * Lists of directory objects of several types: members, owners, memberships. Each row carries its type; what the caller
 * may not read of it is withheld; a cast at the end of the path leaves one type. Casts to people and groups are advanced
 * queries; one to directory roles was recorded without the header. Sources: the list pages of these relations, "Advanced
 * query capabilities on directory objects", recorded exchanges of 2022.
 */
import type { Answer, Call } from './call';
import type { Filterable } from './filter';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { GROUP_FILTERS, USER_FILTERS } from './object-filters';
import { checkObjectSelect, objectRows, selectMembers, type Cast } from './object-rows';
import { badRequest } from './refusal';
import { withoutType } from './select';

interface CastForm {
  readonly context: string;
  readonly filterable: Filterable;
  readonly isAdvanced: boolean;
}

const PLAIN: CastForm = { context: 'directoryObjects', filterable: {}, isAdvanced: false };
const CASTS: Readonly<Record<Cast, CastForm>> = {
  user: { context: 'users', filterable: USER_FILTERS, isAdvanced: true },
  group: { context: 'groups', filterable: GROUP_FILTERS, isAdvanced: true },
  servicePrincipal: { context: 'servicePrincipals', filterable: {}, isAdvanced: true },
  directoryRole: { context: 'directoryRoles', filterable: {}, isAdvanced: false },
};

/** `idsAt` names the objects as one replica sees them; those it does not have are left out. */
export function answerObjects(call: Call, idsAt: (asOfMs: number) => readonly string[], cast?: Cast, isPaged = true): Answer {
  const { query } = call;
  const form = cast === undefined ? PLAIN : CASTS[cast];
  checkObjectSelect(query.select);
  // The wording of the refusal is not known.
  if (form.isAdvanced && !(query.eventual && query.count)) {
    throw badRequest('G-GROUP-CAST-PLAIN', 'The cast needs $count=true and the ConsistencyLevel:eventual header.', 'Request_UnsupportedQuery');
  }
  return answerList(call, {
    type: cast ?? 'user',
    resource: 'DirectoryObject',
    context: form.context,
    rows: (asOfMs) => objectRows(call, idsAt(asOfMs), asOfMs, cast).map((row) => selectMembers(query.select, row)).map((row) => (cast === undefined ? row : withoutType(row))),
    isShaped: true,
    filterable: form.filterable,
    ...(isPaged ? { pageSize: DEFAULT_PAGE_SIZE } : {}),
    isDirectory: true,
  });
}
