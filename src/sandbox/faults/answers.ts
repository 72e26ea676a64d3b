/** What goes out instead of, or as, the real answer. Pure. */
import { RULE_HEADER, respond, type SandboxRequest, type SandboxResponse } from '../http';
import { templateOf } from './bodies';
import type { FaultRule } from './plan';
import { faultRule } from './rules';

/** A seventh of a second between pieces: a page arrives, but nobody would wait for it gladly. */
const SLOW_PAUSE_MS = 150;

/** Seen and answered without the service having done anything. */
export function answerInstead({ do: action }: FaultRule, request: SandboxRequest, nowMs: number): SandboxResponse {
  const template = templateOf(action.body ?? '');
  const sent = request.headers['client-request-id'];
  const body = template?.render({ nowMs, clientRequestId: sent, sent: repeat(request) }) ?? action.body ?? '';
  return respond(faultRule(template?.rule ?? 'FAULT-CUSTOM'), action.status ?? template?.status ?? 500, body, {
    date: new Date(nowMs).toUTCString(),
    'content-type': action.contentType ?? template?.contentType ?? 'text/plain; charset=utf-8',
    ...dated(action.headers, nowMs),
  });
}

/** `Retry-After: +7s` goes out as the HTTP date seven seconds from now, rounded up, since a date has no fractions. */
function dated(headers: Readonly<Record<string, string>>, nowMs: number): Readonly<Record<string, string>> {
  const seconds = /^\+(\d+)s$/.exec(headers['retry-after'] ?? '')?.[1];
  return seconds === undefined ? headers : { ...headers, 'retry-after': new Date(Math.ceil(nowMs / 1000 + Number(seconds)) * 1000).toUTCString() };
}

function repeat({ headers, body }: SandboxRequest): string {
  return `${Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n${body.toString('utf8')}`;
}

/** The real answer on a bad day: changed headers, a broken line. */
export function spoil(response: SandboxResponse, { do: action }: FaultRule, { paused, nowMs }: { readonly paused: boolean; readonly nowMs: number }): SandboxResponse {
  const kept = Object.entries({ ...response.headers, ...dated(action.headers, nowMs) }).filter(([, value]) => value !== '');
  const broken = action.transport === undefined ? {} : { broken: { kind: action.transport, pauseMs: paused ? SLOW_PAUSE_MS : 0 } };
  return { ...response, ...broken, headers: Object.fromEntries(kept) };
}

/** The rule whose answer this is, as the header writes it. */
export function ruleOf(response: SandboxResponse): string {
  return String(response.headers[RULE_HEADER] ?? '');
}
