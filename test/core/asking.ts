/** A customer's directory that gives the answers it is told to give; nobody waits here: a sleep moves the clock. */
import type { DirectoryAsk, Refusals } from '../../src/core/directory-ask';
import type { GraphList, GraphRequest, GraphResponse } from '../../src/core/ports';

export const TENANT = '11111111-2222-3333-4444-555555555555';
export const START = Date.parse('2026-03-01T09:00:00Z');

export type Answers = (request: GraphRequest) => { readonly status: number; readonly body?: unknown } | Error;

export function askingAs(refusals: Refusals, answers: Answers, lists: (path: string) => GraphList = () => ({ items: [] })): DirectoryAsk & { readonly asked: string[]; readonly sent: GraphRequest[] } {
  const asked: string[] = [];
  const sent: GraphRequest[] = [];
  let now = START;
  const send = async (_scope: unknown, request: GraphRequest): Promise<GraphResponse> => {
    asked.push(`${request.method} ${String(request.path.split('?')[0])}`);
    if (request.method !== 'GET') sent.push(request);
    const answer = answers(request);
    if (answer instanceof Error) throw answer;
    return { requestId: 'r-1', body: undefined, ...answer };
  };
  const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  return { asked, sent, tenantId: TENANT, appKey: 'customer-admin', refusals, clock, graph: { send, list: async (_scope, path) => lists(path), batch: async () => [] } };
}
