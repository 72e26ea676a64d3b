/** Customer-owned apps in n8n: the admin's access token comes from n8n's own credential, and from nowhere else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CUSTOMER_ADMIN } from '../../src/nodes/host/admin-token';
import { OPERATIONS } from '../../src/nodes/M365Onboarding/resources/operations';
import { signInForToken, tokenFor } from '../journeys/admin-token';
import { invite } from '../journeys/attacks';
import { onboardAsAdmin, personWith } from '../journeys/story';
import { type Item, type Stage, startStage } from './n8n-stage';

let stage: Stage;
let personToken = '';
const seen: string[] = [];
const where = { account: { mode: 'list', value: 'contoso' }, customerAppKey: 'backup' };
const LIST = JSON.stringify([{ resource: 'graph', type: 'application', name: 'User.Read.All', reason: 'finds people' }]);

beforeAll(async () => {
  stage = await startStage();
  const { story } = stage;
  const admin = personWith(story.tenant('contoso.example'), 'Global Administrator');
  await onboardAsAdmin(story, await invite(story), admin);
  personToken = (await signInForToken(story, story.tenant('contoso.example'), admin)).reveal();
}, 60_000);

afterAll(async () => stage.stop());

const signedIn = (accessToken: unknown = personToken) => ({ credentials: { ...stage.credentials, [CUSTOMER_ADMIN]: { oauthTokenData: { access_token: accessToken, token_type: 'Bearer' } } } });

async function one(operation: string, parameters: Item, changes: object = {}) {
  const json = await stage.one('customerApp', operation, { ...where, ...parameters }, changes);
  seen.push(JSON.stringify(json));
  return json;
}

async function refusal(operation: string, parameters: Item, changes: object = {}) {
  const error = await stage.refusal('customerApp', operation, { ...where, ...parameters }, changes);
  seen.push(JSON.stringify(error), String(error), String((error as Error).stack));
  return error;
}

describe('the operations of the resource Customer App', { timeout: 60_000 }, () => {
  it("register an app once the customer's admin has signed in, and read it back", async () => {
    const permissions = { permissionsFrom: 'list', permissionsList: LIST };
    expect(await refusal('register', permissions)).toMatchObject({ type: 'CUSTOMER_APP_TOKEN_MISSING' });
    expect(await refusal('register', permissions, signedIn(''))).toMatchObject({ type: 'CUSTOMER_APP_TOKEN_MISSING', message: expect.stringContaining('connect it') as string });
    const registered = await one('register', { ...permissions, displayName: 'Northwind backup' }, signedIn());
    expect(registered).toMatchObject({ state: 'active', displayName: 'Northwind backup', provenAt: expect.stringMatching(/^\d{4}-/) as string });
    expect(await one('register', { permissionsFrom: 'before' })).toEqual(registered);
    expect(await one('get', {})).toEqual(registered);
    expect((await stage.run([{ resource: 'customerApp', operation: 'getMany', returnAll: true, accountFilter: '' }])).map(({ json }) => json)).toEqual([registered]);
    expect(await stage.run([{ resource: 'customerApp', operation: 'getMany', returnAll: true, accountFilter: 'fabrikam' }])).toEqual([]);
  });

  it("refuse another tenant's admin, an unknown app and a list that is none", async () => {
    const fabrikam = stage.story.tenant('fabrikam.example');
    const foreign = tokenFor(stage.story, fabrikam, personWith(fabrikam, 'Global Administrator').objectId).reveal();
    const other = { customerAppKey: 'other', permissionsFrom: 'app', permissionsApp: 'backup' };
    expect(await refusal('register', other, signedIn(foreign))).toMatchObject({ type: 'TENANT_MISMATCH' });
    expect(await refusal('register', { ...other, permissionsApp: 'nowhere' }, signedIn())).toMatchObject({ type: 'APP_UNKNOWN' });
    expect(await refusal('register', { ...other, permissionsFrom: 'list', permissionsList: '[{' }, signedIn())).toMatchObject({ type: 'INPUT_INVALID' });
    expect(await refusal('adopt', { ...other, applicationId: 'Northwind backup' }, signedIn())).toMatchObject({ type: 'INPUT_INVALID' });
  });

  it('adopt an app registration by its id, take our key off it, and remove what was registered', async () => {
    const { appId } = await one('get', {});
    const made = { customerAppKey: 'mine', permissionsFrom: 'list', permissionsList: JSON.parse(LIST) as unknown, applicationId: appId };
    expect(await one('adopt', made, signedIn())).toMatchObject({ state: 'active', origin: 'adopted', displayName: 'Northwind backup' });
    expect(await refusal('remove', { customerAppKey: 'mine' }, signedIn())).toMatchObject({ type: 'CUSTOMER_APP_ADOPTED' });
    expect(await one('remove', { customerAppKey: 'mine', keyOnly: true }, signedIn())).toMatchObject({ deleted: true, stillGranted: [{ roles: ['User.Read.All'] }] });
    expect(await one('remove', { purge: true }, signedIn())).toMatchObject({ deleted: true, evidence: { applicationGone: true, inRecycleBin: false } });
    expect(await refusal('get', {})).toMatchObject({ type: 'CUSTOMER_APP_UNKNOWN' });
  });

  it("take the admin's access token from no field, and give it away in nothing", () => {
    const fields = OPERATIONS.filter(({ resource }) => resource === 'customerApp').flatMap((operation) => operation.fields.map(({ name }) => name));
    expect(fields.filter((name) => /token|secret|password/i.test(name))).toEqual([]);
    expect(seen.length).toBeGreaterThan(8);
    expect(seen.filter((text) => text.includes(personToken))).toEqual([]);
  });
});
