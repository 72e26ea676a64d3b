/**
 * Every command on certificates and on apps that have them, with whatever arguments and flags it declares: no key, password or file byte is in what it prints,
 * logs or stores. Commands are found in the program itself, so that a new one is tried without being told here.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { buildProgram } from '../../src/cli/main';
import { openRuntime } from '../../src/cli/runtime';
import { openPrivateKey } from '../../src/core/certificates/records/records';
import { type Canaries, makeCanaries } from '../support/certificate-canaries';
import { type CliStage, runCli, startCliStage } from './support';

/** They would wait for the sandbox's clock, which stands still. */
const BLOCKING = new Set(['--wait']);

let stage: CliStage;
let canaries: Canaries;
let ids: readonly string[] = [];
const cameOut: string[] = [];
const codes = new Map<string, number[]>();
const hidden = new Set<string>();
let fileCount = 0;

beforeAll(async () => {
  stage = await startCliStage();
  canaries = await makeCanaries({ now: () => stage.sandbox.clock.now(), sleep: () => Promise.resolve() });
  for (const folder of ['in', 'out']) mkdirSync(join(stage.folder, folder));
  for (const [name, bytes] of Object.entries(canaries.files)) writeFileSync(join(stage.folder, 'in', name), bytes);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => cameOut.push(String(text)) > 0);
}, 60_000);
afterAll(async () => {
  vi.restoreAllMocks();
  await stage.stop();
});

/** Where keys, passwords and people's tokens go in. */
const GROUPS = ['certificate', 'customer-app'];
const fullName = (command: Command) => `${command.parent?.name()} ${command.name()}`;
const commands = (): readonly Command[] => buildProgram({ streams: { out: () => undefined, err: () => undefined }, exitCode: 0 }).commands.filter((command) => GROUPS.includes(command.name())).flatMap((group) => group.commands);
const newFile = () => join(stage.folder, 'out', String((fileCount += 1)));
const inputFile = (name: string) => join(stage.folder, 'in', name);

/** Picks one after the other; the same drawing gives the same command line. */
function picker(picks: readonly number[]) {
  let at = 0;
  return <T,>(list: readonly T[]): T => list[(picks[at++ % picks.length] ?? 0) % list.length] as T;
}
type Pick = ReturnType<typeof picker>;

function argumentFor(name: string, pick: Pick): string {
  if (name.includes('file')) return inputFile(pick(Object.keys(canaries.files)));
  return pick([...ids, ...ids, 'nobody', canaries.password.slice(0, 4)]);
}

function optionFor(option: Option, pick: Pick): readonly string[] {
  const isUsed = option.mandatory || pick([true, false]);
  if (!isUsed || BLOCKING.has(option.long ?? '')) return [];
  const flag = option.long ?? '';
  if (!option.required && !option.optional) return [flag];
  if (option.argChoices !== undefined) return [flag, pick(option.argChoices)];
  if (/file|out/.test(option.flags)) return [flag, newFile()];
  if (flag === '--name') return [flag, pick([`name ${(fileCount += 1)}`, 'taken'])];
  return [flag, flag === '--key-bits' ? '2048' : pick(['10', 'some text'])];
}

async function call(args: readonly string[], password: string): Promise<number> {
  const result = await runCli(['--config', stage.config, ...args], `${password}\n`);
  cameOut.push(result.out, result.err);
  return result.code;
}

/** Whatever is stored by now may be printed by the next command. */
async function hideStoredKeys(): Promise<void> {
  const { installation, operatorId } = await openRuntime({ config: stage.config, quiet: true });
  const records = await installation.certificates.list(operatorId());
  for (const { id } of records.filter((record) => !hidden.has(record.id))) {
    canaries.search.hideKey('a stored key', (await openPrivateKey(installation.ports, id)).privateKey.reveal());
    hidden.add(id);
  }
  ids = records.map(({ id }) => id);
  await installation.close();
}

async function play(command: Command, picks: readonly number[]): Promise<void> {
  await hideStoredKeys();
  const pick = picker(picks);
  const args = command.registeredArguments.map((argument) => argumentFor(argument.name(), pick));
  const options = command.options.flatMap((option) => optionFor(option, pick));
  const code = await call([...pick([['--json'], [], ['--verbose']]), ...fullName(command).split(' '), ...args, ...options], pick([canaries.password, canaries.password, canaries.wrongPassword, '']));
  codes.set(fullName(command), [...(codes.get(fullName(command)) ?? []), code]);
}

/** The state's files, and what else was left beside them; not what was meant to hold a key. */
function storedText(folder: string): string {
  const names = readdirSync(folder).filter((name) => name !== 'in' && name !== 'out');
  return names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1')).join('\n');
}

it('no command tells a key, a password or a byte of a file', { timeout: 400_000 }, async () => {
  for (const args of [['import', inputFile('modern'), '--name', 'Imported', '--password-stdin'], ['generate', '--name', 'Generated', '--key-bits', '2048', '--pfx-out', newFile(), '--pfx-password-stdin']]) expect(await call(['certificate', ...args], canaries.password)).toBe(0);
  await hideStoredKeys();
  const [id = ''] = ids;
  for (const args of [['export', id, '--format', 'pfx', '--password-stdin', '--out', newFile()], ['register', id, '--app', stage.sandbox.ready.apps[0]?.key ?? '']]) expect([args, await call(['certificate', ...args], canaries.password)]).toEqual([args, 0]);
  for (const name of Object.keys(canaries.files)) {
    await call(['--verbose', 'certificate', 'import', inputFile(name), '--name', name, '--password-stdin'], canaries.wrongPassword);
    await call(['certificate', 'inspect', inputFile(name), '--password-stdin'], canaries.password);
  }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 }), { minLength: 3, maxLength: 3 }), async (drawings) => {
      for (const command of commands()) for (const picks of drawings) await play(command, picks);
    }),
    { numRuns: 1, endOnFailure: true },
  );
  await hideStoredKeys();
  expect(canaries.search.find(cameOut.join('\n')), 'printed').toEqual([]);
  expect(canaries.search.find(storedText(stage.folder)), 'stored').toEqual([]);
  expect([...codes.keys()].toSorted()).toEqual(commands().map(fullName).toSorted());
  for (const group of GROUPS) expect([...codes.keys()].some((name) => name.startsWith(group)), group).toBe(true);
  // Nothing was tried in vain: commands were understood, some did their work and some were refused.
  expect([...codes.values()].flat().filter((code) => code === 2).length).toBeLessThan([...codes.values()].flat().length / 3);
  for (const code of [0, 3]) expect([...codes.values()].flat()).toContain(code);
});
