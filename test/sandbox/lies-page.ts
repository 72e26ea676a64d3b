/** docs/lies.md: every lie with the check that catches it and with what the product makes of it. Written by tools/lies-doc.mts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { LIES, type Lie, type LieId } from '../../src/sandbox/index';
import type { LieOutcome } from '../journeys/lies';
import { HARMLESS } from '../journeys/lies-harmless';
import { CHECKS } from './checks/index';

export type Kills = Readonly<Record<LieId, string>>;
export type Outcomes = Readonly<Record<LieId, LieOutcome>>;

const at = (path: string) => new URL(path, import.meta.url);
export const PAGE = at('../../docs/lies.md');
const KILLS = at('checks/kills.json');
const OUTCOMES = at('../journeys/lies-outcomes.json');

export const readKills = () => JSON.parse(readFileSync(KILLS, 'utf8')) as Kills;
export const readOutcomes = () => JSON.parse(readFileSync(OUTCOMES, 'utf8')) as Outcomes;
export const writeKills = (kills: Kills) => writeFileSync(KILLS, asJson(kills));
export const writeOutcomes = (outcomes: Outcomes) => writeFileSync(OUTCOMES, asJson(outcomes));

/** One lie per line, so that a change of one is a change of one line. */
function asJson(table: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(table).map(([id, value]) => `  ${JSON.stringify(id)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

export function liesPage(kills: Kills, outcomes: Outcomes): string {
  const noticed = LIES.filter(({ id }) => outcomes[id].outcome === 'noticed');
  const told = LIES.filter(({ id }) => outcomes[id].outcome !== 'untold');
  return [
    '# Lies',
    '',
    '<!-- Written by `npm run docs:lies`. Do not edit. -->',
    '',
    'The sandbox can be told to be wrong in one way at a time (`sandbox start --lie ID`, see [sandbox.md](sandbox.md#lies)). Each lie has to be',
    'caught by a check that was written from recordings and Microsoft\'s pages and not from the sandbox; a lie that no check catches fails',
    'the tests.',
    '',
    `## The checks that catch them (${LIES.length} lies, ${CHECKS.length} checks)`,
    '',
    '| lie | while it is on | caught by | rule |',
    '|---|---|---|---|',
    ...LIES.map((lie) => row(lie, kills[lie.id], `\`${CHECKS.find(({ sentence }) => sentence === kills[lie.id])?.rule ?? ''}\``)),
    '',
    `## What the product makes of them (${noticed.length} of ${told.length} told lies noticed)`,
    '',
    'One customer goes from the invitation to a bound administrator while the lie is on (declining, for the lies about declining).',
    'Where it is not told on that way, one certificate goes from its registration to the end of its rotation.',
    'A lie is *told* when the journey comes to where it matters. Noticed: the journey stops, with the state or the codes given. Not noticed: it',
    'ends as if nothing were wrong, and the reason says why that does no harm. The rest is never asked about on this way.',
    '',
    '| lie | while it is on | the product | |',
    '|---|---|---|---|',
    ...told.map((lie) => row(lie, outcomes[lie.id].outcome === 'noticed' ? 'notices' : 'does not notice', consequence(lie.id, outcomes[lie.id]))),
    '',
    `Not told on this way: ${LIES.filter(({ id }) => outcomes[id].outcome === 'untold').map(({ id }) => `\`${id}\``).join(', ')}.`,
    '',
  ].join('\n');
}

function row({ id, statement }: Lie, ...cells: readonly string[]): string {
  return `| ${[`\`${id}\``, statement, ...cells].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function consequence(id: LieId, { outcome, codes }: LieOutcome): string {
  return outcome === 'noticed' ? codes.map((code) => `\`${code}\``).join(', ') : (HARMLESS[id] ?? '');
}
