/** Several processes register certificates on one app, on one sqlite file, while the directory lags: none undoes another's. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStateStore } from '../../src/core/adapters/open-store';
import { keyIdOf } from '../../src/core/certificates/keys/key-credentials';
import { auditOf } from './attacks';
import { accessOf, holdCertificate, keyIdsOf, type HeldCertificate } from './key-stage';
import { askChild, bundleChild, errandOf, startChild } from './children';
import type { RegisterErrand } from './register-child';
import { startStory, type Story } from './story';

const folder = mkdtempSync(join(tmpdir(), 'journey-register-'));
/** Longer than a lease. */
const LAG_MS = 5 * 60_000;
const children: ChildProcess[] = [];
let story: Story;
let files = 0;
let script: string;
let held: HeldCertificate[];
let state: string;

beforeAll(async () => {
  script = bundleChild(folder, 'register-child.ts');
  story = await startStory();
});

beforeEach(async () => {
  state = `sqlite:register-${(files += 1)}.sqlite`;
  await story.renew({ openStore: (clock) => openStateStore(state, { clock, folder }) });
  held = [await holdCertificate(story, 'first'), await holdCertificate(story, 'second')];
  story.sandbox.setReplicationLagMs({ 'graph.get': 1500 });
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await story.stop();
  rmSync(folder, { recursive: true });
});

async function start(certificateId: string, diesAfterPatch = false): Promise<ChildProcess> {
  const errand: RegisterErrand = { ...errandOf(story, folder, state), certificateId, access: accessOf(story), diesAfterPatch };
  const child = await startChild(script, errand);
  children.push(child);
  return child;
}

/** What it reports; undefined when it was killed. */
const go = async (child: ChildProcess) => askChild<unknown>(child, 'go');

const wantedIds = () => held.map(({ certificate }) => keyIdOf(certificate)).toSorted();
const patches = () => story.sandbox.requests().filter(({ method }) => method === 'PATCH');

describe('two processes that register on one app', () => {
  it('at the same moment end with both certificates there, each written once', { timeout: 90_000 }, async () => {
    const [first, second] = [await start(held[0]?.id ?? ''), await start(held[1]?.id ?? '')];
    const reports = await Promise.all([go(first), go(second)]);
    expect(reports).toMatchObject([{ report: { alreadyRegistered: false } }, { report: { alreadyRegistered: false } }]);
    expect(keyIdsOf(story).toSorted()).toEqual(wantedIds());
    expect(patches()).toHaveLength(2);
    const audit = await auditOf(story);
    expect(audit.filter(({ action, phase }) => action === 'certificate.registered' && phase === 'outcome').map(({ outcome }) => outcome)).toEqual(['done', 'done']);
  });

  it('one of them killed when its PATCH was out: the other waits for its lease to end, and for its key to be seen', { timeout: 90_000 }, async () => {
    const [first, second] = [await start(held[0]?.id ?? '', true), await start(held[1]?.id ?? '')];
    story.sandbox.setReplicationLagMs({ 'graph.get': LAG_MS });
    expect(await go(first)).toBeUndefined();
    let report: unknown;
    void go(second).then((answer) => void (report = answer));
    await expect
      .poll(
        () => {
          // A child looks at the clock every second: slow enough for it to keep its lease.
          story.advanceClock(40);
          if (patches().length > 1) story.sandbox.setReplicationLagMs({ 'graph.get': 0 });
          return report;
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toMatchObject({ report: { alreadyRegistered: false } });
    expect(keyIdsOf(story).toSorted()).toEqual(wantedIds());
    const [killed, next] = patches().map(({ at }) => Date.parse(at));
    expect((next ?? 0) - (killed ?? 0)).toBeGreaterThanOrEqual(LAG_MS);
  });
});
