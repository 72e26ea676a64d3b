/** What the answers of a customer's tenant mean, and what is to be done next. */
import { describe, expect, it } from 'vitest';
import { buildApplication, ensureApplication, findByUniqueName } from '../../../src/core/customer-apps/application';
import { type CustomerApp, needsAdmin, nextStep, samePermissions, stateOf } from '../../../src/core/customer-apps/model';
import { type KeyGuard, removeKey, withoutKey } from '../../../src/core/customer-apps/remove';
import { requireAdmin } from '../../../src/core/consent/grants/person';
import { resolvePermissions } from '../../../src/core/consent/grants/resolve';
import { requireDone } from '../../../src/core/corridor/customer-apps/customer-app-entry';
import { patiently, pending } from '../../../src/core/directory-ask';
import type { GraphRequest } from '../../../src/core/ports';
import { codeOf } from '../../journeys/attacks';
import { type Answers, askingAs, START, TENANT } from '../asking';

const OTHER = '99999999-2222-3333-4444-555555555555';

const asking = (answers: Answers) => askingAs({ tokenRefused: 'CUSTOMER_APP_TOKEN_REFUSED', notAllowed: 'CUSTOMER_APP_NOT_ALLOWED', refused: 'CUSTOMER_APP_REFUSED', permissionUnknown: 'CUSTOMER_APP_PERMISSION_UNKNOWN' }, answers);

const organization = (...ids: readonly string[]) => ({ status: 200, body: { value: ids.map((id) => ({ id })) } });
const person = { status: 200, body: { id: 'admin-1' } };

describe('whose access token it is', () => {
  it('is said by Graph: the one tenant of the account, and a person', async () => {
    const ask = asking(({ path }) => (path.startsWith('/me') ? person : organization(TENANT.toUpperCase())));
    expect(await requireAdmin(ask)).toEqual({ objectId: 'admin-1' });
    expect(ask.asked).toEqual(['GET /organization', 'GET /me']);
  });

  it.each([
    ['another tenant', organization(OTHER), 'TENANT_MISMATCH'],
    ['a personal account, which has none', organization(), 'TENANT_MISMATCH'],
    ['an answer with two', organization(TENANT, OTHER), 'TENANT_MISMATCH'],
    ['a refusal', { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } }, 'CUSTOMER_APP_NOT_ALLOWED'],
    ['an ended one', { status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } }, 'CUSTOMER_APP_TOKEN_REFUSED'],
    ['an answer of another form', { status: 200, body: { value: [{}] } }, 'GRAPH_ANSWER_INVALID'],
    ['nothing at all', { status: 204 }, 'CUSTOMER_APP_REFUSED'],
  ])('is not ours: %s', async (_, answer, code) => {
    const ask = asking(() => answer);
    expect(await codeOf(requireAdmin(ask))).toBe(code);
    expect(ask.asked).toEqual(['GET /organization']);
  });

  it("is not an app's own", async () => {
    expect(await codeOf(requireAdmin(asking(({ path }) => (path.startsWith('/me') ? { status: 400 } : organization(TENANT)))))).toBe('CUSTOMER_APP_TOKEN_REFUSED');
  });
});

describe('an application under a unique name', () => {
  const wanted = { uniqueName: 'u-1', displayName: 'Backup', resources: [], keyCredential: { keyId: 'k' } };
  const application = { id: 'o-1', appId: 'a-1', displayName: 'Backup', signInAudience: 'AzureADMyOrg', uniqueName: 'u-1' };

  it('is taken as it is when it is there', async () => {
    const ask = asking(() => ({ status: 200, body: application }));
    expect(requireDone(await ensureApplication(ask, wanted))).toMatchObject({ id: 'o-1', appId: 'a-1' });
    expect(ask.asked).toEqual(["GET /applications(uniqueName='u-1')"]);
  });

  it('is found after an answer that says nothing, however late it appears', async () => {
    let reads = 0;
    const ask = asking(({ method }) => {
      if (method === 'PATCH') return { status: 204 };
      reads += 1;
      return reads < 5 ? { status: 404 } : { status: 200, body: application };
    });
    expect(requireDone(await ensureApplication(ask, wanted))).toMatchObject({ id: 'o-1' });
    expect(ask.asked.filter((line) => line.startsWith('PATCH'))).toHaveLength(1);
  });

  it('is refused when Graph refused it and it never appears, and pending when Graph did not', async () => {
    const never = (status: number) => asking(({ method }) => (method === 'PATCH' ? { status, body: { error: { code: 'Request_BadRequest' } } } : { status: 404 }));
    expect(await codeOf(ensureApplication(never(400), wanted))).toBe('CUSTOMER_APP_REFUSED');
    expect(await ensureApplication(never(204), wanted)).toMatchObject({ kind: 'pending' });
  });

  it('is never one that carries another name', async () => {
    expect(await codeOf(findByUniqueName(asking(() => ({ status: 200, body: { ...application, uniqueName: null } })), 'u-1'))).toBe('GRAPH_ANSWER_INVALID');
  });

  it('carries the public key only when it is asked for first', () => {
    const resources = [{ resourceAppId: 'r', objectId: 'x', roles: [{ id: '1', name: 'A' }], scopes: [{ id: '2', name: 'B' }] }];
    expect(buildApplication({ ...wanted, resources })).toEqual({
      displayName: 'Backup',
      signInAudience: 'AzureADMyOrg',
      requiredResourceAccess: [{ resourceAppId: 'r', resourceAccess: [{ id: '1', type: 'Role' }, { id: '2', type: 'Scope' }] }],
      keyCredentials: [{ keyId: 'k' }],
    });
    expect(buildApplication({ ...wanted, keyCredential: undefined })).not.toHaveProperty('keyCredentials');
  });
});

describe('permissions', () => {
  const GRAPH = '00000003-0000-0000-c000-000000000000';
  const role = { id: 'AAAAAAAA-0000-0000-0000-000000000001', value: 'User.Read.All', isEnabled: true, allowedMemberTypes: ['Application'] };
  const resource = (changes: object) => asking(() => ({ status: 200, body: { id: 'res', appId: GRAPH, appRoles: [{ ...role, ...changes }], oauth2PermissionScopes: [] } }));

  it("are those of the tenant's own resource, by name, by id, or by both when they agree", async () => {
    for (const wanted of [{ name: 'User.Read.All' }, { id: role.id.toLowerCase() }, { name: 'User.Read.All', id: role.id }]) {
      expect(await resolvePermissions(resource({}), [{ resourceAppId: GRAPH, type: 'application', ...wanted }])).toEqual([{ resourceAppId: GRAPH, objectId: 'res', roles: [{ id: role.id.toLowerCase(), name: 'User.Read.All' }], scopes: [] }]);
    }
  });

  it.each([
    ['is disabled', { isEnabled: false }, { name: 'User.Read.All' }],
    ['is for people only', { allowedMemberTypes: ['User'] }, { name: 'User.Read.All' }],
    ['has that name and another id', {}, { name: 'User.Read.All', id: 'bbbbbbbb-0000-0000-0000-000000000001' }],
    ['is spelled otherwise', {}, { name: 'user.read.all' }],
  ])('are refused when the one that is there %s', async (_, changes, wanted) => {
    expect(await codeOf(resolvePermissions(resource(changes), [{ resourceAppId: GRAPH, type: 'application', ...wanted }]))).toBe('CUSTOMER_APP_PERMISSION_UNKNOWN');
  });

  it('are the same in any order and notation, and not the same of another kind', () => {
    const left = [{ resourceAppId: 'AA', type: 'application', name: 'X' }, { resourceAppId: 'bb', type: 'delegated', id: 'CC' }] as const;
    expect(samePermissions(left, [{ resourceAppId: 'BB', type: 'delegated', id: 'cc' }, { resourceAppId: 'aa', type: 'application', name: 'X' }])).toBe(true);
    expect(samePermissions(left, [{ resourceAppId: 'aa', type: 'delegated', name: 'X' }, left[1]])).toBe(false);
    expect(samePermissions(left, left.slice(1))).toBe(false);
  });
});

describe('a step', () => {
  const nothing: CustomerApp = {
    id: 'i', accountId: 'contoso', key: 'backup', tenantId: TENANT, origin: 'registered', displayName: 'd', uniqueName: 'u', permissions: [], certificateName: 'c', certificateId: null, askedAt: null,
    appId: null, objectId: null, keyId: null, servicePrincipalId: null, granted: null, provenAt: null, adminObjectId: null, removal: null, reasons: [], createdAt: 1, createdBy: 'op',
  };

  it('follows the one before, and only those in the tenant need its admin', () => {
    const found: Partial<CustomerApp>[] = [{ certificateId: 'c' }, { appId: 'a', objectId: 'o' }, { keyId: 'k' }, { servicePrincipalId: 's' }, { granted: [] }, { provenAt: 2 }];
    const app = { ...nothing };
    const steps: (string | undefined)[] = [nextStep(app)];
    for (const one of found) {
      Object.assign(app, one);
      steps.push(nextStep(app));
    }
    expect(steps).toEqual(['certificate', 'application', 'key', 'service_principal', 'permissions', 'proof', undefined]);
    expect(stateOf(app)).toBe('active');
    expect((['certificate', 'application', 'key', 'service_principal', 'permissions', 'proof'] as const).filter(needsAdmin)).toEqual(['application', 'key', 'service_principal', 'permissions']);
  });

  it('of an adopted app is not skipped because its app id is known', () => {
    expect(nextStep({ ...nothing, certificateId: 'c', appId: 'a' })).toBe('application');
  });

  it('is asked for again about a minute, and then left to the next call', async () => {
    const ask = asking(() => ({ status: 404 }));
    let attempts = 0;
    const asked = await patiently(ask, async () => {
      attempts += 1;
      return pending('not yet');
    });
    expect([asked, attempts, ask.clock.now() - START]).toEqual([{ kind: 'pending', message: 'not yet' }, 7, 60_000]);
    expect(() => requireDone(asked)).toThrow('not yet');
  });
});

it('takes one key off a registration and sends every other back as it was, without its value', () => {
  const entry = (keyId: string) => ({ keyId, key: 'MII', displayName: keyId, extra: 1 });
  expect(withoutKey({ id: 'o', appId: 'a', keyCredentials: [entry('AA'), entry('bb')] }, 'aa')).toEqual([{ keyId: 'bb', key: null, displayName: 'bb', extra: 1 }]);
});

describe('taking a key off a registration', () => {
  const [ours, other, added] = ['k-ours', 'k-other', 'k-added'].map((keyId) => ({ keyId }));
  const guard: KeyGuard = { isOld: () => false, keep: async () => undefined };
  const shows = (...keyCredentials: readonly unknown[]) => ({ status: 200, body: { id: 'o-1', appId: 'a-1', keyCredentials } });

  it('is asked for once, so that no transport repeats it from an old snapshot', async () => {
    const writes: GraphRequest[] = [];
    const ask = asking((request) => {
      if (request.method === 'PATCH') writes.push(request);
      return request.method === 'PATCH' ? { status: 204 } : writes.length === 0 ? shows(ours, other) : shows(other);
    });
    expect(await removeKey(ask, 'o-1', 'k-ours', guard)).toMatchObject({ kind: 'done' });
    expect(writes).toEqual([expect.objectContaining({ once: true, body: { keyCredentials: [{ keyId: 'k-other', key: null }] } })]);
  });

  it('never writes back from a read that misses what another writer of ours has added', async () => {
    const isOld: KeyGuard['isOld'] = ({ keyCredentials }) => !keyCredentials.some(({ keyId }) => keyId === 'k-added');
    const behind = asking(() => shows(ours, other));
    expect(await codeOf(removeKey(behind, 'o-1', 'k-ours', { ...guard, isOld }))).toBe('KEY_CREDENTIAL_STALE');
    expect(behind.asked.every((line) => line.startsWith('GET '))).toBe(true);
    let reads = 0;
    const bodies: unknown[] = [];
    const catchingUp = asking((request) => {
      if (request.method === 'GET') return bodies.length > 0 ? shows(other, added) : (reads += 1) < 3 ? shows(ours, other) : shows(ours, other, added);
      bodies.push(request.body);
      return { status: 204 };
    });
    expect(await removeKey(catchingUp, 'o-1', 'k-ours', { ...guard, isOld })).toMatchObject({ kind: 'done' });
    expect(bodies).toEqual([{ keyCredentials: [{ keyId: 'k-other', key: null }, { keyId: 'k-added', key: null }] }]);
  });

  it('is not written by whoever has lost the lease meanwhile', async () => {
    const ask = asking(() => shows(ours, other));
    const keep = async () => Promise.reject(new Error('lease lost'));
    await expect(removeKey(ask, 'o-1', 'k-ours', { ...guard, keep })).rejects.toThrow('lease lost');
    expect(ask.asked.every((line) => line.startsWith('GET '))).toBe(true);
  });
});
