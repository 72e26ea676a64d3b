/** What one file may still ask for: elements, entries, iterations, scrypt's work, slow ciphers. Spent before anything is computed. */
import { createElementBudget, type ElementBudget } from './ber';
import { MAX_ENTRIES, MAX_ITERATIONS, MAX_ITERATIONS_IN_TOTAL, MAX_SCRYPT_BYTES, MAX_SCRYPT_WORK_BYTES, MAX_SCRYPT_WORK_BYTES_IN_TOTAL, MAX_SLOW_CIPHER_BYTES } from './limits';
import { malformed, refused } from './refusal';

export interface Budgets {
  readonly elements: ElementBudget;
  readonly iterations: IterationBudget;
  readonly entries: { left: number };
  readonly slowCipherBytes: { left: number };
}

export function createBudgets(): Budgets {
  return { elements: createElementBudget(), iterations: createIterationBudget(), entries: { left: MAX_ENTRIES }, slowCipherBytes: { left: MAX_SLOW_CIPHER_BYTES } };
}

export function spendEntry({ entries }: Pick<Budgets, 'entries'>): void {
  if ((entries.left -= 1) < 0) throw refused('PFX_TOO_LARGE', `The file has more than ${MAX_ENTRIES} entries.`);
}

/** To be called for every try, since each costs the same. Raises `PFX_TOO_LARGE`. */
export function spendSlowCipher({ slowCipherBytes }: Pick<Budgets, 'slowCipherBytes'>, bytes: number): void {
  if ((slowCipherBytes.left -= bytes) < 0) throw refused('PFX_TOO_LARGE', 'More of the file than 128 KiB is encrypted with 3DES or RC2, which are slow.');
}

/** Counts what a file asks for. One per file. */
export interface IterationBudget {
  /** Raises `PFX_MALFORMED` for a count below one, `PFX_ITERATIONS_EXCESSIVE`. */
  spend(iterations: number): void;
  /** The memory of one scrypt derivation and how often it is filled. Raises `PFX_ITERATIONS_EXCESSIVE`. */
  spendScrypt(memoryBytes: number, parallelization: number): void;
}

function createIterationBudget(): IterationBudget {
  let total = 0;
  let scryptWork = 0;
  return {
    spend(iterations) {
      if (iterations < 1) throw malformed('an iteration count is below one');
      total += iterations;
      if (iterations > MAX_ITERATIONS || total > MAX_ITERATIONS_IN_TOTAL) {
        const asked = Number.isFinite(iterations) ? iterations.toLocaleString('en') : 'an enormous number of';
        throw refused('PFX_ITERATIONS_EXCESSIVE', `The file asks for ${asked} iterations; at most 1,000,000 for one key and 3,000,000 for a file are computed.`);
      }
    },
    spendScrypt(memoryBytes, parallelization) {
      const work = memoryBytes * parallelization;
      scryptWork += work;
      if (!(memoryBytes <= MAX_SCRYPT_BYTES && work <= MAX_SCRYPT_WORK_BYTES && scryptWork <= MAX_SCRYPT_WORK_BYTES_IN_TOTAL)) {
        throw refused('PFX_ITERATIONS_EXCESSIVE', 'The file asks for more scrypt memory or time than is given: at most 64 MiB, four times over, and twice that for a file.');
      }
    },
  };
}
