/**
 * What the sandbox models and how well it is known, as figures: docs/sandbox.md prints them and a test run does.
 */
import { routes } from './graph/routes';
import type { Grade } from './http';
import { allRules } from './rules';

export interface Coverage {
  /** Modelled operations of Microsoft Graph v1.0, `GET /users/{id}`, sorted. */
  readonly graphOperations: readonly string[];
  /** How many rules there are of each grade, both halves together. */
  readonly rulesByGrade: Readonly<Record<Grade, number>>;
}

const GRADES: readonly Grade[] = ['recorded', 'documented', 'reported', 'client-rule', 'assumed'];

export function describeCoverage(): Coverage {
  const graphOperations = [...new Set([...routes.map(({ method, template }) => `${method} ${template}`), 'POST /$batch'])].toSorted();
  const counted = GRADES.map((grade) => [grade, allRules.filter((rule) => rule.grade === grade).length] as const);
  return { graphOperations, rulesByGrade: Object.fromEntries(counted) as Record<Grade, number> };
}
