/**
 * What every request met, as lines that can be compared and replayed. A line holds no arrival order, no wall time and no
 * secret: the same seed and the same requests give the same lines. The first line is the plan.
 */
import type { ReplicationScope } from '../model';
import { counterKey, type Asked } from './asked';
import { FaultPlanError } from './plan-fields';

export interface TraceRow {
  /** Milliseconds since the plan began, by the sandbox's clock. */
  readonly atMs: number;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly app: string;
  readonly tenant: string;
  /** The how-manieth request of this method, path, app and tenant. */
  readonly count: number;
  /** Ids of the rules that acted. */
  readonly fired: readonly string[];
  /** The same for the items of a batch, by their ids. */
  readonly items?: Readonly<Record<string, readonly string[]>>;
  /** Which replica answered each kind of read. */
  readonly replicas: Readonly<Partial<Record<ReplicationScope, number>>>;
  readonly status: number;
}

export type Recorded = Pick<TraceRow, 'fired' | 'items' | 'replicas'>;

/** What a trace says about each request, to be done again. */
export interface Replay {
  /** As it was given, so that the replay's own trace can be compared. */
  readonly plan: unknown;
  find(asked: Asked, count: number): Recorded | undefined;
}

export function traceKey(asked: Asked, count: number): string {
  return `${counterKey('request', asked)} ${count}`;
}

export function writeHeader(plan: unknown): string {
  return `${JSON.stringify({ trace: 1, plan })}\n`;
}

export function writeRow(row: TraceRow): string {
  return `${JSON.stringify(row)}\n`;
}

/** Raises FaultPlanError for a text that is no trace. */
export function readTrace(text: string): Replay {
  const [first, ...rest] = text.split('\n').filter((line) => line !== '').map(parseLine);
  const header = first as { readonly trace?: unknown; readonly plan?: unknown } | undefined;
  if (header?.trace !== 1) throw new FaultPlanError('The trace does not begin with its plan.');
  const rows = rest.map((line, index) => readRow(line, index + 2));
  const byKey = new Map(rows.map((row) => [traceKey({ ...row, members: new Set() }, row.count), row]));
  return { plan: header.plan, find: (asked, count) => byKey.get(traceKey(asked, count)) };
}

function parseLine(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new FaultPlanError(`Line ${index + 1} of the trace is not JSON.`);
  }
}

function readRow(line: unknown, number: number): TraceRow & { readonly host: Asked['host'] } {
  const row = line as Partial<TraceRow>;
  const isWhole = typeof row === 'object' && row !== null && (row.host === 'login' || row.host === 'graph') && typeof row.method === 'string' && typeof row.path === 'string' && typeof row.count === 'number' && Array.isArray(row.fired) && typeof row.replicas === 'object';
  if (!isWhole) throw new FaultPlanError(`Line ${number} of the trace is no request.`);
  return row as TraceRow & { readonly host: Asked['host'] };
}
