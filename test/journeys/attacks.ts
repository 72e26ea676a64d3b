/**
 * What a stranger can do that a browser would not: requests built by hand, answers that Microsoft never sent, and a
 * look at what was asked of Microsoft meanwhile.
 */
import { request as httpRequest } from 'node:http';
import type { AuditEntry } from '../../src/core/audit/chain';
import { isOnboardingError, type OnboardingError } from '../../src/core/errors';
import type { VisitedPage, Visitor } from '../../src/sandbox/visitor';
import { OPERATOR, type Story } from './story';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** One request exactly as given: the path is not normalised, no cookie is kept, no redirect followed. */
export async function sendRaw(story: Pick<Story, 'port'>, path: string, { method = 'GET', headers = {}, body }: RawRequest = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: story.port, path, method, headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) }, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString('utf8') }));
    });
    request.end(body);
  });
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' } as const;

/** Account and invitation in one go; returns the address that would travel by mail. Null: any tenant may answer. */
export async function invite(story: Story, accountId = 'contoso', expectedTenant: string | null = 'contoso.example', name = 'Contoso Ltd'): Promise<string> {
  await story.onboarding.addAccount({ id: accountId, name, expectedTenant: expectedTenant ?? undefined }, OPERATOR);
  return (await story.onboarding.openConsent({ accountId, operatorId: OPERATOR })).url;
}

/** The state of the round or sign-in this browser was last sent to Microsoft with. */
export function lastState(visitor: Visitor): string {
  const sent = visitor.history.findLast((url) => /adminconsent|\/authorize/.test(url));
  const state = sent === undefined ? null : new URL(sent).searchParams.get('state');
  if (state === null) throw new Error(`This browser was never sent to Microsoft: ${visitor.history.join(' ')}`);
  return state;
}

/** The address Microsoft's redirect would have, with whatever the attacker writes. */
export function forgeCallback(story: Pick<Story, 'publicBaseUrl'>, members: Readonly<Record<string, string>>): string {
  return `${story.publicBaseUrl}/consent/callback?${new URLSearchParams(members).toString()}`;
}

/** Start a round in this browser and answer it without ever having been at Microsoft. */
export async function answerWithout(story: Story, visitor: Visitor, url: string, tenantId: string): Promise<VisitedPage> {
  await visitor.submit(await visitor.open(url), 'continue');
  return visitor.open(forgeCallback(story, { admin_consent: 'True', tenant: tenantId, state: lastState(visitor) }));
}

/** The public word of a refusal page, with our own code from the log. */
export function refusal(story: Story, page: Pick<VisitedPage, 'html' | 'status' | 'text' | 'url'>): { readonly publicCode: string | undefined; readonly code: string | undefined } {
  const supportCode = page.text('support-code');
  const line = story.log.find((candidate) => supportCode !== undefined && candidate.includes(`"supportCode":"${supportCode}"`));
  return { publicCode: /data-code="([a-z_]+)"/.exec(page.html)?.[1], code: line === undefined ? undefined : /"code":"([A-Z_]+)"/.exec(line)?.[1] };
}

export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  return (await failureOf(attempt)).code;
}

export async function failureOf(attempt: Promise<unknown>): Promise<OnboardingError> {
  const failure = await attempt.then(
    (value) => {
      throw new Error(`It went through: ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
  if (!isOnboardingError(failure)) throw failure;
  return failure;
}

export async function auditOf(story: Story): Promise<readonly AuditEntry[]> {
  return Array.fromAsync(story.installation.audit.list());
}

/** What was asked of Microsoft while `act` ran. */
export async function requestsDuring<T>(story: Story, act: () => Promise<T>): Promise<{ readonly result: T; readonly rows: ReturnType<Story['sandbox']['requests']> }> {
  const before = story.sandbox.requests().length;
  const result = await act();
  return { result, rows: story.sandbox.requests().slice(before) };
}
