/**
 * The permissions of an app as somebody wrote them: by name, by id or by both, each with its reason, or as a template. A
 * field nobody knows, a permission that stands there twice and what Microsoft would not register are refused with the
 * field's path and a sentence, since a typing error here is found otherwise only by a customer's admin.
 * Sources: Microsoft Learn "Scopes and permissions in the Microsoft identity platform", "Validation differences by
 * supported account types" (50 resources, 400 permissions).
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import { isGuid } from '../../internal/guid';
import { resourceAppIdOf, resourceName } from './resources';
import { BACKUP_SERVICES, type BackupService, type DeclaredEntry, mergeEntries, type RequiredPermission, TEMPLATE_ACCESS } from './templates';

const MAX_RESOURCES = 50;
const MAX_PERMISSIONS = 400;
const ONLY_DELEGATED: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

const permissionSchema = z
  .strictObject({
    /** `graph`, `exchange`, `sharepoint`, or the app id of another resource. */
    resource: z.string(),
    type: z.enum(['application', 'delegated'], { error: 'is "application" or "delegated"' }),
    name: z.string().min(1).optional(),
    id: z.string().refine(isGuid, { message: 'must be a GUID' }).optional(),
    reason: z.string({ error: 'say in one line why, for the customer\'s admin' }).trim().min(1, { error: 'say in one line why, for the customer\'s admin' }),
  })
  .refine((value) => value.name !== undefined || value.id !== undefined, { message: 'give name or id' });

const templateSchema = z.strictObject({
  template: z.enum(BACKUP_SERVICES, { error: `is one of ${BACKUP_SERVICES.join(', ')}` }),
  access: z.enum(TEMPLATE_ACCESS, { error: 'is "read" (backup) or "read_write" (backup and restore)' }),
});

export interface DeclaredPermissions {
  readonly permissions: readonly RequiredPermission[];
  /** The services of the templates among them. */
  readonly services: readonly BackupService[];
}

/** Raises `CONFIG_INVALID` naming the field, which begins with `field`. */
export function readDeclaredPermissions(input: readonly unknown[], field: string): DeclaredPermissions {
  const entries = input.map((entry, index) => readEntry(entry, `${field}.${index}`));
  for (const [index, entry] of entries.entries()) {
    const twin = entries.findIndex((other) => isTwin(other, entry));
    if (twin < index) throw invalidDeclaration(`${field}.${index}`, `${describeEntry(entry)} stands there twice; first as entry ${twin} of the list`);
  }
  const permissions = mergeEntries(entries);
  requireWithinLimits(permissions, field);
  return { permissions, services: [...new Set(entries.flatMap((entry) => ('template' in entry ? [entry.template] : [])))] };
}

/** The form every refusal of a declaration has. */
export function invalidDeclaration(field: string, problem: string): OnboardingError {
  return new OnboardingError('CONFIG_INVALID', `${field}: ${problem}.`, { details: { field } });
}

/** The first thing zod found, with the path of the field itself where it is one nobody knows. */
export function describeIssue(issue: z.core.$ZodIssue | undefined, field: string): OnboardingError {
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [field, ...(issue?.path ?? []), ...unknown].join('.');
  return invalidDeclaration(path, unknown.length > 0 ? 'there is no such field' : (issue?.message ?? 'does not have the documented form'));
}

function readEntry(entry: unknown, field: string): DeclaredEntry {
  if (typeof entry === 'object' && entry !== null && 'template' in entry) {
    const parsed = templateSchema.safeParse(entry);
    if (!parsed.success) throw describeIssue(parsed.error.issues[0], field);
    return parsed.data;
  }
  const parsed = permissionSchema.safeParse(entry);
  if (!parsed.success) throw describeIssue(parsed.error.issues[0], field);
  const { resource, type, name, id, reason } = parsed.data;
  const resourceAppId = resourceAppIdOf(resource);
  if (!isGuid(resourceAppId)) throw invalidDeclaration(`${field}.resource`, `"${resource.slice(0, 64)}" is neither graph, exchange, sharepoint nor an app id`);
  const trap = name === undefined ? undefined : trapIn(name, type);
  if (trap !== undefined) throw invalidDeclaration(`${field}.name`, trap);
  return { written: { resourceAppId, type, name, id: id?.toLowerCase(), reason } };
}

/** Names that are no permission, each a known way to ask for something else than was meant. */
function trapIn(name: string, type: 'application' | 'delegated'): string | undefined {
  if (name.endsWith('.default')) return '".default" is no permission: in a consent it stands for everything the app registration asks for, application and delegated, of all its resources; declare those one by one';
  if (name.includes('://')) return `a permission is named without its resource, which stands in "resource": "${name.slice(name.lastIndexOf('/') + 1)}"`;
  if (/\s/.test(name)) return 'one permission per entry, without spaces';
  if (type === 'application' && ONLY_DELEGATED.has(name)) return `"${name}" exists as a delegated permission only`;
  return undefined;
}

function isTwin(left: DeclaredEntry, right: DeclaredEntry): boolean {
  if ('template' in left || 'template' in right) return 'template' in left && 'template' in right && left.template === right.template && left.access === right.access;
  const { written: one } = left;
  const { written: other } = right;
  const isSame = (key: 'name' | 'id') => one[key] !== undefined && one[key] === other[key];
  return one.resourceAppId === other.resourceAppId && one.type === other.type && (isSame('name') || isSame('id'));
}

function describeEntry(entry: DeclaredEntry): string {
  if ('template' in entry) return `the template ${entry.template} (${entry.access})`;
  const { name, id, type, resourceAppId } = entry.written;
  return `${name ?? id} on ${resourceName(resourceAppId)} (${type})`;
}

function requireWithinLimits(permissions: readonly RequiredPermission[], field: string): void {
  const resources = new Set(permissions.map(({ resourceAppId }) => resourceAppId)).size;
  if (resources > MAX_RESOURCES) throw invalidDeclaration(field, `an app registration holds permissions of at most ${MAX_RESOURCES} resources, and these are of ${resources}; divide them over several apps`);
  if (permissions.length > MAX_PERMISSIONS) throw invalidDeclaration(field, `an app registration holds at most ${MAX_PERMISSIONS} permissions, and these are ${permissions.length}; divide them over several apps`);
}
