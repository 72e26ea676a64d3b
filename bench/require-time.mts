/** How long a process waits for the nodes to load, against the library they are bundled from. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { root } from './support/built.mts';
import { atMost, type Figure, measure } from './support/figure.mts';

const ROUNDS = 11;
const CLIENTS = ['@azure/msal-node', '@microsoft/microsoft-graph-client', 'node-forge', 'pg', 'jose'];
const { resolve } = createRequire(import.meta.url);
const child = fileURLToPath(new URL('support/cold-require.cjs', import.meta.url));

/** Milliseconds per file, in a fresh process that has loaded n8n-workflow before. */
function times(files: readonly string[]): readonly number[] {
  return JSON.parse(execFileSync(process.execPath, [child, JSON.stringify(files), JSON.stringify([resolve('n8n-workflow')])], { encoding: 'utf8' })) as number[];
}

const total = (files: readonly string[]) => times(files).reduce((sum, one) => sum + one, 0);

function round() {
  const { n8n } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { n8n: { nodes: string[] } };
  const library = `${root}dist/core/index.js`;
  const [node, secondNode] = times(n8n.nodes.map((path) => root + path));
  if (node === undefined || secondNode === undefined) throw new Error('The package has fewer than two nodes.');
  const nodeClients = CLIENTS.map((name) => `${root}dist/nodes/clients/${name.replace('@azure/', '').replace('@microsoft/microsoft-', '')}.js`);
  return {
    node,
    secondNode,
    library: total([library]),
    eagerNode: total([`${root}${n8n.nodes[0]}`, ...nodeClients]),
    eagerLibrary: total([library, ...CLIENTS.map((name) => resolve(name))]),
  };
}

export const requireTime: Figure = {
  name: 'require-time',
  title: 'Cold require of the nodes',
  about: `n8n loads every node at its start, so this time is paid by everybody. Each sample is a fresh process that first loads
n8n-workflow, as n8n has, and then what is measured; one round takes one sample of each, and ratios are taken within a round, so that
a busy machine slows both sides.

- **the first node** is \`dist/nodes/M365Onboarding/M365Onboarding.node.js\` with the core bundle; **the second node** is required after it.
- **the unbundled library** is \`dist/core/index.js\`, one file per source file, its packages in node_modules. Both sides are taken as
  they are published: msal-node, graph-client, node-forge, pg and jose are loaded with their first use by either, so by neither here.
  The library even finds zod in memory, because n8n-workflow has loaded the same copy; in a real n8n it would not.
- **with every client** is the other reading: the same five packages required right after, on both sides, as if nothing waited for
  its first use. **first node / library with every client** is the easiest reading, the nodes as they are against a library that
  loads its clients at once, as this one did before.`,
  run: async (progress) => {
    const rounds: ReturnType<typeof round>[] = [];
    for (let index = 0; index < ROUNDS; index += 1) {
      progress(`round ${index + 1} of ${ROUNDS}`);
      rounds.push(round());
    }
    const of = (pick: (one: ReturnType<typeof round>) => number) => rounds.map(pick);
    const ratio = measure('first node / library', 'ratio', of(({ node, library }) => node / library));
    const secondNode = measure('second node', 'ms', of((one) => one.secondNode));
    return {
      measures: [
        ratio,
        measure('first node / library, both with every client', 'ratio', of(({ eagerNode, eagerLibrary }) => eagerNode / eagerLibrary)),
        measure('first node / library with every client', 'ratio', of(({ node, eagerLibrary }) => node / eagerLibrary)),
        measure('first node', 'ms', of(({ node }) => node)),
        secondNode,
        measure('library', 'ms', of(({ library }) => library)),
        measure('first node with every client', 'ms', of(({ eagerNode }) => eagerNode)),
        measure('library with every client', 'ms', of(({ eagerLibrary }) => eagerLibrary)),
      ],
      targets: [
        atMost('the first node takes at most 0.65 of the library, both as published', ratio.median, 0.65),
        atMost('the second node takes at most 2 ms', secondNode.median, 2, false),
      ],
    };
  },
};
