/** What a process has in memory before anything is done: n8n loads every node at its start, whether a workflow uses it or not. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { n8n } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { n8n: { nodes: string[]; credentials: string[] } };
const clients = globSync('dist/nodes/clients/*.js', { cwd: root });

/** Files that a fresh process loads for `script`, beyond what n8n-workflow brought, relative to the root. */
function filesLoadedBy(script: string): readonly string[] {
  const whole = `
    require('n8n-workflow');
    const before = new Set(Object.keys(require.cache));
    (async () => { ${script} })().then(() => console.log(JSON.stringify(Object.keys(require.cache).filter((file) => !before.has(file)))));`;
  const loaded = JSON.parse(execFileSync(process.execPath, ['-e', whole], { cwd: root, encoding: 'utf8' })) as string[];
  return loaded.map((file) => relative(root, file)).filter((file) => !file.includes('node_modules/n8n-workflow/'));
}

const load = (files: readonly string[]) => files.map((file) => `require('./${file}');`).join('');

describe('the nodes', () => {
  it('are their own files and the one core bundle, and no client of an outside service', () => {
    expect(filesLoadedBy(load([...n8n.nodes, ...n8n.credentials])).toSorted()).toEqual([...n8n.nodes, ...n8n.credentials, 'dist/nodes/core.bundle.js'].toSorted());
  });

  it('cost a process that has one of them nothing but their own file', () => {
    const [first = '', second = ''] = n8n.nodes;
    const before = filesLoadedBy(load([first]));
    expect(filesLoadedBy(load([first, second])).filter((file) => !before.includes(file))).toEqual([second]);
  });
});

describe('the core bundle', () => {
  it('knows every client by the file beside it', () => {
    const bundle = readFileSync(`${root}dist/nodes/core.bundle.js`, 'utf8');
    expect(clients.map((file) => basename(file)).toSorted()).toEqual(['graph-client.js', 'jose.js', 'msal-node.js', 'node-forge.js', 'pg.js']);
    expect(clients.filter((file) => !bundle.includes(`./clients/${basename(file)}`))).toEqual([]);
  });

  it.each([
    ['jose', "await core.createJwtService().generateSigningKey('ES256');"],
    ['pg', "await core.openStateStore('postgres://nobody@127.0.0.1:1/none', { clock: core.createSystemClock(), folder: '.' }).catch(() => {});"],
    ['graph-client', `
      const https = core.createHttpsClient({ userAgent: 'test', timeoutMs: 1000 });
      const ports = { https, clock: core.createSystemClock(), random: core.createNodeRandom(), tokens: { acquire: async () => { throw new Error('none'); } } };
      const graph = core.createGraphTransport({ ...ports, graphHost: 'https://localhost:1', graphResource: 'https://localhost:1' });
      await graph.send({ appKey: 'a', tenantId: 't' }, { method: 'GET', path: '/users' }).catch(() => {});`],
  ])('loads %s, and it alone, when it is first needed', (client, use) => {
    expect(filesLoadedBy(`const core = require('./dist/nodes/core.bundle.js'); ${use}`).toSorted()).toEqual([`dist/nodes/clients/${client}.js`, 'dist/nodes/core.bundle.js']);
  });
});

describe('the library', () => {
  it.each(['.', './portal'])('loads no package but zod with %s', (entry) => {
    const packages = filesLoadedBy(`require('n8n-nodes-m365-onboarding${entry.slice(1)}')`).flatMap((file) => /(?:^|.*\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    expect([...new Set(packages)].filter((name) => name !== 'zod')).toEqual([]);
  });
});
