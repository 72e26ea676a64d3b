import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVisitor, playPerson } from '../../src/sandbox/index';
import { rememberDirectory, removePermission } from '../journeys/directory';
import { type CliStage, requireSandboxTenant, startCliStage } from './support';

let stage: CliStage;
beforeAll(async () => {
  stage = await startCliStage();
});
afterAll(async () => stage.stop());

/** From the landing page to the end, as the customer's Global Administrator. */
async function finishInBrowser(url: string, accessLevel: string): Promise<string | undefined> {
  const closePages = await stage.servePages();
  try {
    const admin = requireSandboxTenant(stage.sandbox, 'contoso.example').users.find((person) => person.roles.includes('Global Administrator') && person.notes === '');
    if (admin === undefined) throw new Error('The seed has no ordinary Global Administrator.');
    const visitor = createVisitor({ ca: stage.ca });
    let page = await visitor.submit(await visitor.open(url), 'continue');
    for (let step = 0; step < 20 && page.text('admin') === undefined; step += 1) page = await playPerson(visitor, page, admin);
    return (await visitor.submit(page, 'confirm', { accessLevel })).text('done');
  } finally {
    await closePages();
  }
}

// One working day of an operator: each step stands on the one before.
describe('onboarding one tenant by command line', () => {
  let url = '';

  it('adds an account and shows it in the documented form', async () => {
    const added = await stage.cli('account', 'add', 'contoso', '--name', 'Contoso Ltd', '--tenant', 'contoso.example', '--label', 'gold');
    expect(added).toMatchObject({ code: 0, json: { id: 'contoso', name: 'Contoso Ltd', expectedTenant: 'contoso.example', tenantId: null, accessLevel: 'none', state: 'new', labels: ['gold'] } });
    expect((await stage.cli('account', 'list')).json).toMatchObject({ items: [{ id: 'contoso' }], next: null });
    expect((await stage.cli('account', 'show', 'contoso')).json).toMatchObject({ id: 'contoso' });
  });

  it('waits for a person with exit code 4, and only where something is unfinished', async () => {
    expect(await stage.cli('advance', 'contoso')).toMatchObject({ code: 4, json: { state: 'new', waitingFor: 'consent' } });
    expect(await stage.cli('consent', 'verify', 'contoso')).toMatchObject({ code: 4, json: { verdict: 'pending' } });
    expect((await stage.text('advance', 'contoso')).out).toContain('next: consent open contoso');
    expect(await stage.text('consent', 'status', 'contoso')).toMatchObject({ code: 0, out: expect.stringContaining('evidence     none; tokens not proven yet') as string });
    expect(await stage.cli('consent', 'status', 'contoso')).toMatchObject({ code: 0 });
  });

  it('opens an invitation to our own landing page', async () => {
    const opened = await stage.cli('consent', 'open', 'contoso');
    expect(opened).toMatchObject({ code: 0, json: { round: 1, rounds: 2 } });
    url = String(opened.json['url']);
    expect(url).toMatch(/^http:\/\/localhost:\d+\/invite\/[A-Za-z0-9_-]{43}$/);
    expect(Date.parse(String(opened.json['expiresAt'])) - stage.sandbox.clock.now()).toBeGreaterThan(6 * 86_400_000);
  });

  it('shows nobody\'s admins before an admin proved the ownership', async () => {
    for (const args of [['admins', 'list', 'contoso'], ['sso', 'bind', 'contoso', '--admin', 'first'], ['sso', 'validate', 'contoso']]) {
      expect(await stage.cli(...args)).toMatchObject({ code: 3, json: { error: { code: 'SSO_OWNERSHIP_UNPROVEN', owner: 'customer admin', retryable: false } } });
    }
  });

  it('hosts the pages over the same state', async () => {
    expect(await finishInBrowser(url, 'restricted')).toBe('Thank you, that was all');
    expect((await stage.cli('account', 'show', 'contoso')).json).toMatchObject({ state: 'consent_verifying', accessLevel: 'restricted', tenantId: requireSandboxTenant(stage.sandbox, 'contoso.example').tenantId });
  });

  it('verifies by five reads a minute apart, whatever the impatience of the caller', async () => {
    const first = await stage.cli('consent', 'verify', 'contoso');
    expect(first).toMatchObject({ code: 4, json: { verdict: 'pending', reads: { good: 1, needed: 5 } } });
    expect(await stage.cli('consent', 'verify', 'contoso')).toMatchObject({ code: 4, json: { reads: { good: 1 }, nextCheckAt: first.json['nextCheckAt'] } });
    let read = first;
    for (let turn = 0; turn < 6 && read.code === 4; turn += 1) {
      stage.waitUntil(read.json['nextCheckAt']);
      read = await stage.cli('consent', 'verify', 'contoso');
    }
    expect(read).toMatchObject({ code: 0, json: { verdict: 'granted', apps: [{ key: 'backup', state: 'granted', missing: [] }, { key: 'restore', state: 'granted', missing: [] }] } });
  });

  it('says which backup services work, and ends with 5 while one is not ready', async () => {
    expect(await stage.cli('consent', 'services', 'contoso', '--last')).toMatchObject({ code: 0, json: { last: null } });
    const checked = await stage.cli('consent', 'services', 'contoso');
    expect(checked).toMatchObject({ code: 5, json: { accountId: 'contoso', ready: false } });
    const services = checked.json['services'] as { service: string; state: string; code: string | null; remedy: string | null }[];
    expect(services.map(({ service, state }) => [service, state])).toEqual([['exchange', 'ready'], ['onedrive', 'ready'], ['sharepoint', 'unknown'], ['teams', 'ready'], ['directory', 'ready']]);
    // What the built-in apps hold on SharePoint itself cannot be seen at work by a reading of Graph's.
    expect(services[2]).toMatchObject({ code: 'CONSENT_SERVICE_NOT_PROBED', remedy: expect.stringContaining('template') as unknown });
    expect(await stage.cli('consent', 'services', 'contoso', '--last')).toMatchObject({ code: 0, json: { last: { checkedAt: checked.json['checkedAt'] } } });
    expect(await stage.cli('consent', 'services', 'nobody')).toMatchObject({ code: 3, json: { error: { code: 'ACCOUNT_NOT_FOUND' } } });
  });

  it('looks again routinely, and ends with 5 when something that was proven is gone', async () => {
    expect(await stage.cli('consent', 'verify', 'contoso')).toMatchObject({ code: 0, json: { verdict: 'granted', evidence: 'directory_agrees', tokensAt: expect.any(String) as unknown } });
    const putBack = rememberDirectory(stage, 'contoso.example');
    removePermission(stage, 'contoso.example', 'restore', 'Files.ReadWrite.All');
    expect(await stage.cli('consent', 'verify', 'contoso')).toMatchObject({ code: 5, json: { verdict: 'missing', evidence: 'tokens_and_directory', reasons: [{ code: 'CONSENT_GRANTS_REMOVED' }] } });
    putBack();
    expect(await stage.cli('consent', 'verify', 'contoso')).toMatchObject({ code: 0, json: { verdict: 'granted' } });
  });

  it('lists candidates and excluded people with reasons, and binds the first', async () => {
    expect(await stage.cli('advance', 'contoso')).toMatchObject({ code: 4, json: { state: 'admin_needed', waitingFor: 'admin_choice' } });
    const { json } = await stage.cli('admins', 'list', 'contoso');
    const candidates = json['candidates'] as { objectId: string; upn: string }[];
    const excluded = json['excluded'] as { excludedBecause: { code: string; message: string }[] }[];
    expect(candidates.length).toBeGreaterThanOrEqual(4);
    expect(excluded.map((person) => person.excludedBecause[0]?.code ?? '').toSorted((left, right) => left.localeCompare(right))).toEqual(['disabled', 'eligible_only', 'guest', 'service_principal', 'unit_scoped']);
    expect(await stage.cli('sso', 'bind', 'contoso', '--admin', 'nobody@contoso.example')).toMatchObject({ code: 3, json: { error: { code: 'ADMINS_NOT_A_CANDIDATE' } } });
    expect((await stage.text('status', 'contoso')).out).toContain('next: admins list contoso');
    expect(await stage.cli('sso', 'bind', 'contoso', '--admin', 'first')).toMatchObject({ code: 0, json: { userObjectId: candidates[0]?.objectId, state: 'validating' } });
    expect((await stage.text('sso', 'show', 'contoso')).out).toMatch(/validating, not validated yet\n {2}next {7}sso validate contoso/);
  });

  it('validates the binding until the account is active', async () => {
    let read = await stage.cli('sso', 'validate', 'contoso');
    expect(read).toMatchObject({ code: 4, json: { state: 'validating' } });
    stage.waitUntil(read.json['nextCheckAt']);
    read = await stage.cli('advance', 'contoso');
    expect(read).toMatchObject({ code: 0, json: { state: 'active', waitingFor: null, reasons: [] } });
    expect(await stage.cli('sso', 'show', 'contoso')).toMatchObject({ code: 0, json: { state: 'active' } });
    expect(await stage.cli('advance', 'contoso')).toMatchObject({ code: 0, json: { state: 'active' } });
  });

  it('issues a one-time code by either name of the command', async () => {
    for (const command of [['impersonation', 'issue'], ['impersonate']]) {
      const issued = await stage.cli(...command, 'contoso', '--reason', 'TICKET-7');
      expect(issued).toMatchObject({ code: 0, json: { deliverTo: 'http://localhost:4190/enter' } });
      expect(issued.json['code']).toMatch(/^[A-Za-z0-9_-]{22,}$/);
      expect(Date.parse(String(issued.json['expiresAt'])) - stage.sandbox.clock.now()).toBeLessThanOrEqual(60_000);
    }
    expect(await stage.cli('impersonate', 'contoso', '--reason', 'x')).toMatchObject({ code: 3, json: { error: { code: 'IMPERSONATION_REASON_REQUIRED' } } });
    expect(await stage.cli('impersonate', 'contoso', '--reason', 'TICKET-7', '--level', 'full')).toMatchObject({ code: 3, json: { error: { code: 'ACCESS_LEVEL_RAISE_REFUSED' } } });
  });

  it('lowers the access level, and refuses to raise it', async () => {
    expect(await stage.cli('account', 'lower-level', 'contoso', 'full')).toMatchObject({ code: 3, json: { error: { code: 'ACCESS_LEVEL_RAISE_REFUSED' } } });
    expect(await stage.cli('account', 'lower-level', 'contoso')).toMatchObject({ code: 0, json: { accessLevel: 'none' } });
    expect(await stage.cli('impersonate', 'contoso', '--reason', 'TICKET-7')).toMatchObject({ code: 3, json: { error: { code: 'IMPERSONATION_LEVEL_NONE' } } });
  });

  it('lists an audit that is whole', async () => {
    const { json } = await stage.cli('audit', 'list', '--account', 'contoso');
    const actions = (json['items'] as { action: string; at: string }[]).map((entry) => entry.action);
    expect(actions).toEqual(expect.arrayContaining(['accounts.added', 'consent.opened', 'consent.callback_claimed', 'consent.granted', 'accounts.access_level_lowered']));
    expect(await stage.cli('audit', 'verify')).toMatchObject({ code: 0, json: { intact: true, brokenAt: null, openIntents: [] } });
  });

  it('says the same to people', async () => {
    const shown = await stage.text('account', 'show', 'contoso');
    expect(shown.out).toContain('Contoso Ltd');
    expect((await stage.text('admins', 'list', 'contoso')).out).toContain('eligible people: listed');
    expect((await stage.text('account', 'show', 'nobody')).err).toContain('ACCOUNT_NOT_FOUND');
  });

  it('removes an account in use only when that is confirmed, and says what stays in the tenant', async () => {
    expect(await stage.cli('account', 'remove', 'contoso')).toMatchObject({ code: 3, json: { error: { code: 'ACCOUNT_REMOVAL_UNCONFIRMED', owner: 'operator', retryable: false } } });
    expect((await stage.cli('account', 'show', 'contoso')).json).toMatchObject({ state: 'active' });
    const { tenantId } = requireSandboxTenant(stage.sandbox, 'contoso.example');
    expect(await stage.cli('account', 'remove', 'contoso', '--yes')).toMatchObject({ code: 0, json: { id: 'contoso', removed: true, tenantId, remaining: [{ what: 'consent_grants', owner: 'customer admin', tenantId, apps: [{ key: 'backup' }, { key: 'restore' }] }] } });
    expect(await stage.cli('account', 'remove', 'contoso', '--yes')).toMatchObject({ code: 3, json: { error: { code: 'ACCOUNT_NOT_FOUND' } } });
    expect((await stage.cli('account', 'list')).json).toEqual({ items: [], next: null });
  });

  it('keeps the log of a removed account, and frees its id', async () => {
    const actions = ((await stage.cli('audit', 'list', '--account', 'contoso')).json['items'] as { action: string }[]).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['accounts.added', 'consent.granted', 'sso.unbound', 'sso.ownership_released', 'accounts.removed']));
    expect(await stage.cli('audit', 'verify')).toMatchObject({ code: 0, json: { intact: true, openIntents: [] } });
    expect(await stage.cli('account', 'add', 'contoso', '--name', 'Contoso Ltd')).toMatchObject({ code: 0, json: { state: 'new', tenantId: null, accessLevel: 'none' } });
    expect(await stage.text('account', 'remove', 'contoso')).toMatchObject({ code: 0, out: 'contoso is removed; the audit keeps its entries.\n' });
  });
});
