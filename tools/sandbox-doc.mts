// What is faithful in the sandbox, and at which grade, is said in docs/sandbox.md. The figures are counted from the rules
// and routes, and `--check` fails when somebody added one without the page. Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Coverage {
  readonly graphOperations: readonly string[];
  readonly rulesByGrade: Readonly<Record<string, number>>;
}

const PAGE = fileURLToPath(new URL('../docs/sandbox.md', import.meta.url));
const SANDBOX = new URL('../dist/sandbox/index.mjs', import.meta.url).href;
const BEGIN = '<!-- counted by `npm run docs`: do not edit -->';
const END = '<!-- end of counted -->';

/** The page with its counted part renewed. */
export function renewed(page: string, { graphOperations, rulesByGrade }: Coverage): string {
  const total = Object.values(rulesByGrade).reduce((sum, count) => sum + count, 0);
  const share = (count: number) => `${Math.round((100 * count) / total)} %`;
  const block = [
    BEGIN,
    '',
    '| grade | rules | share |',
    '|---|---|---|',
    ...Object.entries(rulesByGrade).map(([grade, count]) => `| \`${grade}\` | ${count} | ${share(count)} |`),
    '',
    `${graphOperations.length} operations of Microsoft Graph are modelled:`,
    '',
    ...byCollection(graphOperations),
    '',
    END,
  ].join('\n');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/sandbox.md has lost its markers ${BEGIN} and ${END}`);
  return `${before}${block}${after}`;
}

/** One line per address: what can be done there. */
function byCollection(operations: readonly string[]): string[] {
  const methods = Map.groupBy(operations, (operation) => operation.split(' ')[1] ?? '');
  return [...methods].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, entries]) => `- \`${path}\`: ${entries.map((entry) => entry.split(' ')[0]).join(', ')}`);
}

async function main(isCheck: boolean): Promise<void> {
  const { describeCoverage } = (await import(SANDBOX)) as { readonly describeCoverage: () => Coverage };
  const page = readFileSync(PAGE, 'utf8');
  const wanted = renewed(page, describeCoverage());
  if (wanted === page) return;
  if (isCheck) {
    console.error('docs/sandbox.md does not match the rules and routes: run `npm run docs` and commit it.');
    process.exitCode = 1;
    return;
  }
  writeFileSync(PAGE, wanted);
}

if (import.meta.main) await main(process.argv.includes('--check'));
