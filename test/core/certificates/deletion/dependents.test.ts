import { describe, expect, it } from 'vitest';
import { type DependentFacts, describeDependent, findDependents } from '../../../../src/core/certificates/deletion/dependents';
import type { CertificateRecord } from '../../../../src/core/certificates/model';
import { ROTATION_STATES, type CertificateRotation, type RotationState } from '../../../../src/core/certificates/rotation/rotation-model';

const certificate = (id: string, changes: Partial<CertificateRecord> = {}): CertificateRecord => ({
  id,
  name: id,
  description: '',
  source: 'generated',
  subject: 'CN=x',
  serialNumber: '01',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2027-01-01T00:00:00Z',
  thumbprintSha1: 'A'.repeat(40),
  thumbprintSha256: 'A'.repeat(64),
  keyType: 'rsa',
  keyBits: 2048,
  state: 'active',
  usedBy: [],
  createdAt: 0,
  createdBy: 'op-1',
  ...changes,
});
const rotation = (state: RotationState): CertificateRotation => ({
  id: 'r-1',
  lineId: 'one',
  fromCertificateId: 'one',
  toCertificateId: 'two',
  state,
  apps: [],
  proof: { goodRounds: 0, lastGoodAt: null, rounds: 0, lastProblem: null },
  startedAt: 0,
  startedBy: 'op-1',
  activatedAt: null,
  lastFallbackAt: null,
  endedAt: null,
  nextStepAt: 0,
  reasons: [],
});
const one = certificate('one');
const two = certificate('two', { lineId: 'one' });
const nothing: DependentFacts = { configured: [], staticSources: [], signers: [], rotations: [], customerApps: [], certificates: [one, two] };
const kindsFor = (record: CertificateRecord, facts: Partial<DependentFacts>) => findDependents(record, { ...nothing, ...facts }).map(({ kind }) => kind);
const line = (currentId: string) => ({ currentId, previousId: null, switchedAt: 0, decidedBy: 'a rotation' });

describe('what needs a certificate', () => {
  it('is nothing for one that nobody names', () => {
    expect(kindsFor(one, {})).toEqual([]);
  });

  it('is every app that has its key, whatever the configuration says', () => {
    const used = certificate('one', { usedBy: [{ appKey: 'backup', appId: 'a', keyId: 'k', registeredAt: 1 }, { appKey: 'gone', appId: 'b', keyId: 'l', registeredAt: 1 }] });
    expect(findDependents(used, nothing)).toEqual([{ kind: 'app', appKey: 'backup', appId: 'a', keyId: 'k' }, { kind: 'app', appKey: 'gone', appId: 'b', keyId: 'l' }]);
  });

  it("is an app in a customer's tenant that was begun with it, until that is proven and noted as its use", () => {
    const app = { accountId: 'contoso', key: 'backup', certificateId: 'one', provenAt: null };
    expect(findDependents(one, { ...nothing, customerApps: [app, { ...app, certificateId: 'two' }] })).toEqual([{ kind: 'customer_app', accountId: 'contoso', key: 'backup' }]);
    expect(kindsFor(one, { customerApps: [{ ...app, provenAt: 5 }] })).toEqual([]);
  });

  it('is an app whose configured line it signs for, whichever certificate of the line is named', () => {
    const configured = [{ appKey: 'backup', lineId: 'one', line: line('two') }];
    expect(kindsFor(two, { configured })).toEqual(['configuration']);
    expect(kindsFor(one, { configured })).toEqual([]);
  });

  it('is an app that names the only certificate of a line, or one of a line that was never rotated', () => {
    expect(kindsFor(one, { configured: [{ appKey: 'backup', lineId: 'one', line: undefined }] })).toEqual(['configuration']);
    expect(kindsFor(one, { configured: [{ appKey: 'backup', lineId: 'one', line: line('gone') }], certificates: [one] })).toEqual(['configuration']);
    expect(kindsFor(one, { configured: [{ appKey: 'backup', lineId: 'another', line: undefined }] })).toEqual([]);
  });

  it('is a file with the same certificate', () => {
    const source = { appKey: 'backup', source: 'pfx', file: 'backup.pfx' } as const;
    expect(findDependents(one, { ...nothing, staticSources: [{ ...source, thumbprintSha256: one.thumbprintSha256 }, { ...source, thumbprintSha256: 'B'.repeat(64) }] })).toEqual([{ kind: 'static_source', ...source }]);
  });

  it('is whoever was seen signing with it, or has its key as a file, unless no app ever had it', () => {
    const signer = { id: 's-1', label: 'n8n on host one', appKey: 'backup', source: 'store', thumbprintSha256: one.thumbprintSha256, seenAt: 5, releasedBy: null } as const;
    const exported = { ...signer, id: 'export:one', appKey: null, source: 'export' } as const;
    const signers = [signer, exported];
    expect(findDependents(certificate('one', { state: 'retired' }), { ...nothing, signers })).toEqual([
      { kind: 'signer', signerId: 's-1', label: 'n8n on host one', appKey: 'backup', source: 'store', seenAt: 5 },
      { kind: 'signer', signerId: 'export:one', label: 'n8n on host one', appKey: null, source: 'export', seenAt: 5 },
    ]);
    expect(kindsFor(certificate('one', { state: 'next' }), { signers: [exported] })).toEqual([]);
  });

  it.each(ROTATION_STATES)('is a rotation that is %s, for the certificates of both its sides, unless it is over', (state) => {
    const expected = state === 'done' || state === 'rolled_back' ? [] : ['rotation'];
    for (const record of [one, two]) expect(kindsFor(record, { rotations: [rotation(state)] })).toEqual(expected);
    expect(kindsFor(certificate('three'), { rotations: [rotation(state)] })).toEqual([]);
  });

  it('is said in words that name it and the next step', () => {
    expect(describeDependent({ kind: 'static_source', appKey: 'backup', source: 'pem', file: 'b.pem' })).toContain('b.pem');
    expect(describeDependent({ kind: 'signer', signerId: 's-1', label: 'n8n on host one', source: 'store', appKey: 'backup', seenAt: 0 })).toMatch(/n8n on host one.*"backup".*1970.*s-1/);
    expect(describeDependent({ kind: 'configuration', appKey: 'backup' })).toMatch(/"backup".*rotate/);
  });
});
