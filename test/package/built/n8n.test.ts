/** The built nodes and credentials, found and started the way n8n's package loader does it. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ICredentialType, INodeType } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';
import { fakeExecution } from '../../nodes/fake-execution';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const require = createRequire(import.meta.url);
const { n8n, name: packageName } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { name: string; n8n: { nodes: string[]; credentials: string[] } };

/** n8n's rule: the class is called like the file, up to its first dot, and takes no argument. */
function start(path: string): unknown {
  const className = basename(path).split('.')[0] ?? '';
  const module = require(join(root, path)) as Record<string, new () => unknown>;
  const Class = module[className];
  if (Class === undefined) throw new Error(`${path} does not export ${className}`);
  return new Class();
}

function iconsOf(icon: unknown): readonly string[] {
  return Object.values(icon as Record<string, string>).map((reference) => reference.replace('file:', ''));
}

const credentials = n8n.credentials.map((path) => ({ path, type: start(path) as ICredentialType }));
const nodes = n8n.nodes.map((path) => ({ path, node: start(path) as INodeType }));

describe.each(nodes)('$path', ({ path, node }) => {
  it('has its icons and its codex file beside it', () => {
    const icons = iconsOf(node.description.icon);
    expect(icons).toHaveLength(2);
    expect(icons.filter((icon) => !existsSync(join(root, dirname(path), icon)))).toEqual([]);
    const codex = JSON.parse(readFileSync(join(root, path.replace(/js$/, 'json')), 'utf8')) as { node: string };
    expect(codex.node).toBe(`${packageName}.${node.description.name}`);
  });

  it('asks for credentials of this package only, which let it in', () => {
    for (const { name } of node.description.credentials ?? []) {
      const type = credentials.find((credential) => credential.type.name === name)?.type;
      expect(type?.supportedNodes).toContain(node.description.name);
      expect(type?.restrictToSupportedNodes).toBe(true);
    }
  });

  it('loads nothing but n8n and the one core bundle', () => {
    const required = [...readFileSync(join(root, path), 'utf8').matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(required.length).toBeGreaterThan(0);
    expect(required.filter((name) => name !== 'n8n-workflow' && name !== '../core.bundle.js')).toEqual([]);
  });
});

describe.each(credentials)('$path', ({ path, type }) => {
  it('has its icons beside it', () => {
    expect(iconsOf(type.icon).filter((icon) => !existsSync(join(root, dirname(path), icon)))).toEqual([]);
  });
});

it('executes an operation from the built files', async () => {
  const node = start('dist/nodes/M365Onboarding/M365Onboarding.node.js') as INodeType;
  const execution = fakeExecution([{ resource: 'onboarding', operation: 'explainErrorCode', errorCode: 'STATE_UNAVAILABLE' }]);
  const output = await node.execute?.call(execution);
  expect(output).toMatchObject([[{ json: { code: 'STATE_UNAVAILABLE', owner: 'operator', retryable: true }, pairedItem: { item: 0 } }]]);
});
