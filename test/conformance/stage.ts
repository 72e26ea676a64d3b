/** A running sandbox over TLS, prepared so that every modelled operation has something to answer about. */
import { issueAccessToken } from '../../src/sandbox/access-tokens';
import type { RunningSandbox } from '../../src/sandbox/index';
import permissions from '../../src/sandbox/graph/permissions.json';
import { createFreshCertificate, type Certificate } from './certificates';
import { app, openSandbox, person, send, tenantId, type Reply } from '../sandbox/support';

const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';

/** A customer without any premium licence. */
const UNLICENSED = { key: 'tailspin', name: 'Tailspin Toys', domain: 'tailspin.example', prefix: 'tailspin', country: 'CZ', licences: [], people: [] } as const;

export interface Ask {
  readonly body?: unknown;
  readonly tenant?: 'contoso' | 'partner' | 'fabrikam' | 'tailspin';
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: every application permission the sandbox knows. */
  readonly roles?: readonly string[];
  readonly appId?: string;
  /** Present: a delegated token with these permissions, of `subject`. */
  readonly scopes?: readonly string[];
  readonly subject?: string;
}

export interface Identified {
  readonly id: string;
}

export interface Stage {
  readonly sandbox: RunningSandbox;
  /** Object ids in the customer's tenant. */
  readonly ids: { readonly client: string; readonly resource: string; readonly role: string; readonly user: string; readonly group: string };
  readonly application: { readonly id: string; readonly appId: string };
  readonly certificate: Certificate;
  /** Object id of a person of the customer's, by alias. */
  readonly person: (alias: string) => string;
  /** Object id of somebody in the partner's tenant. */
  readonly homePerson: string;
  readonly ask: (method: string, path: string, options?: Ask) => Promise<Reply>;
}

export async function openStage(): Promise<Stage> {
  const sandbox = await openSandbox({ seed: { tenants: [UNLICENSED] } });
  const registration = app(sandbox);
  const ask = (method: string, path: string, options: Ask = {}) => sendAs(sandbox, method, path, options);
  const client = bodyOf(await ask('POST', '/servicePrincipals', { body: { appId: registration.appId } })) as Identified;
  const graph = bodyOf(await ask('GET', `/servicePrincipals(appId='${GRAPH_APP_ID}')`)) as Identified & { readonly appRoles: readonly [Identified] };
  const [assignment] = sandbox.world.tenants.get(tenantId(sandbox, 'contoso'))?.roleAssignments.list(sandbox.world.now()) ?? [];
  const group = firstOf(await ask('GET', "/groups?$filter=displayName eq 'All staff'"));
  const certificate = createFreshCertificate('CLI-Login', sandbox.world.now());
  const stage: Stage = {
    sandbox,
    ids: { client: client.id, resource: graph.id, role: graph.appRoles[0].id, user: String(assignment?.principalId), group: group.id },
    application: { id: registration.objectId, appId: registration.appId },
    certificate,
    person: (alias) => person(sandbox, `contoso/${alias}`).objectId,
    homePerson: person(sandbox, 'partner/oscar').objectId,
    ask,
  };
  const keyCredentials = [{ key: certificate.base64, type: 'AsymmetricX509Cert', usage: 'Verify' }];
  await ask('PATCH', `/applications/${registration.objectId}`, { tenant: 'partner', body: { keyCredentials } });
  return stage;
}

export function bodyOf(reply: Reply): unknown {
  return JSON.parse(reply.text);
}

/** The first entry of a collection, which must have one. */
export function firstOf(reply: Reply): Identified {
  const { value } = bodyOf(reply) as { readonly value: readonly Identified[] };
  if (value[0] === undefined) throw new Error(`An empty collection: ${reply.rule}`);
  return value[0];
}

function sendAs(sandbox: RunningSandbox, method: string, path: string, options: Ask): Promise<Reply> {
  const bearer = issueAccessToken(sandbox.world, {
    tenantId: tenantId(sandbox, options.tenant ?? 'contoso'),
    audience: 'https://graph.microsoft.com',
    appId: options.appId ?? app(sandbox).appId,
    appDisplayName: 'Conformance',
    clientProof: '2',
    subjectObjectId: options.subject ?? '11111111-1111-4111-8111-111111111111',
    roles: options.scopes === undefined ? (options.roles ?? everyPermission()) : [],
    ...(options.scopes === undefined ? {} : { scopes: options.scopes }),
  });
  return send(sandbox, `/v1.0${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
}

function everyPermission(): readonly string[] {
  return [...new Set(Object.values(permissions).flatMap(({ application }) => (application as readonly (readonly string[])[]).flat()))];
}
