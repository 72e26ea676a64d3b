/**
 * Microsoft Graph's error codes as they are met here. Branch on the code, never on the message. Sources: Graph "error
 * responses", "throttling guidance", "batching", the error lists of the calls this package makes; public threads for codes
 * the documentation does not name.
 */
import { graph, type ServiceCodeEntry } from './model';

export const GRAPH_CODES: readonly ServiceCodeEntry[] = [
  graph(['Authorization_RequestDenied'], {
    code: 'GRAPH_REFUSED', owner: 'customer admin', retry: 'no',
    means: 'The app token lacks the permission this call needs, or the permission was granted a moment ago and is not in the token.',
    remedy: 'Verify the consent with a fresh token (`consent verify`); if the permission is missing, send the invitation.',
    admin: 'A permission the backup needs is missing in your organisation; open the invitation and accept the permissions.',
  }),
  graph(['Authorization_IdentityNotFound'], {
    code: 'GRAPH_REFUSED', owner: 'customer admin', retry: 'no',
    means: 'The calling app\'s service principal is not in the tenant (any more).',
    remedy: 'Verify the consent; if the service principal is gone, send the invitation.',
    admin: 'The app was removed from your organisation; open the invitation and accept the permissions again.',
  }),
  graph(['InvalidAuthenticationToken'], {
    code: 'GRAPH_REFUSED', owner: 'partner', retry: 'once',
    means: 'The app token has ended, is for another resource, or is of another cloud.',
    remedy: 'A new token is asked for once by itself; if it repeats, check the Graph host and the cloud of the configuration.',
    admin: null,
  }),
  graph(['Authentication_MissingOrMalformed'], {
    code: 'KEY_CREDENTIAL_PROOF_REFUSED', owner: 'partner', retry: 'no',
    means: 'The proof that the app holds one of its registered keys was not accepted; the message about the access token misleads.',
    remedy: 'Check this host\'s clock and that the signing certificate is registered on this app; otherwise register with another credential.',
    admin: null,
  }),
  graph(['Request_BadRequest', 'BadRequest', 'invalidRequest'], {
    code: 'GRAPH_REFUSED', owner: 'partner', retry: 'no',
    means: 'A parameter or the body of the request is not accepted; for a grant it can also mean that the grant is there already.',
    remedy: 'Read what is there before anything is sent again; report it with the request id if it repeats.',
    admin: null,
  }),
  graph(['Request_UnsupportedQuery'], {
    code: 'GRAPH_REFUSED', owner: 'partner', retry: 'no',
    means: 'The filter, the order or the expansion of the query is not supported here.',
    remedy: 'Report it with the request id: the query is this package\'s own.',
    admin: null,
  }),
  graph(['NoBackingApplicationObject'], {
    code: 'CUSTOMER_APP_PENDING', owner: 'microsoft', retry: [2, 300],
    means: 'The app was registered a moment ago and has not reached every server.',
    remedy: 'Run the same step again in a minute; it goes on where it stopped.',
    admin: 'Microsoft has not finished setting up the app in your organisation; wait some minutes and try again.',
  }),
  graph(['AadPremiumLicenseRequired', 'Authentication_RequestFromNonPremiumTenantOrB2CTenant'], {
    code: 'GRAPH_REFUSED', owner: 'customer admin', retry: 'no',
    means: 'The tenant has no Entra ID licence for this reading (P1 for sign-in activity, P2 for eligible roles); it is a fact about the tenant and not a fault.',
    remedy: 'Nothing has to be done: eligible admins or last sign-ins are shown as not readable.',
    admin: 'Your organisation has no licence for this report, and the backup works without it.',
  }),
  graph(['Request_ResourceNotFound', 'Directory_ObjectNotFound', 'ResourceNotFound', 'itemNotFound'], {
    code: 'GRAPH_REFUSED', owner: 'operator', retry: [1, 300],
    means: 'The object is not there, or is so new that it has not replicated.',
    remedy: 'Within five minutes of its creation, read again; never create it a second time because one reading did not show it.',
    admin: 'Microsoft does not show this object yet; wait some minutes and try again.',
  }),
  graph(['Request_MultipleObjectsWithSameKeyValue'], {
    code: 'GRAPH_REFUSED', owner: 'operator', retry: 'no',
    means: 'The grant or the service principal is there already.',
    remedy: 'Read the one that is there and go on with it; an earlier attempt may have succeeded although its answer was lost.',
    admin: null,
  }),
  graph(['Directory_ConcurrencyViolation'], {
    code: 'GRAPH_REFUSED', owner: 'operator', retry: [1, 60],
    means: 'Somebody changed the same object at the same moment.',
    remedy: 'Read the object again and run the step once more.',
    admin: null,
  }),
  graph(['Directory_QuotaExceeded'], {
    code: 'GRAPH_REFUSED', owner: 'customer admin', retry: 'no',
    means: 'The tenant, or the one who creates, has reached the limit of directory objects.',
    remedy: 'Ask the customer to delete objects that are not needed, also from "Deleted applications", or to have the limit raised.',
    admin: 'Your directory has reached its limit of objects; delete ones that are not needed, or ask Microsoft to raise the limit.',
  }),
  graph(['TooManyRequests', 'activityLimitReached'], {
    code: 'GRAPH_THROTTLED', owner: 'microsoft', retry: [1, 120],
    means: 'Microsoft Graph limits the requests of this app or tenant at the moment.',
    remedy: 'Try again after the given time, and with fewer requests at once.',
    admin: 'Microsoft limits requests for your organisation at the moment; wait some minutes and try again.',
  }),
  graph(['serviceNotAvailable', 'ServiceUnavailable', 'UnknownError', 'GatewayTimeout'], {
    code: 'GRAPH_UNAVAILABLE', owner: 'microsoft', retry: [1, 120],
    means: 'Microsoft Graph has a passing disturbance.',
    remedy: 'Try again in a minute; if it lasts, look at Microsoft\'s service status.',
    admin: 'Microsoft\'s service is disturbed at the moment; wait some minutes and try again.',
  }),
  graph(['FailedDependency'], {
    code: 'GRAPH_UNAVAILABLE', owner: 'microsoft', retry: [1, 120],
    means: 'An item of a batch was not carried out because another one failed.',
    remedy: 'Run the step again; the item that failed carries the cause.',
    admin: null,
  }),
  graph(['KeyCredentialsInvalidEndDate', 'KeyCredentialsInvalidStartDate', 'InvalidKeyEndDate'], {
    code: 'KEY_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The dates of a key credential are outside the certificate\'s own, or an expired key was sent along.',
    remedy: 'Remove expired keys of the app first; a new key is sent with the dates of its certificate.',
    admin: null,
  }),
  graph(['KeyCredentialsInvalidValue'], {
    code: 'KEY_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The certificate of a key credential is not accepted.',
    remedy: 'Run `certificate doctor` on it, then register one with an RSA key of at least 2048 bits.',
    admin: null,
  }),
  graph(['KeyNotUpdatable'], {
    code: 'KEY_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'A registered key cannot be changed; it can only be removed and added.',
    remedy: 'Look for somebody else who changes the app\'s keys; register the certificate again under a new key id.',
    admin: null,
  }),
  graph(['CredentialInvalidLifetimeAsPerAppPolicy', 'CredentialTypeNotAllowedAsPerAppPolicy'], {
    code: 'KEY_CREDENTIAL_POLICY', owner: 'partner', retry: 'no',
    means: 'An app management policy of the tenant that owns the app forbids this kind of credential or so long a lifetime.',
    remedy: 'Use a certificate within the policy, or have the policy changed for this app.',
    admin: 'A policy of your organisation limits how long keys of apps may live; allow it for this app, or ask for a shorter lifetime.',
  }),
  graph(['ErrorAccessDenied', 'accessDenied', 'generalException'], {
    code: 'GRAPH_REFUSED', owner: 'customer admin', retry: 'no',
    means: 'The service behind Graph refuses: the permission is missing, a policy of Exchange or SharePoint limits the app, or a change made less than two hours ago is not known to it yet.',
    remedy: 'Compare the permissions of the app; ask the customer for Exchange application access policies and SharePoint site limits.',
    admin: 'Exchange or SharePoint refuses the app; check the access policies for apps there, and wait two hours after a change.',
  }),
  graph(['MailboxNotEnabledForRESTAPI'], {
    code: 'GRAPH_REFUSED', owner: 'customer admin', retry: 'no',
    means: 'This person has no cloud mailbox, or it is still being set up.',
    remedy: 'Try another licensed person before the tenant is judged.',
    admin: 'This person has no mailbox in the cloud; choose somebody with an Exchange Online licence.',
  }),
].flat();
