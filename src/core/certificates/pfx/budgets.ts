/** What one file may still ask for: elements, entries, iterations. Spent while reading, before anything is computed. */
import { createElementBudget, type ElementBudget } from './ber';
import { MAX_ENTRIES, MAX_ITERATIONS, MAX_ITERATIONS_IN_TOTAL } from './limits';
import { malformed, refused } from './refusal';

export interface Budgets {
  readonly elements: ElementBudget;
  readonly iterations: IterationBudget;
  readonly entries: { left: number };
}

export function createBudgets(): Budgets {
  return { elements: createElementBudget(), iterations: createIterationBudget(), entries: { left: MAX_ENTRIES } };
}

export function spendEntry({ entries }: Pick<Budgets, 'entries'>): void {
  if ((entries.left -= 1) < 0) throw refused('PFX_TOO_LARGE', `The file has more than ${MAX_ENTRIES} entries.`);
}

/** Counts what a file asks for. One per file. */
export interface IterationBudget {
  /** Raises `PFX_MALFORMED` for a count below one, `PFX_ITERATIONS_EXCESSIVE`. */
  spend(iterations: number): void;
}

function createIterationBudget(): IterationBudget {
  let total = 0;
  return {
    spend(iterations) {
      if (iterations < 1) throw malformed('an iteration count is below one');
      total += iterations;
      if (iterations > MAX_ITERATIONS || total > MAX_ITERATIONS_IN_TOTAL) {
        const asked = Number.isFinite(iterations) ? iterations.toLocaleString('en') : 'an enormous number of';
        throw refused('PFX_ITERATIONS_EXCESSIVE', `The file asks for ${asked} iterations; at most 1,000,000 for one key and 3,000,000 for a file are computed.`);
      }
    },
  };
}
