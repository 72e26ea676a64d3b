/**
 * The dead man's switch of the scheduled check: what renews certificates may itself have stopped, and then nobody says so.
 * Every completed check leaves a heartbeat; twice the interval without one is an alarm, and so is never having run since the
 * first certificate was stored. Whoever reads it needs no check to run.
 */
import * as z from 'zod/v4';
import type { Ports } from '../../ports';
import { findRecord, type RecordKind, type RecordPorts, updateRecord } from '../../records';

const heartbeatSchema = z.object({
  /** When the last check was complete. Milliseconds since the Unix epoch. */
  at: z.number(),
  /** Operator id. */
  by: z.string(),
  /** How often the check is meant to run, as its own settings said. */
  everyHours: z.number(),
});

export type Heartbeat = Readonly<z.infer<typeof heartbeatSchema>>;

/** Authenticated: whoever can silence this alarm can let every certificate end unseen. */
const heartbeatKind: RecordKind<Heartbeat> = { kind: 'certificates/heartbeat', schemaVersion: 1, schema: heartbeatSchema, authenticated: true };
const ONLY_ONE = 'check';

/** Undefined while no check was ever completed. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function readHeartbeat(ports: RecordPorts): Promise<Heartbeat | undefined> {
  return (await findRecord(ports, heartbeatKind, ONLY_ONE))?.value;
}

/** A check that ended earlier than the one on record changes nothing. Raises like {@link readHeartbeat}, and `STATE_CONFLICT`. */
export async function writeHeartbeat(ports: RecordPorts & Pick<Ports, 'clock'>, check: Omit<Heartbeat, 'at'>): Promise<Heartbeat> {
  const beat = { ...check, at: ports.clock.now() };
  return updateRecord(ports, heartbeatKind, ONLY_ONE, (current) => (current !== undefined && current.at > beat.at ? current : beat));
}

export interface HeartbeatView {
  /** Null: no check was ever completed. Milliseconds since the Unix epoch. */
  readonly lastAt: number | null;
  /** ISO 8601 in UTC. Null: there is nothing yet that a check would look after. */
  readonly dueBy: string | null;
  readonly overdue: boolean;
}

export interface HeartbeatFacts {
  readonly heartbeat: Heartbeat | undefined;
  /** When the first certificate was stored; null when there is none. */
  readonly firstCertificateAt: number | null;
  /** Of this host's settings; what counts while no check ever ran. */
  readonly checkEveryHours: number;
}

const HOUR_MS = 3_600_000;

/** Pure. `now` in milliseconds since the Unix epoch. */
export function judgeHeartbeat({ heartbeat, firstCertificateAt, checkEveryHours }: HeartbeatFacts, now: number): HeartbeatView {
  const since = heartbeat?.at ?? firstCertificateAt;
  if (since === null) return { lastAt: null, dueBy: null, overdue: false };
  // The interval of whoever checks: a host that only watches may be configured otherwise.
  const dueByMs = since + 2 * (heartbeat?.everyHours ?? checkEveryHours) * HOUR_MS;
  return { lastAt: heartbeat?.at ?? null, dueBy: new Date(dueByMs).toISOString(), overdue: now > dueByMs };
}
