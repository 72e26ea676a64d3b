/**
 * Proves that the token endpoint accepts a certificate: a fresh app token with it, asked for until it is given. A new key
 * credential replicates for seconds to minutes, and an attempt that comes too early can be remembered, so the first one
 * waits. Microsoft Q&A and reference "AADSTS700027"; nothing promises a time.
 */
import { hasCode, OnboardingError } from '../../errors';
import type { AppTokenRequest, Ports } from '../../ports';

const FIRST_WAIT_SECONDS = 15;
const DEADLINE_SECONDS = 180;
const LONGEST_PAUSE_SECONDS = 45;

export interface ProofRequest extends Omit<AppTokenRequest, 'fresh' | 'signal'> {
  /** Default 15: earlier attempts can delay acceptance. */
  readonly firstWaitSeconds?: number | undefined;
  /** From the start; default 180. */
  readonly deadlineSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CertificateProof {
  /** Milliseconds since the Unix epoch. */
  readonly acceptedAt: number;
  readonly attempts: number;
}

/**
 * `tokens` must sign in with the certificate in question. Raises `CERTIFICATE_NOT_ACCEPTED` (with Microsoft's last code)
 * when the deadline has passed, and at once whatever else the TokenSource raises: waiting does not mend a missing app.
 */
export async function proveCertificate(ports: Pick<Ports, 'tokens' | 'clock'>, request: ProofRequest): Promise<CertificateProof> {
  const { appKey, tenantId, resource, signal, firstWaitSeconds = FIRST_WAIT_SECONDS, deadlineSeconds = DEADLINE_SECONDS } = request;
  const startedAt = ports.clock.now();
  let pauseSeconds = firstWaitSeconds;
  for (let attempts = 1; ; attempts += 1) {
    await ports.clock.sleep(pauseSeconds * 1000, signal);
    const refusal = await tryOnce(ports, { appKey, tenantId, resource, fresh: true, ...(signal === undefined ? {} : { signal }) });
    if (refusal === undefined) return { acceptedAt: ports.clock.now(), attempts };
    pauseSeconds = nextPauseSeconds(pauseSeconds, refusal.retryAfterSeconds);
    const elapsedSeconds = (ports.clock.now() - startedAt) / 1000;
    if (elapsedSeconds + pauseSeconds > deadlineSeconds) throw notAccepted(refusal, attempts);
  }
}

async function tryOnce(ports: Pick<Ports, 'tokens'>, request: AppTokenRequest): Promise<OnboardingError | undefined> {
  try {
    await ports.tokens.acquire(request);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'STS_CREDENTIAL_REFUSED', 'STS_THROTTLED', 'STS_UNAVAILABLE')) return error;
    throw error;
  }
}

/** Doubles up to 45 seconds, and never less than the service asked for. */
function nextPauseSeconds(pauseSeconds: number, retryAfterSeconds = 0): number {
  return Math.max(Math.min(Math.max(pauseSeconds * 2, 1), LONGEST_PAUSE_SECONDS), retryAfterSeconds);
}

function notAccepted(refusal: OnboardingError, attempts: number): OnboardingError {
  return new OnboardingError('CERTIFICATE_NOT_ACCEPTED', 'The token endpoint does not accept the certificate yet.', {
    cause: refusal,
    serviceCode: refusal.serviceCode,
    correlationId: refusal.correlationId,
    retryAfterSeconds: refusal.retryAfterSeconds,
    details: { attempts, reason: refusal.code },
  });
}
