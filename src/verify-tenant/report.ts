/** From questions to rules: a rule differs when any question about it did, and matches only when at least one was answered. */
import type { Finding } from './model';

export interface Tried {
  readonly rule: string;
  readonly asks: string;
  readonly finding: Finding;
}

export interface RuleResult {
  readonly id: string;
  readonly result: Finding['result'];
  /** `question: place: what stood there instead of what`. */
  readonly differences?: readonly string[];
  /** Why it was not tried; absent where no question was thought of. */
  readonly why?: string;
}

/** Every rule, those nobody asked about too. */
export function summarise(ruleIds: readonly string[], tried: readonly Tried[]): readonly RuleResult[] {
  const byRule = Map.groupBy(tried, ({ rule }) => rule);
  return ruleIds.map((id) => resultOf(id, byRule.get(id) ?? []));
}

function resultOf(id: string, tried: readonly Tried[]): RuleResult {
  const differences = tried.flatMap(({ asks, finding }) => (finding.result === 'differs' ? finding.differences.map((difference) => `${asks}: ${difference}`) : []));
  if (differences.length > 0) return { id, result: 'differs', differences };
  if (tried.some(({ finding }) => finding.result === 'match')) return { id, result: 'match' };
  const whys = tried.flatMap(({ finding }) => (finding.result === 'not_tried' ? [finding.why] : []));
  return { id, result: 'not_tried', ...(whys[0] === undefined ? {} : { why: whys[0] }) };
}

/** For people: what differs, then how many, then the list with ticks. */
export function describeReport({ rules, unknowns, remaining }: { readonly rules: readonly RuleResult[]; readonly unknowns: readonly { readonly number: number; readonly text: string; readonly ticked: boolean; readonly seen: readonly string[]; readonly outOfReach?: string }[]; readonly remaining: readonly string[] }): string {
  const count = (result: RuleResult['result']) => rules.filter((rule) => rule.result === result).length;
  return [
    ...rules.filter(({ result }) => result === 'match').map(({ id }) => `match      ${id}`),
    ...rules.flatMap(({ id, differences = [] }) => differences.map((difference) => `differs    ${id}  ${difference}`)),
    ...rules.flatMap(({ id, why }) => (why === undefined ? [] : [`not tried  ${id}  ${why}`])),
    `${count('match')} rules match, ${count('differs')} differ, ${count('not_tried')} were not tried.`,
    ...remaining.map((id) => `NOT REMOVED, remove it by hand: ${id}`),
    '',
    'What cannot be known offline:',
    ...unknowns.map(({ number, text, ticked, seen, outOfReach }) => `${ticked ? '[x]' : '[ ]'} ${String(number).padStart(2)}. ${text}${ticked ? seen.map((what) => `\n        ${what}`).join('') : outOfReach === undefined ? '' : ` (${outOfReach})`}`),
  ].join('\n');
}
