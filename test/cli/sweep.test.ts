import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRuntime } from '../../src/cli/runtime';
import { updateJourney } from '../../src/core/accounts/journey';
import { takeLease } from '../../src/core/fleet/lease';
import type { Ports } from '../../src/core/ports';
import { type CliStage, startCliStage } from './support';

let stage: CliStage;
beforeAll(async () => {
  stage = await startCliStage();
  await stage.cli('account', 'add', 'contoso', '--name', 'Contoso', '--label', 'gold');
  await stage.cli('account', 'add', 'fabrikam', '--name', 'Fabrikam');
});
afterAll(async () => stage.stop());

async function behindItsBack<T>(act: (ports: Ports) => Promise<T>): Promise<T> {
  const { installation } = await openRuntime({ config: stage.config });
  try {
    return await act(installation.ports);
  } finally {
    await installation.close();
  }
}

describe('sweep', () => {
  it('is content with accounts that wait for a person, and takes only those with a label when one is given', async () => {
    const counts = { ok: 0, attention: 0, failed: 0, unavailable: 0, requests: { token: 0, graph: 0 }, resumed: false, regressed: [], failures: [] };
    expect(await stage.cli('sweep')).toMatchObject({ code: 0, json: { ...counts, accounts: 2, waiting: 2, startedAt: expect.stringMatching(/^\d{4}-/) as string } });
    expect(await stage.cli('sweep', '--label', 'gold', '--concurrency', '1', '--resume')).toMatchObject({ code: 0, json: { ...counts, accounts: 1, waiting: 1 } });
    expect((await stage.text('sweep')).out).toMatch(/^2 accounts in \d+ s: 0 well, 0 need attention, 2 waiting, 0 could not be judged\n0 token requests, 0 Graph requests\n$/);
  });

  it('ends with exit code 5 when somebody needs attention, and says who on both streams', async () => {
    await behindItsBack(async (ports) => {
      await updateJourney(ports, 'contoso', (journey) => ({ ...journey, state: 'consent_pending' }));
      return updateJourney(ports, 'contoso', (journey) => ({ ...journey, state: 'attention', reasons: [{ code: 'CONSENT_MISSING_PERMISSIONS', message: 'gone' }] }));
    });
    const swept = await stage.cli('sweep');
    expect(swept).toMatchObject({ code: 5, json: { accounts: 2, attention: 1, regressed: [{ accountId: 'contoso', codes: ['CONSENT_MISSING_PERMISSIONS'] }] } });
    expect(swept.err).toContain('contoso: CONSENT_MISSING_PERMISSIONS');
    const forPeople = await stage.text('--quiet', 'sweep');
    expect(forPeople.out).toContain('0 well, 1 needs attention, 1 waiting');
    expect(forPeople.err).toBe('');
  });

  it('ends with exit code 6 while another one is under way', async () => {
    await behindItsBack(async (ports) => {
      const lease = await takeLease(ports);
      expect(await stage.cli('sweep')).toMatchObject({ code: 6, json: { error: { code: 'FLEET_SWEEP_RUNNING', retryable: true } } });
      await lease.end();
    });
    expect(await stage.cli('sweep')).toMatchObject({ code: 5 });
  });

  it('ends with exit code 1 when an account cannot be read, and still looks at the others', async () => {
    await behindItsBack(async ({ store }) => store.set('accounts/account/broken', '{}'));
    const swept = await stage.cli('sweep');
    expect(swept).toMatchObject({ code: 5, json: { accounts: 3, attention: 1, failed: 1, unavailable: 0, failures: [{ accountId: 'broken', code: 'STATE_RECORD_INVALID' }] } });
    await behindItsBack(async ({ store }) => store.delete('accounts/account/contoso'));
    expect(await stage.cli('sweep')).toMatchObject({ code: 1, json: { accounts: 2, failed: 1 } });
  });

  it('refuses what is no number, and what is out of range', async () => {
    expect(await stage.cli('sweep', '--concurrency', 'many')).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
    expect(await stage.cli('sweep', '--concurrency', '65')).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID', details: { field: 'concurrency' } } } });
  });
});
