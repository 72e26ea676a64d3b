import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../../src/core/certificates/keys/compare-keys';
import { findUntold } from '../../../../src/core/certificates/keys/foreign-change';
import { findForeignChange, isEntryOf, surplusKeyIds, keyIdOf, type ApplicationKeys } from '../../../../src/core/certificates/keys/key-credentials';
import { EMPTY_LEDGER, explainedBy, findContradiction, withEntry, type KeyLedger, type LedgerEntry } from '../../../../src/core/certificates/keys/key-ledger';
import type { CertificateRecord } from '../../../../src/core/certificates/model';
import { sha1Hex, sha256Hex } from '../../../../src/core/internal/encoding';

const NOW = Date.UTC(2026, 10, 22);
const MINUTE = 60_000;
const shows = (...keyIds: readonly string[]): ApplicationKeys => ({ id: 'object-1', appId: 'app-1', keyCredentials: keyIds.map((keyId) => ({ keyId })) });
const entry = (keyId: string, state: LedgerEntry['state'], minutesAgo = 1, endsAt: number | null = null): LedgerEntry => ({ keyId, state, at: NOW - minutesAgo * MINUTE, endsAt, thumbprintSha256: null });
const ledger = (...keys: readonly LedgerEntry[]): KeyLedger => ({ ...EMPTY_LEDGER, keys: [...keys] });
const contradiction = (known: KeyLedger, shown: ApplicationKeys, wanted?: string) => findContradiction(known, shown, NOW, wanted);

describe('a read of an app\'s keys', () => {
  it('is old when it misses a key we added or shows one we removed', () => {
    expect(contradiction(ledger(entry('a', 'added')), shows('b'))).toEqual({ missing: ['a'], lingering: [], settled: false });
    expect(contradiction(ledger(entry('a', 'removed')), shows('A', 'b'))).toEqual({ missing: [], lingering: ['a'], settled: false });
    expect(contradiction(ledger(entry('a', 'added'), entry('b', 'removed')), shows('A'))).toBeUndefined();
  });

  it('stays a contradiction for as long as no lag explains it, and then somebody else has been there', () => {
    expect(contradiction(ledger(entry('a', 'added', 14)), shows())?.settled).toBe(false);
    expect(contradiction(ledger(entry('a', 'added', 15)), shows())?.settled).toBe(true);
    expect(contradiction(ledger(entry('a', 'added', 15), entry('b', 'added', 1)), shows())?.settled).toBe(false);
  });

  it('may or may not show what a killed writer had begun, until that can only have failed', () => {
    expect(contradiction(ledger(entry('a', 'adding')), shows())?.missing).toEqual(['a']);
    expect(contradiction(ledger(entry('a', 'adding', 15)), shows())).toBeUndefined();
    expect(contradiction(ledger(entry('a', 'adding')), shows('a'))).toBeUndefined();
    expect(contradiction(ledger(entry('a', 'removing')), shows('a'))?.lingering).toEqual(['a']);
    expect(contradiction(ledger(entry('a', 'removing', 15)), shows('a'))).toBeUndefined();
  });

  it('need not show the key that is about to be written again, unless it was seen before', () => {
    expect(contradiction(ledger(entry('a', 'adding')), shows(), 'A')).toBeUndefined();
    expect(contradiction(ledger(entry('a', 'added')), shows(), 'a')?.missing).toEqual(['a']);
    expect(contradiction(ledger(entry('a', 'removed')), shows('a'), 'a')?.lingering).toEqual(['a']);
  });

  it('need not show a key whose certificate has ended, or that is known to be lost', () => {
    expect(contradiction(ledger(entry('a', 'added', 99, NOW), entry('b', 'lost', 99)), shows())).toBeUndefined();
  });
});

describe('the ledger', () => {
  it('keeps one entry per key, and what is known of it', () => {
    const first = withEntry(EMPTY_LEDGER, { ...entry('A', 'adding'), thumbprintSha256: 'T', endsAt: 5 });
    expect(withEntry(first, entry('a', 'added', 0)).keys).toEqual([{ ...entry('a', 'added', 0), thumbprintSha256: 'T', endsAt: 5 }]);
    expect(withEntry(first, entry('a', 'adding', 0))).toBe(first);
  });

  it('forgets a removed key after a month, and never one that is there', () => {
    const old = ledger(entry('gone', 'removed', 31 * 24 * 60), entry('there', 'added', 31 * 24 * 60), entry('lately', 'removed', 29 * 24 * 60));
    expect(withEntry(old, entry('new', 'added', 0)).keys.map(({ keyId }) => keyId)).toEqual(['there', 'lately', 'new']);
  });

  it('explains what our writers did, and not that a key we added is gone', () => {
    const isExplained = explainedBy(ledger(entry('added', 'added'), entry('removed', 'removed'), entry('begun', 'adding')));
    expect(findForeignChange(shows('removed', 'theirs'), shows('ADDED', 'begun', 'theirs'), isExplained)).toBeUndefined();
    expect(findForeignChange(shows('added', 'theirs'), shows('removed', 'stranger'), isExplained)).toEqual({ missing: ['added', 'theirs'], unknown: ['removed', 'stranger'] });
  });

  it('tells each foreign change once', () => {
    const reported = [{ kind: 'unknown' as const, keyId: 'x', at: 0 }];
    expect(findUntold({ reported }, { missing: [], unknown: ['X'] })).toBeUndefined();
    expect(findUntold({ reported }, { missing: ['x'], unknown: ['x', 'y'] })).toEqual({ missing: ['x'], unknown: ['y'] });
  });
});

describe('a certificate that is there twice', () => {
  const der = Buffer.from([48, 3, 2, 1, 5]);
  const certificate = { der, thumbprintSha1: sha1Hex(der), thumbprintSha256: sha256Hex(der) };
  const holding = (...keyIds: readonly string[]): ApplicationKeys => ({ ...shows(), keyCredentials: [...shows('theirs').keyCredentials, ...keyIds.map((keyId) => ({ keyId, key: der.toString('base64') }))] });

  it('keeps the key id that follows from it, else the first', () => {
    expect(surplusKeyIds(holding('a'), certificate)).toEqual([]);
    expect(surplusKeyIds(holding('a', 'b'), certificate)).toEqual(['b']);
    expect(surplusKeyIds(holding('a', keyIdOf(certificate).toUpperCase(), 'b'), certificate)).toEqual(['a', 'b']);
  });

  it('is recognised by its content, whatever label it has', () => {
    expect(isEntryOf({ keyId: 'a', key: der.toString('base64'), customKeyIdentifier: 'AB'.repeat(20) }, certificate)).toBe(true);
    expect(isEntryOf({ keyId: 'a', key: 'AAAA', customKeyIdentifier: certificate.thumbprintSha1 }, certificate)).toBe(false);
    expect(isEntryOf({ keyId: 'a', key: null, customKeyIdentifier: certificate.thumbprintSha1.toLowerCase() }, certificate)).toBe(true);
  });
});

describe('comparing a registration with what we know', () => {
  const der = Buffer.from([48, 3, 2, 1, 7]);
  const record = (change: Partial<CertificateRecord> = {}): CertificateRecord => ({
    id: 'certificate-1', name: 'Backup', description: '', source: 'generated', state: 'active', createdAt: 0, createdBy: 'op-1', subject: 'CN=Backup', serialNumber: '1', keyType: 'rsa', keyBits: 2048,
    notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z', thumbprintSha1: sha1Hex(der), thumbprintSha256: sha256Hex(der), usedBy: [], ...change,
  });
  const ours = { keyId: 'ours', key: der.toString('base64'), endDateTime: '2027-01-01T00:00:00Z' };
  const stranger = { keyId: 'stranger', key: Buffer.from('x').toString('base64'), displayName: 'CN=Who', endDateTime: null };
  const compare = (keys: readonly object[], known: Partial<Parameters<typeof compareKeys>[1]> = {}) =>
    compareKeys({ ...shows(), keyCredentials: keys as ApplicationKeys['keyCredentials'] }, { ledger: EMPTY_LEDGER, certificates: [record()], alsoKnownSha256: new Set(), ...known }, { appId: 'APP-1', now: NOW });

  it('names ours by their certificate, and others by all that is known of them', () => {
    expect(compare([ours, stranger])).toEqual({
      applicationObjectId: 'object-1',
      registered: [{ keyId: 'ours', certificateId: 'certificate-1', name: 'Backup', endDateTime: '2027-01-01T00:00:00Z' }],
      unknown: [{ keyId: 'stranger', displayName: 'CN=Who', endDateTime: null, thumbprintSha256: sha256Hex(Buffer.from('x')) }],
      missing: [],
    });
    expect(compare([stranger], { alsoKnownSha256: new Set([sha256Hex(Buffer.from('x'))]) }).unknown).toEqual([]);
  });

  it('misses what the ledger or a record says is there, and only after a while', () => {
    const used = record({ usedBy: [{ appKey: 'backup', appId: 'app-1', keyId: 'OURS', registeredAt: NOW - 15 * MINUTE }] });
    expect(compare([], { certificates: [used] }).missing).toEqual([{ keyId: 'ours', certificateId: 'certificate-1', name: 'Backup' }]);
    expect(compare([], { certificates: [record({ usedBy: [{ appKey: 'backup', appId: 'app-1', keyId: 'ours', registeredAt: NOW - MINUTE }] })] }).missing).toEqual([]);
    expect(compare([], { certificates: [record({ usedBy: [{ appKey: 'other', appId: 'app-2', keyId: 'ours', registeredAt: 0 }] })] }).missing).toEqual([]);
    expect(compare([], { ledger: ledger(entry('gone', 'added', 20)) }).missing).toEqual([{ keyId: 'gone', certificateId: null, name: null }]);
    expect(compare([], { ledger: ledger(entry('gone', 'added', 5)) }).missing).toEqual([]);
    expect(compare([], { certificates: [used], ledger: ledger(entry('ours', 'removed', 20)) }).missing).toEqual([]);
  });

  it('takes a removed key that is back for a stranger\'s, once no old read explains it', () => {
    expect(compare([ours], { ledger: ledger(entry('ours', 'removed', 1)) }).unknown).toEqual([]);
    expect(compare([ours], { ledger: ledger(entry('ours', 'removed', 20)) }).unknown.map(({ keyId }) => keyId)).toEqual(['ours']);
  });

  it('goes on missing what was told as lost, while its certificate is kept', () => {
    const lost = { ...entry('ours', 'lost', 1), thumbprintSha256: sha256Hex(der) };
    expect(compare([], { ledger: ledger(lost) }).missing).toHaveLength(1);
    expect(compare([], { ledger: ledger(lost), certificates: [] }).missing).toEqual([]);
    expect(compare([ours], { ledger: ledger(lost) }).missing).toEqual([]);
  });
});
