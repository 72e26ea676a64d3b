/**
 * The stage of the journeys: the real sandbox over TLS, the real msal-node and graph-client, our pages on loopback, and
 * one clock for all of them that a sleep moves instead of waiting.
 */
import { readFileSync } from 'node:fs';
import { startServer } from '../../src/core/adapters/node-server';
import { createJwtService } from '../../src/core/adapters/jose-jwt';
import { createMemoryStore, type IdentifiedStore } from '../../src/core/adapters/memory-store';
import { type Configuration, parseConfiguration } from '../../src/core/configuration';
import { createInstallation, type Installation, type InstallationOptions } from '../../src/core/installation';
import type { Clock, DomainEvent, Logger } from '../../src/core/ports';
import { parseKeyRing } from '../../src/core/sealing';
import type { WebRequest, WebResponse } from '../../src/core/internal/web';
import { playPerson, type ConsentDecision } from '../../src/sandbox/admin';
import { buildConfig, type ReadyTenant, type ReadyUser, type RunningSandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index';
import { createVisitor, type VisitedPage, type Visitor } from '../../src/sandbox/visitor';

export interface ChapterOptions {
  /** Changes to the configuration as a file would have them. */
  readonly configure?: ((config: ReturnType<typeof buildConfig>) => Record<string, unknown>) | undefined;
  readonly openStore?: ((clock: Clock) => Promise<IdentifiedStore>) | undefined;
  /** Around the store, for instance to watch or to break it. */
  readonly wrapStore?: ((store: IdentifiedStore) => IdentifiedStore) | undefined;
}

export interface StoryOptions extends ChapterOptions {
  readonly sandbox?: SandboxOptions | undefined;
}

export const OPERATOR = 'op-1';
export const MASTER_KEYS = `k1:${Buffer.alloc(32, 5).toString('base64')}`;

interface Chapter {
  readonly store: IdentifiedStore;
  /** As a file would hold it. */
  readonly written: Record<string, unknown>;
  readonly configuration: Configuration;
  readonly installation: Installation;
}

export async function startStory(options: StoryOptions = {}) {
  const sandbox = await startSandbox(options.sandbox);
  const clock: Clock = {
    now: () => sandbox.clock.now(),
    sleep: async (ms) => sandbox.clock.advance(ms / 1000),
  };
  const log: string[] = [];
  const events: DomainEvent[] = [];
  const current: { chapter?: Chapter } = {};
  const chapter = () => current.chapter as Chapter;
  const answers: WebResponse[] = [];
  const handle = async (request: WebRequest) => {
    const answer = await chapter().installation.onboarding.handle(request);
    answers.push(answer);
    return answer;
  };
  const server = await startServer({ host: '127.0.0.1', port: 0, handle });
  const portalKey = await createJwtService().generateSigningKey('ES256');
  const portal = { audience: 'https://portal.northwind.example', deliverTo: 'https://portal.northwind.example/enter', jwksOrClientKey: portalKey.publicJwk };
  const base = buildConfig(sandbox.ready, { publicBaseUrl: `http://localhost:${server.port}`, portal });
  const ca = readFileSync(sandbox.ready.caFile, 'utf8');
  const secrets = new Map(sandbox.ready.apps.map((app) => [`${app.key}.secret`, app.clientSecret]));

  const install = async (store: IdentifiedStore, configuration = chapter().configuration, more: Partial<InstallationOptions> = {}) =>
    createInstallation({
      configuration,
      store,
      clock,
      masterKeys: parseKeyRing(MASTER_KEYS),
      ca,
      readFile: (path) => secrets.get(path) ?? '',
      environment: {},
      logger: collectingLogger(log),
      events: { emit: (event) => void events.push(event) },
      deployment: store.claimScope,
      ...more,
    });

  /** An empty state and an untouched directory; the sandbox, its clock and our port stay. */
  const renew = async (changes: ChapterOptions = {}): Promise<void> => {
    await current.chapter?.installation.close();
    sandbox.reset();
    sandbox.setReplicationLagMs(NO_LAG);
    for (const collected of [log, events, answers]) collected.length = 0;
    const opened = await (changes.openStore ?? options.openStore ?? openMemory)(clock);
    const store = changes.wrapStore?.(opened) ?? opened;
    const written = { ...base, settingsUrl: undefined, ...options.configure?.(base), ...changes.configure?.(base) };
    const configuration = parseConfiguration(written);
    current.chapter = { store, written, configuration, installation: await install(store, configuration) };
  };

  /** The same state under another configuration, as after an edit of the file and a restart. */
  const reconfigure = async (change: (written: Record<string, unknown>) => Record<string, unknown>): Promise<void> => {
    const written = { ...chapter().written, ...change(chapter().written) };
    const configuration = parseConfiguration(written);
    current.chapter = { store: chapter().store, written, configuration, installation: await install(chapter().store, configuration) };
  };

  await renew(options);
  return {
    sandbox,
    clock,
    log,
    events,
    /** What our pages answered, as it left the core. */
    answers,
    install,
    renew,
    reconfigure,
    ca,
    secrets,
    portalKey,
    publicBaseUrl: `http://localhost:${server.port}`,
    port: server.port,
    get store() {
      return chapter().store;
    },
    get written() {
      return chapter().written;
    },
    get configuration() {
      return chapter().configuration;
    },
    get installation() {
      return chapter().installation;
    },
    get onboarding() {
      return chapter().installation.onboarding;
    },
    advanceClock: (seconds: number) => sandbox.clock.advance(seconds),
    visitor: () => createVisitor({ ca }),
    tenant: (domain: string) => requireTenant(sandbox, domain),
    stop: async () => {
      await chapter().installation.close();
      await server.close();
      await sandbox.stop();
    },
  };
}

const NO_LAG = { 'graph.get': 0, 'graph.list': 0, 'sts.servicePrincipal': 0, 'sts.keys': 0, 'sts.roles': 0 } as const;

async function openMemory(clock: Clock): Promise<IdentifiedStore> {
  return createMemoryStore({ clock });
}

export type Story = Awaited<ReturnType<typeof startStory>>;

export function requireTenant(sandbox: RunningSandbox, domain: string): ReadyTenant {
  const tenant = sandbox.ready.tenants.find((candidate) => candidate.domain === domain);
  if (tenant === undefined) throw new Error(`The seed has no tenant ${domain}: ${sandbox.ready.tenants.map((one) => one.domain).join(', ')}`);
  return tenant;
}

/** The first person with this role and these notes (`''`: an ordinary holder). */
export function personWith(tenant: ReadyTenant, role: string | undefined, notes = ''): { upn: string; password: string; objectId: string } & ReadyUser {
  const found = tenant.users.find((person) => (role === undefined ? person.roles.length === 0 : person.roles.includes(role)) && (person.notes ?? '') === notes);
  if (found === undefined) throw new Error(`Nobody in ${tenant.domain} is ${role ?? 'without role'} (${notes}): ${tenant.users.map((one) => `${one.upn} ${one.roles.join('+')} ${one.notes}`).join('; ')}`);
  return { ...found, upn: found.signInName ?? found.upn };
}

/** From the invitation's landing page to wherever this person ends up; waiting pages are waited for by moving the clock. */
export async function visitInvitation(story: Story, url: string, person: { readonly upn: string; readonly password: string }, decision: ConsentDecision = 'accept', visitor: Visitor = story.visitor()): Promise<VisitedPage> {
  const landing = await visitor.open(url);
  return continueVisit(story, visitor, await visitor.submit(landing, 'continue'), person, decision);
}

export async function continueVisit(story: Story, visitor: Visitor, start: VisitedPage, person: { readonly upn: string; readonly password: string }, decision: ConsentDecision = 'accept'): Promise<VisitedPage> {
  let page = start;
  for (let step = 0; step < 60; step += 1) {
    const before = page;
    page = await playPerson(visitor, page, person, decision);
    if (page.refreshSeconds !== undefined) {
      story.advanceClock(page.refreshSeconds);
      page = await visitor.reload(page);
    } else if (page === before) return page;
  }
  return page;
}

/** Consent in every round, ownership confirmed with this level. Returns the closing page. */
export async function onboardAsAdmin(story: Story, url: string, person: { readonly upn: string; readonly password: string }, accessLevel: 'none' | 'restricted' | 'full' = 'restricted'): Promise<VisitedPage> {
  const visitor = story.visitor();
  const confirm = await visitInvitation(story, url, person, 'accept', visitor);
  if (confirm.text('admin') === undefined) throw new Error(`Not the confirmation page: ${confirm.status} ${confirm.url}\n${confirm.html.slice(-1500)}`);
  return visitor.submit(confirm, 'confirm', { accessLevel });
}

/**
 * Both rounds as this person, up to Microsoft's page for the sign-in that proves ownership, where somebody else may go on.
 * What the sandbox's `playPerson` would do, one page at a time.
 */
export async function consentOnly(story: Story, url: string, person: { readonly upn: string; readonly password: string }, visitor: Visitor): Promise<VisitedPage> {
  let page = await visitor.submit(await visitor.open(url), 'continue');
  for (let step = 0; step < 40 && !isSignInPage(page); step += 1) {
    const offers = (testId: string) => page.forms.some((form) => form.buttons.some((button) => button.testId === testId));
    if (page.refreshSeconds !== undefined) {
      story.advanceClock(page.refreshSeconds);
      page = await visitor.reload(page);
    } else if (offers('accept')) page = await visitor.submit(page, 'accept');
    else if (offers('password')) page = await visitor.submit(page, 'submit', { passwd: person.password });
    else if (offers('username')) page = await visitor.submit(page, 'submit', { login: person.upn });
    else page = await visitor.submit(page, 'use-another-account');
  }
  if (!isSignInPage(page)) throw new Error(`Consent did not come to its end: ${page.status} ${page.url}`);
  return page;
}

function isSignInPage(page: VisitedPage): boolean {
  return new URL(page.url).pathname.endsWith('/oauth2/v2.0/authorize');
}

/** Advance until the journey waits for something other than time. */
export async function advanceUntilSettled(story: Story, accountId: string, limit = 80) {
  for (let turn = 0; turn < limit; turn += 1) {
    const report = await story.onboarding.advance(accountId);
    if (report.waitingFor !== 'replication' || report.nextCheckAt === null) return report;
    story.advanceClock(Math.max(0.001, (report.nextCheckAt - story.clock.now()) / 1000));
  }
  throw new Error('The journey never settled.');
}

function collectingLogger(log: string[]): Logger {
  const write = (level: string) => (message: string, fields?: object) => void log.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  return { debug: write('debug'), info: write('info'), warn: write('warn') };
}
