// n8n's rules over three things, as n8n's own scanner applies them: the sources, the panels as they are drawn, and the
// packed tarball. A comment that switches a rule off counts nowhere. Every warning is a finding.
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Finding } from './exceptions.mts';
import { drawnNode } from './panels.mts';

type Config = Readonly<Record<string, unknown>>;
type Rules = Readonly<Record<string, string>>;

/** What is used of eslint and its plugins, by shape: they are installed only when this runs. */
interface Eslint {
  readonly ESLint: new (options: object) => { lintFiles(patterns: readonly string[]): Promise<readonly LintResult[]> };
}

interface LintResult {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly line?: number; readonly message: string }[];
}

interface CommunityNodes {
  readonly n8nCommunityNodesPlugin: { readonly configs: { readonly recommendedWithoutN8nCloudSupport: Config } };
}

interface NodesBase {
  readonly configs: Readonly<Record<'community' | 'credentials' | 'nodes', { readonly rules: Rules }>>;
}

export interface Linted {
  readonly files: number;
  readonly findings: readonly Finding[];
}

/** Where a finding is, and what stands there when the file cannot be looked at afterwards. */
type Place = (file: string, line: number) => { readonly where: string; readonly shown?: string };

/** n8n's scanner and its command line switch these off too. */
const OFF = {
  credentials: ['cred-class-field-documentation-url-miscased', 'cred-class-field-type-options-password-missing'],
  nodes: ['node-class-description-inputs-wrong-regular-node', 'node-class-description-outputs-wrong', 'node-param-type-options-max-value-present'],
} as const;

/** Demanded of verified packages only; our nodes keep them, so that a verified build stays possible. */
const OF_VERIFIED_PACKAGES: Config = { rules: { '@n8n/community-nodes/no-restricted-globals': 'error', '@n8n/community-nodes/no-restricted-imports': 'error' } };

const require = createRequire(import.meta.url);

/**
 * Sources of nodes and credentials. Several rules look for them beside package.json, where n8n's template has them, and
 * say nothing or the wrong thing elsewhere; so they are linted in a copy that has them there.
 */
export async function lintSources(root: string, work: string): Promise<Linted> {
  const copy = join(work, 'sources');
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  for (const folder of ['nodes', 'credentials']) cpSync(join(root, 'src', folder), join(copy, folder), { recursive: true });
  return lint(copy, ['package.json', 'nodes/**/*.{ts,json}', 'credentials/**/*.ts'], [...everyRule(), OF_VERIFIED_PACKAGES], (file) => ({ where: fromSource(file) }));
}

/** Menus and fields, written out. Only the rules about them: the rest of a node is not in the picture. */
export async function lintPanels(root: string, work: string): Promise<Linted> {
  const copy = join(work, 'panels');
  for (const file of globSync('dist/nodes/*/*.node.js', { cwd: root })) {
    const source = join(copy, relative('dist', file).replace(/js$/, 'ts'));
    mkdirSync(join(source, '..'), { recursive: true });
    writeFileSync(source, drawnNode(join(root, file)));
  }
  return lint(copy, ['nodes/**/*.node.ts'], ofNodesBase(), (file, line) => ({ where: `${fromSource(file)}: panel`, shown: lineOf(join(copy, file), line) }));
}

/** What a user installs, whatever the build made of the sources. */
export async function lintTarball(root: string, work: string): Promise<Linted> {
  const copy = join(work, 'tarball');
  mkdirSync(copy);
  const name = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  execFileSync('tar', ['-xzf', join(work, name), '-C', copy, '--strip-components=1']);
  return lint(copy, ['package.json', '**/*.js'], everyRule(), (file, line) => {
    const origin = originIn(readFileSync(join(copy, file), 'utf8'), line);
    return { where: origin === undefined ? file : `${file}: ${origin}` };
  });
}

/** The module a line of a built file comes from, by the comment that esbuild puts before each; undefined before the first. */
export function originIn(bundle: string, line: number): string | undefined {
  const before = bundle.split('\n').slice(0, line).toReversed();
  const path = before.map((text) => /^\/\/ (\S+\.[cm]?[jt]s)$/.exec(text)?.[1]).find((found) => found !== undefined);
  return path?.replace(/^.*?(?=node_modules\/)/, '');
}

function fromSource(path: string): string {
  return path === 'package.json' ? path : `src/${path}`;
}

function lineOf(path: string, line: number): string {
  return readFileSync(path, 'utf8').split('\n')[line - 1]?.slice(0, 160) ?? '';
}

async function lint(cwd: string, patterns: readonly string[], overrideConfig: readonly Config[], place: Place): Promise<Linted> {
  const { ESLint } = require('eslint') as Eslint;
  const results = await new ESLint({ cwd, overrideConfigFile: true, overrideConfig, allowInlineConfig: false }).lintFiles(patterns);
  const findings = results.flatMap((result) =>
    result.messages.map(({ ruleId, line = 1, message }) => {
      const { where, shown } = place(relative(cwd, result.filePath), line);
      return { rule: ruleId?.split('/').at(-1) ?? 'not readable', where, line, message: shown === undefined ? message : `${message}\n    ${shown}` };
    }),
  );
  return { files: results.length, findings };
}

function everyRule(): readonly Config[] {
  const { n8nCommunityNodesPlugin } = require('@n8n/eslint-plugin-community-nodes') as CommunityNodes;
  return [n8nCommunityNodesPlugin.configs.recommendedWithoutN8nCloudSupport, { rules: { 'no-console': 'error' } }, ...ofNodesBase()];
}

function ofNodesBase(): readonly Config[] {
  const plugin = require('eslint-plugin-n8n-nodes-base') as NodesBase;
  const { parser } = require('typescript-eslint') as { readonly parser: object };
  const without = (set: keyof typeof OFF) => ({ ...plugin.configs[set].rules, ...Object.fromEntries(OFF[set].map((rule) => [`n8n-nodes-base/${rule}`, 'off'])) });
  return [
    { plugins: { 'n8n-nodes-base': plugin } },
    { files: ['package.json'], rules: plugin.configs.community.rules },
    { files: ['**/credentials/**/*.ts'], rules: without('credentials') },
    { files: ['**/nodes/**/*.ts'], rules: without('nodes') },
    { files: ['**/*.{ts,json}'], languageOptions: { parser } },
  ];
}
