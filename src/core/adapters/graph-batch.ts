/**
 * JSON batches of Microsoft Graph ("Combine multiple HTTP requests using JSON batching"): at most 20 requests, answers in
 * any order, each with its own status. Pure. A request that got no answer is unknown, and unknown is never "not there".
 */
import * as z from 'zod/v4';
import type { GraphQuestion, GraphResponse } from '../ports';

const MAX_BATCH_SIZE = 20;

/** An item the service left out. Status 0 is no HTTP status, so no rule can take it for an answer. */
export const MISSING_ANSWER: GraphResponse = { status: 0, body: undefined, requestId: undefined };

export interface BatchAnswer {
  readonly response: GraphResponse;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export function splitIntoBatches(questions: readonly GraphQuestion[]): readonly (readonly GraphQuestion[])[] {
  return Array.from({ length: Math.ceil(questions.length / MAX_BATCH_SIZE) }, (_, index) => questions.slice(index * MAX_BATCH_SIZE, (index + 1) * MAX_BATCH_SIZE));
}

export function pathOf(question: GraphQuestion): string {
  return typeof question === 'string' ? question : question.path;
}

/** The body of a batch of reads; ids are positions in `questions`. */
export function buildBatch(questions: readonly GraphQuestion[], positions: readonly number[]) {
  return { requests: positions.flatMap((position) => itemOf(questions[position], String(position))) };
}

function itemOf(question: GraphQuestion | undefined, id: string) {
  if (question === undefined) return [];
  if (typeof question === 'string') return [{ id, method: 'GET', url: question }];
  return [{ id, method: 'POST', url: question.path, headers: { 'Content-Type': 'application/json' }, body: question.body }];
}

const itemSchema = z.object({
  id: z.string(),
  status: z.number().int().min(100).max(599),
  headers: z.record(z.string(), z.string()).catch({}),
  body: z.unknown(),
});
const batchSchema = z.object({ responses: z.array(z.unknown()) });

/** Answers by position. Items without a readable id and status are left out; of two with the same id neither counts. */
export function readBatchAnswers(body: unknown): ReadonlyMap<number, BatchAnswer> {
  const items = (batchSchema.safeParse(body).data?.responses ?? []).flatMap((item) => itemSchema.safeParse(item).data ?? []);
  const unique = items.filter(({ id }) => items.filter((other) => other.id === id).length === 1);
  return new Map(
    unique.map((item) => {
      const headers = Object.fromEntries(Object.entries(item.headers).map(([name, value]) => [name.toLowerCase(), value]));
      return [Number(item.id), { headers, response: { status: item.status, body: item.body, requestId: headers['request-id'] } }];
    }),
  );
}
