/** Everything that records of certificates need, in memory: a clock that is moved, an audit that can be read and can be down. */
import { createMemoryStore, type IdentifiedStore } from '../../../../src/core/adapters/memory-store';
import { createKeyGenerator } from '../../../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../../../src/core/adapters/node-random';
import { OnboardingError } from '../../../../src/core/errors';
import type { AuditEvent, RsaKeyPair, StateStore } from '../../../../src/core/ports';
import { createSealer, parseKeyRing } from '../../../../src/core/sealing';
import { createMovableClock } from '../../../../src/core/testing/movable-clock';

export const START = Date.UTC(2026, 10, 22);
const ring = parseKeyRing(`k1:${Buffer.alloc(32, 7).toString('base64')}`);
const random = createNodeRandom();

let shared: Promise<RsaKeyPair> | undefined;

export function createRecordsWorld() {
  const clock = createMovableClock(START);
  const store: IdentifiedStore = createMemoryStore({ clock, storeId: 'test' });
  const events: AuditEvent[] = [];
  let auditFails = (_event: AuditEvent): boolean => false;
  return {
    clock,
    store,
    /** As the real sink: the first entry of an id is kept. */
    events,
    failAudit: (when: (event: AuditEvent) => boolean) => {
      auditFails = when;
    },
    ports: (of: StateStore = store) => ({
      clock,
      random,
      store: of,
      sealer: createSealer({ ring, storeId: 'test', randomBytes: (length) => random.bytes(length) }),
      // One key for all: making it is slow, and the certificates differ by their serial numbers.
      keys: { generateRsa: async () => (shared ??= createKeyGenerator().generateRsa(2048)) },
      audit: {
        append: async (event: AuditEvent) => {
          if (auditFails(event)) throw new OnboardingError('AUDIT_UNAVAILABLE', 'down');
          if (!events.some(({ id }) => id === event.id)) events.push(event);
        },
      },
    }),
    keysOf: async (prefix = '') => {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return keys;
    },
  };
}

export async function errorOf(work: Promise<unknown>): Promise<OnboardingError | undefined> {
  const reason: unknown = await work.then(() => undefined, (error: unknown) => error);
  if (reason === undefined || reason instanceof OnboardingError) return reason;
  throw reason;
}
