/** A sign-in service that answers what it is told, and people whose standing is given. */
import { OnboardingError } from '../../../src/core/errors';
import { sha256Base64Url } from '../../../src/core/internal/encoding';
import { secret } from '../../../src/core/internal/secret';
import type { AuditEvent, AuditSink, CodeRedemption, SignInClient, StateStore, VerifiedIdToken } from '../../../src/core/ports';
import { bindAdmin } from '../../../src/core/sso/binding';
import type { BindAdminInput, SignedIn, StandingEvidence, StartSignInInput } from '../../../src/core/sso/model';
import { confirmOwnership, openOwnership } from '../../../src/core/sso/ownership';
import { corePorts, START } from '../../support/core-ports';

export const AUTHORITY = 'https://login.microsoftonline.com';
export const APP_ID = 'aaaaaaaa-0000-4000-8000-000000000001';
export const HOME = 'bbbbbbbb-0000-4000-8000-000000000000';
export const TENANT = 'cccccccc-0000-4000-8000-000000000001';
export const OTHER_TENANT = 'cccccccc-0000-4000-8000-000000000002';
export const ADA = 'dddddddd-0000-4000-8000-000000000001';
export const BOB = 'dddddddd-0000-4000-8000-000000000002';
export const GLOBAL = { roleTemplateId: '62e90394-69f5-4237-9190-012177145e10', role: 'Global Administrator', via: 'direct' as const };
export const EXCHANGE = { roleTemplateId: '29232cdf-9323-42fd-ade2-1d097af3e4de', role: 'Exchange Administrator', via: 'direct' as const };

export const BROWSER = 'browser-secret-1';

export function testPorts(seed = 'seed') {
  return { ...corePorts(seed), audit: outageAudit() };
}

export type TestPorts = ReturnType<typeof testPorts>;

/** Keeps the first entry of an id, as the port says, and can be down. */
export function outageAudit(): AuditSink & { readonly events: AuditEvent[]; down: boolean } {
  const sink = {
    events: [] as AuditEvent[],
    down: false,
    async append(event: AuditEvent) {
      if (sink.down) throw new OnboardingError('AUDIT_UNAVAILABLE', 'The audit is down.');
      if (!sink.events.some((known) => known.id === event.id)) sink.events.push(event);
    },
  };
  return sink;
}

/** A store whose process dies: the n-th write is done, and everything from then on fails. */
export function dyingStore(store: StateStore, writesLeft: number): StateStore {
  let left = writesLeft;
  const guard = async <T>(write: () => Promise<T>): Promise<T> => {
    if (left <= 0) throw new Error('killed');
    left -= 1;
    return write();
  };
  return {
    claimScope: store.claimScope,
    durable: store.durable,
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    close: () => store.close(),
    set: (key, value, expiresAt) => guard(() => store.set(key, value, expiresAt)),
    delete: (key) => guard(() => store.delete(key)),
    claim: (key, value, expiresAt) => guard(() => store.claim(key, value, expiresAt)),
    replace: (key, version, value, expiresAt) => guard(() => store.replace(key, version, value, expiresAt)),
  };
}

/** A store that takes its time, now more and now less, before and after every step: `draw` (0 to 1) says how much. */
export function unevenStore(store: StateStore, draw: () => number): StateStore {
  const linger = async () => {
    for (let left = Math.floor(draw() * draw() * 60); left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const slowed = async <T>(step: () => Promise<T>): Promise<T> => {
    await linger();
    const result = await step();
    await linger();
    return result;
  };
  return {
    claimScope: store.claimScope,
    durable: store.durable,
    list: (prefix) => store.list(prefix),
    close: () => store.close(),
    get: (key) => slowed(() => store.get(key)),
    set: (key, value, expiresAt) => slowed(() => store.set(key, value, expiresAt)),
    delete: (key) => slowed(() => store.delete(key)),
    claim: (key, value, expiresAt) => slowed(() => store.claim(key, value, expiresAt)),
    replace: (key, version, value, expiresAt) => slowed(() => store.replace(key, version, value, expiresAt)),
  };
}

/** A store where somebody else is faster: just before the first write of `key`, `meanwhile` happens. */
export function overtakenStore(store: StateStore, key: string, meanwhile: () => Promise<unknown>): StateStore {
  let done = false;
  return {
    ...dyingStore(store, Infinity),
    replace: async (...write) => {
      if (write[0] === key && !done) {
        done = true;
        await meanwhile();
      }
      return store.replace(...write);
    },
  };
}

/** Everything in the store, to see what a thief of the store would see and whether two runs end in the same place. */
export async function dump(store: StateStore): Promise<Record<string, string>> {
  const rows: Record<string, string> = {};
  for await (const row of store.list('')) rows[row.key] = row.value;
  return rows;
}

export function startInput(overrides: Partial<StartSignInInput> = {}): StartSignInInput {
  return {
    accountId: 'contoso',
    purpose: 'ownership',
    tenantId: TENANT,
    appId: APP_ID,
    appKey: 'backup',
    authorityHost: AUTHORITY,
    redirectUri: 'https://partner.example/sign-in/callback',
    responseMode: 'form_post',
    browserHash: sha256Base64Url(BROWSER),
    ttlSeconds: 600,
    ...overrides,
  };
}

export function goodClaims(nonce: string, overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const now = Math.floor(START / 1000);
  return { aud: APP_ID, ver: '2.0', iss: `${AUTHORITY}/${TENANT}/v2.0`, tid: TENANT, oid: ADA, sub: 'pairwise', nonce, iat: now, nbf: now, exp: now + 3600, name: 'Ada', preferred_username: 'ada@contoso.example', ...overrides };
}

/** Accepts every code once and answers with the token it is given. */
export function fakeSignIn(tokenFor: () => VerifiedIdToken): SignInClient & { readonly redeemed: CodeRedemption[] } {
  const redeemed: CodeRedemption[] = [];
  return {
    redeemed,
    async redeemCode(request) {
      redeemed.push(request);
      return { idToken: secret('id-token') };
    },
    verifySignature: async () => tokenFor(),
  };
}

export function qualifying(objectId = ADA, overrides: Partial<NonNullable<StandingEvidence['person']>> = {}, roles: StandingEvidence['roles'] = [GLOBAL]): StandingEvidence {
  return { outcome: 'qualifies', person: { objectId, upn: `${objectId.slice(-1)}@contoso.example`, displayName: 'Ada Admin', accountEnabled: true, userType: 'member', ...overrides }, roles, reasons: [] };
}

export function signedIn(overrides: Partial<SignedIn> & { readonly tenantId?: string; readonly objectId?: string } = {}): SignedIn {
  const { tenantId = TENANT, objectId = ADA, ...more } = overrides;
  return {
    outcome: 'signed_in',
    identity: { tenantId, objectId, name: 'Ada', preferredUsername: 'ada@contoso.example', authenticatedAt: START },
    accountId: 'contoso',
    purpose: 'ownership',
    appKey: 'backup',
    browserHash: sha256Base64Url(BROWSER),
    signedInAt: START,
    ...more,
  };
}

/** The whole way from a sign-in to the press of the button. */
export async function own(ports: TestPorts, options: { readonly accountId?: string; readonly tenantId?: string; readonly browserSecret?: string } = {}) {
  const { accountId = 'contoso', tenantId = TENANT, browserSecret = `browser-of-${accountId}-${tenantId}` } = options;
  const signIn = signedIn({ accountId, tenantId, browserHash: sha256Base64Url(browserSecret), signedInAt: ports.clock.now() });
  const pending = await openOwnership(ports, { signIn, standing: qualifying(), provenTenantId: tenantId, homeTenantId: HOME });
  return confirmOwnership(ports, { accountId, browserSecret, csrf: pending.csrf });
}

export function bindInput(objectId = ADA, overrides: Partial<BindAdminInput> = {}): BindAdminInput {
  return { accountId: 'contoso', tenantId: TENANT, candidate: { objectId, upn: `${objectId.slice(-1)}@contoso.example`, displayName: 'Ada Admin' }, actor: 'op-1', ...overrides };
}

export async function boundPorts(objectId = ADA) {
  const ports = testPorts();
  await own(ports);
  await bindAdmin(ports, bindInput(objectId));
  return ports;
}
