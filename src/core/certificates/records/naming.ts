/**
 * What a person calls a certificate. Names are compared without regard to case and width, since people who look for one do
 * not mind either. Pure.
 */
import { OnboardingError } from '../../errors';

/** In UTF-16 code units. */
export const MAX_NAME_LENGTH = 80;
const MAX_DESCRIPTION_LENGTH = 400;

export interface CertificateNaming {
  /** 1 to 80 characters, unique without regard to case. */
  readonly name: string;
  readonly description?: string | undefined;
}

/** As it is stored. Raises `CERTIFICATE_INPUT_INVALID` (`details.parameter`). */
export function readNaming(input: CertificateNaming): { readonly name: string; readonly description: string } {
  const name = input.name.trim().normalize('NFC');
  const description = (input.description ?? '').trim();
  if (name === '' || name.length > MAX_NAME_LENGTH || !name.isWellFormed() || /\p{Cc}/u.test(name)) throw refused('name', 'A certificate\'s name has 1 to 80 characters and no control characters.');
  if (description.length > MAX_DESCRIPTION_LENGTH) throw refused('description', 'A description has at most 400 characters.');
  return { name, description };
}

/** The same text for two names that count as one. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

export function refused(parameter: string, message: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_INPUT_INVALID', message, { details: { parameter } });
}
