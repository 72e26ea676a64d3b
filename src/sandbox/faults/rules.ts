/** The rules of answers in trouble: what each says, how well it is known and from where. */
import type { Grade, Rule } from '../http';
import data from './rules.json';

export type FaultRuleId = keyof typeof data;

interface Entry {
  readonly statement: string;
  readonly grade: Grade;
  readonly source?: string;
}

const byId = new Map(Object.entries(data as Readonly<Record<FaultRuleId, Entry>>).map(([id, entry]) => [id, { id, ...entry }] as const));

export const faultRules: readonly Rule[] = [...byId.values()];

export function faultRule(id: FaultRuleId): Rule {
  const found = byId.get(id);
  if (found === undefined) throw new Error(`No rule '${id}' in rules.json`);
  return found;
}
