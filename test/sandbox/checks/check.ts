/** One fact about the service, as a sentence, with the rule it proves and the areas of lies it ought to notice. */
import type { LieArea } from '../../../src/sandbox/lies/registry';
import type { Stage } from './client';

export interface Check {
  readonly sentence: string;
  readonly rule: string;
  readonly area: LieArea;
  /** Raises when the fact does not hold. The directory is as seeded, with no lag. */
  run(stage: Stage): Promise<void>;
}

export function checksOf(area: LieArea, facts: Readonly<Record<string, readonly [rule: string, run: Check['run']]>>): readonly Check[] {
  return Object.entries(facts).map(([sentence, [rule, run]]) => ({ sentence, rule, area, run }));
}
