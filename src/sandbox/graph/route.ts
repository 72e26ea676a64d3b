/** One modelled operation, and how the tables write it down. */
import { type Handler } from './call';
import type { Operation } from './permissions';
import type { GraphRuleId } from './rules';

export interface GraphRoute {
  readonly method: string;
  readonly template: string;
  readonly ruleId: GraphRuleId;
  /** The permission entry that opens it. */
  readonly operation: Operation;
  /** Resource units. */
  readonly cost: number;
  readonly handler: Handler;
}

export function on(operation: Operation, ruleId: GraphRuleId, cost: number, handler: Handler): GraphRoute {
  const [method = '', template = ''] = operation.split(' ');
  return { method, template, ruleId, operation, cost, handler };
}

/** The same at another address: a cast, a count, a reference. */
export function at(template: string, route: GraphRoute): GraphRoute {
  return { ...route, template };
}
