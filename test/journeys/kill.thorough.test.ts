/** Nothing lost, nothing twice: processes that are killed after every single write, and pages whose state dies under them. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStateStore } from '../../src/core/adapters/open-store';
import type { JourneyReport } from '../../src/core/corridor/context';
import type { RemovedAccount } from '../../src/core/corridor/removal';
import { auditOf, codeOf, invite } from './attacks';
import { type Answer, askChild, bundleChild, Children, errandOf } from './children';
import type { AccountErrand } from './kill-child';
import { createDyingStore, type DyingStore } from './mortal-store';
import { advanceUntilSettled, onboardAsAdmin, personWith, startStory, type Story, visitInvitation } from './story';

const folder = mkdtempSync(join(tmpdir(), 'journey-kill-'));
let script: string;
const STATE = 'sqlite:journey.sqlite';

let story: Story;

beforeAll(async () => {
  script = bundleChild(folder, 'kill-child.ts');
  story = await startStory({ configure: () => ({ adminChoice: 'first' }) });
});

afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true });
});

const admin = () => personWith(story.tenant('contoso.example'), 'Global Administrator');

/** What there must be one of, and what the audit says happened. */
async function whatIsThere() {
  const count = async (prefix: string) => (await Array.fromAsync(story.store.list(prefix))).length;
  const audit = await auditOf(story);
  return {
    bindings: await count('sso/binding/'),
    boundAdmins: await count('sso/bound-admin/'),
    tenantsOfAccounts: await count('sso/account-tenant/'),
    tenantClaims: await count('sso/tenant-claim/'),
    journeys: await count('accounts/journey/'),
    doubledAuditIds: audit.length - new Set(audit.map((entry) => entry.id)).size,
    orphanedIntents: (await story.installation.audit.orphanedIntents()).map((entry) => entry.id),
    effects: audit.filter((entry) => !/^consent\.(opened|callback_claimed)/.test(entry.action)).map((entry) => `${entry.action} ${entry.phase} ${entry.outcome ?? ''}`.trim()).toSorted(),
    chain: await story.installation.audit.verify().then(({ intact }) => intact),
  };
}

const ONE_OF_EACH = { bindings: 1, boundAdmins: 1, tenantsOfAccounts: 1, tenantClaims: 1, journeys: 1, doubledAuditIds: 0, orphanedIntents: [], chain: true };

function childrenFor(state: string, act: AccountErrand['act'], writes: number): Children {
  const errand: AccountErrand = { ...errandOf(story, folder, state), accountId: 'contoso', act, writes };
  return new Children(script, errand);
}

const ask = async <R>(child: ChildProcess) => askChild<R>(child, 'go');

describe('a process that is killed after every write it makes', () => {
  it('is continued by the next one, to an active account, with every effect there once', { timeout: 150_000 }, async () => {
    await story.renew();
    await onboardAsAdmin(story, await invite(story), admin());
    await advanceUntilSettled(story, 'contoso');
    const undisturbed = await whatIsThere();
    expect(undisturbed).toMatchObject(ONE_OF_EACH);

    await story.renew({ openStore: (clock) => openStateStore(STATE, { clock, folder }) });
    await onboardAsAdmin(story, await invite(story), admin());
    const children = childrenFor(STATE, 'advance', 1);
    let kills = 0;
    let report: JourneyReport | undefined;
    let child = await children.next();
    for (let turn = 0; turn < 200 && report?.state !== 'active'; turn += 1) {
      const answer = await ask<JourneyReport>(child);
      if (answer === undefined) {
        kills += 1;
        child = await children.next();
        continue;
      }
      if (answer.report === undefined) throw new Error(answer.failed);
      report = answer.report;
      if (report.nextCheckAt !== null) story.advanceClock(Math.max(0.001, (report.nextCheckAt - story.clock.now()) / 1000));
    }
    child.kill('SIGKILL');
    await children.stop();

    expect(report).toMatchObject({ state: 'active', waitingFor: null, reasons: [] });
    expect(kills).toBeGreaterThan(20);
    expect(await whatIsThere()).toEqual(undisturbed);
    expect(await story.onboarding.showBinding('contoso')).toMatchObject({ state: 'active', sequence: 1, history: [] });
    expect((await story.onboarding.impersonate({ accountId: 'contoso', operatorId: 'op-1', reason: 'after all that' })).deliverTo).toBeDefined();
  });
});

// removal.test.ts dies after every single write; here it is a real process, in a real file.
describe('a removal whose process is killed every few writes', () => {
  it('is finished by whoever comes next, and nobody can use the account in between', { timeout: 150_000 }, async () => {
    const state = 'sqlite:removal.sqlite';
    await story.renew({ openStore: (clock) => openStateStore(state, { clock, folder }) });
    await onboardAsAdmin(story, await invite(story), admin());
    await advanceUntilSettled(story, 'contoso');
    await story.onboarding.impersonate({ accountId: 'contoso', operatorId: 'op-1', reason: 'nobody redeems it' });
    const children = childrenFor(state, 'remove', 7);
    let kills = 0;
    let last: Answer<RemovedAccount> | undefined;
    while (last === undefined && kills < 200) {
      last = await ask<RemovedAccount>(await children.next());
      if (last === undefined) kills += 1;
      // From the first write on, which is the mark.
      if (last === undefined && (await story.onboarding.listAccounts()).length > 0) {
        expect(await codeOf(story.onboarding.advance('contoso')), `after kill ${kills}`).toBe('ACCOUNT_REMOVING');
      }
    }
    await children.stop();

    // Whoever is killed right after the very last write has a successor that finds nothing to remove.
    expect(['ACCOUNT_NOT_FOUND', undefined]).toContain(last?.failed);
    expect(kills).toBeGreaterThan(4);
    expect(await whatIsThere()).toMatchObject({ bindings: 0, tenantsOfAccounts: 0, journeys: 0, doubledAuditIds: 0, orphanedIntents: [], chain: true });
    expect((await whatIsThere()).effects.filter((effect) => effect.startsWith('accounts.removed'))).toEqual(['accounts.removed intent', 'accounts.removed outcome done']);
    await onboardAsAdmin(story, await invite(story), admin());
    expect(await story.onboarding.showAccount('contoso')).toMatchObject({ tenantId: story.tenant('contoso.example').tenantId });
  });
});

describe('pages whose state dies under them after a write', () => {
  let dying: DyingStore;

  async function renewMortal(): Promise<string> {
    await story.renew({
      wrapStore: (store) => {
        dying = createDyingStore(store);
        return dying.store;
      },
    });
    return invite(story);
  }

  /** Every write from the first click to the admin's confirmation, one run for each. */
  it('end in the same place when the admin opens the invitation again, whichever write it was', { timeout: 150_000 }, async () => {
    let writes = 0;
    let survived = false;
    for (; !survived && writes < 120; writes += 1) {
      const url = await renewMortal();
      const visitor = story.visitor();
      dying.dieAfter(writes + 1);
      const asked = await visitInvitation(story, url, admin(), 'accept', visitor);
      const pressed = asked.text('admin') === undefined ? asked : await visitor.submit(asked, 'confirm', { accessLevel: 'restricted' });
      survived = !dying.died();
      dying.dieAfter(undefined);
      // Whoever has the question in front of them presses again; everybody else comes back through the invitation.
      const again = asked.text('admin') === undefined ? await visitInvitation(story, url, admin(), 'accept', visitor) : asked;
      const done = survived ? pressed : await visitor.submit(again, 'confirm', { accessLevel: 'restricted' });
      expect(done.text('done'), `after write ${writes + 1}`).toBeDefined();
      expect(await story.onboarding.showAccount('contoso')).toMatchObject({ state: 'consent_verifying', accessLevel: 'restricted', tenantId: story.tenant('contoso.example').tenantId });
      const there = await whatIsThere();
      expect(there, `after write ${writes + 1}`).toMatchObject({ tenantsOfAccounts: 1, tenantClaims: 1, doubledAuditIds: 0, chain: true });
      expect(await story.installation.audit.orphanedIntents(), `after write ${writes + 1}`).toEqual([]);
    }
    expect(writes).toBeGreaterThan(20);
    expect(survived).toBe(true);
  });
});
