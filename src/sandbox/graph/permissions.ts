/**
 * Which permission opens which operation, from Microsoft's permissions data (permissions.json holds the modelled
 * operations: one of the lists suffices, within a list all are needed). Two permissions open only what is
 * the caller's own: Application.ReadWrite.OwnedBy and the delegated User.Read.
 * Departures: the data lists Directory.Read.All and Application.ReadWrite.All alone for assigning app roles, but the
 * reference page and a public thread demand AppRoleAssignment.ReadWrite.All as well, and so does the sandbox; it
 * lists fewer permissions for one organization than for the list of the same one, which is taken as an omission; it
 * knows nothing of administrative units, app management policies, adding group members and sign-ins, and the recycle
 * bin for people only: there the reference pages decide. Of sites it names the read permissions alone; those that contain
 * them open the root site too.
 * Source: microsoftgraph/microsoft-graph-devx-content@6cbd6bbd permissions/new/permissions.json (MIT).
 */
import type { Caller } from './caller';
import table from './permissions.json';

export type Operation = keyof typeof table;
/** `own`: only the caller's own app, service principal or account. */
export type Access = 'full' | 'own' | 'none';

const OWN_ONLY: ReadonlySet<string> = new Set(['Application.ReadWrite.OwnedBy', 'User.Read', 'User.ReadWrite']);

export function accessOf(caller: Pick<Caller, 'kind' | 'permissions'>, operation: Operation): Access {
  const sufficient = table[operation][caller.kind].filter((all) => all.every((name) => caller.permissions.has(name)));
  if (sufficient.some((all) => !all.some((name) => OWN_ONLY.has(name)))) return 'full';
  return sufficient.length > 0 ? 'own' : 'none';
}

export function holdsAny(caller: Pick<Caller, 'permissions'>, names: readonly string[]): boolean {
  return names.some((name) => caller.permissions.has(name));
}
