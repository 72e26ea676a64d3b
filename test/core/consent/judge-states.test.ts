/** Every state an app's consent can be in, what it rests on, whose move it is, and the words a person reads. */
import { describe, expect, it } from 'vitest';
import { EXCHANGE_APP_ID, GRAPH_APP_ID, parseApps } from '../../../src/core/consent/apps/apps';
import { planDirectoryReading } from '../../../src/core/consent/evidence/directory-reading';
import type { AppEvidence, AppPrincipal, DirectoryGrants, GrantEvidence, ResourceEvidence, TokenEvidence } from '../../../src/core/consent/evidence/evidence-model';
import { judgeConsent, noteTakenBack, seeGranted } from '../../../src/core/consent/evidence/judge';
import type { AppVerdict } from '../../../src/core/consent/evidence/verdict';
import { type ConsentProof, proofOf } from '../../../src/core/consent/evidence/proof-records';
import { describeNotes, describeShortfall } from '../../../src/core/consent/evidence/reasons';
import { ERROR_CATALOG } from '../../../src/core/error-catalog';

const TENANT = '99999999-0000-4000-8000-000000000001';
const APP_SP = '11111111-0000-4000-8000-000000000003';
const [MAIL, FILES, USER_READ] = ['810c84a8-4a9e-49e6-bf7d-12d183f40d01', '01d4889c-1287-42c6-ac1f-5d1e02578ef6', 'e1fe6dd8-ba31-4d61-89e7-88639da4683d'];
const graph: ResourceEvidence = { objectId: '11111111-0000-4000-8000-000000000001', roles: [{ id: MAIL, name: 'Mail.Read' }, { id: FILES, name: 'Files.Read.All' }], scopes: [{ id: USER_READ, name: 'User.Read' }] };

const mail = { resource: 'graph', type: 'application', name: 'Mail.Read', reason: 'mail' };
const files = { resource: 'graph', type: 'application', name: 'Files.Read.All', reason: 'files' };
const signIn = { resource: 'graph', type: 'delegated', name: 'User.Read', reason: 'sign-in' };
const declare = (...requiredPermissions: readonly object[]) => parseApps([{ key: 'backup', appId: '22222222-0000-4000-8000-000000000001', round: 1, requiredPermissions }]);
const declared = declare(mail, files);

const principal: AppPrincipal = { objectId: APP_SP, accountEnabled: true, disabledByMicrosoft: null, assignmentRequired: false };
const held = (...ids: readonly string[]): DirectoryGrants => ({ outcome: 'read', servicePrincipal: principal, appRoles: ids.map((roleId) => ({ resourceObjectId: graph.objectId, roleId })), scopes: [] });
const withPrincipal = (change: Partial<AppPrincipal>): DirectoryGrants => ({ ...held(MAIL, FILES), servicePrincipal: { ...principal, ...change } });
const absent: DirectoryGrants = { outcome: 'read', servicePrincipal: null, appRoles: [], scopes: [] };
const roles = (...names: readonly string[]): TokenEvidence => ({ outcome: 'roles', roles: names });
const refused = (outcome: 'absent' | 'disabled' | 'unassigned' | 'resource_missing' | 'unknown', code: string, serviceCode?: string): TokenEvidence => ({ outcome, code, serviceCode });
const NOT_IN_TENANT = refused('absent', 'STS_APP_NOT_IN_TENANT', 'AADSTS7000229');

interface Found {
  readonly token?: TokenEvidence;
  readonly directory?: AppEvidence['directory'];
  readonly depth?: GrantEvidence['depth'];
  readonly apps?: ReturnType<typeof declare>;
  readonly proof?: ConsentProof | undefined;
  readonly resources?: GrantEvidence['resources'];
}

function judge({ token = roles('Mail.Read', 'Files.Read.All'), directory = held(MAIL, FILES), depth = 'full', apps = declared, proof, resources }: Found = {}): AppVerdict & { readonly verdict: string; readonly reasons: readonly string[]; readonly said: string } {
  const tokens = new Map(depth === 'routine' ? [] : [[GRAPH_APP_ID, token]]);
  const known = resources ?? (directory.outcome === 'not_asked' ? new Map() : new Map([[GRAPH_APP_ID, graph]]));
  const verdict = judgeConsent(apps, { tenantId: TENANT, readAt: 5, depth, resources: known, apps: [{ appKey: 'backup', tokens, directory }] }, proof);
  const [app] = verdict.apps;
  if (app === undefined) throw new Error('no verdict');
  const reasons = [...describeShortfall(verdict), ...describeNotes(verdict)];
  return { ...app, verdict: verdict.verdict, reasons: reasons.map(({ code }) => code), said: reasons.map(({ message }) => message).join(' ') };
}

const proven = proofOf(judgeConsent(declared, { tenantId: TENANT, readAt: 1, depth: 'full', resources: new Map([[GRAPH_APP_ID, graph]]), apps: [{ appKey: 'backup', tokens: new Map([[GRAPH_APP_ID, roles('Mail.Read', 'Files.Read.All')]]), directory: held(MAIL, FILES) }] }), { accountId: 'contoso', epoch: 1 });

const STATES: readonly (readonly [string, Found, { state: AppVerdict['state']; because: string | null; reasons: readonly string[] }])[] = [
  ['everything is there', {}, { state: 'granted', because: null, reasons: [] }],
  ['everything is there, as it was proven', { proof: proven }, { state: 'granted', because: null, reasons: [] }],
  ['nobody consented yet', { token: NOT_IN_TENANT, directory: absent }, { state: 'not_granted', because: 'STS_APP_NOT_IN_TENANT', reasons: ['CONSENT_MISSING_PERMISSIONS'] }],
  ['consent is seconds old and the token endpoint has not heard (65001)', { token: refused('absent', 'STS_REFUSED', 'AADSTS65001'), directory: held() }, { state: 'not_granted', because: 'STS_REFUSED', reasons: ['CONSENT_MISSING_PERMISSIONS'] }],
  ['one is not there yet', { token: roles('Mail.Read'), directory: held(MAIL) }, { state: 'partial', because: null, reasons: ['CONSENT_MISSING_PERMISSIONS'] }],
  ['one that was proven is gone', { token: roles('Mail.Read'), directory: held(MAIL), proof: proven }, { state: 'partial', because: 'CONSENT_GRANTS_REMOVED', reasons: ['CONSENT_GRANTS_REMOVED'] }],
  ['all that was proven is gone', { token: roles(), directory: held(), proof: proven }, { state: 'revoked', because: 'CONSENT_REVOKED', reasons: ['CONSENT_REVOKED'] }],
  ['the principal was deleted after the proof', { token: NOT_IN_TENANT, directory: absent, proof: proven }, { state: 'revoked', because: 'CONSENT_APP_DELETED', reasons: ['CONSENT_APP_DELETED'] }],
  ['the principal lies in the recycle bin after the proof', { token: NOT_IN_TENANT, directory: { ...absent, deletedAt: '2026-01-01T00:00:00Z' }, proof: proven }, { state: 'revoked', because: 'CONSENT_APP_SOFT_DELETED', reasons: ['CONSENT_APP_SOFT_DELETED'] }],
  ['a deleted principal is in the way of a first consent', { token: NOT_IN_TENANT, directory: { ...absent, deletedAt: '2026-01-01T00:00:00Z' } }, { state: 'not_granted', because: 'CONSENT_APP_SOFT_DELETED', reasons: ['CONSENT_APP_SOFT_DELETED'] }],
  ['the token endpoint does not know the app and the directory still does', { token: NOT_IN_TENANT, proof: proven }, { state: 'not_granted', because: 'STS_APP_NOT_IN_TENANT', reasons: ['CONSENT_GRANTS_REMOVED'] }],
  ['the newer declaration asks for more', { apps: declare(mail, files, signIn), proof: proven }, { state: 'partial', because: 'CONSENT_EXTENDED', reasons: ['CONSENT_EXTENDED'] }],
  ['one is gone and another one is new', { apps: declare(mail, files, signIn), token: roles('Mail.Read'), directory: held(MAIL), proof: proven }, { state: 'partial', because: 'CONSENT_GRANTS_REMOVED', reasons: ['CONSENT_GRANTS_REMOVED', 'CONSENT_EXTENDED'] }],
  ['a proof of another tenant counts for nothing', { token: roles(), directory: held(), proof: { ...proven, tenantId: '99999999-0000-4000-8000-000000000002' } }, { state: 'not_granted', because: null, reasons: ['CONSENT_MISSING_PERMISSIONS'] }],
  ['the customer disabled it', { directory: withPrincipal({ accountEnabled: false }) }, { state: 'disabled', because: 'STS_APP_DISABLED', reasons: ['STS_APP_DISABLED'] }],
  ['the token endpoint says it is disabled', { token: refused('disabled', 'STS_APP_DISABLED', 'AADSTS7000112') }, { state: 'disabled', because: 'STS_APP_DISABLED', reasons: ['STS_APP_DISABLED'] }],
  ['Microsoft disabled it', { token: refused('disabled', 'STS_APP_DISABLED', 'AADSTS7000112'), directory: withPrincipal({ disabledByMicrosoft: 'DisabledDueToViolationOfServicesAgreement' }) }, { state: 'disabled', because: 'CONSENT_APP_DISABLED_BY_MICROSOFT', reasons: ['CONSENT_APP_DISABLED_BY_MICROSOFT'] }],
  ['an assignment is required and no token comes without one', { token: refused('unassigned', 'STS_REFUSED', 'AADSTS501051'), directory: withPrincipal({ assignmentRequired: true }) }, { state: 'disabled', because: 'CONSENT_ASSIGNMENT_REQUIRED', reasons: ['CONSENT_ASSIGNMENT_REQUIRED'] }],
  ['an assignment is required of people, and the tokens carry their roles', { directory: withPrincipal({ assignmentRequired: true }) }, { state: 'granted', because: null, reasons: ['CONSENT_ASSIGNMENT_REQUIRED'] }],
  ['the directory refuses to be read', { directory: { outcome: 'unknown', code: 'GRAPH_REFUSED', serviceCode: 'Authorization_RequestDenied' }, proof: proven }, { state: 'unknown', because: 'GRAPH_REFUSED', reasons: ['CONSENT_UNKNOWN'] }],
  ['the directory refuses to be read, and the fresh token lacks the role', { directory: { outcome: 'unknown', code: 'GRAPH_REFUSED', serviceCode: 'Authorization_RequestDenied' }, resources: new Map(), token: { outcome: 'roles', roles: [] } }, { state: 'not_granted', because: null, reasons: ['CONSENT_MISSING_PERMISSIONS'] }],
  ['the directory refuses to be read, and the fresh token lost one role of two', { directory: { outcome: 'unknown', code: 'GRAPH_REFUSED', serviceCode: 'Authorization_RequestDenied' }, resources: new Map(), token: roles('Mail.Read'), proof: proven }, { state: 'partial', because: 'CONSENT_GRANTS_REMOVED', reasons: ['CONSENT_GRANTS_REMOVED'] }],
  ['a token could not be had', { token: refused('unknown', 'STS_UNAVAILABLE') }, { state: 'unknown', because: 'STS_UNAVAILABLE', reasons: ['CONSENT_UNKNOWN'] }],
  ['a resource could not be read', { resources: new Map() }, { state: 'unknown', because: 'CONSENT_UNKNOWN', reasons: ['CONSENT_UNKNOWN'] }],
  ['the tenant has no such resource', { token: refused('resource_missing', 'STS_RESOURCE_MISSING', 'AADSTS500011'), directory: held(), resources: new Map([[GRAPH_APP_ID, null]]) }, { state: 'not_granted', because: 'STS_RESOURCE_MISSING', reasons: ['CONSENT_PERMISSION_UNPUBLISHED'] }],
];

describe('the state of an app', () => {
  it.each(STATES)('when %s', (_what, found, { state, because, reasons }) => {
    const judged = judge(found);
    expect({ state: judged.state, because: judged.because?.code ?? null, reasons: judged.reasons }).toEqual({ state, because, reasons });
    expect(judged.verdict).toBe(state === 'granted' || state === 'unknown' ? state : 'missing');
    for (const code of [...judged.reasons, ...(judged.because === null ? [] : [judged.because.code])]) expect(Object.keys(ERROR_CATALOG)).toContain(code);
  });

  it('is reached by the table in all its forms but "pending", which needs a journey', () => {
    expect([...new Set(STATES.map(([, , { state }]) => state))].toSorted()).toEqual(['disabled', 'granted', 'not_granted', 'partial', 'revoked', 'unknown']);
  });

  it('names only what is new, and only what is gone', () => {
    const judged = judge({ apps: declare(mail, files, signIn), token: roles('Mail.Read'), directory: held(MAIL), proof: proven });
    expect(judged.removed.map(({ name }) => name)).toEqual(['Files.Read.All']);
    expect(judged.added.map(({ name }) => name)).toEqual(['User.Read']);
    expect(judged.said).toBe('backup: was granted and is gone: Files.Read.All on Microsoft Graph. backup: newly required and not granted yet: User.Read on Microsoft Graph.');
  });
});

describe('an app that an earlier read of the same consent saw granted', () => {
  const read = (directory: DirectoryGrants, token: TokenEvidence) => judgeConsent(declared, { tenantId: TENANT, readAt: 5, depth: 'full', resources: new Map([[GRAPH_APP_ID, graph]]), apps: [{ appKey: 'backup', tokens: new Map([[GRAPH_APP_ID, token]]), directory }] });

  it('is said to have lost what it misses now, and one that never was is not', () => {
    const later = read(held(MAIL), roles('Mail.Read'));
    const told = (seen: readonly string[]) => describeShortfall(noteTakenBack(later, seen)).map(({ code }) => code);
    expect(seeGranted(read(held(MAIL, FILES), roles('Mail.Read', 'Files.Read.All')), [])).toEqual(['backup']);
    expect(seeGranted(later, ['restore'])).toEqual(['restore']);
    expect(told([])).toEqual(['CONSENT_MISSING_PERMISSIONS']);
    expect(told(['backup'])).toEqual(['CONSENT_GRANTS_REMOVED']);
    expect(describeShortfall(noteTakenBack(read(absent, NOT_IN_TENANT), ['backup'])).map(({ code }) => code)).toEqual(['CONSENT_GRANTS_REMOVED']);
    expect(noteTakenBack(later, ['backup']).verdict).toBe('missing');
  });
});

describe('what a verdict rests on', () => {
  it('is the directory alone in a routine look, whatever the tokens would say', () => {
    expect(judge({ depth: 'routine' })).toMatchObject({ state: 'granted', evidence: 'directory_agrees', granted: [{ inToken: null, inDirectory: true }, { inToken: null, inDirectory: true }] });
    expect(judge({ depth: 'routine', directory: held(MAIL), proof: proven })).toMatchObject({ state: 'partial', missing: [{ name: 'Files.Read.All' }] });
    expect(judge({ depth: 'routine', directory: { outcome: 'unknown', code: 'GRAPH_REFUSED', serviceCode: undefined } })).toMatchObject({ state: 'unknown', evidence: null });
  });

  it('is the roles of fresh tokens where no app may read the directory, and it says so', () => {
    const directory = { outcome: 'not_asked' } as const;
    expect(judge({ directory })).toMatchObject({ state: 'granted', evidence: 'token_roles', servicePrincipalId: null, reasons: ['CONSENT_EVIDENCE_WEAK'], granted: [{ inToken: true, inDirectory: null }, { inToken: true, inDirectory: null }] });
    expect(judge({ directory, token: roles('Mail.Read') })).toMatchObject({ state: 'partial', verdict: 'missing' });
    expect(judge({ directory, token: roles() })).toMatchObject({ state: 'not_granted' });
    expect(judge({ directory, token: roles(), proof: proven })).toMatchObject({ state: 'revoked', because: { code: 'CONSENT_REVOKED' } });
    expect(judge({ directory, token: NOT_IN_TENANT, proof: proven })).toMatchObject({ state: 'revoked', because: { code: 'CONSENT_APP_DELETED' } });
    expect(judge({ directory, token: refused('unknown', 'STS_UNAVAILABLE') })).toMatchObject({ state: 'unknown', evidence: null });
  });

  it('leaves a delegated permission unproven without the right to read it, and names the permission to add', () => {
    const apps = declare(mail, signIn);
    for (const directory of [{ outcome: 'not_asked' } as const, { ...held(MAIL), scopes: null }]) {
      const judged = judge({ apps, directory, token: roles('Mail.Read') });
      expect(judged).toMatchObject({ state: 'unknown', verdict: 'unknown', because: { code: 'CONSENT_READ_PERMISSION_MISSING' }, unproven: [{ name: 'User.Read' }], missing: [] });
      expect(judged.said).toContain('Add Directory.Read.All (application) on Microsoft Graph');
      // What is surely missing is said before what cannot be known.
      expect(judge({ apps, directory: directory.outcome === 'read' ? { ...held(), scopes: null } : directory, token: roles() })).toMatchObject({ state: 'not_granted' });
    }
    expect(judge({ apps: declare({ ...mail, name: undefined, id: MAIL }), directory: { outcome: 'not_asked' } })).toMatchObject({ state: 'unknown', because: { code: 'CONSENT_READ_PERMISSION_MISSING' } });
  });

  it('never takes a refused read of the delegated grants for the lack of a right to read them', () => {
    expect(judge({ apps: declare(mail, signIn), directory: { outcome: 'unknown', code: 'GRAPH_REFUSED', serviceCode: 'Authorization_RequestDenied' } })).toMatchObject({ state: 'unknown', because: { code: 'GRAPH_REFUSED' } });
  });
});

describe('who may read the directory', () => {
  const app = (key: string, round: number, ...names: readonly string[]) => ({ key, appId: `22222222-0000-4000-8000-00000000000${round}`, round, requiredPermissions: names.map((name) => ({ resource: 'graph', type: 'application', name, reason: 'r' })) });
  const plan = (...apps: readonly object[]) => planDirectoryReading(parseApps(apps)).map(({ appKey, readsDelegatedGrants }) => `${appKey}${readsDelegatedGrants ? ' whole' : ''}`);

  it('is decided by the declaration: the one that reads most first, then by round', () => {
    expect(plan(app('a', 1, 'Mail.Read'))).toEqual([]);
    expect(plan(app('a', 1, 'Application.Read.All'))).toEqual(['a']);
    expect(plan(app('a', 1, 'Application.Read.All'), app('b', 2, 'Directory.Read.All'))).toEqual(['b whole', 'a']);
    expect(plan(app('a', 1, 'Application.Read.All', 'DelegatedPermissionGrant.ReadWrite.All'))).toEqual(['a whole']);
    // Reading delegated grants without reading principals leads nowhere.
    expect(plan(app('a', 1, 'DelegatedPermissionGrant.ReadWrite.All'))).toEqual([]);
  });

  it('counts the permission on Microsoft Graph alone, and as an application permission alone', () => {
    const one = (requiredPermission: object) => planDirectoryReading(parseApps([{ key: 'a', appId: '22222222-0000-4000-8000-000000000001', round: 1, requiredPermissions: [{ type: 'application', reason: 'r', ...requiredPermission }] }])).length;
    expect(one({ resource: 'graph', id: '7AB1D382-F21E-4ACD-A863-BA3E13F7DA61' })).toBe(1);
    expect(one({ resource: EXCHANGE_APP_ID, id: '7ab1d382-f21e-4acd-a863-ba3e13f7da61' })).toBe(0);
    expect(one({ resource: 'graph', type: 'delegated', name: 'Directory.Read.All' })).toBe(0);
  });
});
