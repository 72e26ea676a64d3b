/**
 * The identity half's rules: what the sandbox does at the sign-in host, how well that is known and from where.
 * Every answer names one. Anything without a source says `assumed` and belongs in docs/sandbox.md's open list.
 */
import type { Grade, Rule } from './http';
import { faultRules } from './faults/rules';
import { graphRules } from './graph/rules';
import data from './rules.json';

export type RuleId = keyof typeof data;

const GRADES: readonly string[] = ['recorded', 'documented', 'reported', 'client-rule', 'assumed'] satisfies readonly Grade[];

const byId = new Map<string, Rule>(Object.entries(data).map(([id, entry]) => [id, toRule(id, entry)]));

export const identityRules: readonly Rule[] = [...byId.values()];

/** Both halves, and the answers of trouble. */
export const allRules: readonly Rule[] = [...identityRules, ...graphRules, ...faultRules];

export function rule(id: RuleId): Rule {
  const found = byId.get(id);
  if (found === undefined) throw new Error(`No rule "${id}" in rules.json.`);
  return found;
}

function toRule(id: string, entry: { readonly statement: string; readonly grade: string; readonly source?: string }): Rule {
  if (!isGrade(entry.grade)) throw new Error(`Rule "${id}" has the unknown grade "${entry.grade}".`);
  return { id, statement: entry.statement, grade: entry.grade, ...(entry.source === undefined ? {} : { source: entry.source }) };
}

function isGrade(text: string): text is Grade {
  return GRADES.includes(text);
}
