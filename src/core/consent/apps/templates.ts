/**
 * Ready-made, least-privilege asks per backup service, to be named in a declaration (`{"template": "exchange", "access":
 * "read"}`) or pasted from here and changed. What several templates share is asked for once, and what a larger permission
 * includes is not asked for beside it; whatever a declaration writes out by itself stays as it is written. Pure.
 */
import { OnboardingError } from '../../errors';
import { GRAPH_APP_ID } from './resources';
import { INCLUDED_PERMISSIONS, SERVICE_TEMPLATES, type ServiceTemplate } from './template-data';

/** The services a backup can cover, as apps name them and readiness reports them. */
export const BACKUP_SERVICES = ['exchange', 'onedrive', 'sharepoint', 'teams', 'groups', 'directory'] as const;
export type BackupService = (typeof BACKUP_SERVICES)[number];

/** `read` backs up; `read_write` backs up and restores. */
export const TEMPLATE_ACCESS = ['read', 'read_write'] as const;
export type TemplateAccess = (typeof TEMPLATE_ACCESS)[number];

/** A permission an app asks for, whichever way it was declared. */
export interface RequiredPermission {
  readonly resourceAppId: string;
  readonly type: 'application' | 'delegated';
  readonly name: string | undefined;
  readonly id: string | undefined;
  /** One line for the customer's admin. */
  readonly reason: string;
}

/** A template as it is shown; `permissions` can be pasted into a declaration as they are. */
export interface ShownTemplate {
  readonly name: BackupService;
  readonly access: TemplateAccess;
  readonly title: string;
  readonly permissions: readonly { readonly resource: 'graph'; readonly type: 'application'; readonly name: string; readonly reason: string }[];
  /** Per permission the title of the Microsoft page that calls it the least privileged. */
  readonly sources: readonly { readonly name: string; readonly source: string }[];
  readonly notes: readonly string[];
}

/** Both forms of one template, or of all of them. Raises `INPUT_INVALID` for a name that is not one of {@link BACKUP_SERVICES}. */
export function listTemplates(name?: string): readonly ShownTemplate[] {
  const wanted = BACKUP_SERVICES.filter((service) => name === undefined || service === name);
  if (wanted.length === 0) throw new OnboardingError('INPUT_INVALID', `There is no template "${(name ?? '').slice(0, 32)}"; there are ${BACKUP_SERVICES.join(', ')}.`, { details: { field: 'template' } });
  return wanted.flatMap((service) => TEMPLATE_ACCESS.map((access) => show(service, access)));
}

function show(name: BackupService, access: TemplateAccess): ShownTemplate {
  const { title, notes, [access]: permissions }: ServiceTemplate = SERVICE_TEMPLATES[name];
  const shown = permissions.map((permission) => ({ resource: 'graph', type: 'application', name: permission.name, reason: permission.reason }) as const);
  return { name, access, title, permissions: shown, sources: permissions.map((permission) => ({ name: permission.name, source: permission.source })), notes };
}

/** One entry of a declaration: a permission that is written out, or a template. */
export type DeclaredEntry = { readonly written: RequiredPermission } | { readonly template: BackupService; readonly access: TemplateAccess };

/** What the entries ask for together, in their order. */
export function mergeEntries(entries: readonly DeclaredEntry[]): readonly RequiredPermission[] {
  const written = entries.flatMap((entry) => ('written' in entry ? [entry.written] : []));
  const merged: RequiredPermission[] = [];
  for (const entry of entries) {
    if ('written' in entry) merged.push(entry.written);
    else for (const permission of expand(entry.template, entry.access)) if (!written.some((own) => isSame(own, permission))) addOrJoin(merged, permission);
  }
  return withoutIncluded(merged, written);
}

function expand(template: BackupService, access: TemplateAccess): RequiredPermission[] {
  return SERVICE_TEMPLATES[template][access].map(({ name, reason }) => ({ resourceAppId: GRAPH_APP_ID, type: 'application', name, id: undefined, reason }));
}

function addOrJoin(merged: RequiredPermission[], permission: RequiredPermission): void {
  const index = merged.findIndex((other) => isSame(other, permission));
  const found = merged[index];
  if (found === undefined) merged.push(permission);
  else merged[index] = withReasonOf(found, permission);
}

function withoutIncluded(merged: readonly RequiredPermission[], written: readonly RequiredPermission[]): RequiredPermission[] {
  const larger = (permission: RequiredPermission) => (written.includes(permission) ? undefined : merged.find((other) => includesPermission(other, permission)));
  const kept = merged.filter((permission) => larger(permission) === undefined);
  return kept.map((permission) => {
    if (written.includes(permission)) return permission;
    return merged.filter((other) => larger(other) === permission).reduce(withReasonOf, permission);
  });
}

/** Does holding `larger` make `smaller` superfluous? Application permissions of Microsoft Graph only. */
export function includesPermission(larger: RequiredPermission, smaller: RequiredPermission): boolean {
  if (![larger, smaller].every(({ resourceAppId, type }) => resourceAppId === GRAPH_APP_ID && type === 'application')) return false;
  const included = larger.name === undefined ? undefined : INCLUDED_PERMISSIONS[larger.name];
  return included !== undefined && smaller.name !== undefined && included.includes(smaller.name);
}

function isSame(left: RequiredPermission, right: RequiredPermission): boolean {
  return left.resourceAppId === right.resourceAppId && left.type === right.type && left.name !== undefined && left.name === right.name;
}

function withReasonOf(permission: RequiredPermission, { reason }: RequiredPermission): RequiredPermission {
  return permission.reason.split('; ').includes(reason) ? permission : { ...permission, reason: `${permission.reason}; ${reason}` };
}
