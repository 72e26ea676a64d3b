/**
 * What Graph answered, read strictly: a refusal keeps its code, an answer that could not be had keeps ours, and a success
 * that does not have the documented form is none. Pure. Source: Microsoft Graph "error responses" and the reference pages.
 */
import * as z from 'zod/v4';
import { isGuid } from '../../internal/guid';
import type { GraphResponse } from '../../ports';
import type { Reply } from './model';

const errorSchema = z.object({ error: z.object({ code: z.string() }) });
const rowsSchema = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().optional() });

export function toReply(response: GraphResponse | undefined): Reply | undefined {
  if (response === undefined) return undefined;
  const code = response.status < 300 ? null : (errorSchema.safeParse(response.body).data?.error.code ?? `HTTP ${response.status}`);
  return { status: response.status, body: response.body, code, requestId: response.requestId ?? null };
}

/** For an app whose batch never came back. */
export function unanswered(code: string): Reply {
  return { status: 0, body: undefined, code, requestId: null };
}

export interface Rows<Row> {
  readonly rows: readonly Row[];
  /** There is more than the first page. */
  readonly isCut: boolean;
}

/** The rows of a first page; undefined when it was refused, or when a row does not have the documented form. */
export function readRows<Row>(reply: Reply | undefined, schema: z.ZodType<Row>): Rows<Row> | undefined {
  const page = reply?.status === 200 ? rowsSchema.safeParse(reply.body).data : undefined;
  const rows = z.array(schema).safeParse(page?.value).data;
  return page === undefined || rows === undefined ? undefined : { rows, isCut: page['@odata.nextLink'] !== undefined };
}

export const idSchema = z.object({ id: z.string().min(1) });
/** For ids that go into a path again. */
export const objectIdSchema = z.object({ id: z.string().refine(isGuid) });
