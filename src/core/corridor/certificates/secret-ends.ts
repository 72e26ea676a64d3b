/**
 * When client secrets end, from the app registrations: the directory knows it, the secret itself does not. Which of several
 * secrets of an app is ours cannot be told, so the one that ends first counts. Microsoft Graph "passwordCredential resource type".
 */
import * as z from 'zod/v4';
import { requireApp } from '../../consent/apps/apps';
import { sha256Hex } from '../../internal/encoding';
import type { OnboardingContext } from '../context';
import type { CredentialProblem, WatchedCredential } from './watched-credentials';

const secretSchema = z.object({ keyId: z.string(), startDateTime: z.iso.datetime({ offset: true }), endDateTime: z.iso.datetime({ offset: true }) });
const answerSchema = z.object({ passwordCredentials: z.array(secretSchema) });

/** The same list, where the directory says when a secret ends. Raises what the transports raise. Least Graph permission (application): Application.ReadWrite.OwnedBy. */
export async function readSecretEnds(context: OnboardingContext, watched: readonly WatchedCredential[], signal?: AbortSignal): Promise<readonly WatchedCredential[]> {
  const read: WatchedCredential[] = [];
  for (const one of watched) read.push(one.source === 'secret' ? await readSecretEnd(context, one, signal) : one);
  return read;
}

async function readSecretEnd({ ports, settings }: OnboardingContext, watched: WatchedCredential, signal?: AbortSignal): Promise<WatchedCredential> {
  const appKey = watched.appKeys[0] ?? '';
  const app = requireApp(settings.apps, appKey);
  const scope = { tenantId: settings.homeTenantId, appKey, ...(signal === undefined ? {} : { signal }) };
  const answer = await ports.graph.send(scope, { method: 'GET', path: `/applications(appId='${app.appId}')?$select=passwordCredentials` });
  return answer.status === 200 ? judgeSecrets(watched, answer.body, ports.clock.now()) : { ...watched, problem: unread(`The directory answered ${answer.status} when it was asked for the app's secrets.`) };
}

/** Pure. */
export function judgeSecrets(watched: WatchedCredential, body: unknown, now: number): WatchedCredential {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) return { ...watched, problem: unread('The directory did not say when the app\'s secrets end.') };
  const living = parsed.data.passwordCredentials.filter(({ endDateTime }) => Date.parse(endDateTime) > now);
  const [first] = living.toSorted((left, right) => Date.parse(left.endDateTime) - Date.parse(right.endDateTime));
  if (first === undefined) return { ...watched, problem: unread('The app registration holds no secret that is valid.') };
  return { ...watched, dated: { notBefore: first.startDateTime, notAfter: first.endDateTime, thumbprintSha256: sha256Hex(first.keyId) } };
}

function unread(message: string): CredentialProblem {
  return { code: 'CREDENTIAL_UNWATCHED', message };
}
