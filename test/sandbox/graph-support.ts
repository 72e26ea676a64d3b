/** A seeded world whose Graph is called directly, without a socket, by callers with chosen permissions. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { issueAccessToken } from '../../src/sandbox/access-tokens';
import { handleGraph } from '../../src/sandbox/graph/index';
import type { SandboxRequest } from '../../src/sandbox/http';
import { signJwt } from '../../src/sandbox/jwt';
import type { Tenant } from '../../src/sandbox/model';
import { createSeededWorld, seededPersonId, seededTenantId } from '../../src/sandbox/seed';
import { DEFAULT_SEED } from '../../src/sandbox/seed-default';
import { generateSigningKeysNow } from '../../src/sandbox/signing-keys';
import type { ControlledWorld } from '../../src/sandbox/world';
import { createCertificate } from '../../src/sandbox/x509';

export const START = Date.parse('2026-03-01T09:00:00Z');
export const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10';
export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
const DAY_MS = 24 * 3_600_000;

const seed = DEFAULT_SEED;
const signingKeys = generateSigningKeysNow(START);

export type Json = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The parsed body; an empty object for an empty body. */
  readonly json: Json;
  readonly rule: string;
  readonly gap: string | undefined;
  readonly operation: string | undefined;
}

export interface CallOptions {
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly tenant?: string;
  readonly appId?: string;
  readonly subject?: string;
  readonly audience?: string;
  readonly body?: unknown;
  readonly rawBody?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bearer?: string;
}

export interface Fixture {
  readonly world: ControlledWorld;
  tenant(key: string): Tenant;
  tenantId(key: string): string;
  personId(tenantKey: string, alias: string): string;
  /** The first app registration of the home tenant. */
  app(): { readonly id: string; readonly appId: string };
  principalId(tenantKey: string, appId: string): string;
  bearer(options?: CallOptions): string;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
}

export function createFixture(): Fixture {
  const world = createSeededWorld(seed, { clock: { now: () => START }, signingKeys, origins: { login: 'https://login.test', graph: 'https://graph.test' } });
  const tenantId = (key: string) => seededTenantId(seed, key);
  const tenant = (key: string) => required(world.tenants.get(tenantId(key)));
  const app = () => required(tenant('partner').applications.list(world.now())[0]);
  const bearer = (options: CallOptions = {}) =>
    issueAccessToken(world, {
      tenantId: tenantId(options.tenant ?? 'contoso'),
      audience: options.audience ?? 'https://graph.microsoft.com',
      appId: options.appId ?? app().appId,
      appDisplayName: 'Test',
      clientProof: '2',
      subjectObjectId: options.subject ?? '11111111-1111-4111-8111-111111111111',
      roles: options.roles ?? [],
      ...(options.scopes === undefined ? {} : { scopes: options.scopes }),
    });
  return {
    world,
    tenant,
    tenantId,
    personId: (tenantKey, alias) => seededPersonId(seed, tenantKey, alias),
    app,
    principalId: (tenantKey, appId) => required(tenant(tenantKey).servicePrincipals.list(world.now()).find((row) => row.appId === appId)).id,
    bearer,
    call: (method, path, options = {}) => send(world, method, path, options, options.bearer ?? bearer(options)),
  };
}

async function send(world: ControlledWorld, method: string, target: string, options: CallOptions, bearer: string): Promise<Reply> {
  const url = new URL(target, 'https://graph.test');
  const hasBody = options.body !== undefined || options.rawBody !== undefined;
  const request: SandboxRequest = {
    method,
    host: 'graph',
    path: url.pathname,
    query: url.searchParams,
    headers: { ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }), ...(hasBody ? { 'content-type': 'application/json' } : {}), ...options.headers },
    body: Buffer.from(options.rawBody ?? (options.body === undefined ? '' : JSON.stringify(options.body))),
    socketId: 1,
  };
  const response = await handleGraph(world, request);
  const text = response.body.toString();
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
  return {
    status: response.status,
    headers,
    text,
    json: text.startsWith('{') ? (JSON.parse(text) as Json) : {},
    rule: (headers['x-sandbox-rule'] ?? '').split(';')[0] ?? '',
    gap: response.gap,
    operation: response.trace?.operation,
  };
}

export interface TestCertificate {
  readonly privateKey: KeyObject;
  readonly der: Buffer;
  readonly base64: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

// RSA keys are slow to make. Two in turn: certificates made one after the other never share a key.
const keys: KeyObject[] = [];
let made = 0;

function nextKey(): KeyObject {
  const key = (keys[made % 2] ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  made += 1;
  return key;
}

export function makeCertificate(name: string, lifetimeDays = 365, notBeforeAt = START - DAY_MS): TestCertificate {
  const privateKey = nextKey();
  const notAfterAt = notBeforeAt + lifetimeDays * DAY_MS;
  const der = createCertificate({ subject: name, subjectKey: privateKey, notBeforeAt, notAfterAt, isAuthority: false });
  return { privateKey, der, base64: der.toString('base64'), notBefore: seconds(notBeforeAt), notAfter: seconds(notAfterAt) };
}

/** A proof of possession; `claims` and `header` replace what a right one says. */
export function makeProof(signer: TestCertificate, objectId: string, nowMs: number, claims: Json = {}, header: Json = {}): string {
  const now = Math.floor(nowMs / 1000);
  const x5t = createHash('sha1').update(signer.der).digest('base64url');
  return signJwt(
    { alg: 'RS256', typ: 'JWT', x5t, ...header },
    { aud: '00000002-0000-0000-c000-000000000000', iss: objectId, nbf: now, exp: now + 600, ...claims },
    signer.privateKey,
  );
}

/** The entries of a collection. */
export function rowsOf(reply: Reply): readonly Json[] {
  if (!Array.isArray(reply.json.value)) throw new Error(`Not a collection: ${reply.status} ${reply.text.slice(0, 200)}`);
  return reply.json.value as readonly Json[];
}

export function errorOf(reply: Reply): { readonly code: string; readonly message: string; readonly innerError: Json; readonly details?: readonly Json[] } {
  const { error } = reply.json as { readonly error?: ReturnType<typeof errorOf> };
  if (error === undefined) throw new Error(`Not an error: ${reply.status} ${reply.text.slice(0, 200)}`);
  return error;
}

export function required<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error('The fixture lacks a row the test needs.');
  return value;
}

function seconds(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
