/**
 * AADSTS numbers about the person in the browser: the wrong account, a locked one, a second factor, a policy, a sign-in
 * that has to start again. Source: Microsoft Learn "Microsoft Entra authentication and authorization error codes".
 */
import { sts, type ServiceCodeEntry } from './model';

const START_AGAIN = 'The sign-in took too long or was repeated; open the invitation again and finish in the same window.';

export const PEOPLE_CODES: readonly ServiceCodeEntry[] = [
  sts([16000, 50020, 50177, 90072], {
    code: 'CONSENT_WRONG_TENANT', owner: 'customer admin', retry: 'user',
    means: 'The account that signed in belongs to another tenant and is not present in this one.',
    remedy: 'Ask the admin to open the invitation in a private window with an account of the customer\'s tenant.',
    admin: 'You are signed in with an account of another organisation; open the invitation in a private window and use an admin account of the organisation that is to be backed up.',
  }),
  sts([500200], {
    code: 'CONSENT_WRONG_TENANT', owner: 'customer admin', retry: 'user',
    means: 'A personal Microsoft account was used.',
    remedy: 'Ask the admin to open the invitation in a private window with a work account of the customer\'s tenant.',
    admin: 'You are signed in with a personal account; open the invitation in a private window and use your work account.',
  }),
  sts([50034, 51004], {
    code: 'CONSENT_WRONG_TENANT', owner: 'customer admin', retry: 'user',
    means: 'The account does not exist in the directory it signed in to.',
    remedy: 'Ask the admin for the exact sign-in name, and to use an account of the customer\'s tenant.',
    admin: 'This account does not exist in the organisation; check the spelling or use another admin account.',
  }),
  sts([50014], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'The account is a guest who has not accepted the invitation to the tenant yet.',
    remedy: 'Ask for a member account of the customer\'s tenant; a guest is not accepted as its admin.',
    admin: 'This guest account has not accepted its own invitation yet; please use an account that belongs to the organisation.',
  }),
  sts([50053], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'The account is locked after too many attempts, or comes from an address Microsoft rates as malicious.',
    remedy: 'Ask the admin to wait, have the account unblocked, or use another network; then to open the invitation again.',
    admin: 'Your account is locked for the moment; wait a while or have it unblocked, then open the invitation again.',
  }),
  sts([50055, 50144], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'The password of the account has expired.',
    remedy: 'Ask the admin to change the password and to open the invitation again.',
    admin: 'Your password has expired; change it and open the invitation again.',
  }),
  sts([50057], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'no',
    means: 'The account is disabled.',
    remedy: 'Choose another admin, or have the account enabled again.',
    admin: 'This account is disabled; use another admin account.',
  }),
  sts([50126], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'The sign-in name or the password was wrong.',
    remedy: 'Ask the admin to open the invitation again and sign in.',
    admin: 'The sign-in name or the password was wrong; open the invitation and try again.',
  }),
  sts([50058], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'A silent sign-in was asked for, and nobody is signed in.',
    remedy: 'Ask the admin to open the invitation and sign in on Microsoft\'s page.',
    admin: 'Nobody is signed in in this browser; open the invitation and sign in.',
  }),
  sts([50072, 50079], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'The account has to enrol for a second factor before it can sign in.',
    remedy: 'Ask the admin to set up the second factor and to open the invitation again.',
    admin: 'Your organisation asks for a second step at sign-in and you have not set it up; do so, then open the invitation again.',
  }),
  sts([50074, 50076, 50078], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'A second factor was asked for and not given, or was given too long ago.',
    remedy: 'Ask the admin to open the invitation again and complete the second factor.',
    admin: 'The second step of the sign-in was not completed; open the invitation again and confirm it.',
  }),
  sts([50105], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'no',
    means: 'The enterprise application wants people assigned to it, and this account is not.',
    remedy: 'Ask the customer to assign the admin to the enterprise application, or to switch "Assignment required" off.',
    admin: 'This app is open to assigned people only; assign yourself under "Enterprise applications", or switch "Assignment required" off there.',
  }),
  sts([50131, 53000, 53001, 53003, 530032], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'A Conditional Access or security policy of the tenant blocks the sign-in.',
    remedy: 'Ask the customer to find this sign-in in the sign-in log: it names the policy; then use an allowed device and place, or exclude the app.',
    admin: 'A Conditional Access policy of your organisation blocked the sign-in; use a device and a place it allows, and look at the sign-in log for the policy\'s name.',
  }),
  sts([530034], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'partner', retry: 'no',
    means: 'A partner\'s delegated admin is blocked because of a risk found in the partner\'s own tenant.',
    remedy: 'Clear the risk of that account in the partner\'s tenant, or let the customer\'s own admin sign in.',
    admin: 'A partner\'s account was blocked for safety; an admin of your own organisation can open the invitation instead.',
  }),
  sts([530035], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'The tenant\'s security defaults blocked the sign-in.',
    remedy: 'Ask the admin to sign in with a second factor and an up-to-date browser.',
    admin: 'The security defaults of your organisation blocked the sign-in; use an up-to-date browser and confirm the second step.',
  }),
  sts([50173], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'The earlier sign-in was revoked, as a rule by a changed password.',
    remedy: 'Ask the admin to open the invitation and sign in afresh.',
    admin: 'Your earlier sign-in has ended, for example because the password changed; sign in again.',
  }),
  sts([50140, 50199], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'Microsoft stopped at a question of its own: whether to stay signed in, or whether this is the app that was meant.',
    remedy: 'Ask the admin to open the invitation again and answer Microsoft\'s question.',
    admin: 'Microsoft asked a question during the sign-in that was not answered; open the invitation again and answer it.',
  }),
  sts([50147, 501481], {
    code: 'SSO_CODE_REFUSED', owner: 'customer admin', retry: 'user',
    means: 'The secret that ties the sign-in\'s answer to this browser did not fit.',
    remedy: 'Ask the admin to open the invitation again in one window; if it repeats, report it with the correlation id.',
    admin: START_AGAIN,
  }),
  sts([54005], {
    code: 'SSO_CODE_REFUSED', owner: 'customer admin', retry: 'user',
    means: 'The sign-in code was used already: the answer arrived twice.',
    remedy: 'Ask the admin to open the invitation again; if it repeats, look for something that loads addresses twice, such as a link scanner.',
    admin: START_AGAIN,
  }),
  sts([70000, 70008, 700082], {
    code: 'SSO_CODE_REFUSED', owner: 'customer admin', retry: 'user',
    means: 'The sign-in code or the refresh token is invalid, expired or unused for too long.',
    remedy: 'Ask the admin to open the invitation and sign in again.',
    admin: START_AGAIN,
  }),
  sts([900561], {
    code: 'SSO_SIGN_IN_DECLINED', owner: 'customer admin', retry: 'user',
    means: 'A browser went back to a page of Microsoft\'s that cannot be opened directly.',
    remedy: 'Nothing is broken; ask the admin to open the invitation again.',
    admin: 'The browser went back to a page that cannot be opened on its own; open the invitation again.',
  }),
].flat();
