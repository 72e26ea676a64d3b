/**
 * The least that a backup of each service, and a restore into it, needs of Microsoft Graph: per permission a line for the
 * customer's admin and the Microsoft page that calls it the least privileged one. Names only, since ids are read from the
 * tenant. Nobody is asked for anything here: a template counts only where an app's declaration names it.
 * Sources: Microsoft Graph reference, "Permissions" of the pages named below, and "Microsoft Graph permissions reference".
 */

export interface TemplatePermission {
  readonly name: string;
  /** One line, as the customer's admin reads it on our landing page. */
  readonly reason: string;
  /** Title of the Microsoft page. */
  readonly source: string;
}

export interface ServiceTemplate {
  /** What the service's backup covers, in a sentence. */
  readonly title: string;
  /** All of Microsoft Graph, application. */
  readonly read: readonly TemplatePermission[];
  readonly read_write: readonly TemplatePermission[];
  /** What is left out on purpose, and what must be known before it is used. */
  readonly notes: readonly string[];
}

const permission = (name: string, reason: string, source: string): TemplatePermission => ({ name, reason, source });

const PEOPLE = permission('User.Read.All', 'finds the people who have something to back up', 'List users');
const NAMES_OF_PEOPLE = permission('User.ReadBasic.All', 'knows whose chats there are', 'List users');
const CHANNEL_MESSAGES = permission('ChannelMessage.Read.All', 'backs up the messages in channels', 'channel: getAllMessages');
const CHATS = permission('Chat.Read.All', 'backs up one-to-one, group and meeting chats', 'chats: getAllMessages');
const ITEM_LISTS = permission('MailboxItem.Read.All', 'sees which items of a mailbox are new or changed', 'mailboxFolder: List items');
const DIRECTORY = permission('Directory.Read.All', 'backs up people, groups, devices and apps, and checks that this consent is complete', 'List directoryObjects');
const ROLES = permission('RoleManagement.Read.Directory', 'backs up who holds which directory role, and finds the administrators who may own the backup', 'List unifiedRoleAssignments');
const POLICIES = permission('Policy.Read.All', 'backs up Conditional Access and other policies', 'List conditionalAccessPolicies');

export const SERVICE_TEMPLATES = {
  exchange: {
    title: 'Mail, calendars, contacts and tasks of every mailbox, in full fidelity',
    read: [
      PEOPLE,
      permission('MailboxFolder.Read.All', 'walks through the folders of each mailbox', 'mailbox: List folders'),
      ITEM_LISTS,
      permission('MailboxItem.Export.All', 'copies mail, events, contacts and tasks as Exchange keeps them', 'mailbox: exportItems'),
      permission('MailboxSettings.Read', 'backs up automatic replies, working hours and time zones', 'Get user mailbox settings'),
    ],
    read_write: [
      PEOPLE,
      permission('MailboxFolder.ReadWrite.All', 'walks through the folders of each mailbox and creates those that are gone', 'mailbox: Create folder'),
      ITEM_LISTS,
      permission('MailboxItem.ImportExport.All', 'copies mail, events, contacts and tasks as Exchange keeps them, and puts them back', 'mailbox: createImportSession'),
      permission('MailboxSettings.ReadWrite', 'backs up and restores automatic replies, working hours and time zones', 'Update user mailbox settings'),
    ],
    notes: [
      'Microsoft offers mailbox export and import in the global cloud only; in another cloud declare Mail.Read, Calendars.Read and Contacts.Read (or their ReadWrite forms) instead.',
      'It takes the place of Exchange Web Services and full_access_as_app, which end on 2027-04-01.',
      'Mailboxes can be held back by RBAC for Applications or an application access policy in Exchange: a granted permission may still answer 403.',
    ],
  },
  onedrive: {
    title: 'Files of every person',
    read: [PEOPLE, permission('Files.Read.All', 'backs up the files in every OneDrive', 'driveItem: delta')],
    read_write: [PEOPLE, permission('Files.ReadWrite.All', 'backs up the files in every OneDrive and puts them back', 'driveItem: createUploadSession')],
    notes: ['Files.Read.All and Files.ReadWrite.All reach the document libraries of SharePoint as well; there is no narrower application permission for OneDrive alone.'],
  },
  sharepoint: {
    title: 'Sites with their lists, libraries and pages',
    read: [permission('Sites.Read.All', 'backs up sites, lists, libraries and pages', 'List sites')],
    read_write: [permission('Sites.ReadWrite.All', 'backs up sites, lists, libraries and pages, and puts them back', 'Create a list')],
    notes: [
      'Who may open what (the permissions of sites, lists and items) can be read and restored only with Sites.FullControl.All: declare it when you need that.',
      'Managed terms need TermStore.Read.All or TermStore.ReadWrite.All.',
      'For a few sites instead of all of them there is Sites.Selected, which the customer then grants site by site.',
    ],
  },
  teams: {
    title: 'Teams with their channels, members, tabs, messages and chats',
    read: [
      NAMES_OF_PEOPLE,
      permission('TeamSettings.Read.All', 'lists the teams and backs up their settings', 'Get team'),
      permission('TeamMember.Read.All', 'backs up who belongs to which team', 'List members of team'),
      permission('ChannelSettings.Read.All', 'backs up channels and their settings', 'Get channel'),
      permission('ChannelMember.Read.All', 'backs up who belongs to private and shared channels', 'List members of channel'),
      CHANNEL_MESSAGES,
      CHATS,
      permission('TeamsTab.Read.All', 'backs up the tabs of channels', 'List tabs in channel'),
    ],
    read_write: [
      NAMES_OF_PEOPLE,
      permission('Team.Create', 'creates teams that are gone', 'Create team'),
      permission('TeamSettings.ReadWrite.All', 'backs up and restores the teams and their settings', 'Update team'),
      permission('TeamMember.ReadWrite.All', 'backs up and restores who belongs to which team', 'Add member to team'),
      permission('Channel.Create', 'creates channels that are gone', 'Create channel'),
      permission('ChannelSettings.ReadWrite.All', 'backs up and restores channels and their settings', 'Update channel'),
      permission('ChannelMember.ReadWrite.All', 'backs up and restores who belongs to private and shared channels', 'Add member to channel'),
      CHANNEL_MESSAGES,
      CHATS,
      permission('TeamsTab.ReadWrite.All', 'backs up and restores the tabs of channels', 'Add tab to channel'),
      permission('Teamwork.Migrate.All', 'puts messages back under their authors and dates', 'Import messages into Microsoft Teams chats and channels'),
    ],
    notes: [
      'Files in channels and chats are in SharePoint and OneDrive: take those templates as well.',
      'ChannelMessage.Read.All and Chat.Read.All read every conversation of the tenant: say so to the customer before the admin meets it on Microsoft\'s page.',
    ],
  },
  groups: {
    title: 'Microsoft 365 and security groups with their members',
    read: [permission('Group.Read.All', 'backs up groups, their settings, members and conversations', 'Get group')],
    read_write: [permission('Group.ReadWrite.All', 'backs up groups, their settings, members and conversations, and puts them back', 'Create group')],
    notes: ['Plans and tasks of Planner need Tasks.Read.All or Tasks.ReadWrite.All.', 'Groups that hide their members also need Member.Read.Hidden.'],
  },
  directory: {
    title: 'People, groups, devices, apps, roles and policies of the directory',
    read: [DIRECTORY, ROLES, POLICIES],
    read_write: [
      DIRECTORY,
      ROLES,
      POLICIES,
      permission('User.ReadWrite.All', 'creates people who are gone and restores their properties', 'Create user'),
      permission('Group.ReadWrite.All', 'creates groups that are gone and restores their members', 'Create group'),
    ],
    notes: [
      'Directory.Read.All and RoleManagement.Read.Directory are also what this package itself needs to prove the consent and find the admins.',
      'Role assignments, policies and app registrations are not put back: the permissions that could do it (RoleManagement.ReadWrite.Directory, Application.ReadWrite.All, AppRoleAssignment.ReadWrite.All) amount to Global Administrator.',
    ],
  },
} as const satisfies Record<string, ServiceTemplate>;

/**
 * What each permission includes by Microsoft's own description of it (the writing form reads too), or because the pages
 * of everything the smaller one opens name the larger one as the higher privileged alternative.
 */
export const INCLUDED_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'User.Read.All': ['User.ReadBasic.All'],
  'User.ReadWrite.All': ['User.Read.All', 'User.ReadBasic.All'],
  'Group.Read.All': ['GroupMember.Read.All'],
  'Group.ReadWrite.All': ['Group.Read.All', 'GroupMember.Read.All', 'GroupMember.ReadWrite.All'],
  'MailboxFolder.ReadWrite.All': ['MailboxFolder.Read.All'],
  'MailboxItem.ImportExport.All': ['MailboxItem.Export.All'],
  'MailboxSettings.ReadWrite': ['MailboxSettings.Read'],
  'Files.ReadWrite.All': ['Files.Read.All'],
  'Sites.ReadWrite.All': ['Sites.Read.All'],
  'Sites.Manage.All': ['Sites.Read.All', 'Sites.ReadWrite.All'],
  'Sites.FullControl.All': ['Sites.Read.All', 'Sites.ReadWrite.All', 'Sites.Manage.All'],
  'TeamSettings.ReadWrite.All': ['TeamSettings.Read.All', 'Team.ReadBasic.All'],
  'TeamMember.ReadWrite.All': ['TeamMember.Read.All'],
  'ChannelSettings.ReadWrite.All': ['ChannelSettings.Read.All', 'Channel.ReadBasic.All'],
  'ChannelMember.ReadWrite.All': ['ChannelMember.Read.All'],
  'TeamsTab.ReadWrite.All': ['TeamsTab.Read.All'],
};
