/** What is published: everything that is needed, nothing that is not, and no key material. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Pack {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

function pack(): Pack {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--silent'], { cwd: root, encoding: 'utf8' });
  // npm 11.17 changed the answer from a list to an object by package name.
  const answer = JSON.parse(output) as readonly Pack[] | Record<string, Pack>;
  const [packed] = Object.values(answer) as readonly Pack[];
  if (packed === undefined) throw new Error(`npm pack answered ${output}`);
  return packed;
}

const packed = pack();
const paths = packed.files.map(({ path }) => path);

it('contains the entry points, the nodes, the licence and the documents', () => {
  const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    exports: Record<string, string | Record<string, Record<string, string>>>;
    bin: Record<string, string>;
    n8n: { nodes: string[]; credentials: string[] };
  };
  const exported = Object.values(manifest.exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target).flatMap((files) => Object.values(files))));
  const promised = [...exported, ...Object.values(manifest.bin)].map((path) => path.replace('./', ''));
  const documents = ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/errors.md', 'examples/n8n/onboard-tenant.workflow.json'];
  expect([...promised, ...manifest.n8n.nodes, ...manifest.n8n.credentials, ...documents].filter((path) => !paths.includes(path))).toEqual([]);
});

it('contains no sources, tests, tools or leftovers', () => {
  const unwanted = paths.filter((path) => /^(src|test|tools|bench|examples(?!\/n8n\/[\w-]+\.workflow\.json$)|e2e|\.ci|\.git)\b|\.map$|(?<!\.d)\.m?ts$|\.tgz$|\.env|\.sqlite/.test(path));
  expect(unwanted).toEqual([]);
});

it('contains no private key and no keystore', () => {
  expect(paths.filter((path) => /\.(pfx|p12|pem|key|jks)$/.test(path))).toEqual([]);
  const keyBlock = /-----BEGIN [A-Z ]*PRIVATE KEY-----(\\n|\s)+[A-Za-z0-9+/]{32}/;
  expect(paths.filter((path) => keyBlock.test(readFileSync(root + path, 'utf8')))).toEqual([]);
});

it('stays small', () => {
  expect(packed.size).toBeLessThan(2_200_000);
  expect(packed.unpackedSize).toBeLessThan(9_500_000);
});
