/**
 * AADSTS numbers about the request itself and about the service's own trouble: malformed requests are somebody's bug,
 * throttling and disturbances pass. Source: Microsoft Learn "Microsoft Entra authentication and authorization error codes".
 */
import { sts, type ServiceCodeEntry } from './model';

export const REQUEST_CODES: readonly ServiceCodeEntry[] = [
  sts([50196], {
    code: 'STS_THROTTLED', owner: 'operator', retry: [300, 1800],
    means: 'The same request was made so often that Microsoft takes it for a loop.',
    remedy: 'Wait several minutes; then look for something that asks for app tokens over and over instead of keeping them.',
    admin: 'Microsoft asks for a pause because of too many attempts; wait some minutes and open the invitation again.',
  }),
  sts([90055], {
    code: 'STS_THROTTLED', owner: 'microsoft', retry: [30, 900],
    means: 'Microsoft limits the sign-ins of this tenant at the moment.',
    remedy: 'Try again after the given time, and with fewer requests at once.',
    admin: 'Microsoft limits sign-ins for your organisation at the moment; wait some minutes and open the invitation again.',
  }),
  sts([50000, 50033, 50087, 90006, 90012, 90024, 90033, 90090], {
    code: 'STS_UNAVAILABLE', owner: 'microsoft', retry: [1, 300],
    means: 'Microsoft\'s sign-in service has a passing disturbance.',
    remedy: 'Try again in a minute; if it lasts, look at Microsoft\'s service status.',
    admin: 'Microsoft\'s sign-in service is disturbed at the moment; wait some minutes and open the invitation again.',
  }),
  sts([90013, 90014, 900144, 9002313, 90100, 90005, 90023], {
    code: 'STS_REFUSED', owner: 'partner', retry: 'no',
    means: 'A parameter of the request is missing or wrong.',
    remedy: 'Check that nothing rewrote the address on its way, such as a mail program; otherwise report it with the correlation id.',
    admin: 'The address arrived damaged; open the invitation again from the original message.',
  }),
  sts([70011, 1002012, 700022, 28002], {
    code: 'STS_REFUSED', owner: 'partner', retry: 'no',
    means: 'What was asked for is not valid: it has to be one resource followed by /.default.',
    remedy: 'Check the resources in the app\'s declaration; report it with the correlation id if they are right.',
    admin: null,
  }),
  sts([700054, 70007], {
    code: 'STS_REFUSED', owner: 'partner', retry: 'no',
    means: 'The kind of answer that was asked for is not enabled or not known.',
    remedy: 'Report it with the correlation id: this package asks for the code flow only.',
    admin: null,
  }),
  sts([70003], {
    code: 'STS_REFUSED', owner: 'partner', retry: 'no',
    means: 'The kind of grant that was asked for is not supported.',
    remedy: 'Check that the authority host of the configuration is a sign-in service of Microsoft\'s.',
    admin: null,
  }),
  sts([700038], {
    code: 'STS_REFUSED', owner: 'operator', retry: 'no',
    means: 'The app id is not an id of any app.',
    remedy: 'Correct the app id in the configuration.',
    admin: null,
  }),
  sts([50049], {
    code: 'STS_REFUSED', owner: 'operator', retry: 'no',
    means: 'The sign-in host that was named is not one of Microsoft\'s.',
    remedy: 'Correct the authority host in the configuration.',
    admin: null,
  }),
].flat();
