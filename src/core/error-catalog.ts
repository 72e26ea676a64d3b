/**
 * Every error code the product can raise, as data: what it means, whose move it is, the next step, how a caller
 * should react, and the one word a stranger may see. docs/errors.md is generated from this table.
 */

/** Whose move it is. */
export type ErrorOwner = 'operator' | 'customer admin' | 'partner' | 'microsoft';

/**
 * How a caller reacts: `fix_input` change the request; `not_allowed` ask somebody with the right; `act` a person must do
 * something first; `retry_later` nothing is wrong with the request; `attention` something that worked has regressed;
 * `investigate` a bug or damaged state.
 */
export type ErrorReaction = 'fix_input' | 'not_allowed' | 'act' | 'retry_later' | 'attention' | 'investigate';

/** All that a stranger is ever told. */
export type PublicCode = 'invalid' | 'expired' | 'wrong_account' | 'declined' | 'not_allowed' | 'try_later' | 'failed';

export interface CatalogEntry {
  readonly reaction: ErrorReaction;
  readonly owner: ErrorOwner;
  readonly publicCode: PublicCode;
  readonly means: string;
  readonly remedy: string;
}

function entry(reaction: ErrorReaction, owner: ErrorOwner, publicCode: PublicCode, means: string, remedy: string): CatalogEntry {
  return { reaction, owner, publicCode, means, remedy };
}

export const ERROR_CATALOG = {
  // Configuration, input, environment
  CONFIG_INVALID: entry('fix_input', 'operator', 'failed', 'The configuration does not have the documented form.', 'Correct the named field.'),
  CONFIG_NOT_FOUND: entry('fix_input', 'operator', 'failed', 'The configuration file could not be read.', 'Pass --config, or create the file with `sandbox start --write-config`.'),
  INPUT_INVALID: entry('fix_input', 'operator', 'invalid', 'A parameter does not have the documented form.', 'Correct the named parameter.'),
  TENANT_INVALID: entry('fix_input', 'operator', 'invalid', 'The tenant is neither a tenant id nor a domain, or is one that can never be a customer.', 'Give the customer\'s tenant id or one of its verified domains.'),
  TENANT_NOT_FOUND: entry('fix_input', 'operator', 'invalid', 'Microsoft knows no tenant by that name in this cloud.', 'Check the spelling and the cloud.'),
  TENANT_WRONG_CLOUD: entry('act', 'partner', 'wrong_account', 'The tenant is in another of Microsoft\'s clouds than this installation.', 'Register the apps in that cloud and onboard the customer from an installation configured for it.'),
  TENANT_MISMATCH: entry('fix_input', 'operator', 'invalid', 'The tenant that was meant and the tenant that answered are not the same.', 'Compare both with the overview page of the tenant in the Entra admin centre.'),
  APP_UNKNOWN: entry('fix_input', 'operator', 'failed', 'No app with this key is declared.', 'Declare the app in the configuration.'),
  APP_CREDENTIAL_UNUSABLE: entry('fix_input', 'partner', 'failed', 'The app\'s credential is missing or cannot be used to sign in.', 'Name a stored certificate, a PFX, a PEM file or a secret for this app.'),

  // State
  STATE_UNAVAILABLE: entry('retry_later', 'operator', 'try_later', 'The state store did not answer.', 'Check the store, then run the step again: every step can be repeated.'),
  STATE_CORRUPTED: entry('investigate', 'operator', 'failed', 'The state file is damaged and was set aside untouched.', 'Restore a backup; the damaged file was copied beside the original.'),
  STATE_VERSION_UNSUPPORTED: entry('fix_input', 'operator', 'failed', 'The state was written by a newer version of this package.', 'Update this package on this host.'),
  STATE_RECORD_INVALID: entry('investigate', 'operator', 'failed', 'A stored record does not have the documented form.', 'Look it up in docs/storage-schema.md; restore it from a backup.'),
  STATE_RECORD_TAMPERED: entry('investigate', 'operator', 'failed', 'A stored record was changed by something that does not hold the master key.', 'Treat the store as compromised; restore it and review the audit.'),
  STATE_CONFLICT: entry('retry_later', 'operator', 'try_later', 'Somebody else kept changing the same record.', 'Run the step again.'),
  STATE_SCOPE_TOO_SMALL: entry('fix_input', 'operator', 'failed', 'The state store cannot make claims that reach as far as this deployment needs.', 'Use sqlite on one host or PostgreSQL for several.'),
  STATE_LOCATION_REFUSED: entry('fix_input', 'operator', 'failed', 'The state location is not allowed or not understood.', 'Use sqlite:PATH inside the configured folder, postgres://USER@HOST/DATABASE with working credentials, or memory:.'),
  MASTER_KEY_MISSING: entry('fix_input', 'operator', 'failed', 'Something must be sealed or authenticated and no master key is configured.', 'Set M365_ONBOARDING_MASTER_KEYS=id:base64(32 bytes).'),
  MASTER_KEY_INVALID: entry('fix_input', 'operator', 'failed', 'The master key ring does not have the documented form.', 'Use id:base64 of exactly 32 bytes, separated by commas.'),
  SEAL_BROKEN: entry('investigate', 'operator', 'failed', 'A sealed value was changed, moved to another record, or sealed by a key that is not in the ring.', 'Add the old master key to the ring, or restore the record.'),

  // Accounts
  ACCOUNT_NOT_FOUND: entry('fix_input', 'operator', 'invalid', 'There is no customer account with this id.', 'List the accounts and use one of their ids.'),
  ACCOUNT_EXISTS: entry('fix_input', 'operator', 'invalid', 'A customer account with this id exists already.', 'Use the existing account or another id.'),
  ACCOUNT_REMOVING: entry('act', 'operator', 'expired', 'The customer account is being removed, and its removal has not come to its end.', 'Run the removal again: it goes on where it stopped. After that the id is free.'),
  ACCOUNT_REMOVAL_UNCONFIRMED: entry('fix_input', 'operator', 'invalid', 'The customer account is in use, and removing it was not confirmed.', 'Look at the account; to remove it, confirm (--yes on the command line, Confirm in n8n).'),
  ACCOUNT_OFFBOARDED: entry('act', 'operator', 'expired', 'The customer account was offboarded; its onboarding is over for good.', 'Remove the account and add it again to onboard the customer anew.'),
  ACCESS_LEVEL_RAISE_REFUSED: entry('not_allowed', 'customer admin', 'not_allowed', 'Only the customer\'s signed-in admin may raise the access level.', 'Ask the customer\'s admin; an operator can only lower it.'),

  // Consent
  CONSENT_INVITATION_UNKNOWN: entry('fix_input', 'operator', 'invalid', 'This invitation does not exist.', 'Open a new consent request and send its address.'),
  CONSENT_INVITATION_EXPIRED: entry('act', 'operator', 'expired', 'This invitation has expired.', 'Open a new consent request and send its address.'),
  CONSENT_INVITATION_REVOKED: entry('act', 'operator', 'expired', 'This invitation was withdrawn.', 'Nothing, if that was meant; otherwise open a new consent request and send its address.'),
  CONSENT_INVITATION_REPLACED: entry('act', 'customer admin', 'expired', 'This invitation was replaced by a newer one.', 'Open the newest invitation; if it was lost, the operator opens another one, which replaces it again.'),
  CONSENT_STATE_UNKNOWN: entry('act', 'customer admin', 'invalid', 'The answer carries a state we never issued.', 'Start again from the invitation.'),
  CONSENT_STATE_EXPIRED: entry('act', 'customer admin', 'expired', 'The answer came after its time.', 'Start again from the invitation.'),
  CONSENT_STATE_REPLAYED: entry('act', 'customer admin', 'invalid', 'This answer was used already.', 'Start again from the invitation.'),
  CONSENT_BROWSER_MISMATCH: entry('act', 'customer admin', 'invalid', 'The answer came from another browser than the one that started.', 'Open the invitation and finish in the same browser.'),
  CONSENT_CALLBACK_MALFORMED: entry('act', 'customer admin', 'invalid', 'The answer does not have a form Microsoft documents.', 'Start again from the invitation.'),
  CONSENT_DECLINED: entry('act', 'customer admin', 'declined', 'The admin declined, or was not allowed to accept and went back.', 'A Global Administrator opens the invitation again and accepts.'),
  CONSENT_ADMIN_APPROVAL_NEEDED: entry('act', 'customer admin', 'declined', 'The signed-in account may not grant these permissions.', 'A Global Administrator or Privileged Role Administrator opens the invitation.'),
  CONSENT_FAILED: entry('act', 'partner', 'failed', 'Microsoft ended the consent with an error.', 'Look up the service code; it names the cause.'),
  CONSENT_PARTNER_ADMIN: entry('act', 'customer admin', 'wrong_account', 'A delegated admin of the partner signed in; the app is not open to those in this tenant.', 'A Global Administrator who belongs to the customer\'s own tenant opens the invitation.'),
  CONSENT_SETTLING: entry('retry_later', 'microsoft', 'try_later', 'Microsoft\'s directory is still busy with an earlier state of the app in this tenant.', 'Open the same invitation again after 5 to 15 minutes. Do not delete the enterprise application to speed it up: that starts the wait anew.'),
  CONSENT_SERVICE_MISSING: entry('act', 'customer admin', 'failed', 'The tenant lacks a service that the app asks permissions of.', 'The customer licenses or enables the service and opens the invitation again; or the partner leaves the app, or the permissions on that service, out.'),
  CONSENT_APP_MISCONFIGURED: entry('act', 'partner', 'failed', 'The app\'s registration does not fit what it is used for.', 'The partner mends the app registration in the home tenant (the service code names what), then the same invitation is opened again.'),
  CONSENT_BLOCKED_BY_POLICY: entry('act', 'customer admin', 'not_allowed', 'A sign-in rule of the customer\'s organisation stopped the admin.', 'Use a device and network the organisation\'s rules allow, or have the rule exempt these apps, and open the invitation again; the sign-in log of the tenant names the rule.'),
  CONSENT_INTERRUPTED: entry('retry_later', 'microsoft', 'try_later', 'Microsoft\'s consent page broke off.', 'Open the same invitation again in a few minutes.'),
  CONSENT_UNANSWERED: entry('act', 'customer admin', 'try_later', 'Somebody was sent to Microsoft\'s consent page and has not come back.', 'Ask the admin: whoever met "Need admin approval" needs a Global Administrator, or the request in the tenant\'s admin consent workflow approved; whoever closed the page opens the invitation again (`consent open` sends a new one).'),
  CONSENT_CLAIM_UNPROVEN: entry('retry_later', 'microsoft', 'try_later', 'A browser came back saying that consent was given, and Microsoft does not show it (yet).', 'Wait some minutes for replication; if it stays, nothing was granted: the admin opens the invitation again and accepts.'),
  CONSENT_WRONG_TENANT: entry('act', 'customer admin', 'wrong_account', 'The consent came from another tenant than expected.', 'Sign in with an admin account of the expected tenant, or correct the account\'s expected tenant.'),
  CONSENT_TENANT_REFUSED: entry('act', 'customer admin', 'wrong_account', 'This tenant can never be a customer: it is the partner\'s own or the tenant of personal accounts.', 'Sign in with an admin account of the customer\'s tenant.'),
  CONSENT_MISSING_PERMISSIONS: entry('act', 'customer admin', 'failed', 'Permissions the app needs were not granted.', 'Resend the invitation; the missing permissions are named.'),
  CONSENT_PERMISSION_DATED: entry('act', 'partner', 'failed', 'A declared permission belongs to something that Microsoft has ended or is about to end.', 'Change the app registration and its declaration to what the message names; customers who consented before then consent again.'),
  CONSENT_PERMISSION_EXCESSIVE: entry('act', 'partner', 'failed', 'A declared permission can do far more than a backup needs.', 'Declare the smaller permission the message names, or be ready to tell the customer\'s admin why not.'),
  CONSENT_PERMISSION_INCOMPLETE: entry('act', 'partner', 'failed', 'A declared permission is not enough by itself, or one that everything rests on is not declared.', 'Add what the message names.'),
  CONSENT_PERMISSION_UNPUBLISHED: entry('fix_input', 'partner', 'failed', 'A declared permission does not exist on its resource in the customer\'s tenant, or the tenant does not have that resource.', 'Compare its name, id and type with the resource; where they are right, the customer has not bought or not set up that service.'),
  CONSENT_GRANTS_REMOVED: entry('attention', 'customer admin', 'failed', 'Permissions that were granted and proven are gone again.', 'Ask the customer\'s admin whether that was meant; a new consent request asks for them again.'),
  CONSENT_REVOKED: entry('attention', 'customer admin', 'failed', 'Everything that was granted to the app and proven is gone; the app itself is still in the tenant.', 'Ask the customer\'s admin whether that was meant; a new consent request asks for it again.'),
  CONSENT_EXTENDED: entry('act', 'customer admin', 'failed', 'The app asks for permissions it did not ask for when it was granted.', 'Open a new consent request: it asks for the new permissions, which are named.'),
  CONSENT_APP_DELETED: entry('attention', 'customer admin', 'failed', 'The app\'s enterprise application was deleted in the tenant, and every grant with it.', 'Ask the customer\'s admin whether that was meant; a new consent request brings it back.'),
  CONSENT_APP_SOFT_DELETED: entry('act', 'customer admin', 'failed', 'The app\'s enterprise application lies in the tenant\'s recycle bin, where a new consent may trip over it (AADSTS650051).', 'The admin restores it there, or waits 5 to 15 minutes after the deletion and then opens the invitation.'),
  CONSENT_APP_DISABLED_BY_MICROSOFT: entry('attention', 'microsoft', 'failed', 'Microsoft disabled the app; nobody in the tenant can enable it.', 'The partner asks Microsoft\'s support why, naming the app id and the status; consent changes nothing.'),
  CONSENT_ASSIGNMENT_REQUIRED: entry('act', 'customer admin', 'not_allowed', 'The enterprise application or its resource wants every caller assigned: without an assignment there is no sign-in, and no app token.', 'The admin assigns whoever signs in, or sets "Assignment required" to No under Properties of the enterprise application.'),
  CONSENT_READ_PERMISSION_MISSING: entry('act', 'partner', 'failed', 'No declared app may read what would prove this permission.', 'Add Directory.Read.All (application) on Microsoft Graph to one of the apps, and get consent for it.'),
  CONSENT_EVIDENCE_WEAK: entry('act', 'partner', 'failed', 'No declared app may read the directory, so the roles of fresh app tokens are all the evidence there is.', 'To have the directory confirm it, add Directory.Read.All (application) on Microsoft Graph to one of the apps.'),
  CONSENT_NOT_STARTED: entry('act', 'operator', 'failed', 'There is no consent to look at yet.', 'Have the customer\'s admin open the invitation; where none is open or it was lost, open a consent request and send its address.'),
  CONSENT_SERVICE_NOT_LICENSED: entry('act', 'customer admin', 'failed', 'The tenant has no subscription in force with a plan for this backup service.', 'Leave the service out for this customer, or ask the customer\'s admin to buy a licence that holds it.'),
  CONSENT_SERVICE_NOBODY_LICENSED: entry('act', 'customer admin', 'failed', 'No enabled member was found who is licensed for this backup service.', 'The customer\'s admin assigns a licence to the people whose data is to be backed up; then check again.'),
  CONSENT_SERVICE_LICENCE_PENDING: entry('retry_later', 'microsoft', 'try_later', 'Microsoft is still setting up the service the tenant has bought.', 'Check again in an hour; nobody has to do anything.'),
  CONSENT_SERVICE_LICENCE_FAILED: entry('act', 'customer admin', 'failed', 'Microsoft could not set up the service the tenant has bought.', 'The customer\'s admin looks at the subscription in the Microsoft 365 admin centre and asks Microsoft\'s support.'),
  CONSENT_SERVICE_LICENCE_UNREAD: entry('act', 'partner', 'try_later', 'What the tenant has licences for could not be read, so the service is not called ready.', 'Check again; if it repeats, an app needs LicenseAssignment.Read.All (or Organization.Read.All) on Microsoft Graph.'),
  CONSENT_SERVICE_LICENCE_UNKNOWN: entry('act', 'operator', 'failed', 'The tenant\'s plan for this service is not in this version\'s list of service plans.', 'Compare the named plan with Microsoft\'s list of service plans, and update this package or report it.'),
  CONSENT_SERVICE_PERMISSION_MISSING: entry('act', 'customer admin', 'failed', 'A permission this backup service lives on is not granted.', 'Run `consent verify`, then send the invitation again: the customer\'s admin accepts what is missing.'),
  CONSENT_SERVICE_NOT_PROBED: entry('act', 'partner', 'failed', 'No permission is granted with which one cheap reading of Microsoft Graph could show this service at work.', 'Declare a permission that can: the service\'s ready-made template asks for one.'),
  CONSENT_SERVICE_SETTLING: entry('retry_later', 'microsoft', 'try_later', 'The service still refuses the app shortly after the consent, which its caches explain for up to two hours.', 'Check again at the named time; nobody has to do anything.'),
  CONSENT_SERVICE_REFUSED: entry('act', 'customer admin', 'failed', 'The service refuses the app although the permission is granted.', 'The customer\'s admin looks for a policy that shuts the app out: in Exchange RBAC for Applications or an application access policy, in SharePoint and Teams restrictions of app access.'),
  CONSENT_SERVICE_MAILBOX_MISSING: entry('act', 'customer admin', 'failed', 'Nobody who was tried has a mailbox in Exchange Online, though they are licensed for one.', 'The customer\'s admin looks whether the mailboxes are still on-premises or being made; what is not in the cloud cannot be backed up from there.'),
  CONSENT_SERVICE_DRIVE_NOT_MADE: entry('retry_later', 'customer admin', 'try_later', 'Nobody who was tried has opened OneDrive yet; a drive comes into being when its owner first does.', 'Nothing is wrong: check again when somebody has opened OneDrive, or have the customer\'s admin set up the drives beforehand.'),
  CONSENT_SERVICE_DRIVE_LOCKED: entry('act', 'customer admin', 'failed', 'Every drive that was tried is locked or archived.', 'The customer\'s admin unlocks or reactivates them in the SharePoint admin centre.'),
  CONSENT_SERVICE_TEAM_NOT_MADE: entry('retry_later', 'microsoft', 'try_later', 'Groups say that they are teams, and Teams does not know them yet.', 'Check again in an hour; if it stays, the customer\'s admin looks at these teams in the Teams admin centre.'),
  CONSENT_SERVICE_PROBE_FAILED: entry('investigate', 'operator', 'failed', 'The service answered the probe with an error nobody expects there.', 'Look up the service code and the request id in the evidence; report it if it repeats.'),
  CONSENT_SERVICE_UNANSWERED: entry('retry_later', 'microsoft', 'try_later', 'The service gave no usable answer, so nothing can be said about it.', 'Check again; the evidence names the answer that came instead.'),
  CONSENT_UNKNOWN: entry('retry_later', 'operator', 'try_later', 'The directory\'s answer was incomplete, so nothing can be said about the consent.', 'Run the verification again; the evidence names the refused read.'),
  CONSENT_ROUTE_MISSING: entry('fix_input', 'operator', 'invalid', 'Changing grants without the admin\'s browser needs somebody who may do it in the customer\'s tenant, and nobody was named.', 'Hand over an access token of the customer\'s admin (--admin-token-stdin), or name an app of yours that holds the rights there (--with-app KEY).'),
  CONSENT_TOKEN_REFUSED: entry('act', 'customer admin', 'failed', 'The access token for changing grants is not accepted: it has ended, is for something else, or is not a person\'s.', 'Get a new Microsoft Graph access token as the customer\'s admin (`az account get-access-token --resource-type ms-graph`) and run it again.'),
  CONSENT_GRANT_NOT_ALLOWED: entry('act', 'customer admin', 'failed', 'Whoever should change the grants lacks a permission or a directory role in the customer\'s tenant.', 'The details name the missing right; a Global Administrator of the tenant can change the grants by hand, too (Enterprise applications, Permissions).'),
  CONSENT_GRANT_REFUSED: entry('act', 'partner', 'failed', 'Microsoft refused to change a grant.', 'The service code names the cause; run it again when that is mended: it goes on where it stopped.'),
  CONSENT_GRANT_PENDING: entry('retry_later', 'microsoft', 'try_later', 'Microsoft\'s directory does not show everywhere yet what was changed.', 'Run the same command again in a few minutes: it goes on where it stopped and makes nothing twice.'),
  CONSENT_PERMISSION_UNKNOWN: entry('fix_input', 'operator', 'invalid', 'The tenant\'s resource does not offer this permission, the tenant does not have the resource, or the app does not hold what is to be taken back.', 'Compare the spelling with `consent status`; a service without a licence may be missing from the tenant: then leave the app that needs it out (--app KEY).'),
  CONSENT_REVOCATION_UNCONFIRMED: entry('fix_input', 'operator', 'invalid', 'Taking back what a customer granted was not confirmed.', 'Look at what is granted (`consent status`); to take it back, confirm (--yes on the command line, Confirm in n8n).'),

  // Admins
  ADMINS_UNREADABLE: entry('act', 'partner', 'failed', 'The app may not read directory roles in this tenant.', 'Add RoleManagement.Read.Directory (or Directory.Read.All) to the app and get consent again.'),
  ADMINS_NONE: entry('act', 'customer admin', 'failed', 'Nobody in the tenant holds the required roles in a usable way.', 'The excluded people and their reasons say what to change.'),
  ADMINS_NOT_A_CANDIDATE: entry('fix_input', 'operator', 'invalid', 'The chosen person is not an admin candidate.', 'Choose one of the listed candidates; the reason for the exclusion is named.'),

  // SSO
  SSO_OWNERSHIP_UNPROVEN: entry('act', 'customer admin', 'failed', 'No admin of the tenant has yet confirmed that it belongs to this account.', 'The customer\'s Global Administrator opens the invitation and confirms the account\'s name.'),
  SSO_TENANT_CLAIMED: entry('not_allowed', 'operator', 'not_allowed', 'The tenant already belongs to another customer account.', 'Offboard the other account first, or correct the expected tenant.'),
  SSO_ACCOUNT_CLAIMED: entry('not_allowed', 'operator', 'not_allowed', 'The account already belongs to another tenant.', 'Offboard the account before it moves to another tenant.'),
  SSO_STATE_UNKNOWN: entry('act', 'customer admin', 'invalid', 'The sign-in answer carries a state we never issued.', 'Start again from the invitation.'),
  SSO_STATE_EXPIRED: entry('act', 'customer admin', 'expired', 'The sign-in answer came after its time.', 'Start again from the invitation.'),
  SSO_STATE_REPLAYED: entry('act', 'customer admin', 'invalid', 'This sign-in answer was used already.', 'Start again from the invitation.'),
  SSO_BROWSER_MISMATCH: entry('act', 'customer admin', 'invalid', 'The sign-in answer came from another browser.', 'Open the invitation and finish in the same browser.'),
  SSO_SIGN_IN_DECLINED: entry('act', 'customer admin', 'declined', 'The sign-in was cancelled or refused.', 'Open the invitation and sign in.'),
  SSO_CODE_REFUSED: entry('act', 'customer admin', 'failed', 'Microsoft did not accept the sign-in code.', 'Open the invitation and sign in again; look up the service code if it repeats.'),
  SSO_ID_TOKEN_INVALID: entry('act', 'customer admin', 'failed', 'The ID token failed a check.', 'Open the invitation and sign in again; the details name the failed check.'),
  SSO_WRONG_TENANT: entry('act', 'customer admin', 'wrong_account', 'The signed-in account belongs to another tenant.', 'Sign in with an admin account of the tenant that consented.'),
  SSO_NOT_AN_ADMIN: entry('act', 'customer admin', 'wrong_account', 'The signed-in account is not an active, tenant-wide Global or Privileged Role Administrator.', 'Sign in with such an account; activate the role first if it is only eligible.'),
  SSO_GUEST_REFUSED: entry('act', 'customer admin', 'wrong_account', 'The signed-in account is a guest in the tenant.', 'Sign in with a member account of the tenant.'),
  SSO_STANDING_UNKNOWN: entry('retry_later', 'microsoft', 'try_later', 'The directory did not say whether the signed-in account is an admin.', 'Try again; if it repeats, the app lacks a read permission or the service is disturbed.'),
  SSO_TENANT_REFUSED: entry('act', 'customer admin', 'wrong_account', 'This tenant can never belong to an account: it is the partner\'s own or the tenant of personal accounts.', 'Sign in with an admin account of the customer\'s tenant.'),
  SSO_CALLBACK_MALFORMED: entry('act', 'customer admin', 'invalid', 'The sign-in answer does not have a form Microsoft documents.', 'Start again from the invitation.'),
  SSO_CONFIRMATION_EXPIRED: entry('act', 'customer admin', 'expired', 'There is no sign-in waiting for a confirmation in this browser (any more).', 'Start again from the invitation and confirm within half an hour.'),
  SSO_CONFIRMATION_INVALID: entry('act', 'customer admin', 'invalid', 'The confirmation did not come from the page that was shown in this browser.', 'Start again from the invitation and press the button on the page.'),
  SSO_BINDING_NOT_FOUND: entry('act', 'operator', 'failed', 'No SSO binding is configured for this account.', 'Choose an admin and bind.'),
  SSO_UNBINDING_UNCONFIRMED: entry('fix_input', 'operator', 'invalid', 'Somebody is bound to the account, and ending that was not confirmed.', 'Look at the binding; to end it, confirm (--yes on the command line, Confirm in n8n).'),
  SSO_ADMIN_BOUND_ELSEWHERE: entry('not_allowed', 'operator', 'not_allowed', 'This person is bound to another customer account.', 'Unbind there first.'),
  SSO_BINDING_STALE: entry('attention', 'operator', 'failed', 'The bound admin no longer qualifies.', 'Choose another admin; the reasons say what changed.'),

  // Impersonation
  IMPERSONATION_NOT_ALLOWED: entry('not_allowed', 'operator', 'not_allowed', 'The operator may not impersonate for this account.', 'Ask whoever administers the operators\' rights.'),
  IMPERSONATION_REASON_REQUIRED: entry('fix_input', 'operator', 'invalid', 'Impersonation needs a reason.', 'Give a reason or a ticket number of at least three characters.'),
  IMPERSONATION_LEVEL_NONE: entry('act', 'customer admin', 'not_allowed', 'The customer\'s access level is none.', 'The customer\'s signed-in admin raises the level.'),
  IMPERSONATION_NOT_ACTIVE: entry('act', 'operator', 'not_allowed', 'The account\'s binding is not active and proven at this moment.', 'Run advance; its reasons say what is missing.'),
  IMPERSONATION_UNPROVEN: entry('retry_later', 'operator', 'try_later', 'The person\'s role or the consent could not be read at this moment, and nothing is granted without that.', 'Try again; the evidence names the refused read.'),
  IMPERSONATION_CHAINED: entry('not_allowed', 'operator', 'not_allowed', 'An impersonated session may not impersonate.', 'Sign in as yourself.'),
  IMPERSONATION_CODE_UNKNOWN: entry('act', 'operator', 'invalid', 'The one-time code does not exist.', 'Issue a new grant.'),
  IMPERSONATION_CODE_EXPIRED: entry('act', 'operator', 'expired', 'The one-time code has expired.', 'Issue a new grant.'),
  IMPERSONATION_CODE_SPENT: entry('act', 'operator', 'invalid', 'The one-time code was redeemed already.', 'Issue a new grant; if you did not redeem it, tell the partner.'),
  IMPERSONATION_PORTAL_UNAUTHENTICATED: entry('not_allowed', 'partner', 'not_allowed', 'The backup portal did not prove who it is.', 'Check the portal\'s client key and the assertion\'s audience.'),
  IMPERSONATION_PORTAL_UNCONFIGURED: entry('fix_input', 'partner', 'failed', 'No backup portal is configured.', 'Set portal.audience, portal.deliverTo and portal.jwksOrClientKey.'),
  IMPERSONATION_GRANT_INVALID: entry('act', 'operator', 'invalid', 'The impersonation grant failed a check.', 'Issue a new grant; the details name the failed check.'),
  IMPERSONATION_GRANT_SPENT: entry('act', 'operator', 'invalid', 'The impersonation grant was used already.', 'Issue a new grant.'),
  IMPERSONATION_GRANT_REVOKED: entry('act', 'operator', 'expired', 'The impersonation grant was revoked before it was used.', 'Ask who revoked it; issue a new grant with a new reason.'),
  IMPERSONATION_REDEEM_UNAVAILABLE: entry('retry_later', 'partner', 'try_later', 'The service that exchanges one-time codes did not give a usable answer; the code may be spent.', 'Check that the redemption address answers, then issue a new grant.'),
  IMPERSONATION_CONFIRMATION_REFUSED: entry('act', 'operator', 'expired', 'The confirmation does not belong to this browser, was used already or came too late.', 'Issue a new grant and confirm it in the same browser.'),
  IMPERSONATION_KEYS_UNAVAILABLE: entry('retry_later', 'partner', 'try_later', 'The keys that verify grants could not be had.', 'Check that the configured JWKS address answers.'),
  JWT_INVALID: entry('act', 'operator', 'invalid', 'A signed token is malformed or its signature does not fit.', 'Request a new one.'),

  // Certificates
  CERTIFICATE_NOT_FOUND: entry('fix_input', 'operator', 'invalid', 'There is no certificate with this id.', 'List the certificates and use one of their ids.'),
  CERTIFICATE_NAME_TAKEN: entry('fix_input', 'operator', 'invalid', 'Another certificate has this name.', 'Choose another name; the existing id is in the details.'),
  CERTIFICATE_EXISTS: entry('fix_input', 'operator', 'invalid', 'This very certificate is stored already.', 'Use the stored one; its id is in the details.'),
  CERTIFICATE_DELETION_UNCONFIRMED: entry('fix_input', 'operator', 'invalid', 'Deleting the certificate, with its private key and for good, was not confirmed.', 'Look at the certificate; to delete it, confirm (--yes on the command line, Confirm in n8n).'),
  CERTIFICATE_IN_USE: entry('act', 'operator', 'failed', 'Something still needs the certificate; each of them is named in the message and in the details.', 'Take them away one by one as the message says (rotate, unregister, change the configuration), then delete the certificate again.'),
  CERTIFICATE_FILE_UNUSABLE: entry('fix_input', 'operator', 'invalid', 'The file can be read, and no app could sign in with what is in it; the problems are named.', 'Run `certificate inspect` on it; export one RSA certificate together with its private key.'),
  CERTIFICATE_INPUT_INVALID: entry('fix_input', 'operator', 'invalid', 'A certificate parameter is out of range.', 'Correct the named parameter.'),
  CERTIFICATE_POLICY_LIFETIME: entry('fix_input', 'operator', 'invalid', 'The home tenant\'s app management policy would refuse a certificate that lives this long.', 'Ask for no more days than the details say, or for none: then the policy decides. Or have the policy changed.'),
  CERTIFICATE_EXPIRED: entry('attention', 'operator', 'failed', 'The certificate is outside its validity.', 'Generate or import another one and register it.'),
  CERTIFICATE_NOT_IN_USE: entry('fix_input', 'operator', 'invalid', 'No app signs in with the certificate, so there is nothing to rotate.', 'Register it on an app first, or generate another certificate.'),
  CERTIFICATE_NOT_CURRENT: entry('fix_input', 'operator', 'invalid', 'Another certificate has taken the place of this one.', 'Use the certificate that signs now; its id is in the details.'),
  CERTIFICATE_ROTATION_RUNNING: entry('act', 'operator', 'invalid', 'Another rotation is running on the same app.', 'Finish or undo the rotation that the details name.'),
  CERTIFICATE_ROTATION_TOO_LATE: entry('fix_input', 'operator', 'invalid', 'The rotation can no longer be undone: the old key is on its way out.', 'Run the rotation to its end, then rotate again.'),
  CERTIFICATE_SIGNER_UNKNOWN: entry('fix_input', 'operator', 'invalid', 'Nobody is known as this signer.', 'Take the signer\'s id from what the rotation waits for.'),
  CERTIFICATE_NOT_ACCEPTED: entry('retry_later', 'operator', 'try_later', 'The token endpoint does not accept the certificate yet.', 'Wait for replication and run the step again.'),
  PFX_PASSWORD_WRONG: entry('fix_input', 'operator', 'invalid', 'The file is whole and well formed, and this password does not open it.', 'Give the password the file was exported with; mind the keyboard layout and spaces at its ends.'),
  PFX_PASSWORD_REQUIRED: entry('fix_input', 'operator', 'invalid', 'The file is protected by a password and none was given.', 'Give the password the file was exported with.'),
  PFX_TRUNCATED: entry('fix_input', 'operator', 'invalid', 'The file ends before its content does.', 'Copy or download the file again, whole and in binary mode.'),
  PFX_MALFORMED: entry('fix_input', 'operator', 'invalid', 'The file is damaged, was changed after it was written, or was not written by the rules of its format.', 'Export it again; the message says what is wrong with it.'),
  PFX_ALGORITHM_UNSUPPORTED: entry('fix_input', 'operator', 'invalid', 'The file is protected by an algorithm that is not supported; the message names it.', 'Export it again with AES-256 and SHA-256 (Windows: "AES256-SHA256"; OpenSSL 3: its default).'),
  PFX_ITERATIONS_EXCESSIVE: entry('fix_input', 'operator', 'invalid', 'The file asks for more computing than any honest file does; nothing of it was computed.', 'Do not trust the file. If it is yours, export it again with the usual number of iterations.'),
  PFX_TOO_LARGE: entry('fix_input', 'operator', 'invalid', 'The file is larger, or has more entries, than a certificate file has.', 'Give the file of one certificate, with its chain at most; 1 MiB is the limit.'),
  PFX_TOO_SLOW: entry('retry_later', 'operator', 'try_later', 'Deriving the key from the password did not end in time.', 'Try again when this host is less busy, or export the file again with fewer iterations.'),
  PFX_EMPTY: entry('fix_input', 'operator', 'invalid', 'The file has no bytes.', 'Copy or download the file again.'),
  PEM_MALFORMED: entry('fix_input', 'operator', 'invalid', 'The PEM text is cut or damaged.', 'Copy it again, from the first BEGIN line to the last END line.'),
  NOT_A_PFX: entry('fix_input', 'operator', 'invalid', 'The file is something else than a PFX (PKCS#12); `detected` says what.', 'Give the PFX (.pfx, .p12). A PEM file with certificate and key is imported as it is.'),
  KEY_CREDENTIAL_FOREIGN_CHANGE: entry('attention', 'partner', 'failed', 'Somebody else changed the app\'s key credentials at the same time.', 'Look at the app registration; nothing is restored automatically.'),
  KEY_CREDENTIAL_REFUSED: entry('act', 'partner', 'failed', 'Microsoft refused the key credential.', 'The service code and message name the cause.'),
  KEY_CREDENTIAL_STALE: entry('retry_later', 'microsoft', 'try_later', 'The directory does not show the last change of the app\'s key credentials yet.', 'Wait some minutes for replication and run the step again: it reads before it writes.'),
  KEY_CREDENTIAL_BUSY: entry('retry_later', 'operator', 'try_later', 'Another run of ours is changing the same app\'s key credentials; two at once would undo each other.', 'Wait until it has ended, some minutes if it was killed, and run the step again.'),
  KEY_CREDENTIAL_PROOF_REFUSED: entry('act', 'partner', 'failed', 'Microsoft did not accept the proof that the app holds one of its registered keys.', 'Check this host\'s clock and that the signing certificate is registered on this app and valid; then run the step again, or register with another credential of the app (`certificate register`).'),
  KEY_CREDENTIAL_SIGNER_UNUSABLE: entry('act', 'partner', 'failed', 'The certificate that should prove possession is not registered on the app, has ended or is about to end, or is the one to be removed; nothing was sent.', 'Register the new certificate with another credential of the app (`certificate register`); to remove a key, prove with another registered one.'),
  KEY_CREDENTIAL_POLICY: entry('act', 'partner', 'failed', 'An app management policy of the home tenant forbids this certificate: it lives too long, or is not issued by a trusted authority.', 'Use a certificate within the policy (a shorter lifetime), or have the policy changed for this app.'),

  // Customer-owned apps
  CUSTOMER_APP_UNKNOWN: entry('fix_input', 'operator', 'invalid', 'The account has no customer app with this key.', 'List the customer apps of the account and use one of their keys.'),
  CUSTOMER_APP_EXISTS: entry('fix_input', 'operator', 'invalid', 'This key already stands for another customer app of the account, or for the same one with other permissions.', 'Use another key, or remove the customer app first.'),
  CUSTOMER_APP_REMOVING: entry('act', 'operator', 'expired', 'The customer app is being removed, and its removal has not come to its end.', 'Run the removal again: it goes on where it stopped. After that the key is free.'),
  CUSTOMER_APP_PENDING: entry('retry_later', 'microsoft', 'try_later', 'Microsoft\'s directory does not show everywhere yet what was done.', 'Run the same step again in a few minutes; it goes on where it stopped.'),
  CUSTOMER_APP_TOKEN_MISSING: entry('act', 'customer admin', 'failed', 'The next step is taken with the customer\'s admin, and no access token of theirs was given.', 'Pass the admin\'s Microsoft Graph access token (`az account get-access-token --resource-type ms-graph`).'),
  CUSTOMER_APP_TOKEN_REFUSED: entry('act', 'customer admin', 'failed', 'Microsoft Graph does not accept the access token: it has ended, is for something else, or is not a person\'s.', 'Get a new one as the customer\'s admin and run the step again.'),
  CUSTOMER_APP_NOT_ALLOWED: entry('act', 'customer admin', 'failed', 'The admin\'s access token lacks a permission, or the admin lacks a role.', 'The admin needs Global Administrator or Privileged Role Administrator; the access token Application.ReadWrite.All, AppRoleAssignment.ReadWrite.All and, for delegated permissions, DelegatedPermissionGrant.ReadWrite.All.'),
  CUSTOMER_APP_REFUSED: entry('act', 'partner', 'failed', 'Microsoft Graph refused a step.', 'The service code names the cause; run it again when that is mended.'),
  CUSTOMER_APP_NOT_FOUND: entry('fix_input', 'operator', 'invalid', 'The customer\'s tenant owns no app registration with this app id.', 'Take the "Application (client) ID" of one of its app registrations; an enterprise application alone is not one.'),
  CUSTOMER_APP_MULTI_TENANT: entry('not_allowed', 'customer admin', 'not_allowed', 'The app registration is for several tenants; a key on it would open all of them.', 'Adopt one for its own tenant alone, or register a new one.'),
  CUSTOMER_APP_ADOPTED: entry('not_allowed', 'operator', 'not_allowed', 'The app registration was there before us, so it is not ours to delete.', 'Remove our key only (--key-only on the command line, Key Only in n8n).'),
  CUSTOMER_APP_FOREIGN: entry('attention', 'partner', 'failed', 'The app registration is not, or not any more, the one we made.', 'Look at it together with the customer; nothing was deleted.'),
  CUSTOMER_APP_PERMISSION_UNKNOWN: entry('fix_input', 'operator', 'invalid', 'The tenant\'s resource does not offer this permission, or the tenant does not have the resource.', 'Check the spelling and the kind; a service without a licence may be missing from the tenant.'),

  // Token endpoint and Graph
  STS_REFUSED: entry('act', 'partner', 'failed', 'The token endpoint refused the app.', 'Look up the service code; it names the cause.'),
  STS_APP_NOT_IN_TENANT: entry('act', 'customer admin', 'failed', 'The app has no service principal in this tenant (yet).', 'Consent is missing, was removed, or has not replicated.'),
  STS_APP_DISABLED: entry('act', 'customer admin', 'failed', 'The app is disabled in this tenant.', 'The customer re-enables the enterprise application.'),
  STS_RESOURCE_MISSING: entry('act', 'customer admin', 'failed', 'The resource has no service principal in this tenant.', 'License or enable the service, or leave the app out.'),
  STS_CREDENTIAL_REFUSED: entry('act', 'partner', 'failed', 'The token endpoint does not accept the app\'s credential.', 'Check that the certificate is registered on this app, is valid, and has replicated.'),
  STS_THROTTLED: entry('retry_later', 'microsoft', 'try_later', 'The token endpoint asked us to slow down.', 'Try again after the given time.'),
  STS_UNAVAILABLE: entry('retry_later', 'microsoft', 'try_later', 'The token endpoint could not be reached or failed.', 'Try again later; check the network and the CA.'),
  TLS_UNTRUSTED: entry('fix_input', 'operator', 'failed', 'The server\'s certificate is not trusted.', 'Check the address; for the sandbox set caFile to the CA it wrote.'),
  GRAPH_REFUSED: entry('act', 'partner', 'failed', 'Microsoft Graph refused the request.', 'The service code names the missing permission or the bad parameter.'),
  GRAPH_UNAVAILABLE: entry('retry_later', 'microsoft', 'try_later', 'Microsoft Graph could not be reached or failed.', 'Try again later.'),
  GRAPH_THROTTLED: entry('retry_later', 'microsoft', 'try_later', 'Microsoft Graph asked us to slow down.', 'Try again after the given time.'),
  GRAPH_ANSWER_INVALID: entry('retry_later', 'microsoft', 'failed', 'Microsoft Graph\'s answer does not have the documented form.', 'Try again; report it with the request id if it repeats.'),
  GRAPH_ORIGIN_REFUSED: entry('investigate', 'microsoft', 'failed', 'An answer pointed to another origin and was not followed.', 'Report it: a token is only ever sent to the configured origin.'),

  // Fleet
  FLEET_SWEEP_RUNNING: entry('retry_later', 'operator', 'try_later', 'Another sweep is under way over the same state; two would ask every tenant twice.', 'Wait until it has ended. The sweep of a process that was killed ends by itself ten minutes after its last step.'),
  FLEET_ACCOUNT_TOO_SLOW: entry('retry_later', 'microsoft', 'try_later', 'A look at one account took longer than a sweep waits for one.', 'Run the sweep again later; if it is always the same account, advance it alone and see what is slow.'),

  // Audit and the rest
  AUDIT_UNAVAILABLE: entry('retry_later', 'operator', 'try_later', 'The audit could not be written, so nothing was granted.', 'Repair the audit store, then try again.'),
  OPERATOR_UNKNOWN: entry('not_allowed', 'operator', 'not_allowed', 'The operator is not known here.', 'Configure the operator or sign in as one.'),
  OPERATOR_NOT_ALLOWED: entry('not_allowed', 'operator', 'not_allowed', 'The operator may not do this for this account.', 'Ask whoever administers the operators\' rights.'),
  UNEXPECTED: entry('investigate', 'partner', 'failed', 'Something happened that was not foreseen.', 'Report it with the support code.'),
} as const satisfies Record<string, CatalogEntry>;

/** The closed list. Adding a code is a minor version, removing one a major version. */
export type ErrorCode = keyof typeof ERROR_CATALOG;
