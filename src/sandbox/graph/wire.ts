/**
 * The bytes and headers around an outcome, as recorded: successes carry the long OData content type and
 * `odata-version`, errors plain `application/json`, 204 no content type at all.
 */
import { RULE_HEADER, type SandboxResponse } from '../http';
import type { Ids, Outcome } from './dispatch';
import type { Wire } from './select';

const JSON_TYPE = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';
const DIAGNOSTIC = JSON.stringify({
  ServerInfo: { DataCenter: 'Sandbox', Slice: 'E', Ring: '5', ScaleUnit: '000', RoleInstance: 'SANDBOX0000000' },
});

/** A response of its own. */
export function responseOf(outcome: Outcome, ids: Ids): SandboxResponse {
  return {
    status: outcome.status,
    headers: {
      'cache-control': 'no-cache',
      ...contentHeaders(outcome),
      'request-id': ids.requestId,
      'client-request-id': ids.clientRequestId,
      'strict-transport-security': 'max-age=31536000',
      'x-ms-ags-diagnostic': DIAGNOSTIC,
      'x-ms-resource-unit': String(outcome.units),
      [RULE_HEADER]: ruleHeader(outcome),
      ...outcome.headers,
    },
    body: textOf(outcome.body),
    ...(outcome.gaps.length === 0 ? {} : { gap: outcome.gaps.join('; ') }),
  };
}

/** One entry of a batch answer, without its id. */
export function itemOf(outcome: Outcome): Wire {
  const content = contentHeaders(outcome);
  return {
    status: outcome.status,
    headers: {
      'Cache-Control': 'no-cache',
      'x-ms-resource-unit': String(outcome.units),
      ...(content['odata-version'] === undefined ? {} : { 'OData-Version': content['odata-version'] }),
      ...(content['content-type'] === undefined ? {} : { 'Content-Type': content['content-type'] }),
      [RULE_HEADER]: ruleHeader(outcome),
      ...Object.fromEntries(Object.entries(outcome.headers).filter(([name]) => name !== 'content-type')),
    },
    ...(outcome.body === undefined ? {} : { body: outcome.body }),
  };
}

function contentHeaders(outcome: Outcome): Partial<Record<'content-type' | 'odata-version', string>> {
  if (outcome.body === undefined) return {};
  if (outcome.status >= 400) return { 'content-type': 'application/json' };
  return { 'content-type': JSON_TYPE, 'odata-version': '4.0' };
}

function ruleHeader(outcome: Outcome): string {
  return `${outcome.rule.id};grade=${outcome.rule.grade}`;
}

function textOf(body: Outcome['body']): string {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : JSON.stringify(body);
}
