/** The machinery of a sweep, with visits made up: who is when whose turn, what is written down, and who may run. */
import { beforeEach, describe, expect, it } from 'vitest';
import { addAccount } from '../../../src/core/accounts/account';
import { createMemoryStore } from '../../../src/core/adapters/memory-store';
import { createMovableClock } from '../../../src/core/testing/movable-clock';
import { LEASE_MS } from '../../../src/core/fleet/lease';
import type { SweepOptions, Visit } from '../../../src/core/fleet/model';
import type { SweepScope } from '../../../src/core/fleet/run-record';
import { sweepAccounts } from '../../../src/core/fleet/sweep';
import { codeOf } from '../../journeys/attacks';
import { corePorts, START } from '../../support/core-ports';

const SCOPE: SweepScope = { operatorId: null, label: null, states: null };
const OK: Visit = { kind: 'judged', verdict: { kind: 'ok' } };
const BUSY = { kind: 'failed', code: 'GRAPH_THROTTLED', unavailable: true } as const;

function makePorts(skipsSleeps = true) {
  const clock = createMovableClock(START, { skipsSleeps });
  return { ...corePorts(), clock, store: createMemoryStore({ clock }) };
}

let ports: ReturnType<typeof makePorts>;
let visits: { readonly accountId: string; readonly at: number }[];

beforeEach(async () => {
  ports = makePorts();
  visits = [];
});

const ids = (count: number) => Array.from({ length: count }, (_, index) => `account-${String(index).padStart(5, '0')}`);

async function withAccounts(count: number): Promise<readonly string[]> {
  for (const id of ids(count)) await addAccount(ports, { id, name: id }, 'op-1');
  return ids(count);
}

const sweep = async (visit: (accountId: string, times: number) => Visit | Promise<Visit>, options: SweepOptions = {}, scope: SweepScope = SCOPE) =>
  sweepAccounts(
    ports,
    {
      scope,
      requests: () => null,
      visit: async (accountId) => {
        visits.push({ accountId, at: ports.clock.now() });
        return visit(accountId, visits.filter((one) => one.accountId === accountId).length);
      },
    },
    options,
  );

describe('a sweep', () => {
  it('visits everybody once, in order, no more at a time than it may', async () => {
    const all = await withAccounts(40);
    let [running, most] = [0, 0];
    const report = await sweep(
      async () => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return OK;
      },
      { concurrency: 5 },
    );
    expect(visits.map(({ accountId }) => accountId)).toEqual(all);
    expect([most, report.accounts, report.ok]).toEqual([5, 40, 40]);
  });

  it('is not held up by one that takes for ever while there are other lanes', async () => {
    const all = await withAccounts(20);
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    let done = 0;
    const report = sweep(
      async (accountId) => {
        if (accountId === all[0]) await slow;
        return OK;
      },
      { concurrency: 2, onProgress: () => void ((done += 1) === 19 && release()) },
    );
    expect(await report).toMatchObject({ accounts: 20, ok: 20 });
  });

  it('comes back to whoever asked for time when the time is over, after the others and never before', async () => {
    const all = await withAccounts(10);
    const report = await sweep((accountId, times) => (accountId === all[2] && times <= 2 ? { kind: 'again', fromAt: ports.clock.now() + 90_000, asked: true, verdict: BUSY } : OK), { concurrency: 3 });
    expect(report).toMatchObject({ accounts: 10, ok: 10 });
    expect(visits.map(({ accountId }) => accountId)).toEqual([...all, all[2], all[2]]);
    expect(visits.filter(({ accountId }) => accountId === all[2]).map(({ at }) => at - START)).toEqual([0, 90_000, 180_000]);
  });

  it.each([
    ['longer than the run has patience', 100, 101_000, true, 1],
    ['again and again', 1800, 10_000, true, 6],
    ['without having been asked to, more than once', 1800, 10_000, false, 2],
  ])('does not come back %s', async (_name, patienceSeconds, waitMs, asked, times) => {
    await withAccounts(1);
    const report = await sweep(() => ({ kind: 'again', fromAt: ports.clock.now() + waitMs, asked, verdict: BUSY }), { patienceSeconds });
    expect(report).toMatchObject({ accounts: 1, failed: 1, unavailable: 1, failures: [{ accountId: ids(1)[0], code: 'GRAPH_THROTTLED' }] });
    expect(visits).toHaveLength(times);
  });

  it('begins no others while very many wait: it is not single tenants that are busy then', async () => {
    await withAccounts(700);
    await sweep((_accountId, times) => (times === 1 ? { kind: 'again', fromAt: START + 60_000, asked: true, verdict: BUSY } : OK), { concurrency: 4 });
    const early = new Set(visits.filter(({ at }) => at < START + 60_000).map(({ accountId }) => accountId));
    expect(early.size).toBeGreaterThanOrEqual(500);
    expect(early.size).toBeLessThanOrEqual(504);
    expect(new Set(visits.map(({ accountId }) => accountId)).size).toBe(700);
  });

  it('reads ahead no further than it works: the list is taken page by page', async () => {
    await withAccounts(50);
    let taken = 0;
    const inner = ports.store;
    const store: typeof ports.store = {
      ...ports.store,
      async *list(prefix) {
        for await (const row of inner.list(prefix)) {
          taken += 1;
          yield row;
        }
      },
    };
    let ahead = 0;
    await sweepAccounts({ ...ports, store }, { scope: SCOPE, requests: () => null, visit: async () => { ahead = Math.max(ahead, taken - (visits.push({ accountId: '', at: 0 }) - 1)); return OK; } }, { concurrency: 2 });
    expect(ahead).toBeLessThanOrEqual(3);
  });

  it('counts who is skipped nowhere, and is not disturbed by a listener that raises', async () => {
    await withAccounts(4);
    const report = await sweep((accountId) => (accountId.endsWith('1') ? { kind: 'skipped' } : OK), { onProgress: () => { throw new Error('listener'); } });
    expect(report).toMatchObject({ accounts: 3, ok: 3 });
  });

  it.each([{ concurrency: 0 }, { concurrency: 65 }, { concurrency: 1.5 }, { patienceSeconds: -1 }])('is refused with %j', async (options) => {
    expect(await codeOf(sweep(() => OK, options))).toBe('INPUT_INVALID');
    expect(visits).toEqual([]);
  });
});

describe('one sweep at a time', () => {
  it('holds for other scopes too, and ends with the sweep', async () => {
    await withAccounts(3);
    const codes: string[] = [];
    await sweep(async () => {
      codes.push((await codeOf(sweepAccounts(ports, { scope: { ...SCOPE, label: 'x' }, requests: () => null, visit: async () => OK }))) ?? 'ran');
      return OK;
    });
    expect(new Set(codes)).toEqual(new Set(['FLEET_SWEEP_RUNNING']));
    expect(await sweep(() => OK)).toMatchObject({ accounts: 3 });
  });

  it('ends with the lease of whoever was killed, and the one who slept too long writes nothing over the other', async () => {
    await withAccounts(60);
    let second: Awaited<ReturnType<typeof sweep>> | undefined;
    const first = sweep(async () => {
      if (second === undefined && visits.length === 30) {
        ports.clock.advance(LEASE_MS + 1);
        second = await sweepAccounts(ports, { scope: SCOPE, requests: () => null, visit: async () => OK });
      }
      return OK;
    }, { concurrency: 1 });
    expect(await codeOf(first)).toBe('FLEET_SWEEP_RUNNING');
    expect(second).toMatchObject({ accounts: 60, ok: 60 });
  });

  it('keeps its claim through a sleep that is longer than the lease', async () => {
    await withAccounts(1);
    ports = makePorts(false);
    await withAccounts(1);
    const running = sweep((_id, times) => (times === 1 ? { kind: 'again', fromAt: ports.clock.now() + 1_500_000, asked: true, verdict: BUSY } : OK));
    for (let turn = 0; turn < 200 && ports.clock.sleepers === 0; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    ports.clock.advance(1_400_000);
    expect(await codeOf(sweepAccounts(ports, { scope: SCOPE, requests: () => null, visit: async () => OK }))).toBe('FLEET_SWEEP_RUNNING');
    ports.clock.advance(100_001);
    expect(await running).toMatchObject({ accounts: 1, ok: 1 });
  });
});

describe('a sweep that did not come to its end', () => {
  const dieAt = async (count: number) => {
    const gone = new Error('killed');
    await expect(sweep(() => { if (visits.length > count) throw gone; return OK; }, { concurrency: 2 })).rejects.toBe(gone);
  };

  it('is gone on with: nobody is counted twice, nobody is left out', async () => {
    const all = await withAccounts(50);
    await dieAt(20);
    const before = visits.length;
    const report = await sweep(() => OK, { resume: true });
    expect(report).toMatchObject({ accounts: 50, ok: 50, resumed: true });
    const again = visits.slice(before).map(({ accountId }) => accountId);
    expect(again.length).toBeLessThan(all.length - 15);
    expect(new Set(visits.map(({ accountId }) => accountId))).toEqual(new Set(all));
  });

  it('is begun anew without being asked to resume, for another scope, and after a day', async () => {
    await withAccounts(30);
    await dieAt(20);
    expect(await sweep(() => OK, { resume: true }, { ...SCOPE, label: 'gold' })).toMatchObject({ accounts: 30, resumed: false });
    expect(await sweep(() => OK)).toMatchObject({ accounts: 30, resumed: false });
    await dieAt(visits.length + 20);
    ports.clock.advance(86_400_001);
    expect(await sweep(() => OK, { resume: true })).toMatchObject({ accounts: 30, resumed: false });
  });

  it('cannot be made to pass accounts over by who has no master key', async () => {
    await withAccounts(30);
    await dieAt(20);
    for await (const row of ports.store.list('fleet/run/')) await ports.store.set(row.key, row.value.replace(/account-\d+/, 'account-99999'));
    expect(await codeOf(sweep(() => OK, { resume: true }))).toBe('STATE_RECORD_TAMPERED');
    expect(await sweep(() => OK)).toMatchObject({ accounts: 30, ok: 30 });
  });

  it('leaves nothing behind once it has ended', async () => {
    await withAccounts(3);
    await sweep(() => OK);
    const left: string[] = [];
    for await (const { key } of ports.store.list('fleet/')) left.push(key);
    expect(left).toEqual([]);
  });
});
