/**
 * The trigger as n8n would run it: webhooks routed by method and exact address as n8n routes them, the node's own
 * `webhook` behind them, and what would have started a workflow collected. The sandbox and the visitor are real.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IDataObject, IHookFunctions, INode, IWebhookFunctions } from 'n8n-workflow';
import { M365ConsentTrigger } from '../../src/nodes/M365ConsentTrigger/M365ConsentTrigger.node';
import { closeHosts, openHost } from '../../src/nodes/host/installation';
import { playPerson, type ConsentDecision } from '../../src/sandbox/admin';
import { buildConfig, startSandbox } from '../../src/sandbox/index';
import { createVisitor, type VisitedPage, type Visitor } from '../../src/sandbox/visitor';

export const PATH = 'm365-onboarding';
const NO_LAG = { 'graph.get': 0, 'graph.list': 0, 'sts.servicePrincipal': 0, 'sts.keys': 0, 'sts.roles': 0 } as const;
const ALLOW_SANDBOX = 'M365_ONBOARDING_ALLOW_SANDBOX';

type CredentialData = Record<string, Record<string, unknown>>;

export async function startTriggerStage() {
  const before = process.env[ALLOW_SANDBOX];
  process.env[ALLOW_SANDBOX] = 'true';
  const at = (page: string) => `http://localhost/webhook/${PATH}${page}`;
  const sandbox = await startSandbox({ seed: { redirectUris: [at('/consent/callback'), at('/sign-in/callback')] } });
  sandbox.setReplicationLagMs(NO_LAG);
  const trigger = new M365ConsentTrigger();
  const started: IDataObject[] = [];
  const logged: string[] = [];
  const credentials: CredentialData = {};
  const server = createServer((request, response) => void route(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://localhost:${port}`;
  const publicBaseUrl = `${origin}/webhook/${PATH}`;
  const ca = readFileSync(sandbox.ready.caFile, 'utf8');

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const address = new URL(request.url ?? '/', origin).pathname.replace(/^\/prefix-of-a-proxy/, '').replace(/^\/webhook\//, '');
    const isRouted = trigger.description.webhooks?.some(({ httpMethod, path }) => httpMethod === request.method && path.replace('={{$parameter["path"]}}', PATH) === address);
    if (isRouted !== true) {
      response.writeHead(404);
      response.end('n8n: no such webhook');
      return;
    }
    const received = Object.assign(request, { originalUrl: request.url, ...(parts.length === 0 ? {} : { rawBody: Buffer.concat(parts) }) });
    const answering = Object.assign(response, { status: (code: number) => Object.assign(response, { statusCode: code }) });
    const result = await trigger.webhook.call(fakeWebhook({ received, answering }));
    for (const item of result.workflowData?.flat() ?? []) started.push(item.json);
    if (result.noWebhookResponse !== true) throw new Error('n8n would have answered a second time.');
  }

  function fakeWebhook({ received, answering }: { readonly received: unknown; readonly answering: unknown }): IWebhookFunctions {
    const fake = { ...fakeNode(), getMode: () => 'trigger', getRequestObject: () => received, getResponseObject: () => answering };
    return fake as unknown as IWebhookFunctions;
  }

  function fakeNode() {
    const node: INode = { id: 'n', name: 'M365 Consent Trigger', type: 'n8n-nodes-m365-onboarding.m365ConsentTrigger', typeVersion: 1, position: [0, 0], parameters: { path: PATH } };
    const write = (...what: readonly unknown[]) => void logged.push(JSON.stringify(what));
    return {
      getNode: () => node,
      getNodeParameter: () => PATH,
      getCredentials: async (type: string) => credentials[type] ?? {},
      logger: { debug: write, info: write, warn: write, error: write },
    };
  }

  /** The two credentials as the user filled them in. */
  function fillIn(changes: Record<string, unknown> = {}): void {
    const { homeTenantId, apps, operators, operator, partnerName } = buildConfig(sandbox.ready);
    credentials['m365PartnerApp'] = {
      homeTenantId,
      cloud: 'global',
      apps: JSON.stringify(apps.map((app) => ({ ...app, credential: { from: 'secret' } }))),
      appSecrets: JSON.stringify(Object.fromEntries(sandbox.ready.apps.map((app) => [app.key, { secret: app.clientSecret }]))),
      useSandbox: true,
      sandboxAuthorityHost: sandbox.ready.login,
      sandboxGraphBaseUrl: sandbox.ready.graph,
      sandboxCa: ca,
    };
    credentials['m365OnboardingState'] = { stateUrl: 'memory:', masterKeys: `k1:${Buffer.alloc(32, 9).toString('base64')}`, operators: JSON.stringify(operators), operatorId: operator, partnerName, publicBaseUrl, ...changes };
  }

  fillIn();
  return {
    sandbox,
    publicBaseUrl,
    origin,
    started,
    logged,
    fillIn,
    visitor: () => createVisitor({ ca }),
    /** As the node M365 Onboarding does: an account, and its invitation. */
    invite: async (accountId: string, expectedTenant: string): Promise<string> => {
      const host = await openHost({ getCredentials: async (type: string) => credentials[type] } as never);
      await host.asOperator().addAccount({ id: accountId, name: `Customer ${accountId}`, expectedTenant });
      const { url } = await host.asOperator().openConsent({ accountId });
      host.release();
      return url;
    },
    hook: (mode: string, url = `${publicBaseUrl}/consent/callback`, path: string = PATH) => ({ ...fakeNode(), getMode: () => mode, getNodeParameter: () => path, getNodeWebhookUrl: () => url }) as unknown as IHookFunctions,
    trigger,
    stop: async () => {
      await closeHosts();
      server.closeAllConnections();
      server.close();
      await sandbox.stop();
      if (before === undefined) delete process.env[ALLOW_SANDBOX];
      else process.env[ALLOW_SANDBOX] = before;
    },
  };
}

/** From a page on, until the person has nothing left to click. */
export async function goOn(visitor: Visitor, start: VisitedPage, person: { readonly upn: string; readonly password: string }, decision: ConsentDecision = 'accept'): Promise<VisitedPage> {
  let page = start;
  for (let step = 0; step < 20; step += 1) {
    const next = await playPerson(visitor, page, person, decision);
    if (next === page) return page;
    page = next;
  }
  return page;
}
