/** Why an app's credential cannot be used, in one sentence each. Files and variables are named, their content never. */
import { OnboardingError } from '../errors';

/** Why a credential cannot be used; `details.reason` of `APP_CREDENTIAL_UNUSABLE`. */
export type CredentialProblem =
  | 'not_configured'
  | 'file_unreadable'
  | 'secret_missing'
  | 'certificate_missing'
  | 'certificate_unreadable'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'key_missing'
  | 'key_encrypted'
  | 'key_unusable'
  | 'key_not_rsa'
  | 'key_too_small'
  | 'key_too_large'
  | 'key_mismatch'
  | 'pfx_refused';

const SENTENCES: Readonly<Record<CredentialProblem, string>> = {
  not_configured: 'no credential is configured',
  file_unreadable: 'the file cannot be read',
  secret_missing: 'the secret is empty or not set',
  certificate_missing: 'the file holds no certificate',
  certificate_unreadable: 'the certificate cannot be read',
  certificate_expired: 'the certificate has expired',
  certificate_not_yet_valid: 'the certificate is not valid yet',
  key_missing: 'the file holds no private key',
  key_encrypted: 'the private key is encrypted; decrypt it or import it into the store',
  key_unusable: 'the private key cannot be read',
  key_not_rsa: 'the private key is not RSA, which Microsoft requires',
  key_too_small: 'the private key has fewer than 2048 bits',
  key_too_large: 'the private key has more than 8192 bits',
  key_mismatch: 'the private key does not belong to a certificate in the file',
  pfx_refused: 'the PFX cannot be used',
};

export function unusable(app: string, reason: CredentialProblem, file?: string): OnboardingError {
  const details = { app, reason, ...(file === undefined ? {} : { file }) };
  return new OnboardingError('APP_CREDENTIAL_UNUSABLE', `The credential of the app "${app}" cannot be used: ${SENTENCES[reason]}.`, { details });
}
