/** The process of a host. Every operation is watched for how long it holds the event loop. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type * as Public from 'n8n-nodes-m365-onboarding';
import type { Clock, Installation, RunningServer } from 'n8n-nodes-m365-onboarding';
import { buildConfig, type Ready } from 'n8n-nodes-m365-onboarding/sandbox';
import type * as JourneyFile from '../../src/core/accounts/journey';
import type * as RecordsFile from '../../src/core/records';
import type * as ClaimsFile from '../../src/core/sso/claims';
import type * as OwnershipFile from '../../src/core/sso/ownership-records';
import { built, root } from './built.mts';
import { cpuMsOfProcess, serveOperations } from './child.mts';
import type { HostOperations, Product, SweptFleet, Watched } from './host.mts';
import { watchLoop, type LoopReport } from './loop-watch.mts';
import type { Customer } from './sandbox.mts';

type Core = typeof Public;
const OPERATOR = 'op-1';
const MASTER_KEYS = `bench:${Buffer.alloc(32, 7).toString('base64')}`;
const PORTAL = { audience: 'https://portal.example', deliverTo: 'https://portal.example/enter' };

async function loadCore(product: Product): Promise<Core> {
  return product === 'library' ? await built<Core>('dist/core/index.mjs') : (createRequire(import.meta.url)(`${root}dist/nodes/core.bundle.js`) as Core);
}

/** Everything the operations work on; built in the order load, open, servePages. */
class Host {
  #core: Core | undefined;
  #installation: Installation | undefined;
  #server: RunningServer | undefined;
  #ready: Ready | undefined;
  #store: Awaited<ReturnType<Core['openStateStore']>> | undefined;
  #certificateId: string | undefined;
  #ahead = 0;
  #adminChoice: 'manual' | 'first' = 'manual';

  readonly clock: Clock = { now: () => Date.now() + this.#ahead, sleep: async (ms) => void (this.#ahead += ms) };

  get core(): Core {
    return this.#core ?? raise('The core was not loaded.');
  }

  get installation(): Installation {
    return this.#installation ?? raise('The installation was not opened.');
  }

  async load(product: Product): Promise<null> {
    this.#core = await loadCore(product);
    return null;
  }

  async open(ready: Ready, folder: string): Promise<null> {
    this.#ready = ready;
    this.#store = await this.core.openStateStore('sqlite:state.sqlite', { clock: this.clock, folder });
    return this.#install();
  }

  async useCertificate(id: string): Promise<null> {
    this.#certificateId = id;
    return this.#install();
  }

  async servePages(): Promise<string> {
    this.#server = await this.core.startServer({ host: '127.0.0.1', port: 0, handle: (request) => this.installation.onboarding.handle(request) });
    await this.#install();
    return `http://localhost:${this.#server.port}`;
  }

  advanceClock(seconds: number): null {
    this.#ahead += seconds * 1000;
    return null;
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await this.#installation?.close();
  }

  async #install(): Promise<null> {
    const ready = this.#ready ?? raise('There is no sandbox.');
    const { settingsUrl: _unused, ...base } = buildConfig(ready, {
      publicBaseUrl: `http://localhost:${this.#server?.port ?? 4180}`,
      portal: { ...PORTAL, jwksOrClientKey: { kty: 'EC', crv: 'P-256', ...POINT } },
    });
    const apps = base.apps.map((app) => (this.#certificateId === undefined ? app : { ...app, credential: { certificateId: this.#certificateId } }));
    this.#installation = await this.core.createInstallation({
      configuration: this.core.parseConfiguration({ ...base, apps, adminChoice: this.#adminChoice }),
      store: this.#store ?? raise('There is no state.'),
      clock: this.clock,
      masterKeys: this.core.parseKeyRing(MASTER_KEYS),
      ca: readFileSync(ready.caFile, 'utf8'),
      readFile: (path) => ready.apps.find((app) => path === `${app.key}.secret`)?.clientSecret ?? '',
      environment: {},
      deployment: 'host',
    });
    return null;
  }

  /** The records that a walk through the pages leaves behind, for as many tenants as a measurement needs. */
  async adopt(customers: readonly Customer[], labelOf: (customer: Customer) => readonly string[] = () => []): Promise<null> {
    const { updateJourney } = await built<typeof JourneyFile>('dist/core/accounts/journey.mjs');
    const { claimRecord } = await built<typeof RecordsFile>('dist/core/records.mjs');
    const { holdClaim, settleClaim } = await built<typeof ClaimsFile>('dist/core/sso/claims.mjs');
    const { accountTenantKind, tenantClaimKind } = await built<typeof OwnershipFile>('dist/core/sso/ownership-records.mjs');
    const { ports, onboarding } = this.installation;
    for (const { key, domain } of customers) {
      const tenantId = this.#ready?.tenants.find((tenant) => tenant.domain === domain)?.tenantId ?? raise(`The sandbox has no ${domain}.`);
      await onboarding.addAccount({ id: key, name: key, expectedTenant: domain, labels: labelOf({ key, domain }) }, OPERATOR);
      await holdClaim(ports, tenantClaimKind, tenantId, key);
      const now = this.clock.now();
      const evidence = { id: key, accountId: key, tenantId, objectId: key, upn: `ada@${domain}`, displayName: 'Ada', roles: [], authenticatedAt: now, signedInAt: now, confirmedAt: now, accessLevel: null };
      await claimRecord(ports, accountTenantKind, key, { state: 'held', evidence });
      await settleClaim(ports, tenantClaimKind, tenantId, key);
      await updateJourney(ports, key, (journey) => ({ ...journey, provenTenantId: tenantId, state: 'consent_pending' }));
      await updateJourney(ports, key, (journey) => ({ ...journey, state: 'consent_verifying', verifyingSince: now }));
    }
    return null;
  }

  async adoptConsented(customers: readonly Customer[], few: number): Promise<null> {
    const { updateJourney } = await built<typeof JourneyFile>('dist/core/accounts/journey.mjs');
    await this.adopt(customers, (customer) => (customers.slice(0, few).some(({ key }) => key === customer.key) ? ['few'] : []));
    const now = this.clock.now();
    for (const { key } of customers) await updateJourney(this.installation.ports, key, (journey) => ({ ...journey, epoch: 1, state: 'consented', consentEvidenceAt: now }));
    this.#adminChoice = 'first';
    return this.#install();
  }

  async sweep(input: { readonly label?: string; readonly concurrency: number }): Promise<SweptFleet> {
    const before = cpuMsOfProcess();
    const { accounts, ok, waiting, requests } = await this.installation.onboarding.sweep(input);
    const cpuMs = cpuMsOfProcess() - before;
    collectGarbage();
    return { accounts, ok, waiting, requests: (requests?.token ?? 0) + (requests?.graph ?? 0), cpuMs, heapMb: process.memoryUsage().heapUsed / 2 ** 20 };
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** A public point on P-256; nobody here holds its private half, and nothing is redeemed. */
const POINT = { x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' };

async function watched<T>(work: () => T | Promise<T>): Promise<Watched<T>> {
  const stop = watchLoop();
  const startedAt = performance.now();
  const value = await work();
  const durationMs = performance.now() - startedAt;
  // One turn more, so that what the last step held is seen.
  await new Promise((resolve) => setTimeout(resolve, 2));
  return { value, loop: stop(), durationMs };
}

/** At most `limit` at a time, results in order. */
async function inParallel<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}

function operationsOf(host: Host): HostOperations {
  let endWatch: (() => LoopReport) | undefined;
  let watchedSince = 0;
  const done = <T,>(work: () => Promise<T>) => watched(async () => work().then(() => null));
  return {
    load: (product) => watched(() => host.load(product)),
    open: ({ ready, folder }) => watched(() => host.open(ready, folder)),
    servePages: () => watched(() => host.servePages()),
    adopt: (customers) => watched(() => host.adopt(customers)),
    adoptConsented: ({ customers, few }) => watched(() => host.adoptConsented(customers, few)),
    sweep: (input) => watched(() => host.sweep(input)),
    advanceClock: (seconds) => watched(() => host.advanceClock(seconds)),
    idle: ({ ms }) => watched(async () => new Promise<null>((resolve) => setTimeout(resolve, ms, null))),
    generateCertificate: ({ name, keyBits }) => watched(async () => (await host.installation.certificates.generate({ name, keyBits }, OPERATOR)).id),
    registerCertificate: ({ id, appKey }) => done(() => host.installation.certificates.register(id, appKey, OPERATOR)),
    useCertificate: (id) => watched(() => host.useCertificate(id)),
    addAccount: ({ key, domain }) => done(() => host.installation.onboarding.addAccount({ id: key, name: key, expectedTenant: domain }, OPERATOR)),
    openConsent: (accountId) => watched(async () => (await host.installation.onboarding.openConsent({ accountId, operatorId: OPERATOR })).url),
    verifyConsent: ({ accountIds, concurrency }) =>
      watched(async () => {
        const reports = await inParallel(accountIds, concurrency, (id) => host.installation.onboarding.verifyConsent(id));
        return reports.filter(({ verdict }) => verdict === 'granted').length;
      }),
    listAdmins: ({ accountIds, concurrency }) =>
      watched(async () => {
        const found = await inParallel(accountIds, concurrency, (id) => host.installation.onboarding.listAdmins(id, OPERATOR));
        return found.map(({ candidates }) => candidates.map(({ displayName }) => displayName).join(', '));
      }),
    advance: (accountId) =>
      watched(async () => {
        const { state, nextCheckAt } = await host.installation.onboarding.advance(accountId);
        return { state, nextCheckAt, now: host.clock.now() };
      }),
    bindFirstAdmin: (accountId) => done(() => host.installation.onboarding.bindAdmin({ accountId, admin: 'first', operatorId: OPERATOR })),
    impersonate: (accountId) => done(() => host.installation.onboarding.impersonate({ accountId, operatorId: OPERATOR, reason: 'measured' })),
    watch: async () => {
      watchedSince = performance.now();
      endWatch = watchLoop();
      return null;
    },
    endWatch: async () => ({ value: null, loop: endWatch?.() ?? raise('Nothing was watched.'), durationMs: performance.now() - watchedSince }),
    verifyAudit: () => watched(async () => (await host.installation.audit.verify()).intact),
  };
}

function raise(message: string): never {
  throw new Error(message);
}

const host = new Host();
serveOperations(operationsOf(host), () => host.close());
