/** The outcome of a run as text for people and as the page docs/benchmarks.md. */
import type { Figure, FigureResult, Measure, Target } from './figure.mts';
import type { Machine } from './machine.mts';

export interface NamedResult extends FigureResult {
  readonly name: string;
  readonly title: string;
}

const DIGITS: Readonly<Record<Measure['unit'], number>> = { ms: 1, MB: 0, ratio: 2, count: 0, 'per second': 1 };

export function resultAsText({ title, measures, targets }: NamedResult): string {
  const width = Math.max(...measures.map(({ name }) => name.length));
  const rows = measures.map((row) => `  ${row.name.padEnd(width)}  ${told(row, row.median).padStart(7)} ${row.unit.padEnd(10)} ${told(row, row.range[0])} … ${told(row, row.range[1])}  (${row.samples})`);
  return [`\n${title}`, ...rows, ...targets.map((target) => `  ${mark(target)}  ${target.statement}: ${short(target.value)} (${short(target.limit)})`), ''].join('\n');
}

export function machineAsText({ node, platform, cores, processor, memoryGb, load }: Machine): string {
  return `Node ${node}, ${platform}, ${cores} cores (${processor}), ${memoryGb} GB, load ${load.before} before and ${load.after} after`;
}

export function pageOf(machine: Machine, results: readonly NamedResult[], figures: readonly Figure[]): string {
  const sections = results.map((result) => section(result, figures.find(({ name }) => name === result.name)?.about ?? ''));
  return `${PREFACE.replace('MACHINE', machineAsText(machine))}\n${sections.join('\n')}`;
}

/** The page with these sections renewed, each with the machine it was taken on; new ones go to the end. */
export function withSections(page: string, machine: Machine, results: readonly NamedResult[], figures: readonly Figure[]): string {
  return results.reduce((text, result) => {
    const about = figures.find(({ name }) => name === result.name)?.about ?? '';
    const renewed = section(result, `${about}\n\nTaken apart from the others: ${machineAsText(machine)}.`);
    const start = text.indexOf(`## ${result.title} (`);
    if (start < 0) return `${text.trimEnd()}\n\n${renewed}`;
    const end = text.indexOf('\n## ', start);
    return text.slice(0, start) + (end < 0 ? renewed : `${renewed}${text.slice(end)}`);
  }, page);
}

const PREFACE = `# Benchmarks

Written by \`npm run bench -- --write-page\`. Do not edit it; edit \`bench/\`.

\`\`\`sh
npm run bench                              # builds, measures, prints; minutes
npm run bench -- --only require-time       # one figure
npm run bench -- --json                    # for programs, on standard output
\`\`\`

Figures are medians; the spread is the two quartiles and, in brackets, the extremes. What decides is a ratio within one run, or a count: when
one of those does not hold, the command ends with code 1. Durations depend on the machine and on who else is using it, so they are
reported against their bound and fail nothing.

This run: MACHINE.
`;

function section({ name, title, measures, targets }: NamedResult, about: string): string {
  const rows = measures.map((row) => `| ${row.name} | ${told(row, row.median)} | ${told(row, row.quartiles[0])} to ${told(row, row.quartiles[1])} (${told(row, row.range[0])} to ${told(row, row.range[1])}) | ${row.unit} | ${row.samples} |`);
  const promises = targets.map((target) => `| ${target.statement} | ${short(target.value)} | ${short(target.limit)} | ${mark(target)} |`);
  return [
    `## ${title} (\`${name}\`)`,
    '',
    about,
    '',
    '| promise | measured | bound | |',
    '|---|---|---|---|',
    ...promises,
    '',
    '| figure | median | spread | unit | samples |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function mark({ holds, decides }: Target): string {
  if (decides) return holds ? 'holds' : 'DOES NOT HOLD';
  return holds ? 'within' : 'over, here';
}

function told({ unit }: Measure, value: number): string {
  return value.toFixed(DIGITS[unit]);
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}
