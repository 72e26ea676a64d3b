/** Every answer a service is known to give, and what it means for a customer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOG, type ErrorCode } from '../../../../src/core/error-catalog';
import { parseApps } from '../../../../src/core/consent/apps/apps';
import { judgeServices } from '../../../../src/core/consent/services/judge';
import type { Reply, ServiceState } from '../../../../src/core/consent/services/model';
import { BACKUP_SERVICES, type BackupService } from '../../../../src/core/consent/apps/templates';
import { DAY_MS, declare, evidence, granted, judge, LATER, list, no, ok, PERMISSIONS, person, PLANS, PROVEN_AT, silence, sku, WORKING } from './support';

const HOUR_MS = 3_600_000;

describe('a service that is granted, licensed and answers', () => {
  it.each(BACKUP_SERVICES)('is ready: %s', (service) => {
    expect(judge(service)).toMatchObject({ state: 'ready', code: null, owner: null, remedy: null, nextCheckAt: null });
  });

  it('says which grant, which plan and which answer it rests on', () => {
    expect(judge('sharepoint').evidence).toEqual({
      grant: { appKey: 'backup', permission: 'Sites.Read.All' },
      missing: [],
      licence: { status: 'licensed', plans: ['SHAREPOINTENTERPRISE'] },
      probe: 'root_site',
      answers: [{ status: 200, code: null, requestId: 'r-1' }],
      sharePointHost: 'contoso.sharepoint.com',
    });
  });
});

describe('every answer that is not a success', () => {
  const mailbox = no(404, 'MailboxNotEnabledForRESTAPI');
  const denied = no(403, 'Authorization_RequestDenied');
  const soon = PROVEN_AT + 90 * 60_000;
  type Row = readonly [what: string, service: BackupService, answers: readonly Reply[], state: ServiceState, code: ErrorCode | null, now?: number];
  const rows: readonly Row[] = [
    ['one person without a mailbox, another one with', 'exchange', [mailbox, WORKING.exchange], 'ready', null],
    ['nobody with a mailbox, licensed for long', 'exchange', [mailbox, mailbox, mailbox], 'probe_failed', 'CONSENT_SERVICE_MAILBOX_MISSING'],
    ['the same in other words', 'exchange', [no(404, 'ResourceNotFound')], 'probe_failed', 'CONSENT_SERVICE_MAILBOX_MISSING'],
    ['a refusal by Exchange within two hours of the consent', 'exchange', [no(403, 'ErrorAccessDenied')], 'pending', 'CONSENT_SERVICE_SETTLING', soon],
    ['a refusal by Exchange later', 'exchange', [no(403, 'ErrorAccessDenied')], 'probe_failed', 'CONSENT_SERVICE_REFUSED'],
    ['a mailbox for one and a refusal for another', 'exchange', [no(403, 'ErrorAccessDenied'), WORKING.exchange], 'ready', null],
    ['a refusal by Graph itself', 'exchange', [denied], 'permission_missing', 'CONSENT_SERVICE_PERMISSION_MISSING'],
    ['an answer that is throttled', 'exchange', [no(429, 'TooManyRequests'), mailbox], 'unknown', 'CONSENT_SERVICE_UNANSWERED'],
    ['an outage', 'exchange', [no(503, 'serviceNotAvailable')], 'unknown', 'CONSENT_SERVICE_UNANSWERED'],
    ['a gateway that timed out', 'exchange', [no(504, 'timeout')], 'unknown', 'CONSENT_SERVICE_UNANSWERED'],
    ['a token that was not taken', 'exchange', [no(401, 'InvalidAuthenticationToken')], 'unknown', 'CONSENT_SERVICE_UNANSWERED'],
    ['no answer at all', 'exchange', [silence()], 'unknown', 'CONSENT_SERVICE_UNANSWERED'],
    ['a success that is none', 'exchange', [ok('<html>')], 'unknown', 'CONSENT_SERVICE_UNANSWERED'],
    ['an answer nobody expects', 'exchange', [no(418, 'teapot')], 'probe_failed', 'CONSENT_SERVICE_PROBE_FAILED'],
    ['an address nobody has', 'exchange', [no(404, 'Request_ResourceNotFound')], 'probe_failed', 'CONSENT_SERVICE_PROBE_FAILED'],
    ['a tenant without SharePoint, in its own words', 'sharepoint', [no(400, 'BadRequest', 'Tenant does not have a SPO license.')], 'not_licensed', 'CONSENT_SERVICE_NOT_LICENSED'],
    ['a wrong request, which has the same code', 'sharepoint', [no(400, 'BadRequest', 'Invalid filter clause')], 'probe_failed', 'CONSENT_SERVICE_PROBE_FAILED'],
    ['a refusal by SharePoint within the hour', 'sharepoint', [no(403, 'accessDenied')], 'pending', 'CONSENT_SERVICE_SETTLING', PROVEN_AT + 60_000],
    ['a refusal by SharePoint after it', 'sharepoint', [no(403, 'accessDenied')], 'probe_failed', 'CONSENT_SERVICE_REFUSED', soon],
    ['the other refusal of SharePoint', 'sharepoint', [no(403, 'generalException')], 'probe_failed', 'CONSENT_SERVICE_REFUSED'],
    ['a root site that does not name its host', 'sharepoint', [ok({ id: 'x' })], 'unknown', 'CONSENT_SERVICE_UNANSWERED'],
    ['a drive that was never opened', 'onedrive', [no(404, 'ResourceNotFound')], 'pending', 'CONSENT_SERVICE_DRIVE_NOT_MADE'],
    ['the same as the reference has it', 'onedrive', [no(404, 'itemNotFound')], 'pending', 'CONSENT_SERVICE_DRIVE_NOT_MADE'],
    ['one drive that was never opened, another that is there', 'onedrive', [no(404, 'ResourceNotFound'), WORKING.onedrive], 'ready', null],
    ['a drive that is locked', 'onedrive', [no(423, 'resourceLocked'), no(404, 'itemNotFound')], 'probe_failed', 'CONSENT_SERVICE_DRIVE_LOCKED'],
    ['a drive in a tenant without SharePoint', 'onedrive', [no(400, 'BadRequest', 'Tenant does not have a SPO license.')], 'not_licensed', 'CONSENT_SERVICE_NOT_LICENSED'],
    ['a team that Teams does not know', 'teams', [no(404, 'NotFound')], 'pending', 'CONSENT_SERVICE_TEAM_NOT_MADE'],
    ['a payment wall', 'teams', [no(402, 'PaymentRequired')], 'probe_failed', 'CONSENT_SERVICE_PROBE_FAILED'],
    ['a refusal by Teams', 'teams', [denied], 'permission_missing', 'CONSENT_SERVICE_PERMISSION_MISSING'],
    ['groups that may not be read', 'groups', [denied], 'permission_missing', 'CONSENT_SERVICE_PERMISSION_MISSING'],
    ['people that may not be read yet', 'directory', [denied], 'pending', 'CONSENT_SERVICE_SETTLING', PROVEN_AT + 60_000],
  ];

  it.each(rows.map(([what, service, answers, state, code, now = LATER]) => ({ what, service, answers, state, code, now })))('$what ($service)', ({ service, answers, state, code, now }) => {
    const report = judge(service, { evidence: evidence({}, { [service]: answers }), now });
    expect(report).toMatchObject({ state, code });
    if (code === null) return;
    expect(report).toMatchObject({ owner: ERROR_CATALOG[code].owner, remedy: ERROR_CATALOG[code].remedy });
    expect(report.message).toMatch(/^[A-Z].*\.$/);
  });

  it('is waited for where only time is missing, until the named instant', () => {
    expect(judge('exchange', { evidence: evidence({}, { exchange: [no(403, 'ErrorAccessDenied')] }), now: soon }).nextCheckAt).toBe(PROVEN_AT + 2 * HOUR_MS);
    expect(judge('onedrive', { evidence: evidence({}, { onedrive: [no(404, 'itemNotFound')] }) }).nextCheckAt).toBe(LATER + DAY_MS);
  });

  it('and a mailbox nobody has is being made while every licence that was tried is less than a day old', () => {
    const fresh = person(1, [PLANS.EXCHANGE_S_ENTERPRISE]);
    const assigned = (at: number) => ({ ...fresh, assignedPlans: [{ ...fresh.assignedPlans[0], assignedDateTime: new Date(at).toISOString() }] });
    const absent = (...people: readonly unknown[]) => judge('exchange', { evidence: evidence({ people: list(...people) }, { exchange: [no(404, 'MailboxNotEnabledForRESTAPI')] }) });
    expect(absent(assigned(LATER - HOUR_MS))).toMatchObject({ state: 'pending', code: 'CONSENT_SERVICE_MAILBOX_MISSING', nextCheckAt: LATER + HOUR_MS });
    expect(absent(assigned(LATER - HOUR_MS), person(2))).toMatchObject({ state: 'probe_failed', nextCheckAt: null });
  });
});

describe('licences', () => {
  const withSkus = (skus: Reply | undefined) => ({ evidence: evidence({ skus }) });

  it('are plans, not names: Exchange Foundation and Office for the web make nothing ready', () => {
    const without = withSkus(sku({ EXCHANGE_S_FOUNDATION: PLANS.EXCHANGE_S_FOUNDATION, SHAREPOINTWAC: PLANS.SHAREPOINTWAC }));
    for (const service of ['exchange', 'sharepoint', 'onedrive', 'teams'] as const) expect(judge(service, without)).toMatchObject({ state: 'not_licensed', code: 'CONSENT_SERVICE_NOT_LICENSED' });
    expect(judge('exchange', without).message).toContain('Exchange Foundation');
    for (const service of ['groups', 'directory'] as const) expect(judge(service, without)).toMatchObject({ state: 'ready', evidence: { licence: { status: 'not_needed' } } });
  });

  it.each([
    ['Suspended', 'not_licensed'],
    ['LockedOut', 'not_licensed'],
    ['Deleted', 'not_licensed'],
    ['Warning', 'ready'],
  ])('of a subscription that is %s make a service %s', (capabilityStatus, state) => {
    expect(judge('exchange', withSkus(sku(PLANS, { capabilityStatus }))).state).toBe(state);
  });

  it.each([
    ['PendingProvisioning', 'pending', 'CONSENT_SERVICE_LICENCE_PENDING'],
    ['PendingInput', 'pending', 'CONSENT_SERVICE_LICENCE_PENDING'],
    ['PendingActivation', 'pending', 'CONSENT_SERVICE_LICENCE_PENDING'],
    ['Disabled', 'not_licensed', 'CONSENT_SERVICE_NOT_LICENSED'],
    ['Error', 'probe_failed', 'CONSENT_SERVICE_LICENCE_FAILED'],
  ])('whose plan is %s make it %s', (provisioningStatus, state, code) => {
    expect(judge('exchange', withSkus(sku(PLANS, { provisioningStatus })))).toMatchObject({ state, code });
  });

  it.each([
    ['refused', no(403, 'Authorization_RequestDenied')],
    ['throttled', no(429, 'TooManyRequests')],
    ['not in the documented form', ok({ value: [{ capabilityStatus: 'Enabled' }] })],
    ['cut', ok({ value: [], '@odata.nextLink': 'https://graph.microsoft.com/v1.0/subscribedSkus?$skiptoken=x' })],
    ['never asked', undefined],
  ])('that were %s keep a service that answers from being ready', (_how, skus) => {
    for (const service of ['exchange', 'sharepoint', 'onedrive', 'teams'] as const) expect(judge(service, withSkus(skus))).toMatchObject({ state: 'unknown', code: 'CONSENT_SERVICE_LICENCE_UNREAD' });
  });

  it('that nobody here knows are named, and not called ready', () => {
    const report = judge('exchange', withSkus(sku({ EXCHANGE_S_NOVELTY: '66666666-0000-4000-8000-000000000001' })));
    expect(report).toMatchObject({ state: 'unknown', code: 'CONSENT_SERVICE_LICENCE_UNKNOWN', evidence: { licence: { status: 'unrecognised', plans: ['EXCHANGE_S_NOVELTY'] } } });
  });

  it('that nobody holds are the customer\'s to assign, unless there are people nobody looked at', () => {
    const nobody = { people: list(person(1, []), person(2, Object.values(PLANS), { accountEnabled: false }), person(3, Object.values(PLANS), { userType: 'Guest' })) };
    expect(judge('exchange', { evidence: evidence(nobody, { exchange: [] }) })).toMatchObject({ state: 'not_licensed', code: 'CONSENT_SERVICE_NOBODY_LICENSED', owner: 'customer admin' });
    const cut = { people: ok({ value: [person(1, [])], '@odata.nextLink': 'https://graph.microsoft.com/v1.0/users?$skiptoken=x' }) };
    expect(judge('exchange', { evidence: evidence(cut, { exchange: [] }) })).toMatchObject({ state: 'unknown', code: 'CONSENT_SERVICE_NOBODY_LICENSED' });
    expect(judge('exchange', { evidence: evidence({ people: no(403, 'Authorization_RequestDenied') }, { exchange: [] }) })).toMatchObject({ state: 'unknown', code: 'CONSENT_SERVICE_UNANSWERED' });
  });
});

describe('teams', () => {
  it('are ready in a tenant that has none yet', () => {
    expect(judge('teams', { evidence: evidence({ teams: list() }, { teams: [] }) })).toMatchObject({ state: 'ready', evidence: { answers: [{ status: 200 }] } });
  });

  it('are unknown where nobody could say which groups they are', () => {
    expect(judge('teams', { evidence: evidence({ teams: no(403, 'Authorization_RequestDenied') }, { teams: [] }) })).toMatchObject({ state: 'unknown', code: 'CONSENT_SERVICE_UNANSWERED' });
  });
});

describe('grants', () => {
  it('that are missing are named with their app, whatever the services answer', () => {
    const report = judge('exchange', { declared: [...PERMISSIONS, 'Calendars.Read'], granted: PERMISSIONS });
    expect(report).toMatchObject({ state: 'permission_missing', code: 'CONSENT_SERVICE_PERMISSION_MISSING', evidence: { missing: [{ appKey: 'backup', permission: 'Calendars.Read' }] } });
    expect(report.message).toContain('Calendars.Read (backup)');
  });

  it('that no read can show at work leave the service unknown, and those for nothing of it make it missing', () => {
    expect(judge('sharepoint', { declared: ['sharepoint/Sites.FullControl.All', 'Directory.Read.All'] })).toMatchObject({ state: 'unknown', code: 'CONSENT_SERVICE_NOT_PROBED', owner: 'partner' });
    expect(judge('sharepoint', { declared: ['Sites.Selected', 'Directory.Read.All'] })).toMatchObject({ state: 'unknown', code: 'CONSENT_SERVICE_NOT_PROBED' });
    expect(judge('sharepoint', { declared: ['Directory.Read.All'] })).toMatchObject({ state: 'permission_missing', code: 'CONSENT_SERVICE_NOT_PROBED' });
  });

  it('of Exchange Web Services alone are granted and useless from 2026-10-01', () => {
    const alone = { declared: ['exchange/full_access_as_app', 'Directory.Read.All'] };
    expect(judge('exchange', { ...alone, now: Date.UTC(2026, 8, 30) })).toMatchObject({ state: 'unknown', code: 'CONSENT_SERVICE_NOT_PROBED' });
    expect(judge('exchange', { ...alone, now: Date.UTC(2026, 9, 1) })).toMatchObject({ state: 'probe_failed', code: 'CONSENT_PERMISSION_DATED', owner: 'partner' });
  });

  it('beside others are noted: what ends, and what needs a directory role that is not there', () => {
    const declared = [...PERMISSIONS, 'exchange/full_access_as_app', 'exchange/Exchange.ManageAsApp'];
    const report = (roles: Reply) => judge('exchange', { declared, evidence: evidence({ exchangeRoles: new Map([['backup', roles]]) }) });
    expect(report(list())).toMatchObject({ state: 'ready', notes: [{ code: 'CONSENT_PERMISSION_DATED' }, { code: 'CONSENT_PERMISSION_INCOMPLETE' }] });
    expect(report(list({ id: 'assignment' })).notes.map(({ code }) => code)).toEqual(['CONSENT_PERMISSION_DATED']);
    expect(report(no(403, 'Authorization_RequestDenied')).notes.map(({ code }) => code)).toEqual(['CONSENT_PERMISSION_DATED']);
  });

  it('that nobody could read are neither missing nor there', () => {
    const { granted: rows } = granted(PERMISSIONS);
    const half = { ...granted(), granted: rows.filter(({ name }) => name !== 'Mail.Read'), unread: rows.filter(({ name }) => name === 'Mail.Read') };
    const [report] = judgeServices({ apps: parseApps([declare()]), grants: [half], provenAt: PROVEN_AT, now: LATER }, evidence());
    expect(report).toMatchObject({ service: 'exchange', state: 'unknown', code: 'CONSENT_UNKNOWN', evidence: { missing: [] } });
  });

  it('are the right tenant\'s, or everything is unknown', () => {
    const foreign = evidence({ organization: list({ id: '99999999-9999-4999-8999-999999999999' }) });
    for (const service of BACKUP_SERVICES) expect(judge(service, { evidence: foreign })).toMatchObject({ state: 'unknown', code: 'TENANT_MISMATCH' });
  });

  it('of a service no app declares are nobody\'s question', () => {
    const reports = judgeServices({ apps: parseApps([declare(PERMISSIONS, ['directory'])]), grants: [granted()], provenAt: PROVEN_AT, now: LATER }, evidence());
    expect(reports.map(({ service }) => service)).toEqual(['directory']);
  });
});

describe('whatever is answered', () => {
  const reply = fc.oneof(
    fc.constantFrom(...Object.values(WORKING)),
    fc.record({ status: fc.constantFrom(0, 200, 201, 204, 301, 400, 401, 402, 403, 404, 409, 423, 424, 429, 500, 502, 503, 504), code: fc.constantFrom(null, 'BadRequest', 'ErrorAccessDenied', 'NotFound', 'MailboxNotEnabledForRESTAPI', 'Authorization_RequestDenied'), body: fc.oneof(fc.jsonValue(), fc.constant({ value: [] }), fc.constant({ value: [{ id: 'x' }] })), requestId: fc.constant(null) }),
  );
  const plans = fc.subarray(Object.entries(PLANS));
  const skus = fc.oneof(reply, fc.record({ held: plans, capabilityStatus: fc.constantFrom('Enabled', 'Warning', 'Suspended'), provisioningStatus: fc.constantFrom('Success', 'Disabled', 'PendingInput', 'Error') }).map(({ held, ...changes }) => sku(Object.fromEntries(held), changes)));
  const PLANS_OF: Readonly<Record<string, readonly string[]>> = { exchange: [PLANS.EXCHANGE_S_STANDARD, PLANS.EXCHANGE_S_ENTERPRISE], onedrive: [PLANS.SHAREPOINTENTERPRISE], sharepoint: [PLANS.SHAREPOINTENTERPRISE], teams: [PLANS.TEAMS1] };

  const NEEDED = { exchange: 'Mail.Read', onedrive: 'Files.Read.All', sharepoint: 'Sites.Read.All', teams: 'Group.Read.All', groups: 'Group.Read.All', directory: 'Directory.Read.All' } as const;

  /** Written without the product's own reading, so that both would have to be wrong in the same way. */
  function holdsPlan(service: string, answer: Reply): boolean {
    const wanted = PLANS_OF[service];
    if (wanted === undefined) return true;
    const { value } = (answer.body ?? {}) as { readonly value?: unknown };
    const subscriptions = (Array.isArray(value) ? value : []) as readonly ({ readonly capabilityStatus?: string; readonly servicePlans?: readonly { readonly servicePlanId: string; readonly provisioningStatus: string }[] } | null)[];
    return answer.status === 200 && subscriptions.some((one) => ['Enabled', 'Warning'].includes(one?.capabilityStatus ?? '') && (one?.servicePlans ?? []).some((held) => wanted.includes(held.servicePlanId) && held.provisioningStatus === 'Success'));
  }

  it('no service is ready without a licence, every declared grant, and a success of its own', () => {
    const held = fc.oneof(fc.constant([...PERMISSIONS]), fc.subarray([...PERMISSIONS]));
    const ready = new Set<string>();
    fc.assert(
      fc.property(fc.record({ skus, people: reply, teams: fc.oneof(reply, fc.constant(list())), probes: fc.dictionary(fc.constantFrom(...BACKUP_SERVICES), fc.array(reply, { maxLength: 3 })), held, hours: fc.integer({ min: 0, max: 96 }) }), (given) => {
        const found = evidence({ skus: given.skus, people: given.people, teams: given.teams }, given.probes);
        const now = PROVEN_AT + given.hours * HOUR_MS;
        for (const { service, state } of judgeServices({ apps: parseApps([declare()]), grants: [granted(given.held)], provenAt: PROVEN_AT, now }, found)) {
          if (state !== 'ready') continue;
          const replies = given.probes[service] ?? [WORKING[service]];
          const succeeded = replies.some(({ status }) => status === 200) || (service === 'teams' && replies.length === 0 && given.teams.status === 200);
          expect([service, holdsPlan(service, given.skus), succeeded, given.held.includes(NEEDED[service])]).toEqual([service, true, true, true]);
          ready.add(service);
        }
      }),
      { numRuns: 600, seed: 20_260_301 },
    );
    // A property that is never put to the test proves nothing.
    expect(ready.size).toBe(BACKUP_SERVICES.length);
  });
});
