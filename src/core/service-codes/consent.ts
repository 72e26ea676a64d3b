/**
 * AADSTS numbers around consent: declined, not allowed, not possible in this tenant, or asked for by a registration that
 * is not right. Sources: Microsoft Learn "Microsoft Entra authentication and authorization error codes", "Unexpected error
 * when performing consent"; for 650051 a vendor's support article; for 900941 and 900981 Learn "Publisher verification".
 */
import { sts, type ServiceCodeEntry } from './model';

const NOT_YOUR_SIDE = 'Nothing is wrong on your side: the registration of the backup provider\'s app has to be corrected, and the provider will send you a new invitation.';

export const CONSENT_CODES: readonly ServiceCodeEntry[] = [
  sts([65004], {
    code: 'CONSENT_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'The admin declined the permissions on Microsoft\'s page.',
    remedy: 'Ask the admin what kept them, then send the same invitation again: it stays good until it expires.',
    admin: 'The permissions were declined; open the invitation again and press Accept if you want the backup to be set up.',
  }),
  sts([65001], {
    code: 'CONSENT_MISSING_PERMISSIONS', owner: 'customer admin', retry: [5, 60],
    means: 'Nobody has consented to this app or resource in the tenant, or the consent has not reached every server yet.',
    remedy: 'Within a minute of a consent, try again; after that, send the invitation so that an admin consents.',
    admin: 'The app has not been accepted for your organisation yet; open the invitation and accept the permissions.',
  }),
  sts([90093, 90094, 90095], {
    code: 'CONSENT_ADMIN_APPROVAL_NEEDED', owner: 'customer admin', retry: 'user',
    means: 'The signed-in account may not grant these permissions, or the tenant\'s policy wants an admin to approve them.',
    remedy: 'Send the invitation to a Global Administrator or Privileged Role Administrator; a role that is only eligible has to be activated first.',
    admin: 'Your account is not allowed to accept these permissions; a Global Administrator or Privileged Role Administrator has to open the invitation.',
  }),
  sts([900941, 900981], {
    code: 'CONSENT_ADMIN_APPROVAL_NEEDED', owner: 'partner', retry: 'user',
    means: 'Microsoft rates the app as risky, as a rule because its publisher is not verified, so only an admin may go on.',
    remedy: 'Verify the publisher of the app registration; until then a Global Administrator can still accept.',
    admin: 'Microsoft shows a warning because the publisher of this app is not verified; a Global Administrator can check the name of the app and go on.',
  }),
  sts([90099], {
    code: 'CONSENT_PARTNER_ADMIN', owner: 'partner', retry: 'no',
    means: 'A partner\'s delegated admin signed in, and the app is not authorised for delegated admins in this tenant.',
    remedy: 'Let an admin account of the customer\'s own open the invitation, or consent through Partner Center.',
    admin: 'A partner\'s account cannot accept this for you; an admin of your own organisation has to open the invitation.',
  }),
  sts([650051], {
    code: 'CONSENT_SETTLING', owner: 'microsoft', retry: [300, 900],
    means: 'The app\'s name is still taken in the tenant: a former service principal is being deleted, or two consents ran at once.',
    remedy: 'Wait 5 to 15 minutes, look whether the service principal is there, then send the invitation again; deleting the enterprise application does not help.',
    admin: 'Microsoft is still tidying up an earlier copy of this app in your organisation; please wait a quarter of an hour and open the invitation again.',
  }),
  sts([650052, 500011], {
    code: 'STS_RESOURCE_MISSING', owner: 'customer admin', retry: 'once',
    means: 'A service the app asks for has no service principal in the tenant: not licensed, never used, or of another cloud.',
    remedy: 'Have the service licensed and opened once, or leave the app that needs it out; then try once more.',
    admin: 'A service this app wants to protect is not set up in your organisation; assign a licence for it, or tell the backup provider that you do not use it.',
  }),
  sts([50001, 500014], {
    code: 'STS_RESOURCE_MISSING', owner: 'customer admin', retry: 'no',
    means: 'The service the app asks for is missing or switched off in the tenant.',
    remedy: 'Check the resource in the app\'s declaration, and that the customer has the service licensed and enabled.',
    admin: 'A service this app needs is switched off in your organisation; an admin can enable it under "Enterprise applications".',
  }),
  sts([650054], {
    code: 'CONSENT_APP_MISCONFIGURED', owner: 'partner', retry: 'no',
    means: 'The app registration asks for a permission of a service that has been removed.',
    remedy: 'Remove that permission from the app registration, then send the invitation again.',
    admin: NOT_YOUR_SIDE,
  }),
  sts([65005, 650056], {
    code: 'CONSENT_APP_MISCONFIGURED', owner: 'partner', retry: 'no',
    means: 'What the app registration requires does not fit what was asked for or consented to.',
    remedy: 'Compare the required permissions of the app registration with the declaration, correct them, and send the invitation again.',
    admin: NOT_YOUR_SIDE,
  }),
  sts([650057], {
    code: 'CONSENT_APP_MISCONFIGURED', owner: 'partner', retry: 'no',
    means: 'The app asked for a service that is not among its required permissions.',
    remedy: 'Add the service to the required permissions of the app registration, or correct the resource in the declaration.',
    admin: NOT_YOUR_SIDE,
  }),
  sts([50011], {
    code: 'CONSENT_APP_MISCONFIGURED', owner: 'partner', retry: 'no',
    means: 'The address to return to is not registered on this app.',
    remedy: 'Register the callback addresses of this installation on every app, platform Web, letter for letter.',
    admin: NOT_YOUR_SIDE,
  }),
  sts([500113, 900971], {
    code: 'CONSENT_APP_MISCONFIGURED', owner: 'partner', retry: 'no',
    means: 'The app has no address to return to, or none was sent.',
    remedy: 'Register the callback addresses of this installation on every app, platform Web.',
    admin: NOT_YOUR_SIDE,
  }),
  sts([50194], {
    code: 'CONSENT_APP_MISCONFIGURED', owner: 'partner', retry: 'no',
    means: 'The app is registered for its home tenant alone, so no other tenant can consent to it.',
    remedy: 'Set the supported account types of the app registration to accounts in any organisational directory.',
    admin: NOT_YOUR_SIDE,
  }),
  sts([500021, 500022], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'no',
    means: 'The network the browser is in restricts which tenants may be reached, and this one is not among them.',
    remedy: 'Ask the customer\'s network admin to allow the tenant, or let the admin open the invitation from another network.',
    admin: 'Your network does not allow signing in to this organisation; ask your network team to allow it, or open the invitation from another network.',
  }),
  sts([500212, 500213], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'no',
    means: 'A cross-tenant access policy keeps the account out: its own tenant does not let it go, or the other does not let it in.',
    remedy: 'Let a member account of the customer\'s tenant open the invitation, or have the policy changed.',
    admin: 'A policy for access between organisations blocks this account; sign in with an admin account of the organisation that is to be backed up.',
  }),
].flat();
