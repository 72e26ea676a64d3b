import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import csdlNames from '../../src/sandbox/graph/csdl-names.json';
import { permissionGrantId, roleAssignmentId, appRoleAssignmentId, securityIdentifier } from '../../src/sandbox/graph/ids';
import { createKeyCredential } from '../../src/sandbox/graph/key-credentials';
import { viewKeyCredential } from '../../src/sandbox/graph/app-views';
import permissions from '../../src/sandbox/graph/permissions.json';
import { setGraphVariants } from '../../src/sandbox/graph/index';
import { readCorpus, recordings } from './corpus';
import { bodyOf, openStage, type Ask, type Stage } from './stage';

describe('ids', () => {
  interface Vector {
    readonly id: string;
    readonly clientId?: string;
    readonly resourceId?: string;
    readonly principalId?: string;
    readonly roleDefinitionId?: string;
  }
  const { vectors } = readCorpus('id-algorithms.json') as { readonly vectors: readonly Vector[] };

  it('are built as the four known ones', () => {
    expect(vectors).toHaveLength(4);
    for (const { id, clientId, resourceId, principalId = '', roleDefinitionId } of vectors) {
      if (clientId !== undefined) expect(permissionGrantId(clientId, resourceId ?? '', principalId === '' ? null : principalId)).toBe(id);
      else if (roleDefinitionId !== undefined) expect(roleAssignmentId(roleDefinitionId, principalId)).toBe(id);
      // Only the first 16 bytes of an app role assignment's id are known to mean something: 21 whole characters.
      else expect(appRoleAssignmentId(principalId, principalId).slice(0, 21)).toBe(id.slice(0, 21));
    }
  });

  it('of groups give the recorded security identifiers', () => {
    const groups = recordings.flatMap(({ body }) => objectsIn(body)).filter((object) => typeof object.securityIdentifier === 'string');
    expect(groups.length).toBeGreaterThan(3);
    for (const group of groups) expect(securityIdentifier(String(group.id))).toBe(group.securityIdentifier);
  });
});

describe('key credentials', () => {
  const uploads = recordings.flatMap(({ method, path, request, body, status }) => {
    const sent = keyCredentialsOf(request);
    const answered = keyCredentialsOf(body);
    return method === 'POST' && path === '/v1.0/applications' && status === 201 && sent.length > 0 ? [{ sent, answered }] : [];
  });

  it('come back as the service answered the same uploads', () => {
    expect(uploads.length).toBeGreaterThan(2);
    for (const { sent, answered } of uploads) {
      const [entry = {}] = sent;
      const nowMs = Date.parse(String(entry.startDateTime));
      const credential = createKeyCredential(entry, { nowMs, newGuid: () => String(answered[0]?.keyId) });
      expect([{ ...viewKeyCredential(credential, false), keyId: answered[0]?.keyId }]).toEqual(answered);
    }
  });
});

describe('permissions', () => {
  interface Entry {
    readonly permission: string;
    readonly schemes: readonly string[];
    readonly alsoRequires: readonly string[];
  }
  const { operations } = readCorpus('permissions-by-endpoint.json') as { readonly operations: Readonly<Record<string, readonly Entry[]>> };
  /** Departures, each argued for in src/sandbox/graph/permissions.ts. */
  const departures = ['POST /servicePrincipals/{id}/appRoleAssignedTo', 'POST /servicePrincipals/{id}/appRoleAssignments', 'GET /organization/{id}', 'GET /sites/root'];
  /** Operations the data does not have; their reference pages say who may. */
  const fromPages = [/^\w+ \/directory\/(?:deletedItems|administrativeUnits)/, /\/policies\/defaultAppManagementPolicy$/, /^POST \/groups\/\{id\}\/members$/, /^GET \/auditLogs\/signIns$/];
  const isPublished = (operation: string) => !departures.includes(operation) && !fromPages.some((page) => page.test(operation));

  it.each(Object.entries(permissions).filter(([operation]) => isPublished(operation)))('of %s are the published ones', (operation, { application, delegated }) => {
    const [method = '', path = ''] = operation.split(' ');
    const published = operations[`${method} ${path.toLowerCase()}`] ?? [];
    expect(published.length).toBeGreaterThan(0);
    // What is also required is needed together with it; a comma parts alternatives.
    const names = (scheme: string) =>
      published.filter(({ schemes }) => schemes.includes(scheme)).flatMap(({ permission, alsoRequires }) => {
        const others = alsoRequires.flatMap((alternatives) => alternatives.split(','));
        return others.length === 0 ? [[permission]] : others.map((other) => [permission, other]);
      });
    expect(new Set(application.map(String))).toEqual(new Set(names('Application').map(String)));
    expect(new Set(delegated.map(String))).toEqual(new Set(names('DelegatedWork').map(String)));
  });

  it('from pages are those the data really lacks, or lists for people alone', () => {
    const doubled = Object.keys(permissions).filter((operation) => !isPublished(operation) && !departures.includes(operation));
    const known = doubled.filter((operation) => {
      const [method = '', path = ''] = operation.split(' ');
      return operations[`${method} ${path.toLowerCase()}`] !== undefined;
    });
    expect(known).toEqual(['POST /directory/deletedItems/{id}/restore']);
  });

  it('of the departures are never wider than the published ones for writes', () => {
    for (const operation of departures.slice(0, 2)) {
      const lists = permissions[operation as keyof typeof permissions].application;
      expect(lists.every((all) => (all as readonly string[]).includes('AppRoleAssignment.ReadWrite.All') && all.length === 2)).toBe(true);
    }
  });
});

describe('the metadata', () => {
  it('has every name the sandbox takes for one of its own', () => {
    const csdl = readCorpus('csdl.json') as Record<string, { readonly base: string | null; readonly props: Record<string, unknown>; readonly nav: readonly string[] }>;
    const wire = new Set(['servicePrincipal.createdDateTime', 'unifiedRoleAssignment.resourceScope']);
    for (const [type, { properties }] of Object.entries(csdlNames)) {
      // The metadata of these two was not gathered: their names are those of the resource type pages.
      if (['$roots', 'administrativeUnit', 'tenantAppManagementPolicy'].includes(type)) continue;
      const known = new Set<string>();
      for (let name: string | undefined = `graph.${type}`; name !== undefined; name = csdl[`microsoft.${name}`]?.base ?? undefined) {
        for (const property of Object.keys(csdl[`microsoft.${name}`]?.props ?? {})) known.add(property);
      }
      expect(properties.filter((property) => !known.has(property) && !wire.has(`${type}.${property}`))).toEqual([]);
    }
  });
});

describe('error facts', () => {
  interface Fact {
    readonly status: number;
    readonly code: string;
    readonly message: string | null;
    readonly when: string;
  }
  const { errors } = readCorpus('graph-errors.json') as { readonly errors: readonly Fact[] };
  const NOBODY = '99999999-9999-4999-8999-999999999999';
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.sandbox.stop());

  const assignment = () => ({ principalId: stage.ids.client, resourceId: stage.ids.resource, appRoleId: stage.ids.role });
  const grant = (change: Readonly<Record<string, unknown>> = {}) => ({ clientId: stage.ids.client, consentType: 'AllPrincipals', resourceId: stage.ids.resource, scope: 'User.Read', ...change });
  const twice = async (path: string, body: unknown) => {
    await stage.ask('POST', path, { body });
    return stage.ask('POST', path, { body });
  };
  const disturbed = async (concurrentWrites: 409 | 503) => {
    const { sandbox, application } = stage;
    setGraphVariants(sandbox.world, { concurrentWrites });
    await stage.ask('PATCH', `/applications/${application.id}`, { tenant: 'partner', body: { notes: 'first' } });
    const reply = await stage.ask('POST', `/applications/${application.id}/addPassword`, { tenant: 'partner', body: {} });
    setGraphVariants(sandbox.world, { concurrentWrites: 'pass' });
    return reply;
  };
  const patchKeys = (entry: Readonly<Record<string, unknown>>) =>
    stage.ask('PATCH', `/applications/${stage.application.id}`, {
      tenant: 'partner',
      body: { keyCredentials: [{ key: stage.certificate.base64, type: 'AsymmetricX509Cert', usage: 'Verify', ...entry }] },
    });
  const get = (path: string, options?: Ask) => stage.ask('GET', path, options);

  /** How each fact is provoked, by the start of `when`. */
  const provoke: Readonly<Record<string, () => ReturnType<Stage['ask']>>> = {
    'token lacks permission': () => get('/servicePrincipals', { roles: [] }),
    'unknown or deleted or not yet': () => get(`/applications/${NOBODY}`, { tenant: 'partner' }),
    'POST oauth2PermissionGrants / groups referencing': () => stage.ask('POST', '/oauth2PermissionGrants', { body: grant({ resourceId: NOBODY }) }),
    'POST servicePrincipals before': () => stage.ask('POST', '/servicePrincipals', { body: { appId: NOBODY } }),
    'POST servicePrincipals under': () =>
      stage.ask('POST', '/servicePrincipals', { roles: ['Application.ReadWrite.OwnedBy'], tenant: 'fabrikam', body: { appId: stage.application.appId } }),
    'POST servicePrincipals twice': () => twice('/servicePrincipals', { appId: stage.application.appId }),
    'POST oauth2PermissionGrants for an existing': () => twice('/oauth2PermissionGrants', grant()),
    'POST appRoleAssignments / appRoleAssignedTo twice': () => twice(`/servicePrincipals/${stage.ids.client}/appRoleAssignments`, assignment()),
    'POST appRoleAssignedTo with resourceId': () =>
      stage.ask('POST', `/servicePrincipals/${stage.ids.client}/appRoleAssignedTo`, { body: { ...assignment(), resourceId: stage.ids.user } }),
    'GET/PATCH /appRoleAssignments': () => get(`/appRoleAssignments/${NOBODY}`),
    'PATCH appRoleAssignedTo': () => stage.ask('PATCH', `/servicePrincipals/${stage.ids.client}/appRoleAssignedTo/x`, { body: {} }),
    'POST/PATCH applications with passwordCredentials': () =>
      stage.ask('PATCH', `/applications/${stage.application.id}`, { tenant: 'partner', body: { passwordCredentials: [{ secretText: 'x' }] } }),
    'keyCredential endDateTime after': () => patchKeys({ endDateTime: '2099-01-01T00:00:00Z' }),
    'PATCH keyCredentials changing': async () => {
      const { keyCredentials } = bodyOf(await get(`/applications/${stage.application.id}`, { tenant: 'partner' })) as { readonly keyCredentials: readonly Record<string, unknown>[] };
      return stage.ask('PATCH', `/applications/${stage.application.id}`, { tenant: 'partner', body: { keyCredentials: [{ ...keyCredentials[0], displayName: 'changed' }] } });
    },
    'addKey/removeKey with an invalid proof': () =>
      stage.ask('POST', `/applications/${stage.application.id}/removeKey`, { tenant: 'partner', body: { keyId: NOBODY, proof: 'x' } }),
    'GET /users/$count without': () => get('/users/$count'),
    '$search without header': () => get('/users?$search="displayName:a"'),
    'advanced operator without': () => get("/users?$filter=endsWith(mail,'a')"),
    'filter on a non-indexed': () => get('/groups?$filter=createdDateTime eq null'),
    '$select/$expand of an undeclared': () => get('/subscribedSkus?$select=colour'),
    'unknown path segment': () => get('/colours'),
    'roleEligibilityScheduleInstances / role': () => get('/roleManagement/directory/roleEligibilityScheduleInstances', { tenant: 'fabrikam' }),
    'PIM endpoints when the permission': () => get('/roleManagement/directory/roleEligibilityScheduleInstances', { roles: [] }),
    'servicePrincipal addKey without': () => stage.ask('POST', `/servicePrincipals/${stage.ids.client}/addKey`, { roles: [], body: {} }),
    'addPassword after key upload': () => disturbed(409),
    'same, seen as 503': () => disturbed(503),
    'auditLogs/signIns': () => get('/auditLogs/signIns', { tenant: 'tailspin' }),
    'POST appRoleAssignedTo with AppRoleAssignment': () =>
      stage.ask('POST', `/servicePrincipals/${stage.ids.resource}/appRoleAssignedTo`, { roles: ['AppRoleAssignment.ReadWrite.All'], body: assignment() }),
  };
  /** Facts of other operations, of faults to come, or played by a variant that graph-*.test.ts turns on. */
  const elsewhere = [
    'expired token', // both wordings: graph-access.test.ts
    'throttled', // a fault
  ];

  const provoked = errors.filter(({ when }) => !elsewhere.some((start) => when.startsWith(start)));

  it.each(provoked.map((fact) => [`${fact.status} ${fact.code}: ${fact.when}`, fact] as const))('%s', async (_, fact) => {
    const [prefix] = Object.keys(provoke)
      .filter((start) => fact.when.startsWith(start))
      .toSorted((a, b) => b.length - a.length);
    expect(prefix, 'a way to provoke it').toBeDefined();
    const reply = required(await provoke[String(prefix)]?.());
    const { error } = bodyOf(reply) as { readonly error: { readonly code: string; readonly message: string; readonly innerError: Readonly<Record<string, string>> } };
    expect([reply.status, reply.headers['content-type']]).toEqual([fact.status, 'application/json']);
    expect(codes(fact)).toContain(error.code);
    expect(Object.keys(error.innerError).toSorted()).toEqual(['client-request-id', 'date', 'request-id']);
    expect(error.innerError.date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    expect(wordings(fact).some((wording) => wording.test(error.message)), error.message).toBe(true);
  });

  // The key date refusal is known by its text from the retired directory API and by its code from clients of Graph.
  function codes(fact: Fact): readonly string[] {
    return fact.message === 'Key credential end date is invalid.' ? [fact.code, 'KeyCredentialsInvalidEndDate'] : [fact.code];
  }

  function wordings({ message }: Fact): readonly RegExp[] {
    return (message ?? '').split(' | ').map((wording) => {
      const start = wording.split('...')[0] ?? '';
      const escaped = start.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(/\{[^}"]*\}/g, '.+');
      return new RegExp(`^${escaped}`, 'i');
    });
  }
});

function objectsIn(body: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (typeof body !== 'object' || body === null) return [];
  const { value } = body as { readonly value?: unknown };
  return (Array.isArray(value) ? value : [body]) as readonly Readonly<Record<string, unknown>>[];
}

function keyCredentialsOf(body: unknown): readonly Readonly<Record<string, unknown>>[] {
  const { keyCredentials } = (body ?? {}) as { readonly keyCredentials?: unknown };
  return Array.isArray(keyCredentials) ? (keyCredentials as readonly Readonly<Record<string, unknown>>[]) : [];
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('No way to provoke this is written down.');
  return value;
}
