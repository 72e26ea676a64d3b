import { describe, expect, it } from 'vitest';
import { buildGrantClaims, buildGrantHeader, checkGrant, type ImpersonationGrant } from '../../../src/core/impersonation/grant';
import type { JsonObject } from '../../../src/core/ports';
import { ADMIN, AUDIENCE, ISSUER, START, TENANT } from './support';

const grant: ImpersonationGrant = {
  issuer: ISSUER, audience: AUDIENCE, jti: 'j-1', accountId: 'contoso', tenantId: TENANT, userObjectId: ADMIN,
  actor: { issuer: ISSUER, id: 'op-1' }, accessLevel: 'restricted', reason: 'Ticket 4711', issuedAt: START, expiresAt: START + 120_000,
};
const header: JsonObject = buildGrantHeader('ES256', 'k-1');
const claims = buildGrantClaims(grant);
const seconds = START / 1000;

function problemOf(changes: { header?: JsonObject; claims?: JsonObject; without?: string; now?: number }): string {
  const { [changes.without ?? '']: _gone, ...rest } = { ...claims, ...changes.claims } as Record<string, JsonObject[string]>;
  const verdict = checkGrant({ ...header, ...changes.header }, rest, { issuer: ISSUER, audience: AUDIENCE }, changes.now ?? START);
  return verdict.ok ? 'accepted' : verdict.problem;
}

describe('the impersonation grant', () => {
  it('says who acts as whom, where, how far, why and for how long', () => {
    expect(claims).toEqual({
      iss: ISSUER, aud: AUDIENCE, sub: `${TENANT}:${ADMIN}`, account_id: 'contoso', act: { iss: ISSUER, sub: 'op-1' },
      access_level: 'restricted', reason: 'Ticket 4711', jti: 'j-1', iat: seconds, nbf: seconds, exp: seconds + 120,
    });
    expect(header).toEqual({ alg: 'ES256', typ: 'impersonation+jwt', kid: 'k-1' });
  });

  it('never lives longer than two minutes, whatever it is asked', () => {
    expect(buildGrantClaims({ ...grant, expiresAt: START + 3_600_000 })['exp']).toBe(seconds + 120);
  });

  it('reads back as what was built', () => {
    expect(checkGrant(header, claims, { issuer: ISSUER, audience: AUDIENCE }, START)).toEqual({ ok: true, grant });
  });

  it.each<[string, Parameters<typeof problemOf>[0], string]>([
    ['another type of token', { header: { typ: 'JWT' } }, 'typ_wrong'],
    ['an unsigned token', { header: { alg: 'none' } }, 'alg_not_allowed'],
    ['a symmetric algorithm', { header: { alg: 'HS256' } }, 'alg_not_allowed'],
    ['a missing key id', { header: { kid: '' } }, 'kid_missing'],
    ['a key address in the header', { header: { jku: 'https://evil.example/jwks' } }, 'header_forbidden'],
    ['a key in the header', { header: { jwk: { kty: 'EC' } } }, 'header_forbidden'],
    ['a certificate address in the header', { header: { x5u: 'https://evil.example/c' } }, 'header_forbidden'],
    ['an unknown critical extension', { header: { crit: ['exp'] } }, 'header_forbidden'],
    ['another issuer', { claims: { iss: 'https://evil.example' } }, 'iss_wrong'],
    ['another portal', { claims: { aud: 'other-portal' } }, 'aud_wrong'],
    ['several portals', { claims: { aud: [AUDIENCE, 'other-portal'] } }, 'aud_wrong'],
    ['a missing audience', { without: 'aud' }, 'aud_wrong'],
    ['a subject without a tenant', { claims: { sub: ADMIN } }, 'sub_malformed'],
    ['a subject with a domain for a tenant', { claims: { sub: `contoso.example:${ADMIN}` } }, 'sub_malformed'],
    ['a missing account', { without: 'account_id' }, 'account_missing'],
    ['a missing actor', { without: 'act' }, 'act_missing'],
    ['an actor nobody authenticated', { claims: { act: { sub: 'op-1' } } }, 'act_missing'],
    ['a nested actor', { claims: { act: { iss: ISSUER, sub: 'op-1', act: { iss: ISSUER, sub: 'op-2' } } } }, 'act_nested'],
    ['the level none', { claims: { access_level: 'none' } }, 'level_none'],
    ['an invented level', { claims: { access_level: 'superuser' } }, 'level_invalid'],
    ['a missing reason', { without: 'reason' }, 'reason_missing'],
    ['a missing id', { without: 'jti' }, 'jti_missing'],
    ['a missing end', { without: 'exp' }, 'times_missing'],
    ['an end that is text', { claims: { exp: String(seconds + 60) } }, 'times_missing'],
    ['a life of an hour', { claims: { exp: seconds + 3_600 } }, 'lifetime_too_long'],
    ['a life stretched by an early start', { claims: { nbf: seconds - 60, exp: seconds + 100 } }, 'lifetime_too_long'],
    ['an end before its start', { claims: { exp: seconds - 5 } }, 'lifetime_too_long'],
    ['one issued in the future', { claims: { iat: seconds + 60, exp: seconds + 120 } }, 'issued_in_future'],
    ['one not valid yet', { claims: { nbf: seconds + 60 } }, 'not_yet_valid'],
    ['an expired one', { now: START + 131_000 }, 'expired'],
    ['one from a clock ten minutes ahead', { now: START - 600_000 }, 'issued_in_future'],
  ])('is refused with %s', (_what, changes, problem) => {
    expect(problemOf(changes)).toBe(problem);
  });

  it('accepts clocks that differ by a few seconds', () => {
    expect([problemOf({ now: START - 9_000 }), problemOf({ now: START + 129_000 })]).toEqual(['accepted', 'accepted']);
  });

  it('is never accepted by a verifier that expects no issuer or no audience', () => {
    const { aud: _aud, ...withoutAudience } = claims;
    expect(checkGrant(header, { ...withoutAudience, aud: '' }, { issuer: ISSUER, audience: '' }, START)).toEqual({ ok: false, problem: 'aud_wrong' });
    expect(checkGrant(header, { ...claims, iss: '' }, { issuer: '', audience: AUDIENCE }, START)).toEqual({ ok: false, problem: 'iss_wrong' });
  });
});
