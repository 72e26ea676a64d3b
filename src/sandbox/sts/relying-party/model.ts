/**
 * Relying-party cases: ways in which an identity provider can be wrong, each in exactly one respect, so that a client's
 * checks can be seen to work. Follows the relying-party tests of the OpenID Foundation's conformance profiles, plus the
 * mistakes only Entra ID can make.
 */
import type { KeyObject } from 'node:crypto';
import type { JsonObject } from '../../jwt';
import type { SigningKey } from '../../signing-keys';

/** What a careful client of the code flow does with it. `may-refuse`: the specifications leave it open. */
export type Outcome = 'refuse' | 'accept' | 'may-refuse';

/** An ID token on its way to being signed. */
export interface Draft {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly key: KeyObject;
}

/** What a case may use to be wrong with. */
export interface Surroundings {
  readonly loginOrigin: string;
  readonly appId: string;
  readonly clientSecret: string;
  readonly tenantId: string;
  /** Another app and another tenant of this directory. */
  readonly otherAppId: string;
  readonly otherTenantId: string;
  readonly accessToken: string;
  readonly code: string;
  readonly consumer: SigningKey;
  /** Publish a new key, withdraw the old one; returns the new one. */
  readonly rollOver: () => SigningKey;
}

export type TokenMembers = Readonly<Record<string, unknown>>;
export type CallbackMembers = readonly (readonly [name: string, value: string])[];

export interface RelyingPartyCase {
  readonly statement: string;
  readonly outcome: Outcome;
  /** The compact ID token instead of the right one. */
  readonly idToken?: (draft: Draft, around: Surroundings) => string;
  /** The same for the ID token of a refresh. */
  readonly refreshed?: (draft: Draft, around: Surroundings) => string;
  readonly userinfo?: (members: TokenMembers) => TokenMembers;
  /** Members of the token endpoint's answer. */
  readonly answer?: (members: TokenMembers) => TokenMembers;
  /** Members of the successful answer at the redirect URI, `state` included. */
  readonly callback?: (members: CallbackMembers) => CallbackMembers;
  /** The OpenID configuration. */
  readonly configuration?: (document: JsonObject, loginOrigin: string) => JsonObject;
  readonly keys?: (keys: readonly JsonObject[]) => readonly JsonObject[];
}

export type CaseTable = Readonly<Record<string, RelyingPartyCase>>;
