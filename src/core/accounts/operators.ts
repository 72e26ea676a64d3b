/**
 * Operators as the installation's configuration names them. The default is no: an unknown operator, an action that is
 * not listed, an account that is not theirs.
 */
import type { Authorizer, OperatorAction } from '../ports';

export interface ConfiguredOperator {
  readonly id: string;
  readonly name: string;
  readonly accounts: 'all' | readonly string[];
  readonly may: readonly OperatorAction[];
}

export function createConfiguredAuthorizer(operators: readonly ConfiguredOperator[]): Authorizer {
  return { authorize: async (operatorId, action, accountId) => mayAct(operators, operatorId, action, accountId) };
}

/** Pure. An action without an account (certificates) asks only for the right itself. */
export function mayAct(operators: readonly ConfiguredOperator[], operatorId: string, action: OperatorAction, accountId: string | undefined): boolean {
  const operator = operators.find((candidate) => candidate.id === operatorId);
  if (operator === undefined || !operator.may.includes(action)) return false;
  return accountId === undefined || operator.accounts === 'all' || operator.accounts.includes(accountId);
}
