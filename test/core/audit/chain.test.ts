import { describe, expect, it } from 'vitest';
import { chainEntry, parseEntry, verifyChain, type AuditEntry } from '../../../src/core/audit/chain';
import { canonicalJson } from '../../../src/core/internal/canonical';
import { sha256Hex } from '../../../src/core/internal/encoding';

function chainOf(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let index = 0; index < length; index += 1) {
    entries.push(chainEntry({ id: `event-${index}`, action: 'test.done', phase: 'note', actor: 'operator-1' }, entries.at(-1), 1000 + index, undefined));
  }
  return entries;
}

/** What somebody can do who knows how hashes are made. */
function rehashed(entry: AuditEntry, change: Partial<AuditEntry>): AuditEntry {
  const { hash: _replaced, ...content } = { ...entry, ...change };
  return { ...content, hash: sha256Hex(canonicalJson(content)) };
}

const brokenAt = (change: (entries: AuditEntry[]) => (AuditEntry | undefined)[]) => verifyChain(change(chainOf(5))).brokenAt;
const at = (entries: AuditEntry[], index: number) => entries[index] as AuditEntry;

describe('a chain of entries', () => {
  it('is intact as it was made, also after it was stored and read', () => {
    expect(verifyChain([])).toEqual({ entries: 0, intact: true, brokenAt: null, unsigned: 0 });
    expect(verifyChain(chainOf(5).map((entry) => parseEntry(JSON.stringify(entry))))).toEqual({ entries: 5, intact: true, brokenAt: null, unsigned: 5 });
  });

  it('breaks after an entry that was changed together with its hash', () => {
    expect(brokenAt((entries) => entries.with(2, rehashed(at(entries, 2), { actor: 'somebody else' })))).toBe(4);
  });

  it('breaks where entries were swapped, doubled, left out or renumbered', () => {
    expect(brokenAt((entries) => entries.with(1, at(entries, 2)).with(2, at(entries, 1)))).toBe(2);
    expect(brokenAt((entries) => entries.toSpliced(2, 0, at(entries, 1)))).toBe(3);
    expect(brokenAt((entries) => entries.toSpliced(3, 1))).toBe(4);
    expect(brokenAt((entries) => entries.with(4, rehashed(at(entries, 4), { seq: 6 })))).toBe(5);
    expect(brokenAt((entries) => entries.with(4, rehashed(at(entries, 4), { previousHash: '0'.repeat(64) })))).toBe(5);
  });

  it('breaks at an entry that cannot be read, and counts on', () => {
    const entries: (AuditEntry | undefined)[] = chainOf(5);
    expect(verifyChain(entries.with(1, undefined))).toMatchObject({ entries: 5, intact: false, brokenAt: 2 });
  });

  it('takes no entry with members of somebody else', () => {
    const entry = at(chainOf(1), 0);
    expect(parseEntry(JSON.stringify({ ...entry, added: 'x' }))).toBeUndefined();
    expect(parseEntry(JSON.stringify({ ...entry, phase: 'rumour' }))).toBeUndefined();
  });
});
