/** Grants that are made and taken back by processes that die, without the audit, and on bad days: once, and never green by mistake. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnboardingError } from '../../src/core/errors';
import { isOnboardingError } from '../../src/core/errors';
import { tokenFor } from './admin-token';
import { auditOf, codeOf, invite } from './attacks';
import { deletePrincipal, removePermission, worldTenant } from './directory';
import { createDyingStore, createInterruptedStore, DEATH_STRIDE, type DyingStore } from './mortal-store';
import { onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

let story: Story;

beforeAll(async () => {
  story = await startStory();
});

afterAll(async () => story.stop());

const contoso = () => story.tenant('contoso.example');
const admin = () => personWith(contoso(), 'Global Administrator');
const call = () => ({ accountId: 'contoso', operatorId: OPERATOR, route: { kind: 'admin', adminToken: tokenFor(story, contoso(), admin().objectId) } }) as const;
const grant = () => story.onboarding.grantConsent(call());
const revoke = () => story.onboarding.revokeGrants({ ...call(), confirmed: true, what: { kind: 'app', appKey: 'restore' } });

function heldBy(appKey: string) {
  const tenant = worldTenant(story, 'contoso.example');
  const now = story.clock.now();
  const principals = tenant.servicePrincipals.list(now).filter(({ appId }) => appId === story.sandbox.ready.apps.find(({ key }) => key === appKey)?.appId);
  const roles = tenant.appRoleAssignments.list(now).filter(({ principalId }) => principals.some(({ id }) => id === principalId)).map(({ resourceId, appRoleId }) => `${resourceId} ${appRoleId}`);
  const scopes = tenant.oauth2PermissionGrants.list(now).filter(({ clientId }) => principals.some(({ id }) => id === clientId)).map(({ scope }) => scope);
  return { principals: principals.length, roles: roles.toSorted(), scopes };
}

async function changesInAudit() {
  const audit = await auditOf(story);
  return {
    entries: audit.filter(({ action }) => action.startsWith('consent.programmatic') || action.startsWith('consent.grants')).map(({ phase, outcome }) => `${phase} ${outcome ?? ''}`.trim()),
    doubled: audit.length - new Set(audit.map(({ id }) => id)).size,
    orphaned: await story.installation.audit.orphanedIntents(),
    intact: (await story.installation.audit.verify()).intact,
    left: (await Array.fromAsync(story.store.list('consent/grant-change/'))).length,
  };
}

const ONCE = { entries: ['intent', 'outcome done'], doubled: 0, orphaned: [], intact: true, left: 0 };

async function ownedStory(options?: Parameters<Story['renew']>[0]): Promise<void> {
  await story.renew(options);
  await onboardAsAdmin(story, await invite(story), admin());
}

async function insist(done: string, attempt: () => Promise<{ readonly state: string }>): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) {
    const state = await attempt().then((report) => report.state, (error: unknown) => {
      if (!isOnboardingError(error)) throw error;
      return error.code;
    });
    if (state === done) return;
    story.advanceClock(30);
  }
  throw new Error(`It never became ${done}.`);
}

describe.each([
  { name: 'granting', act: grant, states: ['made', 'nothing_missing'], prepare: (): void => deletePrincipal(story, 'contoso.example', 'restore'), isDone: () => heldBy('restore').roles.length === 7 && heldBy('restore').principals === 1 && heldBy('restore').scopes.length === 1 },
  { name: 'revoking', act: revoke, states: ['revoked'], prepare: (): void => undefined, isDone: () => heldBy('restore').roles.length === 0 && heldBy('restore').scopes.length === 0 && heldBy('backup').roles.length === 9 },
])('$name', ({ act, states, prepare, isDone }) => {
  it('is done once, whichever write its process dies after', { timeout: 300_000 }, async () => {
    let deaths = 0;
    for (let survived = false; !survived && deaths < 80; ) {
      let dying: DyingStore | undefined;
      await ownedStory({
        wrapStore: (store) => {
          dying = createDyingStore(store);
          return dying.store;
        },
      });
      prepare();
      dying?.dieAfter(deaths + 1);
      const first = await codeOrState(act());
      survived = dying?.died() !== true;
      dying?.dieAfter(undefined);
      expect(['STATE_UNAVAILABLE', 'AUDIT_UNAVAILABLE', ...states], `after write ${deaths + 1}`).toContain(first);
      if (!survived) deaths += DEATH_STRIDE > 1 ? 2 : 1;
      expect(states, `after write ${deaths}`).toContain((await act()).state);
      await story.onboarding.advance('contoso');
      expect(isDone(), `after write ${deaths}`).toBe(true);
      const told = await changesInAudit();
      // A change whose end was already written is told later and another one begins: neither is lost.
      expect(told, `after write ${deaths}`).toMatchObject({ doubled: 0, orphaned: [], intact: true, left: 0 });
      expect(told.entries.length, `after write ${deaths}`).toBeLessThanOrEqual(4);
    }
    expect(deaths).toBeGreaterThan(4);
  });

  it.each(['replication-hell', 'lossy-network', 'rough-day'])('comes to its end under %s, with nothing twice', { timeout: 300_000 }, async (preset) => {
    await ownedStory();
    prepare();
    story.advanceClock(3600);
    story.sandbox.faults.set({ preset, seed: 'seven' });
    await insist(states[0] ?? '', act);
    story.sandbox.faults.set(undefined);
    expect(isDone()).toBe(true);
    expect((await changesInAudit()).orphaned).toEqual([]);
  });
});

describe('without the audit', () => {
  const broken = async (): Promise<(isDown: boolean) => void> => {
    let isDown = false;
    await ownedStory({
      wrapStore: (store) =>
        createInterruptedStore(store, async (key) => {
          if (isDown && key.startsWith('audit/')) throw new OnboardingError('STATE_UNAVAILABLE', 'The audit is gone.');
        }),
    });
    return (down) => {
      isDown = down;
    };
  };

  it('nothing is granted', async () => {
    const setDown = await broken();
    removePermission(story, 'contoso.example', 'restore', 'Files.ReadWrite.All');
    const before = heldBy('restore');
    setDown(true);
    expect(await codeOf(grant())).toBe('AUDIT_UNAVAILABLE');
    expect(heldBy('restore')).toEqual(before);
    setDown(false);
    expect((await grant()).state).toBe('made');
    expect(await changesInAudit()).toEqual(ONCE);
  });

  it('a revocation goes through all the same, and what the audit missed is handed over by the next advance', async () => {
    const setDown = await broken();
    setDown(true);
    expect(await revoke()).toMatchObject({ state: 'revoked', audited: false, notRevoked: [] });
    expect(heldBy('restore')).toMatchObject({ roles: [], scopes: [] });
    expect((await changesInAudit()).left).toBe(1);
    setDown(false);
    await story.onboarding.advance('contoso');
    expect(await changesInAudit()).toEqual(ONCE);
  });

  it('the end of the account loses no entry of a revocation either', async () => {
    const setDown = await broken();
    setDown(true);
    await revoke();
    expect(await codeOf(story.onboarding.removeAccount({ accountId: 'contoso', operatorId: OPERATOR, confirmed: true }))).toBe('AUDIT_UNAVAILABLE');
    setDown(false);
    await story.onboarding.removeAccount({ accountId: 'contoso', operatorId: OPERATOR, confirmed: true });
    expect(await changesInAudit()).toEqual(ONCE);
  });
});

async function codeOrState(attempt: Promise<{ readonly state: string }>): Promise<string> {
  return attempt.then(({ state }) => state, (error: unknown) => {
    if (!isOnboardingError(error)) throw error;
    return error.code;
  });
}
