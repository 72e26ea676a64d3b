/** A rotation by processes that are killed after every single write, and after every single answer they were given. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KillStage, openKillStage, rotateThroughKills } from '../journeys/rotation-kill';

let stage: KillStage;

beforeAll(async () => {
  stage = await openKillStage();
});

afterAll(async () => stage.stop());

describe('a rotation whose processes are killed after every one of their', () => {
  it.each([
    ['writes', 60],
    ['requests', 25],
  ] as const)('%s comes to its end, with every effect there once', { timeout: 900_000 }, async (of, atLeast) => {
    const kills = await rotateThroughKills(stage, { of, appKeys: ['backup', 'restore'], isThorough: true });
    process.stdout.write(`a rotation whose processes were killed after ${kills} of their ${of}\n`);
    expect(kills).toBeGreaterThan(atLeast);
  });
});
