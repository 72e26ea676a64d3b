/** Every lie is caught by a check that knows the service and not the sandbox. `npm run docs:lies` finds out by which. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIES, startSandbox } from '../../src/sandbox/index';
import { allRules } from '../../src/sandbox/rules';
import { CHECKS, failureOf, killsOf } from './checks/index';
import { openStage, type Stage } from './checks/client';
import { liesPage, PAGE, readKills, readOutcomes, writeKills, type Kills } from './lies-page';
import { control } from './support';

const isWriting = process.env.WRITE_LIES === '1';
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => stage.sandbox.stop());

describe('the honest sandbox', () => {
  it.each(CHECKS.map((check) => [check.sentence, check] as const))('%s', async (_sentence, check) => {
    expect(await failureOf(stage, check, [])).toBeUndefined();
  });

  it('is asked about rules that exist, each fact once', () => {
    const known = new Set(allRules.map(({ id }) => id));
    expect(CHECKS.filter(({ rule }) => !known.has(rule)).map(({ sentence }) => sentence)).toEqual([]);
    expect(new Set(CHECKS.map(({ sentence }) => sentence)).size).toBe(CHECKS.length);
  });
});

describe.runIf(isWriting)('the list of lies', () => {
  it('is written anew, with the check that catches each and the fewest others', { timeout: 600_000 }, async () => {
    const found = new Map<string, readonly string[]>();
    for (const lie of LIES) found.set(lie.id, (await killsOf(stage, lie)).map(({ sentence }) => sentence));
    expect([...found].filter(([, kills]) => kills.length === 0).map(([id]) => id)).toEqual([]);
    const catches = (sentence: string) => [...found.values()].filter((kills) => kills.includes(sentence)).length;
    const kills = Object.fromEntries([...found].map(([id, sentences]) => [id, sentences.toSorted((left, right) => catches(left) - catches(right))[0]])) as Kills;
    writeKills(kills);
    writeFileSync(PAGE, liesPage(kills, readOutcomes()));
  });
});

describe.skipIf(isWriting)('a lie', () => {
  it.each(LIES.map((lie) => [lie.id, lie] as const))('%s is caught', async (_id, lie) => {
    const check = CHECKS.find(({ sentence, area }) => area === lie.area && sentence === readKills()[lie.id]);
    if (check === undefined) throw new Error(`No check is known to catch ${lie.id}: npm run docs:lies`);
    expect(await failureOf(stage, check, [lie.id])).toBeDefined();
  });

  it('is in docs/lies.md, with the check that catches it and what the product makes of it', () => {
    expect(LIES.length).toBeGreaterThanOrEqual(40);
    expect(Object.keys(readKills()).toSorted()).toEqual(LIES.map(({ id }) => id).toSorted());
    expect(readFileSync(PAGE, 'utf8')).toBe(liesPage(readKills(), readOutcomes()));
  });
});

describe('the switch', () => {
  it('is thrown at the start, at the control door and in the process, and thrown back', async () => {
    const { signingKeys } = stage.sandbox.world;
    const sandbox = await startSandbox({ lies: ['L-COUNT'], signingKeys });
    try {
      const on = async () => (await control(sandbox, 'GET', '/lies')).json.items.filter((lie) => 'isOn' in lie && lie.isOn === true).map((lie) => 'id' in lie && lie.id);
      expect(await on()).toEqual(['L-COUNT']);
      expect((await control(sandbox, 'POST', '/lies', { ids: ['L-P2', 'L-COUNT'] })).status).toBe(200);
      expect(await on()).toEqual(['L-COUNT', 'L-P2']);
      expect((await control(sandbox, 'POST', '/lies', { ids: ['L-NOBODY'] })).status).toBe(400);
      sandbox.setLies([]);
      expect(await on()).toEqual([]);
      expect(() => sandbox.setLies(['L-NOBODY'])).toThrow(/There is no lie "L-NOBODY"/);
    } finally {
      await sandbox.stop();
    }
    await expect(startSandbox({ lies: ['L-NOBODY'], signingKeys })).rejects.toThrow(RangeError);
  });

  it('leaves every other sandbox of the process honest', async () => {
    const { signingKeys } = stage.sandbox.world;
    stage.sandbox.setLies([]);
    const liar = await startSandbox({ lies: LIES.map(({ id }) => id), signingKeys });
    try {
      const answered = await stage.document('/organizations/v2.0/.well-known/openid-configuration');
      expect(answered.issuer).toBe(`${stage.login}/{tenantid}/v2.0`);
    } finally {
      await liar.stop();
    }
  });
});
