/** What the nodes accept from credentials, what they refuse, and how a run of many items behaves. */
import { inspect } from 'node:util';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OnboardingError } from '../../src/core/errors';
import { findServiceCode } from '../../src/core/service-codes';
import type { ErrorCode } from '../../src/core/error-catalog';
import { readEnvironment } from '../../src/nodes/host/environment';
import { openHost } from '../../src/nodes/host/installation';
import type { OfflineOperation } from '../../src/nodes/host/operation';
import { runItems } from '../../src/nodes/host/run-items';
import { shownError } from '../../src/nodes/host/shown-error';
import { M365Onboarding } from '../../src/nodes/M365Onboarding/M365Onboarding.node';
import { MASTER_KEYS } from '../journeys/story';
import { type Credentials, fakeExecution } from './fake-execution';
import { changed, type Item, type Stage, startStage } from './n8n-stage';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});

afterAll(async () => stage.stop());

const open = async (credentials: Credentials) => openHost(fakeExecution([], { credentials }));

/** The variables of the process during `work`, and as they were afterwards. */
async function inEnvironment<T>(variables: Readonly<Record<string, string | undefined>>, work: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) vi.stubEnv(name, value);
  }
}

async function refusalOf(credentials: Credentials): Promise<{ readonly code: string; readonly text: string }> {
  const error: unknown = await open(credentials).then(
    (host) => {
      host.release();
      throw new Error('It was accepted.');
    },
    (reason: unknown) => reason,
  );
  const { code } = error as OnboardingError;
  return { code, text: `${inspect(error)} ${JSON.stringify(error)}` };
}

const partner = (members: Item) => changed(stage.credentials, 'm365PartnerApp', members);
const state = (members: Item) => changed(stage.credentials, 'm365OnboardingState', members);
const withCredential = (credential: unknown) => {
  const apps = JSON.parse(String((stage.credentials['m365PartnerApp'] as Item)['apps'])) as Item[];
  return partner({ apps: apps.map((app) => ({ ...app, credential })) });
};

describe('the installation behind the nodes', () => {
  it('is the same for the same credentials, and another for others', async () => {
    const [first, second, other] = await Promise.all([open(stage.credentials), open(stage.credentials), open(state({ partnerName: 'Somebody else' }))]);
    expect(first.installation).toBe(second.installation);
    expect(other.installation).not.toBe(first.installation);
    for (const host of [first, second, other]) host.release();
  });

  it('acts as the operator of the credential, and refuses to act without one', async () => {
    const host = await open(stage.credentials);
    expect(host.requireOperatorId()).toBe('op-1');
    host.release();
    const nobody = await open(state({ operatorId: '' }));
    expect(() => nobody.asOperator()).toThrow(expect.objectContaining({ code: 'OPERATOR_UNKNOWN' }) as Error);
    nobody.release();
    expect(await refusalOf(state({ operatorId: 'not-listed' }))).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it.each([
    [{ pfxFile: '/etc/passwd' }],
    [{ pemFile: '/etc/passwd' }],
    [{ secretFile: '/etc/passwd' }],
    [{ secretEnv: 'N8N_ENCRYPTION_KEY' }],
    [{ from: 'secret', secretFile: '/etc/passwd', certificateId: 7 }],
    [{ from: 'file' }],
    [undefined],
  ])('reads no file and no variable of the host that a credential names: %j', async (credential) => {
    const host = await open(withCredential(credential)).catch((reason: unknown) => reason);
    if (host instanceof OnboardingError) expect(host.code).toBe('CONFIG_INVALID');
    else {
      const opened = host as Awaited<ReturnType<typeof open>>;
      expect([...opened.configuration.credentials.values()]).toEqual([{ secretFile: 'App Secrets/backup' }, { secretFile: 'App Secrets/restore' }]);
      opened.release();
    }
  });

  it.each([
    [{ pfx: 'aHVudGVyMg==' }, { pfxFile: 'App Secrets/backup' }],
    [{ pfx: 'aHVudGVy\nMg==', password: '' }, { pfxFile: 'App Secrets/backup', pfxPasswordFile: 'App Secrets/backup/password' }],
  ])('takes a PFX from the credential, with its password or without: %j', async (backup, expected) => {
    const host = await open(changed(withCredential({ from: 'pfx' }), 'm365PartnerApp', { appSecrets: JSON.stringify({ backup, restore: backup }) }));
    expect(host.configuration.credentials.get('backup')).toEqual(expected);
    host.release();
  });

  it.each([
    ['appSecrets', '{"backup":{"secret":"hunter2"', 'CONFIG_INVALID'],
    ['appSecrets', '{"backup":{"pem":"hunter2"}}', 'CONFIG_INVALID'],
    ['appSecrets', '{"backup":{"pfx":"hunter2!"}}', 'CONFIG_INVALID'],
    ['appSecrets', '', 'CONFIG_INVALID'],
    ['apps', '{"not":"a list"}', 'CONFIG_INVALID'],
    ['apps', 'hunter2', 'CONFIG_INVALID'],
    ['homeTenantId', 'common', 'CONFIG_INVALID'],
    ['sandboxGraphBaseUrl', 'https://graph.microsoft.com', 'CONFIG_INVALID'],
    ['sandboxAuthorityHost', 'https://login.attacker.example', 'CONFIG_INVALID'],
  ])('refuses %s %j, and repeats nothing of it', async (field, value, code) => {
    const refused = await refusalOf(partner({ [field]: value }));
    expect(refused.code).toBe(code);
    expect(refused.text).not.toContain('hunter2');
  });

  it.each([
    ['masterKeys', '', 'MASTER_KEY_MISSING'],
    ['masterKeys', 'k1:hunter2', 'MASTER_KEY_INVALID'],
    ['stateUrl', 'sqlite:../outside.sqlite', 'STATE_LOCATION_REFUSED'],
    ['stateUrl', 'sqlite:/etc/hunter2.sqlite', 'STATE_LOCATION_REFUSED'],
    ['stateUrl', 'mysql://root:hunter2@localhost/db', 'STATE_LOCATION_REFUSED'],
    ['operators', 'hunter2', 'CONFIG_INVALID'],
    ['publicBaseUrl', 'http://public.example', 'CONFIG_INVALID'],
  ])('refuses %s %j, and repeats nothing of it', async (field, value, code) => {
    const refused = await refusalOf(state({ [field]: value }));
    expect(refused.code).toBe(code);
    expect(refused.text).not.toContain('hunter2');
  });

  it('keeps the state of a queue where every worker reaches it', async () => {
    await inEnvironment({ EXECUTIONS_MODE: 'queue' }, async () => expect(await refusalOf(stage.credentials)).toMatchObject({ code: 'STATE_SCOPE_TOO_SMALL' }));
  });

  it('talks to the sandbox only where the host allows it, and forgets no state there is', async () => {
    await inEnvironment({ M365_ONBOARDING_ALLOW_SANDBOX: 'false' }, async () => {
      expect(await refusalOf(stage.credentials)).toMatchObject({ code: 'CONFIG_INVALID', text: expect.stringContaining('M365_ONBOARDING_ALLOW_SANDBOX') as string });
      expect(await refusalOf(changed(partner({ useSandbox: false }), 'm365OnboardingState', { stateUrl: 'memory:' }))).toMatchObject({ code: 'CONFIG_INVALID', text: expect.stringContaining('stateUrl') as string });
    });
  });

  it('keeps states beside n8n\'s own data unless the host says otherwise', async () => {
    const stateFolder = async (variables: Readonly<Record<string, string | undefined>>) => inEnvironment(variables, async () => readEnvironment().stateFolder);
    expect(await stateFolder({ M365_ONBOARDING_STATE_FOLDER: undefined, N8N_USER_FOLDER: '/srv/n8n' })).toBe('/srv/n8n/.n8n/m365-onboarding');
    expect(await stateFolder({ M365_ONBOARDING_STATE_FOLDER: '/srv/states', N8N_USER_FOLDER: '/srv/n8n' })).toBe('/srv/states');
  });

  it('takes the way out through a proxy that the host\'s environment names', async () => {
    const real = changed(partner({ useSandbox: false, sandboxCa: '' }), 'm365OnboardingState', { stateUrl: 'memory:' });
    await inEnvironment({ HTTPS_PROXY: 'socks5://hunter2.example', https_proxy: undefined }, async () => {
      const refused = await refusalOf(real);
      expect(refused).toMatchObject({ code: 'CONFIG_INVALID', text: expect.stringContaining('HTTPS_PROXY') as string });
      expect(refused.text).not.toContain('hunter2');
    });
  });
});

describe('the test of a credential', () => {
  const test = async (name: 'testPartnerApp' | 'testOnboardingState', type: string, credentials: Credentials) =>
    new M365Onboarding().methods.credentialTest[name].call({} as never, { id: '1', name: 'c', type, data: credentials[type] as never });
  const partnerTest = async (credentials: Credentials) => test('testPartnerApp', 'm365PartnerApp', credentials);
  const stateTest = async (credentials: Credentials) => test('testOnboardingState', 'm365OnboardingState', credentials);

  afterEach(() => stage.story.sandbox.reset());

  it('signs every app in at the home tenant', async () => {
    const before = stage.story.sandbox.requests().length;
    expect(await partnerTest(stage.credentials)).toEqual({ status: 'OK', message: 'backup: signed in at the home tenant; restore: signed in at the home tenant.' });
    const tokens = stage.story.sandbox.requests().slice(before).filter((row) => row.path.endsWith('/token'));
    expect(tokens).toHaveLength(stage.story.sandbox.ready.apps.length);
    expect(new Set(tokens.map((row) => row.app))).toEqual(new Set(stage.story.sandbox.ready.apps.map((app) => app.appId)));
    expect(new Set(tokens.map((row) => row.tenant))).toEqual(new Set([stage.story.sandbox.ready.homeTenantId]));
  });

  it('names each permission that is missing in the home tenant', async () => {
    const { world } = stage.story.sandbox;
    const home = world.tenants.get(world.homeTenantId);
    const [backup] = stage.story.sandbox.ready.apps;
    const principal = home?.servicePrincipals.list(world.now()).find((row) => row.appId === backup?.appId);
    for (const row of home?.appRoleAssignments.list(world.now()) ?? []) if (row.principalId === principal?.id) home?.appRoleAssignments.delete(row.id, world.now());
    const result = await partnerTest(stage.credentials);
    expect(result.status).toBe('Error');
    expect(result.message).toMatch(/^backup: signed in, but lacks Application\.ReadWrite\.OwnedBy .+home tenant/);
    expect(result.message).not.toContain('restore');
  });

  it('names each permission that no app asks customers for', async () => {
    const apps = JSON.parse(String((stage.credentials['m365PartnerApp'] as Item)['apps'])) as { requiredPermissions: { name: string }[] }[];
    const poorer = apps.map((app) => ({ ...app, requiredPermissions: app.requiredPermissions.filter(({ name }) => name !== 'RoleManagement.Read.Directory') }));
    expect(await partnerTest(partner({ apps: JSON.stringify(poorer) }))).toMatchObject({ status: 'Error', message: expect.stringContaining('no app asks customers for RoleManagement.Read.Directory') as string });
  });

  it('says what Microsoft answered to a wrong secret, and never the secret', async () => {
    const result = await partnerTest(partner({ appSecrets: '{"backup":{"secret":"hunter2"},"restore":{"secret":"hunter2"}}' }));
    expect(result.status).toBe('Error');
    expect(result.message).toMatch(/AADSTS\d+/);
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it('does not claim to have tried a stored certificate it cannot see', async () => {
    expect(await partnerTest(withCredential({ certificateId: 'c1' }))).toEqual({ status: 'OK', message: 'backup: its stored certificate is tried when a node runs; restore: its stored certificate is tried when a node runs.' });
  });

  it('opens the state with its keys, and names the operator', async () => {
    await stage.story.onboarding.addAccount({ id: 'contoso', name: 'Contoso' }, 'op-1');
    const result = await stateTest(stage.credentials);
    expect(result).toEqual({ status: 'OK', message: expect.stringContaining('Nodes act as op-1, who sees 1 customer accounts') as string });
    expect(await stateTest(state({ masterKeys: '' }))).toMatchObject({ status: 'Error', message: expect.stringContaining('master key') as string });
    expect(await stateTest(state({ operatorId: '' }))).toMatchObject({ status: 'Error', message: expect.stringContaining('operator') as string });
    expect(JSON.stringify(result)).not.toContain(MASTER_KEYS.slice(3));
  });
});

describe('a run of many items', () => {
  const item = (value: number, options: Item = {}) => ({ resource: 'r', operation: 'o', value, options });
  const execution = (count: number, changes = {}, options: Item = {}) => fakeExecution(Array.from({ length: count }, (_, index) => item(index, options)), changes);

  function operation(work: (value: number) => Promise<object>): OfflineOperation & { readonly started: number[]; most: number } {
    let running = 0;
    const watched = {
      kind: 'offline' as const,
      resource: 'r',
      option: { name: 'O', value: 'o' },
      fields: [],
      started: [] as number[],
      most: 0,
      execute: async (parameters: Parameters<OfflineOperation['execute']>[0]) => {
        const value = parameters.optionalNumber('value') ?? -1;
        watched.started.push(value);
        running += 1;
        watched.most = Math.max(watched.most, running);
        try {
          return await work(value);
        } finally {
          running -= 1;
        }
      },
    };
    return watched;
  }

  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
  };

  it.each([[undefined, 4], [1, 1], [7, 7], [99, 16], ['many', 4]])('works on a bounded number at once (%j: %i), and keeps the order', async (concurrency, most) => {
    const slowFirst = operation(async (value) => {
      await turns((40 - value) * 5);
      return { value };
    });
    const [output] = await runItems(execution(40, {}, { concurrency }), [slowFirst]);
    expect(output?.map(({ json, pairedItem }) => [json['value'], pairedItem])).toEqual(Array.from({ length: 40 }, (_, index) => [index, { item: index }]));
    expect(slowFirst.most).toBe(most);
  });

  it('starts no further item after a refusal, lets those under way end, and names the first that was refused', async () => {
    const picky = operation(async (value) => {
      await turns(value === 1 ? 30 : 60);
      if (value === 1 || value === 3) throw new OnboardingError('INPUT_INVALID', `Number ${value}.`);
      return { value };
    });
    const error: unknown = await runItems(execution(40), [picky]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'Number 1. [Item 1]', context: { itemIndex: 1 } });
    expect(picky.started).toEqual([0, 1, 2, 3]);
  });

  it('goes on after a refusal when told to, with the error as that item\'s data', async () => {
    const picky = operation(async (value) => {
      if (value === 1) throw new OnboardingError('INPUT_INVALID', 'No.');
      return { value };
    });
    const [output] = await runItems(execution(3, { continueOnFail: true }), [picky]);
    expect(output).toMatchObject([{ json: { value: 0 } }, { json: { error: { code: 'INPUT_INVALID' } }, pairedItem: { item: 1 } }, { json: { value: 2 } }]);
  });

  it('ends when the execution is cancelled, even when told to continue on fail', async () => {
    const cancelling = new AbortController();
    const work = operation(async (value) => {
      if (value === 2) cancelling.abort(new Error('hunter2'));
      return { value };
    });
    const error: unknown = await runItems(execution(40, { continueOnFail: true, signal: cancelling.signal }, { concurrency: 1 }), [work]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NodeOperationError);
    expect(String(error)).toContain('cancelled');
    expect(work.started).toEqual([0, 1, 2]);
  });
});

describe('the error a person reads', () => {
  const node = fakeExecution([]).getNode();

  it.each<[ErrorCode, object, object]>([
    ['STS_THROTTLED', { retryAfterSeconds: 7 }, { failure: { cause: 'rate-limited', retryAfterMs: 7000 }, httpCode: '429' }],
    ['GRAPH_UNAVAILABLE', {}, { failure: { cause: 'temporarily-unavailable' } }],
    ['STS_CREDENTIAL_REFUSED', { serviceCode: 'AADSTS7000215' }, { failure: { cause: 'credential-invalid' } }],
  ])('%s is the service\'s, with what n8n needs for a wait', (code, options, expected) => {
    const shown = shownError(node, new OnboardingError(code, 'It did not work.', options), 3);
    expect(shown).toBeInstanceOf(NodeApiError);
    expect(shown.message).toMatch(/^It did not work\..* \[Item 3\]$/);
    expect(shown).toMatchObject({ context: { itemIndex: 3 }, description: expect.stringContaining(code) as string, ...expected });
  });

  it.each<[ErrorCode, object]>([
    ['STATE_UNAVAILABLE', { failure: { cause: 'temporarily-unavailable' } }],
    ['CONFIG_INVALID', { failure: { cause: 'configuration-invalid' } }],
    ['INPUT_INVALID', { failure: undefined }],
  ])('%s is ours', (code, expected) => {
    const shown = shownError(node, new OnboardingError(code, 'It did not work.'), 0);
    expect(shown).toBeInstanceOf(NodeOperationError);
    expect(shown).toMatchObject({ type: code, ...expected });
  });

  it('says what Microsoft\'s code means, and what to tell the customer', () => {
    const shown = shownError(node, new OnboardingError('CONSENT_FAILED', 'Microsoft ended the consent with an error.', { serviceCode: 'AADSTS650051' }));
    expect(shown.message).toBe(`Microsoft ended the consent with an error. ${findServiceCode('AADSTS650051')?.means}`);
    for (const part of [findServiceCode('AADSTS650051')?.remedy, findServiceCode('AADSTS650051')?.adminMessage, 'microsoft\'s', 'AADSTS650051']) expect(shown.description).toContain(part);
  });

  it('keeps the cause to itself', () => {
    const shown = shownError(node, new OnboardingError('GRAPH_UNAVAILABLE', 'It did not work.', { cause: new Error('hunter2') }));
    expect(`${JSON.stringify(shown)} ${inspect(shown, { depth: 8 })}`).not.toContain('hunter2');
  });
});
