/**
 * What a turned-away visitor sees, and where the operator finds it. Whoever held something of ours (an invitation, a state)
 * is noted in the audit once per thing and cause, so that the support code can be looked up and a reload adds nothing; of
 * whoever held nothing only the log tells, since a stranger must not be able to fill the audit.
 */
import { isWorthRepeating, refusalPage } from '../../consent/rounds/refusal-page';
import { asOnboardingError, type OnboardingError, toPublicError } from '../../errors';
import { basePathOf } from '../../internal/public-url';
import { randomSupportCode, supportCodeOf } from '../../internal/support-code';
import { htmlResponse, type WebRequest, type WebResponse } from '../../internal/web';
import { canContinue } from './rounds';
import type { OnboardingContext } from '../context';

const PUBLIC_STATUS = { invalid: 400, expired: 410, wrong_account: 403, declined: 403, not_allowed: 403, try_later: 503, failed: 500 } as const;

/** The page for a failed request. `consentSecret` is the cookie of the browser that consents. Never raises. */
export async function answerRefusal(context: OnboardingContext, request: WebRequest, error: unknown, consentSecret: string | undefined): Promise<WebResponse> {
  const known = asOnboardingError(error);
  const supportCode = await reportRefusal(context, request, known);
  const { code: publicCode } = toPublicError(known);
  const again = isWorthRepeating(known.code, publicCode) ? await wayBack(context, request, consentSecret) : undefined;
  return htmlResponse(PUBLIC_STATUS[publicCode], refusalPage({ partnerName: context.settings.partnerName, code: known.code, publicCode, supportCode, adminMessage: known.adminMessage, again }));
}

/** Writes what happened to the log, and to the audit when an account is concerned. The code under which it is found. Never raises. */
export async function reportRefusal(context: OnboardingContext, request: WebRequest, refused: OnboardingError): Promise<string> {
  const supportCode = await supportCodeFor(context, refused);
  const { code, message, details, serviceCode = null, correlationId = null } = refused;
  // The path may hold an invitation's ticket: only its first segment is logged.
  context.ports.logger.warn('A page was refused.', { supportCode, code, page: `/${request.path.split('/')[1] ?? ''}`, message, details, serviceCode, correlationId });
  return supportCode;
}

async function supportCodeFor(context: OnboardingContext, { code, message, details }: OnboardingError): Promise<string> {
  const { supportCode, accountId, about } = details;
  // Its own place in the corridor has noted it already.
  if (typeof supportCode === 'string') return supportCode;
  const anew = () => randomSupportCode(context.ports.random.bytes(8));
  if (typeof accountId !== 'string' || typeof about !== 'string') return anew();
  const id = `consent.visit_refused:${code}:${about}`;
  const derived = supportCodeOf(id);
  try {
    await context.ports.audit.append({ id, action: 'consent.visit_refused', phase: 'note', outcome: 'refused', actor: 'customer-browser', accountId, reason: code, details: { message, supportCode: derived } });
    return derived;
  } catch {
    return anew();
  }
}

/** The invitation's own page for whoever stands on it; the next step for a browser that is under way. */
async function wayBack(context: OnboardingContext, request: WebRequest, consentSecret: string | undefined): Promise<string | undefined> {
  const base = basePathOf(context.settings.publicBaseUrl);
  const ticket = request.query.get('ticket');
  if (request.path.startsWith('/invite')) return `${base}${request.path}${ticket === null ? '' : `?${new URLSearchParams({ ticket }).toString()}`}`;
  return (await canContinue(context, consentSecret)) ? `${base}/consent/next` : undefined;
}
