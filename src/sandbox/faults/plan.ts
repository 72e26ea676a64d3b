/**
 * What a fault plan says, after it has been checked: which requests meet which trouble, how far each kind of read lags,
 * and how a polite client is expected to behave. The format of a plan's file is in docs/sandbox.md.
 */
import type { ReplicationScope } from '../model';

export type Distribution =
  | { readonly dist: 'constant'; readonly ms: number }
  | { readonly dist: 'uniform'; readonly min: number; readonly max: number }
  /** Long-tailed, cut off at `max`. */
  | { readonly dist: 'exponential'; readonly mean: number; readonly max: number };

export interface ReplicationRule {
  readonly scope: ReplicationScope;
  readonly lagMs: Distribution;
  /** How many copies answer; each has a lag of its own for the whole run. */
  readonly replicas: number;
  /** `connection`: a socket stays with the replica that served it first; `none`: each of them at times. */
  readonly sticky: 'connection' | 'none';
}

export interface Match {
  readonly host: 'login' | 'graph' | '*';
  /** Upper case or `*`. */
  readonly method: string;
  /** `*` stands for any run of characters; compared without regard to case. */
  readonly path: string;
  /** Client id; absent: whichever it is. */
  readonly app?: string;
  /** Tenant id, or what stands in its place in the path; absent: whichever it is. */
  readonly tenant?: string;
}

/** What shares a counter: requests with equal values of these. */
export type Per = 'all' | 'app' | 'tenant' | 'app+tenant' | 'request';

export interface When {
  /** Which of the matching requests, counted from one within `per`. */
  readonly nth?: readonly number[];
  readonly per: Per;
  /** Between 0 and 1. */
  readonly probability?: number;
  readonly withinMsOf?: { readonly op: Operation; readonly ms: number };
  /** From and to, in milliseconds since the plan began. */
  readonly window?: readonly [number, number];
}

/** `PATCH applications keyCredentials`: a method, a path (or one of its segments), a member of the body. */
export interface Operation {
  readonly text: string;
  readonly method: string;
  readonly path: string;
  readonly member: string | undefined;
}

export const TRANSPORTS = ['reset-before-headers', 'reset-after-headers', 'truncate', 'wrong-content-length', 'slow-loris'] as const;
export type TransportFault = (typeof TRANSPORTS)[number];

/** How an answer is sent on a bad line. */
export interface Broken {
  readonly kind: TransportFault;
  /** Between two pieces of a slow body; 0 only yields. */
  readonly pauseMs: number;
}

export interface Action {
  readonly status?: number;
  /** An empty value takes a header away. */
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType?: string;
  /** Name of a template, or text as it is sent. */
  readonly body?: string;
  readonly transport?: TransportFault;
  /** The request is carried out although its answer is another one or none. */
  readonly apply: boolean;
  readonly delayMs?: number;
  /** Reads of this request see the directory as it was so long ago. */
  readonly staleMs?: number;
  /** The clock that judges and stamps this answer is off by so much. */
  readonly clockSkewMs?: number;
  /** A new signing key from here on; `overlap` goes on publishing the old one, `cut` does not. */
  readonly rotateKeys?: 'overlap' | 'cut';
  /** The redirect of this answer reaches the app twice, or a stranger without the browser's cookies brings it first. */
  readonly deliver?: 'twice' | 'stranger-first';
}

export interface FaultRule {
  readonly id: string;
  readonly match: Match;
  readonly when: When;
  readonly do: Action;
}

export interface Expectation {
  readonly maxRequests?: number;
  readonly noRetryBefore?: 'Retry-After';
}

export interface FaultPlan {
  readonly version: 1;
  readonly seed: string;
  /** Milliseconds since the epoch. */
  readonly clock?: number;
  /** The preset whose rules come before the plan's own. */
  readonly preset?: string;
  readonly replication: readonly ReplicationRule[];
  readonly rules: readonly FaultRule[];
  readonly expect: Expectation;
}
