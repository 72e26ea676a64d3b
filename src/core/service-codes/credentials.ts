/**
 * AADSTS numbers about the app's own credential: certificates, client assertions, secrets. They never concern the
 * customer. Sources: Microsoft Learn "Microsoft Entra authentication and authorization error codes", "Certificate
 * credentials"; public threads for 5002738, 700021, 700024 and 7000216.
 */
import { sts, type ServiceCodeEntry } from './model';

export const CREDENTIAL_CODES: readonly ServiceCodeEntry[] = [
  sts([700027], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: [15, 120],
    means: 'The certificate that signed is not registered on this app, has not replicated, has expired, has an RSA key below 2048 bits, or does not fit its private key.',
    remedy: 'Within two minutes of a registration, wait; after that compare the thumbprint with the keys of this app in this cloud (`certificate doctor`).',
    admin: null,
  }),
  sts([50012], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The client assertion is not valid: its signature, its thumbprint or its chain.',
    remedy: 'Compare the certificate with the keys registered on the app.',
    admin: null,
  }),
  sts([50013, 500133], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'operator', retry: 'no',
    means: 'The assertion is not valid, or not at this time.',
    remedy: 'Check this host\'s clock against a time server.',
    admin: null,
  }),
  sts([700024], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'operator', retry: 'once',
    means: 'The assertion is outside the time it is good for.',
    remedy: 'Check this host\'s clock against a time server; one repeat with a new assertion is worth while.',
    admin: null,
  }),
  sts([50027], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The assertion is malformed, as a rule because its header names no certificate.',
    remedy: 'Use a certificate of this installation\'s own store, and report it if the assertion was made here.',
    admin: null,
  }),
  sts([5002738], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The assertion is signed by an algorithm Microsoft does not take, such as one of an EC key.',
    remedy: 'Use a certificate with an RSA key of at least 2048 bits.',
    admin: null,
  }),
  sts([50048, 700021], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The assertion names another issuer or subject than the app.',
    remedy: 'Check that the app id of the declaration is the one the certificate belongs to.',
    admin: null,
  }),
  sts([700023], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The assertion is meant for another token endpoint than the one it was sent to.',
    remedy: 'Check the authority host of the configuration; report it if it is right.',
    admin: null,
  }),
  sts([7000215], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The client secret is wrong; often the secret\'s id was stored instead of its value.',
    remedy: 'Store the value of a client secret of this app, or better a certificate.',
    admin: null,
  }),
  sts([7000222], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The client secret has expired.',
    remedy: 'Replace it by a certificate, or by a new secret.',
    admin: null,
  }),
  sts([7000216, 7000218], {
    code: 'STS_REFUSED', owner: 'partner', retry: 'no',
    means: 'The request carried neither a client assertion nor a secret.',
    remedy: 'Name a credential for this app; if one is named, report it with the correlation id.',
    admin: null,
  }),
  sts([700025], {
    code: 'STS_REFUSED', owner: 'partner', retry: 'no',
    means: 'The app is registered as a public client, which must not send credentials.',
    remedy: 'Register the callback addresses under the platform Web instead of a mobile or single-page one.',
    admin: null,
  }),
  sts([700030], {
    code: 'STS_CREDENTIAL_REFUSED', owner: 'partner', retry: 'no',
    means: 'The certificate was offered by subject name and issuer, which this app is not authorised for.',
    remedy: 'Sign without the certificate chain in the header, by a certificate that is registered on the app.',
    admin: null,
  }),
  sts([700229], {
    code: 'STS_REFUSED', owner: 'partner', retry: 'no',
    means: 'Only app tokens are accepted as a federated credential.',
    remedy: 'Use a certificate for this app; federated credentials are not used here.',
    admin: null,
  }),
].flat();
