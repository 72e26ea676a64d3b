/** A rotation by processes that are killed; `npm run test:seeds -- rotation-kill` kills one after every write and every answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KillStage, openKillStage, rotateThroughKills } from './rotation-kill';

let stage: KillStage;

beforeAll(async () => {
  stage = await openKillStage();
});

afterAll(async () => stage.stop());

describe('a rotation whose processes are killed again and again', () => {
  it('comes to its end, with every effect there once, when it is after their writes and the answers they were given', { timeout: 240_000 }, async () => {
    expect(await rotateThroughKills(stage, { of: 'either', appKeys: ['backup'], isThorough: false })).toBeGreaterThan(10);
  });
});
