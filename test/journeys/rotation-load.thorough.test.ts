/** Nobody who asks for a token notices a rotation. Few requests here; `npm run test:seeds -- rotation-load` makes many more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lagging, type LoadStage, openLoadStage, rotateUnderLoad } from './rotation-load';

let stage: LoadStage;

beforeAll(async () => {
  stage = await openLoadStage();
});

afterAll(async () => stage.stop());

describe('a rotation under load', () => {
  it.each([
    ['replicas up to 300 seconds behind', lagging(300, '1')],
    ['replication-hell', { preset: 'replication-hell', seed: '1' }],
  ])('fails no request with %s', { timeout: 120_000 }, async (name, plan) => {
    const run = await stage.renew();
    stage.story.sandbox.faults.set(plan);
    const result = await rotateUnderLoad(run, { betweenSteps: 20, atOnce: 20 });
    await run.close();
    process.stdout.write(`rotation under load, ${name}: ${result.requests} token requests, ${result.failures.length} failed, ${result.fallbacks} met an unknown key; the steps met: ${result.stops.join(' ') || 'nothing'}\n`);
    expect(result.failures).toEqual([]);
    expect(result.last.rotation.state).toBe('done');
    expect(result.keys).toEqual(result.last.rotation.apps.map(({ newKeyId }) => [newKeyId]));
    expect(result.requests).toBeGreaterThan(200);
  });

  it('fails no request when it is undone while the new key signs', { timeout: 120_000 }, async () => {
    const run = await stage.renew();
    stage.story.sandbox.faults.set(lagging(300, '2'));
    const result = await rotateUnderLoad(run, { betweenSteps: 20, atOnce: 20, isUndone: true });
    await run.close();
    expect(result.failures).toEqual([]);
    expect(result.last.rotation.state).toBe('rolled_back');
    expect(result.keys).toEqual(result.last.rotation.apps.map(({ oldKeyId }) => [oldKeyId]));
  });
});
