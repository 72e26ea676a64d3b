/**
 * Whether the partner's app registrations hold the keys they should, and only those: one read of the directory per app. A key of
 * ours that is gone needs somebody for as long as it is; one that nobody here knows, when it is first seen.
 */
import { compareKeyCredentials, type KeyComparison, type MissingKey, type UnknownKey, watchKeyCredentials } from '../../certificates/keys/compare-keys';
import { isOnboardingError } from '../../errors';
import type { OnboardingContext } from '../context';
import type { CredentialProblem, WatchedCredential } from './watched-credentials';

export interface AppKeys {
  readonly appKey: string;
  /** Keys nobody here knows: a colleague's, or a back door. */
  readonly unknown: readonly UnknownKey[];
  /** Keys of ours that are not on the registration any more. */
  readonly missing: readonly MissingKey[];
  readonly attention: boolean;
  /** Why the registration could not be read. */
  readonly problem: CredentialProblem | null;
}

export interface AppKeysRequest {
  readonly watched: readonly WatchedCredential[];
  /** False: tell nobody of what was found. */
  readonly isRecorded: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Raises what may go through later: what the transports raise, `STATE_UNAVAILABLE`. Least Graph permission (application): Application.ReadWrite.OwnedBy. */
export async function checkAppKeys(context: OnboardingContext, request: AppKeysRequest): Promise<readonly AppKeys[]> {
  const alsoKnownSha256 = request.watched.flatMap(({ source, dated }) => (dated !== undefined && (source === 'pfx' || source === 'pem') ? [dated.thumbprintSha256] : []));
  const found: AppKeys[] = [];
  for (const { key } of context.settings.apps) found.push(await checkApp(context, request, key, alsoKnownSha256));
  return found;
}

async function checkApp({ ports, settings }: OnboardingContext, { isRecorded, signal }: AppKeysRequest, appKey: string, alsoKnownSha256: readonly string[]): Promise<AppKeys> {
  const applicationAppId = settings.apps.find(({ key }) => key === appKey)?.appId ?? '';
  const input = { homeTenantId: settings.homeTenantId, appKey, applicationAppId, alsoKnownSha256, signal };
  try {
    return judgeAppKeys(isRecorded ? await watchKeyCredentials(ports, input) : await compareKeyCredentials(ports, input));
  } catch (error) {
    if (!isOnboardingError(error) || error.retryable) throw error;
    return { appKey, unknown: [], missing: [], attention: true, problem: { code: error.code, message: error.message } };
  }
}

/** Pure. `told`: what this look told for the first time. */
export function judgeAppKeys({ appKey, unknown, missing, told }: Pick<KeyComparison, 'appKey' | 'unknown' | 'missing'> & { readonly told?: object | null }): AppKeys {
  const isNews = told !== undefined && told !== null;
  return { appKey, unknown, missing, attention: missing.length > 0 || isNews, problem: null };
}
