/**
 * The way back to the app: members in the redirect URI's query, encoded as the service encodes them (lower-case
 * hex, plus for a space), or in a form the browser posts.
 */
import { respond, type SandboxResponse } from '../http';
import { rule, type RuleId } from '../rules';
import type { AuthorizeRequest, Exchange } from './context';
import { formPostPage } from './pages';
import { describe, type Refusal } from './refusals';

export type Members = readonly (readonly [name: string, value: string])[];

export function redirectTo(ruleId: RuleId, redirectUri: string, members: Members, fragment = ''): SandboxResponse {
  const query = members.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  const separator = redirectUri.includes('?') ? '&' : '?';
  return respond(rule(ruleId), 302, '', { location: `${redirectUri}${separator}${query}${fragment}` });
}

/** Answer an authorization request in the response mode it asked for. `change` comes last, over everything. */
export function answerAuthorize(request: AuthorizeRequest, ruleId: RuleId, members: Members, change: (members: Members) => Members = (all) => all): SandboxResponse {
  const withState = change([...members, ...stateMember(request.state)]);
  return request.responseMode === 'form_post'
    ? formPostPage(ruleId, request.redirectUri, withState)
    : redirectTo(ruleId, request.redirectUri, withState);
}

/** `error` and its description as a redirect carries them. */
export function errorMembers(exchange: Exchange, refusal: Refusal): Members {
  return [
    ['error', refusal.error],
    ['error_description', describe(exchange, refusal)],
  ];
}

export function stateMember(state: string | null): Members {
  return state === null ? [] : [['state', state]];
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}
