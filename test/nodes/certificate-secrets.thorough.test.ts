/**
 * Every operation of the node on certificates and on apps that have them, with whatever its fields allow: no key, password or file byte is in an item, an
 * error or the state. Operations and fields are those of the menus, so that a new one is tried without being told here. The
 * binary data of an export is where a key leaves, under its password.
 */
import fc from 'fast-check';
import type { INodeProperties } from 'n8n-workflow';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { listCertificates, openPrivateKey } from '../../src/core/certificates/records/records';
import type { Operation } from '../../src/nodes/host/operation';
import { OPERATIONS } from '../../src/nodes/M365Onboarding/resources/operations';
import { type Canaries, makeCanaries } from '../support/certificate-canaries';
import { printed } from '../support/leaks';
import { type Item, type Stage, startStage } from './n8n-stage';

/** Where keys, passwords and people's tokens go in. */
const RESOURCES = ['certificate', 'customerApp'];
const operations = OPERATIONS.filter(({ resource }) => RESOURCES.includes(resource));
const fullName = ({ resource, option }: Pick<Operation, 'resource' | 'option'>) => `${resource}.${option.value}`;

let stage: Stage;
let canaries: Canaries;
let ids: readonly string[] = [];
let names = 0;
const cameOut: string[] = [];
const outcomes = new Map<string, { done: number; failed: number }>();
const hidden = new Set<string>();

beforeAll(async () => {
  stage = await startStage();
  canaries = await makeCanaries(stage.story.clock);
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation((text) => cameOut.push(String(text)) > 0);
}, 60_000);
afterAll(async () => {
  vi.restoreAllMocks();
  await stage.stop();
});

async function hideStoredKeys(): Promise<void> {
  const { ports } = stage.story.installation;
  const records = await listCertificates(ports);
  for (const { id } of records.filter((record) => !hidden.has(record.id))) {
    canaries.search.hideKey('a stored key', (await openPrivateKey(ports, id)).privateKey.reveal());
    hidden.add(id);
  }
  ids = records.map(({ id }) => id);
}

function picker(picks: readonly number[]) {
  let at = 0;
  return <T,>(list: readonly T[]): T => list[(picks[at++ % picks.length] ?? 0) % list.length] as T;
}
type Picker = ReturnType<typeof picker>;

/** What somebody might enter into a field, by what the field is. */
function valueFor(field: INodeProperties, pick: Picker): unknown {
  if (field.type === 'boolean') return pick([true, false]);
  if (field.type === 'number') return pick([field.default, 10, 1]);
  if (field.type === 'options') return pick([...(field.options ?? []).map((option) => ('value' in option ? option.value : undefined)), 'nothing of these']);
  if (field.type === 'resourceLocator') return { mode: 'id', value: pick([...ids, ...ids, 'nobody']) };
  if (/name$/i.test(field.name)) return pick([`name ${(names += 1)}`, 'taken', '']);
  return pick([field.default, 'backup', 'some text', canaries.password.slice(0, 4)]);
}

interface Entered {
  /** In every field for one: the password is asked for twice here and there. */
  readonly password: string;
  readonly file: Buffer;
  readonly valueOf: (field: INodeProperties) => unknown;
  readonly continueOnFail?: boolean;
}

/** By somebody who tries everything. */
function anything(picks: readonly number[]): Entered {
  const pick = picker(picks);
  const password = pick([canaries.password, canaries.password, canaries.wrongPassword, '']);
  return { password, file: pick(Object.values(canaries.files)), continueOnFail: pick([false, true]), valueOf: (field) => valueFor(field, pick) };
}

/** By somebody who leaves the rest as it is. */
function filledIn(values: Item, password = canaries.password, file = canaries.files['modern'] ?? Buffer.alloc(0)): Entered {
  return { password, file, valueOf: ({ name, default: preset }) => values[name] ?? preset };
}

async function play(one: Operation, { password, file, valueOf, continueOnFail = false }: Entered): Promise<void> {
  await hideStoredKeys();
  const entered = one.fields.map((field) => [field.name, field.typeOptions?.password === true ? password : field.name === 'keyBits' ? 2048 : valueOf(field)]);
  const parameters = Object.fromEntries(entered) as Item;
  const counted = outcomes.get(fullName(one)) ?? { done: 0, failed: 0 };
  outcomes.set(fullName(one), counted);
  const options = { continueOnFail, files: { data: file } };
  try {
    const output = await stage.run([{ resource: one.resource, operation: one.option.value, ...parameters }], options);
    for (const { json, binary, error, ...rest } of output) {
      cameOut.push(printed(json), printed(rest), printed(error), printed(Object.values(binary ?? {}).map(({ data: _file, ...about }) => about)));
      if (json['includesPrivateKey'] !== true) cameOut.push(printed(binary));
    }
    counted[output.some(({ json }) => 'error' in json) ? 'failed' : 'done'] += 1;
  } catch (error) {
    cameOut.push(printed(error));
    counted.failed += 1;
  }
}

function operation(value: string): Operation {
  const found = operations.find((one) => fullName(one) === `certificate.${value}`);
  if (found === undefined) throw new Error(`There is no operation ${value}.`);
  return found;
}

it('no operation of the node tells a key, a password or a byte of a file', { timeout: 400_000 }, async () => {
  await play(operation('import'), filledIn({ certificateName: 'Imported' }));
  await play(operation('generate'), filledIn({ certificateName: 'Generated' }));
  await hideStoredKeys();
  const certificate = { mode: 'id', value: ids[0] };
  await play(operation('export'), filledIn({ certificate, format: 'pfx' }));
  await play(operation('register'), filledIn({ certificate, appKey: 'backup' }));
  for (const value of ['import', 'generate', 'export', 'register']) expect([value, outcomes.get(`certificate.${value}`)]).toEqual([value, { done: 1, failed: 0 }]);
  for (const file of Object.values(canaries.files)) {
    for (const password of [canaries.wrongPassword, canaries.password]) await play(operation('import'), filledIn({ certificateName: `file ${(names += 1)}` }, password, file));
  }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 }), { minLength: 5, maxLength: 5 }), async (drawings) => {
      for (const one of operations) for (const picks of drawings) await play(one, anything(picks));
    }),
    { numRuns: 1, endOnFailure: true },
  );
  await hideStoredKeys();
  const { story } = stage;
  const places: Readonly<Record<string, string>> = {
    'items, errors and output': cameOut.join('\n'),
    'the state': (await Array.fromAsync(story.store.list(''))).map((row) => `${row.key}\n${row.value}`).join('\n'),
    'the audit': printed(await Array.fromAsync(story.installation.audit.list())),
    'the log and the events': `${story.log.join('\n')}\n${JSON.stringify(story.events)}`,
    'the drop-down': printed(await stage.search('searchCertificates')),
  };
  for (const [place, text] of Object.entries(places)) expect(canaries.search.find(text), place).toEqual([]);
  expect([...outcomes.keys()].toSorted()).toEqual(operations.map(fullName).toSorted());
  for (const resource of RESOURCES) expect(operations.some((one) => one.resource === resource), resource).toBe(true);
  expect([...outcomes.values()].reduce((sum, { failed }) => sum + failed, 0)).toBeGreaterThan(10);
  expect(cameOut.join('\n')).toContain('Imported');
});
