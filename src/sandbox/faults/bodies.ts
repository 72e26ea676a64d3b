/**
 * Answers the services are known to give when they are in trouble, by name. A plan may also send a text of its own.
 * How well each is known is in rules.json beside this file.
 */
import { randomUUID } from 'node:crypto';
import { timestamp } from '../sts/context';
import type { FaultRuleId } from './rules';

export interface AnswerTime {
  readonly nowMs: number;
  readonly clientRequestId: string | undefined;
  /** The request's headers and body as they came, for answers that repeat them. */
  readonly sent: string;
}

export interface Template {
  readonly rule: FaultRuleId;
  readonly status: number;
  readonly contentType: string;
  readonly render: (time: AnswerTime) => string;
}

const GATEWAY_PAGE = `<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head><title>Service Unavailable</title>
<meta http-equiv="Content-Type" content="text/html; charset=us-ascii"></head>
<body><h2>Service Unavailable</h2><hr><p>HTTP Error 503. The service is unavailable.</p></body></html>
`;

const TEMPLATES: Readonly<Record<string, Template>> = {
  'graph.TooManyRequests': graph('FAULT-GRAPH-429', 429, 'TooManyRequests', 'Please retry again later.'),
  'graph.ServiceUnavailable': graph('FAULT-GRAPH-503', 503, 'serviceNotAvailable', 'The service is temporarily unavailable.'),
  'graph.GatewayTimeout': { rule: 'FAULT-GRAPH-504', status: 504, contentType: 'text/plain', render: () => '' },
  'graph.ConcurrencyViolation': graph('FAULT-GRAPH-CONCURRENCY', 409, 'Directory_ConcurrencyViolation', 'Error due to concurrent requests being made to the tenant. Please wait briefly and retry.'),
  'gateway.html': { rule: 'FAULT-GATEWAY', status: 503, contentType: 'text/html; charset=us-ascii', render: () => GATEWAY_PAGE },
  'gateway.reflecting': { rule: 'FAULT-REFLECTING', status: 502, contentType: 'text/html; charset=utf-8', render: ({ sent }) => `<html><head><title>Bad Gateway</title></head><body><h1>502</h1><p>While relaying:</p><pre>${sent}</pre></body></html>` },
  'graph.Reflecting': { rule: 'FAULT-REFLECTING', status: 400, contentType: 'application/json', render: ({ sent }) => JSON.stringify({ error: { code: 'BadRequest', message: `Cannot read: ${sent}`, innerError: {} } }) },
  'sts.Reflecting': { rule: 'FAULT-REFLECTING', status: 400, contentType: 'application/json; charset=utf-8', render: ({ sent }) => JSON.stringify({ error: 'invalid_request', error_description: `AADSTS90014: Cannot read: ${sent}`, error_codes: [90014] }) },
  'sts.Throttled': sts('FAULT-STS-THROTTLED', 429, 90055, 'The tenant is throttled; slow down.'),
  'sts.TemporarilyUnavailable': sts('FAULT-STS-TRANSIENT', 503, 90033, 'A transient error has occurred. Please try again.'),
};

export function isTemplate(name: string): boolean {
  return Object.hasOwn(TEMPLATES, name);
}

export function templateOf(name: string): Template | undefined {
  return isTemplate(name) ? TEMPLATES[name] : undefined;
}

export const TEMPLATE_NAMES: readonly string[] = Object.keys(TEMPLATES);

function graph(rule: FaultRuleId, status: number, code: string, message: string): Template {
  const render = ({ nowMs, clientRequestId }: AnswerTime) => {
    const requestId = randomUUID();
    const innerError = { date: new Date(nowMs).toISOString().slice(0, 19), 'request-id': requestId, 'client-request-id': clientRequestId ?? requestId };
    return JSON.stringify({ error: { code, message, innerError } });
  };
  return { rule, status, contentType: 'application/json', render };
}

function sts(rule: FaultRuleId, status: number, number: number, message: string): Template {
  const render = ({ nowMs, clientRequestId }: AnswerTime) => {
    const [traceId, correlationId, at] = [randomUUID(), clientRequestId ?? randomUUID(), timestamp(nowMs)];
    const description = [`AADSTS${number}: ${message}`, `Trace ID: ${traceId}`, `Correlation ID: ${correlationId}`, `Timestamp: ${at}`].join('\r\n');
    return JSON.stringify({ error: 'temporarily_unavailable', error_description: description, error_codes: [number], timestamp: at, trace_id: traceId, correlation_id: correlationId });
  };
  return { rule, status, contentType: 'application/json; charset=utf-8', render };
}

