/**
 * A whole onboarding while things go wrong, by people who do not give up: whoever meets an error waits as long as they are
 * told and tries again; when patience is used up the trouble ends, and from there everything must come to its good end.
 */
import { ERROR_CATALOG, type ErrorCode, type PublicCode } from '../../src/core/error-catalog';
import { isOnboardingError } from '../../src/core/errors';
import type { JourneyReport } from '../../src/core/corridor/context';
import type { FaultReport } from '../../src/sandbox/index';
import type { VisitedPage } from '../../src/sandbox/visitor';
import { auditOf, refusal } from './attacks';
import { worldTenant } from './directory';
import { OPERATOR, personWith, type Story, visitInvitation } from './story';
import { isGreen, lackingNow } from './truth';

export const CUSTOMER = 'contoso.example';
const ACCOUNT = 'contoso';
/** Tries of one step before the trouble ends. */
const PATIENCE = 8;
const TRIES_AFTERWARDS = 3;
const TURNS = 120;
const WAIT_SECONDS = 30;

/** Something stopped, with the word it stopped with. */
export interface Stop {
  readonly step: string;
  readonly code: string;
}

export interface Trouble {
  readonly story: Story;
  readonly stops: Stop[];
  /** Of every plan that ran; taken before it ends. */
  readonly reports: FaultReport[];
}

export function beginTrouble(story: Story, plan: object): Trouble {
  story.sandbox.faults.set(plan);
  return { story, stops: [], reports: [] };
}

/** From here on nothing goes wrong. What the sandbox saw of our manners is kept. */
export function endTrouble({ story, reports }: Trouble): void {
  const report = story.sandbox.faults.report();
  if (report !== undefined) reports.push(report);
  story.sandbox.faults.set(undefined);
}

/** Account, consent, ownership, binding: up to the report of an account that is active. */
export async function onboardThrough(trouble: Trouble, isThere = (report: JourneyReport) => report.state === 'active'): Promise<JourneyReport> {
  const { story } = trouble;
  const { onboarding } = story;
  await onboarding.addAccount({ id: ACCOUNT, name: 'Contoso Ltd', expectedTenant: CUSTOMER }, OPERATOR);
  const url = await persist(trouble, 'open consent', async () => (await onboarding.openConsent({ accountId: ACCOUNT, operatorId: OPERATOR })).url);
  await persist(trouble, 'the admin', () => visitOnce(trouble, url));
  return advanceThrough(trouble, isThere);
}

/** Until the journey is where it should be. Fails when it settles elsewhere although nothing goes wrong any more. */
export async function advanceThrough(trouble: Trouble, isThere: (report: JourneyReport) => boolean): Promise<JourneyReport> {
  const { story } = trouble;
  for (let turn = 0; turn < 3 * TURNS; turn += 1) {
    if (turn === TURNS) endTrouble(trouble);
    const report = await persist(trouble, 'advance', () => story.onboarding.advance(ACCOUNT));
    requireTrue(story, report);
    if (isThere(report)) return report;
    requireExplained(report);
    story.advanceClock(Math.max(WAIT_SECONDS, ((report.nextCheckAt ?? 0) - story.clock.now()) / 1000));
  }
  throw new Error(`The journey never came to its end: ${JSON.stringify(await story.onboarding.status(ACCOUNT))}`);
}

/** Green is what the directory itself says, at the moment it is said. */
export function requireTrue(story: Story, { state }: Pick<JourneyReport, 'state'>): void {
  const lacking = isGreen(state) ? lackingNow(story, CUSTOMER) : [];
  if (lacking.length > 0) throw new Error(`A false green: ${state}, and the directory lacks ${lacking.join('; ')}`);
}

/** A stop says why, in words the catalog has. */
export function requireExplained({ state, reasons, waitingFor }: JourneyReport): void {
  const isWaiting = waitingFor === 'replication' && state !== 'attention';
  if (!isWaiting && reasons.length === 0) throw new Error(`It stopped in ${state} and does not say why.`);
  const unknown = reasons.find(({ code }) => !Object.hasOwn(ERROR_CATALOG, code));
  if (unknown !== undefined) throw new Error(`A reason nobody can look up: ${unknown.code}`);
}

/** Import and registration of a certificate on the partner's own app. */
export async function registerThrough(trouble: Trouble, bytes: Uint8Array): Promise<{ readonly keyId: string }> {
  const { certificates } = trouble.story.installation;
  const { record } = await certificates.importFile({ name: 'backup', bytes }, OPERATOR);
  return persist(trouble, 'register', () => certificates.register(record.id, 'backup', OPERATOR));
}

/** Try again, politely, and in the end without trouble. */
export async function persist<T>(trouble: Trouble, step: string, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const { code, retryAfterSeconds } = explain(error, step);
      trouble.stops.push({ step, code });
      if (tries === PATIENCE) endTrouble(trouble);
      if (tries >= PATIENCE + TRIES_AFTERWARDS) throw error;
      trouble.story.advanceClock(Math.max(WAIT_SECONDS, retryAfterSeconds ?? 0));
    }
  }
}

/** What an operator would be told. A stop nobody can explain is a failure of the product. */
function explain(error: unknown, step: string): { readonly code: string; readonly retryAfterSeconds: number | undefined } {
  if (error instanceof Refused) return { code: error.code, retryAfterSeconds: undefined };
  if (!isOnboardingError(error) || ERROR_CATALOG[error.code].reaction === 'investigate') throw new Error(`${step} failed in a way that only a developer could explain.`, { cause: error });
  return error;
}

/** The admin was turned away by a page. */
class Refused extends Error {
  constructor(
    readonly code: string,
    page: string,
  ) {
    super(`${code} at ${page}`);
  }
}

const OUR_WORDS: ReadonlySet<string | undefined> = new Set<PublicCode>(['invalid', 'expired', 'try_later', 'declined', 'failed']);

/** A new browser each time, as a person would open the mail again. */
async function visitOnce({ story }: Trouble, url: string): Promise<void> {
  const admin = personWith(story.tenant(CUSTOMER), 'Global Administrator');
  const visitor = story.visitor();
  const visited = async (visit: Promise<VisitedPage>): Promise<VisitedPage> => {
    const page = await visit.catch((error: unknown) => {
      // The browser's own "this page cannot be reached", or a page of Microsoft's that came in half.
      throw new Refused('BROWSER', error instanceof Error ? error.message.slice(0, 200) : 'unknown');
    });
    return page;
  };
  const page = await visited(visitInvitation(story, url, admin, 'accept', visitor));
  if (page.text('admin') === undefined) throw refusedBy(story, page);
  const done = await visited(visitor.submit(page, 'confirm', { accessLevel: 'restricted' }));
  if (done.text('done') === undefined) throw refusedBy(story, done);
}

function refusedBy(story: Story, page: VisitedPage): Refused {
  const isOurs = page.url.startsWith(story.publicBaseUrl);
  if (!isOurs) return new Refused('MICROSOFT', `${page.status} ${new URL(page.url).pathname}`);
  // The page still waits for Microsoft: the person has other things to do and comes back later.
  if (page.refreshSeconds !== undefined || page.text('go-on') !== undefined) return new Refused('WAITING', page.url);
  const { publicCode, code } = refusal(story, page);
  if (!OUR_WORDS.has(publicCode) || code === undefined || ERROR_CATALOG[code as ErrorCode].reaction === 'investigate') throw new Error(`A page that leaves the admin alone: ${page.status} ${page.url} ${publicCode} ${code}\n${story.log.slice(-3).join('\n')}`);
  return new Refused(code, page.url);
}

/** What there must be exactly one of, wherever answers were lost on the way. */
export async function effects(story: Story) {
  const now = story.clock.now();
  const tenant = worldTenant(story, CUSTOMER);
  const home = story.sandbox.world.tenants.get(story.sandbox.world.homeTenantId);
  const principals = story.sandbox.ready.apps.map(({ appId }) => tenant.servicePrincipals.list(now).filter((row) => row.appId === appId).length);
  const assignments = tenant.appRoleAssignments.list(now).map((row) => `${row.principalId} ${row.resourceId} ${row.appRoleId}`);
  const grants = tenant.oauth2PermissionGrants.list(now).map((row) => `${row.clientId} ${row.resourceId} ${row.principalId}`);
  const audit = await auditOf(story);
  return {
    principals,
    doubledAssignments: assignments.length - new Set(assignments).size,
    doubledGrants: grants.length - new Set(grants).size,
    keyCredentials: story.sandbox.ready.apps.map(({ objectId }) => home?.applications.get(objectId, now)?.keyCredentials.length),
    doubledAuditIds: audit.length - new Set(audit.map((entry) => entry.id)).size,
    orphanedIntents: (await story.installation.audit.orphanedIntents()).map((entry) => entry.id),
    chain: (await story.installation.audit.verify()).intact,
    gaps: story.sandbox.gaps(),
  };
}
