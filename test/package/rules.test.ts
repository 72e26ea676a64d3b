/** The rules themselves, on small trees that break them: a rule that cannot fail guards nothing. */
import { describe, expect, it } from 'vitest';
import { findCycles } from './rules/cycles';
import { findBrokenWalls, packagesLoadedWith, packagesReachedFrom, zoneOf } from './rules/import-walls';
import { findBannedNames, wordsOf } from './rules/names';
import { findLongFunctions, findMissingHeaders } from './rules/shape';
import { treeFromText, type Finding } from './rules/source-tree';
import { findBannedText } from './rules/words';
import { findWorldlyCode } from './rules/world';

const whats = (findings: readonly Finding[]) => findings.map(({ at, what }) => `${at} ${what}`);

describe('import walls', () => {
  const walled = (path: string, text: string, others: Record<string, string> = {}) => whats(findBrokenWalls(treeFromText({ [path]: text, ...others })));
  const ports = { 'src/core/ports.ts': '' };

  it.each([
    ['a room importing another room', 'src/core/consent/a.ts', "import { b } from '../sso/b';", { 'src/core/sso/b.ts': '' }],
    ['a room importing an adapter', 'src/core/consent/a.ts', "import { b } from '../adapters/b';", { 'src/core/adapters/b.ts': '' }],
    ['a room importing an adapter by type', 'src/core/consent/a.ts', "import type { B } from '../adapters/b';", { 'src/core/adapters/b.ts': '' }],
    ['a room importing values of accounts', 'src/core/consent/a.ts', "import { b } from '../accounts/b';", { 'src/core/accounts/b.ts': '' }],
    ['a room importing a third party', 'src/core/sso/a.ts', "import { jwtVerify } from 'jose';", {}],
    ['a room loading a third party lazily', 'src/core/sso/a.ts', "const jose = await import('jose');", {}],
    ['a room re-exporting a third party', 'src/core/sso/a.ts', "export { jwtVerify } from 'jose';", {}],
    ['a room typing itself by a third party', 'src/core/sso/a.ts', "export type K = import('jose').JWK;", {}],
    ['node-forge outside certificates', 'src/core/sso/a.ts', "import forge from 'node-forge';", {}],
    ['internal importing the ports', 'src/core/internal/a.ts', "import type { Clock } from '../ports';", ports],
    ['the frame importing a room', 'src/core/errors.ts', "import { b } from './sso/b';", { 'src/core/sso/b.ts': '' }],
    ['an adapter importing rules of a room', 'src/core/adapters/a.ts', "import { b } from '../sso/b';", { 'src/core/sso/b.ts': '' }],
    ['the corridor importing an adapter', 'src/core/onboarding.ts', "import { b } from './adapters/b';", { 'src/core/adapters/b.ts': '' }],
    ['the corridor importing the composition root', 'src/core/onboarding.ts', "import { b } from './installation';", { 'src/core/installation.ts': '' }],
    ['the composition root using a third party itself', 'src/core/installation.ts', "import * as msal from '@azure/msal-node';", {}],
    ['the sandbox importing the core', 'src/sandbox/a.ts', "import { b } from '../core/ports';", ports],
    ['the sandbox importing a third party', 'src/sandbox/a.ts', "import { SignJWT } from 'jose';", {}],
    ['the core importing the sandbox', 'src/core/adapters/a.ts', "import { b } from '../../sandbox/b';", { 'src/sandbox/b.ts': '' }],
    ['a node going behind the front door', 'src/nodes/X/X.node.ts', "import type { Clock } from '../../core/ports';", ports],
    ['a node using n8n at run time', 'src/nodes/X/X.node.ts', "import { NodeOperationError } from 'n8n-workflow';", {}],
    ['the command line going behind the front door', 'src/cli/a.ts', "import { b } from '../core/ports';", ports],
    ['an example reaching into the sources', 'examples/a.mts', "import { b } from '../src/core/ports';", ports],
    ['a place the house does not have', 'src/core/helpers.ts', '', {}],
  ])('refuse %s', (_, path, text, others) => {
    expect(walled(path, text, others)).toHaveLength(1);
    expect(walled(path, text, others)[0]).toContain(`${path}:1 `);
  });

  it.each([
    ['a room using ids of accounts by type', 'src/core/consent/a.ts', "import type { AccountId } from '../accounts/id';", { 'src/core/accounts/id.ts': '' }],
    ['a room using the frame, zod and its own files', 'src/core/consent/a.ts', "import * as z from 'zod/v4'; import { b } from './b'; import type { Clock } from '../ports';", { 'src/core/consent/b.ts': '', ...ports }],
    ['an adapter using a room by type', 'src/core/adapters/a.ts', "import type { B } from '../sso/b'; import 'jose';", { 'src/core/sso/b.ts': '' }],
    ['the composition root wiring an adapter', 'src/core/installation.ts', "import { b } from './adapters/b';", { 'src/core/adapters/b.ts': '' }],
    ['the certificates using node-forge', 'src/core/certificates/a.ts', "import forge from 'node-forge';", {}],
    ['n8n in host/', 'src/nodes/host/a.ts', "import { NodeOperationError } from 'n8n-workflow';", {}],
  ])('let through %s', (_, path, text, others) => {
    expect(walled(path, text, others)).toEqual([]);
  });

  it('know the zone of every kind of place', () => {
    expect(zoneOf('src/core/fleet/sweep.ts')).toBe('corridor');
    expect(zoneOf('src/nodes/X/host/a.ts')).toBe('nodes host');
    expect(zoneOf('src/elsewhere/a.ts')).toBeUndefined();
  });

  it('see through files to the packages an entry reaches', () => {
    const tree = treeFromText({ 'src/core/portal/index.ts': "export * from '../adapters/a';", 'src/core/adapters/a.ts': "import '@azure/msal-node'; import type { X } from 'pg';" });
    expect([...packagesReachedFrom(tree, 'src/core/portal/index.ts')]).toEqual(['@azure/msal-node']);
  });

  it('tell what is loaded with an entry from what waits for its first use', () => {
    const tree = treeFromText({ 'src/core/index.ts': "import './adapters/a';", 'src/core/adapters/a.ts': "import 'jose'; const use = async () => import('pg'); const now = require('keyv');" });
    expect([...packagesLoadedWith(tree, 'src/core/index.ts')]).toEqual(['jose', 'keyv']);
    expect([...packagesReachedFrom(tree, 'src/core/index.ts')]).toEqual(['jose', 'pg', 'keyv']);
  });
});

describe('cycles', () => {
  it('are found through three files, with their path', () => {
    const tree = treeFromText({ 'src/a.ts': "import './b';", 'src/b.ts': "export * from './c';", 'src/c.ts': "import { a } from './a';" });
    expect(whats(findCycles(tree))).toEqual(['src/a.ts:1 import cycle: src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts']);
  });

  it('do not count when one side is a type only', () => {
    expect(findCycles(treeFromText({ 'src/a.ts': "import './b';", 'src/b.ts': "import type { A } from './a';" }))).toEqual([]);
  });
});

describe('the world', () => {
  const found = (text: string, path = 'src/core/consent/a.ts') => findWorldlyCode(treeFromText({ [path]: text })).map(({ what }) => what);

  it.each([
    ['const at = Date.now();', 'uses Date.now'],
    ['const at = new Date();', 'uses new Date()'],
    ['const clock = { now: Date.now };', 'uses Date.now'],
    ['const dice = Math.random();', 'uses Math.random'],
    ["import { randomUUID } from 'node:crypto';", 'uses randomUUID'],
    ["import { randomUUID as id } from 'node:crypto';", 'uses randomUUID'],
    ["import * as crypto from 'node:crypto'; crypto.randomBytes(3);", 'uses crypto.randomBytes'],
    ["fetch('https://example.com');", 'uses fetch'],
    ['const ask = fetch;', 'uses fetch'],
    ['setTimeout(() => undefined, 5);', 'uses setTimeout'],
    ['const key = process.env.KEY;', 'uses process'],
    ['globalThis.crypto;', 'uses globalThis'],
    ['AbortSignal.timeout(5);', 'uses AbortSignal.timeout'],
    ["import { readFileSync } from 'node:fs';", 'imports node:fs'],
    ["import { readFile } from 'fs/promises';", 'imports fs/promises'],
    ["const fs = require('fs');", 'imports fs'],
    ['const any = await import(name);', 'imports (computed)'],
    ['function f(fetch: Send) {} fetch(url);', 'uses fetch'],
  ])('is seen in: %s', (text, what) => {
    expect(found(text)).toEqual([what]);
  });

  it.each([
    ['a given instant', 'const at = new Date(now).toISOString();'],
    ['a port', 'const at = ports.clock.now(); const response = await ports.http.fetch(url);'],
    ['a property of that name', 'const job = { process: 1, fetch: () => 2 }; job.process;'],
    ['an injected function of that name', 'function seal(randomBytes: Random) { return randomBytes(3); }'],
    ['a local of that name', 'const { fetch } = ports; fetch(url);'],
    ['a type', "import type { Agent } from 'node:https'; type Send = typeof fetch;"],
  ])('is not seen in %s', (_, text) => {
    expect(found(text)).toEqual([]);
  });

  it.each(['src/core/adapters/a.ts', 'src/cli/a.ts', 'src/sandbox/a.ts', 'examples/a.mts'])('may be touched in %s', (path) => {
    expect(found('Date.now();', path)).toEqual([]);
  });
});

describe('names', () => {
  const named = (text: string) => findBannedNames(treeFromText({ 'src/a.ts': text })).map(({ what }) => what);

  it.each([
    'const dbConnection = 1;',
    'function openConnection() {}',
    'interface Options { aadTenant: string }',
    'class CertStore {}',
    'function f(org: string) {}',
    'const { cert } = options;',
    'function redeem(token: string) {}',
    'interface Answer { readonly token: Secret }',
    'async function validateConsent() {}',
    'declare function validateConsent(): Promise<void>;',
    'function linkAccount() {}',
    'const operatorUser = 1;',
  ])('are refused: %s', (text) => {
    expect(named(text)).toHaveLength(1);
  });

  it.each([
    'const certificate = organization.id;',
    'const idToken = 1;',
    'const nextLink = page.nextLink;',
    "const wire = { connection: 'keep-alive', token: 1 };",
    'interface Ports { readonly tokens: TokenSource }',
    'const token = readIdToken();',
    'function validateShape(input: unknown): boolean { return true; }',
  ])('are accepted: %s', (text) => {
    expect(named(text)).toEqual([]);
  });

  it('let an adapter repeat the one TLS option Node calls so', () => {
    const options = 'interface TlsOptions { readonly cert?: string }';
    expect(findBannedNames(treeFromText({ 'src/core/adapters/a.ts': options }))).toEqual([]);
    expect(findBannedNames(treeFromText({ 'src/core/sso/a.ts': options }))).toHaveLength(1);
    expect(findBannedNames(treeFromText({ 'src/core/adapters/a.ts': 'const cert = 1;' }))).toHaveLength(1);
  });

  it('are split into words at capitals, digits and underscores', () => {
    expect(wordsOf('theJWKSUrl2_ofX')).toEqual(['the', 'jwks', 'url2', 'of', 'x']);
  });
});

describe('shape', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `  step(${index});`).join('\n');

  it('misses a header', () => {
    expect(findMissingHeaders(treeFromText({ 'src/core/a.ts': 'export {};' }))).toHaveLength(1);
    expect(findMissingHeaders(treeFromText({ 'src/core/a.ts': '/** Says it. */' }))).toEqual([]);
  });

  it('wants a reason for a very long function', () => {
    expect(findLongFunctions(treeFromText({ 'src/a.ts': `function f() {\n${lines(130)}\n}` }))).toHaveLength(1);
    expect(findLongFunctions(treeFromText({ 'src/a.ts': `// long: a table in all but name\nfunction f() {\n${lines(130)}\n}` }))).toEqual([]);
    expect(findLongFunctions(treeFromText({ 'src/a.ts': `function f() {\n${lines(100)}\n}` }))).toEqual([]);
  });
});

describe('words', () => {
  const machine = ['', 'work', 'main', 'src'].join('/');

  it('find a path of one machine and a registry', () => {
    expect(whats(findBannedText('a.md', `fine\nsee ${machine}`))).toEqual(['a.md:2 a path of one machine']);
    expect(findBannedText('a.md', `"${machine}"`)).toHaveLength(1);
    expect(findBannedText('a.md', ['https://registry', 'npmjs', 'org/x'].join('.'))).toHaveLength(1);
  });

  it('let an address with such a segment pass', () => {
    expect(findBannedText('a.md', `https://example.com${machine.slice(0, machine.indexOf('/', 1))}/items`)).toEqual([]);
  });
});
