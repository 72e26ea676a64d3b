/**
 * How a certificate is renewed and rotated, as the configuration's `certificates` section says it. Every floor here is a
 * decision that protects the partner from locking itself out: less spacing, less overlap than this is not configurable.
 */
import * as z from 'zod/v4';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const hour = z.number().int().min(0).max(24);

const windowSchema = z
  .strictObject({ days: z.array(z.enum(WEEKDAYS)).min(1).default([...WEEKDAYS]), fromHour: hour, toHour: hour })
  .refine(({ fromHour, toHour }) => fromHour < toHour, { message: 'fromHour comes before toHour, both in UTC' });

export const renewalSettingsSchema = z.strictObject({
  /** Renew when this part of the lifetime has passed. */
  atLifetimeFraction: z.number().gt(0).lt(1).default(2 / 3),
  /** Renew this long before the end instead. */
  daysBefore: z.number().int().min(1).max(1000).optional(),
  /** Spread over this many hours by the certificate, so that a fleet does not renew at once. */
  jitterHours: z.number().min(0).max(720).default(24),
  /** UTC. Renewals begin inside a window only, unless the end is near; none means always. */
  windows: z.array(windowSchema).default([]),
  /** From here on a certificate counts as expiring. */
  expiringDays: z.number().int().min(1).max(365).default(30),
  /** How often the scheduled check is meant to run; twice this without one is an alarm. */
  checkEveryHours: z.number().min(0.1).max(720).default(24),
});

export const rotationSettingsSchema = z.strictObject({
  /** Good rounds in a row before the new key signs. */
  proofs: z.number().int().min(2).max(20).default(3),
  proofSpacingSeconds: z.number().int().min(120).max(86_400).default(120),
  /** Customer tenants that are asked beside the home tenant in every round. */
  sampleTenants: z.number().int().min(0).max(20).default(5),
  /** A key that is still refused after this time is taken back. */
  proofDeadlineMinutes: z.number().int().min(15).max(10_080).default(60),
  /** Both keys are registered for at least this long after the new one signs. */
  overlapHours: z.number().min(24).max(2160).default(24),
});

export const lifecycleSettingsSchema = z.strictObject({
  renewal: renewalSettingsSchema.prefault({}),
  rotation: rotationSettingsSchema.prefault({}),
});

export type RenewalSettings = Readonly<z.infer<typeof renewalSettingsSchema>>;
export type RenewalWindow = Readonly<z.infer<typeof windowSchema>>;
export type RotationSettings = Readonly<z.infer<typeof rotationSettingsSchema>>;
export type LifecycleSettings = Readonly<z.infer<typeof lifecycleSettingsSchema>>;
