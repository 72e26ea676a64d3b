/** What cron runs once an hour: one line that checks and renews, and another that notices when the first has stopped. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliStage, startCliStage } from './support';

interface Item {
  readonly name: string;
  readonly status: string;
  readonly certificateId: string | null;
  readonly renewAt: string | null;
  readonly rotation: { readonly state: string; readonly nextStepAt: string | null } | null;
  readonly problems: readonly { readonly code: string }[];
}

let stage: CliStage;
let id = '';
const HOUR_SECONDS = 3600;

beforeAll(async () => {
  stage = await startCliStage();
  const generated = await stage.cli('certificate', 'generate', '--name', 'Backup', '--key-bits', '2048');
  id = String(generated.json['id']);
  await stage.cli('certificate', 'register', id);
  stage.edit((configuration) => ({ ...configuration, apps: (configuration['apps'] as object[]).map((app) => ({ ...app, credential: { certificateId: id } })) }));
}, 60_000);

afterAll(async () => stage.stop());

const check = async (...flags: readonly string[]) => {
  const result = await stage.cli('certificate', 'check', ...flags);
  return { code: result.code, items: (result.json['items'] ?? []) as readonly Item[], json: result.json };
};

describe('certificate check', { timeout: 120_000 }, () => {
  it('exits 0 while nothing is due, and says when the renewal will be', async () => {
    const { code, items, json } = await check();
    expect([code, items.map(({ name, status }) => [name, status]), json['next'], json['complete']]).toEqual([0, [['Backup', 'ok']], null, true]);
    expect(Date.parse(items[0]?.renewAt ?? '')).toBeGreaterThan(stage.sandbox.clock.now());
    expect(json['heartbeat']).toMatchObject({ overdue: false, lastAt: expect.stringMatching(/Z$/) as string });
    expect((await stage.text('certificate', 'check')).out).toMatch(/^Backup +stored +backup, restore +ok +\d{4}-/m);
  });

  it('--heartbeat checks nothing, exits 0 in time and 5 when no check came', async () => {
    const before = await stage.cli('certificate', 'check', '--heartbeat');
    stage.sandbox.clock.advance(50 * HOUR_SECONDS);
    const after = await stage.cli('certificate', 'check', '--heartbeat');
    expect([before.code, after.code]).toEqual([0, 5]);
    expect(after.json['heartbeat']).toMatchObject({ overdue: true, lastAt: (before.json['heartbeat'] as { lastAt: string }).lastAt });
    expect((await stage.text('certificate', 'check', '--heartbeat')).out).toContain('overdue since');
    expect(await stage.cli('certificate', 'check', '--heartbeat', '--rotate')).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID' } } });
    await check();
    expect((await stage.cli('certificate', 'check', '--heartbeat')).code).toBe(0);
  });

  it('exits 5 when one is due, and names it', async () => {
    stage.sandbox.clock.advance(250 * 24 * HOUR_SECONDS);
    const { code, items } = await check();
    expect([code, items[0]?.status, items[0]?.problems[0]?.code]).toEqual([5, 'due', 'CERTIFICATE_DUE']);
    const text = await stage.text('certificate', 'check');
    expect([text.code, text.out]).toEqual([5, expect.stringContaining('Its renewal is due since')]);
  });

  it('--rotate, run by a schedule, renews without anybody and exits 0 all along', async () => {
    const seen: (string | undefined)[] = [];
    for (let run = 0; run < 20 && seen.at(-1) !== 'done'; run += 1) {
      const { code, items } = await check('--rotate');
      expect(code, JSON.stringify(items)).toBe(0);
      seen.push(items[0]?.rotation?.state);
      // The runs in between would find nothing to do.
      const idleMs = Date.parse(items[0]?.rotation?.nextStepAt ?? '') - stage.sandbox.clock.now();
      stage.sandbox.clock.advance(Math.max(HOUR_SECONDS, idleMs / 1000 || 0));
    }
    expect([...new Set(seen)]).toEqual(['registering', 'proving', 'overlap', 'retiring', 'done']);
    const { items } = await check();
    expect(items.map(({ certificateId, status }) => [certificateId === id, status])).toEqual([[false, 'ok']]);
  });

  it('without master keys says which are missing', async () => {
    const keys = process.env['M365_ONBOARDING_MASTER_KEYS'];
    delete process.env['M365_ONBOARDING_MASTER_KEYS'];
    const refused = await stage.cli('certificate', 'check');
    process.env['M365_ONBOARDING_MASTER_KEYS'] = keys;
    expect(refused).toMatchObject({ code: 3, json: { error: { code: 'MASTER_KEY_MISSING' } } });
  });
});
