/** Granting and revoking in n8n: the admin's access token comes from n8n's own credential, and from nowhere else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CUSTOMER_ADMIN } from '../../src/nodes/host/admin-token';
import { tokenFor } from '../journeys/admin-token';
import { invite } from '../journeys/attacks';
import { removePermission } from '../journeys/directory';
import { onboardAsAdmin, personWith } from '../journeys/story';
import { type Item, type Stage, startStage } from './n8n-stage';

let stage: Stage;
let personToken = '';
const seen: string[] = [];
const account = { mode: 'list', value: 'contoso' };

beforeAll(async () => {
  stage = await startStage();
  const { story } = stage;
  const admin = personWith(story.tenant('contoso.example'), 'Global Administrator');
  await onboardAsAdmin(story, await invite(story), admin);
  personToken = tokenFor(story, story.tenant('contoso.example'), admin.objectId).reveal();
}, 60_000);

afterAll(async () => stage.stop());

const signedIn = () => ({ credentials: { ...stage.credentials, [CUSTOMER_ADMIN]: { oauthTokenData: { access_token: personToken, token_type: 'Bearer' } } } });

async function one(operation: string, parameters: Item) {
  const json = await stage.one('consent', operation, { account, ...parameters }, signedIn());
  seen.push(JSON.stringify(json));
  return json;
}

async function refusal(operation: string, parameters: Item, changes: object = signedIn()) {
  const error = await stage.refusal('consent', operation, { account, ...parameters }, changes);
  seen.push(JSON.stringify(error), String(error), String((error as Error).stack));
  return error;
}

describe('the operations Grant and Revoke of the resource Consent', { timeout: 60_000 }, () => {
  it('grant what is missing once the admin has signed in, after a dry run that changed nothing', async () => {
    removePermission(stage.story, 'contoso.example', 'backup', 'Mail.ReadWrite');
    expect(await refusal('grant', {}, {})).toMatchObject({ type: 'CONSENT_ROUTE_MISSING' });
    expect(await one('grant', { dryRun: true, grantApps: ' backup , restore ' })).toMatchObject({ state: 'planned', apps: [{ key: 'backup', toGrant: [{ name: 'Mail.ReadWrite' }] }, { key: 'restore', toGrant: [] }] });
    expect(await one('grant', { grantApps: 'backup' })).toMatchObject({ state: 'made', route: 'admin' });
    expect(await one('grant', {})).toMatchObject({ state: 'nothing_missing' });
  });

  it('act as an app of the credential only with the rights it has', async () => {
    removePermission(stage.story, 'contoso.example', 'restore', 'Files.ReadWrite.All');
    expect(await refusal('grant', { grantRoute: 'app', grantWithApp: 'backup' })).toMatchObject({ type: 'CONSENT_GRANT_NOT_ALLOWED' });
    expect(await refusal('grant', { grantRoute: 'app', grantWithApp: '' })).toMatchObject({ type: 'INPUT_INVALID' });
  });

  it('revoke one permission, one app or the invitation, and grants only when that is confirmed', async () => {
    const permission = { revokeWhat: 'permission', revokeApp: 'backup', revokePermission: 'Mail.ReadWrite', revokeType: 'application', revokeResource: 'graph' };
    expect(await refusal('revoke', permission)).toMatchObject({ type: 'CONSENT_REVOCATION_UNCONFIRMED' });
    expect(await one('revoke', { ...permission, confirmed: true })).toMatchObject({ state: 'revoked', gone: [{ name: 'Mail.ReadWrite' }], staysValid: [{ what: 'app_tokens', untilAt: expect.stringMatching(/^\d{4}-/) as string }], journey: 'attention' });
    expect(await one('revoke', { revokeWhat: 'app', revokeApp: 'restore', revokePrincipals: true, confirmed: true })).toMatchObject({ state: 'revoked', notRevoked: [] });
    expect(await one('revoke', { revokeWhat: 'everything', confirmed: true })).toMatchObject({ state: 'revoked' });
    expect(await one('revoke', { revokeWhat: 'invitation' })).toEqual({ accountId: 'contoso', revoked: true });
  });

  it('give the access token away nowhere', () => {
    expect(seen.length).toBeGreaterThan(8);
    expect(seen.filter((text) => text.includes(personToken))).toEqual([]);
  });
});
