/**
 * Whom a mailbox or a drive is asked of: enabled members who hold a plan of the service, never a guest, the longest
 * licensed first, three at most. One person without a mailbox says nothing about a tenant. Pure.
 */
import * as z from 'zod/v4';
import { isGuid } from '../../internal/guid';
import type { Reply } from './model';
import { readRows } from './replies';

/** More would cost more than they say. */
export const MAX_PEOPLE = 3;
/** Of the people of a tenant, those one page shows. */
export const PEOPLE_PER_PAGE = 100;

const personSchema = z.object({
  id: z.string().refine(isGuid),
  accountEnabled: z.boolean().nullish(),
  userType: z.string().nullish(),
  assignedPlans: z.array(z.object({ assignedDateTime: z.string().nullish(), capabilityStatus: z.string(), servicePlanId: z.string() })).nullish(),
});

export interface ChosenPeople {
  readonly people: readonly { readonly id: string; readonly licensedAt: number }[];
  /** Not everybody was on the page. */
  readonly isCut: boolean;
}

/** Undefined when people could not be read. */
export function choosePeople(reply: Reply | undefined, planIds: readonly string[]): ChosenPeople | undefined {
  const read = readRows(reply, personSchema);
  if (read === undefined) return undefined;
  const people = read.rows
    .filter(({ accountEnabled, userType }) => accountEnabled === true && userType === 'Member')
    .flatMap(({ id, assignedPlans }) => {
      const held = (assignedPlans ?? []).filter(({ capabilityStatus, servicePlanId }) => capabilityStatus === 'Enabled' && planIds.includes(servicePlanId.toLowerCase()));
      return held.length === 0 ? [] : [{ id, licensedAt: Math.min(...held.map(({ assignedDateTime }) => readInstant(assignedDateTime))) }];
    });
  return { people: people.toSorted((left, right) => left.licensedAt - right.licensedAt).slice(0, MAX_PEOPLE), isCut: read.isCut };
}

function readInstant(text: string | null | undefined): number {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? 0 : at;
}
