/**
 * The state a PATCH may be built from: two reads in a row that agree, and that contradict nothing our own writers did. An old
 * read is waited out; one that stays so for longer than any lag means that somebody else has been there, which is told and
 * refused once. Nothing is restored.
 */
import { OnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import { reportForeignChange, type ReportPorts } from './foreign-change';
import { readKeys, type KeyAccess } from './key-access';
import { fingerprintOf, type ApplicationKeys } from './key-credentials';
import { findContradiction, readLedger, type Contradiction } from './key-ledger';
import type { KeyWriter } from './key-writer';

/** Before each read. */
const PAUSES_MS = [0, 0, 3000, 3000, 3000, 3000, 10_000, 20_000, 30_000, 60_000, 60_000] as const;

export type SnapshotPorts = ReportPorts & Pick<Ports, 'graph'>;

/**
 * `ownKeyId` is the key about to be written. Raises `KEY_CREDENTIAL_STALE` when the directory stays behind,
 * `KEY_CREDENTIAL_FOREIGN_CHANGE` when somebody else changed what we wrote or goes on changing, `KEY_CREDENTIAL_BUSY`, and what
 * reading raises.
 */
export async function readSnapshot(ports: SnapshotPorts, access: KeyAccess, writer: KeyWriter, ownKeyId: string): Promise<ApplicationKeys> {
  const ledger = await readLedger(ports, access.applicationAppId);
  let previous: string | undefined;
  let contradiction: Contradiction | undefined;
  for (const pauseMs of PAUSES_MS) {
    if (pauseMs > 0) await ports.clock.sleep(pauseMs, access.signal);
    await writer.keep();
    const keys = await readKeys(ports, access);
    const fingerprint = fingerprintOf(keys);
    contradiction = findContradiction(ledger, keys, ports.clock.now(), ownKeyId);
    if (fingerprint === previous && contradiction === undefined) return keys;
    previous = fingerprint;
  }
  if (contradiction === undefined) throw new OnboardingError('KEY_CREDENTIAL_FOREIGN_CHANGE', 'The app\'s key credentials keep changing; nothing was written.');
  throw await contradicted(ports, access, contradiction);
}

async function contradicted(ports: SnapshotPorts, access: KeyAccess, { missing, lingering, settled }: Contradiction): Promise<OnboardingError> {
  const details = { missingKeyIds: missing, unknownKeyIds: lingering };
  if (!settled) return new OnboardingError('KEY_CREDENTIAL_STALE', 'The directory does not show the last change of the app\'s key credentials yet; nothing was written.', { details });
  await reportForeignChange(ports, access, { change: { missing, unknown: lingering }, isComplete: false });
  return new OnboardingError('KEY_CREDENTIAL_FOREIGN_CHANGE', 'Somebody else removed a key that was registered from here, or brought back one that was removed; nothing was written.', { details });
}
