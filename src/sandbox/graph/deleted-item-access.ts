/**
 * Which permission opens the recycle bin depends on what lies in it: the permissions of the object's own type. The
 * permissions data lists those of people alone, the reference pages the others. Sources: "List deletedItems",
 * "Restore deleted item", "Permanently delete item" reference pages.
 */
import type { DeletedItem } from '../model';
import type { Call } from './call';
import { holdsAny } from './permissions';

type Kind = DeletedItem['kind'];

const READ: Readonly<Record<Kind, readonly string[]>> = {
  application: ['Application.Read.All', 'Application.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  servicePrincipal: ['Application.Read.All', 'Application.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  group: ['Group.Read.All', 'Group.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  user: ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
};

const WRITE: Readonly<Record<Kind, readonly string[]>> = {
  application: ['Application.ReadWrite.All', 'Directory.ReadWrite.All'],
  servicePrincipal: ['Application.ReadWrite.All', 'Directory.ReadWrite.All'],
  group: ['Group.ReadWrite.All', 'Directory.ReadWrite.All'],
  user: ['User.DeleteRestore.All', 'User.ReadWrite.All'],
};

/** `kind` undefined: for any of them. */
export function isOpenFor(call: Call, kind: Kind | undefined, purpose: 'read' | 'write'): boolean {
  const table = purpose === 'read' ? READ : WRITE;
  return holdsAny(call.caller, kind === undefined ? Object.values(table).flat() : table[kind]);
}
