import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOG } from '../../src/core/error-catalog';
import { OnboardingError } from '../../src/core/errors';
import { findServiceCode, SERVICE_CODES, serviceCodeLookUpUrl } from '../../src/core/service-codes';

const sts = SERVICE_CODES.filter(({ service }) => service === 'sts');
const sandboxFolder = new URL('../../src/sandbox/sts/', import.meta.url);

describe('the table of Microsoft\'s codes', () => {
  it('names each code once, in Microsoft\'s spelling', () => {
    expect(SERVICE_CODES.length).toBeGreaterThan(150);
    expect(new Set(SERVICE_CODES.map(({ serviceCode }) => serviceCode.toLowerCase())).size).toBe(SERVICE_CODES.length);
    expect(sts.filter(({ serviceCode }) => !/^AADSTS\d{4,9}$/.test(serviceCode))).toEqual([]);
  });

  it('knows every number the sandbox can answer with', () => {
    const provoked = JSON.parse(readFileSync(new URL('provocations.json', sandboxFolder), 'utf8')) as { code: number }[];
    const written = readdirSync(sandboxFolder).filter((name) => name === 'refusals.ts').flatMap((name) => [...readFileSync(new URL(name, sandboxFolder), 'utf8').matchAll(/refusal\([^,]+, (\d{5,7}),/g)].map(([, code]) => Number(code)));
    expect([provoked.length > 50, written.length > 40]).toEqual([true, true]);
    expect([...provoked.map(({ code }) => code), ...written].filter((code) => findServiceCode(String(code)) === undefined)).toEqual([]);
  });

  it('gives bounds exactly where waiting helps', () => {
    for (const { retry, wait } of SERVICE_CODES) {
      expect(wait === null).toBe(retry !== 'wait');
      if (wait !== null) expect(wait.firstSeconds).toBeLessThan(wait.atMostSeconds);
    }
    expect(findServiceCode('650051')?.wait).toEqual({ firstSeconds: 300, atMostSeconds: 900 });
    expect(findServiceCode('65001')?.wait?.atMostSeconds).toBe(60);
    expect(['700027', '7000229', '700016'].map((code) => findServiceCode(code)?.wait?.atMostSeconds)).toEqual([120, 120, 120]);
  });

  it('never calls retryable what no repeat can mend', () => {
    const wrong = SERVICE_CODES.filter(({ retry, code }) => retry !== 'wait' && ERROR_CATALOG[code].reaction === 'retry_later');
    expect(wrong.map(({ serviceCode }) => serviceCode)).toEqual([]);
  });
});

describe('looking a code up', () => {
  it('takes Microsoft\'s spelling, a bare number, and any case', () => {
    for (const asked of ['AADSTS65004', '65004', ' aadsts65004 ']) expect(findServiceCode(asked)?.serviceCode).toBe('AADSTS65004');
    expect(findServiceCode('authorization_requestdenied')?.serviceCode).toBe('Authorization_RequestDenied');
  });

  it.each([undefined, '', 'AADSTS', '1', 'AADSTS123456', 'constructor', '__proto__'])('knows nothing of %s', (asked) => {
    expect(findServiceCode(asked)).toBeUndefined();
  });

  it('links to Microsoft\'s page about a number and to nothing else', () => {
    expect(serviceCodeLookUpUrl('AADSTS123456')).toBe('https://login.microsoftonline.com/error?code=123456');
    for (const other of [undefined, 'Request_BadRequest', 'AADSTS1&x=2', 'javascript:1']) expect(serviceCodeLookUpUrl(other)).toBeUndefined();
  });
});

describe('an error with a code of Microsoft\'s', () => {
  it('says what that code means, whose move it is and what to do', () => {
    const error = new OnboardingError('CONSENT_FAILED', 'Microsoft ended the consent with an error (AADSTS650051).', { serviceCode: 'AADSTS650051' });
    expect(error.message).toBe(`Microsoft ended the consent with an error (AADSTS650051). ${findServiceCode('650051')?.means}`);
    expect([error.owner, error.remedy, error.adminMessage]).toEqual(['microsoft', findServiceCode('650051')?.remedy, findServiceCode('650051')?.adminMessage]);
    expect(new OnboardingError('CONSENT_FAILED', error.message, { serviceCode: 'AADSTS650051' }).message).toBe(error.message);
  });

  it('keeps our own words where they say more', () => {
    const error = new OnboardingError('ADMINS_UNREADABLE', 'The roles cannot be read.', { serviceCode: 'Authorization_RequestDenied' });
    expect([error.message, error.remedy, error.adminMessage]).toEqual(['The roles cannot be read.', ERROR_CATALOG.ADMINS_UNREADABLE.remedy, undefined]);
  });

  it('keeps an unknown number and says where Microsoft describes it', () => {
    const error = new OnboardingError('STS_REFUSED', 'The token endpoint refused the app (AADSTS123456).', { serviceCode: 'AADSTS123456', correlationId: 'c-1' });
    expect(error.toJSON()).toMatchObject({ serviceCode: 'AADSTS123456', correlationId: 'c-1', message: 'The token endpoint refused the app (AADSTS123456).', owner: ERROR_CATALOG.STS_REFUSED.owner });
    expect(error.remedy).toBe(`${ERROR_CATALOG.STS_REFUSED.remedy} Microsoft describes the number at https://login.microsoftonline.com/error?code=123456`);
    expect(new OnboardingError('GRAPH_REFUSED', 'No.', { serviceCode: 'SomethingNew' }).remedy).toBe(ERROR_CATALOG.GRAPH_REFUSED.remedy);
  });
});
