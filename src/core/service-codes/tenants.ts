/**
 * AADSTS numbers about the tenant and the app in it: not there, disabled, in another cloud. Sources: Microsoft Learn
 * "Microsoft Entra authentication and authorization error codes", "National clouds", "Service-principal-less
 * authentication" (7000229).
 */
import { sts, type ServiceCodeEntry } from './model';

export const TENANT_CODES: readonly ServiceCodeEntry[] = [
  sts([90002], {
    code: 'TENANT_NOT_FOUND', owner: 'operator', retry: 'no',
    means: 'There is no such tenant in this cloud: a typing error, a deleted tenant, or one of another cloud.',
    remedy: 'Compare the tenant id or domain with the overview page of the customer\'s Entra admin centre.',
    admin: 'Microsoft does not know the organisation the invitation names; tell the backup provider the primary domain from your Entra admin centre.',
  }),
  sts([90038, 900382, 900432, 1000104], {
    code: 'TENANT_WRONG_CLOUD', owner: 'partner', retry: 'no',
    means: 'The tenant is in another of Microsoft\'s clouds, and neither apps nor tokens cross from one to another.',
    remedy: 'Register the apps in the tenant\'s cloud and onboard the customer from an installation configured for it.',
    admin: 'Your organisation is in a separate Microsoft cloud, such as the one for governments or for China; the backup provider needs a registration there first.',
  }),
  sts([700011, 700016], {
    code: 'STS_APP_NOT_IN_TENANT', owner: 'customer admin', retry: [2, 120],
    means: 'The app is not in this tenant: no consent (yet), the wrong tenant or the wrong cloud.',
    remedy: 'Right after a consent, wait for replication; after that check the app id and the cloud, and send the invitation.',
    admin: 'The app is not set up in your organisation yet; open the invitation and accept the permissions.',
  }),
  sts([7000229], {
    code: 'STS_APP_NOT_IN_TENANT', owner: 'customer admin', retry: [2, 120],
    means: 'The app has no service principal in this tenant: consent is missing, or the enterprise application was deleted.',
    remedy: 'Right after a consent, wait for replication; after that send the invitation again.',
    admin: 'The app is missing from "Enterprise applications" in your organisation; open the invitation and accept the permissions again.',
  }),
  sts([70001, 7000112, 1000031], {
    code: 'STS_APP_DISABLED', owner: 'customer admin', retry: 'no',
    means: 'The app is disabled in this tenant.',
    remedy: 'Ask the customer to enable the enterprise application for sign-in again.',
    admin: 'The app is switched off in your organisation; open it under "Enterprise applications" and set "Enabled for users to sign in" to Yes.',
  }),
  sts([50059, 50128, 90019], {
    code: 'STS_REFUSED', owner: 'operator', retry: 'no',
    means: 'The request names no tenant, and none can be told from it.',
    remedy: 'Give the account its tenant id or domain and send a new invitation.',
    admin: 'Microsoft could not tell which organisation is meant; ask the backup provider for an invitation that names yours.',
  }),
  sts([900023], {
    code: 'STS_REFUSED', owner: 'operator', retry: 'no',
    means: 'What names the tenant is neither a tenant id nor a domain.',
    remedy: 'Correct the account\'s tenant: its id or one of its verified domains.',
    admin: 'Microsoft does not understand the name of your organisation in this address; ask the backup provider for a new invitation.',
  }),
  sts([5000224], {
    code: 'STS_RESOURCE_MISSING', owner: 'customer admin', retry: 'no',
    means: 'The resource is not available: the tenant is blocked, or is being closed.',
    remedy: 'Ask the customer whether the tenant is still in use; Microsoft support can say why it is blocked.',
    admin: 'Microsoft has blocked this service for your organisation; ask Microsoft support for the reason.',
  }),
  sts([501051], {
    code: 'STS_REFUSED', owner: 'customer admin', retry: 'no',
    means: 'The app is not assigned to a role of an enterprise application that wants assignment.',
    remedy: 'Ask the customer to assign the app, or to switch "Assignment required" off for that enterprise application.',
    admin: 'This app is open to assigned apps only; assign it under "Enterprise applications", or switch "Assignment required" off there.',
  }),
  sts([9001023, 90124, 90130], {
    code: 'STS_REFUSED', owner: 'operator', retry: 'no',
    means: 'This kind of request needs one tenant; it was sent for all of them.',
    remedy: 'Give the account its tenant id and run the step again.',
    admin: null,
  }),
  sts([700005], {
    code: 'SSO_CODE_REFUSED', owner: 'partner', retry: 'no',
    means: 'The sign-in code was issued by another tenant than the one it was redeemed at.',
    remedy: 'Ask the admin to open the invitation again; if it repeats, report it with the correlation id.',
    admin: 'The sign-in was begun in one organisation and ended in another; open the invitation in a private window and use one account throughout.',
  }),
].flat();
