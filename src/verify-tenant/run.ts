/**
 * Compares what the sandbox takes for true with one real tenant. Read-only unless it is told to write; the guard comes first,
 * cleaning comes last whatever happened. Tokens and secrets live in memory only: what is reported has been normalised.
 */
import graphRules from '../sandbox/graph/rules.json';
import identityRules from '../sandbox/rules.json';
import { claimsOf } from './assertions';
import { type Asker, type BenchParts, createAsker, createBench, type Exchange, requireAccessToken, tokenForm } from './bench';
import { type Cleaned, removeEverything } from './cleaning';
import { compareDomain, compareOrganization } from './guard';
import { type Bench, type Facts, type Finding, notTried, type Probe, type RuleId, type VerifyPorts, type VerifySettings } from './model';
import { createNormaliser } from './normalise';
import { holdsAny, WRITES_APPS } from './permissions';
import { assertionProbes } from './probes-assertion';
import { documentProbes } from './probes-documents';
import { openProbes } from './probes-open';
import { queryProbes } from './probes-queries';
import { readProbes } from './probes-reads';
import { tokenProbes } from './probes-token';
import { summarise, type RuleResult, type Tried } from './report';
import { errorOf } from './shape';
import { tick, type TickedUnknown } from './unknowns';
import { runWrites } from './writes';

export const PROBES: readonly Probe[] = [...documentProbes, ...tokenProbes, ...assertionProbes, ...readProbes, ...queryProbes, ...openProbes];
export const RULE_IDS: readonly string[] = [...Object.keys(identityRules), ...Object.keys(graphRules)];

export interface VerifyReport {
  /** The day, in UTC: the minute would tell more about the run than about the service. */
  readonly takenOn: string;
  readonly mode: 'read-only' | 'write';
  readonly rules: readonly RuleResult[];
  readonly unknowns: readonly TickedUnknown[];
  /** Object ids of `zz-verify-` objects that could not be removed. */
  readonly remaining: readonly string[];
  readonly exchanges: readonly NormalisedExchange[];
}

export interface NormalisedExchange {
  readonly request: unknown;
  readonly answer: unknown;
}

interface Memory {
  readonly tried: Tried[];
  readonly observations: Map<number, string[]>;
  readonly exchanges: Exchange[];
}

/** Raises what the guard raises, `STS_REFUSED` without a token, `INPUT_INVALID` for writing without the permission, and the signal's reason after cleaning up. */
export async function verifyTenant(ports: VerifyPorts, settings: VerifySettings, signal: AbortSignal): Promise<VerifyReport> {
  const memory: Memory = { tried: [], observations: new Map(), exchanges: [] };
  const observe = (unknown: number, what: string) => void memory.observations.set(unknown, [...(memory.observations.get(unknown) ?? []), what]);
  const parts: BenchParts = { settings, ports, signal, observe, onExchange: (exchange) => void memory.exchanges.push(exchange) };
  const asker = createAsker(parts);
  const bench = createBench(parts, asker, await enter(asker, settings, ports));
  for (const probe of wanted(settings)) {
    signal.throwIfAborted();
    const finding = await attempt(bench, probe);
    if (probe.rule !== null) memory.tried.push({ rule: probe.rule, asks: probe.asks, finding });
  }
  const remaining = settings.write ? await writeAndClean(parts, bench, memory) : [];
  noteOrigin(settings, memory, observe);
  return describe(ports, settings, memory, remaining);
}

function wanted({ only }: VerifySettings): readonly Probe[] {
  return only === undefined ? PROBES : PROBES.filter(({ rule }) => rule !== null && only.has(rule));
}

/** The guard, before and after a credential is used. */
async function enter(asker: Asker, settings: VerifySettings, ports: VerifyPorts): Promise<Facts> {
  ports.say('comparing the domain');
  await compareDomain(asker, settings);
  const answer = await asker.ask({ host: 'login', method: 'POST', path: `/${settings.tenantId}/oauth2/v2.0/token`, form: tokenForm(settings, ports, {}, settings.tenantId) }, null);
  const accessToken = requireAccessToken(answer);
  await compareOrganization(asker, settings, accessToken);
  const roles: unknown = claimsOf(accessToken)['roles'];
  return { accessToken, roles: new Set(Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : []) };
}

async function attempt(bench: Bench, { needs, run }: Probe): Promise<Finding> {
  if (!holdsAny(bench.facts.roles, needs)) return notTried(`needs one of ${(needs ?? []).join(', ')}`);
  try {
    return await run(bench);
  } catch (error) {
    // An answer that never came says nothing about a rule; everything else that is thrown is a mistake of ours.
    if (error instanceof Error && error.name === 'HttpsFailure') return notTried('no answer came');
    throw error;
  }
}

async function writeAndClean(parts: BenchParts, bench: Bench, memory: Memory): Promise<readonly string[]> {
  const { ports } = parts;
  if (!holdsAny(bench.facts.roles, WRITES_APPS)) {
    memory.tried.push({ rule: 'G-APP-POST', asks: 'writing', finding: notTried(`needs ${WRITES_APPS.join(', ')}`) });
    return [];
  }
  ports.say('removing what an earlier run had to leave');
  const before = await clean(parts, bench);
  if (before.removed > 0) ports.say(`removed ${before.removed}`);
  let after: Cleaned = { removed: 0, remaining: [] };
  try {
    ports.say('writing');
    await runWrites(bench, (rule, asks, finding) => void memory.tried.push({ rule, asks, finding }));
  } finally {
    ports.say('removing what was made');
    after = await clean(parts, bench);
    if (after.remaining.length > 0) ports.say(`NOT REMOVED, remove them by hand: ${after.remaining.join(', ')}`);
  }
  return after.remaining;
}

/** Outside the run's signal: an interrupted run cleans up all the same. */
async function clean(parts: BenchParts, bench: Bench): Promise<Cleaned> {
  const unhurried = new AbortController().signal;
  const asker = createAsker({ ...parts, signal: unhurried, onExchange: () => {} });
  return removeEverything({ ask: async (ask) => asker.ask(ask, bench.facts.accessToken), wait: async (milliseconds) => parts.ports.wait(milliseconds, unhurried) });
}

function noteOrigin({ hosts }: VerifySettings, { tried }: Memory, observe: Bench['observe']): void {
  const count = (result: Finding['result']) => tried.filter(({ finding }) => finding.result === result).length;
  const told = `${count('match')} questions answered as expected, ${count('differs')} otherwise`;
  observe(15, told);
  if (/\.(?:us|cn)$/.test(hosts.login)) observe(9, told);
}

const SHOWN_HEADERS = ['content-type', 'odata-version', 'retry-after'];

function describe(ports: VerifyPorts, settings: VerifySettings, { tried, observations, exchanges }: Memory, remaining: readonly string[]): VerifyReport {
  const { hosts, domain } = settings;
  const normalise = createNormaliser({ key: ports.randomBytes(32), known: [[hosts.login, 'login'], [hosts.graph, 'graph'], [domain, 'domain']] });
  const shown = ({ ask, answer }: Exchange): NormalisedExchange => ({
    request: { method: ask.method, address: normalise.own(`${hosts[ask.host]}${ask.path}`) },
    answer: { status: answer.status, error: errorOf(answer).trim(), headers: normalise.answer(Object.fromEntries(SHOWN_HEADERS.filter((name) => answer.headers[name] !== undefined).map((name) => [name, answer.headers[name]]))), body: normalise.answer(answer.body) },
  });
  return {
    takenOn: new Date(ports.now()).toISOString().slice(0, 10),
    mode: settings.write ? 'write' : 'read-only',
    rules: summarise(RULE_IDS, tried),
    unknowns: tick(observations),
    remaining,
    exchanges: exchanges.map(shown),
  };
}

export type { RuleId };
