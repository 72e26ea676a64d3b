/** Microsoft's clouds: an onboarding in each, and a tenant of any other, which is recognised before a link is sent. */
import { afterEach, describe, expect, it } from 'vitest';
import { CLOUD_IDENTITIES, CLOUDS } from '../../src/core/internal/clouds';
import { codeOf, invite, requestsDuring } from './attacks';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

let story: Story | undefined;
afterEach(async () => {
  await story?.stop();
  story = undefined;
});

const people = [{ alias: 'ava', name: 'Ava Reed', roles: ['Global Administrator'] }];
const tenantOf = (cloud: (typeof CLOUDS)[number]) => ({ key: `in${cloud}`, name: `In ${cloud}`, domain: `${cloud}.example`, prefix: `in${cloud}`, country: 'US', licences: [], people, cloud });

async function openIn(cloud: (typeof CLOUDS)[number]): Promise<Story> {
  story = await startStory({ sandbox: { seed: { cloud, tenants: CLOUDS.filter((other) => other !== cloud).map(tenantOf) } }, configure: () => ({ adminChoice: 'first' }) });
  return story;
}

describe.each(CLOUDS)('an installation for %s', (cloud) => {
  it('onboards a customer of that cloud to the end, under that cloud\'s addresses and issuers alone', { timeout: 60_000 }, async () => {
    const here = await openIn(cloud);
    const done = await onboardAsAdmin(here, await invite(here), personWith(here.tenant('contoso.example'), 'Global Administrator'));
    expect(done.text('done')).toBeDefined();
    expect(await advanceUntilSettled(here, 'contoso')).toMatchObject({ state: 'active', reasons: [] });
    expect(here.sandbox.gaps()).toEqual([]);
  });

  it('recognises a tenant of any other cloud before it is noted or a link is sent, and says which it is in', { timeout: 60_000 }, async () => {
    const here = await openIn(cloud);
    await here.onboarding.addAccount({ id: 'late', name: 'Late Ltd' }, OPERATOR);
    const domains = CLOUDS.filter((other) => other !== cloud).map((other) => ({ other, domain: `${other}.example` }));
    const { rows } = await requestsDuring(here, async () => {
      for (const { other, domain } of domains) {
        const refusals = [here.onboarding.addAccount({ id: 'agency', name: 'Agency', expectedTenant: domain }, OPERATOR), here.onboarding.openConsent({ accountId: 'late', operatorId: OPERATOR, tenant: domain })];
        for (const refusal of refusals) {
          const error: unknown = await refusal.catch((reason: unknown) => reason);
          expect(error).toMatchObject({ code: 'TENANT_WRONG_CLOUD', owner: 'partner', details: { tenant: domain, cloud: other, ownCloud: cloud } });
          expect(String(error)).toContain(CLOUD_IDENTITIES[other].name);
        }
      }
    });
    expect(new Set(rows.map(({ path }) => path.split('/').slice(2).join('/')))).toEqual(new Set(['v2.0/.well-known/openid-configuration']));
    expect(await codeOf(here.onboarding.showAccount('agency'))).toBe('ACCOUNT_NOT_FOUND');
    expect(await here.onboarding.showAccount('late')).toMatchObject({ expectedTenant: null, state: 'new' });
  });
});

describe('a tenant that turns out to be elsewhere', () => {
  it('is called that by the token endpoint as well', async () => {
    const here = await openIn('global');
    const tenantId = here.sandbox.ready.tenants.find(({ domain }) => domain === 'china.example')?.tenantId ?? '';
    const request = { appKey: here.configuration.apps[0]?.key ?? '', tenantId, resource: here.configuration.endpoints.graphResource };
    expect(await here.installation.ports.tokens.acquire(request).catch((reason: unknown) => reason)).toMatchObject({ code: 'TENANT_WRONG_CLOUD', serviceCode: 'AADSTS900382', owner: 'partner' });
  });
});
