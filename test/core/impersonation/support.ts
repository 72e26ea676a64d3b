/** A small world for impersonation: real keys, real store in memory, a clock that stands still, an audit that can fail. */
import { createHmac } from 'node:crypto';
import { createJwtService } from '../../../src/core/adapters/jose-jwt';
import { createMemoryStore } from '../../../src/core/adapters/memory-store';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { isOnboardingError, OnboardingError } from '../../../src/core/errors';
import { buildAssertionClaims, CLIENT_ASSERTION_TYPE } from '../../../src/core/impersonation/client-assertion';
import { issueImpersonation, type IssueInput } from '../../../src/core/impersonation/issue';
import { type ClientKey, readClientKey } from '../../../src/core/impersonation/key-id';
import { redeemCode, type RedeemedGrant, type RedeemInput } from '../../../src/core/impersonation/redeem';
import { secret, type Secret } from '../../../src/core/internal/secret';
import type { AuditEvent, JsonObject, StateStore } from '../../../src/core/ports';
import { createSealer, parseKeyRing } from '../../../src/core/sealing';
import { createMovableClock, type MovableClock } from '../../../src/core/testing/movable-clock';

export const START = Date.UTC(2026, 0, 15, 9, 0, 0);
export const ISSUER = 'https://partner.example/m365';
export const REDEEM_URL = 'https://partner.example/impersonation/redeem';
export const AUDIENCE = 'backup-portal';
export const TENANT = '11111111-2222-4333-8444-555555555555';
export const ADMIN = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

export const jwt = createJwtService();
export const portalKey: ClientKey = readClientKey((await jwt.generateSigningKey('ES256')).privateKey, 'ES256');

export interface World {
  readonly clock: MovableClock;
  readonly store: StateStore;
  readonly ports: ReturnType<typeof createPorts>;
  readonly audit: readonly AuditEvent[];
  /** Fail every audit entry this says yes to. */
  failAudit(when: (event: AuditEvent) => boolean): void;
}

export function createWorld(store?: StateStore): World {
  const clock = createMovableClock(START);
  const audit: AuditEvent[] = [];
  const failing = { when: (_event: AuditEvent): boolean => false };
  const used = store ?? createMemoryStore({ clock });
  const ports = createPorts(clock, used, async (event) => {
    if (failing.when(event)) throw new OnboardingError('AUDIT_UNAVAILABLE', 'The audit is down.');
    if (!audit.some((known) => known.id === event.id)) audit.push(event);
  });
  return { clock, store: used, ports, audit, failAudit: (when) => (failing.when = when) };
}

function createPorts(clock: MovableClock, store: StateStore, append: (event: AuditEvent) => Promise<void>) {
  const random = createNodeRandom();
  const ring = parseKeyRing(`k1:${Buffer.alloc(32, 7).toString('base64')}`);
  const sealer = createSealer({ ring, storeId: 'store-1', randomBytes: (length) => random.bytes(length) });
  return { clock, store, random, sealer, jwt, audit: { append } };
}

export function issueInput(changes: Partial<IssueInput> = {}): IssueInput {
  return {
    account: { id: 'contoso', name: 'Contoso' },
    operator: { id: 'op-1', issuer: ISSUER },
    reason: 'Ticket 4711',
    decision: { allowed: true, accessLevel: 'restricted', reason: 'Ticket 4711' },
    binding: { tenantId: TENANT, userObjectId: ADMIN },
    portal: { audience: AUDIENCE, deliverTo: 'https://portal.example/enter' },
    issuer: ISSUER,
    ...changes,
  };
}

export async function issueCode(world: World, changes: Partial<IssueInput> = {}): Promise<Secret> {
  return (await issueImpersonation(world.ports, issueInput(changes))).code;
}

export interface AssertionChanges {
  readonly claims?: JsonObject;
  readonly header?: JsonObject;
  readonly key?: ClientKey;
}

export async function signAssertion(world: World, changes: AssertionChanges = {}): Promise<Secret> {
  const key = changes.key ?? portalKey;
  const claims = { ...buildAssertionClaims({ clientId: AUDIENCE, audience: REDEEM_URL, jti: world.ports.random.uuid(), now: world.clock.now() }), ...changes.claims };
  return secret(await jwt.sign({ alg: 'ES256', kid: key.publicJwk.kid, ...changes.header }, claims, key.privateKey));
}

export async function redeemInput(world: World, code: Secret, changes: Partial<RedeemInput> = {}): Promise<RedeemInput> {
  return {
    code,
    clientAssertion: await signAssertion(world),
    clientAssertionType: CLIENT_ASSERTION_TYPE,
    portal: { audience: AUDIENCE, keys: [portalKey.publicJwk] },
    redeemUrl: REDEEM_URL,
    issuer: ISSUER,
    ...changes,
  };
}

export async function redeem(world: World, code: Secret, changes: Partial<RedeemInput> = {}): Promise<RedeemedGrant> {
  return redeemCode(world.ports, await redeemInput(world, code, changes));
}

/** The code our error carries; anything else is reported as it is, so that an assertion on it fails readably. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'nothing was refused';
  } catch (error) {
    return isOnboardingError(error) ? error.code : `not ours: ${String(error)}`;
  }
}

export async function failedCheck(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return 'nothing was refused';
  } catch (error) {
    return isOnboardingError(error) ? error.details['check'] : `not ours: ${String(error)}`;
  }
}

export function decodeJwt(text: string): { readonly header: JsonObject; readonly claims: JsonObject } {
  const [header = '', claims = ''] = text.split('.');
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as JsonObject;
  return { header: parse(header), claims: parse(claims) };
}

/** A token put together by hand: unsigned, or "signed" with an HMAC, as attackers do who only know public keys. */
export function forgeJwt(header: JsonObject, claims: JsonObject, hmacKey?: string): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${hmacKey === undefined ? '' : createHmac('sha256', hmacKey).update(text).digest('base64url')}`;
}
