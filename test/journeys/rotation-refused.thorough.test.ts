/** A rotation that meets trouble at the token endpoint: refusals, silence, customers who are not there, replicas that are behind. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findLine } from '../../src/core/certificates/rotation/line';
import { auditOf, invite } from './attacks';
import { changePrincipal } from './directory';
import { keyIdsOf } from './key-stage';
import { keysOf, registered, rotateUntil, signOnce } from './rotations';
import { onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const CUSTOMER = 'contoso.example';
const HOUR_SECONDS = 3600;
const RESOURCE = 'https://graph.microsoft.com';

let story: Story;
let first: string;

const certificates = () => story.installation.certificates;
const rotate = () => certificates().rotate(first, OPERATOR);
const homeTenantId = () => story.configuration.homeTenantId;
const stale = (tenantId: string, seconds: number) => ({ version: 1, rules: [{ id: 'stale', match: { host: 'login', path: '*/token', tenant: tenantId }, do: { staleMs: seconds * 1000 } }] });
const answering = (tenantId: string, answer: object) => ({ version: 1, rules: [{ id: 'trouble', match: { host: 'login', path: '*/token', tenant: tenantId }, do: answer }] });

/** The next call that can do something, at its time. */
async function rotateWhenDue(seconds = 0) {
  const report = await rotate();
  if (report.step !== 'wait') return report;
  story.advanceClock(Math.max(0, (report.rotation.nextStepAt - story.clock.now()) / 1000) + seconds);
  return rotate();
}

async function withCustomer(): Promise<string> {
  await onboardAsAdmin(story, await invite(story), personWith(story.tenant(CUSTOMER), 'Global Administrator'));
  story.advanceClock(10 * HOUR_SECONDS);
  return story.tenant(CUSTOMER).tenantId;
}

beforeAll(async () => {
  story = await startStory({ sandbox: { faultDelays: 'virtual' } });
});

afterAll(async () => story.stop());

beforeEach(async () => {
  await story.renew();
  story.sandbox.faults.set(undefined);
  first = await registered(story, ['backup', 'restore']);
  story.advanceClock(10 * HOUR_SECONDS);
});

describe('a new key that is refused', () => {
  it('until the deadline is taken back: the old one signs alone, and the host is told', async () => {
    const before = await keysOf(story, 'backup');
    await rotateUntil(story, first, 'proving');
    story.sandbox.setReplicationLagMs({ 'sts.keys': 5 * HOUR_SECONDS * 1000 });
    const back = await rotateUntil(story, first, 'rolled_back');
    expect(back.rotation).toMatchObject({ reasons: [{ code: 'CERTIFICATE_NOT_ACCEPTED' }], proof: { goodRounds: 0, lastProblem: { code: 'STS_CREDENTIAL_REFUSED', serviceCode: 'AADSTS700027', tenantId: homeTenantId() } } });
    expect(back.rotation.endedAt! - back.rotation.apps[1]!.registeredAt!).toBeGreaterThanOrEqual(60 * 60_000);
    expect(await keysOf(story, 'backup')).toEqual(before);
    expect(keyIdsOf(story, 'restore')).toHaveLength(1);
    expect(await certificates().show(back.rotation.toCertificateId, OPERATOR)).toMatchObject({ state: 'retired', usedBy: [] });
    expect(story.events.filter(({ type }) => type.startsWith('certificate.'))).toEqual([expect.objectContaining({ type: 'certificate.rotation_failed', data: expect.objectContaining({ rotationId: back.rotation.id, certificateId: first }) })]);
    expect(await signOnce(story, 'backup')).toBe(first);
    expect(await findLine(story.installation.ports, first)).toMatchObject({ currentId: first, previousId: null, switchedAt: 0 });
  });

  it('was taken back, and a later rotation succeeds under the same name', async () => {
    await rotateUntil(story, first, 'proving');
    story.sandbox.setReplicationLagMs({ 'sts.keys': 5 * HOUR_SECONDS * 1000 });
    await rotateUntil(story, first, 'rolled_back');
    story.sandbox.setReplicationLagMs({ 'sts.keys': 0 });
    const done = await rotateUntil(story, first, 'done');
    expect(await signOnce(story, 'restore')).toBe(done.certificate?.id);
    expect(keyIdsOf(story)).toEqual([done.rotation.apps[0]?.newKeyId]);
  });

  it('by one customer\'s servers only begins the count anew, and is taken back when they never accept it', async () => {
    const customer = await withCustomer();
    await rotateUntil(story, first, 'proving');
    expect((await rotateWhenDue()).rotation.proof).toMatchObject({ goodRounds: 1 });
    expect((await rotateWhenDue()).rotation.proof).toMatchObject({ goodRounds: 2 });
    story.sandbox.faults.set(stale(customer, 3 * HOUR_SECONDS));
    expect((await rotateWhenDue()).rotation).toMatchObject({ state: 'proving', proof: { goodRounds: 0, lastProblem: { tenantId: customer, serviceCode: 'AADSTS700027' } } });
    const back = await rotateUntil(story, first, 'rolled_back');
    expect(back.rotation.reasons).toMatchObject([{ code: 'CERTIFICATE_NOT_ACCEPTED' }]);
    expect(keyIdsOf(story)).toEqual([back.rotation.apps[0]?.oldKeyId]);
  });
});

describe('an endpoint that is in trouble', () => {
  it.each([
    ['throttles', { body: 'sts.Throttled', headers: { 'Retry-After': '400' } }, 'STS_THROTTLED'],
    ['is unavailable', { body: 'sts.TemporarilyUnavailable' }, 'STS_UNAVAILABLE'],
    ['ends the line', { transport: 'reset-before-headers' }, 'STS_UNAVAILABLE'],
  ])('and %s neither counts nor begins the count anew, and takes no key back for days', async (_what, answer, code) => {
    await rotateUntil(story, first, 'proving');
    await rotateWhenDue();
    expect((await rotateWhenDue()).rotation.proof.goodRounds).toBe(2);
    story.sandbox.faults.set(answering(homeTenantId(), answer));
    for (let round = 0; round < 4; round += 1) expect((await rotateWhenDue(12 * HOUR_SECONDS)).rotation).toMatchObject({ state: 'proving', proof: { goodRounds: 2, lastProblem: { code, tenantId: homeTenantId() } } });
    expect(keyIdsOf(story)).toHaveLength(2);
    story.sandbox.faults.set(undefined);
    story.advanceClock(HOUR_SECONDS);
    expect((await rotateWhenDue()).rotation).toMatchObject({ state: 'proving', proof: { goodRounds: 3, lastProblem: null } });
    expect((await rotate()).rotation.state).toBe('overlap');
  });

  it('is not asked before the time it named', async () => {
    await rotateUntil(story, first, 'proving');
    story.sandbox.faults.set(answering(homeTenantId(), { body: 'sts.Throttled', headers: { 'Retry-After': '400' } }));
    const throttled = await rotateWhenDue();
    expect(throttled.rotation.nextStepAt - story.clock.now()).toBeGreaterThanOrEqual(399_000);
    const asked = story.sandbox.requests().length;
    story.advanceClock(390);
    expect((await rotate()).step).toBe('wait');
    expect(story.sandbox.requests()).toHaveLength(asked);
  });

  it('does not release the old key while the last look goes unanswered', async () => {
    await rotateUntil(story, first, 'overlap');
    story.advanceClock(25 * HOUR_SECONDS);
    story.sandbox.faults.set(answering(homeTenantId(), { body: 'sts.TemporarilyUnavailable' }));
    for (let round = 0; round < 3; round += 1) expect((await rotateWhenDue()).rotation).toMatchObject({ state: 'overlap', proof: { goodRounds: 3 } });
    story.sandbox.faults.set(undefined);
    expect((await rotateUntil(story, first, 'done')).rotation.proof.goodRounds).toBeGreaterThanOrEqual(4);
  });
});

describe('a customer who is asked for the proof', () => {
  it('and has disabled an app stands in nobody\'s way', async () => {
    await withCustomer();
    changePrincipal(story, CUSTOMER, 'restore', { accountEnabled: false });
    story.advanceClock(60);
    const begun = await rotateUntil(story, first, 'overlap');
    expect(begun.rotation.proof).toMatchObject({ goodRounds: 3, rounds: 3 });
    expect(story.sandbox.requests().some(({ tenant, status }) => tenant === story.tenant(CUSTOMER).tenantId && status === 400)).toBe(true);
    await rotateUntil(story, first, 'done');
  });
});

describe('a replica that does not know the new key yet', () => {
  const useOnce = (tenantId = homeTenantId(), appKey = 'backup') => story.installation.ports.tokens.acquire({ tenantId, appKey, resource: RESOURCE, fresh: true });
  const refused = () => story.sandbox.requests().filter(({ path, status }) => path.endsWith('/token') && status === 401).length;

  it('during the overlap fails no request; the proof begins anew and the overlap with it', async () => {
    const activated = await rotateUntil(story, first, 'overlap');
    story.advanceClock(20 * HOUR_SECONDS);
    await useOnce();
    story.sandbox.faults.set(stale(homeTenantId(), 21 * HOUR_SECONDS));
    await useOnce();
    expect(refused()).toBe(1);
    story.sandbox.faults.set(undefined);
    const fallbackAt = story.clock.now();
    const after = (await rotate()).rotation;
    expect(after).toMatchObject({ state: 'overlap', proof: { goodRounds: 0 } });
    expect(fallbackAt - after.lastFallbackAt!).toBeLessThan(60_000);
    // The place is asked with the old key for a minute, and with the new one from then on.
    story.advanceClock(120);
    await useOnce();
    const done = await rotateUntil(story, first, 'done');
    expect(done.rotation.endedAt! - after.lastFallbackAt!).toBeGreaterThanOrEqual(24 * HOUR_SECONDS * 1000);
    expect(done.rotation.endedAt! - activated.rotation.activatedAt!).toBeGreaterThanOrEqual(44 * HOUR_SECONDS * 1000);
    await useOnce();
  });

  it('at a customer\'s only is noticed as well', async () => {
    const customer = await withCustomer();
    await rotateUntil(story, first, 'overlap');
    story.advanceClock(2 * HOUR_SECONDS);
    story.sandbox.faults.set(stale(customer, 3 * HOUR_SECONDS));
    for (const appKey of ['backup', 'restore']) await useOnce(customer, appKey);
    await useOnce();
    expect((await rotate()).rotation).toMatchObject({ proof: { goodRounds: 0 }, lastFallbackAt: expect.any(Number) as number });
    story.sandbox.faults.set(undefined);
    await rotateUntil(story, first, 'done');
    for (const appKey of ['backup', 'restore']) await useOnce(customer, appKey);
  });

  it('that never learns of it keeps the old key for ever', async () => {
    const { rotation } = await rotateUntil(story, first, 'overlap');
    for (let days = 0; days < 4; days += 1) {
      story.advanceClock(20 * HOUR_SECONDS);
      story.sandbox.faults.set(stale(homeTenantId(), (story.clock.now() - rotation.startedAt) / 1000 + HOUR_SECONDS));
      await useOnce();
      expect((await rotateWhenDue()).rotation).toMatchObject({ state: 'overlap', proof: { goodRounds: 0 } });
    }
    expect(keyIdsOf(story)).toHaveLength(2);
  });
});

describe('whatever became of it', () => {
  it('the audit has each state once, and no orphan', async () => {
    await rotateUntil(story, first, 'proving');
    story.sandbox.setReplicationLagMs({ 'sts.keys': 5 * HOUR_SECONDS * 1000 });
    await rotateUntil(story, first, 'rolled_back');
    const states = (await auditOf(story)).filter(({ action }) => action === 'certificate.rotation').map(({ details }) => details?.['state']);
    expect(states).toEqual(['issuing', 'registering', 'proving', 'rolling_back', 'rolled_back']);
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
  });
});
