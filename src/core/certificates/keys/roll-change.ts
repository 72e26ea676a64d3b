/**
 * One proven change carried out: sent until an answer came, then read until it is seen. What became of a lost answer is judged
 * by the directory: a repetition of what landed is refused, and removing what is gone is, too. What somebody else changed at
 * the same time is told when three reads say so.
 */
import { OnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import { reportForeignChange } from './foreign-change';
import { readKeys, readUntil } from './key-access';
import { findForeignChange, type ApplicationKeys, type ForeignChange } from './key-credentials';
import { explainedBy, readLedger } from './key-ledger';
import type { KeyWriter } from './key-writer';
import { sendProven, type ProvenInput, type ProvenRequest } from './proven-send';

const READ_BACK_PAUSES_MS = [2000, 3000, 5000, 10_000, 20_000, 30_000, 60_000, 60_000, 60_000] as const;
/** After a refusal that nothing of ours explains. */
const DOUBT_PAUSES_MS = [2000, 5000] as const;
const RESEND_PAUSES_MS = [3000, 10_000, 30_000] as const;
const CONFIRM_PAUSES_MS = [5000, 10_000] as const;

export type RollPorts = Pick<Ports, 'graph' | 'clock' | 'random' | 'audit' | 'jwt' | 'store' | 'sealer' | 'events'>;

export interface ProvenChange {
  readonly request: ProvenRequest;
  readonly isDone: (keys: ApplicationKeys) => boolean;
  /** An earlier run may have sent it. */
  readonly mayHaveLanded: boolean;
  /** Put down before anything is read again. */
  readonly accepted: () => Promise<void>;
  /** Microsoft said no, and it is not there. */
  readonly refused: () => Promise<void>;
}

export interface CarriedOut {
  readonly keys: ApplicationKeys;
  /** True when Microsoft took it in this run; false when it turned out to be so already. */
  readonly isAccepted: boolean;
}

/** Raises `KEY_CREDENTIAL_STALE`, `KEY_CREDENTIAL_BUSY`, what the refusal means, and what the GraphTransport raises. */
export async function carryOut(ports: RollPorts, input: ProvenInput, writer: KeyWriter, change: ProvenChange): Promise<CarriedOut> {
  let { mayHaveLanded } = change;
  for (let attempt = 0; ; attempt += 1) {
    await writer.keep();
    const outcome = await sendProven(ports, input, change.request);
    if (outcome.kind === 'accepted') return { keys: await readBack(ports, input, writer, change), isAccepted: true };
    const pauseMs = RESEND_PAUSES_MS[attempt];
    mayHaveLanded ||= outcome.kind === 'unknown';
    if (outcome.kind === 'refused' || pauseMs === undefined) return { keys: await readInDoubt(ports, input, writer, change, { mayHaveLanded, error: outcome.error }), isAccepted: false };
    await ports.clock.sleep(pauseMs, input.signal);
    // A key that is seen need not be sent again. A key that is not seen may be an old read: removing is repeated.
    const keys = change.request.action === 'addKey' ? await readKeys(ports, input) : undefined;
    if (keys !== undefined && change.isDone(keys)) return { keys, isAccepted: true };
  }
}

async function readBack(ports: RollPorts, input: ProvenInput, writer: KeyWriter, { accepted, isDone }: ProvenChange): Promise<ApplicationKeys> {
  await accepted();
  const keys = await readUntil(ports, input, READ_BACK_PAUSES_MS, isDone, writer);
  if (!isDone(keys)) throw new OnboardingError('KEY_CREDENTIAL_STALE', 'Microsoft accepted the change, and the directory does not show it yet.');
  return keys;
}

interface Doubt {
  readonly mayHaveLanded: boolean;
  readonly error: OnboardingError;
}

/** A refused proof or permission needs no second look. */
async function readInDoubt(ports: RollPorts, input: ProvenInput, writer: KeyWriter, { isDone, refused }: ProvenChange, { mayHaveLanded, error }: Doubt): Promise<ApplicationKeys> {
  const { status } = error.details;
  const isPlain = status === 401 || status === 403;
  const keys = isPlain ? undefined : await readUntil(ports, input, mayHaveLanded ? READ_BACK_PAUSES_MS : DOUBT_PAUSES_MS, isDone, writer);
  if (keys !== undefined && isDone(keys)) return keys;
  if (!mayHaveLanded) await refused();
  // No repetition of what landed can be told from a plain refusal until the directory shows it, or enough time has passed.
  if (mayHaveLanded && status === 400) throw new OnboardingError('KEY_CREDENTIAL_STALE', 'An earlier attempt may have been accepted, and the directory does not show it yet.', { cause: error, serviceCode: error.serviceCode, correlationId: error.correlationId });
  throw error;
}

/**
 * What changed between two reads that none of our writers did, when two more reads say the same; told as
 * {@link reportForeignChange} tells it.
 */
export async function findConfirmedChange(ports: RollPorts, input: ProvenInput, before: ApplicationKeys, after: ApplicationKeys): Promise<ForeignChange | null> {
  const isExplained = explainedBy(await readLedger(ports, input.applicationAppId));
  let change = findForeignChange(before, after, isExplained);
  for (const pauseMs of CONFIRM_PAUSES_MS) {
    if (change === undefined) return null;
    await ports.clock.sleep(pauseMs, input.signal);
    change = findCommon(change, findForeignChange(before, await readKeys(ports, input), isExplained));
  }
  if (change === undefined) return null;
  await reportForeignChange(ports, input, { change, isComplete: false });
  return change;
}

function findCommon(left: ForeignChange, right: ForeignChange | undefined): ForeignChange | undefined {
  const missing = left.missing.filter((keyId) => right?.missing.includes(keyId));
  const unknown = left.unknown.filter((keyId) => right?.unknown.includes(keyId));
  return missing.length + unknown.length === 0 ? undefined : { missing, unknown };
}

