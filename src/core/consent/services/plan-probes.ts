/**
 * Chooses, per backup service, the app and the permission its probe is made with: the app that declares the service and
 * was granted something that opens the probe. What was declared and not granted is named. Pure. The permissions are those
 * the reference pages name, application permissions of Microsoft Graph; ids of app roles there never change.
 */
import { type PartnerApp, GRAPH_APP_ID } from '../apps/apps';
import { EXCHANGE_APP_ID, SHAREPOINT_APP_ID } from '../apps/resources';
import { BACKUP_SERVICES, type BackupService, type RequiredPermission } from '../apps/templates';
import type { GrantedApp, GrantedPermission, ProbeKind, ServicePlan } from './model';

type Openers = Readonly<Record<string, string>>;

const MAIL: Openers = { 'Mail.ReadBasic.All': '693c5e45-0940-467d-9b8a-1022fb9d42ef', 'Mail.Read': '810c84a8-4a9e-49e6-bf7d-12d183f40d01', 'Mail.ReadWrite': 'e2a3a72e-5f79-4c64-b1b1-878b674786c9' };
const MAILBOX_SETTINGS: Openers = { 'MailboxSettings.Read': '40f97065-369a-49f4-947c-6a255697ae91', 'MailboxSettings.ReadWrite': '6931bccd-447a-43d1-b442-00a195474933' };
const SITES: Openers = { 'Sites.Read.All': '332a536c-c7ef-4017-ab91-336970924f0d', 'Sites.ReadWrite.All': '9492366f-7969-46a4-8d15-ed1a20078fff' };
const WIDER_SITES: Openers = { 'Sites.Manage.All': '0c0bf378-bf22-4481-8f81-9e89a9b4960a', 'Sites.FullControl.All': 'a82116e5-55eb-4c41-a434-62fe8a61c773' };
const FILES: Openers = { 'Files.Read.All': '01d4889c-1287-42c6-ac1f-5d1e02578ef6', 'Files.ReadWrite.All': '75359482-378d-4052-8f01-80520e7db3cd' };
const GROUPS: Openers = { 'Group.Read.All': '5b567255-7703-4780-807c-7be8301ae99b', 'Group.ReadWrite.All': '62a82d76-70ea-41e2-9197-370581804d09' };
const DIRECTORY: Openers = { 'Directory.Read.All': '7ab1d382-f21e-4acd-a863-ba3e13f7da61', 'Directory.ReadWrite.All': '19dbc75e-c2e2-444c-a770-ec69d8559fc7' };
const TEAMS: Openers = { 'Team.ReadBasic.All': '2280dda6-0bfd-44ee-a2f4-cb867cfc4c1e', 'TeamSettings.Read.All': '242607bd-1d2c-432c-82eb-bdb27baa23ab', 'TeamSettings.ReadWrite.All': 'bdd80a03-d9bc-451d-b7c4-ce7c63fe3c8f' };
const PEOPLE: Openers = { 'User.Read.All': 'df021288-bdef-4463-88db-98f22de89214', 'User.ReadWrite.All': '741f803b-c850-494e-b5df-cde7c675a1ca' };

const PROBES: Readonly<Record<BackupService, readonly { readonly probe: ProbeKind; readonly openers: Openers }[]>> = {
  exchange: [
    { probe: 'inbox', openers: MAIL },
    { probe: 'mailbox_settings', openers: MAILBOX_SETTINGS },
  ],
  onedrive: [
    { probe: 'drive', openers: FILES },
    { probe: 'drive', openers: SITES },
  ],
  sharepoint: [{ probe: 'root_site', openers: { ...SITES, ...WIDER_SITES } }],
  teams: [{ probe: 'team', openers: { ...TEAMS, ...GROUPS } }],
  groups: [{ probe: 'groups', openers: { ...GROUPS, ...DIRECTORY } }],
  directory: [{ probe: 'people', openers: { ...DIRECTORY, ...PEOPLE } }],
};

/** What else belongs to the service and shows nothing to a read of Graph's. */
const UNPROVABLE: Readonly<Record<BackupService, { readonly resourceAppId?: string; readonly names: RegExp }>> = {
  exchange: { resourceAppId: EXCHANGE_APP_ID, names: /^(?:MailboxItem|MailboxFolder|Mail|Calendars|Contacts)\./ },
  onedrive: { resourceAppId: SHAREPOINT_APP_ID, names: /^(?:Files|Sites)\./ },
  sharepoint: { resourceAppId: SHAREPOINT_APP_ID, names: /^Sites\./ },
  teams: { names: /^(?:Team|Channel|Chat)/ },
  groups: { names: /^Group/ },
  directory: { names: /^(?:User|Device|Policy|RoleManagement)\./ },
};

export type Grants = readonly GrantedApp[];

/** One plan per service that some app declares, in the order services are always named in. */
export function planProbes(apps: readonly PartnerApp[], grants: Grants): readonly ServicePlan[] {
  return BACKUP_SERVICES.filter((service) => apps.some((app) => app.services.includes(service))).map((service) => planService(service, apps.filter((app) => app.services.includes(service)), grants));
}

function planService(service: BackupService, apps: readonly PartnerApp[], grants: Grants): ServicePlan {
  const all = Object.fromEntries(PROBES[service].flatMap(({ openers }) => Object.entries(openers)));
  const lacking = apps.flatMap((app) => app.requiredPermissions.filter((required) => concerns(service, required, all) && !isAmong(required, grantedTo(app, grants))).map((required) => ({ app, required })));
  const isUnread = ({ app, required }: (typeof lacking)[number]) => isAmong(required, grants.find(({ key }) => key === app.key)?.unread ?? []);
  const missing = lacking.filter((one) => !isUnread(one)).map(({ app, required }) => ({ appKey: app.key, permission: nameOf(required, all) }));
  const unprovable = apps.flatMap((app) => grantedTo(app, grants).filter((granted) => concerns(service, granted, all) && !opens(granted, all)).map(({ name }) => name));
  return { service, grant: findGrant(service, apps, grants), missing, unread: lacking.filter(isUnread).map(({ required }) => nameOf(required, all)), unprovable: [...new Set(unprovable)] };
}

/** The probe before the app: whichever may read an inbox is better than the first that may read settings alone. */
function findGrant(service: BackupService, apps: readonly PartnerApp[], grants: Grants): ServicePlan['grant'] {
  for (const { probe, openers } of PROBES[service]) {
    for (const app of apps) {
      const found = grantedTo(app, grants).find((granted) => opens(granted, openers));
      if (found !== undefined) return { appKey: app.key, permission: found.name, probe };
    }
  }
  return null;
}

/** The first app, `preferred` before all others, that was granted one of these application permissions of Graph's. */
export function findHolder(names: readonly string[], grants: Grants, preferred: string): string {
  const holders = grants.filter(({ granted }) => granted.some(({ resourceAppId, type, name }) => resourceAppId === GRAPH_APP_ID && type === 'application' && names.includes(name)));
  // With nobody, the preferred one asks all the same: the refusal is evidence.
  return holders.find(({ key }) => key === preferred)?.key ?? holders[0]?.key ?? preferred;
}

function grantedTo(app: PartnerApp, grants: Grants): readonly GrantedPermission[] {
  return grants.find(({ key }) => key === app.key)?.granted.filter(({ type }) => type === 'application') ?? [];
}

function opens({ resourceAppId, name }: GrantedPermission, openers: Openers): boolean {
  return resourceAppId === GRAPH_APP_ID && Object.hasOwn(openers, name);
}

/** Is the permission one this service lives on? One that is declared by its id alone is known only if it opens a probe. */
function concerns(service: BackupService, permission: Pick<RequiredPermission, 'resourceAppId' | 'type' | 'name'> & { readonly id: string | null | undefined }, openers: Openers): boolean {
  const { resourceAppId, names } = UNPROVABLE[service];
  if (permission.type !== 'application') return false;
  if (permission.resourceAppId !== GRAPH_APP_ID) return permission.resourceAppId === resourceAppId;
  const { name, id } = permission;
  return (name !== undefined && (Object.hasOwn(openers, name) || names.test(name))) || (typeof id === 'string' && Object.values(openers).includes(id.toLowerCase()));
}

function nameOf(required: RequiredPermission, openers: Openers): string {
  return required.name ?? Object.entries(openers).find(([, id]) => id === required.id?.toLowerCase())?.[0] ?? required.id ?? '';
}

function isAmong(required: RequiredPermission, permissions: readonly GrantedPermission[]): boolean {
  return permissions.some(({ resourceAppId, id, name }) => resourceAppId === required.resourceAppId && (name === required.name || (id !== null && id.toLowerCase() === required.id?.toLowerCase())));
}
