/** Ports for tests of rooms: memory state, a clock that is moved, seeded randomness, an audit that remembers. */
import { createHash } from 'node:crypto';
import { createMemoryStore } from '../../src/core/adapters/memory-store';
import type { AuditEvent, AuditSink, RandomSource } from '../../src/core/ports';
import { createSealer, parseKeyRing } from '../../src/core/sealing';
import { createMovableClock } from '../../src/core/testing/movable-clock';

export const START = Date.parse('2026-03-01T09:00:00Z');

export function seededRandom(seed = 'seed'): RandomSource {
  let counter = 0;
  const block = () => createHash('sha256').update(`${seed}:${(counter += 1)}`).digest();
  const bytes = (length: number) => {
    const parts: Buffer[] = [];
    while (parts.length * 32 < length) parts.push(block());
    return Buffer.concat(parts).subarray(0, length);
  };
  return { bytes, uuid: () => bytes(16).toString('hex').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5') };
}

export function rememberingAudit(): AuditSink & { readonly events: AuditEvent[]; failing: boolean } {
  const events: AuditEvent[] = [];
  const sink = {
    events,
    failing: false,
    async append(event: AuditEvent) {
      if (sink.failing) throw new Error('audit is down');
      if (!events.some((known) => known.id === event.id)) events.push(event);
    },
  };
  return sink;
}

export function corePorts(seed = 'seed') {
  const clock = createMovableClock(START);
  const random = seededRandom(seed);
  const store = createMemoryStore({ clock });
  const ring = parseKeyRing(`k1:${Buffer.alloc(32, 7).toString('base64')}`);
  const sealer = createSealer({ ring, storeId: store.storeId, randomBytes: (length) => random.bytes(length) });
  return { clock, random, store, sealer, audit: rememberingAudit() };
}
