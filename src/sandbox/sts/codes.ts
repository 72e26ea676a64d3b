/**
 * Authorization codes: made when a sign-in ends, redeemed once within ten minutes by the same client, at the same
 * authority, with the same redirect URI and the verifier of the challenge (RFC 7636 section 4.6).
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Tenant, User } from '../model';
import type { AuthorizationCode, Authority, AuthorizeRequest, Exchange, Interaction, StsState } from './context';
import { refuse, type Refusal } from './refusals';
import { isLying } from '../lies/truth';

const CODE_LIFETIME_MS = 600_000;

export interface CheckedCode {
  readonly grant: AuthorizationCode;
  readonly tenant: Tenant;
  readonly user: User;
}

export function issueCode(sts: StsState, interaction: Interaction, request: AuthorizeRequest, tenant: Tenant, user: User): string {
  const value = `1.${randomBytes(48).toString('base64url')}`;
  sts.codes.set(value, {
    clientId: interaction.application.appId,
    redirectUri: request.redirectUri,
    tenantId: tenant.tenantId,
    userId: user.id,
    authoritySegment: interaction.authority.kind === 'any' ? interaction.authority.segment : tenant.tenantId,
    nonce: request.nonce,
    scopes: request.scopes,
    challenge: request.challenge,
    issuedAt: sts.world.now(),
    redeemed: false,
  });
  return value;
}

/** Judge the code in the request. A refused attempt leaves the code as it was; only success spends it. */
export function checkCode(exchange: Exchange, authority: Authority, clientId: string): CheckedCode | Refusal {
  const { form, sts, world } = exchange;
  const value = form.get('code');
  if (value === null || value === '') return refuse.missingParameter('code', 'TOKEN-PARAMETER');
  const grant = sts.codes.get(value);
  if (grant === undefined || (grant.clientId !== clientId && !isLying(world, 'L-CODE-CLIENT'))) return refuse.unknownCode();
  if (grant.redeemed && !isLying(world, 'L-CODE-TWICE')) return refuse.reusedCode();
  if (world.now() >= grant.issuedAt + CODE_LIFETIME_MS && !isLying(world, 'L-CODE-EXPIRED')) return refuse.expiredCode();
  if (!isSameAuthority(grant, authority) && !isLying(world, 'L-CODE-TENANT')) return refuse.codeOfOtherTenant();
  if (form.get('redirect_uri') !== grant.redirectUri && !isLying(world, 'L-CODE-REDIRECT')) return refuse.redeemedElsewhere();
  if (!isVerifierRight(grant.challenge, form.get('code_verifier')) && !isLying(world, 'L-CODE-VERIFIER')) return refuse.wrongVerifier();
  const tenant = world.tenants.get(grant.tenantId);
  const user = tenant?.users.get(grant.userId, world.now());
  if (tenant === undefined || user === undefined) return refuse.unknownCode();
  return { grant, tenant, user };
}

function isSameAuthority(grant: AuthorizationCode, authority: Authority): boolean {
  return authority.kind === 'any' ? authority.segment === grant.authoritySegment : authority.tenant.tenantId === grant.tenantId;
}

function isVerifierRight(challenge: AuthorizeRequest['challenge'], verifier: string | null): boolean {
  if (challenge === null) return verifier === null;
  if (verifier === null) return false;
  const derived = challenge.method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');
  return derived === challenge.value;
}
