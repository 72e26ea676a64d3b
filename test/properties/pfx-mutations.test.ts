/**
 * Files of other programs, bent in every way: bits, cuts, pieces of other files, lengths, and whole elements dropped, doubled,
 * moved and retyped with all lengths around them right again. Whatever comes of it is a report or a refusal of our own; what
 * an integrity code protects is accepted as it was or not at all; and nothing is computed without bound.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../src/core/adapters/key-deriver';
import { openKeyFile } from '../../src/core/certificates/files/key-file';
import { type BerElement, readBer } from '../../src/core/certificates/pfx/ber';
import { type FileReport, inspectCertificateFile } from '../../src/core/certificates/pfx/inspect';
import { isOnboardingError, OnboardingError } from '../../src/core/errors';
import { secret } from '../../src/core/internal/secret';
import type { KeyDeriver } from '../../src/core/ports';
import { bytesOf, VECTORS } from '../core/certificates/pfx/vectors';

const real = createKeyDeriver();
/** What the vectors themselves ask for at most; a bent count beyond it is not worth the time of a test. */
const PATIENCE = 20_000;
let asked = 0;
const keyDeriver: KeyDeriver = {
  derive: async (derivation) => {
    asked += 'iterations' in derivation ? derivation.iterations : 1;
    if (!('iterations' in derivation) || derivation.iterations > PATIENCE) throw new OnboardingError('PFX_TOO_SLOW', 'More than a test waits for.');
    return real.derive(derivation);
  },
};
const ports = { keyDeriver, clock: { now: () => Date.UTC(2026, 10, 22), sleep: () => Promise.resolve() } };

interface Source {
  readonly file: string;
  readonly bytes: Buffer;
  readonly password: string | null;
  readonly report: FileReport;
}

let sources: readonly Source[];
beforeAll(async () => {
  const found: Source[] = [];
  for (const { file, password } of VECTORS) {
    const bytes = bytesOf(file);
    found.push({ file, bytes, password, report: await inspect(bytes, password) });
  }
  sources = found;
  expect(sources.filter(({ report }) => report.ok && report.container.mac !== null).length).toBeGreaterThan(35);
});

async function inspect(bytes: Uint8Array, password: string | null): Promise<FileReport> {
  asked = 0;
  const report = await inspectCertificateFile(ports, { bytes, password: password === null ? null : secret(password) });
  // Three million by the budgets, times the forms a password has been given by others.
  expect(asked).toBeLessThanOrEqual(30_000_000);
  return report;
}

/** What somebody would act on. */
function contentOf(report: FileReport): unknown {
  return report.ok ? { certificates: report.certificates, keys: report.keys } : undefined;
}

async function expectSound(bent: Buffer, { file, password, report: before }: Source, alsoSound: readonly unknown[] = []): Promise<void> {
  const report = await inspect(bent, password);
  if (!report.ok) {
    expect(report.error.code, file).toMatch(/^(PFX_|NOT_A_PFX$)/);
    // Some files bear their password as a name.
    if (password !== null && password.length > 6 && !JSON.stringify(before).includes(password) && !report.error.message.includes(' password ')) expect(JSON.stringify(report)).not.toContain(password);
    return;
  }
  if (report.container.mac === null) return;
  const sound = [contentOf(before), ...alsoSound];
  expect(sound.some((content) => JSON.stringify(content) === JSON.stringify(contentOf(report))), `${file} was changed, and the change was accepted`).toBe(true);
}

interface Node {
  readonly tag: number;
  readonly children: readonly Node[] | undefined;
  readonly content: Buffer;
}

/** As a tree, through OCTET STRINGs that hold a whole element. */
function parse(bytes: Buffer): Node {
  return nodeOf(readBer(bytes, { left: 20_000 }));
}

function nodeOf({ tag, isConstructed, children, content }: BerElement): Node {
  if (isConstructed) return { tag, children: children.map(nodeOf), content };
  const inner = tag === 0x04 ? quietly(() => readBer(content, { left: 20_000 })) : undefined;
  return { tag, children: inner?.encoded.length === content.length ? [nodeOf(inner)] : undefined, content };
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function encode({ tag, children, content }: Node): Buffer {
  const inner = children === undefined ? content : Buffer.concat(children.map(encode));
  const length = inner.length < 0x80 ? [inner.length] : [0x82, inner.length >> 8, inner.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), inner]);
}

type Edit = (node: Node) => readonly Node[];

/** The tree with the `at`-th node, in the order of the file, replaced by what `edit` makes of it. */
function edited(root: Node, at: number, edit: Edit): Node {
  let index = 0;
  const visit = (node: Node): readonly Node[] => {
    const isHere = index === at;
    index += 1;
    const below = node.children?.flatMap(visit);
    const rebuilt = { ...node, children: below };
    return isHere ? edit(rebuilt) : [rebuilt];
  };
  return visit(root)[0] ?? root;
}

function all(node: Node): readonly Node[] {
  return [node, ...(node.children ?? []).flatMap(all)];
}

const any = fc.nat();
const pick = <T,>(list: readonly T[], index: number): T => {
  const item = list[index % list.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

describe('a file of another program', { timeout: 300_000 }, () => {
  it('with flipped bits is refused, or holds what it held', async () => {
    await fc.assert(
      fc.asyncProperty(any, fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 }), async (which, flips) => {
        const source = pick(sources, which);
        const bent = Buffer.from(source.bytes);
        for (const [place, bit] of flips) bent.writeUInt8(bent.readUInt8(place % bent.length) ^ (1 << bit), place % bent.length);
        await expectSound(bent, source);
      }),
      { numRuns: 400 },
    );
  });

  it('that was cut, or has a hole, is refused, or holds what it held', async () => {
    await fc.assert(
      fc.asyncProperty(any, fc.nat(), fc.nat(64), fc.boolean(), async (which, place, hole, isCut) => {
        const source = pick(sources, which);
        const at = place % source.bytes.length;
        await expectSound(isCut ? source.bytes.subarray(0, at) : Buffer.concat([source.bytes.subarray(0, at), source.bytes.subarray(at + hole)]), source);
      }),
      { numRuns: 300 },
    );
  });

  it('with a piece of another one in it is refused, or holds what one of the two held', async () => {
    await fc.assert(
      fc.asyncProperty(any, any, fc.nat(), fc.nat(), fc.nat(), fc.nat(), async (which, other, at, remove, from, length) => {
        const [source, donor] = [pick(sources, which), pick(sources, other)];
        const start = at % source.bytes.length;
        const piece = donor.bytes.subarray(from % donor.bytes.length).subarray(0, length % donor.bytes.length);
        await expectSound(Buffer.concat([source.bytes.subarray(0, start), piece, source.bytes.subarray(start + (remove % 600))]), source, [contentOf(donor.report)]);
      }),
      { numRuns: 300 },
    );
  });

  it('with another length somewhere is refused, or holds what it held', async () => {
    await fc.assert(
      fc.asyncProperty(any, fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x85, 0xff), fc.nat(255), async (which, place, length, next) => {
        const source = pick(sources, which);
        const element = quietly(() => readBer(source.bytes, { left: 20_000 }));
        if (element === undefined) return;
        const elements: BerElement[] = [];
        const collect = (one: BerElement) => {
          elements.push(one);
          one.children.forEach(collect);
        };
        collect(element);
        const at = pick(elements, place).encoded.byteOffset - source.bytes.byteOffset + 1;
        const bent = Buffer.from(source.bytes);
        bent.writeUInt8(length, at);
        if (at + 1 < bent.length && length > 0x80) bent.writeUInt8(next, at + 1);
        await expectSound(bent, source);
      }),
      { numRuns: 400 },
    );
  });

  it('with elements dropped, doubled, moved, retyped or refilled, and every length right, is refused, or holds what it held', async () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom('drop', 'double', 'move', 'retype', 'refill', 'empty'), fc.nat(), fc.uint8Array({ maxLength: 12 })), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(any, edits, async (which, changes) => {
        const source = pick(sources, which);
        const root = quietly(() => parse(source.bytes));
        if (root === undefined) return;
        const bent = changes.reduce((tree, [at, kind, other, bytes]) => {
          const nodes = all(tree);
          const edit: Readonly<Record<typeof kind, Edit>> = {
            drop: () => [],
            double: (node) => [node, node],
            move: () => [pick(nodes, other)],
            retype: (node) => [{ ...node, tag: pick([0x02, 0x04, 0x05, 0x06, 0x30, 0x31, 0xa0, 0xa1, 0x80, 0x24, 0x1e], other) }],
            refill: (node) => [{ ...node, children: undefined, content: Buffer.from(bytes) }],
            empty: (node) => [{ ...node, children: undefined, content: Buffer.alloc(0) }],
          };
          const changed = edited(tree, at % nodes.length, edit[kind]);
          return all(changed).length > 5000 ? tree : changed;
        }, root);
        await expectSound(encode(bent), source);
      }),
      { numRuns: 600 },
    );
  });

  it('taken for a key file gives a certificate with its key, or a refusal of our own that tells no password', async () => {
    const texts = () => sources.map(({ bytes }) => ({ text: `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`, bytes }));
    await fc.assert(
      fc.asyncProperty(any, fc.nat(), fc.uint8Array({ maxLength: 8 }), fc.boolean(), async (which, place, insert, asText) => {
        const { text, bytes } = pick(texts(), which);
        const base = asText ? Buffer.from(text) : bytes;
        const at = place % base.length;
        const bent = Buffer.concat([base.subarray(0, at), insert, base.subarray(at + insert.length)]);
        const outcome = await openKeyFile(ports, { bytes: bent, password: secret('hunter2-hunter2') }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(isOnboardingError(outcome) && outcome.code !== 'UNEXPECTED').toBe(true);
        expect(JSON.stringify(outcome)).not.toContain('hunter2');
      }),
      { numRuns: 200 },
    );
  });
});
