/**
 * What the sign-in host remembers between requests, and one request with the ids its answer must carry.
 */
import { randomUUID } from 'node:crypto';
import { readForm, type SandboxRequest, type SandboxResponse } from '../http';
import type { Application, Tenant, World } from '../model';
import type { ControlledWorld } from '../world';
import type { DeclineVariant } from '../seed-format';
import { noPolicies, type SignInPolicies } from './policies';
import { Provocations } from './provocations';
import { RelyingPartyModes } from './relying-party/modes';
import { firstStsVariants, type StsVariants } from './variants';

/** Scopes that belong to OpenID Connect rather than to a resource. */
export const OIDC_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

/** A human, named by the tenant and object id of the account they sign in with. */
export interface Person {
  readonly tenantId: string;
  readonly objectId: string;
}

/** One browser: the accounts that proved their password in it, latest first. */
export interface Session {
  readonly id: string;
  accounts: readonly Person[];
}

/** The authority a request came to: one tenant, or "whichever tenant the person belongs to". */
export type Authority =
  | { readonly kind: 'tenant'; readonly tenant: Tenant; readonly segment: string }
  | { readonly kind: 'any'; readonly segment: 'common' | 'organizations' };

export interface AuthorizeRequest {
  readonly flow: 'authorize';
  readonly redirectUri: string;
  readonly responseMode: 'query' | 'form_post';
  readonly state: string | null;
  readonly nonce: string | null;
  readonly scopes: readonly string[];
  readonly prompt: string | null;
  readonly loginHint: string | null;
  readonly challenge: { readonly value: string; readonly method: 'S256' | 'plain' } | null;
}

export interface AdminConsentRequest {
  readonly flow: 'adminconsent';
  readonly version: 'v1' | 'v2';
  readonly redirectUri: string;
  readonly state: string | null;
  /** As it arrived, echoed on success; null on the v1 endpoint. */
  readonly scope: string | null;
}

/** A sign-in under way in one browser, from the first redirect to the last. */
export interface Interaction {
  readonly id: string;
  readonly sessionId: string;
  readonly authority: Authority;
  readonly application: Application;
  readonly request: AuthorizeRequest | AdminConsentRequest;
  readonly startedAt: number;
  person: Person | undefined;
  /** Standing at a wall from which a request may be sent. */
  mayRequest: { readonly tenantId: string; readonly person: string } | undefined;
  /** A password was given within this very interaction. */
  provedNow: boolean;
}

export interface AuthorizationCode {
  readonly clientId: string;
  readonly redirectUri: string;
  /** The tenant the person signed in to. */
  readonly tenantId: string;
  /** The user object in that tenant. */
  readonly userId: string;
  /** `organizations` and `common` codes are redeemed there or at the tenant itself. */
  readonly authoritySegment: string;
  readonly nonce: string | null;
  readonly scopes: readonly string[];
  readonly challenge: AuthorizeRequest['challenge'];
  readonly issuedAt: number;
  redeemed: boolean;
}

export interface RefreshGrant {
  readonly grant: AuthorizationCode;
  /** Milliseconds since the epoch. */
  readonly usableUntil: number;
}

export interface StsState {
  readonly world: ControlledWorld;
  /** Null: each consent endpoint declines the way its own page documents. */
  declineVariant: DeclineVariant | null;
  readonly sessions: Map<string, Session>;
  readonly interactions: Map<string, Interaction>;
  readonly codes: Map<string, AuthorizationCode>;
  readonly refreshTokens: Map<string, RefreshGrant>;
  readonly relyingParty: RelyingPartyModes;
  readonly provocations: Provocations;
  readonly policies: SignInPolicies;
  readonly consentRequests: ConsentRequest[];
  variants: StsVariants;
}

/** What a person asked an administrator for, from the page. */
export interface ConsentRequest {
  readonly tenantId: string;
  readonly appId: string;
  readonly person: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly requestedAt: string;
}

export function createStsState(world: ControlledWorld, declineVariant: DeclineVariant | null, policies: SignInPolicies = noPolicies()): StsState {
  return {
    world,
    declineVariant,
    policies,
    sessions: new Map(),
    interactions: new Map(),
    codes: new Map(),
    refreshTokens: new Map(),
    relyingParty: new RelyingPartyModes(),
    provocations: new Provocations(),
    consentRequests: [],
    variants: firstStsVariants(),
  };
}

/** One request at the sign-in host, with the ids every answer repeats. */
export interface Exchange {
  readonly sts: StsState;
  readonly world: World;
  readonly request: SandboxRequest;
  /** Fields of a form body; empty for anything else. */
  readonly form: URLSearchParams;
  readonly traceId: string;
  readonly correlationId: string;
}

export type LoginHandler = (exchange: Exchange, params: Readonly<Record<string, string>>) => SandboxResponse;

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isGuid(text: string): boolean {
  return GUID.test(text);
}

export function openExchange(sts: StsState, request: SandboxRequest): Exchange {
  const given = request.headers['client-request-id'] ?? request.query.get('client-request-id') ?? '';
  return {
    sts,
    world: sts.world,
    request,
    form: readForm(request) ?? new URLSearchParams(),
    traceId: randomUUID(),
    correlationId: isGuid(given) ? given : randomUUID(),
  };
}

/** `2026-05-04 10:00:00Z`, the form in which the service writes a refusal's instant. */
export function timestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').replace(/\.\d{3}Z$/, 'Z');
}
