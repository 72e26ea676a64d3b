import { describe, expect, it } from 'vitest';
import { readConsentCallback } from '../../../src/core/consent/callback';

const tenant = '3b9d0c11-2222-4aaa-8bbb-1234567890ab';
const read = (query: string) => readConsentCallback(new URLSearchParams(query));

describe('reading the consent callback', () => {
  it('takes a success as a claim, with the tenant in lower case', () => {
    expect(read(`admin_consent=True&tenant=${tenant.toUpperCase()}&state=s1`)).toEqual({ kind: 'claim', state: 's1', tenantId: tenant });
  });

  it.each([
    ['the documented v1 wording', 'error=permission_denied&error_description=The+admin+canceled+the+request'],
    ['the documented v2 wording, which carries admin_consent=True', 'admin_consent=True&error=consent_required&error_description=AADSTS65004%3a+The+resource+owner+denied&state=s1'],
    ['the reported wording', 'error=access_denied&error_description=AADSTS65004%3a+User+declined&error_uri=x&admin_consent=True&state=s1'],
    ['a non-admin who chose to return', 'error=access_denied&error_subcode=cancel&state=s1'],
  ])('reads %s as declined', (_name, query) => {
    expect(read(query)).toMatchObject({ kind: 'refusal', refusal: 'declined' });
  });

  it('never lets a tenant or admin_consent outweigh an error', () => {
    expect(read(`error=access_denied&admin_consent=True&tenant=${tenant}&state=s1`).kind).toBe('refusal');
  });

  it.each(['90093', '90094', '90095', '900941', '900981'])('tells a missing right to consent (AADSTS%s) apart from a decline', (code) => {
    expect(read(`error=access_denied&error_description=AADSTS${code}%3a+text&state=s1`)).toMatchObject({ refusal: 'approval_needed', serviceCode: `AADSTS${code}` });
  });

  it('keeps the service code of any other failure', () => {
    expect(read('error=server_error&error_description=AADSTS650051%3a+text&state=s1')).toEqual({ kind: 'refusal', state: 's1', refusal: 'failed', serviceCode: 'AADSTS650051' });
  });

  it.each([
    ['without state', `admin_consent=True&tenant=${tenant}`],
    ['with an empty state', `admin_consent=True&tenant=${tenant}&state=`],
    ['without a tenant', 'admin_consent=True&state=s1'],
    ['with a tenant that is no GUID', 'admin_consent=True&tenant=contoso.example&state=s1'],
    ['without admin_consent', `tenant=${tenant}&state=s1`],
    ['with two tenants', `admin_consent=True&tenant=${tenant}&tenant=${tenant}&state=s1`],
    ['with two states', `admin_consent=True&tenant=${tenant}&state=s1&state=s2`],
    ['with an oversized state', `admin_consent=True&tenant=${tenant}&state=${'x'.repeat(5000)}`],
    ['that is empty', ''],
  ])('refuses an answer %s as malformed', (_name, query) => {
    expect(read(query).kind).toBe('malformed');
  });
});
