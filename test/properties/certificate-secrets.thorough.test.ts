/**
 * Every operation on certificates, in any order and with anything for an argument, also while the state or the audit is down:
 * no key, password or file byte is in what it returns, throws, logs, tells the host, audits or stores. An exported file is
 * where a key leaves, under its password; nothing else is.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { IdentifiedStore } from '../../src/core/adapters/memory-store';
import { listCertificates, openPrivateKey } from '../../src/core/certificates/records/records';
import { listSigners } from '../../src/core/certificates/rotation/signers';
import type { Credentials } from '../../src/core/corridor/certificates/credentials';
import { secret } from '../../src/core/internal/secret';
import { MASTER_KEYS, OPERATOR, startStory, type Story } from '../journeys/story';
import { type Canaries, makeCanaries } from '../support/certificate-canaries';
import { printed } from '../support/leaks';

let story: Story;
let canaries: Canaries;
const trouble = { writes: false, audit: false };
/** Called before each read of the state. */
let onRead: (() => void) | undefined;
const cameOut: string[] = [];
const ran = new Map<string, { done: number; failed: number }>();

beforeAll(async () => {
  story = await startStory();
  canaries = await makeCanaries(story.clock);
  for (const app of story.sandbox.ready.apps) canaries.search.hidePassword(`the secret of ${app.key}`, app.clientSecret);
}, 60_000);
afterAll(async () => story.stop());

/** One that fails when it is told to, with a message that quotes what it was given, as drivers of databases do. */
function wrapStore(store: IdentifiedStore): IdentifiedStore {
  const write = async <T,>(args: readonly unknown[], work: () => Promise<T>): Promise<T> => {
    if (trouble.writes || (trouble.audit && String(args[0]).startsWith('audit/'))) throw new Error(`could not write ${JSON.stringify(args)}`);
    return work();
  };
  return {
    storeId: store.storeId,
    claimScope: store.claimScope,
    durable: store.durable,
    get: (key) => {
      onRead?.();
      return store.get(key);
    },
    list: (prefix) => {
      onRead?.();
      return store.list(prefix);
    },
    close: () => store.close(),
    set: (...args) => write(args, () => store.set(...args)),
    claim: (...args) => write(args, () => store.claim(...args)),
    replace: (...args) => write(args, () => store.replace(...args)),
    delete: (...args) => write(args, () => store.delete(...args)),
  };
}

/** Draws of one call: `any(list)` picks from it. */
interface Draw {
  readonly certificates: Credentials;
  readonly any: <T>(list: readonly T[]) => T;
  readonly id: string;
  readonly password: ReturnType<typeof secret> | null | undefined;
}

let names = 0;
const naming = ({ any }: Draw) => ({ name: any([`name ${(names += 1)}`, 'Taken', '', 'x'.repeat(100)]), description: any([undefined, 'what it is for', 'x'.repeat(1000)]) });
const operator = ({ any }: Draw) => any([OPERATOR, OPERATOR, OPERATOR, 'nobody']);

/** Whoever adds an operation says here how to call it; the compiler asks for it. */
const OPERATIONS: Readonly<Record<keyof Credentials, (draw: Draw) => Promise<unknown>>> = {
  generate: async (draw) => draw.certificates.generate({ ...naming(draw), keyBits: 2048, lifetimeDays: draw.any([365, 10, 0]) }, operator(draw)),
  importFile: async (draw) => draw.certificates.importFile({ ...naming(draw), bytes: draw.any(Object.values(canaries.files)), password: draw.password }, operator(draw)),
  exportFile: async (draw) => {
    const format = draw.any(['pfx', 'pfx', 'pem', 'cer'] as const);
    const file = await draw.certificates.exportFile(draw.id, { format, password: draw.password ?? undefined, profile: draw.any(['modern', 'legacy']), csp: draw.any([true, false]) }, operator(draw));
    const { bytes, ...rest } = file;
    if (file.includesPrivateKey) canaries.search.hideFile('an exported file', bytes, [Buffer.from(file.record.thumbprintSha1, 'hex'), ...Object.values(canaries.files)]);
    return { ...rest, publicBytes: file.includesPrivateKey ? null : Buffer.from(bytes).toString('latin1') };
  },
  list: async (draw) => draw.certificates.list(operator(draw)),
  show: async (draw) => draw.certificates.show(draw.id, operator(draw)),
  register: async (draw) => draw.certificates.register(draw.id, draw.any(['backup', 'restore', 'nobody']), operator(draw)),
  edit: async (draw) => draw.certificates.edit(draw.id, naming(draw), operator(draw)),
  remove: async (draw) => {
    const { id: unused } = await draw.certificates.generate({ name: `unused ${(names += 1)}`, keyBits: 2048 }, OPERATOR);
    await hideStoredKeys();
    return draw.certificates.remove(draw.any([unused, draw.id]), { confirm: draw.any([true, false]) }, operator(draw));
  },
  unregister: async (draw) => {
    // Two of them: a removal is proven with another registered certificate of the app.
    const prover = await registerFresh();
    const registered = await registerFresh();
    return draw.certificates.unregister(draw.any([registered, prover, draw.id]), draw.any(['restore', 'backup', 'nobody']), operator(draw));
  },
  check: async (draw) => draw.certificates.check(operator(draw), { rotate: draw.any([true, false]), directory: draw.any([true, false]) }),
  checkHeartbeat: async (draw) => draw.certificates.checkHeartbeat(operator(draw)),
  keepWatch: async (draw) => {
    const stop = new AbortController();
    // Where a sleep only moves the clock, nothing else would have a turn to end it.
    onRead = () => stop.abort(new Error('enough'));
    return draw.certificates.keepWatch(stop.signal).finally(() => (onRead = undefined));
  },
  rotate: async (draw) => {
    story.advanceClock(draw.any([0, 300, 90_000]));
    return draw.certificates.rotate(draw.id, operator(draw));
  },
  undoRotation: async (draw) => draw.certificates.undoRotation(draw.id, operator(draw)),
  planRotation: async (draw) => draw.certificates.planRotation(draw.id, operator(draw)),
  releaseSigner: async (draw) => draw.certificates.releaseSigner(draw.any([...(await signerIds()), 'nobody']), operator(draw)),
};

async function registerFresh(): Promise<string> {
  const { certificates } = story.installation;
  const { id } = await certificates.generate({ name: `registered ${(names += 1)}`, keyBits: 2048 }, OPERATOR);
  await hideStoredKeys();
  await certificates.register(id, 'restore', OPERATOR);
  return id;
}

async function signerIds(): Promise<readonly string[]> {
  const { ports } = story.installation;
  const signers = await Promise.all((await listCertificates(ports)).map(({ thumbprintSha256 }) => listSigners(ports, thumbprintSha256)));
  return signers.flat().map(({ id }) => id);
}

const hidden = new Set<string>();

/** Keys that were made on the way, before they may be deleted again. */
async function hideStoredKeys(): Promise<readonly string[]> {
  const { ports } = story.installation;
  const records = await listCertificates(ports);
  for (const { id } of records.filter((record) => !hidden.has(record.id))) {
    canaries.search.hideKey('a stored key', (await openPrivateKey(ports, id)).privateKey.reveal());
    hidden.add(id);
  }
  return records.map(({ id }) => id);
}

interface Call {
  readonly operation: keyof Credentials;
  readonly picks: readonly number[];
  readonly trouble: 'none' | 'writes' | 'audit' | 'wrong master key';
}

async function play(call: Call): Promise<void> {
  const ids = await hideStoredKeys();
  let drawn = 0;
  const any = <T,>(list: readonly T[]): T => list[(call.picks[drawn++ % call.picks.length] ?? 0) % list.length] as T;
  const certificates = call.trouble === 'wrong master key' ? await withWrongKey() : story.installation.certificates;
  trouble.writes = call.trouble === 'writes';
  trouble.audit = call.trouble === 'audit';
  const password = any([secret(canaries.password), secret(canaries.password), secret(canaries.wrongPassword), null, undefined]);
  const counted = ran.get(call.operation) ?? { done: 0, failed: 0 };
  ran.set(call.operation, counted);
  try {
    cameOut.push(printed(await OPERATIONS[call.operation]({ certificates, any, password, id: any([...ids, ...ids, 'nobody', canaries.password.slice(0, 3)]) })));
    counted.done += 1;
  } catch (error) {
    cameOut.push(printed(error));
    counted.failed += 1;
  } finally {
    trouble.writes = false;
    trouble.audit = false;
  }
}

async function withWrongKey(): Promise<Credentials> {
  const { parseKeyRing } = await import('../../src/core/sealing');
  return (await story.install(story.store, story.configuration, { masterKeys: parseKeyRing(MASTER_KEYS.replace('BQUF', 'BgYG')) })).certificates;
}

async function expectNothingOut(): Promise<void> {
  await hideStoredKeys();
  const { ports, audit } = story.installation;
  const places: Readonly<Record<string, string>> = {
    'what was returned and thrown': cameOut.join('\n'),
    'the log': story.log.join('\n'),
    'the events': JSON.stringify(story.events),
    'the audit': printed(await Array.fromAsync(audit.list())),
    'the state': (await Array.fromAsync(story.store.list(''))).map((row) => `${row.key}\n${row.value}`).join('\n'),
    'the requests': JSON.stringify(story.sandbox.requests()),
    'the ports, printed': printed({ ports, certificates: story.installation.certificates }),
  };
  for (const [place, text] of Object.entries(places)) expect(canaries.search.find(text), place).toEqual([]);
}

it('no operation tells a key, a password or a byte of a file', { timeout: 400_000 }, async () => {
  const kinds = Object.keys(OPERATIONS) as (keyof Credentials)[];
  const calls = fc.record({ operation: fc.constantFrom(...kinds), picks: fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 }), trouble: fc.constantFrom(...(['none', 'none', 'none', 'none', 'writes', 'audit', 'wrong master key'] as const)) });
  await fc.assert(
    fc.asyncProperty(fc.array(calls, { minLength: 10, maxLength: 25 }), async (drawn) => {
      await story.renew({ wrapStore });
      cameOut.length = 0;
      // There is something to work with, and every operation goes through at least once.
      const first = (operation: keyof Credentials, pick = 0): Call => ({ operation, picks: [pick], trouble: 'none' });
      for (const call of [first('importFile'), first('generate'), first('exportFile'), first('register'), ...kinds.map((kind) => first(kind)), ...drawn]) await play(call);
      for (const bytes of Object.values(canaries.files)) {
        for (const password of [canaries.wrongPassword, canaries.password]) cameOut.push(printed(await story.installation.certificates.importFile({ name: `file ${(names += 1)}`, bytes, password: secret(password) }, OPERATOR).catch((error: unknown) => error)));
      }
      await expectNothingOut();
    }),
    { numRuns: 3, endOnFailure: true },
  );
  expect([...ran.keys()].toSorted()).toEqual(Object.keys(story.installation.certificates).toSorted());
  // Undoing needs a rotation that is running, which chance gives or not.
  expect([...ran].filter(([, { done }]) => done === 0).map(([kind]) => kind).filter((kind) => kind !== 'undoRotation')).toEqual([]);
  expect([...ran.values()].reduce((sum, { failed }) => sum + failed, 0)).toBeGreaterThan(10);
});
