/**
 * The Graph half's rules: each says what the sandbox does, how well that is known and from where. Every answer
 * names one of them, so a test run can tell how much of it rests on recordings and how much on assumptions.
 */
import type { Grade, Rule } from '../http';
import data from './rules.json';

export type GraphRuleId = keyof typeof data;

interface Entry {
  readonly statement: string;
  readonly grade: Grade;
  readonly source?: string;
}

const byId = new Map(Object.entries(data as Readonly<Record<GraphRuleId, Entry>>).map(([id, entry]) => [id, { id, ...entry }] as const));

export const graphRules: readonly Rule[] = [...byId.values()];

export function rule(id: GraphRuleId): Rule {
  const found = byId.get(id);
  if (found === undefined) throw new Error(`No rule '${id}' in rules.json`);
  return found;
}
