import { describe, expect, it } from 'vitest';
import { createNormaliser } from '../../src/verify-tenant/normalise';

const { answer, own } = createNormaliser({ key: Buffer.alloc(32, 7), known: [['https://login.test', 'login'], ['contoso.example', 'domain']] });

const ID = '8f14e45f-ceea-467f-a8f1-b1f0a1c2d3e4';
const OTHER_ID = 'c9f0f895-fb98-4b91-99f4-5c1f2a3b4c5d';

/** One of everything an answer can hold. */
const SAMPLE = {
  '@odata.context': 'https://login.test/v1.0/$metadata#users',
  '@odata.nextLink': `https://login.test/v1.0/users?$top=2&$skiptoken=abcdef`,
  id: ID,
  sameId: ID,
  otherId: OTHER_ID,
  displayName: 'Ada Lindqvist',
  mail: 'ada@contoso.example',
  jobTitle: null,
  empty: '',
  accountEnabled: true,
  createdDateTime: '2026-03-01T08:00:00.1234567Z',
  endDateTime: '2026-03-01T08:00:00Z',
  timestamp: '2026-03-01 08:00:00Z',
  customKeyIdentifier: 'A'.repeat(40),
  grant: 'b'.repeat(43),
  userType: 'Guest',
  error_codes: [90002],
  error_description: "AADSTS90002: Tenant 'contoso.example' not found. Trace ID: x",
  access_token: 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln',
  keyCredentials: [{ key: 'MIIC', usage: 'Verify' }],
  consumedUnits: 14,
} as const;

type Leaf = readonly [path: string, change: (sample: Record<string, unknown>) => void];

/** A wrong answer must still be another answer once it has been made anonymous. */
const MUTATIONS: readonly Leaf[] = [
  ...Object.keys(SAMPLE).map((name): Leaf => [`${name} is missing`, (sample) => void delete sample[name]]),
  ...Object.keys(SAMPLE).filter((name) => name !== 'jobTitle').map((name): Leaf => [`${name} is null`, (sample) => void (sample[name] = null)]),
  ...Object.keys(SAMPLE).filter((name) => name !== 'consumedUnits').map((name): Leaf => [`${name} is a number`, (sample) => void (sample[name] = 5)]),
  ...Object.keys(SAMPLE).map((name): Leaf => [`${name} is a list`, (sample) => void (sample[name] = [[]])]),
  ['a null became a text', (sample) => void (sample['jobTitle'] = 'Chef')],
  ['a null became an empty text', (sample) => void (sample['jobTitle'] = '')],
  ['an empty text became one', (sample) => void (sample['empty'] = 'x')],
  ['a text became an address', (sample) => void (sample['displayName'] = 'ada@fabrikam.example')],
  ['an id is no GUID', (sample) => void (sample['id'] = 'zz')],
  ['two ids that were equal are not', (sample) => void (sample['sameId'] = OTHER_ID)],
  ['two ids that were not equal are', (sample) => void (sample['otherId'] = ID)],
  ['seven digits became six', (sample) => void (sample['createdDateTime'] = '2026-03-01T08:00:00.123456Z')],
  ['no digits became seven', (sample) => void (sample['endDateTime'] = '2026-03-01T08:00:00.0000000Z')],
  ['an instant has an offset', (sample) => void (sample['endDateTime'] = '2026-03-01T08:00:00+00:00')],
  ['an instant lost its space', (sample) => void (sample['timestamp'] = '2026-03-01T08:00:00Z')],
  ['hex digits in lower case', (sample) => void (sample['customKeyIdentifier'] = 'a'.repeat(40))],
  ['base64 in place of hex digits', (sample) => void (sample['customKeyIdentifier'] = 'qrvM3e7/ABEiM0RVZneImaq7zN0=')],
  ['an identifier of another length', (sample) => void (sample['grant'] = 'b'.repeat(64))],
  ['another word of the vocabulary', (sample) => void (sample['userType'] = 'Member')],
  ['another number of a refusal', (sample) => void (sample['error_codes'] = [90003])],
  ['another number in the sentence', (sample) => void (sample['error_description'] = 'AADSTS90003: x')],
  ['true became false', (sample) => void (sample['accountEnabled'] = false)],
  ['a relative next page', (sample) => void (sample['@odata.nextLink'] = '/v1.0/users?$top=2&$skiptoken=abcdef')],
  ['a next page at another host', (sample) => void (sample['@odata.nextLink'] = 'https://elsewhere.test/v1.0/users?$top=2&$skiptoken=abcdef')],
  ['a next page without its token', (sample) => void (sample['@odata.nextLink'] = 'https://login.test/v1.0/users?$top=2')],
  ['one entry more', (sample) => void (sample['keyCredentials'] = [{ key: 'MIIC', usage: 'Verify' }, {}])],
  ['a key that is null', (sample) => void (sample['keyCredentials'] = [{ key: null, usage: 'Verify' }])],
  ['another usage', (sample) => void (sample['keyCredentials'] = [{ key: 'MIIC', usage: 'Sign' }])],
  ['one member more', (sample) => void (sample['extra'] = 'x')],
];

describe('an answer without its names', () => {
  it.each(MUTATIONS)('is still another one when %s', (_, change) => {
    const changed: Record<string, unknown> = structuredClone(SAMPLE);
    change(changed);
    expect(answer(changed)).not.toEqual(answer(SAMPLE));
  });

  it.each([
    ['names', { displayName: 'Erik Sand', mail: 'erik@fabrikam.example' }],
    ['secrets', { access_token: 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ5In0.c2lH', keyCredentials: [{ key: 'MIID', usage: 'Verify' }] }],
    ['instants', { createdDateTime: '2025-12-31T23:59:59.7654321Z', endDateTime: '2025-12-31T23:59:59Z', timestamp: '2025-12-31 23:59:59Z' }],
    ['thumbprints and ids that are no GUIDs', { customKeyIdentifier: 'B'.repeat(40), grant: 'c'.repeat(43) }],
    ['sentences around a number', { error_description: "AADSTS90002: Mandant 'fabrikam.example' nicht gefunden." }],
    ['page tokens', { '@odata.nextLink': 'https://login.test/v1.0/users?$top=2&$skiptoken=zzz' }],
    ['counts', { consumedUnits: 15 }],
  ])('is the same one with other %s', (_, changes) => {
    expect(answer({ ...SAMPLE, ...changes })).toEqual(answer(SAMPLE));
  });

  it('holds nothing that names anybody', () => {
    const text = JSON.stringify(answer(SAMPLE));
    for (const name of ['Ada', 'Lindqvist', 'contoso', ID, OTHER_ID, 'eyJ', 'MIIC', 'abcdef', 'AAAA', 'bbbb']) expect(text).not.toContain(name);
    expect(JSON.stringify(answer({ message: "User 'ada@contoso.example' was not found", code: 'Ada Lindqvist, Contoso', [`x-${ID}`]: 'y' }))).not.toMatch(/ada|8f14e45f|Lindqvist/i);
  });

  it('marks the ids and the domain of our own requests and leaves the rest readable', () => {
    expect(own(`https://login.test/v1.0/users/${ID}?$filter=mail eq 'x@CONTOSO.example'`)).toMatch(/^\{login\}\/v1\.0\/users\/\{guid [0-9a-f]{8}\}\?\$filter=mail eq 'x@\{domain\}'$/);
  });

  it('gives other marks under another key', () => {
    const other = createNormaliser({ key: Buffer.alloc(32, 8), known: [] });
    expect(other.answer({ id: ID })).not.toEqual(answer({ id: ID }));
  });
});
