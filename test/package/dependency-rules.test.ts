/** The house's promises about imports, the world, names and shape, held over every source file. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOG } from '../../src/core/error-catalog';
import { findCycles } from './rules/cycles';
import { findBrokenWalls, packagesLoadedWith, packagesReachedFrom, zoneOf } from './rules/import-walls';
import { findBannedNames } from './rules/names';
import { findLongFunctions, findMissingHeaders, functionLengths } from './rules/shape';
import { importsOf, positionOf, treeFromDisk, visit, type Finding, type SourceTree } from './rules/source-tree';
import { findBannedText } from './rules/words';
import { findWorldlyCode } from './rules/world';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tree = treeFromDisk(root, ['src/**/*.ts', 'examples/**/*.mts']);
const sources: SourceTree = { files: new Map([...tree.files].filter(([path]) => path.startsWith('src/'))) };

/** Findings as one readable text: where, what, and why the rule exists. */
function told(findings: readonly Finding[]): string {
  return findings.map(({ at, what, why }) => `${at}  ${what}\n    because: ${why}`).join('\n');
}

describe('the house', () => {
  it('lets no file import across a wall', () => {
    expect(tree.files.size).toBeGreaterThan(20);
    expect(told(findBrokenWalls(tree))).toBe('');
  });

  it('has no import cycle at run time', () => {
    expect(told(findCycles(tree))).toBe('');
  });

  it('touches the world only where it may', () => {
    expect(told(findWorldlyCode(tree))).toBe('');
  });

  it('calls things by the words of the glossary', () => {
    expect(told(findBannedNames(sources))).toBe('');
  });

  it('opens every core file with what it promises', () => {
    expect(told(findMissingHeaders(sources))).toBe('');
  });

  it('keeps functions short enough to read', () => {
    expect(told(findLongFunctions(sources))).toBe('');
    const lengths = functionLengths(sources);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(15);
  });

  it('gives the backup portal neither a sign-in library nor Graph', () => {
    const reached = [...packagesReachedFrom(tree, 'src/core/portal/index.ts')];
    expect(reached.filter((name) => /msal|graph-client|node-forge|sqlite/.test(name))).toEqual([]);
  });

  it('gets app tokens over a host\'s own fetch with neither a sign-in library nor Node\'s network', () => {
    const reached = ['assertion-tokens', 'fetch-sender'].flatMap((name) => [...packagesReachedFrom(tree, `src/core/adapters/${name}.ts`)]);
    expect(reached.filter((name) => !['zod/v4', 'node:crypto'].includes(name))).toEqual([]);
    expect([...packagesReachedFrom(tree, 'src/core/adapters/msal-tokens.ts')]).toContain('@azure/msal-node');
  });

  it.each(['src/core/index.ts', 'src/core/portal/index.ts'])('loads no client of an outside service with %s, but with its first use', (entry) => {
    const loaded = [...packagesLoadedWith(tree, entry)].filter((name) => !name.startsWith('node:'));
    expect(loaded).toEqual(['zod/v4']);
    expect([...packagesReachedFrom(tree, entry)]).toContain('jose');
  });

  it('re-exports from the front door and does nothing else there', () => {
    const frontDoor = tree.files.get('src/core/index.ts');
    const others = frontDoor?.statements.filter((statement) => !ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined);
    expect(others?.map((statement) => positionOf(statement))).toEqual([]);
  });

  it('builds adapters for n8n in host/ only', () => {
    const fromAdapters = new Set(importsOf(tree, 'src/core/index.ts').filter(({ target }) => target !== undefined && zoneOf(target) === 'adapters').flatMap(({ names }) => names));
    const nodes = [...tree.files.keys()].filter((path) => ['nodes', 'credentials'].includes(zoneOf(path) ?? ''));
    const broken = nodes.flatMap((path) => importsOf(tree, path)).filter(({ typeOnly, names }) => !typeOnly && names.some((name) => fromAdapters.has(name)));
    expect(broken.map(({ at, names }) => `${at} builds ${names.join(', ')}`)).toEqual([]);
  });

  it('declares every package the sources import as a dependency', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object; peerDependencies: object };
    const declared = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]);
    const imported = [...sources.files.keys()].flatMap((path) => importsOf(tree, path)).filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'));
    const packageOf = (specifier: string) => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
    expect(imported.filter(({ specifier }) => !declared.has(packageOf(specifier))).map(({ at, specifier }) => `${at} ${specifier}`)).toEqual([]);
  });
});

describe('the error catalog', () => {
  it('holds no code that nothing raises', () => {
    const raised = new Set<string>();
    for (const [path, file] of sources.files) {
      if (path !== 'src/core/error-catalog.ts') visit(file, (node) => ts.isStringLiteralLike(node) && raised.add(node.text));
    }
    expect(Object.keys(ERROR_CATALOG).filter((code) => !raised.has(code))).toEqual([]);
  });
});

describe('the repository', () => {
  it('names no machine and no package registry in any committed file', () => {
    const committed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0');
    const texts = committed.filter((path) => path !== '' && !['.png', '.pfx', '.p12', '.jks', '.der'].includes(extname(path)) && existsSync(join(root, path)));
    expect(texts.length).toBeGreaterThan(20);
    expect(told(texts.flatMap((path) => findBannedText(path, readFileSync(join(root, path), 'utf8'))))).toBe('');
  });
});
