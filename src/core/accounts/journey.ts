/**
 * One durable onboarding per customer account: its states, the transitions that are allowed (a table), and the record.
 * The journey says where things stand; what it rests on (ownership, binding, level) is authenticated elsewhere and
 * is checked again by whoever needs it.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { Clock } from '../ports';
import { dropRecord, findRecord, type RecordKind, type RecordPorts, type StillMine, updateRecord } from '../records';

export const JOURNEY_STATES = ['new', 'consent_pending', 'consent_verifying', 'consented', 'admin_needed', 'sso_validating', 'active', 'attention', 'offboarded'] as const;
export type JourneyState = (typeof JOURNEY_STATES)[number];

/** From each state, where a journey may go next. Staying is always allowed. */
export const ALLOWED_TRANSITIONS: Readonly<Record<JourneyState, readonly JourneyState[]>> = {
  new: ['consent_pending', 'offboarded'],
  consent_pending: ['consent_verifying', 'attention', 'offboarded'],
  consent_verifying: ['consented', 'consent_pending', 'attention', 'offboarded'],
  consented: ['admin_needed', 'consent_verifying', 'consent_pending', 'attention', 'offboarded'],
  admin_needed: ['sso_validating', 'consent_verifying', 'consent_pending', 'attention', 'offboarded'],
  sso_validating: ['active', 'admin_needed', 'consent_verifying', 'consent_pending', 'attention', 'offboarded'],
  active: ['attention', 'consent_verifying', 'consent_pending', 'admin_needed', 'sso_validating', 'offboarded'],
  attention: ['active', 'consent_pending', 'consent_verifying', 'admin_needed', 'sso_validating', 'offboarded'],
  offboarded: [],
};

const reasonSchema = z.object({ code: z.string(), message: z.string() });
export type Reason = z.infer<typeof reasonSchema>;

const roundSchema = z.object({
  round: z.number().int().positive(),
  appKey: z.string(),
  /** The tenant Microsoft's redirect named: a claim. */
  claimedTenantId: z.string(),
  callbackAt: z.number(),
});

const journeySchema = z.object({
  accountId: z.string(),
  state: z.enum(JOURNEY_STATES),
  since: z.number(),
  /** Counts consent requests from the start; ids of audit entries contain it, so that a repeat is recognised. */
  epoch: z.number().int().nonnegative(),
  rounds: z.array(roundSchema),
  /** The tenant the token endpoint proved for every round so far. Not ownership. */
  provenTenantId: z.string().nullable(),
  /** Instants of the unbroken run of good, independent reads. */
  goodReadsAt: z.array(z.number()),
  reads: z.number().int().nonnegative(),
  /** Apps that a read of this consent request saw granted; a journey of before this field has seen none. */
  seenGranted: z.array(z.string()).default([]),
  /** Null while a consent that was lost is proven again: nothing is replicating then, and a bad read ends it. */
  verifyingSince: z.number().nullable(),
  lastReadAt: z.number().nullable(),
  consentEvidenceAt: z.number().nullable(),
  nextCheckAt: z.number().nullable(),
  reasons: z.array(reasonSchema),
});

export type Journey = z.infer<typeof journeySchema>;

const journeyKind: RecordKind<Journey> = { kind: 'accounts/journey', schemaVersion: 1, schema: journeySchema };

export function startJourney(accountId: string, now: number): Journey {
  return {
    accountId,
    state: 'new',
    since: now,
    epoch: 0,
    rounds: [],
    provenTenantId: null,
    goodReadsAt: [],
    reads: 0,
    seenGranted: [],
    verifyingSince: null,
    lastReadAt: null,
    consentEvidenceAt: null,
    nextCheckAt: null,
    reasons: [],
  };
}

export async function readJourney(ports: RecordPorts & { readonly clock: Clock }, accountId: string): Promise<Journey> {
  return (await findRecord(ports, journeyKind, accountId))?.value ?? startJourney(accountId, ports.clock.now());
}

/**
 * Change a journey. `change` is pure and may run again when somebody else was faster.
 * Raises `STATE_CONFLICT`; a transition that is not in the table is a bug and raises `UNEXPECTED`.
 */
export async function updateJourney(ports: RecordPorts & { readonly clock: Clock }, accountId: string, change: (journey: Journey) => Journey): Promise<Journey> {
  const now = ports.clock.now();
  const unwritten = startJourney(accountId, now);
  // Nothing to change and nothing there: whoever comes late to a removed account leaves no journey behind.
  if ((await findRecord(ports, journeyKind, accountId)) === undefined && change(unwritten) === unwritten) return unwritten;
  return updateRecord(ports, journeyKind, accountId, (current) => {
    const before = current ?? startJourney(accountId, now);
    const after = change(before);
    if (after === before && current !== undefined) return current;
    return after.state === before.state ? after : { ...checked(before, after), since: now };
  });
}

/** For the end of an account. False when it is not `stillMine`. Raises `STATE_CONFLICT`. */
export async function dropJourney(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecord(ports, journeyKind, accountId, stillMine);
}

function checked(before: Journey, after: Journey): Journey {
  if (!ALLOWED_TRANSITIONS[before.state].includes(after.state)) {
    throw new OnboardingError('UNEXPECTED', `A journey cannot go from ${before.state} to ${after.state}.`);
  }
  return after;
}
