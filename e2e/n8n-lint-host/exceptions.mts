// The rules of n8n that this package does not follow, each with its reason: the only list there is, and the one that
// CONTRIBUTING.md shows. A finding that is not in it fails the run, and so does an entry that no longer finds anything.
import { matchesGlob } from 'node:path';

export interface Finding {
  /** The rule's own name, without its plugin. */
  readonly rule: string;
  /** A path from the root of the repository; of a built file with the module it was built from, of a panel with that word. */
  readonly where: string;
  readonly line: number;
  readonly message: string;
}

export interface Exception {
  readonly rules: readonly string[];
  /** Patterns of {@link Finding.where}. */
  readonly where: readonly string[];
  readonly why: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    rules: ['no-runtime-dependencies'],
    where: ['package.json'],
    why: 'the library is used without n8n too and needs its clients (msal-node, graph-client, pg); a self-hosted package may have them, a verified one may not',
  },
  {
    rules: ['no-restricted-globals'],
    where: ['src/nodes/host/environment.ts'],
    why: 'the one file that looks at the process the nodes run in; n8n demands this rule of verified packages only, and every other file keeps it',
  },
  {
    rules: ['cred-class-name-unsuffixed', 'cred-class-field-name-unsuffixed', 'cred-class-field-display-name-missing-api'],
    where: ['src/credentials/*.credentials.ts'],
    why: 'neither credential is that of an API: one names apps, the other a state',
  },
  {
    rules: ['node-class-description-credentials-name-unsuffixed'],
    where: ['src/nodes/*/*.node.ts', 'src/nodes/*/*.node.ts: panel'],
    why: 'the names of the same two credentials',
  },
  {
    rules: ['credential-unnecessary-password'],
    where: ['src/credentials/M365OnboardingState.credentials.ts'],
    why: 'a PostgreSQL address holds a password, and master keys are secrets whatever the rule makes of their name',
  },
  {
    rules: ['no-console', 'no-hardcoded-secrets'],
    where: ['dist/nodes/clients/*.js: node_modules/**'],
    why: 'code of others that is bundled for n8n: clients that warn of wrong use, and names of parameters that look like secrets',
  },
];

export interface Verdict {
  readonly unexpected: readonly Finding[];
  /** What no longer finds anything, as "rule in pattern". */
  readonly stale: readonly string[];
}

export function judge(findings: readonly Finding[], exceptions: readonly Exception[]): Verdict {
  const single = exceptions.flatMap(({ rules, where }) => rules.flatMap((rule) => where.map((pattern) => ({ rule, pattern }))));
  const covers = ({ rule, pattern }: (typeof single)[number], finding: Finding) => finding.rule === rule && matchesGlob(finding.where, pattern);
  return {
    unexpected: findings.filter((finding) => !single.some((exception) => covers(exception, finding))),
    stale: single.filter((exception) => !findings.some((finding) => covers(exception, finding))).map(({ rule, pattern }) => `${rule} in ${pattern}`),
  };
}

const HEADING = '## Lint rules of n8n that are not followed\n';

/** The page with its table made anew from the exceptions. Raises when the page has no such table. */
export function withExceptions(page: string, exceptions: readonly Exception[]): string {
  const [before, after] = page.split(HEADING);
  const rows = exceptions.map(({ rules, where, why }) => `| ${coded(rules)} | ${coded(where)} | ${why} |\n`);
  const table = `| rule | where | why |\n|---|---|---|\n${rows.join('')}`;
  if (after === undefined || !/^\|/m.test(after)) throw new Error(`There is no table under "${HEADING.trim()}".`);
  return `${before}${HEADING}${after.replace(/(^\|.*\n)+/m, () => table)}`;
}

function coded(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}
