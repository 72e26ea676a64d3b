import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitAddress, parseAddress } from '../../src/sandbox/graph/address';
import { describeCoverage } from '../../src/sandbox/coverage';
import { routes } from '../../src/sandbox/graph/routes';
import { readFileSync } from 'node:fs';
import { cases } from './cases';
import { allOperations, caseKeyOf, learned, metadataOf, recordings, type Exchange, type Learned } from './corpus';
import { differences } from './shape';
import { openStage, type Stage } from './stage';
import type { Reply } from '../sandbox/support';

/** Recorded answers carry these whatever the operation; the transport adds its own. */
const RECORDED_HEADERS = ['cache-control', 'request-id', 'strict-transport-security', 'x-ms-ags-diagnostic', 'x-ms-resource-unit'];

let stage: Stage;
const differing: string[] = [];

beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => {
  await stage.sandbox.stop();
  const grades = Object.entries(describeCoverage().rulesByGrade).map(([grade, count]) => `${count} ${grade}`);
  process.stdout.write(`${checked.length} of ${allOperations.length} (method, path, status) modelled; ${differing.length} differ; rules: ${grades.join(', ')}\n`);
});

const modelled = allOperations.filter((entry) => isModelled(entry));
const checked = modelled.filter((entry) => cases[caseKeyOf(entry) ?? ''] !== undefined);

describe('the corpus', () => {
  it('has a check for every operation the sandbox models, and no check for one it does not', () => {
    expect(modelled.filter((entry) => !checked.includes(entry))).toEqual([]);
    const known = new Set(modelled.map(caseKeyOf));
    expect(Object.keys(cases).filter((key) => !known.has(key))).toEqual([]);
  });
});

describe('docs/sandbox.md', () => {
  it('says how many operations of the corpus are modelled and how many exchanges are replayed', () => {
    const page = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
    expect(page).toContain(`${checked.length} of the ${allOperations.length} combinations of method, path and status`);
    expect(page).toContain(`replays ${recordings.length} recorded exchanges`);
  });
});

describe('every modelled operation answers in the corpus’s shape', () => {
  it.each(Object.entries(cases))('%s', async (key, { type, perform, view, pageOnly }) => {
    const known = learned(key, view);
    const reply = await perform(stage);
    const wrongStatus = String(reply.status) === key.split(' ')[2] ? [] : [`status is ${reply.status}: ${reply.text.slice(0, 300)}`];
    const found = [...wrongStatus, ...bodyDifferences(reply, known, type, view).filter((line) => pageOnly === undefined || !line.includes(`.${pageOnly} is absent`)), ...headerDifferences(reply, known.exchanges).filter((line) => pageOnly === undefined || !line.startsWith(pageOnly))];
    if (found.length > 0) differing.push(key);
    expect(found).toEqual([]);
  });
});

function bodyDifferences(reply: Reply, known: Learned, type: string, view: (body: unknown) => unknown = (body) => body): string[] {
  const hasBody = known.exchanges.some(({ body }) => body !== null && body !== undefined);
  if (reply.text === '' || !hasBody) return (reply.text !== '') === hasBody ? [] : [`(root) is '${reply.text}', the examples say ${hasBody ? 'a body' : 'none'}`];
  return differences(view(reply.json()), { shape: known.shape, metadata: metadataOf(type), isRecorded: known.source === 'recorded' });
}

function headerDifferences(reply: Reply, exchanges: readonly Exchange[]): string[] {
  const found = RECORDED_HEADERS.filter((name) => reply.headers[name] === undefined).map((name) => `${name} is absent`);
  const types = new Set(exchanges.filter(({ headers }) => Object.keys(headers).length > 0).map(({ headers }) => (headers['content-type'] ?? '').replaceAll(' ', '')));
  const type = String(reply.headers['content-type'] ?? '');
  if (types.size > 0 && !types.has(type)) found.push(`content-type is '${type}', recorded were ${[...types].join(' | ')}`);
  const contexts = new Set<string | undefined>(exchanges.map(({ body }) => contextOf(body)).filter((context) => context !== undefined));
  const context = reply.text === '' ? undefined : contextOf(reply.json());
  if (contexts.size > 0 && !contexts.has(context) && !contexts.has(context?.toLowerCase())) {
    found.push(`@odata.context is ${context}, seen were ${[...contexts].join(' | ')}`);
  }
  const units = new Set(exchanges.map(({ headers }) => headers['x-ms-resource-unit']).filter((unit) => unit !== undefined));
  const unit = String(reply.headers['x-ms-resource-unit']);
  if (units.size > 0 && !units.has(unit)) found.push(`x-ms-resource-unit is ${unit}, recorded were ${[...units].join(' | ')}`);
  for (const name of ['odata-version', 'location']) {
    const everywhere = types.size > 0 && exchanges.every(({ headers }) => headers[name] !== undefined);
    if (everywhere && reply.headers[name] === undefined) found.push(`${name} is absent, every recording has it`);
  }
  return found;
}

/** What follows `$metadata#`, with ids made alike and selected names left out. */
function contextOf(body: unknown): string | undefined {
  const context = (body as Readonly<Record<string, unknown>> | null)?.['@odata.context'];
  if (typeof context !== 'string') return undefined;
  return context.split('$metadata#')[1]?.replaceAll(/\('[^']*'\)/g, "('{}')").replaceAll(/\([^'].*\)/g, '');
}

/** Does a route of the sandbox take this operation? */
function isModelled(entry: string): boolean {
  const [method = '', path = ''] = entry.split(' ');
  // Only the refusal of an unlicensed tenant.
  if (!path.startsWith('/v1.0/') || path === '/v1.0/auditLogs/signIns') return false;
  if (method === 'POST' && path === '/v1.0/$batch') return true;
  const sample = path.slice('/v1.0'.length).replaceAll(/\{[^}]*\}/g, '99999999-9999-4999-8999-999999999999').replaceAll("''", "'");
  const parts = parseAddress(sample) ?? [];
  return routes.some((route) => route.method === method && fitAddress(route.template, parts) !== undefined);
}
