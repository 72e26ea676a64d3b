/**
 * Mailboxes as an app sees them: the inbox and the settings. A licence with a mailbox in it is needed, and time after it was
 * given; what an app may do with a mailbox is also up to a policy of Exchange's own. Sources: "Get mailFolder", "Get user mailbox
 * settings" reference pages; refusals: public threads (rules.json).
 */
import type { User } from '../model';
import { LICENCE_PLAN_IDS, MAILBOX_LICENCES } from '../seed-format';
import { keyAt, type Answer, type Call } from './call';
import { holdsPlan, requireLicensedUser } from './licensed-users';
import { GraphRefusal, NotModelled } from './refusal';
import { rule } from './rules';
import { readSingle } from './single';

const MAILBOX_PLANS = MAILBOX_LICENCES.map((name) => LICENCE_PLAN_IDS[name]);

export function getMailFolder(call: Call): Answer {
  const folder = keyAt(call, 1);
  if (folder.value.toLowerCase() !== 'inbox') throw new NotModelled('mail folders other than the inbox');
  const user = requireMailbox(call);
  const view = {
    id: Buffer.from(`${user.id}/inbox`).toString('base64url'),
    displayName: 'Inbox',
    parentFolderId: Buffer.from(`${user.id}/root`).toString('base64url'),
    childFolderCount: 0,
    unreadItemCount: 0,
    totalItemCount: 0,
    isHidden: false,
  };
  return readSingle(call, `users('${user.id}')/mailFolders`, 'mailFolder', view);
}

export function getMailboxSettings(call: Call): Answer {
  const user = requireMailbox(call);
  const view = { archiveFolder: '', timeZone: 'UTC', dateFormat: 'yyyy-MM-dd', timeFormat: 'HH:mm', delegateMeetingMessageDeliveryOptions: 'sendToDelegateOnly' };
  return readSingle(call, `users('${user.id}')/mailboxSettings`, 'mailboxSettings', view);
}

function requireMailbox(call: Call): User {
  const user = requireLicensedUser(call, 'mailboxes');
  if (user.userType === 'Guest' || user.mailbox === 'pending' || !holdsPlan(user, MAILBOX_PLANS)) {
    throw new GraphRefusal(rule('G-MAIL-NONE'), 404, 'MailboxNotEnabledForRESTAPI', 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.');
  }
  if (user.mailbox === 'refused') throw new GraphRefusal(rule('G-MAIL-REFUSED'), 403, 'ErrorAccessDenied', 'Access to OData is disabled.');
  return user;
}
