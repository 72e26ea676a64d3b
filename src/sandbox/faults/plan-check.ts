/** Reads a fault plan: every field is checked, presets are laid under the plan's own rules. Pure. */
import type { JsonObject } from '../jwt';
import { REPLICATION_SCOPES } from '../world';
import { isTemplate, templateOf } from './bodies';
import { TRANSPORTS, type Action, type Distribution, type Expectation, type FaultPlan, type FaultRule, type Match, type Operation, type ReplicationRule, type When } from './plan';
import { fail, join, optional, readChoice, readList, readNumber, readObject, readText, readWhole } from './plan-fields';
import { presetNamed } from './presets';

const DAY_MS = 86_400_000;
const MEMBERS = ['version', 'seed', 'clock', 'preset', 'replication', 'rules', 'expect'];
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };

/** Raises FaultPlanError. A name alone is the preset of that name. */
export function readFaultPlan(value: unknown): FaultPlan {
  const plan = readObject(typeof value === 'string' ? { preset: value } : value, '', MEMBERS);
  if (plan.version !== undefined && plan.version !== 1) fail('version', 'must be 1');
  const base = plan.preset === undefined ? undefined : readFaultPlan(presetNamed(readText(plan.preset, 'preset')));
  const read: FaultPlan = {
    version: 1,
    seed: plan.seed === undefined ? '0' : readText(plan.seed, 'seed'),
    ...optional(plan, 'clock', '', readInstant),
    ...optional(plan, 'preset', '', readText),
    replication: [...(base?.replication ?? []), ...readList(plan.replication, 'replication', readReplication)],
    rules: [...(base?.rules ?? []), ...readList(plan.rules, 'rules', readRule)],
    expect: { ...base?.expect, ...(plan.expect === undefined ? {} : readExpectation(plan.expect)) },
  };
  const ids = read.rules.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) fail('rules', `has the id "${twice}" twice`);
  return read;
}

function readReplication(value: unknown, at: string): ReplicationRule {
  const rule = readObject(value, at, ['scope', 'lagMs', 'replicas', 'sticky']);
  return {
    scope: readChoice(rule.scope, join(at, 'scope'), REPLICATION_SCOPES),
    lagMs: readDistribution(rule.lagMs, join(at, 'lagMs')),
    replicas: rule.replicas === undefined ? 1 : readWhole(rule.replicas, join(at, 'replicas'), 1, 100),
    sticky: rule.sticky === undefined ? 'none' : readChoice(rule.sticky, join(at, 'sticky'), ['connection', 'none']),
  };
}

function readDistribution(value: unknown, at: string): Distribution {
  if (typeof value === 'number') return { dist: 'constant', ms: readMs(value, at) };
  const given = readObject(value, at, ['dist', 'ms', 'min', 'max', 'mean']);
  const number = (name: string) => readMs(given[name], join(at, name));
  const dist = readChoice(given.dist, join(at, 'dist'), ['constant', 'uniform', 'exponential']);
  if (dist === 'constant') return { dist, ms: number('ms') };
  if (dist === 'exponential') return { dist, mean: number('mean'), max: number('max') };
  const [min, max] = [number('min'), number('max')];
  if (min > max) fail(at, 'has a min above its max');
  return { dist, min, max };
}

function readRule(value: unknown, at: string): FaultRule {
  const rule = readObject(value, at, ['id', 'match', 'when', 'do']);
  return {
    id: readText(rule.id, join(at, 'id')),
    match: readMatch(rule.match ?? {}, join(at, 'match')),
    when: readWhen(rule.when ?? {}, join(at, 'when')),
    do: readAction(rule.do, join(at, 'do')),
  };
}

function readMatch(value: unknown, at: string): Match {
  const match = readObject(value, at, ['host', 'method', 'path', 'app', 'tenant']);
  return {
    host: match.host === undefined ? '*' : readChoice(match.host, join(at, 'host'), ['login', 'graph', '*']),
    method: match.method === undefined ? '*' : readText(match.method, join(at, 'method')).toUpperCase(),
    path: match.path === undefined ? '*' : readText(match.path, join(at, 'path')),
    ...optional(match, 'app', at, (text, where) => readText(text, where).toLowerCase()),
    ...optional(match, 'tenant', at, (text, where) => readText(text, where).toLowerCase()),
  };
}

function readWhen(value: unknown, at: string): When {
  const when = readObject(value, at, ['nth', 'per', 'probability', 'withinMsOf', 'window']);
  return {
    per: when.per === undefined ? 'all' : readChoice(when.per, join(at, 'per'), ['all', 'app', 'tenant', 'app+tenant', 'request']),
    ...optional(when, 'nth', at, readNth),
    ...optional(when, 'probability', at, (number, where) => readNumber(number, where, 0, 1)),
    ...optional(when, 'withinMsOf', at, readWithin),
    ...optional(when, 'window', at, readWindow),
  };
}

function readNth(value: unknown, at: string): number[] {
  const list = typeof value === 'number' ? [value] : value;
  const nth = readList(list, at, (number, where) => readWhole(number, where, 1, 1_000_000));
  if (nth.length === 0) fail(at, 'names no request');
  return nth;
}

function readWithin(value: unknown, at: string): { readonly op: Operation; readonly ms: number } {
  const given = readObject(value, at, ['op', 'ms']);
  return { op: readOperation(given.op, join(at, 'op')), ms: readMs(given.ms, join(at, 'ms')) };
}

function readOperation(value: unknown, at: string): Operation {
  const text = readText(value, at);
  const [method = '', place, member, ...rest] = text.split(' ');
  if (place === undefined || rest.length > 0) fail(at, 'must be a method, a path or segment, and perhaps a member of the body');
  return { text, method: method.toUpperCase(), path: /^[/*]/.test(place) ? place : `*/${place}*`, member };
}

function readWindow(value: unknown, at: string): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) fail(at, 'must be two offsets, such as ["+10m", "+12m"]');
  const [from, to] = value.map((text: unknown, index) => readOffset(text, `${at}[${index}]`));
  if (from === undefined || to === undefined || from > to) fail(at, 'ends before it begins');
  return [from, to];
}

function readOffset(value: unknown, at: string): number {
  const [, number = '', unit = ''] = /^\+(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(readText(value, at)) ?? [];
  if (number === '') fail(at, 'must be an offset such as "+90s", "+10m" or "+2h"');
  return Number(number) * (UNITS[unit] ?? 1);
}

function readAction(value: unknown, at: string): Action {
  const action = readObject(value, at, [...ANSWER_MEMBERS, 'apply', 'then']);
  if (action.then === undefined) return settle(readAnswer(action, at), action, at);
  const then = readObject(action.then, join(at, 'then'), ANSWER_MEMBERS);
  const own = Object.keys(action).find((name) => name in then);
  if (own !== undefined) fail(join(at, own), 'is given twice, here and in then');
  return settle(readAnswer({ ...action, ...then }, at), action, at);
}

const ANSWER_MEMBERS = ['status', 'headers', 'contentType', 'body', 'transport', 'delayMs', 'staleMs', 'clockSkewMs', 'rotateKeys', 'deliver'];

function readAnswer(action: JsonObject, at: string): Omit<Action, 'apply'> {
  const template = typeof action.body === 'string' && isTemplate(action.body) ? templateOf(action.body) : undefined;
  return {
    ...(template === undefined ? {} : { status: template.status }),
    ...optional(action, 'status', at, (number, where) => readWhole(number, where, 200, 599)),
    headers: action.headers === undefined ? {} : readHeaders(action.headers, join(at, 'headers')),
    ...optional(action, 'contentType', at, readText),
    ...optional(action, 'body', at, readBody),
    ...optional(action, 'transport', at, (text, where) => readChoice(text, where, TRANSPORTS)),
    ...optional(action, 'delayMs', at, readMs),
    ...optional(action, 'staleMs', at, readMs),
    ...optional(action, 'clockSkewMs', at, (number, where) => readNumber(number, where, -DAY_MS, DAY_MS)),
    ...optional(action, 'rotateKeys', at, (text, where) => readChoice(text, where, ['overlap', 'cut'])),
    ...optional(action, 'deliver', at, (text, where) => readChoice(text, where, ['twice', 'stranger-first'])),
  };
}

function settle(answer: Omit<Action, 'apply'>, action: JsonObject, at: string): Action {
  if (action.apply !== undefined && typeof action.apply !== 'boolean') fail(join(at, 'apply'), 'must be true or false');
  const { headers, ...rest } = answer;
  if (Object.keys(rest).length === 0 && Object.keys(headers).length === 0) fail(at, 'does nothing');
  if (answer.body !== undefined && answer.status === undefined) fail(at, 'has a body without a status');
  return { ...answer, apply: action.apply === true };
}

// A dot makes it look like a template: better a refusal than a body that reads "graph.TooManyRequest".
function readBody(value: unknown, at: string): string {
  if (typeof value !== 'string') fail(at, 'must be a text');
  if (/^(?:graph|gateway|sts)\.\w+$/.test(value) && !isTemplate(value)) fail(at, `names no template: "${value}"`);
  return value;
}

function readHeaders(value: unknown, at: string): Readonly<Record<string, string>> {
  const given = readObject(value, at, typeof value === 'object' && value !== null ? Object.keys(value) : []);
  for (const [name, text] of Object.entries(given)) {
    if (!/^[\w-]+$/.test(name)) fail(join(at, name), 'is no name of a header');
    if (typeof text !== 'string' || /[\r\n]/.test(text)) fail(join(at, name), 'must be a text on one line');
  }
  return Object.fromEntries(Object.entries(given).map(([name, text]) => [name.toLowerCase(), String(text)]));
}

function readExpectation(value: unknown): Expectation {
  const expect = readObject(value, 'expect', ['maxRequests', 'noRetryBefore']);
  return {
    ...optional(expect, 'maxRequests', 'expect', (number, where) => readWhole(number, where, 1, 10_000_000)),
    ...optional(expect, 'noRetryBefore', 'expect', (text, where) => readChoice(text, where, ['Retry-After'])),
  };
}

function readInstant(value: unknown, at: string): number {
  const instant = Date.parse(readText(value, at));
  if (Number.isNaN(instant)) fail(at, 'must be an ISO 8601 instant');
  return instant;
}

function readMs(value: unknown, at: string): number {
  return readNumber(value, at, 0, 30 * DAY_MS);
}
