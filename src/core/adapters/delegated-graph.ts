/**
 * Microsoft Graph as a signed-in person: a GraphTransport over one access token that somebody handed over. It is sent to the
 * pinned Graph origin for that one tenant and to nobody else; it is never renewed, cached beyond the transport, or written
 * anywhere. Whether it is what it claims to be is for Graph to say.
 */
import { OnboardingError } from '../errors';
import { sameGuid } from '../internal/guid';
import type { Secret } from '../internal/secret';
import type { GraphTransport, TokenSource } from '../ports';
import { createGraphTransport, type GraphTransportOptions } from './graph-client';

/** A header takes no more, and no access token of Microsoft's comes near it. */
const MAX_LENGTH = 16_384;

export interface DelegatedGraphOptions extends Omit<GraphTransportOptions, 'tokens'> {
  readonly tenantId: string;
  readonly personToken: Secret;
}

/** Raises `INPUT_INVALID` for what cannot be an access token; every call for another tenant raises `TENANT_MISMATCH`. */
export function createDelegatedGraph({ tenantId, personToken, ...options }: DelegatedGraphOptions): GraphTransport {
  const text = personToken.reveal();
  if (!/^[\w.~+/=-]+$/.test(text) || text.length > MAX_LENGTH) throw new OnboardingError('INPUT_INVALID', 'This is not an access token.', { details: { parameter: 'adminToken' } });
  const tokens: TokenSource = {
    acquire: async (request) => {
      if (!sameGuid(request.tenantId, tenantId)) throw new OnboardingError('TENANT_MISMATCH', 'The access token was given for another tenant.', { details: { tenantId } });
      // When it ends is Graph's to say; it is asked for once per call anyway.
      return { accessToken: personToken, expiresAt: Number.POSITIVE_INFINITY, claims: undefined };
    },
  };
  return createGraphTransport({ ...options, tokens });
}
