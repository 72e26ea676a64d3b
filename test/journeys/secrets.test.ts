/** The whole story with everything that speaks turned on, and then a search: no secret came out anywhere. */
import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPrivateKey } from '../../src/core/certificates/records/records';
import { openStateStore } from '../../src/core/adapters/open-store';
import { ensureSigningKey } from '../../src/core/impersonation/signing-keys';
import { runItems } from '../../src/nodes/host/run-items';
import { fakeExecution } from '../nodes/fake-execution';
import { answerWithout, auditOf, invite } from './attacks';
import { openPortal } from './backup-portal';
import { advanceUntilSettled, consentOnly, continueVisit, MASTER_KEYS, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

const folder = mkdtempSync(join(tmpdir(), 'journey-secrets-'));

let story: Story;
/** By what they are; nobody but their holder may see them. */
const needles = new Map<string, string>();
/** What came out, by where. */
const haystacks = new Map<string, string>();
/** Secrets of one browser and one moment: in nobody's log or state, though in that browser's address or page. */
const passing = new Map<string, string>();

function hide(name: string, secret: string, pieceLength = 24): void {
  // A piece is as good as the whole: nothing of a key or token may show.
  const compact = secret.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  if (compact.length < 12) throw new Error(`${name} is too short to be searched for.`);
  if (compact.length <= pieceLength) needles.set(name, compact);
  for (let at = 0; at + pieceLength <= compact.length; at += pieceLength) needles.set(`${name} from ${at}`, compact.slice(at, at + pieceLength));
}

/** What only the holder of a private key knows; its modulus or point is in every certificate and key set. */
function hidePrivateKey(name: string, pem: string): void {
  const { d = '', p = '', q = '', dp = '', dq = '', qi = '' } = createPrivateKey(pem).export({ format: 'jwk' });
  for (const [part, value] of Object.entries({ d, p, q, dp, dq, qi })) {
    if (value === '') continue;
    hide(`${name}, ${part} as base64url`, value);
    const bytes = Buffer.from(value, 'base64url');
    hide(`${name}, ${part} as hex`, bytes.toString('hex'));
    // Inside a longer base64 text a secret stands at one of three offsets.
    for (const offset of [0, 1, 2]) hide(`${name}, ${part} as base64 at offset ${offset}`, bytes.subarray(offset, offset + Math.floor((bytes.length - offset) / 3) * 3).toString('base64'));
  }
}

/** A token's signature and the part of its payload that nobody else's has. */
function hideToken(name: string, jwt: string): void {
  const [, payload = '', signature = ''] = jwt.split('.');
  needles.set(`signature of ${name}`, signature.slice(0, 40));
  needles.set(`payload of ${name}`, payload.slice(-40));
}

/** Listens where secrets enter the core; the core's own objects are used, nothing is replaced by a stand-in. */
function listenForTokens(): void {
  const { tokens, signIn } = story.installation.ports;
  const acquire = tokens.acquire.bind(tokens);
  const redeemCode = signIn.redeemCode.bind(signIn);
  Object.assign(tokens, {
    acquire: async (request: Parameters<typeof acquire>[0]) => {
      const appToken = await acquire(request);
      hideToken(`an access token for ${request.resource} (${needles.size})`, appToken.accessToken.reveal());
      return appToken;
    },
  });
  Object.assign(signIn, {
    redeemCode: async (request: Parameters<typeof redeemCode>[0]) => {
      passing.set('a sign-in code', request.code.reveal());
      hide('a code verifier', request.codeVerifier.reveal());
      const redeemed = await redeemCode(request);
      hideToken('the ID token', redeemed.idToken.reveal());
      return redeemed;
    },
  });
}

async function tellEverything(): Promise<void> {
  const contoso = story.tenant('contoso.example');
  const admin = personWith(contoso, 'Global Administrator');
  const made = await story.installation.certificates.generate({ name: 'backup' }, OPERATOR);
  for (const app of story.sandbox.ready.apps) await story.installation.certificates.register(made.id, app.key, OPERATOR);
  hidePrivateKey('the credential certificate\'s private key', (await openPrivateKey(story.installation.ports, made.id)).privateKey.reveal());
  await story.reconfigure((written) => ({ apps: (written['apps'] as object[]).map((app) => ({ ...app, credential: { certificateId: made.id } })) }));
  listenForTokens();

  const failures: unknown[] = [];
  const fails = async (attempt: Promise<unknown>) => attempt.catch((error: unknown) => void failures.push(error));
  const visitors = Array.from({ length: 5 }, () => story.visitor());
  const [decliner, stranger, guest, thief, owner] = visitors as [typeof visitors[0], typeof visitors[0], typeof visitors[0], typeof visitors[0], typeof visitors[0]];
  if (owner === undefined || thief === undefined || guest === undefined || stranger === undefined || decliner === undefined) throw new Error('Five browsers are needed.');

  const url = await invite(story);
  passing.set('the invitation\'s ticket', url.split('/').at(-1) ?? '');
  await visitInvitation(story, url, admin, 'cancel', decliner);
  await answerWithout(story, stranger, url, story.tenant('fabrikam.example').tenantId);
  const signIn = await consentOnly(story, url, admin, guest);
  await continueVisit(story, guest, signIn, personWith(story.tenant('fabrikam.example'), 'Global Administrator'));
  const confirm = await visitInvitation(story, url, admin, 'accept', owner);
  passing.set('the confirmation\'s CSRF value', confirm.forms[0]?.fields['csrf'] ?? '');
  for (const page of owner.history.filter((address) => address.includes('/callback'))) await thief.open(page);
  await owner.submit(confirm, 'confirm', { accessLevel: 'full' });
  await advanceUntilSettled(story, 'contoso');
  await fails(story.onboarding.bindAdmin({ accountId: 'contoso', admin: 'nobody@contoso.example', operatorId: OPERATOR }));
  await story.onboarding.bindAdmin({ accountId: 'contoso', admin: 'first', operatorId: OPERATOR });
  const settled = await advanceUntilSettled(story, 'contoso');
  expect(settled.state).toBe('active');
  haystacks.set('reports', JSON.stringify([settled, await story.onboarding.consentStatus('contoso'), await story.onboarding.listAdmins('contoso', OPERATOR), await story.onboarding.showBinding('contoso'), await story.onboarding.listAccounts(), await story.installation.certificates.list(OPERATOR)]));

  const portal = openPortal(story, () => contoso.tenantId);
  const issued = await story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 4711' });
  passing.set('the one-time code', issued.code.reveal());
  haystacks.set('an issued impersonation, printed', `${JSON.stringify(issued)} ${inspect(issued, { depth: 9, showHidden: true })}`);
  await portal.kit.receiveCode(issued.code);
  await fails(portal.kit.receiveCode(issued.code));
  for (const text of portal.traffic) {
    const grant = /"grant":"([^"]+)"/.exec(text)?.[1];
    if (grant !== undefined) hideToken('the grant', grant);
    const assertion = new URLSearchParams(text).get('client_assertion');
    if (assertion !== null) hideToken('the portal\'s client assertion', assertion);
  }
  hidePrivateKey('the grants\' signing key', (await ensureSigningKey(story.installation.ports)).privateKey.reveal());

  // What the directory and the token endpoint say when they refuse.
  await fails(story.installation.ports.tokens.acquire({ appKey: 'backup', tenantId: story.tenant('fabrikam.example').tenantId, resource: 'https://graph.microsoft.com', fresh: true }));
  await fails(story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: '' }));
  await fails(story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR, tenant: 'nobody-has-this.example' }));
  await fails(story.onboarding.lowerAccessLevel('nobody', 'none', OPERATOR));
  expect(failures.length).toBeGreaterThan(5);

  // A browser's address bar shows states and nonces; only hashes of them may be anywhere with us.
  for (const visitor of visitors) {
    for (const address of visitor.history) {
      for (const name of ['state', 'nonce', 'code']) {
        const value = new URL(address).searchParams.get(name);
        if (value !== null) passing.set(`a ${name} (${passing.size})`, value);
      }
    }
  }
  for (const answer of story.answers) {
    for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) passing.set(`a cookie (${passing.size})`, cookie.split(';')[0]?.split('=')[1] ?? '');
  }
  await collect(failures);
}

async function collect(failures: readonly unknown[]): Promise<void> {
  haystacks.set('the log', story.log.join('\n'));
  haystacks.set('the events', JSON.stringify(story.events));
  haystacks.set('the audit', JSON.stringify(await auditOf(story)));
  haystacks.set('the state', (await Array.fromAsync(story.store.list(''))).map((row) => `${row.key}\n${row.value}`).join('\n'));
  haystacks.set('our pages', story.answers.map((answer) => answer.body).filter((body) => body.startsWith('<!doctype')).join('\n'));
  haystacks.set('the sandbox\'s log', JSON.stringify(story.sandbox.requests()));
  haystacks.set('errors as JSON', JSON.stringify(failures));
  haystacks.set('errors as printed', failures.map((failure) => `${String(failure)} ${inspect(failure, { depth: 20, showHidden: true, getters: true })} ${failure instanceof Error ? failure.stack : ''}`).join('\n'));
  haystacks.set('errors as n8n shows them', (await Promise.all(failures.map(shownByN8n))).join('\n'));
  haystacks.set('the installation, printed', inspect(story.installation, { depth: 12, showHidden: true }));
}

async function shownByN8n(failure: unknown): Promise<string> {
  const operation = { kind: 'offline' as const, resource: 'r', option: { name: 'o', value: 'o' }, fields: [], execute: async () => Promise.reject(failure) };
  const items = [{ resource: 'r', operation: 'o' }];
  const shown = await runItems(fakeExecution(items), [operation]).catch((error: unknown) => error);
  const carriedOn = await runItems(fakeExecution(items, { continueOnFail: true }), [operation]);
  return `${JSON.stringify(shown)} ${inspect(shown, { depth: 12 })} ${JSON.stringify(carriedOn)}`;
}

beforeAll(async () => {
  story = await startStory({ openStore: (clock) => openStateStore('sqlite:secrets.sqlite', { clock, folder }) });
  needles.set('the master key', MASTER_KEYS.split(':')[1] ?? '');
  needles.set('the master key in hex', Buffer.from(MASTER_KEYS.split(':')[1] ?? '', 'base64').toString('hex'));
  hidePrivateKey('the portal\'s key', story.portalKey.privateKey.reveal());
  for (const app of story.sandbox.ready.apps) hide(`the client secret of ${app.key}`, app.clientSecret, 16);
  for (const tenant of story.sandbox.ready.tenants) for (const person of tenant.users) if (person.password !== '') hide(`the password of ${person.upn}`, person.password, 16);
  await tellEverything();
}, 60_000);

afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true });
});

function found(secrets: ReadonlyMap<string, string>, places: readonly string[]): string[] {
  return places.flatMap((place) => [...secrets].filter(([, secret]) => secret !== '' && (haystacks.get(place) ?? '').includes(secret)).map(([name]) => `${name} in ${place}`));
}

describe('after the whole story', () => {
  it('there is something to search for, and something to search in', () => {
    expect(needles.size).toBeGreaterThan(300);
    expect(passing.size).toBeGreaterThan(15);
    for (const kind of ['the ID token', 'the grant', 'an access token', 'credential certificate', 'code verifier', 'client secret', 'password', 'signing key', 'client assertion']) expect([...needles.keys()].some((name) => name.includes(kind)), kind).toBe(true);
    for (const kind of ['state', 'nonce', 'code', 'cookie', 'ticket', 'CSRF', 'one-time code', 'sign-in code']) expect([...passing.keys()].some((name) => name.includes(kind)), kind).toBe(true);
    for (const [place, text] of haystacks) expect(text.length, place).toBeGreaterThan(100);
    // The search itself works: what must be there is found.
    expect(haystacks.get('the audit')).toContain('Ticket 4711');
    expect(haystacks.get('our pages')).toContain('Contoso Ltd');
  });

  it('no key, token, password or client secret is in anything that came out', () => {
    expect(found(needles, [...haystacks.keys()])).toEqual([]);
  });

  it('no code, state, nonce, cookie or ticket is kept or told anywhere but in the browser it was for', () => {
    expect(found(passing, [...haystacks.keys()].filter((place) => place !== 'our pages'))).toEqual([]);
    // A page carries its own form's values and nothing else of these.
    const ownForm = new Set(['the invitation\'s ticket', 'the confirmation\'s CSRF value']);
    expect(found(new Map([...passing].filter(([name]) => !ownForm.has(name))), ['our pages'])).toEqual([]);
  });

  it('every failure is one of ours, so that none carries a foreign message', () => {
    expect(haystacks.get('errors as JSON')).not.toContain('UNEXPECTED');
    expect((JSON.parse(haystacks.get('errors as JSON') ?? '[]') as object[]).every((failure) => 'code' in failure)).toBe(true);
  });
});
