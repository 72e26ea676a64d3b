/** A sweep whose process is killed again and again comes to the same end: everybody counted once, nobody left out. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStateStore } from '../../src/core/adapters/open-store';
import { LEASE_MS } from '../../src/core/fleet/lease';
import type { SweepReport } from '../../src/core/fleet/model';
import { type Answer, askChild, bundleChild, Children, errandOf } from './children';
import { removePermission } from './directory';
import { customerId, domainOf, fleetSeed, onboardFleet, sweepUntilActive } from './fleet-stage';
import type { SweepErrand } from './fleet-kill-child';
import { startStory, type Story } from './story';

const TENANTS = 30;
const LOST = 12;
const STATE = 'sqlite:fleet.sqlite';
const LIMIT_MS = 400_000;
/** Enough for a claim, a record and some accounts. */
const WRITES = 40;

const folder = mkdtempSync(join(tmpdir(), 'fleet-kill-'));
let story: Story;

beforeAll(async () => {
  story = await startStory({ sandbox: fleetSeed(TENANTS), configure: () => ({ adminChoice: 'first' }), openStore: (clock) => openStateStore(STATE, { clock, folder }) });
  await onboardFleet(story, Array.from({ length: TENANTS }, (_, index) => index + 1));
  await sweepUntilActive(story);
}, LIMIT_MS);

afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true });
});

it('is gone on with by the next process, as soon as the claim of the killed one has ended', { timeout: LIMIT_MS }, async () => {
  story.advanceClock(7200);
  removePermission(story, domainOf(LOST), 'backup', 'User.Read.All');
  const errand: SweepErrand = { ...errandOf(story, folder, STATE), writes: WRITES };
  const children = new Children(bundleChild(folder, 'fleet-kill-child.ts'), errand);
  let [kills, turnedAway] = [0, 0];
  let report: SweepReport | undefined;
  try {
    for (let turn = 0; turn < 120 && report === undefined; turn += 1) {
      const child = await children.next();
      const answer: Answer<SweepReport> | undefined = await askChild<SweepReport>(child, 'go');
      child.kill('SIGKILL');
      report = answer?.report;
      if (answer === undefined) kills += 1;
      else if (answer.failed !== undefined) {
        expect(answer.failed).toBe('FLEET_SWEEP_RUNNING');
        turnedAway += 1;
        story.advanceClock(LEASE_MS / 1000 + 1);
      }
    }
  } finally {
    await children.stop();
  }
  expect(kills).toBeGreaterThan(2);
  expect(turnedAway).toBeGreaterThan(0);
  expect(report).toMatchObject({ accounts: TENANTS, ok: TENANTS - 1, attention: 1, failed: 0, resumed: true });
  expect(report?.regressed.map(({ accountId }) => accountId)).toEqual([customerId(LOST)]);
  const regressions = await Array.fromAsync(story.store.list('audit/entry/'));
  expect(regressions.filter(({ value }) => value.includes('accounts.attention'))).toHaveLength(1);
  expect((await story.installation.audit.verify()).intact).toBe(true);
});
