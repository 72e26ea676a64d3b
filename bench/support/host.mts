/** A host of the core in a process of its own, on a SQLite file: what n8n or a portal is. This is the side that asks. */
import type { Ready } from 'n8n-nodes-m365-onboarding/sandbox';
import { type Child, startChild } from './child.mts';
import type { LoopReport } from './loop-watch.mts';
import type { Customer } from './sandbox.mts';

/** `nodes` is the bundle that n8n loads, `library` the files that users import. */
export type Product = 'nodes' | 'library';

export interface Watched<T> {
  readonly value: T;
  readonly loop: LoopReport;
  readonly durationMs: number;
}

export interface SweptFleet {
  readonly accounts: number;
  readonly ok: number;
  readonly waiting: number;
  readonly requests: number;
  /** Computing by this process, the state's thread included. */
  readonly cpuMs: number;
  /** What is left on the heap after a collection. */
  readonly heapMb: number;
}

export interface HostOperations {
  readonly [name: string]: (input: never) => Promise<unknown>;
  /** Load the core; nothing else. */
  load(input: Product): Promise<Watched<null>>;
  /** Open the state and build the installation. */
  open(input: { readonly ready: Ready; readonly folder: string }): Promise<Watched<null>>;
  /** Serve our pages; answers their address. */
  servePages(input: null): Promise<Watched<string>>;
  /** As if the customers' admins had consented and proven their tenants: in state, and in verification. */
  adopt(input: readonly Customer[]): Promise<Watched<null>>;
  /** The same, consented already and without anybody bound; the first of them, so many, carry the label `few`. Whoever is left to choose an admin takes the first. */
  adoptConsented(input: { readonly customers: readonly Customer[]; readonly few: number }): Promise<Watched<null>>;
  sweep(input: { readonly label?: string; readonly concurrency: number }): Promise<Watched<SweptFleet>>;
  advanceClock(input: number): Promise<Watched<null>>;
  idle(input: { readonly ms: number }): Promise<Watched<null>>;
  generateCertificate(input: { readonly name: string; readonly keyBits: 2048 | 3072 | 4096 }): Promise<Watched<string>>;
  registerCertificate(input: { readonly id: string; readonly appKey: string }): Promise<Watched<null>>;
  /** Sign in with this certificate from now on. */
  useCertificate(input: string): Promise<Watched<null>>;
  addAccount(input: Customer): Promise<Watched<null>>;
  openConsent(input: string): Promise<Watched<string>>;
  /** One due read of each account, a few accounts at the same time; answers how many are proven. */
  verifyConsent(input: { readonly accountIds: readonly string[]; readonly concurrency: number }): Promise<Watched<number>>;
  /** The candidates' names of each call, in the order of the calls. */
  listAdmins(input: { readonly accountIds: readonly string[]; readonly concurrency: number }): Promise<Watched<readonly string[]>>;
  advance(input: string): Promise<Watched<{ readonly state: string; readonly nextCheckAt: number | null; readonly now: number }>>;
  bindFirstAdmin(input: string): Promise<Watched<null>>;
  impersonate(input: string): Promise<Watched<null>>;
  /** Watch what happens between the operations, such as requests to our pages. */
  watch(input: null): Promise<null>;
  endWatch(input: null): Promise<Watched<null>>;
  verifyAudit(input: null): Promise<Watched<boolean>>;
}

export function startHost(): Child<HostOperations> {
  return startChild<HostOperations>(new URL('host-process.mts', import.meta.url));
}
