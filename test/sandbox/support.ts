/**
 * A tiny browser and a tiny token client for the sandbox, over real TLS with its CA. Forms are parsed from the
 * page and submitted as they stand there: nothing posts a field the page did not offer.
 */
import { createHash, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { request as httpRequest } from 'node:http';
import { generateSigningKeys, startSandbox, type ReadyUser, type RunningSandbox, type SandboxOptions, type SigningKeys } from '../../src/sandbox/index';
import { signJwt, type JwtAlgorithm } from '../../src/sandbox/jwt';
import type { Application } from '../../src/sandbox/model';
import { createCertificate } from '../../src/sandbox/x509';

export const REDIRECT_URI = 'http://localhost:4180/consent/callback';
export const START = Date.parse('2026-03-01T09:00:00Z');
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Ids of every rule an answer named in this test file. */
export const rulesSeen = new Set<string>();

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly rule: string;
  /** Throws when the body is not JSON. */
  json(): ReplyBody;
}

export interface PublishedKey {
  readonly kty: string;
  readonly n: string;
  readonly e: string;
  readonly kid: string;
  readonly x5t: string;
  readonly x5c: readonly string[];
  readonly issuer: string;
}

/** The members tests read, over all the JSON answers there are; which of them is there is the test's business. */
export interface ReplyBody {
  readonly error: string;
  readonly error_description: string;
  readonly error_codes: readonly number[];
  readonly error_uri: string;
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
  readonly client_info: string;
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly authorization_endpoint: string;
  readonly keys: readonly PublishedKey[];
  readonly metadata: readonly object[];
  readonly tenant_discovery_endpoint: string;
  readonly value: readonly object[];
}

export interface ControlBody {
  readonly items: readonly object[];
  readonly replicationLagMs: Readonly<Record<string, number>>;
}

let sharedKeys: Promise<SigningKeys> | undefined;

/** A sandbox whose clock stands still at START until it is moved. One file's sandboxes share their signing keys. */
export async function openSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  sharedKeys ??= generateSigningKeys(START);
  return startSandbox({ clock: { now: () => START }, signingKeys: await sharedKeys, ...options });
}

const agents = new WeakMap<RunningSandbox, Agent>();

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export function send(sandbox: RunningSandbox, url: string, options: SendOptions = {}): Promise<Reply> {
  const agent = agents.get(sandbox) ?? new Agent({ ca: readFileSync(sandbox.ready.caFile), keepAlive: true });
  agents.set(sandbox, agent);
  const target = new URL(url, sandbox.ready.login);
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(target, { agent, method: options.method ?? 'GET', headers: options.headers }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const rule = String(incoming.headers['x-sandbox-rule'] ?? '').split(';')[0] ?? '';
        rulesSeen.add(rule);
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, rule, json: () => JSON.parse(text) });
      });
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

export function postForm(sandbox: RunningSandbox, path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return send(sandbox, path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}

export function control(sandbox: RunningSandbox, method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; json: ControlBody }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(path, sandbox.ready.control),
      { method, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers } },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (part: string) => (text += part));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, json: JSON.parse(text) }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

interface Form {
  readonly action: string;
  readonly fields: readonly Element[];
  readonly buttons: readonly Element[];
}

export class Page {
  readonly elements: readonly Element[];
  readonly forms: readonly Form[];
  readonly reply: Reply;

  constructor(reply: Reply) {
    this.reply = reply;
    this.elements = parseElements(reply.text);
    this.forms = [...reply.text.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)].map(([, attributes = '', content = '']) => {
      const inside = parseElements(content);
      return {
        action: parseAttributes(attributes).action ?? '',
        fields: inside.filter((element) => element.tag === 'input'),
        buttons: inside.filter((element) => element.tag === 'button'),
      };
    });
  }

  get status(): number {
    return this.reply.status;
  }

  get rule(): string {
    return this.reply.rule;
  }

  /** Where a redirect leads; undefined on a page that stays. */
  get callback(): URL | undefined {
    const { location } = this.reply.headers;
    return typeof location === 'string' ? new URL(location) : undefined;
  }

  all(testId: string): readonly Element[] {
    return this.elements.filter((element) => element.attributes['data-testid'] === testId);
  }

  has(testId: string): boolean {
    return this.all(testId).length > 0;
  }

  get errorCode(): string | undefined {
    return this.all('error-code')[0]?.attributes['data-code'];
  }

  text(testId: string): string | undefined {
    return this.all(testId)[0]?.text;
  }
}

/** A browser with one cookie jar, for the sandbox's origin. It does not follow redirects: tests want to see them. */
export class Browser {
  readonly #sandbox: RunningSandbox;
  readonly cookies = new Map<string, string>();

  constructor(sandbox: RunningSandbox) {
    this.#sandbox = sandbox;
  }

  open(url: string): Promise<Page> {
    return this.#send(url, {});
  }

  /** Fill the fields by test id and press the button with this test id (or with this data-upn). */
  press(page: Page, testId: string, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const { form, button } = findButton(page, testId);
    const posted = new URLSearchParams();
    for (const field of form.fields) {
      const filled = fields[field.attributes['data-testid'] ?? ''];
      posted.append(field.attributes.name ?? '', filled ?? field.attributes.value ?? '');
    }
    if (button.attributes.name !== undefined) posted.append(button.attributes.name, button.attributes.value ?? '');
    return this.post(form.action, posted);
  }

  post(url: string, fields: URLSearchParams): Promise<Page> {
    return this.#send(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: fields.toString() });
  }

  /** From the account picker or user name page through the password to whatever comes next. */
  async signIn(page: Page, user: Pick<ReadyUser, 'signInName' | 'password'>): Promise<Page> {
    let next = page;
    if (next.has('account')) {
      const isListed = next.all('account').some((account) => account.attributes['data-upn'] === user.signInName);
      next = await this.press(next, isListed ? user.signInName : 'use-another-account');
    }
    if (next.has('username')) next = await this.press(next, 'submit', { username: user.signInName });
    return next.has('password') ? this.press(next, 'submit', { password: user.password }) : next;
  }

  async #send(url: string, options: SendOptions): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await send(this.#sandbox, url, { ...options, headers: { ...options.headers, ...(cookie === '' ? {} : { cookie }) } });
    for (const line of [reply.headers['set-cookie'] ?? []].flat()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      this.cookies.set(name, value);
    }
    return new Page(reply);
  }
}

function findButton(page: Page, wanted: string): { form: Form; button: Element } {
  for (const form of page.forms) {
    const button = form.buttons.find(({ attributes }) => attributes['data-testid'] === wanted || attributes['data-upn'] === wanted);
    if (button !== undefined) return { form, button };
  }
  throw new Error(`The page has no button "${wanted}": ${page.reply.text.replaceAll(/<style[\s\S]*?<\/style>/g, '')}`);
}

function parseElements(html: string): Element[] {
  return [...html.matchAll(/<(input|button|li|p|span|strong|h1)\b([^>]*)>([^<]*)/g)].map(([, tag = '', attributes = '', text = '']) => ({
    tag,
    attributes: parseAttributes(attributes),
    text: decodeEntities(text).trim(),
  }));
}

function parseAttributes(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, decodeEntities(value)]));
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (entity) => ({ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" })[entity] ?? entity);
}

export function app(sandbox: RunningSandbox, key = 'backup') {
  const found = sandbox.ready.apps.find((candidate) => candidate.key === key);
  if (found === undefined) throw new Error(`no app ${key}`);
  return found;
}

export function tenantId(sandbox: RunningSandbox, key: string): string {
  const found = sandbox.ready.tenants.find((candidate) => candidate.key === key);
  if (found === undefined) throw new Error(`no tenant ${key}`);
  return found.tenantId;
}

/** `contoso/ada`: the person whose name at sign-in begins so, looked for among the tenant's users. */
export function person(sandbox: RunningSandbox, path: string): ReadyUser {
  const [key = '', alias = ''] = path.split('/');
  const found = sandbox.ready.tenants.find((candidate) => candidate.key === key)?.users.find((user) => user.signInName.startsWith(`${alias}@`));
  if (found === undefined) throw new Error(`nobody is ${path}`);
  return found;
}

export function adminConsentUrl(sandbox: RunningSandbox, tenant: string, parameters: Readonly<Record<string, string | undefined>> = {}, version: 'v1' | 'v2' = 'v2'): string {
  const scope = version === 'v2' ? { scope: 'https://graph.microsoft.com/.default' } : {};
  return withQuery(`/${tenant}${version === 'v2' ? '/v2.0' : ''}/adminconsent`, { client_id: app(sandbox).appId, redirect_uri: REDIRECT_URI, state: 'st-1', ...scope, ...parameters });
}

export function authorizeUrl(sandbox: RunningSandbox, tenant: string, parameters: Readonly<Record<string, string | undefined>> = {}): string {
  return withQuery(`/${tenant}/oauth2/v2.0/authorize`, {
    client_id: app(sandbox).appId,
    response_type: 'code',
    redirect_uri: 'http://localhost:4180/sign-in/callback',
    scope: 'openid profile email',
    state: 'st-2',
    nonce: 'no-1',
    ...parameters,
  });
}

/** Parameters that are undefined are left out. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${path}?${new URLSearchParams(given).toString()}`;
}

/** An administrator walks the consent page to its end. Returns the callback. */
export async function grantConsent(sandbox: RunningSandbox, tenantKey: string, admin: string, appKey = 'backup', browser = new Browser(sandbox)): Promise<URL> {
  const first = await browser.open(adminConsentUrl(sandbox, tenantId(sandbox, tenantKey), { client_id: app(sandbox, appKey).appId }));
  const consent = first.has('accept') ? first : await browser.signIn(first, person(sandbox, admin));
  const done = await browser.press(consent, 'accept');
  if (done.callback === undefined) throw new Error(`no callback: ${done.rule}`);
  return done.callback;
}

export interface TestCertificate {
  readonly der: Buffer;
  readonly privateKey: KeyObject;
}

export function makeCertificate(modulusLength = 2048): TestCertificate {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
  const der = createCertificate({ subject: 'test client', subjectKey: privateKey, notBeforeAt: START - 86_400_000, notAfterAt: START + 365 * 86_400_000, isAuthority: false });
  return { der, privateKey };
}

/** Put the certificate on the app registration, as a directory write at this instant. */
export function registerKey(sandbox: RunningSandbox, certificate: TestCertificate, validity: { start?: string; end?: string } = {}, appKey = 'backup'): void {
  const { world } = sandbox;
  const home = world.tenants.get(world.homeTenantId);
  const registered = home?.applications.get(app(sandbox, appKey).objectId, world.now());
  if (home === undefined || registered === undefined) throw new Error('no application');
  const changed: Application = {
    ...registered,
    keyCredentials: [
      ...registered.keyCredentials,
      {
        keyId: randomUUID(),
        key: certificate.der.toString('base64'),
        customKeyIdentifier: createHash('sha1').update(certificate.der).digest('hex').toUpperCase(),
        displayName: 'CN=test client',
        startDateTime: validity.start ?? '2026-01-01T00:00:00Z',
        endDateTime: validity.end ?? '2027-01-01T00:00:00Z',
        type: 'AsymmetricX509Cert',
        usage: 'Verify',
      },
    ],
  };
  home.applications.put(changed.id, changed, world.now());
}

export interface AssertionChanges {
  readonly algorithm?: JwtAlgorithm;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly privateKey?: KeyObject;
}

export function clientAssertion(sandbox: RunningSandbox, tenant: string, certificate: TestCertificate, changes: AssertionChanges = {}): string {
  const alg = changes.algorithm ?? 'PS256';
  const hash = (name: string) => createHash(name).update(certificate.der).digest('base64url');
  const { appId } = app(sandbox);
  const now = Math.floor(sandbox.clock.now() / 1000);
  const thumbprint = alg === 'PS256' ? { 'x5t#S256': hash('sha256') } : { x5t: hash('sha1') };
  const header = { alg, typ: 'JWT', ...(changes.header ?? thumbprint) };
  const claims = {
    aud: `${sandbox.ready.login}/${tenant}/oauth2/v2.0/token`,
    iss: appId,
    sub: appId,
    jti: randomUUID(),
    nbf: now,
    iat: now,
    exp: now + 600,
    ...changes.claims,
  };
  return signJwt(header, claims, changes.privateKey ?? certificate.privateKey);
}
