/**
 * One writer at a time per app registration, among all processes that share the store: Graph has no ETag for key credentials,
 * so two writes built from one read would undo each other. A lease; who is killed holds it until it ends. It cannot keep out
 * somebody with the portal open, nor a writer that was suspended between its last look at the lease and its request.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import { claimRecord, findRecord, replaceRecord, retireRecord, type RecordKind, type Stored } from '../../records';

/** Longer than one request may take with everything it waits for. */
const LEASE_MS = 180_000;
/** For the lease of somebody who was killed to end. */
const PATIENCE_MS = 240_000;
const POLL_MS = 2000;

const writerSchema = z.object({
  holder: z.string(),
  /** Operator id. */
  actor: z.string(),
  /** Milliseconds since the Unix epoch. */
  since: z.number(),
});

type WriterClaim = Readonly<z.infer<typeof writerSchema>>;

export const keyWriterKind: RecordKind<WriterClaim> = { kind: 'certificates/key-writer', schemaVersion: 1, schema: writerSchema };

export type WriterPorts = Pick<Ports, 'store' | 'sealer' | 'clock' | 'random'>;

export interface KeyWriter {
  /** Call before every write and while waiting. Raises `KEY_CREDENTIAL_BUSY` when the lease was lost. */
  keep(): Promise<void>;
}

export interface WriterInput {
  readonly applicationAppId: string;
  readonly actor: string;
  readonly signal?: AbortSignal | undefined;
}

/** Do `work` as the only writer. Raises `KEY_CREDENTIAL_BUSY` when another one does not end, and what `work` raises. */
export async function withKeyWriter<T>(ports: WriterPorts, input: WriterInput, work: (writer: KeyWriter) => Promise<T>): Promise<T> {
  const id = input.applicationAppId.toLowerCase();
  const claim = { holder: ports.random.uuid(), actor: input.actor, since: ports.clock.now() };
  await takeLease(ports, id, claim, input.signal);
  try {
    return await work({ keep: async () => keepLease(ports, id, claim.holder) });
  } finally {
    // What the work came to matters more than a lease that ends by itself.
    await endLease(ports, id, claim.holder).catch(() => undefined);
  }
}

async function takeLease(ports: WriterPorts, id: string, claim: WriterClaim, signal: AbortSignal | undefined): Promise<void> {
  const givesUpAt = ports.clock.now() + PATIENCE_MS;
  while (!(await claimRecord(ports, keyWriterKind, id, claim, ports.clock.now() + LEASE_MS))) {
    if (ports.clock.now() >= givesUpAt) throw await busy(ports, id);
    await ports.clock.sleep(POLL_MS, signal);
  }
}

async function keepLease(ports: WriterPorts, id: string, holder: string): Promise<void> {
  const held = await findOwn(ports, id, holder);
  const isKept = held !== undefined && (await replaceRecord(ports, keyWriterKind, id, held, held.value, ports.clock.now() + LEASE_MS));
  if (!isKept) throw await busy(ports, id);
}

async function endLease(ports: WriterPorts, id: string, holder: string): Promise<void> {
  const held = await findOwn(ports, id, holder);
  if (held !== undefined) await retireRecord(ports, keyWriterKind, id, held);
}

async function findOwn(ports: WriterPorts, id: string, holder: string): Promise<Stored<WriterClaim> | undefined> {
  const held = await findRecord(ports, keyWriterKind, id);
  return held?.value.holder === holder ? held : undefined;
}

async function busy(ports: WriterPorts, id: string): Promise<OnboardingError> {
  const held = await findRecord(ports, keyWriterKind, id);
  const details = held === undefined ? {} : { actor: held.value.actor, since: held.value.since };
  return new OnboardingError('KEY_CREDENTIAL_BUSY', 'Another of our writers is changing this app\'s key credentials.', { details, retryAfterSeconds: LEASE_MS / 1000 });
}
