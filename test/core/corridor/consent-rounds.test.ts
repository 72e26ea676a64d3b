/** Two browsers, or a browser and an operator, in each other's way: a token endpoint that says yes to every tenant. */
import { describe, expect, it } from 'vitest';
import { adminSettingsSchema } from '../../../src/core/admins/settings';
import { addAccount } from '../../../src/core/accounts/account';
import { readJourney, updateJourney } from '../../../src/core/accounts/journey';
import { createConfiguredAuthorizer } from '../../../src/core/accounts/operators';
import { parseApps } from '../../../src/core/consent/apps/apps';
import { openConsent } from '../../../src/core/corridor/consent/requests';
import { beginRounds, finishRound } from '../../../src/core/corridor/consent/rounds';
import type { OnboardingContext } from '../../../src/core/corridor/context';
import { removeAccount } from '../../../src/core/corridor/removal';
import { CLOUD_ENDPOINTS } from '../../../src/core/internal/clouds';
import { secret } from '../../../src/core/internal/secret';
import type { Ports } from '../../../src/core/ports';
import { corePorts } from '../../support/core-ports';
import { HOME, OTHER_TENANT, TENANT } from '../sso/support';

const permission = { resource: 'graph', type: 'application', name: 'Directory.Read.All', reason: 'r' };
const apps = parseApps([
  { key: 'backup', appId: 'aaaaaaaa-0000-4000-8000-000000000001', round: 1, requiredPermissions: [permission] },
  { key: 'restore', appId: 'aaaaaaaa-0000-4000-8000-000000000002', round: 2, requiredPermissions: [permission] },
]);

async function stage() {
  const core = corePorts();
  const asked: { tenantId: string; meanwhile: (() => Promise<unknown>) | undefined } = { tenantId: '', meanwhile: undefined };
  const ports = {
    ...core,
    tokens: {
      acquire: async ({ tenantId }: { readonly tenantId: string }) => {
        asked.tenantId = tenantId;
        await asked.meanwhile?.();
        return { accessToken: secret('token'), expiresAt: 0, claims: undefined };
      },
    },
    tenants: { findTenantId: async (name: string) => (name === 'fabrikam.example' ? OTHER_TENANT : TENANT) },
    authorizer: createConfiguredAuthorizer([{ id: 'op-1', name: 'Op', accounts: 'all', may: ['onboard'] }]),
    events: { emit: () => undefined },
  } as unknown as Ports;
  const context: OnboardingContext = {
    ports,
    settings: { partnerName: 'P', homeTenantId: HOME, endpoints: CLOUD_ENDPOINTS.global, apps, publicBaseUrl: 'https://partner.example', adminChoice: 'manual', admins: adminSettingsSchema.parse({}), signInResponseMode: 'form_post', deployment: 'process' },
  };
  await addAccount(ports, { id: 'contoso', name: 'Contoso' }, 'op-1');
  const invite = async (tenant?: string) => new URL((await openConsent(context, { accountId: 'contoso', operatorId: 'op-1', tenant })).url).pathname.slice('/invite/'.length);
  const begin = async (ticket: string) => {
    const { browserSecret, outcome } = await beginRounds(context, ticket);
    if (outcome.kind !== 'microsoft') throw new Error(outcome.kind);
    const state = new URL(outcome.location).searchParams.get('state') ?? '';
    return { answer: (tenant: string) => finishRound(context, new URLSearchParams({ state, tenant, admin_consent: 'True' }), browserSecret) };
  };
  return { context, asked, invite, begin, journey: () => readJourney(ports, 'contoso') };
}

describe('an invitation any tenant may answer', () => {
  it('is answered by the first tenant that is proven; another browser with another tenant is told so and learns nothing', async () => {
    const { invite, begin, journey } = await stage();
    const ticket = await invite();
    const [first, second] = [await begin(ticket), await begin(ticket)];
    await first.answer(TENANT);
    await expect(second.answer(OTHER_TENANT)).rejects.toMatchObject({ code: 'CONSENT_WRONG_TENANT' });
    expect(await journey()).toMatchObject({ provenTenantId: TENANT, rounds: [{ round: 1, claimedTenantId: TENANT }] });
  });

  it('is answered by one of two tenants that are proven at the same moment', async () => {
    const { asked, invite, begin, journey } = await stage();
    const ticket = await invite();
    const [first, second] = [await begin(ticket), await begin(ticket)];
    asked.meanwhile = async () => {
      asked.meanwhile = undefined;
      await second.answer(OTHER_TENANT);
    };
    await expect(first.answer(TENANT)).rejects.toMatchObject({ code: 'CONSENT_WRONG_TENANT' });
    expect(await journey()).toMatchObject({ provenTenantId: OTHER_TENANT, rounds: [{ round: 1 }] });
  });
});

describe('an invitation that is replaced while Microsoft is being asked', () => {
  it('leaves nothing behind in the request that replaced it', async () => {
    const { asked, invite, begin, journey } = await stage();
    const browser = await begin(await invite());
    asked.meanwhile = () => invite('fabrikam.example');
    await expect(browser.answer(TENANT)).rejects.toMatchObject({ code: 'CONSENT_INVITATION_REPLACED' });
    expect(asked.tenantId).toBe(TENANT);
    expect(await journey()).toMatchObject({ state: 'consent_pending', epoch: 2, rounds: [], provenTenantId: null });
  });
});

describe('an account that is removed while Microsoft is being asked', () => {
  it.each([false, true])('leaves nothing behind, not even in one of the same id that has a request of its own (added again: %s)', async (again) => {
    const { context, asked, invite, begin, journey } = await stage();
    const browser = await begin(await invite());
    asked.meanwhile = async () => {
      await removeAccount(context, { accountId: 'contoso', operatorId: 'op-1' });
      if (!again) return;
      await addAccount(context.ports, { id: 'contoso', name: 'Contoso' }, 'op-1');
      await invite();
    };
    await expect(browser.answer(TENANT)).rejects.toMatchObject({ code: 'CONSENT_INVITATION_REVOKED' });
    expect(asked.tenantId).toBe(TENANT);
    expect(await journey()).toMatchObject({ state: again ? 'consent_pending' : 'new', rounds: [], provenTenantId: null });
    expect(await context.ports.store.get('accounts/journey/contoso')).toEqual(again ? expect.anything() : undefined);
  });
});

describe('an account that was offboarded', () => {
  it.each([undefined, 'fabrikam.example'])('gets no new invitation (expected tenant: %s)', async (tenant) => {
    const { context, invite } = await stage();
    await updateJourney(context.ports, 'contoso', (journey) => ({ ...journey, state: 'offboarded' }));
    await expect(invite(tenant)).rejects.toMatchObject({ code: 'ACCOUNT_OFFBOARDED' });
    expect(await context.ports.store.get('consent/current-invitation/contoso')).toBeUndefined();
  });
});
