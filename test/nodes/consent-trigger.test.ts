import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { personWith } from '../journeys/story';
import { goOn, PATH, startTriggerStage } from './consent-trigger-stage';

let stage: Awaited<ReturnType<typeof startTriggerStage>>;
let counter = 0;

beforeAll(async () => {
  stage = await startTriggerStage();
});
afterAll(async () => stage.stop());
beforeEach(() => {
  stage.fillIn();
  stage.sandbox.reset();
  stage.started.length = 0;
  stage.logged.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

const tenantOf = (domain: string) => {
  const tenant = stage.sandbox.ready.tenants.find((candidate) => candidate.domain === domain);
  if (tenant === undefined) throw new Error(domain);
  return tenant;
};
const adminOf = (domain: string) => personWith(tenantOf(domain), 'Global Administrator');

/** An account of its own per test, since all share one state. */
async function begin(domain = 'contoso.example') {
  counter += 1;
  const accountId = `customer-${counter}`;
  const url = await stage.invite(accountId, domain);
  const visitor = stage.visitor();
  const landing = await visitor.open(url);
  return { accountId, url, visitor, landing };
}

/** Up to Microsoft's first page; what a callback of this browser would look like is then known. */
async function atMicrosoft() {
  const begun = await begin();
  const microsoft = await begun.visitor.submit(begun.landing, 'continue');
  const state = new URL(begun.visitor.history.findLast((address) => address.includes('adminconsent')) ?? '').searchParams.get('state') ?? '';
  const callback = (changes: Record<string, string> = {}) => `${stage.publicBaseUrl}/consent/callback?${new URLSearchParams({ state, tenant: tenantOf('contoso.example').tenantId, admin_consent: 'True', ...changes }).toString()}`;
  return { ...begun, microsoft, state, callback };
}

describe('an admin who walks through the pages n8n serves', () => {
  it('starts the workflow with a claim per round and, in the end, with the proof of ownership', async () => {
    const { accountId, visitor, landing } = await begin();
    const { tenantId } = tenantOf('contoso.example');
    const confirm = await goOn(visitor, await visitor.submit(landing, 'continue'), adminOf('contoso.example'));
    expect(confirm.url).toBe(`${stage.publicBaseUrl}/sign-in/confirm`);
    expect(stage.started).toEqual([
      { accountId, outcome: 'consent_claimed', round: 1, rounds: 2, tenantId, tenantIs: 'claimed', reasons: [], at: expect.stringMatching(/^\d{4}-.*Z$/) },
      { accountId, outcome: 'consent_claimed', round: 2, rounds: 2, tenantId, tenantIs: 'claimed', reasons: [], at: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
    const done = await visitor.submit(confirm, 'confirm', { accessLevel: 'restricted' });
    expect(done.text('done')).toBeDefined();
    expect(stage.started.slice(2)).toEqual([{ accountId, outcome: 'ownership_proven', round: null, rounds: 2, tenantId, tenantIs: 'proven', reasons: [], at: expect.any(String) }]);
    await visitor.submit(confirm, 'confirm', { accessLevel: 'restricted' });
    expect(stage.started).toHaveLength(3);
  });

  it('never leaves the path that is registered, and is on sandboxed pages all the way', async () => {
    // A tenant belongs to one account for good, and the test above has given contoso away.
    const { visitor, landing } = await begin('fabrikam.example');
    expect(landing.url).toMatch(new RegExp(`/webhook/${PATH}/invite\\?ticket=`));
    expect(landing.headers['content-security-policy']).toContain('; sandbox allow-forms allow-same-origin');
    const confirm = await goOn(visitor, await visitor.submit(landing, 'continue'), adminOf('fabrikam.example'));
    expect(confirm.headers['content-security-policy']).toContain('; sandbox allow-forms allow-same-origin');
    const done = await visitor.submit(confirm, 'confirm', { accessLevel: 'none' });
    expect(done.headers['content-security-policy']).toMatch(/; sandbox$/);
    const ours = visitor.history.filter((address) => address.startsWith(stage.origin));
    expect(ours.length).toBeGreaterThan(6);
    expect(ours.filter((address) => !address.startsWith(`${stage.publicBaseUrl}/`))).toEqual([]);
  });

  it('hands no state, ticket or cookie to the workflow', async () => {
    const { url, visitor, landing } = await begin();
    await goOn(visitor, await visitor.submit(landing, 'continue'), adminOf('contoso.example'));
    const secrets = [new URL(url).searchParams.get('ticket'), ...visitor.history.map((address) => new URL(address).searchParams.get('state'))].filter((one) => one !== null);
    expect(secrets.length).toBeGreaterThan(2);
    const seen = JSON.stringify([stage.started, stage.logged]);
    expect(secrets.filter((one) => seen.includes(one))).toEqual([]);
  });
});

describe('an answer that is a no', () => {
  it('starts the workflow as declined, and the same invitation can be opened again', async () => {
    const { accountId, url, visitor, landing } = await begin();
    const refused = await goOn(visitor, await visitor.submit(landing, 'continue'), adminOf('contoso.example'), 'cancel');
    expect(refused.text('refusal')).toBeDefined();
    expect(stage.started).toMatchObject([{ accountId, outcome: 'consent_declined', round: 1, rounds: 2, tenantId: null, tenantIs: null, reasons: [{ code: 'CONSENT_DECLINED' }] }]);
    expect((await visitor.open(url)).text('continue')).toBeDefined();
  });

  it('starts the workflow as another tenant\'s answer, which is named as claimed', async () => {
    const { accountId, visitor, callback } = await atMicrosoft();
    const other = tenantOf('fabrikam.example').tenantId;
    const refused = await visitor.open(callback({ tenant: other }));
    expect(refused.status).toBe(403);
    expect(stage.started).toMatchObject([{ accountId, outcome: 'consent_wrong_tenant', round: 1, tenantId: other, tenantIs: 'claimed', reasons: [{ code: 'CONSENT_WRONG_TENANT' }] }]);
  });
});

describe('a callback nobody may believe', () => {
  it('with a forged or damaged state gets a public answer and starts nothing', async () => {
    const { visitor, callback, state } = await atMicrosoft();
    const bad = [callback({ state: 'x'.repeat(43) }), callback({ state: 'x'.repeat(5000) }), `${callback()}&state=${state}`, callback({ tenant: 'organizations' }), `${stage.publicBaseUrl}/consent/callback`];
    for (const address of bad) {
      const page = await visitor.open(address);
      expect([page.status, page.text('refusal')]).toEqual([400, 'This page cannot be opened']);
      expect(page.text('support-code')).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{4}$/);
    }
    expect(stage.started).toEqual([]);
  });

  it('in another browser starts nothing, and leaves the answer to its owner', async () => {
    const { visitor, callback } = await atMicrosoft();
    expect((await stage.visitor().open(callback())).status).toBe(400);
    expect(stage.started).toEqual([]);
    await visitor.open(callback());
    expect(stage.started).toHaveLength(1);
  });

  it('that is repeated starts nothing a second time', async () => {
    const { visitor, callback } = await atMicrosoft();
    await visitor.open(callback());
    expect(stage.started).toHaveLength(1);
    expect((await visitor.open(callback())).status).toBe(400);
    expect(stage.started).toHaveLength(1);
  });

  it('after its hour gets a public answer and starts nothing', async () => {
    const { visitor, callback } = await atMicrosoft();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 3_601_000);
    expect((await visitor.open(callback())).status).toBe(410);
    expect(stage.started).toEqual([]);
  });
});

describe('the other addresses of the installation', () => {
  it('answer under the same path, also behind a proxy that puts something in front', async () => {
    expect(await (await fetch(`${stage.publicBaseUrl}/healthz`)).json()).toEqual({ ok: true });
    const proxied = `${stage.origin}/prefix-of-a-proxy/webhook/${PATH}/.well-known/jwks.json`;
    expect(await (await fetch(proxied)).json()).toEqual({ keys: [] });
    expect((await fetch(`${stage.publicBaseUrl}/impersonation/redeem`, { method: 'POST' })).status).toBe(404);
    expect(stage.started).toEqual([]);
  });

  it('take no body larger than a form of ours', async () => {
    const answer = await fetch(`${stage.publicBaseUrl}/sign-in/callback`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `code=${'x'.repeat(70_000)}` });
    expect(answer.status).toBe(413);
  });

  it('say only that it is not possible now when a credential is wrong, and tell the log which field', async () => {
    stage.fillIn({ masterKeys: 'k1:not-thirty-two-bytes' });
    const answer = await fetch(`${stage.publicBaseUrl}/invite?ticket=abc`);
    expect([answer.status, await answer.text()]).toEqual([503, 'Please try again in a few minutes.']);
    expect(stage.logged.join('\n')).toContain('MASTER_KEY_INVALID');
    expect(stage.logged.join('\n')).not.toContain('not-thirty-two-bytes');
    expect(stage.started).toEqual([]);
  });
});

describe('publishing the workflow', () => {
  const create = (...hook: Parameters<typeof stage.hook>) => stage.trigger.webhookMethods.default.create.call(stage.hook(...hook));

  it('is fine when the credential leads to this trigger, and is checked every time', async () => {
    expect(await stage.trigger.webhookMethods.default.checkExists.call(stage.hook('trigger'))).toBe(false);
    expect(await create('trigger')).toBe(true);
    expect(stage.logged).toEqual([]);
  });

  it('is refused for a test URL, which nobody could register', async () => {
    await expect(create('manual')).rejects.toThrow('Test URLs cannot be registered in Entra ID');
  });

  it('is refused while invitations would lead elsewhere, naming the address they should lead to', async () => {
    stage.fillIn({ publicBaseUrl: 'https://elsewhere.example' });
    await expect(create('trigger')).rejects.toMatchObject({ message: expect.stringMatching(new RegExp(`leads elsewhere.*${stage.publicBaseUrl}`)) });
  });

  it('is refused for a path n8n would route differently', async () => {
    await expect(create('trigger', undefined, ':all/of/it')).rejects.toThrow('not a plain path');
  });

  it('warns when n8n believes in another public address', async () => {
    stage.fillIn({ publicBaseUrl: `https://n8n.example/webhook/${PATH}` });
    expect(await create('trigger')).toBe(true);
    expect(stage.logged.join('')).toContain('another address');
  });
});

describe('the panel', () => {
  it('shows the two addresses to register, once each, and hides the rest', () => {
    const shown = (stage.trigger.description.webhooks ?? []).filter((webhook) => webhook.ndvHideUrl !== true);
    expect(shown.map((webhook) => webhook.path)).toEqual(['={{$parameter["path"]}}/consent/callback', '={{$parameter["path"]}}/sign-in/callback']);
  });
});
