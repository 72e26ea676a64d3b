/** What a benchmark says: figures with their spread, and which of its promises held. */

export interface Measure {
  readonly name: string;
  readonly unit: 'ms' | 'MB' | 'ratio' | 'count' | 'per second';
  readonly median: number;
  /** First and third quartile, and the extremes, over `samples` fresh processes (or runs, where `about` says so). */
  readonly quartiles: readonly [number, number];
  readonly range: readonly [number, number];
  readonly samples: number;
}

export interface Target {
  readonly statement: string;
  readonly value: number;
  readonly limit: number;
  readonly holds: boolean;
  /** Ratios and counts decide whether the run fails; a duration depends on the machine and is only reported. */
  readonly decides: boolean;
}

export interface FigureResult {
  readonly measures: readonly Measure[];
  readonly targets: readonly Target[];
}

export interface Figure {
  /** As `--only` takes it. */
  readonly name: string;
  readonly title: string;
  /** What is compared with what, for the page; Markdown. */
  readonly about: string;
  readonly run: (progress: (text: string) => void) => Promise<FigureResult>;
}

export function measure(name: string, unit: Measure['unit'], samples: readonly number[]): Measure {
  const sorted = samples.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
  return { name, unit, median: at(0.5), quartiles: [at(0.25), at(0.75)], range: [at(0), at(1)], samples: sorted.length };
}

export function atMost(statement: string, value: number, limit: number, decides = true): Target {
  return { statement, value, limit, holds: value <= limit, decides };
}

export function exactly(statement: string, value: number, limit: number): Target {
  return { statement, value, limit, holds: value === limit, decides: true };
}
