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
  const body = template?.render({ nowMs, clientRequestId: sent }) ?? action.body ?? '';
  return respond(faultRule(template?.rule ?? 'FAULT-CUSTOM'), action.status ?? template?.status ?? 500, body, {
    date: new Date(nowMs).toUTCString(),
    'content-type': action.contentType ?? template?.contentType ?? 'text/plain; charset=utf-8',
    ...action.headers,
  });
}

/** The real answer on a bad day: changed headers, a broken line. */
export function spoil(response: SandboxResponse, { do: action }: FaultRule, paused: boolean): SandboxResponse {
  const kept = Object.entries({ ...response.headers, ...action.headers }).filter(([, value]) => value !== '');
  const broken = action.transport === undefined ? {} : { broken: { kind: action.transport, pauseMs: paused ? SLOW_PAUSE_MS : 0 } };
  return { ...response, ...broken, headers: Object.fromEntries(kept) };
}

/** The rule whose answer this is, as the header writes it. */
export function ruleOf(response: SandboxResponse): string {
  return String(response.headers[RULE_HEADER] ?? '');
}
