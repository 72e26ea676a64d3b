/**
 * The authorization endpoint: code flow with PKCE, answered by query or by form_post. Once client and redirect
 * URI are known to belong together, mistakes in the other parameters are reported to the app.
 * Sources: "OAuth 2.0 authorization code flow", "OpenID Connect on the Microsoft identity platform", RFC 7636.
 */
import { GRAPH_APP_ID } from '../access-tokens';
import { graphResource } from '../clouds';
import { notModelled, type SandboxResponse } from '../http';
import { findResource } from '../resources';
import { answerAuthorize, errorMembers } from './callbacks';
import { isVoluntaryOnly } from './claims-request';
import type { AuthorizeRequest, Exchange, LoginHandler } from './context';
import { staticPermissions } from './grants';
import { openPageRequest, type PageRequest } from './page-request';
import { isRefusal, refuse, type Refusal } from './refusals';
import { findSession, openInteraction, openSession, withSessionCookie } from './sessions';
import { proceed } from './sign-in';

const PROMPTS: ReadonlySet<string> = new Set(['login', 'none', 'consent', 'select_account']);
const S256_CHALLENGE_LENGTH = 43;

export const authorize: LoginHandler = (exchange, { tenant: segment = '' }) => {
  const opened = openPageRequest(exchange, segment, false);
  if ('status' in opened) return opened;
  const request = readRequest(exchange, opened);
  if ('status' in request) return request;
  const session = findSession(exchange) ?? openSession(exchange.sts);
  const interaction = openInteraction(exchange.sts, session, { ...opened, request });
  return withSessionCookie(proceed(exchange, interaction, session), session);
};

function readRequest(exchange: Exchange, opened: PageRequest): AuthorizeRequest | SandboxResponse {
  const { query } = exchange.request;
  const beyond = findUnmodelled(query);
  if (beyond !== undefined) return notModelled(beyond);
  const responseMode = query.get('response_mode') ?? 'query';
  const base: AuthorizeRequest = {
    flow: 'authorize',
    redirectUri: opened.redirectUri,
    responseMode: responseMode === 'form_post' ? 'form_post' : 'query',
    state: query.get('state'),
    nonce: query.get('nonce'),
    scopes: [],
    prompt: query.get('prompt'),
    loginHint: query.get('login_hint'),
    challenge: null,
  };
  const problem = findProblem(query, responseMode);
  if (problem !== undefined) return answerAuthorize(base, problem.rule, errorMembers(exchange, problem));
  const challenge = readChallenge(query);
  if (challenge !== null && isRefusal(challenge)) return answerAuthorize(base, challenge.rule, errorMembers(exchange, challenge));
  const scopes = readScopes(query.get('scope') ?? '', opened, `${graphResource(exchange.world.cloud)}/`);
  if (scopes === undefined) return notModelled(`the scope "${query.get('scope')}" at the authorization endpoint`);
  return { ...base, challenge, scopes };
}

function findUnmodelled(query: URLSearchParams): string | undefined {
  if (query.get('response_mode') === 'fragment') return 'response_mode=fragment';
  const claims = query.get('claims');
  if (claims !== null && !isVoluntaryOnly(claims)) return 'a claims parameter that must be honoured';
  const parameters = ['max_age', 'request', 'request_uri'];
  const present = parameters.find((name) => query.has(name));
  if (present !== undefined) return `the authorization parameter "${present}"`;
  const responseType = query.get('response_type') ?? '';
  return responseType.includes('code') && responseType !== 'code' ? `response_type=${responseType}` : undefined;
}

function findProblem(query: URLSearchParams, responseMode: string): Refusal | undefined {
  const responseType = query.get('response_type');
  const prompt = query.get('prompt');
  if (responseType === null) return refuse.missingParameter('response_type', 'AUTHZ-PARAMETER');
  if (responseType !== 'code') return refuse.responseType(responseType);
  if (responseMode !== 'query' && responseMode !== 'form_post') return refuse.responseMode(responseMode);
  if ((query.get('scope') ?? '').trim() === '') return refuse.missingParameter('scope', 'AUTHZ-PARAMETER');
  if (prompt !== null && !PROMPTS.has(prompt)) return refuse.prompt();
  return prompt === 'select_account' && query.has('login_hint') ? refuse.hintConflict() : undefined;
}

function readChallenge(query: URLSearchParams): AuthorizeRequest['challenge'] | Refusal {
  const value = query.get('code_challenge');
  if (value === null) return null;
  const method = query.get('code_challenge_method') === 'S256' ? 'S256' : 'plain';
  const isRightSize = method === 'S256' ? value.length === S256_CHALLENGE_LENGTH : value.length >= 43 && value.length <= 128;
  return isRightSize ? { value, method } : refuse.challengeSize();
}

/** Names of Microsoft Graph's delegated permissions, OpenID ones included; undefined for any other resource. */
function readScopes(text: string, { application }: PageRequest, graphPrefix: string): readonly string[] | undefined {
  const known = new Set(findResource(GRAPH_APP_ID)?.scopes.map((scope) => scope.value));
  const names = text
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => (part.startsWith(graphPrefix) ? part.slice(graphPrefix.length) : part))
    .flatMap((name) => (name === '.default' ? staticScopes(application) : [name]));
  return names.every((name) => known.has(name)) ? [...new Set(names)] : undefined;
}

function staticScopes(application: PageRequest['application']): string[] {
  return staticPermissions(application)
    .filter((row) => row.resourceAppId === GRAPH_APP_ID && row.type === 'Scope')
    .map((row) => row.value);
}
