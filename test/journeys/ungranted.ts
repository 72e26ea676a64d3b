/**
 * Customers who never granted what they seem to have granted, each in a way of their own, on days on which other things go
 * wrong too: whatever is told, it is held against the directory itself, and it never ends in green.
 */
import { expect } from 'vitest';
import { ERROR_CATALOG } from '../../src/core/error-catalog';
import { isOnboardingError } from '../../src/core/errors';
import type { LieId } from '../../src/sandbox/index';
import { answerWithout, auditOf, forgeCallback, lastState } from './attacks';
import { changePrincipal, deletePrincipal, removePermission } from './directory';
import { consentOnly, OPERATOR, personWith, type Story, visitInvitation } from './story';
import { beginTrouble, CUSTOMER, endTrouble, persist, requireExplained, requireTrue, type Trouble } from './trouble';
import { isGreen } from './truth';

interface Way {
  readonly lies?: readonly LieId[];
  /** What the admin, or somebody else, does with the invitation. */
  readonly answer: (story: Story, url: string) => Promise<unknown>;
  /** What happens in the tenant right afterwards. */
  readonly lose?: (story: Story) => void;
}

const admin = (story: Story) => personWith(story.tenant(CUSTOMER), 'Global Administrator');
/** Up to the sign-in that would prove ownership: what is proven by then is the consent alone. */
const accept = async (story: Story, url: string) => consentOnly(story, url, admin(story), story.visitor());
const tenantIdOf = (story: Story, domain: string) => story.tenant(domain).tenantId;

export const WAYS = {
  'the redirect says yes and nothing was granted': { lies: ['L-CONSENT-NOTHING'], answer: accept },
  'the last permission of each app was left out': { lies: ['L-CONSENT-PARTIAL'], answer: accept },
  'nothing delegated was granted': { lies: ['L-CONSENT-DELEGATED'], answer: accept },
  'the admin pressed Cancel': { answer: async (story, url) => visitInvitation(story, url, admin(story), 'cancel') },
  'nobody was at Microsoft, and the answer was forged': {
    answer: async (story, url) => {
      const visitor = story.visitor();
      await answerWithout(story, visitor, url, tenantIdOf(story, CUSTOMER));
      return visitor.open(forgeCallback(story, { admin_consent: 'True', tenant: tenantIdOf(story, CUSTOMER), state: lastState(visitor) }));
    },
  },
  'another customer\'s tenant was named': { answer: async (story, url) => answerWithout(story, story.visitor(), url, tenantIdOf(story, 'fabrikam.example')) },
  'round 2 took back what round 1 had given': { answer: accept, lose: (story) => void removePermission(story, CUSTOMER, 'backup', 'Mail.ReadWrite') },
  'the second app was disabled': { answer: accept, lose: (story) => changePrincipal(story, CUSTOMER, 'restore', { accountEnabled: false }) },
  'the first app was deleted': { answer: accept, lose: (story) => deletePrincipal(story, CUSTOMER, 'backup') },
} as const satisfies Readonly<Record<string, Way>>;

export type WayName = keyof typeof WAYS;
export const WAY_NAMES = Object.keys(WAYS) as readonly WayName[];

const ACCOUNT = 'contoso';
/** First as often as the product wants to look, then for more than a day. */
const QUICK_TURNS = 8;
const SLOW_TURNS = 5;
const SLOW_SECONDS = 6 * 3600;
const VISITS = 2;

/** Never green, with a reason at the end, and politely all the time. */
export async function neverGranted(story: Story, name: WayName, plan: { readonly preset: string; readonly seed: string }): Promise<void> {
  const way: Way = WAYS[name];
  await story.renew({ configure: () => ({ adminChoice: 'first' }) });
  story.sandbox.setLies(way.lies ?? []);
  const trouble = beginTrouble(story, plan);
  await story.onboarding.addAccount({ id: ACCOUNT, name: 'Contoso Ltd', expectedTenant: CUSTOMER }, OPERATOR);
  const url = await persist(trouble, 'open consent', async () => (await story.onboarding.openConsent({ accountId: ACCOUNT, operatorId: OPERATOR })).url);
  await answered(trouble, way, url);
  await watch(trouble, QUICK_TURNS, 30);
  await watch(trouble, SLOW_TURNS, SLOW_SECONDS);
  endTrouble(trouble);
  await watch(trouble, 2, SLOW_SECONDS);
  story.sandbox.setLies([]);
  expect(trouble.reports.map(({ expect: verdict }) => verdict.violations)).toEqual(trouble.reports.map(() => []));
  expect((await auditOf(story)).filter((entry) => entry.action === 'consent.granted')).toEqual([]);
}

/** On a bad day the pages fail as well; whoever answers tries a few times and gives up. */
async function answered({ story }: Trouble, way: Way, url: string): Promise<void> {
  for (let visit = 0; visit < VISITS; visit += 1) {
    await way.answer(story, url).catch(() => undefined);
    story.advanceClock(30);
  }
  try {
    way.lose?.(story);
  } catch {
    // The pages failed so often that there is nothing to take back: that is no consent either.
  }
}

async function watch({ story }: Trouble, turns: number, seconds: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    const report = await story.onboarding.advance(ACCOUNT).catch((error: unknown) => {
      if (!isOnboardingError(error) || ERROR_CATALOG[error.code].reaction === 'investigate') throw error;
    });
    const known = report ?? (await story.onboarding.status(ACCOUNT));
    requireTrue(story, known);
    if (isGreen(known.state)) throw new Error(`Green, although nothing was granted: ${known.state}`);
    if (known.state !== 'consent_pending') requireExplained(known);
    if (isGreen((await story.onboarding.showAccount(ACCOUNT)).state)) throw new Error('The account is shown in green.');
    story.advanceClock(Math.max(seconds, ((known.nextCheckAt ?? 0) - story.clock.now()) / 1000));
  }
}
