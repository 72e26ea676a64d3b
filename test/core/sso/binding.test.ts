import { describe, expect, it } from 'vitest';
import { bindAdmin, findBinding, isBoundTo, requireBinding, unbindAdmin } from '../../../src/core/sso/binding';
import { CLAIM_GRACE_MS } from '../../../src/core/sso/claims';
import { seededRandom } from '../../support/core-ports';
import { releaseOwnership } from '../../../src/core/sso/ownership';
import { applyValidation } from '../../../src/core/sso/validation';
import { ADA, BOB, bindInput, boundPorts, dump, dyingStore, overtakenStore, own, qualifying, TENANT, type TestPorts, testPorts, unevenStore } from './support';

const EVE = 'dddddddd-0000-4000-8000-000000000003';

async function ownedPorts(): Promise<TestPorts> {
  const ports = testPorts();
  await own(ports);
  ports.audit.events.length = 0;
  return ports;
}

/** Numbers from 0 to 1, the same for the same seed. */
function drawsOf(seed: string): () => number {
  const random = seededRandom(seed);
  return () => (random.bytes(1)[0] ?? 0) / 256;
}

const isBound = (ports: TestPorts, objectId: string, accountId = 'contoso') => isBoundTo(ports, { accountId, tenantId: TENANT, objectId });

describe('bindAdmin', () => {
  it('binds by tenant and object id and keeps the names as a snapshot', async () => {
    const ports = await ownedPorts();
    const binding = await bindAdmin(ports, bindInput(ADA, { deadlineSeconds: 600 }));
    expect(binding).toEqual({
      accountId: 'contoso',
      tenantId: TENANT,
      userObjectId: ADA,
      state: 'validating',
      validatedAt: null,
      reasons: [],
      upn: '1@contoso.example',
      displayName: 'Ada Admin',
      boundAt: ports.clock.now(),
      boundBy: 'op-1',
      deadlineAt: ports.clock.now() + 600_000,
      goodReads: [],
      sequence: 1,
      history: [],
      successor: null,
    });
    expect(await requireBinding(ports, 'contoso')).toEqual(binding);
    expect(await isBound(ports, ADA)).toBe(true);
    expect(ports.audit.events.map(({ action, phase, intentId, outcome, actor, subject }) => [action, phase, intentId === ports.audit.events[0]?.id, outcome, actor, subject])).toEqual([
      ['sso.bound', 'intent', false, undefined, 'op-1', ADA],
      ['sso.bound', 'outcome', true, 'done', 'op-1', ADA],
    ]);
  });

  it('does nothing the second time, whatever the case of the ids', async () => {
    const ports = await ownedPorts();
    const first = await bindAdmin(ports, bindInput());
    const rows = await dump(ports.store);
    ports.clock.advance(1000);
    expect(await bindAdmin(ports, bindInput(ADA.toUpperCase(), { tenantId: TENANT.toUpperCase(), actor: 'op-2' }))).toEqual(first);
    expect(await dump(ports.store)).toEqual(rows);
    expect(ports.audit.events).toHaveLength(2);
  });

  it('takes the same request arriving twice at once for one', async () => {
    const ports = await ownedPorts();
    const [first, second] = await Promise.all([bindAdmin(ports, bindInput()), bindAdmin(ports, bindInput())]);
    expect([second.sequence, second.userObjectId]).toEqual([first.sequence, ADA]);
    expect(ports.audit.events.map((event) => event.phase)).toEqual(['intent', 'outcome']);
  });

  it('rebinds to somebody else, frees the old claim and keeps the past', async () => {
    const ports = await boundPorts();
    ports.clock.advance(5000);
    const binding = await bindAdmin(ports, bindInput(BOB, { actor: 'op-2' }));
    expect(binding).toMatchObject({ userObjectId: BOB, state: 'validating', sequence: 2, history: [{ userObjectId: ADA, endedBy: 'op-2', endedBecause: 'rebound', endedAt: ports.clock.now() }] });
    expect([await isBound(ports, ADA), await isBound(ports, BOB)]).toEqual([false, true]);
    await bindAdmin(ports, bindInput(ADA));
    expect([await isBound(ports, ADA), await isBound(ports, BOB)]).toEqual([true, false]);
  });

  it('keeps a short past', async () => {
    const ports = await boundPorts();
    for (let turn = 0; turn < 13; turn += 1) await bindAdmin(ports, bindInput(turn % 2 === 0 ? BOB : ADA));
    expect((await requireBinding(ports, 'contoso')).history).toHaveLength(10);
    expect((await requireBinding(ports, 'contoso')).sequence).toBe(14);
  });

  it('takes the same request for one however four processes interleave, also as a change from somebody else', async () => {
    for (let seed = 1; seed <= 120; seed += 1) {
      const ports = testPorts(String(seed));
      await own(ports);
      if (seed % 2 === 0) await bindAdmin(ports, bindInput(BOB));
      ports.audit.events.length = 0;
      const processes = [1, 2, 3, 4].map((number) => ({ ...ports, store: unevenStore(ports.store, drawsOf(`${seed}:${number}`)) }));
      const bound = await Promise.all(processes.map((process) => bindAdmin(process, bindInput())));
      expect(new Set(bound.map(({ sequence }) => sequence)), `seed ${seed}`).toEqual(new Set([seed % 2 === 0 ? 2 : 1]));
      expect(ports.audit.events.map(({ action, phase, outcome }) => [action, phase, outcome]), `seed ${seed}`).toEqual([['sso.bound', 'intent', undefined], ['sso.bound', 'outcome', 'done']]);
    }
  });

  it('leaves one person bound when two operators choose different people at once', async () => {
    const ports = await ownedPorts();
    await Promise.allSettled([bindAdmin(ports, bindInput(ADA)), bindAdmin(ports, bindInput(BOB)), bindAdmin(ports, bindInput(EVE))]);
    const { userObjectId } = await requireBinding(ports, 'contoso');
    const bound = await Promise.all([ADA, BOB, EVE].map(async (objectId) => ((await isBound(ports, objectId)) ? [objectId] : [])));
    expect(bound.flat()).toEqual([userObjectId]);
  });

  it('does not bind a person to two accounts, and names nobody to the second', async () => {
    const ports = await boundPorts();
    // The tenant changed hands without the binding having been ended.
    await releaseOwnership(ports, { accountId: 'contoso', actor: 'op-1' });
    await own(ports, { accountId: 'fabrikam' });
    const before = await bindAdmin(ports, bindInput(BOB, { accountId: 'fabrikam' }));
    const error: unknown = await bindAdmin(ports, bindInput(ADA, { accountId: 'fabrikam' })).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSO_ADMIN_BOUND_ELSEWHERE' });
    expect(JSON.stringify(error)).not.toContain('contoso');
    expect(ports.audit.events.at(-1)).toMatchObject({ action: 'sso.bound', phase: 'outcome', outcome: 'refused', accountId: 'fabrikam' });
    expect(await findBinding(ports, 'fabrikam')).toEqual(before);
    await unbindAdmin(ports, { accountId: 'contoso', actor: 'op-1' });
    await expect(bindAdmin(ports, bindInput(ADA, { accountId: 'fabrikam' }))).resolves.toMatchObject({ accountId: 'fabrikam' });
  });

  it('writes nothing while the audit is down', async () => {
    const ports = await ownedPorts();
    const rows = await dump(ports.store);
    ports.audit.down = true;
    await expect(bindAdmin(ports, bindInput())).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await dump(ports.store)).toEqual(rows);
  });

  it.each([
    ['objectId', bindInput('ada@contoso.example')],
    ['tenantId', bindInput(ADA, { tenantId: 'contoso.example' })],
  ])('refuses a %s that is no GUID', async (field, input) => {
    await expect(bindAdmin(await ownedPorts(), input)).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { field } });
  });

  it('refuses a binding that was edited in the store', async () => {
    const ports = await boundPorts();
    const stored = (await ports.store.get('sso/binding/contoso'))?.value ?? '';
    await ports.store.set('sso/binding/contoso', stored.replace(ADA, BOB));
    await expect(findBinding(ports, 'contoso')).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
  });

  it('starts the validation over when a stale binding is bound again', async () => {
    const ports = await boundPorts();
    await applyValidation(ports, { accountId: 'contoso', standing: { outcome: 'does_not', roles: [], reasons: ['disabled'] }, consentVerdict: 'granted' });
    expect(await bindAdmin(ports, bindInput())).toMatchObject({ state: 'validating', reasons: [], sequence: 2, history: [] });
  });
});

describe('somebody else who is faster', () => {
  const finished = (ports: TestPorts) => ports.audit.events.filter((event) => event.action === 'sso.bound' && event.outcome === 'done').map((event) => event.subject);

  /** A binding to Ada whose process died before it was finished. */
  async function unfinishedPorts(): Promise<TestPorts> {
    const ports = await ownedPorts();
    await bindAdmin({ ...ports, store: dyingStore(ports.store, 2) }, bindInput(ADA)).catch(() => undefined);
    return ports;
  }

  /** Binds Eve and dies as well, right after the binding was written. */
  const eve = (ports: TestPorts) => bindAdmin({ ...ports, store: dyingStore(ports.store, 4) }, bindInput(EVE)).catch(() => undefined);

  it('has its binding finished before the next one replaces it', async () => {
    const ports = await unfinishedPorts();
    const store = overtakenStore(ports.store, 'sso/binding/contoso', () => eve(ports));
    await bindAdmin({ ...ports, store }, bindInput(BOB));
    expect(finished(ports)).toEqual([ADA, EVE, BOB]);
    expect(await Promise.all([ADA, EVE, BOB].map((objectId) => isBound(ports, objectId)))).toEqual([false, false, true]);
  });

  it('has its binding finished before a reading changes it', async () => {
    const ports = await unfinishedPorts();
    const store = overtakenStore(ports.store, 'sso/binding/contoso', () => eve(ports));
    await applyValidation({ ...ports, store }, { accountId: 'contoso', standing: qualifying(ADA), consentVerdict: 'granted' });
    expect(finished(ports)).toEqual([ADA, EVE]);
    expect(await findBinding(ports, 'contoso')).toMatchObject({ userObjectId: EVE, state: 'stale', reasons: ['other_person'] });
  });
});

describe('a process that is killed while it binds', () => {
  const cases: readonly [string, () => Promise<TestPorts>, string][] = [
    ['a first binding', ownedPorts, ADA],
    ['a rebinding', () => boundPorts(BOB), ADA],
  ];

  it.each(cases)('can die after any write of %s; the next run finishes and nothing is doubled', async (_, prepare, objectId) => {
    const whole = await prepare();
    const expected = await bindAdmin(whole, bindInput(objectId));
    const rows = Object.keys(await dump(whole.store)).sort();
    let survived = -1;
    for (let writes = 0; survived < 0; writes += 1) {
      const ports = await prepare();
      const died = await bindAdmin({ ...ports, store: dyingStore(ports.store, writes) }, bindInput(objectId)).then(() => false, () => true);
      if (!died) survived = writes;
      expect(await bindAdmin(ports, bindInput(objectId))).toEqual(expected);
      expect(Object.keys(await dump(ports.store)).sort()).toEqual(rows);
      expect([await isBound(ports, ADA), await isBound(ports, BOB)]).toEqual([true, false]);
      expect(ports.audit.events.map((event) => event.id)).toEqual(whole.audit.events.map((event) => event.id));
    }
    expect(survived).toBeGreaterThanOrEqual(4);
  });

  it.each(cases)('can die after any write of %s; validating finishes it before anything turns active', async (_, prepare, objectId) => {
    for (let writes = 2; writes < 5; writes += 1) {
      const ports = await prepare();
      await bindAdmin({ ...ports, store: dyingStore(ports.store, writes) }, bindInput(objectId)).catch(() => undefined);
      const { binding } = await applyValidation(ports, { accountId: 'contoso', standing: qualifying(objectId), consentVerdict: 'granted', policy: { readsNeeded: 1 } });
      expect(binding).toMatchObject({ userObjectId: objectId, state: 'active' });
      expect([await isBound(ports, ADA), await isBound(ports, BOB)]).toEqual([true, false]);
      expect(ports.audit.events.findLast((event) => event.outcome === 'done' && event.action === 'sso.bound')?.subject).toBe(objectId);
    }
  });

  it('has its entry written by whoever ends the binding', async () => {
    const ports = await ownedPorts();
    await bindAdmin({ ...ports, store: dyingStore(ports.store, 2) }, bindInput()).catch(() => undefined);
    await unbindAdmin(ports, { accountId: 'contoso', actor: 'op-1' });
    expect(ports.audit.events.map(({ action, phase }) => `${action} ${phase}`)).toEqual(['sso.bound intent', 'sso.bound outcome', 'sso.unbound intent', 'sso.unbound outcome']);
  });

  it('can die after any write of an unbinding', async () => {
    for (let writes = 0; writes < 4; writes += 1) {
      const ports = await boundPorts();
      await unbindAdmin({ ...ports, store: dyingStore(ports.store, writes) }, { accountId: 'contoso', actor: 'op-1' }).catch(() => undefined);
      await unbindAdmin(ports, { accountId: 'contoso', actor: 'op-1' });
      expect([await findBinding(ports, 'contoso'), await isBound(ports, ADA)]).toEqual([undefined, false]);
      expect(ports.audit.events.filter((event) => event.action === 'sso.unbound').map((event) => event.phase)).toEqual(['intent', 'outcome']);
    }
  });

  it('loses the person when it sleeps between its writes and somebody else takes over; both never have it', async () => {
    const ports = await ownedPorts();
    let asleep = true;
    const store = {
      ...dyingStore(ports.store, 99),
      claim: async (...write: Parameters<typeof ports.store.claim>) => {
        const won = await ports.store.claim(...write);
        if (write[0] === 'sso/binding/contoso' && asleep) {
          asleep = false;
          ports.clock.advance(CLAIM_GRACE_MS);
          await releaseOwnership(ports, { accountId: 'contoso', actor: 'op-1' });
          await own(ports, { accountId: 'fabrikam' });
          await bindAdmin(ports, bindInput(ADA, { accountId: 'fabrikam' }));
        }
        return won;
      },
    };
    await expect(bindAdmin({ ...ports, store }, bindInput())).rejects.toMatchObject({ code: 'SSO_ADMIN_BOUND_ELSEWHERE' });
    expect([await isBound(ports, ADA), await isBound(ports, ADA, 'fabrikam')]).toEqual([false, true]);
    expect(await findBinding(ports, 'contoso')).toMatchObject({ state: 'stale', reasons: ['claimed_elsewhere'] });
    const again = await applyValidation(ports, { accountId: 'contoso', standing: qualifying(), consentVerdict: 'granted', policy: { readsNeeded: 1 } });
    expect(again.binding).toMatchObject({ state: 'stale', reasons: ['claimed_elsewhere'] });
  });
});

describe('unbindAdmin', () => {
  it('ends the binding, frees the person and keeps the past', async () => {
    const ports = await boundPorts();
    expect(await unbindAdmin(ports, { accountId: 'contoso', actor: 'op-1', reason: 'left the company' })).toEqual({ unbound: true, audited: true });
    expect([await findBinding(ports, 'contoso'), await isBound(ports, ADA)]).toEqual([undefined, false]);
    await expect(requireBinding(ports, 'contoso')).rejects.toMatchObject({ code: 'SSO_BINDING_NOT_FOUND' });
    expect(ports.audit.events.at(-1)).toMatchObject({ action: 'sso.unbound', phase: 'outcome', outcome: 'done', reason: 'left the company', subject: ADA });
    expect(await unbindAdmin(ports, { accountId: 'contoso', actor: 'op-1' })).toEqual({ unbound: false, audited: true });
    expect(await bindAdmin(ports, bindInput(BOB))).toMatchObject({ sequence: 2, history: [{ userObjectId: ADA, endedBecause: 'unbound' }] });
  });

  it('goes through while the audit is down, and the entry is written by whatever comes next', async () => {
    const ports = await boundPorts();
    ports.audit.down = true;
    expect(await unbindAdmin(ports, { accountId: 'contoso', actor: 'op-1' })).toEqual({ unbound: true, audited: false });
    expect([await findBinding(ports, 'contoso'), await isBound(ports, ADA)]).toEqual([undefined, false]);
    ports.audit.down = false;
    await bindAdmin(ports, bindInput(BOB));
    expect(ports.audit.events.filter((event) => event.action === 'sso.unbound')).toMatchObject([{ phase: 'outcome', outcome: 'done', actor: 'op-1' }]);
  });

  it('knows nothing to end for an account without binding', async () => {
    expect(await unbindAdmin(testPorts(), { accountId: 'contoso', actor: 'op-1' })).toEqual({ unbound: false, audited: true });
  });
});
