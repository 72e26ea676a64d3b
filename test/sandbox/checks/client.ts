/**
 * What the checks ask with: https requests, a small browser and tokens made with node:crypto from documented claims. It
 * shares no judgement with the sandbox. The sandbox signs with keys the checks handed it, so a check can make any token.
 */
import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { generateSigningKeys, startSandbox, type RunningSandbox, type SandboxOptions, type SigningKeys } from '../../../src/sandbox/index';
import { createCertificate } from '../../../src/sandbox/x509';
import { app, Browser, person, postForm, send, tenantId, withQuery, type Page, type Reply } from '../support';

export const GRAPH = '00000003-0000-0000-c000-000000000000';
export const START = Date.parse('2026-03-01T09:00:00Z');
const CONSENT_CALLBACK = 'http://localhost:4180/consent/callback';
const SIGN_IN_CALLBACK = 'http://localhost:4180/sign-in/callback';
const DAY_MS = 86_400_000;

export type Json = Readonly<Record<string, unknown>>;
export type Fields = Readonly<Record<string, string>>;

export interface GraphOptions {
  readonly roles?: readonly string[];
  readonly tenant?: string;
  readonly appId?: string;
  readonly body?: unknown;
  readonly headers?: Fields;
  /** Instead of a token with these roles. */
  readonly bearer?: string;
}

export interface Certificate {
  readonly der: Buffer;
  readonly privateKey: KeyObject;
}

let sharedPair: KeyObject | undefined;

/** A certificate that lives for `days`, over a key all of them share: making one takes long. */
export function makeCertificate(nowMs: number, days = 365, subject = 'check'): Certificate {
  const privateKey = (sharedPair ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  return { privateKey, der: createCertificate({ subject, subjectKey: privateKey, notBeforeAt: nowMs - DAY_MS, notAfterAt: nowMs + days * DAY_MS, isAuthority: false }) };
}

export function thumbprint(der: Buffer, hash: 'sha1' | 'sha256'): Buffer {
  return createHash(hash).update(der).digest();
}

export function jwt(header: Json, claims: Json, key: KeyObject, isPss = false): string {
  const encode = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode(header)}.${encode(claims)}`;
  const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
  return `${input}.${sign('sha256', Buffer.from(input), { key, ...padding }).toString('base64url')}`;
}

export function part(compact: unknown, index: 0 | 1): Json {
  return JSON.parse(Buffer.from(String(compact).split('.')[index] ?? '', 'base64url').toString('utf8')) as Json;
}

export function body(reply: Reply): Json {
  return JSON.parse(reply.text) as Json;
}

export function rows(reply: Reply): readonly Json[] {
  const { value } = body(reply);
  assert.ok(Array.isArray(value), `Not a collection: ${reply.status} ${reply.text.slice(0, 200)}`);
  return value as readonly Json[];
}

/** `AADSTS` number, or Graph's code, of a refusal. */
export function codeOf(reply: Reply): unknown {
  const { error, error_description: description } = body(reply);
  return typeof error === 'object' && error !== null ? (error as Json).code : /^AADSTS(\d+)/.exec(String(description))?.[1];
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

export async function openStage(options: SandboxOptions = {}) {
  const keys = await generateSigningKeys(START);
  const sandbox = await startSandbox({ clock: { now: () => START }, signingKeys: keys, ...options });
  return { sandbox, keys, ...asking(sandbox, keys) };
}

function asking(sandbox: RunningSandbox, keys: SigningKeys) {
  const { login } = sandbox.ready;
  const nowSeconds = () => Math.floor(sandbox.clock.now() / 1000);
  const tenant = (key: string) => tenantId(sandbox, key);
  const tokenUrl = (key: string) => `${login}/${key.includes('-') || key === 'organizations' ? key : tenant(key)}/oauth2/v2.0/token`;

  /** A v1.0 Graph token as "Access token claims reference" has it; `changes` are laid over it. */
  const graphToken = (options: GraphOptions = {}, changes: Json = {}, key = keys.current) => {
    const tid = tenant(options.tenant ?? 'contoso');
    const appid = options.appId ?? app(sandbox).appId;
    const times = { iat: nowSeconds(), nbf: nowSeconds(), exp: nowSeconds() + 3599 };
    const claims = { aud: 'https://graph.microsoft.com', iss: `https://sts.windows.net/${tid}/`, ...times, appid, appidacr: '2', idtyp: 'app', oid: randomUUID(), roles: options.roles ?? [], tid, uti: randomUUID(), ver: '1.0' };
    return jwt({ typ: 'JWT', alg: 'RS256', x5t: key.kid, kid: key.kid }, { ...claims, ...changes }, key.privateKey);
  };

  const graph = (method: string, path: string, options: GraphOptions = {}) =>
    send(sandbox, `/v1.0${path}`, {
      method,
      headers: { authorization: `Bearer ${options.bearer ?? graphToken(options)}`, ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });

  const clientToken = (key: string, fields: Fields = {}, appKey = 'backup') =>
    postForm(sandbox, tokenUrl(key), {
      grant_type: 'client_credentials', client_id: app(sandbox, appKey).appId, client_secret: app(sandbox, appKey).clientSecret, scope: 'https://graph.microsoft.com/.default', ...fields,
    });

  /** The same with a certificate: PS256 and x5t#S256 (Microsoft's "Certificate credentials"). */
  const assertedToken = (key: string, certificate: Certificate, claims: Json = {}, signer = certificate.privateKey) => {
    const { appId } = app(sandbox);
    const header = { alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint(certificate.der, 'sha256').toString('base64url') };
    const times = { nbf: nowSeconds(), iat: nowSeconds(), exp: nowSeconds() + 300 };
    const assertion = jwt(header, { aud: tokenUrl(key), iss: appId, sub: appId, jti: randomUUID(), ...times, ...claims }, signer, true);
    return postForm(sandbox, tokenUrl(key), {
      grant_type: 'client_credentials', client_id: appId, scope: 'https://graph.microsoft.com/.default',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion,
    });
  };

  const consentPage = (key: string, fields: Fields = {}, version: 'v1' | 'v2' = 'v2', browser = new Browser(sandbox)) => {
    const scope = version === 'v2' ? { scope: 'https://graph.microsoft.com/.default' } : {};
    return browser.open(withQuery(`/${tenant(key)}${version === 'v2' ? '/v2.0' : ''}/adminconsent`, { client_id: app(sandbox).appId, redirect_uri: CONSENT_CALLBACK, state: 'Straße 1', ...scope, ...fields }));
  };

  /** An administrator to the end of the consent page. */
  const consent = async (who: string, decision: 'accept' | 'cancel' = 'accept', fields: Fields = {}, version: 'v1' | 'v2' = 'v2'): Promise<URL> => {
    const [key = ''] = who.split('/');
    const browser = new Browser(sandbox);
    const page = await browser.signIn(await consentPage(key, fields, version, browser), person(sandbox, who));
    return callbackOf(await browser.press(page, decision));
  };

  const authorizePage = (key: string, fields: Fields = {}, browser = new Browser(sandbox)) =>
    browser.open(withQuery(`/${key === 'organizations' ? key : tenant(key)}/oauth2/v2.0/authorize`, {
      client_id: app(sandbox).appId, response_type: 'code', redirect_uri: SIGN_IN_CALLBACK, scope: 'openid profile email', state: 'sT-1', nonce: 'no-1', ...fields,
    }));

  /** Signed in and, if asked, consented: the last page. */
  const signIn = async (who: string, fields: Fields = {}, authority = who.split('/')[0] ?? ''): Promise<Page> => {
    const browser = new Browser(sandbox);
    const page = await browser.signIn(await authorizePage(authority, fields, browser), person(sandbox, who));
    return page.has('accept') ? browser.press(page, 'accept') : page;
  };

  const redeem = (key: string, code: string, fields: Fields = {}, appKey = 'backup') =>
    postForm(sandbox, tokenUrl(key), {
      grant_type: 'authorization_code', client_id: app(sandbox, appKey).appId, client_secret: app(sandbox, appKey).clientSecret, code, redirect_uri: SIGN_IN_CALLBACK, ...fields,
    });

  const codeFor = async (who: string, fields: Fields = {}) => callbackOf(await signIn(who, fields)).searchParams.get('code') ?? '';

  return {
    login,
    tenant,
    tokenUrl,
    nowSeconds,
    graphToken,
    graph,
    clientToken,
    assertedToken,
    consentPage,
    consent,
    authorizePage,
    signIn,
    redeem,
    codeFor,
    app: (key = 'backup') => app(sandbox, key),
    person: (path: string) => person(sandbox, path),
    browser: () => new Browser(sandbox),
    get: (path: string) => send(sandbox, path),
    document: async (path: string) => body(await send(sandbox, path)),
    /** Graph object id of a person's tenant's service principal of an app. */
    principal: async (appId: string, key = 'contoso') => String(body(await graph('GET', `/servicePrincipals(appId='${appId}')`, { tenant: key, roles: ['Application.Read.All'] })).id),
    createPrincipal: async (appKey = 'backup', key = 'contoso') => String(body(await graph('POST', '/servicePrincipals', { tenant: key, roles: ['Application.ReadWrite.All'], body: { appId: app(sandbox, appKey).appId } })).id),
    /** PATCH of the home application's key credentials. */
    patchKeys: (keyCredentials: readonly Json[], appKey = 'backup') => graph('PATCH', `/applications/${app(sandbox, appKey).objectId}`, { tenant: 'partner', roles: ['Application.ReadWrite.All'], body: { keyCredentials } }),
    keysOf: async (appKey = 'backup') => body(await graph('GET', `/applications/${app(sandbox, appKey).objectId}?$select=keyCredentials`, { tenant: 'partner', roles: ['Application.Read.All'] })).keyCredentials as readonly Json[],
  };
}

export function callbackOf(page: Page): URL {
  assert.ok(page.callback !== undefined, `Not redirected but shown ${page.rule} (${page.status})`);
  return page.callback;
}

export function upload(certificate: Certificate, more: Json = {}): Json {
  return { type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate.der.toString('base64'), displayName: 'CN=check', ...more };
}
