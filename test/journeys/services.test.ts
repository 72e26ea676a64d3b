/** Whether what the partner backs up works: from grants, licences and the services' own answers, at tenants that have it and that lack it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServicesReport } from '../../src/core/corridor/consent/services';
import { DEFAULT_SEED } from '../../src/sandbox/seed-default';
import type { AppSeed } from '../../src/sandbox/seed-format';
import { codeOf, invite, requestsDuring } from './attacks';
import { rememberDirectory, rememberState, worldTenant } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

const HOUR = 3600;

/** The built-in apps, and the site permission of Graph's with which SharePoint can be looked at. */
const apps: readonly AppSeed[] = DEFAULT_SEED.apps.map((app) =>
  app.key === 'backup' ? { ...app, permissions: [...app.permissions, { resource: 'graph', type: 'Role', name: 'Sites.Read.All', reason: 'reads sites' }] } : app,
);

let story: Story;

beforeAll(async () => {
  story = await startStory({ sandbox: { seed: { apps } } });
});

afterAll(async () => story.stop());

async function onboard(domain: string): Promise<string> {
  const [id = ''] = domain.split('.');
  await onboardAsAdmin(story, await invite(story, id, domain, `${id} Ltd`), personWith(story.tenant(domain), 'Global Administrator'));
  await advanceUntilSettled(story, id);
  return id;
}

const statesOf = ({ services }: ServicesReport) => Object.fromEntries(services.map(({ service, state }) => [service, state]));
const of = ({ services }: ServicesReport, service: string) => services.find((one) => one.service === service);

describe('before anything is proven', () => {
  beforeEach(async () => story.renew());

  it('no service is looked at, and Microsoft is asked nothing: not for a pinned tenant, not after the redirects alone', async () => {
    const url = await invite(story);
    const asked = async () => {
      const { result, rows } = await requestsDuring(story, () => codeOf(story.onboarding.checkServices('contoso')));
      expect(rows).toEqual([]);
      return result;
    };
    expect(await asked()).toBe('SSO_OWNERSHIP_UNPROVEN');
    await visitInvitation(story, url, personWith(story.tenant('contoso.example'), 'Global Administrator'));
    expect(await asked()).toBe('SSO_OWNERSHIP_UNPROVEN');
    expect(await codeOf(story.onboarding.lastServices('contoso'))).toBe('SSO_OWNERSHIP_UNPROVEN');
  });

  it('a stranger\'s domain that is pinned to an account shows nothing of the tenant that granted for another', async () => {
    await onboard('contoso.example');
    await story.onboarding.addAccount({ id: 'thief', name: 'Thief', expectedTenant: 'contoso.example' }, OPERATOR);
    expect(await codeOf(story.onboarding.checkServices('thief'))).toBe('SSO_OWNERSHIP_UNPROVEN');
  });

  it('ownership alone is not enough: the consent is proven first', async () => {
    await onboardAsAdmin(story, await invite(story), personWith(story.tenant('contoso.example'), 'Global Administrator'));
    expect(await codeOf(story.onboarding.checkServices('contoso'))).toBe('CONSENT_NOT_STARTED');
  });

  it('the admin\'s browser ends at the partner\'s settings page, which only the configuration can name', async () => {
    const settingsUrl = 'https://settings.northwind.example/backup?from=consent';
    await story.renew({ configure: () => ({ settingsUrl }) });
    const elsewhere = 'https://evil.example/';
    const visitor = story.visitor();
    const url = await invite(story);
    const confirm = await visitInvitation(story, url, personWith(story.tenant('contoso.example'), 'Global Administrator'), 'accept', visitor);
    // What a request says of where to go is not read, on no page and in no form.
    const tempted = await visitor.open(`${confirm.url}?settingsUrl=${encodeURIComponent(elsewhere)}&redirect_uri=${encodeURIComponent(elsewhere)}`);
    await visitor.submit(tempted, 'confirm', { accessLevel: 'restricted', settingsUrl: elsewhere, redirect: elsewhere }).catch(() => undefined);
    const last = story.answers.at(-1);
    expect(last?.status).toBe(303);
    expect(JSON.stringify(last?.headers)).toContain(settingsUrl);
    expect(JSON.stringify(story.answers)).not.toContain('evil.example');
  });
});

describe('at a customer with everything', () => {
  let restore: () => Promise<void>;
  let undo: () => void;

  beforeAll(async () => {
    await story.renew();
    await onboard('contoso.example');
    restore = await rememberState(story);
    undo = rememberDirectory(story, 'contoso.example');
  });

  beforeEach(async () => {
    undo();
    await restore();
    story.events.length = 0;
  });

  const check = () => story.onboarding.checkServices('contoso');
  const spoilMailboxes = (mailbox: 'pending' | 'refused') => {
    const { users } = worldTenant(story, 'contoso.example');
    const now = story.sandbox.clock.now();
    for (const user of users.list(now)) users.put(user.id, { ...user, mailbox }, now);
    story.advanceClock(1);
  };

  it('all are ready, the journey stays as it is, and what was found is remembered', async () => {
    const before = await story.onboarding.status('contoso');
    const report = await check();
    expect(statesOf(report)).toEqual({ exchange: 'ready', onedrive: 'ready', sharepoint: 'ready', teams: 'ready', directory: 'ready' });
    expect(report).toMatchObject({ accountId: 'contoso', tenantId: story.tenant('contoso.example').tenantId, ready: true, nextCheckAt: null });
    expect(of(report, 'sharepoint')?.evidence.sharePointHost).toBe('contoso.sharepoint.com');
    expect(of(report, 'onedrive')?.evidence.grant).toEqual({ appKey: 'restore', permission: 'Files.ReadWrite.All' });
    expect(await story.onboarding.status('contoso')).toEqual(before);
    expect(await story.onboarding.lastServices('contoso')).toMatchObject({ checkedAt: report.checkedAt, services: [{ service: 'exchange', state: 'ready', settled: 'ready' }, {}, {}, {}, {}] });
    expect(JSON.stringify(await story.onboarding.lastServices('contoso'))).not.toMatch(/@|Berg|Lindqvist/);
  });

  it('costs two batches for the app that reads and one for the other, and sends nothing but readings', async () => {
    await check();
    const { rows } = await requestsDuring(story, check);
    const asked = rows.filter(({ host }) => host === 'graph');
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1.0/$batch', 'POST /v1.0/$batch', 'POST /v1.0/$batch']);
    expect(story.sandbox.gaps()).toEqual([]);
  });

  it('asks a mailbox of licensed, enabled members alone: a break-glass account and a guest make nobody unready', async () => {
    const { users } = worldTenant(story, 'contoso.example');
    const now = story.sandbox.clock.now();
    for (const user of users.list(now)) if (user.displayName !== 'Nora Berg') users.put(user.id, { ...user, mailbox: 'pending' }, now);
    story.advanceClock(1);
    const answers = of(await check(), 'exchange')?.evidence.answers ?? [];
    expect(answers.length).toBeLessThanOrEqual(3);
    expect(answers.every(({ status }) => status === 200 || status === 404)).toBe(true);
  });

  it('notes that Exchange.ManageAsApp is granted to an app without a directory role', async () => {
    expect(of(await check(), 'exchange')?.notes).toContainEqual(expect.objectContaining({ code: 'CONSENT_PERMISSION_INCOMPLETE' }));
  });

  it('a policy of Exchange\'s own is a cache for two hours after the consent, and a refusal later; both are told once', async () => {
    expect(of(await check(), 'exchange')?.state).toBe('ready');
    spoilMailboxes('refused');
    const soon = await check();
    expect(of(soon, 'exchange')).toMatchObject({ state: 'pending', code: 'CONSENT_SERVICE_SETTLING' });
    expect(soon.nextCheckAt).toBeGreaterThan(story.clock.now());
    story.advanceClock(2 * HOUR);
    expect(of(await check(), 'exchange')).toMatchObject({ state: 'probe_failed', code: 'CONSENT_SERVICE_REFUSED', owner: 'customer admin' });
    await check();
    const told = story.events.filter(({ type }) => type === 'services.changed');
    expect(told.map(({ data }) => data['worsened'])).toEqual([
      [{ service: 'exchange', from: 'ready', to: 'pending', code: 'CONSENT_SERVICE_SETTLING' }],
      [{ service: 'exchange', from: 'pending', to: 'probe_failed', code: 'CONSENT_SERVICE_REFUSED' }],
    ]);
  });

  it('a permission that is taken back is missing, once the consent is read again', async () => {
    const tenant = worldTenant(story, 'contoso.example');
    const now = story.sandbox.clock.now();
    const backup = tenant.servicePrincipals.list(now).find(({ appId }) => appId === story.sandbox.ready.apps[0]?.appId);
    const graph = tenant.servicePrincipals.list(now).find(({ displayName }) => displayName === 'Microsoft Graph');
    const mail = graph?.appRoles.find(({ value }) => value === 'Mail.ReadWrite')?.id;
    for (const row of tenant.appRoleAssignments.list(now)) if (row.principalId === backup?.id && row.resourceId === graph?.id && row.appRoleId === mail) tenant.appRoleAssignments.delete(row.id, now);
    // The app token in hand still holds it for an hour and more.
    story.advanceClock(3 * HOUR);
    expect(of(await check(), 'exchange')).toMatchObject({ state: 'permission_missing', code: 'CONSENT_SERVICE_PERMISSION_MISSING' });
  });
});

describe('whatever goes wrong on the way', () => {
  beforeAll(async () => {
    await story.renew();
    for (const domain of ['contoso.example', 'litware.example']) await onboard(domain);
  });

  afterAll(() => {
    story.sandbox.faults.set({ preset: 'calm' });
  });

  const PRESETS = ['key-rollover', 'lossy-network', 'replication-hell', 'rough-day', 'sts-outage', 'throttled-tenant'] as const;

  it.each(PRESETS)('nothing unlicensed is ready and nothing licensed is lost: %s', async (preset) => {
    story.events.length = 0;
    await story.onboarding.checkServices('contoso');
    story.sandbox.faults.set({ preset, seed: '1' });
    for (let turn = 0; turn < 3; turn += 1) {
      const { services } = await story.onboarding.checkServices('contoso');
      for (const { service, state, evidence } of services) {
        expect(['ready', 'unknown'], `${service}: ${JSON.stringify(evidence)}`).toContain(state);
        if (state === 'ready') expect(evidence.answers.some(({ status }) => status === 200)).toBe(true);
      }
      const lacking = (await story.onboarding.checkServices('litware')).services.filter(({ service }) => service !== 'directory');
      expect(lacking.map(({ state }) => state).filter((state) => state !== 'not_licensed' && state !== 'unknown')).toEqual([]);
      story.advanceClock(60);
    }
    story.sandbox.faults.set({ preset: 'calm' });
    // A reading that did not come is no loss, so nobody is alarmed.
    expect(story.events.filter(({ type }) => type === 'services.changed')).toEqual([]);
  });
});

describe('at customers that lack something', () => {
  beforeAll(async () => story.renew());

  it('without Exchange and SharePoint neither is ready, and the directory is', async () => {
    const report = await story.onboarding.checkServices(await onboard('adatum.example'));
    expect(statesOf(report)).toEqual({ exchange: 'not_licensed', onedrive: 'not_licensed', sharepoint: 'not_licensed', teams: 'not_licensed', directory: 'ready' });
    expect(report).toMatchObject({ ready: false, nextCheckAt: null });
  });

  it('with Exchange Foundation and Office for the web alone, whose names say otherwise, nothing is', async () => {
    const report = await story.onboarding.checkServices(await onboard('litware.example'));
    expect(statesOf(report)).toEqual({ exchange: 'not_licensed', onedrive: 'not_licensed', sharepoint: 'not_licensed', teams: 'not_licensed', directory: 'ready' });
    expect(of(report, 'exchange')).toMatchObject({ code: 'CONSENT_SERVICE_NOT_LICENSED', owner: 'customer admin' });
  });

  it('with mailboxes that are still being made, Exchange is pending and says when to look again', async () => {
    const report = await story.onboarding.checkServices(await onboard('wingtip.example'));
    expect(statesOf(report)).toEqual({ exchange: 'pending', onedrive: 'ready', sharepoint: 'ready', teams: 'ready', directory: 'ready' });
    expect(of(report, 'exchange')).toMatchObject({ code: 'CONSENT_SERVICE_LICENCE_PENDING', owner: 'microsoft', nextCheckAt: report.nextCheckAt });
  });

  it('an account that is removed leaves nothing of it', async () => {
    const domain = 'fabrikam.example';
    const id = await onboard(domain);
    await story.onboarding.checkServices(id);
    await story.onboarding.removeAccount({ accountId: id, operatorId: OPERATOR, confirmed: true });
    expect(await story.store.get(`consent/services/${id}`)).toBeUndefined();
  });
});
