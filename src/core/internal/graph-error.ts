/**
 * What Microsoft Graph's error body says, in every form it is seen in: `innerError` or `innererror`, nested, with a date
 * that names no zone (it is UTC), or no readable body at all. Only words with the form of a code or an id are taken:
 * messages may quote what was sent. Microsoft Graph "error responses and resource types".
 */
import { instantOf } from './instant';

export interface GraphErrorEvidence {
  /** `error.code`; undefined when the body has none. */
  readonly serviceCode: string | undefined;
  /** Graph's request id, from the header or, where that is missing, from the body. */
  readonly correlationId: string | undefined;
  readonly details: {
    readonly status: number;
    readonly clientRequestId?: string;
    /** When Graph answered, ISO 8601 in UTC by Graph's own clock. */
    readonly answeredAt?: string;
    /** More exact codes further inside, outermost first. */
    readonly innerCodes?: readonly string[];
  };
}

const CODE = /^[\w.-]{1,100}$/;
const ID = /^[\w-]{1,64}$/;
const MAX_DEPTH = 5;

/** `answer` as GraphResponse has it; `date` the answer's own header, where the caller has it. Pure. */
export function graphErrorEvidence(answer: { readonly status: number; readonly body: unknown; readonly requestId: string | undefined }, date?: string): GraphErrorEvidence {
  const error = member(answer.body, 'error');
  const layers = innerLayers(error);
  const serviceCode = word(member(error, 'code'), CODE);
  const correlationId = word(answer.requestId, ID) ?? first(layers, 'request-id');
  const clientRequestId = first(layers, 'client-request-id');
  const answeredAt = instantOf(layers.map((layer) => member(layer, 'date')).find((value) => typeof value === 'string') ?? date);
  const innerCodes = [...new Set([...layers, ...detailsOf(error)].flatMap((layer) => word(member(layer, 'code'), CODE) ?? []))].filter((code) => code !== serviceCode);
  return {
    serviceCode,
    correlationId,
    details: {
      status: answer.status,
      ...(clientRequestId === undefined ? {} : { clientRequestId }),
      ...(answeredAt === undefined ? {} : { answeredAt }),
      ...(innerCodes.length === 0 ? {} : { innerCodes }),
    },
  };
}

/** `error.code` of a body; undefined when it has none. */
export function graphErrorCode(body: unknown): string | undefined {
  return word(member(member(body, 'error'), 'code'), CODE);
}

function innerLayers(error: unknown): readonly unknown[] {
  const layers: unknown[] = [];
  for (let layer = inner(error); layer !== undefined && layers.length < MAX_DEPTH; layer = inner(layer)) layers.push(layer);
  return layers;
}

function inner(layer: unknown): unknown {
  return ['innerError', 'innererror', 'InnerError'].map((name) => member(layer, name)).find((value) => typeof value === 'object' && value !== null);
}

function detailsOf(error: unknown): readonly unknown[] {
  const details = member(error, 'details');
  return Array.isArray(details) ? details.slice(0, 20) : [];
}

function first(layers: readonly unknown[], name: string): string | undefined {
  return layers.flatMap((layer) => word(member(layer, name), ID) ?? [])[0];
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function word(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined;
}
