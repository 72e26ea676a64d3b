/**
 * The words of the tenant check: what a probe asks, what it may come to, and what it is given. A probe carries the id of the
 * sandbox rule it looks into and says itself what it expects: nothing of the sandbox's behaviour is imported, only the names
 * of its rules, so that the two can disagree.
 */
import type { HttpsClient } from '../core/index';
import type identityRules from '../sandbox/rules.json';
import type graphRules from '../sandbox/graph/rules.json';

export type RuleId = keyof typeof identityRules | keyof typeof graphRules;

/** What the check takes from the world. */
export interface VerifyPorts {
  readonly https: Pick<HttpsClient, 'send'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** Rejects with the signal's reason when it is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly say: (message: string) => void;
}

export interface Hosts {
  /** Origins without a trailing slash. */
  readonly login: string;
  readonly graph: string;
  /** As a scope names Microsoft Graph and `aud` of its tokens repeats it. */
  readonly graphResource: string;
}

export interface SigningCertificate {
  readonly certificateDer: Buffer;
  readonly privateKeyPem: string;
}

export type ClientCredential =
  | { readonly kind: 'secret'; readonly reveal: () => string }
  | ({ readonly kind: 'certificate' } & SigningCertificate);

export interface VerifySettings {
  readonly hosts: Hosts;
  readonly tenantId: string;
  /** A verified domain of that tenant: the guard against checking, or writing to, another tenant. */
  readonly domain: string;
  readonly clientId: string;
  readonly credential: ClientCredential;
  readonly write: boolean;
  /** Ids of rules; absent: all of them. */
  readonly only?: ReadonlySet<string> | undefined;
}

export interface Ask {
  readonly host: 'login' | 'graph';
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** At Graph, instead of the app's own token; null for none. */
  readonly bearer?: string | null;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed when it is JSON, otherwise the text. */
  readonly body: unknown;
}

export interface Facts {
  /** Application permissions in the app's Graph token. */
  readonly roles: ReadonlySet<string>;
  readonly accessToken: string;
}

/** What a probe works with. */
export interface Bench {
  readonly settings: VerifySettings;
  readonly facts: Facts;
  ask(ask: Ask): Promise<Answer>;
  /** A token request of the app with its own credential; `changes` are laid over the form, undefined takes a member away. */
  askToken(changes?: Readonly<Record<string, string | undefined>>, tenant?: string): Promise<Answer>;
  now(): number;
  guid(): string;
  wait(milliseconds: number): Promise<void>;
  /** Something that cannot be known offline was seen: the number in the list, and what was seen, free of names. */
  observe(unknown: number, what: string): void;
}

export type Finding =
  | { readonly result: 'match' }
  /** Where the answer departs from the rule: places and kinds, never values that name anybody. */
  | { readonly result: 'differs'; readonly differences: readonly string[] }
  | { readonly result: 'not_tried'; readonly why: string };

export interface Probe {
  /** Null where no rule says what is right: such a probe only observes. */
  readonly rule: RuleId | null;
  readonly asks: string;
  /** Any one of these application permissions. */
  readonly needs?: readonly string[];
  readonly run: (bench: Bench) => Promise<Finding>;
}

export const MATCH: Finding = { result: 'match' };

export function notTried(why: string): Finding {
  return { result: 'not_tried', why };
}

export function found(differences: readonly string[]): Finding {
  return differences.length === 0 ? MATCH : { result: 'differs', differences };
}
