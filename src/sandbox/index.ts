/**
 * Starts a local stand-in for Entra ID and Microsoft Graph: one HTTPS origin with its own certificate authority, a
 * control door on loopback, tenants from a seed. It imports nothing from the product and the product nothing from
 * it. Unmodelled requests are answered 501 and listed as gaps.
 */
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hostNamesOf, type CloudName } from './cloud-hosts';
import { FaultSession, type Faults, type FaultsInput } from './faults/session';
import { writeSandboxConfig, type ConfigOptions } from './config';
import { listenControl } from './control';
import { controlRoutes } from './control-routes';
import { openDoor } from './door';
import { DEFAULT_GRAPH_VARIANTS, handleGraph, setGraphVariants } from './graph/index';
import type { SandboxRequest, SandboxResponse } from './http';
import { describeReady, type Ready } from './ready';
import { RequestLog, type Gap, type RequestRow } from './request-log';
import { createSeededWorld, populateWorld } from './seed';
import type { Credentials } from './seed-apps';
import { checkSeedFile, resolveSeed, SeedError } from './seed-check';
import type { Seed, SeedFile, VariantChoice } from './seed-format';
import { createHttps, sandboxFault } from './server';
import { rollOver, type RollOverStep } from './signing-key-roll-over';
import { generateSigningKeys, type SigningKeys } from './signing-keys';
import { beginSts, setRelyingParty, type RelyingPartyChoice } from './sts/begin';
import { createStsState, type StsState } from './sts/context';
import { seededPolicies } from './sts/policies';
import type { Provocation } from './sts/provocations';
import { handleLogin } from './sts/sign-in-host';
import { USERINFO_PATH } from './sts/userinfo';
import type { StsVariants } from './sts/variants';
import { createTlsIdentity } from './tls';
import type { Clock, ControlledWorld, ReplicationLag } from './world';
import { setLies } from './lies/truth';

export { playPerson, type ConsentDecision, type PlayedPerson } from './admin';
export { createVisitor, type PageForm, type VisitedPage, type Visitor, type VisitorOptions } from './visitor';
export { buildConfig, writeSandboxConfig, type ConfigOptions } from './config';
export type { Ready, ReadyApp, ReadyGenerated, ReadyPermission, ReadyTenant, ReadyUser } from './ready';
export type { Gap, RequestRow } from './request-log';
export { describeCoverage, type Coverage } from './coverage';
export { CLOUD_NAMES, isCloudName, type CloudName } from './cloud-hosts';
export { checkSeedFile, resolveSeed, SeedError } from './seed-check';
export type { GraphVariants } from './graph/index';
export type { DeclineVariant, Seed, SeedFile, VariantChoice } from './seed-format';
export type { RollOverStep } from './signing-key-roll-over';
export type { FaultReport } from './faults/engine';
export { FaultPlanError } from './faults/plan-fields';
export { PRESET_NAMES } from './faults/presets';
export { readFaultsArgument, type Faults, type FaultsInput } from './faults/session';
export type { TraceRow } from './faults/trace';
export { LIES, type Lie, type LieArea, type LieId } from './lies/registry';
export { generateSigningKeys, type SigningKeys } from './signing-keys';
export type { Provocation } from './sts/provocations';
export type { StsVariants } from './sts/variants';
export type { ReplicationLag } from './world';

export interface SandboxOptions {
  /** HTTPS port, in masquerade the proxy's; 0 or absent lets the system choose. */
  readonly port?: number;
  /**
   * Answer under Microsoft's own host names behind a proxy on loopback, for clients that cannot be pointed elsewhere:
   * `HTTPS_PROXY` is `ready.proxy`. `true`: those of the seed's cloud. Every other host is refused and listed among the gaps.
   */
  readonly masquerade?: boolean | CloudName;
  /** Whose resource addresses, issuers and domains everything has, at an address of its own; over the seed's own. */
  readonly cloud?: CloudName;
  readonly seed?: SeedFile | undefined;
  /** A JSON file instead of `seed`. */
  readonly seedFile?: string | undefined;
  /** Milliseconds since the epoch; absent: the machine's clock. Either can be moved forward. */
  readonly clock?: Clock;
  /** Absent: made at this start. Tests that start many sandboxes share a pair, since making one takes a while. */
  readonly signingKeys?: SigningKeys;
  /** Over the seed's own. */
  readonly replicationLagMs?: ReplicationLag;
  /** A preset's name, a fault plan, or `{replay}` with the text of a trace; absent: nothing goes wrong. */
  readonly faults?: FaultsInput | undefined;
  /** `virtual`: what is slow moves the sandbox's clock and nobody waits. `real` unless given. */
  readonly faultDelays?: 'real' | 'virtual' | undefined;
  /** Over the seed's own; what neither names keeps its default. */
  readonly variants?: VariantChoice;
  /** Where the CA file, `gaps.ndjson` and `trace.ndjson` go; absent: a fresh directory that is removed at the end. */
  readonly dataDir?: string;
  /** Be wrong in one way from the start: a case id for every app, or one per app key. */
  readonly relyingParty?: RelyingPartyChoice;
  /** Ids of the lies to tell (`GET /lies`); absent: the truth. */
  readonly lies?: readonly string[] | undefined;
  /** Also write a configuration for the product to this file. */
  readonly writeConfig?: string | (ConfigOptions & { readonly file: string });
}

export interface RunningSandbox {
  readonly ready: Ready;
  readonly seed: Seed;
  /** The directory itself, for tests in the same process. */
  readonly world: ControlledWorld;
  readonly clock: {
    now(): number;
    advance(seconds: number): void;
  };
  /** What goes wrong on purpose, and what the clients made of it. */
  readonly faults: Faults;
  requests(): readonly RequestRow[];
  gaps(): readonly Gap[];
  /** The directory back to the seed; sessions, codes, requests and gaps gone. Clock, ids and credentials stay. */
  reset(): void;
  setReplicationLagMs(lag: ReplicationLag): void;
  setDeclineVariant(variant: StsState['declineVariant']): void;
  /** Be wrong in one way (ids at `GET /relying-party`), for one app by its key or for all; null is right again. Raises RangeError. */
  setRelyingParty(caseId: string | null, appKey?: string): void;
  rollSigningKeys(step: RollOverStep): void;
  /** Exactly these lies from now on, none for the truth. Raises RangeError for an unknown id. */
  setLies(ids: readonly string[]): void;
  /** Ask for a refusal by its AADSTS number; docs/sandbox.md lists them. Raises RangeError. */
  provoke(provocation: Provocation): void;
  setStsVariants(variants: Partial<StsVariants>): void;
  /** Closes both ports, cuts open connections, removes the temporary directory. */
  stop(): Promise<void>;
}

/**
 * Raises SeedError for a seed and FaultPlanError for a fault plan that cannot be used, RangeError for a lie nobody knows, TypeError for a masquerade that should
 * write a configuration (nothing can be pointed at it), and what node:net raises for a port that is taken.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const isMasquerade = options.masquerade !== undefined && options.masquerade !== false;
  if (isMasquerade && options.writeConfig !== undefined) throw new TypeError('No configuration can point at a sandbox in masquerade.');
  const seed = inCloud(await readSeed(options), typeof options.masquerade === 'string' ? options.masquerade : options.cloud);
  const cloud = isMasquerade ? (seed.cloud ?? 'global') : undefined;
  const machineNow = Date.now();
  const credentials: Credentials = new Map();
  const worldOptions = {
    clock: options.clock ?? { now: () => Date.now() },
    signingKeys: options.signingKeys ?? (await generateSigningKeys(machineNow)),
    ...(options.replicationLagMs === undefined ? {} : { replicationLagMs: options.replicationLagMs }),
  };
  const world = createSeededWorld(seed, worldOptions, credentials);
  setLies(world, options.lies ?? []);
  const faults = new FaultSession({ world, realTime: options.faultDelays !== 'virtual', dataDir: options.dataDir === undefined ? undefined : resolve(options.dataDir) });
  faults.set(options.faults);
  const tls = createTlsIdentity(machineNow, cloud === undefined ? [] : hostNamesOf(cloud));
  const directory = await openDirectory(options.dataDir);
  const caFile = join(directory.path, 'ca.pem');
  await writeFile(caFile, tls.caPem, { mode: 0o600 });
  const gapFile = options.dataDir === undefined ? undefined : openGapFile(directory.path);
  const log = new RequestLog((gap) => gapFile?.append(gap));
  const sts = createStsState(world, seed.declineVariant ?? null, seededPolicies(seed));
  const server = createHttps(tls, (request) => answer(sts, log, faults, request));
  const https = await openDoor(server, cloud, options.port ?? 0, (method, target) => log.recordRefusedHost(method, target, world.now()));
  world.setOrigins(https.origins);
  beginSts(sts, seed, { variants: options.variants?.sts, relyingParty: options.relyingParty });

  const chooseSides = () => setGraphVariants(world, { ...DEFAULT_GRAPH_VARIANTS, ...seed.variants?.graph, ...options.variants?.graph });
  chooseSides();
  const reset = () => {
    chooseSides();
    populateWorld(world, seed, credentials);
    beginSts(sts, seed, { variants: options.variants?.sts });
    log.clear();
    faults.restart();
  };
  const control = await listenControl(controlRoutes({ world, seed, sts, log, faults, reset })).catch(async (error: unknown) => {
    await https.close();
    throw error;
  });
  const ready = describeReady(world, seed, credentials, { caFile, control: `http://127.0.0.1:${control.port}`, proxy: https.proxy });
  const sandbox: RunningSandbox = {
    ready,
    seed,
    world,
    clock: { now: () => world.now(), advance: (seconds) => world.advance(seconds) },
    faults,
    requests: () => log.rows(),
    gaps: () => log.gaps(),
    reset,
    setReplicationLagMs: (lag) => world.setReplicationLagMs(lag),
    setLies: (ids) => setLies(world, ids),
    setDeclineVariant: (variant) => void (sts.declineVariant = variant),
    setRelyingParty: (caseId, appKey) => setRelyingParty(sts, seed, caseId, appKey),
    provoke: (provocation) => sts.provocations.add(provocation),
    setStsVariants: (variants) => void (sts.variants = { ...sts.variants, ...variants }),
    rollSigningKeys: (step) => world.setSigningKeys(rollOver(world.signingKeys, step, Date.now())),
    stop: async () => {
      await Promise.all([https.close(), control.close()]);
      await gapFile?.written();
      await faults.written();
      await directory.remove();
    },
  };
  writeWantedConfig(options.writeConfig, ready);
  return sandbox;
}

function inCloud(seed: Seed, cloud: CloudName | undefined): Seed {
  return cloud === undefined ? seed : { ...seed, cloud };
}

async function answer(sts: StsState, log: RequestLog, faults: FaultSession, request: SandboxRequest): Promise<SandboxResponse> {
  const response = await faults.around(request, (given) => route(sts, given)).catch(sandboxFault);
  log.record(request, response, sts.world.now());
  return response;
}

async function route(sts: StsState, request: SandboxRequest): Promise<SandboxResponse> {
  return request.host === 'graph' && request.path !== USERINFO_PATH ? handleGraph(sts.world, request) : handleLogin(sts, request);
}

function writeWantedConfig(wanted: SandboxOptions['writeConfig'], ready: Ready): void {
  if (typeof wanted === 'string') writeSandboxConfig(ready, wanted);
  else if (wanted !== undefined) writeSandboxConfig(ready, wanted.file, wanted);
}

/** Raises SeedError when the file is missing, not JSON or not a seed. */
async function readSeed(options: SandboxOptions): Promise<Seed> {
  if (options.seedFile === undefined) return resolveSeed(options.seed === undefined ? {} : checkSeedFile(options.seed));
  const text = await readFile(options.seedFile, 'utf8').catch((error: unknown) => {
    throw new SeedError(`The seed file ${options.seedFile} cannot be read.`, { cause: error });
  });
  return resolveSeed(checkSeedFile(parseJson(text, options.seedFile)));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SeedError(`The seed file ${file} is not valid JSON.`, { cause: error });
  }
}

interface DataDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

async function openDirectory(wanted: string | undefined): Promise<DataDirectory> {
  if (wanted === undefined) {
    const path = await mkdtemp(join(tmpdir(), 'm365-onboarding-sandbox-'));
    return { path, remove: () => rm(path, { recursive: true, force: true }) };
  }
  const path = resolve(wanted);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  return { path, remove: () => Promise.resolve() };
}

interface GapFile {
  append(gap: Gap): void;
  /** Resolves when every line so far is on the disk. */
  written(): Promise<void>;
}

function openGapFile(directory: string): GapFile {
  const file = join(directory, 'gaps.ndjson');
  let last = Promise.resolve();
  return {
    append(gap) {
      last = last.then(() => appendFile(file, `${JSON.stringify(gap)}\n`, { mode: 0o600 }));
      // Reported by written(); without this a full disk would end the process in between.
      last.catch(() => {});
    },
    written: () => last,
  };
}
