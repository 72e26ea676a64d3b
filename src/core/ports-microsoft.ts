/**
 * What the core needs of Microsoft: app tokens, Graph, the tenants' directory, a person's sign-in. Narrow structural types
 * like all ports; they are reached through `ports.ts`.
 */
import type { Cloud } from './internal/clouds';
import type { Secret } from './internal/secret';

export type AppCredential =
  | { readonly kind: 'secret'; readonly id: string; readonly secret: Secret }
  | {
      readonly kind: 'certificate';
      /** Upper-case hex SHA-256 over the certificate's DER. */
      readonly thumbprintSha256: string;
      /** PKCS#8 PEM. */
      readonly privateKey: Secret;
      /** The certificate before this one, while both are registered: for a replica that does not know the new key yet. */
      readonly previous?: { readonly thumbprintSha256: string; readonly privateKey: Secret } | undefined;
    };

/** What the token endpoint made of a request that was signed with an app's certificate. */
export interface CredentialUse {
  readonly thumbprintSha256: string;
  /** `unknown_key` is AADSTS700027: this replica does not know the key. */
  readonly outcome: 'accepted' | 'unknown_key';
}

/** Asked before every token request, so that a rotation is picked up without a restart. */
export interface AppCredentialSource {
  resolve(appKey: string): Promise<AppCredential>;
  /** Told what came of a request, so that a rotation knows who signs with what. The request waits for it. Never rejects. */
  report?(appKey: string, use: CredentialUse): Promise<void>;
}

export interface AppTokenRequest {
  readonly appKey: string;
  /** Concrete tenant id (GUID), never `common` or `organizations`. */
  readonly tenantId: string;
  /** Resource identifier without `/.default`, for example `https://graph.microsoft.com`. */
  readonly resource: string;
  /** Bypass every cache and use a new network socket: what a proof needs. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** Claims of an app token as far as they could be read. Microsoft calls these tokens opaque: diagnostics and evidence, never authorization. */
export interface AppTokenClaims {
  readonly tenantId: string | undefined;
  readonly appId: string | undefined;
  /** Absent in a token that carries no application permission at all. */
  readonly roles: readonly string[];
}

export interface AppToken {
  readonly accessToken: Secret;
  readonly expiresAt: number;
  /** Undefined when the token could not be decoded. */
  readonly claims: AppTokenClaims | undefined;
}

/**
 * App-only tokens. Single-flight: ten concurrent callers cause one request. Refusals of the token endpoint raise
 * `STS_REFUSED` with `serviceCode` (`AADSTS…`) or a more precise code of the STS family.
 */
export interface TokenSource {
  acquire(request: AppTokenRequest): Promise<AppToken>;
}

export interface GraphScope {
  readonly tenantId: string;
  readonly appKey: string;
  /** New token and new network socket for this read, so that no sticky replica answers twice. */
  readonly fresh?: boolean;
  /** An app token for Graph that is there already: used for this operation, with or without `fresh`, until Graph refuses it. */
  readonly appToken?: AppToken;
  readonly signal?: AbortSignal;
}

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the version, with query: `/organization?$select=id`. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent once and at once, or not at all: what it says may be untrue a moment later. Throttling and outages are raised as they come. */
  readonly once?: boolean;
}

/** A read in a batch: the path of a GET, or a POST that changes nothing, such as `/directoryObjects/getByIds`. */
export type GraphQuestion = string | { readonly path: string; readonly body: unknown };

export interface GraphResponse {
  readonly status: number;
  /** Parsed JSON, or undefined for an empty body. */
  readonly body: unknown;
  /** Graph's `request-id`, for support. */
  readonly requestId: string | undefined;
}

/** A list is complete only when `stoppedBy` is absent: a 403, a broken page or a foreign next link makes it unknown. */
export interface GraphList {
  readonly items: readonly unknown[];
  readonly stoppedBy?: GraphResponse;
}

/**
 * Microsoft Graph v1.0. Answers of any status are returned for a pure function to judge; throttling (429/503/504)
 * is retried inside, politely. Raises `GRAPH_UNAVAILABLE` when no answer could be had, `GRAPH_THROTTLED` when the
 * retries ended, `GRAPH_ORIGIN_REFUSED` for a next page on another origin, and whatever TokenSource raises.
 */
export interface GraphTransport {
  send(scope: GraphScope, request: GraphRequest): Promise<GraphResponse>;
  list(scope: GraphScope, path: string): Promise<GraphList>;
  /** Up to any number of reads, sent as `$batch` of 20; answers in the order asked. A failed item is its own response. */
  batch(scope: GraphScope, questions: readonly GraphQuestion[]): Promise<readonly GraphResponse[]>;
}

/** Public facts of the sign-in service. Hints, never evidence. */
export interface TenantDirectory {
  /** Tenant id behind a domain or tenant id, from the OpenID Connect discovery document; undefined when unknown. */
  findTenantId(domainOrTenantId: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Microsoft's word for where the tenant's directory is kept (`NA`, `EU`, `AS` …); undefined when it does not say. */
  findRegion?(tenantId: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Which of Microsoft's clouds the tenant is in; undefined when there is no such tenant, or its document names no cloud that is known. */
  findCloud?(domainOrTenantId: string, signal?: AbortSignal): Promise<TenantCloud | undefined>;
}

export interface TenantCloud {
  /** `other` is one of the newer sovereign clouds. */
  readonly cloud: Cloud | 'other';
  /** Host of the sign-in service that serves the tenant. */
  readonly loginHost: string;
  /** Microsoft's word for a part of a cloud: `GCC`, `DODCON`, `DOD`; undefined elsewhere. */
  readonly regionSubScope: string | undefined;
}

export interface CodeRedemption {
  readonly appKey: string;
  readonly tenantId: string;
  readonly code: Secret;
  readonly codeVerifier: Secret;
  readonly redirectUri: string;
  readonly signal?: AbortSignal;
}

export interface RedeemedCode {
  readonly idToken: Secret;
  /** What an `at_hash` in the ID token must be; absent when no access token came along, which itself is not kept. */
  readonly accessTokenHash?: string;
}

export interface VerifiedIdToken {
  readonly claims: Readonly<Record<string, unknown>>;
  /** The `issuer` member of the key that signed, as published in the JWKS (may be a `{tenantid}` template). */
  readonly keyIssuer: string | undefined;
}

/** OpenID Connect against Entra ID. The signature is checked here; every other claim is judged by `sso/sign-in`. */
export interface SignInClient {
  /** Redeems the code at the tenant's own authority. Raises `SSO_CODE_REFUSED`, `STS_UNAVAILABLE`. */
  redeemCode(request: CodeRedemption): Promise<RedeemedCode>;
  /** RS256 only, key by `kid` from the tenant's JWKS. Raises `SSO_ID_TOKEN_INVALID`, `STS_UNAVAILABLE`. */
  verifySignature(idToken: Secret, tenantId: string, signal?: AbortSignal): Promise<VerifiedIdToken>;
}
