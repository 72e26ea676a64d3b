/** The sandbox in a process of its own, with any number of customer tenants. This is the side that asks. */
import type { Ready, RequestRow } from 'n8n-nodes-m365-onboarding/sandbox';
import { type Child, startChild } from './child.mts';

export interface Customer {
  readonly key: string;
  readonly domain: string;
}

export interface SandboxOperations {
  readonly [name: string]: (input: never) => Promise<unknown>;
  /** In the tenants of `consented` it is as if the admin had clicked already. */
  start(input: { readonly customers: readonly Customer[]; readonly consented: readonly Customer[] }): Promise<Ready>;
  /** Since the last time this was asked. */
  takeRequests(input: null): Promise<readonly RequestRow[]>;
  advanceClock(input: number): Promise<void>;
  /** Milliseconds of computing by the sandbox's process since it started. */
  cpuMs(input: null): Promise<number>;
}

export function customersNamed(count: number): readonly Customer[] {
  return Array.from({ length: count }, (_, index) => ({ key: `customer-${index}`, domain: `customer-${index}.example` }));
}

export function startSandboxProcess(): Child<SandboxOperations> {
  return startChild<SandboxOperations>(new URL('sandbox-process.mts', import.meta.url));
}
