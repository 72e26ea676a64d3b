/** Every sentence a person may read when something goes wrong: the catalog's, and the table's of Microsoft's codes. */
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOG, type ErrorCode } from '../../src/core/error-catalog';
import { OnboardingError } from '../../src/core/errors';
import { SERVICE_CODES } from '../../src/core/service-codes';

const OWNERS = new Set(['operator', 'customer admin', 'partner', 'microsoft']);
const catalog = Object.entries(ERROR_CATALOG).map(([code, { means, remedy, owner }]) => ({ code, means, remedy, owner }));
const table = SERVICE_CODES.map(({ serviceCode, means, remedy, owner }) => ({ code: serviceCode, means, remedy, owner }));
const all = [...catalog, ...table];
const sentences = [...all.flatMap(({ code, means, remedy }) => [{ code, text: means }, { code, text: remedy }]), ...SERVICE_CODES.flatMap(({ serviceCode, adminMessage }) => (adminMessage === null ? [] : [{ code: serviceCode, text: adminMessage }]))];

/** Codes whose text breaks a rule. */
const breaking = (isBroken: (text: string) => boolean) => sentences.filter(({ text }) => isBroken(text)).map(({ code, text }) => `${code}: ${text}`);

describe('every message', () => {
  it('names a cause, whose move it is and a next step, and the step is not the cause again', () => {
    expect(all.length).toBeGreaterThan(250);
    expect(all.filter(({ means, remedy, owner }) => means.trim() === '' || remedy.trim() === '' || means === remedy || !OWNERS.has(owner)).map(({ code }) => code)).toEqual([]);
  });

  it('is made of whole sentences of a length one reads', () => {
    expect(breaking((text) => !/^["A-Z].*\.$/s.test(text) || text.length < 12 || text.length > 420 || /\s{2}|\n|\.\.$|undefined|\bnull\b/.test(text))).toEqual([]);
  });

  it('points to nothing that is not there', () => {
    expect(breaking((text) => /see (above|below)|\b(TODO|TBD|FIXME)\b|lorem|as mentioned|contact support\.$/i.test(text))).toEqual([]);
  });

  it('holds nothing that looks like a secret, an address to click, or a person', () => {
    expect(breaking((text) => /Bearer |eyJ|-----BEGIN|https?:|[\w.]+@[a-z][\w-]*\.[a-z]|[0-9a-f]{8}-[0-9a-f]{4}-|password=|secret=|[A-Za-z0-9+/_-]{41,}/.test(text.replaceAll(/\b[A-Z]\w+\.\w+(\.\w+)*\b/g, '')))).toEqual([]);
  });
});

describe('the sentence for the customer\'s admin', () => {
  const forAdmins = SERVICE_CODES.flatMap(({ serviceCode, adminMessage }) => (adminMessage === null ? [] : [{ code: serviceCode, text: adminMessage }]));

  it('is one sentence', () => {
    expect(forAdmins.length).toBeGreaterThan(80);
    expect(forAdmins.filter(({ text }) => /[.?!] [A-Z]/.test(text)).map(({ code }) => code)).toEqual([]);
  });

  it('has no word that only people who build sign-ins know', () => {
    const jargon = /AADSTS|service principal|\btenant|\btoken|assertion|\bJWT\b|manifest|PKCE|OAuth|OpenID|redirect|endpoint|\bscope|client id|client_id|\.default|app role|OData|HTTP|correlation|request id|GDAP|\bCPV\b|JSON|thumbprint|replica|\bAPI\b|directory object|claim/i;
    expect(forAdmins.filter(({ text }) => jargon.test(text)).map(({ code, text }) => `${code}: ${text}`)).toEqual([]);
  });

  it('is there wherever the move is theirs, and absent where only keys of the partner\'s app are at stake', () => {
    expect(SERVICE_CODES.filter(({ owner, adminMessage }) => owner === 'customer admin' && adminMessage === null).map(({ serviceCode }) => serviceCode)).toEqual([]);
    expect(SERVICE_CODES.filter(({ code, adminMessage }) => code === 'STS_CREDENTIAL_REFUSED' && adminMessage !== null).map(({ serviceCode }) => serviceCode)).toEqual([]);
  });
});

describe('an error of every code', () => {
  it.each(SERVICE_CODES.map((entry) => [entry.serviceCode, entry] as const))('%s shows cause, evidence, owner and next step', (serviceCode, { code, means, remedy, owner }) => {
    const shown = new OnboardingError(code, 'It did not work.', { serviceCode, correlationId: 'c-1' }).toJSON();
    expect(shown).toMatchObject({ code, message: `It did not work. ${means}`, owner, remedy, serviceCode, correlationId: 'c-1' });
  });

  it('is retryable exactly where the catalog says to try later', () => {
    for (const [code, { reaction }] of Object.entries(ERROR_CATALOG)) expect(new OnboardingError(code as ErrorCode, 'x').retryable).toBe(reaction === 'retry_later');
  });
});
