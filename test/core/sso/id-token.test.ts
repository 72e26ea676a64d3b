import { describe, expect, it } from 'vitest';
import { CONSUMER_TENANT_ID } from '../../../src/core/internal/tenant-name';
import { checkIdToken, type IdTokenCheck } from '../../../src/core/sso/id-token';
import { START } from '../../support/core-ports';
import { ADA, APP_ID, AUTHORITY, goodClaims, OTHER_TENANT, TENANT } from './support';

const EXPECTED = { appId: APP_ID, tenantId: TENANT, authorityHost: AUTHORITY, nonce: 'nonce', codeHash: 'c-hash', accessTokenHash: 'at-hash' };
const TEMPLATE = `${AUTHORITY}/{tenantid}/v2.0`;
const NOW = Math.floor(START / 1000);

function check(overrides: Readonly<Record<string, unknown>> = {}, keyIssuer: string | undefined = TEMPLATE) {
  return checkIdToken({ claims: goodClaims('nonce', overrides), keyIssuer }, EXPECTED, START);
}

function without(claim: string) {
  return checkIdToken({ claims: Object.fromEntries(Object.entries(goodClaims('nonce')).filter(([name]) => name !== claim)), keyIssuer: TEMPLATE }, EXPECTED, START);
}

describe('checkIdToken', () => {
  it('takes a token that passes every check and lets the names be display only', () => {
    expect(check()).toEqual({ ok: true, identity: { tenantId: TENANT, objectId: ADA, name: 'Ada', preferredUsername: 'ada@contoso.example', authenticatedAt: NOW * 1000 } });
    expect(check({ name: undefined, preferred_username: 7, auth_time: NOW - 60 })).toMatchObject({ ok: true, identity: { name: null, preferredUsername: null, authenticatedAt: (NOW - 60) * 1000 } });
  });

  it('takes hashes of the very code and access token, and refuses a hash of an access token that did not come', () => {
    expect(check({ c_hash: 'c-hash', at_hash: 'at-hash' })).toMatchObject({ ok: true });
    const alone = checkIdToken({ claims: goodClaims('nonce', { at_hash: 'at-hash' }), keyIssuer: TEMPLATE }, { ...EXPECTED, accessTokenHash: undefined }, START);
    expect(alone).toEqual({ ok: false, failed: 'at_hash' });
  });

  it('takes the tenant-specific form of the key issuer, whatever its case', () => {
    expect(check({}, `${AUTHORITY}/${TENANT.toUpperCase()}/V2.0`)).toMatchObject({ ok: true });
    expect(check({}, `${AUTHORITY}/{TenantId}/v2.0`)).toMatchObject({ ok: true });
  });

  it.each<[string, IdTokenCheck, Readonly<Record<string, unknown>>]>([
    ['another app', 'aud', { aud: 'aaaaaaaa-0000-4000-8000-00000000ffff' }],
    ['several audiences', 'aud', { aud: [APP_ID] }],
    ['version 1.0', 'ver', { ver: '1.0' }],
    ['a tenant that is no GUID', 'tid_form', { tid: 'contoso.example' }],
    ['the consumer tenant', 'tid_consumer', { tid: CONSUMER_TENANT_ID, iss: `${AUTHORITY}/${CONSUMER_TENANT_ID}/v2.0` }],
    ['the issuer of another tenant', 'iss', { iss: `${AUTHORITY}/${OTHER_TENANT}/v2.0` }],
    ['the issuer of another host', 'iss', { iss: `https://login.example/${TENANT}/v2.0` }],
    ['the unresolved issuer template', 'iss', { iss: TEMPLATE }],
    ['the version 1 issuer', 'iss', { iss: `https://sts.windows.net/${TENANT}/` }],
    ['an issuer with a slash more', 'iss', { iss: `${AUTHORITY}/${TENANT}/v2.0/` }],
    ['an end long ago', 'exp', { exp: NOW - 300 }],
    ['an end that is text', 'exp', { exp: String(NOW + 60) }],
    ['a start in the future', 'nbf', { nbf: NOW + 301 }],
    ['a start that is text', 'nbf', { nbf: 'now' }],
    ['an issue in the future', 'iat', { iat: NOW + 301 }],
    ['another nonce', 'nonce', { nonce: 'noncf' }],
    ['the hash of another code', 'c_hash', { c_hash: 'another' }],
    ['the hash of another access token', 'at_hash', { at_hash: 'another' }],
    ['a hash that is a list', 'at_hash', { at_hash: ['at-hash'] }],
    ['an object id that is no GUID', 'oid', { oid: 'ada' }],
    ['an empty subject', 'sub', { sub: '' }],
  ])('refuses a token with %s', (_, failed, overrides) => {
    expect(check(overrides)).toEqual({ ok: false, failed });
  });

  it.each<[string, IdTokenCheck]>([
    ['aud', 'aud'],
    ['ver', 'ver'],
    ['tid', 'tid_form'],
    ['iss', 'iss'],
    ['exp', 'exp'],
    ['iat', 'iat'],
    ['nonce', 'nonce'],
    ['oid', 'oid'],
    ['sub', 'sub'],
  ])('refuses a token without %s', (claim, failed) => {
    expect(without(claim)).toEqual({ ok: false, failed });
  });

  it('refuses another tenant, and says which', () => {
    expect(check({ tid: OTHER_TENANT, iss: `${AUTHORITY}/${OTHER_TENANT}/v2.0` })).toEqual({ ok: false, failed: 'tid_expected', tenantId: OTHER_TENANT });
  });

  it.each<[string, string | undefined, IdTokenCheck]>([
    ['only the consumer tenant may use', `${AUTHORITY}/${CONSUMER_TENANT_ID}/v2.0`, 'key_issuer'],
    ['belongs to another tenant', `${AUTHORITY}/${OTHER_TENANT}/v2.0`, 'key_issuer'],
    ['belongs to another host', 'https://login.example/{tenantid}/v2.0', 'key_issuer'],
    ['names no issuer', '', 'key_issuer_missing'],
  ])('refuses a token whose key %s', (_, keyIssuer, failed) => {
    expect(check({}, keyIssuer)).toEqual({ ok: false, failed });
  });

  it('refuses a token whose key has no issuer member at all', () => {
    expect(checkIdToken({ claims: goodClaims('nonce'), keyIssuer: undefined }, EXPECTED, START)).toEqual({ ok: false, failed: 'key_issuer_missing' });
  });

  it('allows five minutes of skew, and not a second more', () => {
    expect([check({ exp: NOW - 299 }), check({ nbf: NOW + 300, iat: NOW + 300 })].map((verdict) => verdict.ok)).toEqual([true, true]);
    expect(check({ nbf: undefined })).toMatchObject({ ok: true });
  });

  it('does not let a tenant id smuggle replacement patterns into the key issuer', () => {
    expect(check({ tid: '$&' })).toEqual({ ok: false, failed: 'tid_form' });
  });
});
