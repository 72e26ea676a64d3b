/** Documents that repeat what the code says must not drift from it. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseApps } from '../../src/core/consent/apps/apps';
import { ERROR_CATALOG } from '../../src/core/error-catalog';
import { SERVICE_CODES } from '../../src/core/service-codes';
import { M365PartnerApp } from '../../src/credentials/M365PartnerApp.credentials';
import { OPERATIONS, RESOURCES } from '../../src/nodes/M365Onboarding/resources/operations';
import { errorsPage } from '../../tools/errors-doc.mts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

it('lists every error code as the catalog has it', () => {
  expect(readFileSync(`${root}docs/errors.md`, 'utf8'), 'run `npm run docs`').toBe(errorsPage(ERROR_CATALOG, SERVICE_CODES));
});

it.each(pages)('%s points to files that exist', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const targets = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, target]) => join(dirname(page), target ?? ''));
  expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([]);
});

it('has every heading that the help buttons of n8n lead to', () => {
  const headings = new Set([...readFileSync(`${root}README.md`, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => (heading ?? '').toLowerCase().replaceAll(' ', '-')));
  const files = globSync(['src/nodes/*/*.node.json', 'src/credentials/*.ts'], { cwd: root });
  const targets = files.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(/n8n-nodes-m365-onboarding#([\w-]+)/g)].map(([, heading]) => heading ?? ''));
  expect(targets).toHaveLength(8);
  expect(targets.filter((heading) => !headings.has(heading))).toEqual([]);
});

it('lists every operation of the node', () => {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  for (const { name, value } of RESOURCES) {
    const operations = OPERATIONS.filter(({ resource }) => resource === value).map(({ option }) => option.name).toSorted();
    expect(readme).toContain(`| ${name} | ${operations.join(', ')} |`);
  }
});

it('names in its threat model only tests that exist', () => {
  const named = new Set([...readFileSync(`${root}SECURITY.md`, 'utf8').matchAll(/`(test\/[\w./-]+)`/g)].map(([, path]) => path ?? ''));
  expect(named.size).toBeGreaterThan(5);
  expect([...named].filter((path) => !existsSync(join(root, path)) || (!path.endsWith('.ts') && globSync(`${path}/**/*.test.{ts,mts}`, { cwd: root }).length === 0))).toEqual([]);
});

it('shows the two commands as the check runs them', () => {
  const lines = readFileSync(`${root}README.md`, 'utf8').split('\n');
  expect(lines).toContain('npm ci && npm run demo');
  expect(lines).toContain('npm ci && npm test');
});

it('promises only npm scripts that exist', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };
  const texts = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('\n');
  const named = new Set([...texts.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? ''));
  expect([...named].filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

describe('an example of a declaration', () => {
  const APP_ID = 'aaaaaaaa-0000-4000-8000-000000000001';
  const examples = pages.flatMap((page) => [...readFileSync(join(root, page), 'utf8').matchAll(/```json\n([^`]*"requiredPermissions"[^`]*)```/g)].map(([, text]) => [page, text ?? ''] as const));

  it('stands in the documents', () => {
    expect(examples.map(([page]) => page).toSorted()).toEqual(['docs/command-line.md', 'docs/consent.md']);
  });

  it.each(examples)('is taken as it stands (%s)', (_page, text) => {
    const example = JSON.parse(text.replaceAll('"appId": "…"', `"appId": "${APP_ID}"`)) as { readonly apps?: unknown };
    expect(parseApps(example.apps ?? [example])).toHaveLength(1);
  });

  it('is taken as the credential begins with it', () => {
    const field = new M365PartnerApp().properties.find(({ name }) => name === 'apps');
    expect(parseApps(JSON.parse(field?.default as string))[0]?.services).toEqual(['directory', 'exchange']);
  });
});
