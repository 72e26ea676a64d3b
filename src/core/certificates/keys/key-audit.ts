/** The audit of a change of an app's key credentials: intent before anything is sent, outcome after it was seen. */
import { isOnboardingError } from '../../errors';
import type { JsonObject, Ports } from '../../ports';

export interface AuditedChange {
  readonly action: 'certificate.registered' | 'certificate.unregistered';
  readonly actor: string;
  readonly homeTenantId: string;
  readonly applicationAppId: string;
  /** Names the key within the application: its thumbprint or key id. */
  readonly key: string;
  /** Of an undertaking that is repeated until it succeeds: whoever comes after a kill ends what was announced, once. */
  readonly changeId?: string | undefined;
  readonly details: JsonObject;
}

/** What the effect came to, and what of it goes into the outcome. */
export interface Effect<T> {
  readonly result: T;
  readonly details: JsonObject;
}

/** Codes that say Microsoft, or a check of ours before sending, said no. */
const REFUSALS: ReadonlySet<string> = new Set(['KEY_CREDENTIAL_REFUSED', 'KEY_CREDENTIAL_PROOF_REFUSED', 'KEY_CREDENTIAL_POLICY', 'KEY_CREDENTIAL_SIGNER_UNUSABLE']);

/** Raises `AUDIT_UNAVAILABLE` before anything was done, and whatever `effect` raises. */
export async function auditKeyChange<T>(ports: Pick<Ports, 'audit' | 'clock'>, change: AuditedChange, effect: () => Promise<Effect<T>>): Promise<T> {
  const { action, actor, applicationAppId, homeTenantId, key, changeId } = change;
  const base = `${action}:${applicationAppId}:${key}:${changeId ?? ports.clock.now()}`;
  const event = { action, actor, subject: applicationAppId, tenantId: homeTenantId, details: change.details };
  const outcome = { ...event, id: `${base}:outcome`, phase: 'outcome', intentId: `${base}:intent` } as const;
  await ports.audit.append({ ...event, id: `${base}:intent`, phase: 'intent' });
  const done = await effect().catch(async (error: unknown) => {
    const failure = isOnboardingError(error) && REFUSALS.has(error.code) ? 'refused' : 'failed';
    // An id of its own: the sink keeps the first entry of an id, and the next attempt may succeed. The error says more than an
    // audit that is down as well.
    await ports.audit.append({ ...outcome, id: `${base}:${failure}`, outcome: failure }).catch(() => undefined);
    throw error;
  });
  await ports.audit.append({ ...outcome, outcome: 'done', details: { ...event.details, ...done.details } });
  return done.result;
}

/** Nothing was left to do: what an earlier call of the same undertaking announced is ended, and nothing else is noted. Raises likewise. */
export async function auditIfAnnounced<T>(ports: Pick<Ports, 'audit' | 'clock'>, change: AuditedChange, effect: () => Promise<T>): Promise<T> {
  if (change.changeId === undefined) return effect();
  return auditKeyChange(ports, change, async () => ({ result: await effect(), details: { already: true } }));
}
