/**
 * Which relying-party case is in force for which app, and the places of the sign-in host that ask. Documents are not
 * fetched in an app's name, so they follow the case that is in force for all apps.
 */
import { rule } from '../../rules';
import type { JsonObject } from '../../jwt';
import { respond, type SandboxResponse } from '../../http';
import { answerCases } from './answers';
import { claimCases } from './claims';
import type { RelyingPartyCase, TokenMembers } from './model';
import { signatureCases } from './signatures';

export const RELYING_PARTY_CASES: Readonly<Record<string, RelyingPartyCase>> = { ...signatureCases, ...claimCases, ...answerCases };

export function isRelyingPartyCase(id: string): boolean {
  return Object.hasOwn(RELYING_PARTY_CASES, id);
}

/** Case ids in force. Everything right when empty. */
export class RelyingPartyModes {
  #forAll: string | undefined;
  readonly #perApp = new Map<string, string>();

  /** Absent app: for all apps without one of their own, and for the documents. Null ends it. */
  set(id: string | null, appId?: string): void {
    if (id !== null && !isRelyingPartyCase(id)) throw new RangeError(`There is no relying-party case "${id}".`);
    if (appId === undefined) this.#forAll = id ?? undefined;
    else if (id === null) this.#perApp.delete(appId);
    else this.#perApp.set(appId, id);
  }

  clear(): void {
    this.#forAll = undefined;
    this.#perApp.clear();
  }

  inForce(appId?: string): { readonly id: string; readonly behaviour: RelyingPartyCase } | undefined {
    const id = (appId === undefined ? undefined : this.#perApp.get(appId)) ?? this.#forAll;
    const behaviour = id === undefined ? undefined : RELYING_PARTY_CASES[id];
    return id === undefined || behaviour === undefined ? undefined : { id, behaviour };
  }

  describe(): { readonly all: string | null; readonly apps: Readonly<Record<string, string>> } {
    return { all: this.#forAll ?? null, apps: Object.fromEntries(this.#perApp) };
  }
}

export function misdocument(modes: RelyingPartyModes, response: SandboxResponse, document: JsonObject, loginOrigin: string): SandboxResponse {
  const mode = modes.inForce();
  const change = mode?.behaviour.configuration;
  return mode === undefined || change === undefined ? response : misbehave(response, mode.id, change(document, loginOrigin));
}

export function mispublish(modes: RelyingPartyModes, response: SandboxResponse, keys: readonly JsonObject[]): SandboxResponse {
  const mode = modes.inForce();
  const change = mode?.behaviour.keys;
  return mode === undefined || change === undefined ? response : misbehave(response, mode.id, { keys: change(keys) });
}

export interface Redeemed {
  readonly appId: string;
  readonly by: 'code' | 'refresh';
}

/** `idToken` makes the wrong ID token, when the case is about one. Refreshed ones have cases of their own. */
export function misanswer(modes: RelyingPartyModes, { appId, by }: Redeemed, response: SandboxResponse, members: TokenMembers, idToken: (change: NonNullable<RelyingPartyCase['idToken']>) => string): SandboxResponse {
  const mode = modes.inForce(appId);
  const { answer, idToken: first, refreshed } = mode?.behaviour ?? {};
  const change = by === 'code' ? first : refreshed;
  if (mode === undefined || (answer === undefined && change === undefined)) return response;
  const wrong = change === undefined || members.id_token === undefined ? members : { ...members, id_token: idToken(change) };
  return misbehave(response, mode.id, answer === undefined ? wrong : answer(wrong));
}

export function misinform(modes: RelyingPartyModes, appId: string, response: SandboxResponse, members: TokenMembers): SandboxResponse {
  const mode = modes.inForce(appId);
  const change = mode?.behaviour.userinfo;
  return mode === undefined || change === undefined ? response : misbehave(response, mode.id, change(members));
}

/** How the members of a successful sign-in go wrong, if a case says so. */
export function miscall(modes: RelyingPartyModes, appId: string): RelyingPartyCase['callback'] {
  return modes.inForce(appId)?.behaviour.callback;
}

function misbehave(response: SandboxResponse, id: string, body: object): SandboxResponse {
  return { ...respond(rule('RP-CASE'), response.status, body, { 'x-sandbox-relying-party': id }), ...(response.trace === undefined ? {} : { trace: response.trace }) };
}
