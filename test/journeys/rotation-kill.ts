/**
 * A rotation by processes that are killed after a write or after an answer they were given, and what there must be in the end.
 * Shared by `npm test` and `npm run test:seeds`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openStateStore } from '../../src/core/adapters/open-store';
import { findLine } from '../../src/core/certificates/rotation/line';
import { findRotation } from '../../src/core/certificates/rotation/rotation-model';
import { auditOf } from './attacks';
import { askChild, bundleChild, Children, errandOf } from './children';
import { keyIdsOf } from './key-stage';
import type { Life, RotationErrand } from './rotation-kill-child';
import { registered, signOnce } from './rotations';
import { OPERATOR, startStory, type Story } from './story';

const LIVES = 500;

export interface KillStage {
  readonly story: Story;
  readonly folder: string;
  readonly script: string;
  stop(): Promise<void>;
}

interface Report {
  readonly state: string;
  readonly nextStepAt: number;
  readonly step: string;
}

export async function openKillStage(): Promise<KillStage> {
  const folder = mkdtempSync(join(tmpdir(), 'journey-rotation-kill-'));
  const script = bundleChild(folder, 'rotation-kill-child.ts');
  const story = await startStory();
  const stop = async () => {
    await story.stop();
    rmSync(folder, { recursive: true });
  };
  return { story, folder, script, stop };
}

/**
 * How many writes or answers the next one lives for: one, and one more when what this one died of has to be done again each
 * time. Brisk: one more after every death until a step is done.
 */
class LifeSpan {
  count = 1;
  readonly #diedOf = new Set<string>();

  constructor(readonly isThorough: boolean) {}

  survived(): void {
    this.count = 1;
  }

  died(of: string): void {
    // Every attempt to issue makes another key.
    const cause = of.replace(/[0-9A-F]{64}/, 'thumbprint');
    if (!this.isThorough || this.#diedOf.has(cause)) this.count += 1;
    this.#diedOf.add(cause);
  }
}

async function rotateByMortals({ story }: KillStage, children: Children, { of, isThorough, appKeys }: Killing, { certificateId, willFile }: RotationErrand): Promise<number> {
  let kills = 0;
  const span = new LifeSpan(isThorough);
  for (let life = 0; life < LIVES; life += 1) {
    const child = await children.next();
    const answer = await askChild<Report>(child, { of: of !== 'either' ? of : kills % 2 === 0 ? 'writes' : 'requests', count: span.count });
    const state = (await findRotation(story.installation.ports, certificateId))?.value.state;
    if (answer === undefined) {
      kills += 1;
      span.died(`${state} ${readFileSync(willFile, 'utf8')}`);
      if (kills % 10 === 0) for (const appKey of appKeys) await expect(signOnce(story, appKey), `after kill ${kills}`).resolves.toBeDefined();
      continue;
    }
    child.kill('SIGKILL');
    if (answer.report === undefined) throw new Error(`Failed in ${state}: ${answer.failed}`);
    span.survived();
    if (answer.report.state === 'done') return kills;
    story.advanceClock(Math.max(0, (answer.report.nextStepAt - story.clock.now()) / 1000));
  }
  throw new Error(`Not done after ${kills} kills: ${JSON.stringify(await findRotation(story.installation.ports, certificateId))}`);
}

export interface Killing {
  /** `either`: of one and the other in turn. */
  readonly of: Life['of'] | 'either';
  readonly appKeys: readonly string[];
  /** After every single one. */
  readonly isThorough: boolean;
}

/** Returns how many processes were killed. */
export async function rotateThroughKills(stage: KillStage, killing: Killing): Promise<number> {
  const { story, folder } = stage;
  const state = `sqlite:${killing.of}.sqlite`;
  await story.renew({ openStore: (clock) => openStateStore(state, { clock, folder }) });
  const certificateId = await registered(story, killing.appKeys);
  const errand: RotationErrand = { ...errandOf(story, folder, state), certificateId, willFile: join(folder, `${killing.of}.txt`) };
  const children = new Children(stage.script, errand);
  try {
    const kills = await rotateByMortals(stage, children, killing, errand);
    await expectRotatedOnce(story, certificateId, killing.appKeys);
    return kills;
  } finally {
    await children.stop();
  }
}

async function expectRotatedOnce(story: Story, first: string, appKeys: readonly string[]): Promise<void> {
  const { value } = (await findRotation(story.installation.ports, first))!;
  for (const appKey of appKeys) {
    expect(keyIdsOf(story, appKey)).toEqual([value.apps.find((app) => app.appKey === appKey)?.newKeyId]);
    expect(await signOnce(story, appKey)).toBe(value.toCertificateId);
  }
  const states = (await story.installation.certificates.list(OPERATOR)).map(({ id, state }) => [id, state]);
  expect(Object.fromEntries(states)).toEqual({ [first]: 'retired', [value.toCertificateId]: 'active' });
  expect(await findLine(story.installation.ports, first)).toMatchObject({ currentId: value.toCertificateId, previousId: null });
  const audit = await auditOf(story);
  expect(audit.filter(({ action }) => action === 'certificate.rotation').map(({ details }) => details?.['state'])).toEqual(['issuing', 'registering', 'proving', 'overlap', 'retiring', 'done']);
  expect(audit.length - new Set(audit.map(({ id }) => id)).size).toBe(0);
  expect((await story.installation.audit.orphanedIntents()).map(({ id }) => id)).toEqual([]);
  expect(await story.installation.audit.verify()).toMatchObject({ intact: true });
}
