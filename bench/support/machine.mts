/** What the figures were taken on: without it nobody can compare them with anything. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  /** Over the last minute, before and after the run; more than `cores` means that others were working too. */
  readonly load: { readonly before: number; readonly after: number };
}

export function currentLoad(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

export function describeMachine(loadBefore: number): Machine {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    load: { before: loadBefore, after: currentLoad() },
  };
}
