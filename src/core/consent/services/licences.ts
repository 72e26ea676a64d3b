/**
 * Which services a tenant has paid for, from its subscriptions: by plan id, a plan that is really set up, in a subscription
 * that is in force. Names decide nothing; they only keep "no plan" apart from "a plan nobody here knows". Pure.
 * Source: Microsoft Graph "List subscribedSkus", "servicePlanInfo resource type".
 */
import * as z from 'zod/v4';
import type { BackupService } from '../apps/templates';
import type { LicenceFinding, LicenceStatus, Reply } from './model';
import { readRows } from './replies';
import { SERVICE_PLAN_IDS, soundsLike } from './service-plans';

const planSchema = z.object({ servicePlanId: z.string(), servicePlanName: z.string(), provisioningStatus: z.string().nullish() });
const skuSchema = z.object({ skuPartNumber: z.string().nullish(), capabilityStatus: z.string(), servicePlans: z.array(planSchema) });

type Plan = z.infer<typeof planSchema> & { readonly inForce: boolean };

/** `Warning` is the grace period after the end of a subscription: everything still works. */
const IN_FORCE: ReadonlySet<string> = new Set(['Enabled', 'Warning']);
const BEING_SET_UP = /^Pending/;

export function judgeLicence(service: BackupService, skus: Reply | undefined): LicenceFinding {
  const wanted = SERVICE_PLAN_IDS[service];
  if (wanted === undefined) return { status: 'not_needed', plans: [] };
  const plans = readPlans(skus);
  if (plans === undefined) return { status: 'unread', plans: [] };
  const own = plans.filter(({ servicePlanId, inForce }) => inForce && wanted.includes(servicePlanId.toLowerCase()));
  for (const [status, fits] of RANKED) if (own.some(fits)) return { status, plans: namesOf(own.filter(fits)) };
  const strangers = plans.filter((plan) => plan.inForce && isSetUp(plan) && !isKnown(plan) && soundsLike(service, plan.servicePlanName));
  return strangers.length === 0 ? { status: 'none', plans: [] } : { status: 'unrecognised', plans: namesOf(strangers) };
}

/** The plans a person with the service would hold: those known by id, and those that only sound like it. */
export function planIdsOf(service: BackupService, skus: Reply | undefined): readonly string[] {
  const strangers = (readPlans(skus) ?? []).filter((plan) => !isKnown(plan) && soundsLike(service, plan.servicePlanName));
  return [...(SERVICE_PLAN_IDS[service] ?? []), ...strangers.map(({ servicePlanId }) => servicePlanId.toLowerCase())];
}

const isSetUp = ({ provisioningStatus }: Plan) => provisioningStatus === 'Success';
const RANKED: readonly (readonly [LicenceStatus, (plan: Plan) => boolean])[] = [
  ['licensed', isSetUp],
  ['being_set_up', ({ provisioningStatus }) => BEING_SET_UP.test(provisioningStatus ?? '')],
  ['set_up_failed', ({ provisioningStatus }) => provisioningStatus === 'Error'],
];

function readPlans(skus: Reply | undefined): readonly Plan[] | undefined {
  const read = readRows(skus, skuSchema);
  if (read === undefined || read.isCut) return undefined;
  return read.rows.flatMap(({ capabilityStatus, servicePlans }) => servicePlans.map((plan) => ({ ...plan, inForce: IN_FORCE.has(capabilityStatus) })));
}

function isKnown({ servicePlanId }: Plan): boolean {
  return Object.values(SERVICE_PLAN_IDS).some((ids) => ids?.includes(servicePlanId.toLowerCase()) === true);
}

function namesOf(plans: readonly Plan[]): readonly string[] {
  return [...new Set(plans.map(({ servicePlanName }) => servicePlanName))];
}
