/**
 * Runs the benchmarks over the built package. Ends with 1 when a ratio or a count does not hold, never because of a
 * duration: those say something about this machine at this moment.
 *
 *   npm run bench -- --only NAME      one figure (may be repeated)
 *   npm run bench -- --json           the record on standard output, progress on standard error
 *   npm run bench -- --write-page     also write docs/benchmarks.md; with --only, those sections of it
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { certificates } from './certificates.mts';
import { consentVerify } from './consent-verify.mts';
import { eventLoop } from './event-loop.mts';
import { interleaving } from './interleaving.mts';
import { requireTime } from './require-time.mts';
import { sandboxRequests } from './sandbox-requests.mts';
import { sandboxTenants } from './sandbox-tenants.mts';
import { root } from './support/built.mts';
import { sweep } from './sweep.mts';
import type { Figure } from './support/figure.mts';
import { currentLoad, describeMachine } from './support/machine.mts';
import { machineAsText, type NamedResult, pageOf, resultAsText, withSections } from './support/report.mts';

const page = `${root}docs/benchmarks.md`;
const figures: readonly Figure[] = [requireTime, eventLoop, interleaving, certificates, consentVerify, sandboxRequests, sandboxTenants, sweep];

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string', multiple: true }, 'write-page': { type: 'boolean' } } });
  const names = values.only ?? figures.map(({ name }) => name);
  const unknown = names.filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length > 0) return refuse(`There is no benchmark ${unknown.join(', ')}; there are ${figures.map(({ name }) => name).join(', ')}.`);
  if (!existsSync(`${root}dist/nodes/core.bundle.js`)) return refuse('There is nothing to measure: run it as `npm run bench`, which builds first.');

  const loadBefore = currentLoad();
  const results: NamedResult[] = [];
  for (const { name, title, run } of figures.filter((figure) => names.includes(figure.name))) {
    const result = await run((text) => void process.stderr.write(`${name}: ${text}\n`));
    results.push({ name, title, ...result });
    if (values.json !== true) process.stdout.write(resultAsText({ name, title, ...result }));
  }
  const machine = describeMachine(loadBefore);
  const holds = results.every(({ targets }) => targets.every((target) => target.holds || !target.decides));
  if (values.json === true) process.stdout.write(`${JSON.stringify({ holds, machine, figures: results })}\n`);
  else process.stdout.write(`\n${machineAsText(machine)}\n${holds ? 'Every promise holds.' : 'A promise does not hold.'}\n`);
  if (values['write-page'] === true) writeFileSync(page, values.only === undefined ? pageOf(machine, results, figures) : withSections(readFileSync(page, 'utf8'), machine, results, figures));
  return holds ? 0 : 1;
}

function refuse(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return 2;
}

process.exitCode = await main();
