/**
 * How an app proves itself to the token endpoint: an assertion signed with its certificate, or its secret. RFC 7523
 * section 2.2 and RFC 6749 section 2.3.1, as in Microsoft identity platform "certificate credentials".
 */
import { OnboardingError } from '../errors';
import { buildClientAssertion } from '../internal/client-assertion';
import type { AppCredential, Clock, JwtService, RandomSource } from '../ports';

export interface AssertionPorts {
  readonly jwt: Pick<JwtService, 'sign'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<RandomSource, 'uuid'>;
}

export interface AssertionInput {
  readonly credential: Extract<AppCredential, { readonly kind: 'certificate' }>;
  readonly clientId: string;
  /** The token endpoint. */
  readonly audience: string;
}

/** A new assertion each time. Raises `APP_CREDENTIAL_UNUSABLE`, without the cause: it may quote the key. */
export async function signClientAssertion({ jwt, clock, random }: AssertionPorts, { credential, clientId, audience }: AssertionInput): Promise<string> {
  try {
    const { header, claims } = buildClientAssertion({ clientId, audience, thumbprintSha256: credential.thumbprintSha256, now: clock.now(), jti: random.uuid() });
    return await jwt.sign(header, claims, credential.privateKey);
  } catch {
    throw new OnboardingError('APP_CREDENTIAL_UNUSABLE', 'The app\'s certificate cannot sign an assertion.', { details: { reason: 'key_unusable' } });
  }
}

/** The form fields of either kind of credential. Raises `APP_CREDENTIAL_UNUSABLE`. */
export async function buildClientAuthentication(ports: AssertionPorts, input: Omit<AssertionInput, 'credential'> & { readonly credential: AppCredential }): Promise<Readonly<Record<string, string>>> {
  const { credential } = input;
  if (credential.kind === 'secret') return { client_id: input.clientId, client_secret: credential.secret.reveal() };
  return {
    client_id: input.clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signClientAssertion(ports, { ...input, credential }),
  };
}
