/** Two installations, each with its own handle on one SQLite file, bind at the same moment. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openStateStore } from '../../src/core/adapters/open-store';
import { hasCode } from '../../src/core/errors';
import { isBoundTo } from '../../src/core/sso/binding';
import { auditOf, invite } from './attacks';
import { findPerson, rememberState } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const CONTOSO = 'contoso.example';
const STATE = 'sqlite:race.sqlite';
const folder = mkdtempSync(join(tmpdir(), 'm365-binding-race-'));
let story: Story;
let other: Awaited<ReturnType<Story['install']>>;
let putBack: () => Promise<void>;

beforeAll(async () => {
  story = await startStory({ openStore: (clock) => openStateStore(STATE, { clock, folder }) });
  await onboardAsAdmin(story, await invite(story), personWith(story.tenant(CONTOSO), 'Global Administrator'));
  expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'admin_needed' });
  putBack = await rememberState(story);
});

beforeEach(async () => {
  await putBack();
  // Like the first one it starts over: its audit must not remember entries that were put back.
  other = await story.install(await openStateStore(STATE, { clock: story.clock, folder }));
});

afterEach(async () => other.close());

afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true, force: true });
});

const bindAt = ({ onboarding }: Pick<Story['installation'], 'onboarding'>, alias: string) => onboarding.bindAdmin({ accountId: 'contoso', admin: findPerson(story, CONTOSO, alias).id, operatorId: OPERATOR });
const isHeld = (alias: string) => isBoundTo(story.installation.ports, { accountId: 'contoso', tenantId: story.tenant(CONTOSO).tenantId, objectId: findPerson(story, CONTOSO, alias).id });

it('different people to one account: one of them is bound, by both sides, and the other person is free', async () => {
  const ended = await Promise.allSettled([bindAt(story.installation, 'grace'), bindAt(other, 'ada')]);
  for (const end of ended) if (end.status === 'rejected') expect(hasCode(end.reason, 'STATE_CONFLICT')).toBe(true);
  expect(ended.some(({ status }) => status === 'fulfilled')).toBe(true);
  const bound = await story.onboarding.showBinding('contoso');
  expect(await other.onboarding.showBinding('contoso')).toEqual(bound);
  const grace = findPerson(story, CONTOSO, 'grace').id;
  expect([await isHeld('grace'), await isHeld('ada')]).toEqual(bound.userObjectId === grace ? [true, false] : [false, true]);
  expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
  expect(await story.installation.audit.orphanedIntents()).toEqual([]);
});

it('the same person to one account: it is one binding, noted once', async () => {
  const ended = await Promise.all([bindAt(story.installation, 'grace'), bindAt(other, 'grace'), bindAt(story.installation, 'grace'), bindAt(other, 'grace')]);
  expect(new Set(ended.map(({ boundAt, sequence }) => `${boundAt} ${sequence}`)).size).toBe(1);
  const noted = (await auditOf(story)).filter(({ action }) => action === 'sso.bound');
  expect(noted.map(({ phase }) => phase)).toEqual(['intent', 'outcome']);
  expect(await story.installation.audit.orphanedIntents()).toEqual([]);
});
