/** Wrong, missing and unusual claims under a right signature (OpenID Connect Core 3.1.3.6, 3.1.3.7; Entra ID's own claims). */
import { createHash } from 'node:crypto';
import { CONSUMER_TENANT_ID } from '../../signing-keys';
import type { JsonObject } from '../../jwt';
import type { CaseTable, Outcome, RelyingPartyCase, Surroundings } from './model';
import { compact } from './signatures';

const NOBODY = '5a9db0c5-0000-4000-8000-0000000000ff';

export const claimCases: CaseTable = {
  'iss-other-host': claims('The issuer is another host.', 'refuse', ({ tenantId }) => ({ iss: `https://login.elsewhere.example/${tenantId}/v2.0` })),
  'iss-template': claims('The issuer is the template of the shared authorities, unresolved.', 'refuse', ({ loginOrigin }) => ({ iss: `${loginOrigin}/{tenantid}/v2.0` })),
  'iss-other-tenant': claims('The issuer is another tenant than tid.', 'refuse', ({ loginOrigin, otherTenantId }) => ({ iss: `${loginOrigin}/${otherTenantId}/v2.0` })),
  'iss-version-1': claims('Issuer and version are those of a version 1.0 token.', 'refuse', ({ tenantId }) => ({ iss: `https://sts.windows.net/${tenantId}/`, ver: '1.0' })),
  'tid-other-tenant': claims('tid is another tenant than the issuer.', 'refuse', ({ otherTenantId }) => ({ tid: otherTenantId })),
  'other-tenant': claims('The token is a right one of another tenant.', 'refuse', ({ loginOrigin, otherTenantId }) => ({
    tid: otherTenantId,
    iss: `${loginOrigin}/${otherTenantId}/v2.0`,
  })),
  'consumer-tenant': {
    statement: 'The token is a right one of the personal-accounts tenant.',
    outcome: 'refuse',
    idToken: ({ header, claims: right }, { consumer, loginOrigin }) =>
      compact({
        header: { ...header, kid: consumer.kid },
        claims: { ...right, tid: CONSUMER_TENANT_ID, iss: `${loginOrigin}/${CONSUMER_TENANT_ID}/v2.0` },
        key: consumer.privateKey,
      }),
  },
  'aud-nobody': claims('The audience is an app nobody registered.', 'refuse', () => ({ aud: NOBODY })),
  'other-app': claims('The token is a right one for another app of the same partner.', 'refuse', ({ otherAppId }) => ({ aud: otherAppId })),
  'aud-list': claims('The audience is a list of two apps, ours among them.', 'refuse', ({ appId, otherAppId }) => ({ aud: [appId, otherAppId], azp: otherAppId })),
  'nonce-wrong': claims('The nonce is another one.', 'refuse', () => ({ nonce: 'another-nonce' })),
  'exp-past': shifted('The token ended an hour ago.', { exp: -3600, iat: -7200, nbf: -7200 }),
  'nbf-future': shifted('The token begins in an hour.', { exp: 7200, iat: 0, nbf: 3600 }),
  'iat-future': shifted('The token was issued in the future.', { exp: 7200, iat: 3600, nbf: 0 }),
  'c-hash-wrong': claims('c_hash belongs to another code.', 'refuse', () => ({ c_hash: leftHalf('another-code') })),
  'at-hash-wrong': claims('at_hash belongs to another access token.', 'refuse', () => ({ at_hash: leftHalf('another-access-token') })),
  'hashes-right': claims('c_hash and at_hash are there and right.', 'accept', ({ code, accessToken }) => ({ c_hash: leftHalf(code), at_hash: leftHalf(accessToken) })),
  'refreshed-iss-other': refreshed('The ID token of a refresh comes from another tenant.', ({ loginOrigin, otherTenantId }) => ({ iss: `${loginOrigin}/${otherTenantId}/v2.0`, tid: otherTenantId })),
  'refreshed-sub-other': refreshed('The ID token of a refresh is about another person.', () => ({ sub: 'another-person', oid: NOBODY })),
  'userinfo-sub-other': { statement: 'UserInfo is about another person than the ID token.', outcome: 'refuse', userinfo: (members) => ({ ...members, sub: 'another-person' }) },
  guest: claims('The person is a guest: idp, e-mail and acct say so.', 'accept', ({ otherTenantId }) => ({
    idp: `https://sts.windows.net/${otherTenantId}/`,
    email: 'guest@elsewhere.example',
    acct: 1,
  })),
  ...Object.fromEntries(['iss', 'aud', 'sub', 'iat', 'exp', 'nonce', 'tid', 'oid'].map((name) => [`${name}-missing`, missing(name)])),
};

function claims(statement: string, outcome: Outcome, change: (around: Surroundings) => JsonObject): RelyingPartyCase {
  return { statement, outcome, idToken: (draft, around) => compact({ ...draft, claims: { ...draft.claims, ...change(around) } }) };
}

function refreshed(statement: string, change: (around: Surroundings) => JsonObject): RelyingPartyCase {
  return { statement, outcome: 'refuse', refreshed: (draft, around) => compact({ ...draft, claims: { ...draft.claims, ...change(around) } }) };
}

/** Seconds from the right token's own `iat`. */
function shifted(statement: string, seconds: Readonly<Record<'exp' | 'iat' | 'nbf', number>>): RelyingPartyCase {
  return {
    statement,
    outcome: 'refuse',
    idToken: (draft) => {
      const issuedAt = Number(draft.claims.iat);
      const moved = Object.fromEntries(Object.entries(seconds).map(([name, offset]) => [name, issuedAt + offset]));
      return compact({ ...draft, claims: { ...draft.claims, ...moved } });
    },
  };
}

function missing(name: string): RelyingPartyCase {
  return {
    statement: `The claim ${name} is missing.`,
    outcome: 'refuse',
    idToken: (draft) => compact({ ...draft, claims: Object.fromEntries(Object.entries(draft.claims).filter(([claim]) => claim !== name)) }),
  };
}

/** The left half of the SHA-256, as RS256 has it. */
function leftHalf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
}
