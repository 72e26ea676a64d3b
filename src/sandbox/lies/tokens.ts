/**
 * The lies that live in a token's claims, header or key. Each takes the token as it would truly be issued and moves one
 * thing; the places that issue tokens ask here once.
 */
import type { KeyObject } from 'node:crypto';
import type { JsonObject } from '../jwt';
import type { World } from '../model';
import type { LieId } from './registry';
import { isLying } from './truth';

interface UnsignedToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly key: KeyObject;
}

type Surroundings = Pick<World, 'signingKeys' | 'homeTenantId' | 'origins'>;
type Falsify<Around> = (token: UnsignedToken, around: Around) => Partial<UnsignedToken>;
type Falsifications<Around> = Partial<Readonly<Record<LieId, Falsify<Around>>>>;

const HOUR_SECONDS = 3600;
const NOBODY = '11111111-2222-4333-8444-555555555555';

const ID_TOKEN: Falsifications<Surroundings> = {
  'L-IDT-AUDIENCE': ({ claims }) => ({ claims: { ...claims, aud: NOBODY } }),
  'L-IDT-ISSUER': ({ claims }, { origins }) => ({ claims: { ...claims, iss: `${origins.login}/{tenantid}/v2.0` } }),
  'L-IDT-TENANT': ({ claims }, { homeTenantId }) => ({ claims: { ...claims, tid: homeTenantId } }),
  'L-IDT-NONCE': ({ claims }) => ({ claims: without(claims, 'nonce') }),
  'L-IDT-SIGNATURE': (_token, world) => ({ key: consumerKey(world).privateKey }),
  'L-IDT-CONSUMER-KEY': ({ header }, world) => ({ header: { ...header, kid: consumerKey(world).kid }, key: consumerKey(world).privateKey }),
  'L-IDT-EXPIRED': ({ claims }) => ({ claims: { ...claims, ...earlier(claims, 2 * HOUR_SECONDS) } }),
  'L-IDT-SUBJECT': ({ claims }) => ({ claims: { ...claims, sub: claims.oid ?? NOBODY } }),
  'L-IDT-VERSION': ({ claims }) => ({ claims: { ...claims, ver: '1.0' } }),
  'L-IDT-PROFILE': ({ claims }) => ({ claims: without(claims, 'oid') }),
};

const ACCESS_TOKEN: Falsifications<object> = {
  'L-AT-ROLES-EMPTY': ({ claims }) => ({ claims: { roles: [], ...claims } }),
  'L-AT-PROOF': ({ claims }) => ({ claims: { ...claims, appidacr: '2' } }),
  'L-AT-AUDIENCE': ({ claims }) => ({ claims: { ...claims, aud: 'https://outlook.office365.com' } }),
  'L-AT-LIFETIME': ({ claims }) => ({ claims: { ...claims, exp: Number(claims.iat) + 60 } }),
  'L-AT-KEY-ID': ({ header }) => ({ header: { ...header, kid: 'nobodys-key', x5t: 'nobodys-key' } }),
};

/** The ID token as it is to be signed. */
export function tellIdToken<Token extends UnsignedToken>(world: Surroundings, token: Token): Token {
  return falsify(world, token, ID_TOKEN);
}

/** The access token as it is to be signed. */
export function tellAccessToken<Token extends UnsignedToken>(world: object, token: Token): Token {
  return falsify(world, token, ACCESS_TOKEN);
}

/** The same token with `alg` none and nothing for a signature (RFC 7519 section 6). */
export function withoutSignature(compact: string): string {
  const header = Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'none' })).toString('base64url');
  return `${header}.${compact.split('.')[1] ?? ''}.`;
}

function falsify<Token extends UnsignedToken, Around extends object>(world: Around, token: Token, all: Falsifications<Around>): Token {
  const told = { ...token };
  for (const [id, change] of Object.entries(all) as [LieId, Falsify<Around>][]) {
    if (isLying(world, id)) Object.assign(told, change(told, world));
  }
  return told;
}

function consumerKey({ signingKeys }: Pick<World, 'signingKeys'>) {
  const found = signingKeys.published.find(({ audience }) => audience === 'consumer');
  if (found === undefined) throw new Error('No consumer key is published.');
  return found;
}

function without(claims: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([known]) => known !== name));
}

function earlier(claims: JsonObject, seconds: number): JsonObject {
  return Object.fromEntries(['iat', 'nbf', 'exp'].map((name) => [name, Number(claims[name]) - seconds]));
}
