/**
 * A rotation as it is stored: one record per line of certificates (a certificate, what replaced it, what replaced that).
 * It is written before the effect it announces, so that whoever finds it after a kill knows what may have happened.
 */
import * as z from 'zod/v4';
import { findRecord, listRecords, type RecordKind, type RecordPorts, type Stored } from '../../records';

/**
 * `issuing` the new certificate; `registering` it beside the old one; `proving` that it is accepted; `overlap`: it signs and the
 * old one is still accepted; `retiring` the old one; `done`. Or `rolling_back` the new one, and `rolled_back`.
 */
export const ROTATION_STATES = ['issuing', 'registering', 'proving', 'overlap', 'retiring', 'done', 'rolling_back', 'rolled_back'] as const;
export type RotationState = (typeof ROTATION_STATES)[number];

const instant = z.number();

/** An app registration whose key is exchanged. */
const rotatingAppSchema = z.object({
  appKey: z.string(),
  appId: z.string(),
  oldKeyId: z.string(),
  /** Null until the new key was seen in the directory. */
  newKeyId: z.string().nullable(),
  registeredAt: instant.nullable(),
  /** When the key that had to go (the old one, or the new one of a roll-back) was seen gone. */
  removedAt: instant.nullable(),
});

const proofSchema = z.object({
  /** Good rounds in a row. */
  goodRounds: z.number().int(),
  lastGoodAt: instant.nullable(),
  rounds: z.number().int(),
  /** The last answer that was not good; null after a good round. */
  lastProblem: z.object({ code: z.string(), serviceCode: z.string().nullable(), tenantId: z.string(), appKey: z.string(), seenAt: instant }).nullable(),
});

export const rotationSchema = z.object({
  id: z.string(),
  /** Id of the first certificate of the line. */
  lineId: z.string(),
  fromCertificateId: z.string(),
  toCertificateId: z.string(),
  state: z.enum(ROTATION_STATES),
  apps: z.array(rotatingAppSchema),
  /** Customers whose tenants are asked beside the home tenant, chosen once the new key is registered. */
  sampleAccountIds: z.array(z.string()).optional(),
  proof: proofSchema,
  startedAt: instant,
  startedBy: z.string(),
  /** When the new certificate began to sign. */
  activatedAt: instant.nullable(),
  /** When a request had to be signed with the old certificate after all; the proof begins anew then. */
  lastFallbackAt: instant.nullable(),
  endedAt: instant.nullable(),
  /** Earliest instant at which the next step can do something. */
  nextStepAt: instant,
  /** Why it does not go on, or was rolled back. */
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
});

export type RotatingApp = Readonly<z.infer<typeof rotatingAppSchema>>;
export type RotationProof = Readonly<z.infer<typeof proofSchema>>;
export type CertificateRotation = Readonly<z.infer<typeof rotationSchema>>;

export const rotationKind: RecordKind<CertificateRotation> = { kind: 'certificates/rotation', schemaVersion: 1, schema: rotationSchema, authenticated: true };

export function isRunning({ state }: Pick<CertificateRotation, 'state'>): boolean {
  return state !== 'done' && state !== 'rolled_back';
}

/** The rotation of a line, running or the last one. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function findRotation(ports: RecordPorts, lineId: string): Promise<Stored<CertificateRotation> | undefined> {
  return findRecord(ports, rotationKind, lineId);
}

/** Every line's rotation. Raises like {@link findRotation}. */
export async function listRotations(ports: RecordPorts): Promise<readonly CertificateRotation[]> {
  const rotations: CertificateRotation[] = [];
  for await (const { value } of listRecords(ports, rotationKind)) rotations.push(value);
  return rotations;
}
