/**
 * What the product makes of a lie: one customer from the invitation to an operator, while Microsoft's stand-in lies, and where
 * that is never told, one certificate from its registration to the end of its rotation.
 */
import { isOnboardingError } from '../../src/core/errors';
import { playPerson, type ConsentDecision } from '../../src/sandbox/admin';
import type { LieId } from '../../src/sandbox/index';
import type { VisitedPage, Visitor } from '../../src/sandbox/visitor';
import { invite, refusal } from './attacks';
import { keysOf, registered, rotateUntil, signOnce } from './rotations';
import { OPERATOR, personWith, startStory, type Story } from './story';

/** `noticed`: the journey stopped or says what is wrong. `unnoticed`: told, and the journey ended as if nothing were. `untold`: nobody came where it is told. */
export interface LieOutcome {
  readonly outcome: 'noticed' | 'unnoticed' | 'untold';
  /** Our codes, where noticed. */
  readonly codes: readonly string[];
}

const MAX_TURNS = 12;
const MAX_LOOKS = 12;

export async function openLyingStory(): Promise<Story> {
  return startStory({ configure: () => ({ adminChoice: 'first' }) });
}

export async function liveThrough(story: Story, lie: LieId): Promise<LieOutcome> {
  const onboarded = await live(story, lie, async () => walk(story, lie.startsWith('L-DECLINE') ? 'cancel' : 'accept'));
  return onboarded.outcome === 'untold' ? live(story, lie, async () => exchangeCertificate(story), async () => judgeKeys(story)) : onboarded;
}

type Ending = 'as it should' | readonly string[];

/** `truth` is asked when nobody lies any more. */
async function live(story: Story, lie: LieId, way: () => Promise<Ending>, truth: () => Promise<Ending> = async () => 'as it should'): Promise<LieOutcome> {
  await story.renew();
  story.sandbox.setLies([lie]);
  const ended = await endingOf(way);
  const isTold = await wasTold(story, lie);
  story.sandbox.setLies([]);
  const judged = ended === 'as it should' ? await truth() : ended;
  if (judged !== ended) throw new Error(`${lie} ended well and is not: ${String(judged)}`);
  const codes = judged === 'as it should' ? [] : judged;
  return { outcome: codes.length > 0 ? 'noticed' : isTold ? 'unnoticed' : 'untold', codes };
}

/** The codes the way ended with instead of the right end. */
async function endingOf(way: () => Promise<Ending>): Promise<Ending> {
  try {
    return await way();
  } catch (error) {
    if (isOnboardingError(error)) return [error.code];
    throw error;
  }
}

async function walk(story: Story, decision: ConsentDecision): Promise<Ending> {
  const visitor = story.visitor();
  const tenant = story.tenant('contoso.example');
  const landing = await visitor.submit(await visitor.open(await invite(story)), 'continue');
  const page = await visit(story, visitor, landing, decision);
  const { code } = refusal(story, page);
  if (decision === 'cancel' && code === 'CONSENT_DECLINED') return 'as it should';
  if (code !== undefined) return [code];
  if (page.text('error-code') !== undefined) return [`stopped by Microsoft: ${page.text('error-code')?.slice(0, 14)}`];
  if (page.text('admin') !== undefined) await visitor.submit(page, 'confirm', { accessLevel: 'restricted' });
  const report = await settle(story);
  if (report.state !== 'active') return [...new Set([report.state, ...report.reasons.map((reason) => reason.code)])];
  const [binding, owned] = [await story.onboarding.showBinding('contoso'), await story.onboarding.showAccount('contoso')];
  return binding.tenantId === tenant.tenantId && owned.tenantId === tenant.tenantId ? 'as it should' : ['bound to the wrong tenant'];
}

async function exchangeCertificate(story: Story): Promise<Ending> {
  const first = await registered(story, ['backup']);
  await rotateUntil(story, first, 'done');
  await signOnce(story, 'backup');
  return 'as it should';
}

async function judgeKeys(story: Story): Promise<Ending> {
  const { certificates } = story.installation;
  const active = (await certificates.list(OPERATOR)).filter(({ state }) => state === 'active');
  const keys = await keysOf(story, 'backup');
  const isRight = active.length === 1 && keys.length === 1 && keys[0]?.keyId === active[0]?.usedBy[0]?.keyId;
  return isRight ? 'as it should' : ['the wrong keys are registered'];
}

/** From page to page as this person would go, looking again at a page that waits, but not for ever. */
async function visit(story: Story, visitor: Visitor, start: VisitedPage, decision: ConsentDecision): Promise<VisitedPage> {
  const admin = personWith(story.tenant('contoso.example'), 'Global Administrator');
  let page = await playPerson(visitor, start, admin, decision);
  for (let look = 0; look < MAX_LOOKS && page.refreshSeconds !== undefined; look += 1) {
    story.advanceClock(page.refreshSeconds);
    page = await playPerson(visitor, await visitor.reload(page), admin, decision);
  }
  return page;
}

/** Until nothing more is waited for, or for as many looks as an honest directory needs many times over. */
async function settle(story: Story) {
  let report = await story.onboarding.advance('contoso');
  for (let turn = 0; turn < MAX_TURNS && report.waitingFor === 'replication' && report.nextCheckAt !== null; turn += 1) {
    story.advanceClock(Math.max(0.001, (report.nextCheckAt - story.clock.now()) / 1000));
    report = await story.onboarding.advance('contoso');
  }
  return report;
}

async function wasTold(story: Story, lie: LieId): Promise<boolean> {
  const response = await fetch(`${story.sandbox.ready.control}/lies`);
  const { items } = (await response.json()) as { readonly items: readonly { readonly id: string; readonly isReached: boolean }[] };
  return items.some(({ id, isReached }) => id === lie && isReached);
}
