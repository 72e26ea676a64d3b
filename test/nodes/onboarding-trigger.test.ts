/** The trigger for what needs attention, polled as n8n polls it, and the operation a schedule runs. */
import type { IDataObject, INodeExecutionData, IPollFunctions } from 'n8n-workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { updateJourney } from '../../src/core/accounts/journey';
import { ACCOUNT_OCCASION_TYPES, accountOccasions } from '../../src/core/corridor/account-occasions';
import { OCCASION_TYPES } from '../../src/core/certificates/renewal/occasions';
import { EVENTS } from '../../src/nodes/M365OnboardingTrigger/events';
import { M365OnboardingTrigger } from '../../src/nodes/M365OnboardingTrigger/M365OnboardingTrigger.node';
import { keepNew } from '../../src/nodes/host/poll';
import { OPERATOR } from '../journeys/story';
import type { Credentials } from './fake-execution';
import { changed, type Stage, startStage } from './n8n-stage';

const DAY_SECONDS = 86_400;
const ALL = EVENTS.map(({ value }) => value);
const CERTIFICATES = ALL.filter((value) => value.startsWith('certificate.'));
const LIMIT_MS = 60_000;
let stage: Stage;
let credentials: Credentials;

beforeAll(async () => {
  stage = await startStage();
  const { id } = await stage.story.installation.certificates.generate({ name: 'Backup', keyBits: 2048 }, OPERATOR);
  await stage.story.installation.certificates.register(id, 'backup', OPERATOR);
  const apps = (stage.story.written['apps'] as readonly { key: string }[]).map((app) => ({ ...app, credential: app.key === 'backup' ? { certificateId: id } : { from: 'secret' } }));
  credentials = changed(stage.credentials, 'm365PartnerApp', { apps: JSON.stringify(apps) });
}, LIMIT_MS);

afterAll(async () => stage.stop());

/** One node in one workflow: what n8n keeps for it survives from poll to poll. */
function watcher(events: readonly string[] = ALL, mode: 'trigger' | 'manual' = 'trigger', given: Credentials = credentials) {
  const kept: IDataObject = {};
  const node = { id: 'n', name: 'Trigger', type: 'n8n-nodes-m365-onboarding.m365OnboardingTrigger', typeVersion: 1, position: [0, 0], parameters: {} };
  const host = { getNode: () => node, getMode: () => mode, getNodeParameter: () => events, getWorkflowStaticData: () => kept, getCredentials: async (type: string) => given[type] };
  return {
    kept,
    poll: async (): Promise<readonly IDataObject[]> => {
      stage.advanceClock(1);
      const output: INodeExecutionData[][] | null = await new M365OnboardingTrigger().poll.call(host as unknown as IPollFunctions);
      if (output !== null && output.flat().length === 0) throw new Error('An empty poll is null, or n8n would start the workflow.');
      return output?.flat().map(({ json }) => json) ?? [];
    },
  };
}

const eventsOf = (items: readonly IDataObject[]) => items.map(({ event }) => event);

describe('the trigger', { timeout: LIMIT_MS }, () => {
  it('offers every occasion the core tells of, and no other', () => {
    expect(ALL.toSorted()).toEqual([...OCCASION_TYPES, ...ACCOUNT_OCCASION_TYPES].toSorted());
    expect(new M365OnboardingTrigger().description.properties.find(({ name }) => name === 'events')?.default).toEqual(ALL);
  });

  it('starts nothing while nothing is wrong, and leaves no heartbeat by looking', async () => {
    const { poll } = watcher();
    expect(await poll()).toEqual([]);
    expect(await stage.story.installation.certificates.checkHeartbeat(OPERATOR)).toMatchObject({ lastAt: null });
  });

  it('puts out each occasion once, to every workflow that watches, and what stands already to one that begins later', async () => {
    const [early, other] = [watcher(), watcher()];
    stage.advanceClock(250 * DAY_SECONDS);
    expect(eventsOf(await early.poll())).toEqual(['certificate.due', 'certificate.check_overdue']);
    expect(await early.poll()).toEqual([]);
    expect(eventsOf(await other.poll())).toEqual(['certificate.due', 'certificate.check_overdue']);
    stage.advanceClock(90 * DAY_SECONDS);
    expect(eventsOf(await early.poll())).toEqual(['certificate.expiring']);
    const late = watcher();
    const [first] = await late.poll();
    expect(first).toMatchObject({ event: 'certificate.expiring', name: 'Backup', appKeys: ['backup'], accountId: null, at: expect.stringMatching(/Z$/) as string, occasionId: expect.stringMatching(/^certificate\.expiring:[0-9A-F]{64}$/) as string });
    expect(await late.poll()).toEqual([]);
  });

  it('shows in a test run what stands and uses nothing up', async () => {
    const manual = watcher(CERTIFICATES, 'manual');
    expect(eventsOf(await manual.poll())).toEqual(['certificate.expiring', 'certificate.check_overdue']);
    expect(eventsOf(await manual.poll())).toEqual(['certificate.expiring', 'certificate.check_overdue']);
    expect(manual.kept).toEqual({});
  });

  it('puts out only what was chosen', async () => {
    expect(eventsOf(await watcher(['certificate.check_overdue']).poll())).toEqual(['certificate.check_overdue']);
    expect(await watcher(['account.binding_stale']).poll()).toEqual([]);
    expect(await watcher([]).poll()).toEqual([]);
  });

  it('tells of an account that regressed, once per regress, by what is wrong', async () => {
    const { ports } = stage.story.installation;
    await stage.story.onboarding.addAccount({ id: 'contoso', name: 'Contoso', expectedTenant: 'contoso.example' }, OPERATOR);
    const enter = async (state: 'consent_pending' | 'attention', reasons: { code: string; message: string }[] = []) => updateJourney(ports, 'contoso', (journey) => ({ ...journey, state, reasons }));
    const watching = watcher(['account.consent_drift', 'account.binding_stale']);
    await enter('consent_pending');
    expect(await watching.poll()).toEqual([]);
    await enter('attention', [{ code: 'CONSENT_MISSING_PERMISSIONS', message: 'backup: not granted (yet): User.Read.All on graph.' }]);
    expect(await watching.poll()).toMatchObject([{ event: 'account.consent_drift', accountId: 'contoso', reasons: [{ code: 'CONSENT_MISSING_PERMISSIONS' }] }]);
    expect(await watching.poll()).toEqual([]);
    await enter('consent_pending');
    stage.advanceClock(60);
    await enter('attention', [{ code: 'SSO_BINDING_STALE', message: 'The bound admin: not admin.' }]);
    expect(await watching.poll()).toMatchObject([{ event: 'account.binding_stale', accountId: 'contoso' }]);
  });

  it('says what is wrong when the state cannot be had, and starts nothing', async () => {
    const broken = watcher(ALL, 'trigger', changed(credentials, 'm365OnboardingState', { masterKeys: '' }));
    await expect(broken.poll()).rejects.toMatchObject({ type: 'MASTER_KEY_MISSING' });
    const forbidden = changed(credentials, 'm365OnboardingState', { operators: JSON.stringify([{ id: OPERATOR, name: 'One', accounts: 'all', may: ['onboard'] }]) });
    await expect(watcher(ALL, 'trigger', forbidden).poll()).rejects.toMatchObject({ type: 'OPERATOR_NOT_ALLOWED' });
  });
});

describe('what the trigger keeps', () => {
  const standing = (subject: string) => ({ type: 'certificate.rotation_overdue', subject, data: {} });
  const DAY_MS = 86_400_000;

  it('is not told again when it went away and came back', () => {
    const told = {};
    expect(keepNew(told, [standing('r:overlap')], 0)).toHaveLength(1);
    expect(keepNew(told, [], DAY_MS)).toEqual([]);
    expect(keepNew(told, [standing('r:overlap')], 2 * DAY_MS)).toEqual([]);
    expect(keepNew(told, [standing('r:retiring')], 2 * DAY_MS)).toHaveLength(1);
  });

  it('is forgotten long after it stood last, and never while it stands', () => {
    const told: { occasions?: Record<string, number> } = {};
    keepNew(told, [standing('old'), standing('lasting')], 0);
    for (let day = 2; day < 500; day += 2) expect(keepNew(told, [standing('lasting')], day * DAY_MS)).toEqual([]);
    expect(Object.keys(told.occasions ?? {})).toEqual(['certificate.rotation_overdue:lasting']);
  });

  it('is written only when something changed', () => {
    const told: { occasions?: Record<string, number> } = {};
    keepNew(told, [standing('a')], 0);
    const { occasions } = told;
    keepNew(told, [standing('a')], 1000);
    expect(told.occasions).toBe(occasions);
  });
});

it('an account in attention for both reasons is told as both, and one without a reason all the same', () => {
  const report = { accountId: 'a', state: 'attention', since: 1000, waitingFor: null, nextCheckAt: null } as const;
  const reasons = [{ code: 'SSO_BINDING_STALE', message: 's' }, { code: 'STS_APP_DISABLED', message: 'd' }];
  expect(accountOccasions({ ...report, reasons }).map(({ type, data }) => [type, data['reasons']])).toEqual([['account.consent_drift', [reasons[1]]], ['account.binding_stale', [reasons[0]]]]);
  expect(accountOccasions({ ...report, reasons: [] }).map(({ type }) => type)).toEqual(['account.consent_drift']);
  expect(accountOccasions({ ...report, state: 'active', reasons })).toEqual([]);
});

describe('Certificate: Check', { timeout: LIMIT_MS }, () => {
  const check = async (parameters: Readonly<Record<string, unknown>> = {}, options = {}) => (await stage.run([{ resource: 'certificate', operation: 'check', ...parameters }], { credentials, ...options })).map(({ json }) => json);

  it('gives one item for each credential in use, with the heartbeat it leaves', async () => {
    const items = await check();
    expect(items.map(({ name, source, status, stepDue }) => [name, source, status, stepDue])).toEqual([['Backup', 'stored', 'expiring', true], ['App Secrets/restore', 'secret', 'unwatched', false]]);
    expect(items[0]).toMatchObject({ attention: true, complete: true, step: null, heartbeat: { overdue: false, lastAt: expect.stringMatching(/Z$/) as string } });
    expect(await watcher(['certificate.check_overdue']).poll()).toEqual([]);
  });

  it('asks the directory for the end of secrets when told to', async () => {
    const [, secret] = await check({ askDirectory: true });
    expect(secret).toMatchObject({ source: 'secret', notAfter: expect.any(String) as string });
    expect(secret?.['status']).not.toBe('unwatched');
  });

  it('begins the rotation of what is due when told to', async () => {
    const [first] = await check({ rotate: true });
    expect(first).toMatchObject({ step: 'issue', rotation: { state: 'registering' } });
  });

  it('is refused to an AI agent, who would silence the alarm of a schedule that stopped', async () => {
    await expect(check({}, { isToolExecution: true })).rejects.toMatchObject({ message: expect.stringContaining('AI agent') as string });
  });
});
