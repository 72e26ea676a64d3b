// Holds the package to n8n's rules for community nodes. With --write, CONTRIBUTING.md gets the list of exceptions; without,
// a list that says something else fails the run. The rules are installed here, apart from the root; where they cannot be,
// that is said and no failure.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installOnce } from '../install-once.mts';
import { EXCEPTIONS, judge, withExceptions } from './exceptions.mts';
import { type Linted, lintPanels, lintSources, lintTarball } from './lint.mts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const page = `${root}CONTRIBUTING.md`;

if (process.argv.includes('--write')) writeFileSync(page, withExceptions(readFileSync(page, 'utf8'), EXCEPTIONS));

if (!installOnce(folder)) {
  process.stderr.write("SKIPPED: nothing ran of n8n's lint rules, because they could not be installed on this machine.\n");
  process.exit(0);
}

const work = mkdtempSync(join(tmpdir(), 'n8n-lint-'));
try {
  const [sources, panels, tarball] = [await lintSources(root, work), await lintPanels(root, work), await lintTarball(root, work)];
  process.exitCode = report(sources, panels, tarball);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function report(sources: Linted, panels: Linted, tarball: Linted): number {
  const { unexpected, stale } = judge([sources, panels, tarball].flatMap(({ findings }) => findings), EXCEPTIONS);
  const complaints = [
    ...unexpected.map(({ where, line, rule, message }) => `${where}:${line}  ${rule}: ${message}`),
    ...stale.map((exception) => `exceptions.mts: nothing is found any more of ${exception}; take it out`),
    ...(withExceptions(readFileSync(page, 'utf8'), EXCEPTIONS) === readFileSync(page, 'utf8') ? [] : ['CONTRIBUTING.md: its exceptions are not those of exceptions.mts; run `npm run lint:n8n -- --write`']),
  ];
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  process.stdout.write(`n8n's rules: ${sources.files} source files, ${panels.files} panels, ${tarball.files} packed files; ${complaints.length} to mend\n`);
  return complaints.length === 0 ? 0 : 1;
}
