/**
 * The built-in cast: a fictional partner with two apps, two customers whose people cover every case admin discovery has to
 * tell apart, and three small ones that lack what a backup needs. All are Microsoft's fictional companies.
 */
import type { AppPermissionSeed, AppSeed, LicenceName, Seed, TenantSeed } from './seed-format';
import type { ResourceKey } from './resources';

const PRODUCTIVITY: readonly LicenceName[] = ['EXCHANGE_S_ENTERPRISE', 'SHAREPOINTENTERPRISE', 'TEAMS1'];

const PARTNER: TenantSeed = {
  key: 'partner',
  name: 'Northwind Backup',
  domain: 'northwind.example',
  prefix: 'northwindbackup',
  country: 'SK',
  licences: [...PRODUCTIVITY, 'AAD_PREMIUM'],
  people: [
    { alias: 'olga', name: 'Olga Petrova', roles: ['Global Administrator'] },
    { alias: 'oscar', name: 'Oscar Lind' },
  ],
};

const CONTOSO: TenantSeed = {
  key: 'contoso',
  name: 'Contoso',
  domain: 'contoso.example',
  prefix: 'contoso',
  country: 'SE',
  licences: [...PRODUCTIVITY, 'AAD_PREMIUM', 'AAD_PREMIUM_P2'],
  people: [
    { alias: 'ada', name: 'Ada Lindqvist', roles: ['Global Administrator'], synced: true },
    { alias: 'grace', name: 'Grace Okafor', roles: ['Global Administrator'], cloudOnly: true },
    { alias: 'erik', name: 'Erik Sand', roles: ['Exchange Administrator'] },
    { alias: 'sofia', name: 'Sofia Marin', roles: ['SharePoint Administrator'] },
    { alias: 'nora', name: 'Nora Berg' },
    { alias: 'felix', name: 'Felix Duarte (Fabrikam)', roles: ['Global Administrator'], guestFrom: 'fabrikam/felix' },
    { alias: 'dora', name: 'Dora Vance', roles: ['Global Administrator'], enabled: false },
    { alias: 'piotr', name: 'Piotr Zielinski', eligibleRoles: ['Global Administrator'] },
    { alias: 'gina', name: 'Gina Rossi' },
    { alias: 'ulf', name: 'Ulf Berger', roles: [{ role: 'Exchange Administrator', unit: 'Malmo branch' }] },
    { alias: 'amir', name: 'Amir Haddad', roles: ['Application Administrator'] },
  ],
  groups: [
    { name: 'Tier 0 administrators', roleAssignable: true, members: ['gina'], roles: ['Global Administrator'] },
    { name: 'All staff', members: ['ada', 'erik', 'nora', 'sofia'] },
    { name: 'Sales', team: 'there', members: ['nora', 'sofia'] },
  ],
  servicePrincipals: [{ name: 'Contoso mail automation', roles: ['Exchange Administrator'] }],
};

// No P2 licence, so nobody is eligible here: privileged identity management answers with a licence error.
const FABRIKAM: TenantSeed = {
  key: 'fabrikam',
  name: 'Fabrikam',
  domain: 'fabrikam.example',
  prefix: 'fabrikam',
  country: 'PT',
  licences: [...PRODUCTIVITY, 'AAD_PREMIUM'],
  people: [
    { alias: 'felix', name: 'Felix Duarte', roles: ['Global Administrator'] },
    { alias: 'gabriela', name: 'Gabriela Reis', roles: ['Global Administrator'], synced: true },
    { alias: 'elena', name: 'Elena Faria', roles: ['Exchange Administrator'] },
    { alias: 'simao', name: 'Simao Pinto', roles: ['SharePoint Administrator'] },
    { alias: 'nuno', name: 'Nuno Alves' },
    { alias: 'olga', name: 'Olga Petrova (Northwind)', roles: ['Global Administrator'], guestFrom: 'partner/olga' },
    { alias: 'diogo', name: 'Diogo Costa', roles: ['Global Administrator'], enabled: false },
    { alias: 'graca', name: 'Graca Nunes' },
    { alias: 'ursula', name: 'Ursula Melo', roles: [{ role: 'SharePoint Administrator', unit: 'Porto office' }] },
    { alias: 'anabela', name: 'Anabela Cruz', roles: ['Cloud Application Administrator'] },
  ],
  groups: [{ name: 'Directory owners', roleAssignable: true, members: ['graca'], roles: ['Global Administrator'] }],
  servicePrincipals: [{ name: 'Fabrikam archive', roles: ['Exchange Administrator'] }],
};

const small = (key: string, name: string, prefix: string, licences: readonly LicenceName[]): TenantSeed => ({
  key,
  name,
  domain: `${prefix}.example`,
  prefix,
  country: 'NL',
  licences,
  people: [
    { alias: 'admin', name: `Administrator of ${name}`, roles: ['Global Administrator'] },
    { alias: 'person-2', name: `Person 2 of ${name}` },
    { alias: 'person-3', name: `Person 3 of ${name}` },
  ],
});

/** Neither mail nor sites. */
const ADATUM = small('adatum', 'A. Datum', 'adatum', ['AAD_PREMIUM']);
/** Plans with the names of mail and sites, and neither of them. */
const LITWARE = small('litware', 'Litware', 'litware', ['EXCHANGE_S_FOUNDATION', 'SHAREPOINTWAC', 'AAD_PREMIUM']);
/** Everything bought, and the mailboxes still being made. */
const WINGTIP: TenantSeed = { ...small('wingtip', 'Wingtip Toys', 'wingtip', PRODUCTIVITY), pendingLicences: ['EXCHANGE_S_ENTERPRISE'], mailboxes: 'pending' };

/** Every way of holding a role that an installation may not want, or cannot use, which the others do not have. */
const TREY: TenantSeed = {
  key: 'trey',
  name: 'Trey Research',
  domain: 'trey.example',
  prefix: 'treyresearch',
  country: 'US',
  licences: [...PRODUCTIVITY, 'AAD_PREMIUM', 'AAD_PREMIUM_P2'],
  people: [
    { alias: 'hana', name: 'Hana Sato', roles: ['Global Administrator'], lastSignIn: '2026-02-20T08:00:00Z' },
    { alias: 'igor', name: 'Igor Novak', roles: ['Exchange Administrator', 'SharePoint Administrator'], lastSignIn: '2025-11-30T08:00:00Z' },
    { alias: 'joan', name: 'Joan Puig', roles: ['Exchange Administrator'], synced: true },
    { alias: 'breakglass-1', name: 'Emergency access 1', roles: ['Global Administrator'], cloudOnly: true },
    { alias: 'kofi', name: 'Kofi Mensah' },
    { alias: 'lena', name: 'Lena Vogt' },
  ],
  groups: [{ name: 'Tier 0', roleAssignable: true, members: ['lena'], eligibleMembers: ['kofi'], roles: ['Global Administrator'] }],
  orphanedRoles: ['Global Administrator'],
};

const PROTECT: AppSeed = {
  key: 'backup',
  name: 'Northwind Backup – Protect',
  round: 1,
  services: ['exchange', 'sharepoint', 'onedrive', 'directory'],
  homeRoles: ['Application.ReadWrite.OwnedBy'],
  permissions: [
    role('graph', 'Directory.Read.All', 'lists people, groups and the roles they hold'),
    role('graph', 'Application.Read.All', 'checks that this consent is complete'),
    role('graph', 'RoleManagement.Read.Directory', 'finds the administrators who may own the backup'),
    role('graph', 'User.Read.All', 'knows whose mailboxes and drives exist'),
    role('graph', 'GroupMember.Read.All', 'finds administrators who hold their role through a group'),
    role('graph', 'Organization.Read.All', 'confirms which organisation is being protected'),
    role('graph', 'Mail.ReadWrite', 'reads mail to back it up'),
    { resource: 'graph', type: 'Scope', name: 'User.Read', reason: 'signs the administrator in' },
    role('exchange', 'full_access_as_app', 'reads mailbox items that Graph does not offer'),
    role('sharepoint', 'Sites.FullControl.All', 'reads sites, lists and their permissions'),
  ],
};

const RESTORE: AppSeed = {
  key: 'restore',
  name: 'Northwind Backup – Restore',
  round: 2,
  services: ['exchange', 'sharepoint', 'onedrive', 'teams'],
  homeRoles: ['Application.ReadWrite.OwnedBy'],
  permissions: [
    role('graph', 'Directory.Read.All', 'finds the people and groups to restore to'),
    role('graph', 'Application.Read.All', 'checks that this consent is complete'),
    role('graph', 'Files.ReadWrite.All', 'puts files back'),
    role('graph', 'Group.ReadWrite.All', 'puts groups and teams back'),
    { resource: 'graph', type: 'Scope', name: 'User.Read', reason: 'signs the administrator in' },
    role('exchange', 'Exchange.ManageAsApp', 'restores mailbox settings'),
    role('sharepoint', 'Sites.FullControl.All', 'restores sites with their permissions'),
    role('sharepoint', 'User.ReadWrite.All', 'restores people to site groups'),
  ],
};

export const DEFAULT_SEED: Seed = {
  seed: 'northwind',
  homeTenant: 'partner',
  tenants: [PARTNER, CONTOSO, FABRIKAM, ADATUM, LITWARE, WINGTIP, TREY],
  apps: [PROTECT, RESTORE],
  redirectUris: ['http://localhost/consent/callback', 'http://localhost/sign-in/callback'],
  replicationLagMs: {},
};

function role(resource: ResourceKey, name: string, reason: string): AppPermissionSeed {
  return { resource, type: 'Role', name, reason };
}
