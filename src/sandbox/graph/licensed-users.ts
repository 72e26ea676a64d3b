/** People as the services behind Graph see them: with what they are licensed for. */
import type { User } from '../model';
import { keyAt, type Call } from './call';
import { NotModelled } from './refusal';
import { findUser } from './users';

export function holdsPlan(user: User, planIds: readonly string[]): boolean {
  return user.assignedPlans.some(({ capabilityStatus, servicePlanId }) => capabilityStatus === 'Enabled' && planIds.includes(servicePlanId));
}

/** The user whose things are asked for. What a service says of nobody, and to a person's own token, is not known. */
export function requireLicensedUser(call: Call, what: string): User {
  if (call.caller.kind === 'delegated') throw new NotModelled(`${what} under a delegated token`);
  const key = keyAt(call, 0);
  const user = key.kind === 'alternate' ? undefined : findUser(call, key.value);
  if (user === undefined) throw new NotModelled(`${what} of somebody who is not there`);
  return user;
}
