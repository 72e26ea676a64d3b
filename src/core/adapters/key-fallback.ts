/**
 * Which of an app's keys signs while two are registered (security decision 19): the current one, and after "key unknown"
 * (AADSTS700027) the one before it, in the same call. Entra's replicas learn of a new key one after the other; only this
 * code says that one has not: it comes before anything else of the request is looked at, and uses up nothing. Every other
 * refusal of a credential (7000222 expired, 50012 and 50013 wrong, 700024 out of time) would meet the former key alike or
 * hide a mistake behind it. Microsoft "Microsoft Entra authentication and authorization error codes".
 */
import { hasCode, type OnboardingError } from '../errors';
import type { AppCredential, AppCredentialSource, Clock } from '../ports';

/** Replication takes seconds to minutes; a question a minute costs nothing and notices its end. */
const UNKNOWN_FOR_MS = 60_000;
const CAPACITY = 5000;

/** An app in a tenant. */
export interface KeyPlace {
  readonly appKey: string;
  readonly clientId: string;
  readonly tenantId: string;
}

export type Signers = readonly [first: AppCredential, second?: AppCredential];

export interface KeyFallback {
  /** Who is asked first, and who then. A place that lately did not know the new key is asked with the former one first. */
  order(place: KeyPlace, credential: AppCredential): Signers;
  /** Ask with one signer and, when its key is unknown, with the other. Reports every real answer; a report that fails is nobody's problem. */
  ask<T>(place: KeyPlace, signers: Signers, credentials: AppCredentialSource, request: (signer: AppCredential) => Promise<T>): Promise<T>;
}

/** One memory for everybody who asks the token endpoint for these apps. Raises nothing itself. */
export function createKeyFallback(clock: Pick<Clock, 'now'>): KeyFallback {
  const unknownSince = new Map<string, number>();

  function isUnknown(key: string): boolean {
    const elapsedMs = clock.now() - (unknownSince.get(key) ?? Number.NEGATIVE_INFINITY);
    // Negative after a clock was set back, which must not make the minute longer.
    if (elapsedMs >= 0 && elapsedMs < UNKNOWN_FOR_MS) return true;
    unknownSince.delete(key);
    return false;
  }

  function note(key: string, known: boolean): void {
    unknownSince.delete(key);
    if (known) return;
    unknownSince.set(key, clock.now());
    const [oldest] = unknownSince.keys();
    if (unknownSince.size > CAPACITY && oldest !== undefined) unknownSince.delete(oldest);
  }

  async function attempt<T>(place: KeyPlace, signer: AppCredential, credentials: AppCredentialSource, request: (signer: AppCredential) => Promise<T>): Promise<Outcome<T>> {
    const outcome = await tryOnce(request, signer);
    note(memoryKey(place, signer), outcome.known);
    // Waited for: a process that ends after this request must have said what it signed with.
    await report(credentials, place.appKey, signer, outcome.known);
    return outcome;
  }

  return {
    order(place, credential) {
      const former = formerOf(credential);
      if (former === undefined) return [credential];
      const isFormerFirst = unknownSince.size > 0 && isUnknown(memoryKey(place, credential));
      return isFormerFirst ? [former, credential] : [credential, former];
    },

    async ask(place, [first, second], credentials, request) {
      const outcome = await attempt(place, first, credentials, request);
      if (outcome.known) return outcome.answer;
      if (second === undefined) throw outcome.refusal;
      const next = await attempt(place, second, credentials, request);
      if (next.known) return next.answer;
      throw next.refusal;
    },
  };
}

/** One text per credential, for caches and flights: thumbprint or secret id. */
export function credentialId(credential: AppCredential): string {
  return credential.kind === 'certificate' ? `certificate ${credential.thumbprintSha256.toUpperCase()}` : `secret ${credential.id}`;
}

type Outcome<T> = { readonly known: true; readonly answer: T } | { readonly known: false; readonly refusal: OnboardingError };

async function tryOnce<T>(request: (signer: AppCredential) => Promise<T>, signer: AppCredential): Promise<Outcome<T>> {
  try {
    return { known: true, answer: await request(signer) };
  } catch (error) {
    if (isUnknownKey(error)) return { known: false, refusal: error };
    throw error;
  }
}

/** A pause that began with such an answer repeats its code without having asked anybody. */
function isUnknownKey(error: unknown): error is OnboardingError {
  return hasCode(error, 'STS_CREDENTIAL_REFUSED') && error.serviceCode === 'AADSTS700027' && error.details['asked'] !== false;
}

function formerOf(credential: AppCredential): AppCredential | undefined {
  if (credential.kind !== 'certificate' || credential.previous === undefined) return undefined;
  const { thumbprintSha256, privateKey } = credential.previous;
  return thumbprintSha256.toUpperCase() === credential.thumbprintSha256.toUpperCase() ? undefined : { kind: 'certificate', thumbprintSha256, privateKey };
}

async function report(credentials: AppCredentialSource, appKey: string, signer: AppCredential, known: boolean): Promise<void> {
  if (signer.kind !== 'certificate') return;
  try {
    await credentials.report?.(appKey, { thumbprintSha256: signer.thumbprintSha256, outcome: known ? 'accepted' : 'unknown_key' });
  } catch {
    // The token endpoint has answered; who keeps the books is not asked for permission.
  }
}

function memoryKey({ clientId, tenantId }: KeyPlace, signer: AppCredential): string {
  return `${tenantId.toLowerCase()} ${clientId.toLowerCase()} ${credentialId(signer)}`;
}
