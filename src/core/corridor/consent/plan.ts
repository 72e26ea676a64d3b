/**
 * The dry run of an onboarding: what would be asked for, by whom, and why, against what is granted now. It reads our
 * state and, once a tenant is proven, the consent as `consent status` does; it writes nothing, anywhere, and asks
 * Microsoft nothing about a tenant nobody has consented in.
 */
import { requireAccount } from '../../accounts/account';
import { type Journey, readJourney } from '../../accounts/journey';
import type { PartnerApp } from '../../consent/apps/apps';
import { findCurrentInvitation } from '../../consent/rounds/invitation';
import type { ConsentVerdict } from '../../consent/evidence/verdict';
import { type AskStatus, planRound, type PlannedRound, planUnreadRound } from '../../consent/apps/plan';
import { type PermissionWarning, warningsOf } from '../../consent/apps/warnings';
import { isOnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import { findOwnership } from '../../sso/ownership';
import { reportStatus } from '../advance';
import type { JourneyReport, OnboardingContext } from '../context';
import { findProof, readConsent } from './look-at-consent';
import { type OnboardingStep, remainingSteps } from './plan-steps';

/** Where the journey stands, and what would be asked and done. */
export interface ConsentPlan extends Pick<JourneyReport, 'state' | 'since' | 'waitingFor' | 'nextCheckAt' | 'reasons'> {
  readonly accountId: string;
  readonly plannedAt: number;
  readonly expectedTenant: string | null;
  /** The tenant the token endpoint proved; null before the first round. Not ownership. */
  readonly tenantId: string | null;
  /**
   * What the ask was held against: `nothing` before a tenant is proven, `tokens` alone where no app may read the directory,
   * `unknown` when something could not be read.
   */
  readonly comparedWith: 'nothing' | 'directory' | 'tokens' | 'unknown';
  /** The same as a sentence, with the code of what was in the way. */
  readonly comparison: string;
  readonly totals: Readonly<Record<AskStatus, number>> & { readonly asked: number; /** Null when it could not be read. */ readonly surplus: number | null };
  /** The whole ask, in the order of the rounds. */
  readonly rounds: readonly PlannedRound[];
  readonly warnings: readonly PermissionWarning[];
  /** What would still happen, the next step first. */
  readonly steps: readonly OnboardingStep[];
}

export interface DeclaredApps {
  /** In the order of their rounds. */
  readonly apps: readonly PartnerApp[];
  readonly warnings: readonly PermissionWarning[];
}

/** Pure. */
export function describeApps(apps: readonly PartnerApp[], now: number): DeclaredApps {
  return { apps, warnings: warningsOf(apps, now) };
}

/**
 * What would be asked for, granted, written, and why. No effect. Least Graph permission (application) once a tenant is
 * proven: as `consentStatus`. Raises `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`; what Microsoft refuses is a finding.
 */
export async function planConsent(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<ConsentPlan> {
  const { ports, settings } = context;
  const account = await requireAccount(ports, accountId);
  const journey = await readJourney(ports, accountId);
  const compared = await compare(context, journey, signal);
  const { state, since, waitingFor, nextCheckAt, reasons } = await reportStatus(context, accountId);
  const totals = countPermissions(compared.rounds);
  return {
    accountId,
    state,
    since,
    waitingFor,
    nextCheckAt,
    reasons,
    plannedAt: ports.clock.now(),
    expectedTenant: account.expectedTenant,
    tenantId: journey.provenTenantId,
    ...compared,
    totals,
    warnings: warningsOf(settings.apps, ports.clock.now()),
    steps: remainingSteps({
      state,
      openRounds: settings.apps.filter((app) => !journey.rounds.some(({ round }) => round === app.round)),
      isInvited: await isInvited(context, accountId),
      isOwned: await isOwned(context, accountId, journey.provenTenantId),
      isReconsentNeeded: totals.new > 0,
      adminChoice: settings.adminChoice,
    }),
  };
}

type Compared = Pick<ConsentPlan, 'comparedWith' | 'comparison' | 'rounds'>;

async function compare(context: OnboardingContext, journey: Journey, signal: AbortSignal | undefined): Promise<Compared> {
  const { apps } = context.settings;
  const { provenTenantId } = journey;
  if (provenTenantId === null) return { comparedWith: 'nothing', comparison: 'Nobody has consented yet, so Microsoft was not asked, and everything is new.', rounds: apps.map((app) => planRound(app, undefined)) };
  try {
    return compareWith(context, await readConsent(context, provenTenantId, signal, await findProof(context, journey)));
  } catch (error) {
    if (!isOnboardingError(error) || signal?.aborted === true) throw error;
    return { comparedWith: 'unknown', comparison: `What is granted could not be read (${error.serviceCode ?? error.code}): ${error.message}`, rounds: apps.map(planUnreadRound) };
  }
}

function compareWith({ settings: { apps } }: OnboardingContext, verdict: ConsentVerdict): Compared {
  const verdictOf = (key: string) => verdict.apps.find((app) => app.key === key);
  const rounds = apps.map((app) => {
    const found = verdictOf(app.key);
    return found === undefined ? planUnreadRound(app) : planRound(app, found);
  });
  const isOfTokens = (key: string) => verdictOf(key)?.evidence === 'token_roles';
  const unread = rounds.find(({ key, permissions, surplus }) => !isOfTokens(key) && (surplus === null || permissions.some(({ status }) => status === 'unknown')));
  if (unread !== undefined) {
    const because = verdictOf(unread.key)?.because;
    return { comparedWith: 'unknown', comparison: `What is granted could not be read completely (${unread.key}: ${because?.serviceCode ?? because?.code ?? 'CONSENT_UNKNOWN'}).`, rounds };
  }
  if (rounds.some(({ key }) => isOfTokens(key))) return { comparedWith: 'tokens', comparison: 'Held against the roles of fresh app tokens alone: no app may read the directory, so delegated permissions and what is granted beyond the ask are not known.', rounds };
  return { comparedWith: 'directory', comparison: 'Held against what the tenant\'s directory and token endpoint said just now.', rounds };
}

function countPermissions(rounds: readonly PlannedRound[]): ConsentPlan['totals'] {
  const all = rounds.flatMap(({ permissions }) => permissions);
  const count = (status: AskStatus) => all.filter((permission) => permission.status === status).length;
  const surplus = rounds.some((round) => round.surplus === null) ? null : rounds.reduce((sum, round) => sum + (round.surplus?.length ?? 0), 0);
  return { asked: all.length, granted: count('granted'), new: count('new'), unknown: count('unknown'), unpublished: count('unpublished'), surplus };
}

async function isInvited({ ports }: OnboardingContext, accountId: string): Promise<boolean> {
  const invitation = await findCurrentInvitation(ports, accountId);
  return invitation !== undefined && invitation.revokedAt === null && invitation.expiresAt > ports.clock.now();
}

async function isOwned({ ports }: OnboardingContext, accountId: string, tenantId: string | null): Promise<boolean> {
  // Without master keys nothing was ever owned that could be believed.
  const ownership = ports.sealer.ready && tenantId !== null ? await findOwnership(ports, accountId) : undefined;
  return ownership !== undefined && tenantId !== null && sameGuid(ownership.tenantId, tenantId);
}
