/** One answer that is delivered to two installations at the same moment, each with its own handle on one SQLite file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStateStore } from '../../src/core/adapters/open-store';
import { auditOf, FORM, invite, sendRaw } from './attacks';
import { startStory, type Story } from './story';

const STATE = 'sqlite:race.sqlite';
const folder = mkdtempSync(join(tmpdir(), 'm365-consent-race-'));
let story: Story;

beforeAll(async () => {
  story = await startStory({ openStore: (clock) => openStateStore(STATE, { clock, folder }) });
});

afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('is taken by exactly one of them, is noted once, and the other one says that it was used', async () => {
  const other = await story.install(await openStateStore(STATE, { clock: story.clock, folder }));
  try {
    const url = new URL(await invite(story));
    const begun = await sendRaw(story, url.pathname, { method: 'POST', headers: FORM, body: '' });
    const state = new URL(String(begun.headers['location'])).searchParams.get('state') ?? '';
    const cookie = String((begun.headers['set-cookie'] as readonly string[])[0]).split(';')[0] ?? '';
    const query = new URLSearchParams({ admin_consent: 'True', tenant: story.tenant('contoso.example').tenantId, state });
    const deliver = ({ onboarding }: Pick<Story['installation'], 'onboarding'>) => onboarding.handle({ method: 'GET', path: '/consent/callback', query, headers: { cookie }, body: '' });
    const answers = await Promise.all([story.installation, other, story.installation, other].map(deliver));
    expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([303, 400, 400, 400]);
    for (const { body } of answers.filter(({ status }) => status === 400)) expect(body).toContain('This address was used already');
    const noted = await auditOf(story);
    expect(noted.filter((entry) => entry.action === 'consent.callback_claimed')).toHaveLength(1);
    expect(noted.filter((entry) => entry.reason === 'CONSENT_STATE_REPLAYED')).toHaveLength(1);
  } finally {
    await other.close();
  }
});
