/**
 * How a confidential client proves itself at the token endpoint: a secret, or an assertion signed with the key
 * of a certificate registered on the application. Only RS256 with `x5t` and PS256 with `x5t#S256` are known to
 * be right; other pairings are answered "not modelled" rather than guessed.
 * Sources: "Certificate credentials", RFC 7523 section 3.
 */
import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import type { ClientProof } from '../access-tokens';
import { notModelled, type SandboxResponse } from '../http';
import { decodeJwt, hasValidSignature, type DecodedJwt, type JwtAlgorithm } from '../jwt';
import type { Application, KeyCredential, Tenant } from '../model';
import type { Authority, Exchange } from './context';
import type { RegisteredApp } from './directory';
import { isRemembered, noteEarlyKey } from './early-keys';
import { refusalJson, refuse, type Refusal } from './refusals';
import { isLying, tell } from '../lies/truth';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Nobody has published how much the service allows. */
const CLOCK_SKEW_SECONDS = 300;
const MIN_RSA_BITS = 2048;

export type ClientCheck = { readonly ok: true; readonly proof: ClientProof } | { readonly ok: false; readonly response: SandboxResponse };

export interface ClientCredentials {
  readonly clientId: string;
  readonly secret: string | null;
  readonly assertion: string | null;
  readonly assertionType: string | null;
}

/** What the request presents, from the body or from HTTP Basic (client_secret_basic). */
export function readClientCredentials(exchange: Exchange): ClientCredentials {
  const basic = readBasic(exchange.request.headers.authorization);
  return {
    clientId: exchange.form.get('client_id') ?? basic?.clientId ?? '',
    secret: exchange.form.get('client_secret') ?? basic?.secret ?? null,
    assertion: exchange.form.get('client_assertion'),
    assertionType: exchange.form.get('client_assertion_type'),
  };
}

export function authenticateClient(
  exchange: Exchange,
  authority: Authority,
  app: RegisteredApp,
  given: ClientCredentials,
  missingCode: 7000216 | 7000218,
): ClientCheck {
  if (given.assertion !== null) {
    if (given.assertionType !== ASSERTION_TYPE) return refused(exchange, refuse.assertionType());
    return checkAssertion(exchange, authority, app, given.assertion);
  }
  if (given.secret === null || given.secret === '') return refused(exchange, refuse.noCredential(missingCode));
  return checkSecret(exchange, app.application, given.secret);
}

function checkSecret(exchange: Exchange, application: Application, secret: string): ClientCheck {
  const found = application.passwordCredentials.find((candidate) => isEqual(candidate.secretText, secret) || isLying(exchange.world, 'L-SECRET-ANY'));
  if (found === undefined) return refused(exchange, refuse.wrongSecret(application.appId));
  const now = exchange.world.now();
  if (now >= Date.parse(found.endDateTime) && !isLying(exchange.world, 'L-SECRET-EXPIRED')) return refused(exchange, refuse.expiredSecret(application.appId));
  if (now < Date.parse(found.startDateTime)) return refused(exchange, refuse.wrongSecret(application.appId));
  return { ok: true, proof: '1' };
}

function checkAssertion(exchange: Exchange, authority: Authority, app: RegisteredApp, compact: string): ClientCheck {
  const jwt = decodeJwt(compact);
  if (jwt === undefined) return refused(exchange, refuse.assertionMalformed());
  const { alg, x5t, 'x5t#S256': x5tS256 } = jwt.header;
  if (alg !== 'RS256' && alg !== 'PS256') return refused(exchange, refuse.assertionAlgorithm(String(alg)));
  if (x5t === undefined && x5tS256 === undefined) return refused(exchange, refuse.assertionWithoutThumbprint(app.application.appId));
  const isKnownPairing = alg === 'RS256' ? x5tS256 === undefined : x5t === undefined;
  if (!isKnownPairing) return { ok: false, response: notModelled(`a client assertion with ${alg} and ${alg === 'RS256' ? 'x5t#S256' : 'x5t'}`) };
  const wrongClaims = checkClaims(exchange, authority, app.application.appId, jwt);
  if (wrongClaims !== undefined) return refused(exchange, wrongClaims);
  const wrongKey = checkKey(exchange, app, jwt, alg);
  return wrongKey === undefined ? { ok: true, proof: '2' } : refused(exchange, wrongKey);
}

function checkClaims(exchange: Exchange, authority: Authority, appId: string, jwt: DecodedJwt): Refusal | undefined {
  const { iss, sub, aud, exp, nbf } = jwt.claims;
  if (iss !== appId) return refuse.assertionIssuer();
  if (sub !== iss) return refuse.assertionSubject();
  if ((typeof aud !== 'string' || !audiences(exchange, authority).includes(aud)) && !isLying(exchange.world, 'L-ASSERTION-AUDIENCE')) return refuse.assertionAudience();
  const nowMs = exchange.world.now();
  const from = typeof nbf === 'number' ? nbf : 0;
  const to = typeof exp === 'number' ? exp : Number.NEGATIVE_INFINITY;
  const isInTime = nowMs / 1000 >= from - CLOCK_SKEW_SECONDS && nowMs / 1000 < to + CLOCK_SKEW_SECONDS;
  return isInTime || isLying(exchange.world, 'L-ASSERTION-TIME') ? undefined : refuse.assertionTime(nowMs, from, to);
}

function audiences(exchange: Exchange, authority: Authority): string[] {
  const endpoints = tokenEndpoints(exchange, authority);
  if (exchange.sts.variants.assertionAudience === 'token-endpoint' || authority.kind !== 'tenant') return endpoints;
  return [...endpoints, `${exchange.world.origins.login}/${authority.tenant.tenantId}/v2.0`];
}

/** The endpoint as it was addressed (GUID, domain or organizations), and by the tenant's GUID. */
function tokenEndpoints(exchange: Exchange, authority: Authority): string[] {
  const names = authority.kind === 'tenant' ? [authority.segment, authority.tenant.tenantId] : [authority.segment];
  return names.map((name) => `${exchange.world.origins.login}/${name}/oauth2/v2.0/token`);
}

function checkKey(exchange: Exchange, app: RegisteredApp, jwt: DecodedJwt, algorithm: JwtAlgorithm): Refusal | undefined {
  const [hash, thumbprint] = algorithm === 'RS256' ? (['sha1', jwt.header.x5t] as const) : (['sha256', jwt.header['x5t#S256']] as const);
  const { appId } = app.application;
  const hex = typeof thumbprint === 'string' ? Buffer.from(thumbprint, 'base64url').toString('hex').toUpperCase() : '';
  const owner = exchange.world.tenants.get(app.ownerTenantId);
  const registered = owner === undefined ? [] : visibleKeys(owner, app.application.id, tell(exchange.world, 'L-LAG-KEYS', exchange.world.asOf('sts.keys'), () => exchange.world.now()));
  // As bytes: MSAL for Python writes the thumbprint with the padding that JWS leaves out, and the service takes it.
  const entry = registered.find((candidate) => certificateHash(candidate, hash) === hex);
  const remembers = exchange.sts.variants.earlyKey === 'remembered';
  if (remembers && isRemembered(exchange.world, appId, hex)) return refuse.keyNotFound(appId, hex);
  if (entry === undefined && remembers) noteEarlyKey(exchange.world, appId, hex);
  if (entry === undefined) return refuse.keyNotFound(appId, hex);
  const now = exchange.world.now();
  if ((now < Date.parse(entry.startDateTime) || now >= Date.parse(entry.endDateTime)) && !isLying(exchange.world, 'L-ASSERTION-KEY-EXPIRED')) return refuse.keyExpired(appId, hex);
  const { publicKey } = new X509Certificate(Buffer.from(entry.key, 'base64'));
  if (publicKey.asymmetricKeyType !== 'rsa') return refuse.assertionSignature(appId);
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_RSA_BITS) return refuse.keyTooSmall(bits);
  return hasValidSignature(jwt, algorithm, publicKey) || isLying(exchange.world, 'L-ASSERTION-SIGNATURE') ? undefined : refuse.assertionSignature(appId);
}

function visibleKeys(owner: Tenant, applicationId: string, asOfMs: number): readonly KeyCredential[] {
  return owner.applications.get(applicationId, asOfMs)?.keyCredentials ?? [];
}

function certificateHash(entry: KeyCredential, hash: 'sha1' | 'sha256'): string {
  return createHash(hash).update(Buffer.from(entry.key, 'base64')).digest('hex').toUpperCase();
}

function readBasic(header: string | undefined): { clientId: string; secret: string } | undefined {
  if (header === undefined || !/^basic /i.test(header)) return undefined;
  const [clientId = '', ...rest] = Buffer.from(header.slice(6), 'base64').toString('utf8').split(':');
  // RFC 6749 section 2.3.1: both halves are form-encoded first.
  const decoded = new URLSearchParams(`clientId=${clientId.replaceAll('&', '%26')}&secret=${rest.join(':').replaceAll('&', '%26')}`);
  return { clientId: decoded.get('clientId') ?? '', secret: decoded.get('secret') ?? '' };
}

function isEqual(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function refused(exchange: Exchange, refusal: Refusal): ClientCheck {
  return { ok: false, response: refusalJson(exchange, refusal) };
}
