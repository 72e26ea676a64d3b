/** The built nodes and credentials, found and started the way n8n's package loader does it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ICredentialType, INodeExecutionData, INodeType } from 'n8n-workflow';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

  it('asks for credentials of this package, which let it in, and for one of n8n\'s own at most where it may be missing', () => {
    const asked = node.description.credentials ?? [];
    const foreign = asked.filter(({ name }) => !credentials.some((credential) => credential.type.name === name));
    expect(foreign.filter(({ required }) => required === true)).toEqual([]);
    expect(['', 'microsoftEntraOAuth2Api']).toContain(foreign.map(({ name }) => name).join());
    for (const { name } of asked.filter((one) => !foreign.includes(one))) {
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

const app = { key: 'backup', appId: '11111111-2222-3333-4444-555555555555', round: 1, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'User.Read.All', reason: 'finds people' }], credential: { certificateId: 'none' } };
const operators = [{ id: 'op-1', name: 'One', accounts: 'all', may: ['onboard', 'certificates'] }];

function credentialsWith(stateUrl: string) {
  return {
    m365PartnerApp: { homeTenantId: '11111111-2222-3333-4444-666666666666', cloud: 'global', apps: [app] },
    m365OnboardingState: { stateUrl, masterKeys: `k1:${Buffer.alloc(32, 1).toString('base64')}`, operators, operatorId: 'op-1', publicBaseUrl: 'https://onboarding.example' },
  };
}

async function execute(node: INodeType, item: Readonly<Record<string, unknown>>, stateUrl: string) {
  return (await node.execute?.call(fakeExecution([item], { credentials: credentialsWith(stateUrl) }))) as INodeExecutionData[][];
}

afterEach(() => vi.unstubAllEnvs());

it('keeps a state in a file from the built files, as the operator of the credential', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm365-built-'));
  vi.stubEnv('M365_ONBOARDING_STATE_FOLDER', folder);
  const node = start('dist/nodes/M365Onboarding/M365Onboarding.node.js') as INodeType;
  const run = async (item: Readonly<Record<string, unknown>>) => execute(node, item, 'sqlite:state.sqlite');
  await run({ resource: 'customerAccount', operation: 'create', accountId: 'contoso', accountName: 'Contoso' });
  expect(await run({ resource: 'customerAccount', operation: 'getMany', returnAll: true })).toMatchObject([[{ json: { id: 'contoso', state: 'new' } }]]);
  expect(existsSync(join(folder, 'state.sqlite'))).toBe(true);
  expect(await run({ resource: 'certificate', operation: 'generate', certificateName: 'Backup', keyBits: 2048 })).toMatchObject([[{ json: { createdBy: 'op-1', subject: 'CN=Backup' } }]]);
  rmSync(folder, { recursive: true, force: true });
});

it('shares one installation among all bundles of the process', async () => {
  vi.stubEnv('M365_ONBOARDING_ALLOW_SANDBOX', 'true');
  const path = 'dist/nodes/M365Onboarding/M365Onboarding.node.js';
  // A state in memory is known to the installation that holds it and to nobody else.
  await execute(start(path) as INodeType, { resource: 'customerAccount', operation: 'create', accountId: 'contoso', accountName: 'Contoso' }, 'memory:');
  // Another copy of the node's code over the same core, as another node is.
  Reflect.deleteProperty(require.cache, require.resolve(join(root, path)));
  const other = start(path) as INodeType;
  expect(await execute(other, { resource: 'customerAccount', operation: 'get', account: 'contoso' }, 'memory:')).toMatchObject([[{ json: { name: 'Contoso' } }]]);
});
