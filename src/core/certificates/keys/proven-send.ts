/**
 * One change of an app's keys by the app itself, with a proof of possession made for this very request. A concurrent write
 * is waited out politely; a lost answer is said to be unknown, for the directory alone can tell what became of it.
 * Microsoft Graph "application: addKey", "application: removeKey", "Directory_ConcurrencyViolation" (409, and 503 as reported).
 */
import { hasCode, type OnboardingError } from '../../errors';
import type { Secret } from '../../internal/secret';
import type { JsonObject, Ports } from '../../ports';
import { refusalOf, scopeOf, serviceCodeOf, type KeyAccess } from './key-access';
import { buildProofOfPossession } from './proof-of-possession';

const CONCURRENCY_PAUSES_MS = [3000, 6000, 12_000, 24_000] as const;
const CONCURRENCY = 'Directory_ConcurrencyViolation';

/** A certificate that is registered on the application, with its key. */
export interface ProofSigner {
  /** Hex, over the DER. */
  readonly thumbprintSha1: string;
  /** PKCS#8 PEM. */
  readonly privateKey: Secret;
}

/** `appKey` must be the app whose registration is changed: no other one may. */
export interface ProvenInput extends KeyAccess {
  readonly signer: ProofSigner;
}

export interface ProvenRequest {
  readonly action: 'addKey' | 'removeKey';
  readonly applicationObjectId: string;
  readonly body: JsonObject;
}

/** `unknown`: no usable answer came; the change may have been made. */
export type ProvenOutcome = { readonly kind: 'accepted' } | { readonly kind: 'refused' | 'unknown'; readonly error: OnboardingError };

type SendPorts = Pick<Ports, 'graph' | 'clock' | 'jwt'>;

/** Raises `INPUT_INVALID` for a private key that does not fit, and what the GraphTransport raises before a request could have arrived. */
export async function sendProven(ports: SendPorts, input: ProvenInput, request: ProvenRequest): Promise<ProvenOutcome> {
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await sendOnce(ports, input, request);
    const pauseMs = CONCURRENCY_PAUSES_MS[attempt];
    const isConcurrent = outcome.kind === 'refused' && outcome.error.serviceCode === CONCURRENCY;
    if (!isConcurrent || pauseMs === undefined) return outcome;
    await ports.clock.sleep(Math.max(pauseMs, (outcome.error.retryAfterSeconds ?? 0) * 1000), input.signal);
  }
}

async function sendOnce(ports: SendPorts, input: ProvenInput, { action, applicationObjectId, body }: ProvenRequest): Promise<ProvenOutcome> {
  const { header, claims } = buildProofOfPossession({ applicationObjectId, thumbprintSha1: input.signer.thumbprintSha1, now: ports.clock.now() });
  const proof = await ports.jwt.sign(header, claims, input.signer.privateKey);
  const path = `/applications/${encodeURIComponent(applicationObjectId)}/${action}`;
  try {
    const answer = await ports.graph.send(scopeOf(input, false), { method: 'POST', path, body: { ...body, proof } });
    if (answer.status >= 200 && answer.status < 300) return { kind: 'accepted' };
    const error = refusalOf(action === 'addKey' ? 'The key was not added' : 'The key was not removed', answer);
    return { kind: answer.status >= 500 && serviceCodeOf(answer) !== CONCURRENCY ? 'unknown' : 'refused', error };
  } catch (error) {
    if (!hasCode(error, 'GRAPH_UNAVAILABLE', 'GRAPH_ANSWER_INVALID')) throw error;
    return { kind: error.serviceCode === CONCURRENCY ? 'refused' : 'unknown', error };
  }
}
