/** The declarations, as a strict program of somebody else meets them, in both module systems. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = `${root}.tmp/consumer`;
const name = 'n8n-nodes-m365-onboarding';

/** What the README shows as code, and one name of every entry point. */
function consumer(): string {
  const snippets = [...readFileSync(`${root}README.md`, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
  return [
    ...snippets,
    `import { createPortalKit } from '${name}/portal';`,
    `import { secret } from '${name}';`,
    `import { stateStoreContract, tokenSourceContract } from '${name}/testing';`,
    "const signer = { thumbprintSha256: '', privateKey: secret('') };",
    "export const checks = tokenSourceContract({ current: signer, former: signer, open: async ({ credentials }) => ({ tokens: tokensOver(fetch, credentials, ''), close: async () => undefined }) });",
    `import { startSandbox } from '${name}/sandbox';`,
    'export const seen = [createPortalKit, stateStoreContract, startSandbox];',
  ].join('\n');
}

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const file of ['consumer.mts', 'consumer.cts']) writeFileSync(`${folder}/${file}`, consumer());
});

afterAll(() => rmSync(folder, { recursive: true }));

it.each(['consumer.mts', 'consumer.cts'])('compile strictly, libraries included, in %s', (file) => {
  const options = ['--noEmit', '--ignoreConfig', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--skipLibCheck', 'false'];
  const { status, stdout } = spawnSync('tsc', [...options, `${folder}/${file}`], { cwd: root, encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

it('name no third party but the schema library', () => {
  const declarations = globSync('dist/**/*.d.{ts,mts}', { cwd: root });
  const imported = declarations.flatMap((path) => [...readFileSync(root + path, 'utf8').matchAll(/(?:from|import\() ?['"]([^'"]+)['"]/g)].map(([, specifier]) => `${path}: ${specifier}`));
  expect(declarations.length).toBeGreaterThan(7);
  expect(imported.filter((line) => !/: (\.{1,2}\/|node:|zod\/v4$)/.test(line))).toEqual([]);
});
