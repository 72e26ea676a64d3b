/**
 * What an onboarding would still do from where it stands, in order: who moves, what Microsoft would be asked, what would
 * be written here, and why. Words for people, from one table; `advance` and the pages do the work. Pure.
 */
import type { JourneyState } from '../../accounts/journey';

export type StepOwner = 'operator' | 'customer admin' | 'this package';

export interface OnboardingStep {
  /** The state it is done in; several steps may be of one. */
  readonly state: JourneyState;
  readonly who: StepOwner;
  readonly does: string;
  /** Of Microsoft; null: nothing. */
  readonly asks: string | null;
  /** In our state and audit; null: nothing. */
  readonly writes: string | null;
  readonly why: string;
}

export interface StepsInput {
  readonly state: JourneyState;
  /** Rounds no answer is proven for yet. */
  readonly openRounds: readonly { readonly round: number; readonly displayName: string }[];
  /** An invitation is out and still opens. */
  readonly isInvited: boolean;
  /** An admin of the proven tenant has confirmed the account. */
  readonly isOwned: boolean;
  /** There are permissions that are declared and not granted; before the rounds are answered that is nothing special. */
  readonly isReconsentNeeded: boolean;
  readonly adminChoice: 'manual' | 'first';
}

/** The first is what is done next. Empty for an account that was offboarded. */
export function remainingSteps(input: StepsInput): readonly OnboardingStep[] {
  if (input.state === 'offboarded') return [];
  if (input.state === 'active' || input.state === 'attention') return [...(input.isReconsentNeeded ? [reconsent(input.state)] : []), watch(input.state)];
  const from = ORDER.indexOf(input.state);
  const isAnswered = from > ORDER.indexOf('consent_verifying');
  const remaining = [...consentSteps(input), PROVE, ...(input.isOwned ? [] : [OWN]), findAdmin(input.adminChoice), VALIDATE].filter(({ state }) => ORDER.indexOf(state) >= from);
  const needsInvitation = !input.isInvited && remaining.some(({ who }) => who === 'customer admin');
  const first = isAnswered && input.isReconsentNeeded ? [reconsent(input.state)] : needsInvitation ? [invite(input.state)] : [];
  return [...first, ...remaining, watch('active')];
}

const ORDER: readonly JourneyState[] = ['new', 'consent_pending', 'consent_verifying', 'consented', 'admin_needed', 'sso_validating', 'active'];

function invite(state: JourneyState): OnboardingStep {
  return {
    state,
    who: 'operator',
    does: 'opens a consent request and hands its address to the customer\'s admin',
    asks: 'whether the expected tenant exists, when one is named',
    writes: 'the invitation (its hash, never its address), the journey, an audit entry',
    why: 'only an admin of the customer can grant application permissions',
  };
}

function consentSteps({ openRounds }: StepsInput): readonly OnboardingStep[] {
  return openRounds.map(({ round, displayName }) => ({
    state: 'consent_pending',
    who: 'customer admin',
    does: `approves ${displayName} on Microsoft's page (round ${round})`,
    asks: 'a fresh app token from the tenant that answered',
    writes: 'the round and the tenant it was proven for, an audit entry; Microsoft creates the app\'s service principal and its grants',
    why: 'one redirect consents one app, and Microsoft\'s redirect is a claim until its token endpoint agrees',
  }));
}

const PROVE: OnboardingStep = {
  state: 'consent_verifying',
  who: 'this package',
  does: 'reads tokens and directory five times in at least a minute and compares them with the ask',
  asks: 'one fresh app token per app and resource, and the service principals, assignments and grants of the tenant',
  writes: 'the reads of the journey; after the fifth good one the proof and an audit entry',
  why: 'replicas of the directory disagree for a while, and one of them can be asked five times by mistake',
};

const OWN: OnboardingStep = {
  state: 'consented',
  who: 'customer admin',
  does: 'signs in once more in the same browser, confirms the account\'s name and chooses the access level',
  asks: 'an OpenID Connect sign-in, without Graph permissions',
  writes: 'that the tenant belongs to this account, the access level, audit entries',
  why: 'whoever consented may administer another tenant than the one that was meant',
};

function findAdmin(adminChoice: 'manual' | 'first'): OnboardingStep {
  return {
    state: 'admin_needed',
    who: adminChoice === 'first' ? 'this package' : 'operator',
    does: adminChoice === 'first' ? 'binds the admin who is ranked first' : 'chooses whom of the ranked admins to bind',
    asks: 'who holds the required roles, directly, through groups or as eligible',
    writes: 'the single sign-on binding, an audit entry',
    why: 'operators act for a named admin of the customer and for nobody else',
  };
}

const VALIDATE: OnboardingStep = {
  state: 'sso_validating',
  who: 'this package',
  does: 'reads the bound admin and the consent again until both hold',
  asks: 'the admin\'s account and roles, and what is granted',
  writes: 'the state of the binding and of the journey, an audit entry',
  why: 'an account is active only on evidence from after the binding',
};

function watch(state: JourneyState): OnboardingStep {
  return {
    state,
    who: 'this package',
    does: state === 'attention' ? 'looks every hour whether what was lost is back, and proves it anew' : 'looks every hour whether consent and admin still hold',
    asks: 'what is granted, and the bound admin',
    writes: 'when it was last seen; "attention" with reasons when something is lost, and an audit entry',
    why: 'grants and people change in the customer\'s tenant without anybody telling us',
  };
}

function reconsent(state: JourneyState): OnboardingStep {
  return {
    ...invite(state),
    does: 'opens a consent request again, for the permissions that are new',
    why: 'nothing that is declared later is granted by itself: the admin consents to the whole app again, of which only this is new',
  };
}
