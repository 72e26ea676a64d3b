/**
 * The fault plan of a running sandbox: none at first, one at a time, changed at the control door. Its trace is kept in
 * memory and, when the sandbox has a data directory, in `trace.ndjson`.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxRequest, SandboxResponse } from '../http';
import type { ControlledWorld } from '../world';
import { FaultEngine, type FaultReport } from './engine';
import { KeyRotation } from './key-rotation';
import type { FaultPlan } from './plan';
import { readFaultPlan } from './plan-check';
import { FaultPlanError } from './plan-fields';
import { PRESET_NAMES } from './presets';
import { readTrace, writeHeader, writeRow, type Replay, type TraceRow } from './trace';

/** Lines beyond this are on the disk only. */
const MAX_ROWS = 20_000;

/** A preset's name, a plan as its file has it, or `{replay}` with the text of a trace. */
export type FaultsInput = string | object;

export interface Faults {
  /** Begin a plan; undefined ends the present one. Raises FaultPlanError, RangeError for a clock that would run backwards. */
  set(input: FaultsInput | undefined): void;
  /** Undefined without a plan. */
  report(): FaultReport | undefined;
  /** What every request met since the plan began. */
  trace(): readonly TraceRow[];
  /** The trace as its file has it. */
  traceText(): string;
}

export interface SessionOptions {
  readonly world: ControlledWorld;
  readonly realTime: boolean;
  readonly dataDir: string | undefined;
}

interface Running {
  readonly engine: FaultEngine;
  /** As it was given. */
  readonly plan: unknown;
}

type Answer = (request: SandboxRequest) => Promise<SandboxResponse>;

export class FaultSession implements Faults {
  readonly #keys: KeyRotation;
  #running: Running | undefined;
  #rows: TraceRow[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor(readonly options: SessionOptions) {
    this.#keys = new KeyRotation(options.world);
  }

  set(input: FaultsInput | undefined): void {
    const replay = isReplay(input) ? readTrace(input.replay) : undefined;
    const given = replay === undefined ? input : replay.plan;
    if (given === undefined) this.#end();
    else this.#begin(given, readFaultPlan(given), replay);
  }

  /** The same plan from its start. */
  restart(): void {
    const running = this.#running;
    if (running === undefined) this.#keys.reset();
    else this.#begin(running.plan, running.engine.options.plan, running.engine.options.replay);
  }

  report(): FaultReport | undefined {
    return this.#running?.engine.report();
  }

  trace(): readonly TraceRow[] {
    return [...this.#rows];
  }

  traceText(): string {
    return this.#running === undefined ? '' : [writeHeader(this.#running.plan), ...this.#rows.map(writeRow)].join('');
  }

  around(request: SandboxRequest, answer: Answer): Promise<SandboxResponse> {
    return this.#running === undefined ? answer(request) : this.#running.engine.around(request, answer);
  }

  /** Resolves when every line so far is on the disk. */
  written(): Promise<void> {
    return this.#written;
  }

  #begin(given: unknown, plan: FaultPlan, replay: Replay | undefined): void {
    const { world, realTime } = this.options;
    if (plan.clock !== undefined && plan.clock !== world.now()) world.setNow(plan.clock);
    this.#end();
    const onRow = (row: TraceRow) => {
      if (this.#rows.length < MAX_ROWS) this.#rows.push(row);
      this.#append(writeRow(row));
    };
    this.#running = { plan: given, engine: new FaultEngine({ plan, world, keys: this.#keys, realTime, onRow, replay }) };
    this.#append(writeHeader(given));
  }

  #end(): void {
    this.#running = undefined;
    this.#rows = [];
    this.#keys.reset();
  }

  #append(line: string): void {
    const { dataDir } = this.options;
    if (dataDir === undefined) return;
    this.#written = this.#written.then(() => appendFile(join(dataDir, 'trace.ndjson'), line, { mode: 0o600 }));
    // Reported by written(); without this a full disk would end the process in between.
    this.#written.catch(() => {});
  }
}

/** A preset's name, or a file that holds a plan or a trace. Raises FaultPlanError. */
export async function readFaultsArgument(nameOrFile: string): Promise<FaultsInput> {
  if (PRESET_NAMES.includes(nameOrFile)) return nameOrFile;
  const text = await readFile(nameOrFile, 'utf8').catch((error: unknown) => {
    throw new FaultPlanError(`${nameOrFile} is neither one of ${PRESET_NAMES.join(', ')} nor a file that can be read.`, { cause: error });
  });
  if (text.startsWith('{"trace":1,')) {
    readFaultPlan(readTrace(text).plan);
    return { replay: text };
  }
  const plan = parsePlan(text, nameOrFile);
  readFaultPlan(plan);
  return plan;
}

function parsePlan(text: string, nameOrFile: string): object {
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    throw new FaultPlanError(`The fault plan ${nameOrFile} is not valid JSON.`, { cause: error });
  }
}

function isReplay(input: FaultsInput | undefined): input is { readonly replay: string } {
  return typeof input === 'object' && 'replay' in input && typeof input.replay === 'string';
}
