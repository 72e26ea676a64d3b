/** Every form in which Microsoft's redirect is documented or reported to come back, in the order in which it is judged. */
import { describe, expect, it } from 'vitest';
import { type ConsentRefusal, readConsentCallback } from '../../../src/core/consent/rounds/callback';

const tenant = '3b9d0c11-2222-4aaa-8bbb-1234567890ab';
const correlationId = '5b1c6b0e-1111-4d2e-9b77-0a1b2c3d4e5f';
const read = (query: string) => readConsentCallback(new URLSearchParams(query));
const described = (code: string) => `error_description=AADSTS${code}%3a+Some+text.%0d%0aTrace+ID%3a+aaaa%0d%0aCorrelation+ID%3a+${correlationId.toUpperCase()}%0d%0aTimestamp%3a+2026-03-01+09%3a00%3a00Z`;

describe('reading the consent callback', () => {
  it('takes a success as a claim, with the tenant in lower case', () => {
    expect(read(`admin_consent=True&tenant=${tenant.toUpperCase()}&state=s1`)).toEqual({ kind: 'claim', state: 's1', tenantId: tenant });
  });

  it.each([
    ['of the v2 endpoint, which repeats the scope', `admin_consent=True&tenant=${tenant}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&state=s1`],
    ['of the v1 endpoint, in another order', `tenant=${tenant}&state=s1&admin_consent=True`],
    ['with admin_consent in lower case', `tenant=${tenant}&state=s1&admin_consent=true`],
    ['with parameters nobody knows, even repeated ones', `admin_consent=True&tenant=${tenant}&state=s1&session_state=x&session_state=y&code=z&iss=w`],
  ])('takes a success %s', (_what, query) => {
    expect(read(query)).toEqual({ kind: 'claim', state: 's1', tenantId: tenant });
  });

  it.each([
    ['the documented v1 wording', 'error=permission_denied&error_description=The+admin+canceled+the+request&state=s1'],
    ['the documented v2 wording, which carries admin_consent=True', `admin_consent=True&error=consent_required&${described('65004')}&state=s1`],
    ['the reported wording', `error=access_denied&${described('65004')}&error_uri=x&admin_consent=True&state=s1`],
    ['a non-admin who chose to return', 'error=access_denied&error_subcode=cancel&state=s1'],
    ['a decline beside a tenant, as if it were a success', `admin_consent=True&tenant=${tenant}&error=access_denied&state=s1`],
    ['an error without a word', `admin_consent=True&tenant=${tenant}&error=&state=s1`],
  ])('never reads %s as a claim', (_name, query) => {
    expect(read(query)).toMatchObject({ kind: 'refusal', state: 's1' });
  });

  it.each<[ConsentRefusal, string, readonly string[]]>([
    ['declined', 'access_denied', ['65004']],
    ['declined', 'consent_required', ['65004']],
    ['approval_needed', 'access_denied', ['90093', '90094', '90095', '900941', '900981']],
    ['approval_needed', 'consent_required', ['90094']],
    ['wrong_account', 'invalid_request', ['16000', '50020', '50034', '50177', '90072']],
    ['partner_admin', 'access_denied', ['90099']],
    ['settling', 'server_error', ['650051']],
    ['settling', 'access_denied', ['650051']],
    ['service_missing', 'invalid_resource', ['500011', '650052', '50001']],
    ['misconfigured', 'unauthorized_client', ['50194', '700016', '65005', '650054', '650056', '650057', '50011', '500113', '900144']],
    ['blocked', 'access_denied', ['53003', '50105', '50057', '500021', '500213', '530034']],
    ['try_later', 'server_error', ['90033', '50000', '90055']],
    ['failed', 'server_error', ['99999']],
    ['failed', 'access_denied', ['123456789']],
  ])('reads %s from %s with the numbers %j, and keeps number and correlation id', (refusal, error, numbers) => {
    for (const number of numbers) {
      for (const beside of ['', '&admin_consent=True', `&admin_consent=True&tenant=${tenant}`]) {
        expect(read(`error=${error}&${described(number)}&state=s1${beside}`)).toEqual({ kind: 'refusal', state: 's1', refusal, serviceCode: `AADSTS${number}`, correlationId });
      }
    }
  });

  it.each<[ConsentRefusal, string]>([
    ['declined', 'access_denied'],
    ['declined', 'consent_required'],
    ['declined', 'permission_denied'],
    ['try_later', 'temporarily_unavailable'],
    ['try_later', 'server_error'],
    ['failed', 'invalid_request'],
    ['failed', 'something_new'],
  ])('reads %s from the bare error %s', (refusal, error) => {
    expect(read(`error=${error}&state=s1`)).toEqual({ kind: 'refusal', state: 's1', refusal, serviceCode: undefined, correlationId: undefined });
  });

  it('passes nothing of the description on but the two ids', () => {
    const answer = read(`error=access_denied&error_description=${encodeURIComponent('<script>alert(1)</script> AADSTS65004: text. Correlation ID: <img src=x>')}&state=s1`);
    expect(answer).toEqual({ kind: 'refusal', state: 's1', refusal: 'declined', serviceCode: 'AADSTS65004', correlationId: undefined });
  });

  it.each([
    ['without state', `admin_consent=True&tenant=${tenant}`],
    ['with an empty state', `admin_consent=True&tenant=${tenant}&state=`],
    ['without a tenant', 'admin_consent=True&state=s1'],
    ['with a tenant that is no GUID', 'admin_consent=True&tenant=contoso.example&state=s1'],
    ['without admin_consent', `tenant=${tenant}&state=s1`],
    ['with admin_consent=False', `admin_consent=False&tenant=${tenant}&state=s1`],
    ['with two tenants', `admin_consent=True&tenant=${tenant}&tenant=${tenant}&state=s1`],
    ['with two states', `admin_consent=True&tenant=${tenant}&state=s1&state=s2`],
    ['with two errors', 'error=access_denied&error=server_error&state=s1'],
    ['with two descriptions', 'error=access_denied&error_description=a&error_description=b&state=s1'],
    ['with an oversized state', `admin_consent=True&tenant=${tenant}&state=${'x'.repeat(5000)}`],
    ['that is empty', ''],
  ])('refuses an answer %s as malformed', (_name, query) => {
    expect(read(query).kind).toBe('malformed');
  });

  it('looks no further than it must into a description of any length', () => {
    expect(read(`error=access_denied&error_description=${'x'.repeat(50_000)}AADSTS90094&state=s1`)).toMatchObject({ refusal: 'declined', serviceCode: undefined });
  });
});
