/** What there is to look at: a tenant whose admins can be listed, nodes in every state a person meets them in, the example. */
import assert from 'node:assert/strict';
import { acceptAsAdmin } from '../n8n/admin.mts';
import type { Client, Json, WorkflowNode } from '../n8n/client.mts';
import { type ExampleWorkflow, type KeptCredentials, withCredentials } from '../n8n/example.mts';
import { CUSTOMER, type openStage, PACKAGE, TRIGGER_PATH } from '../n8n/stage.mts';

/** A customer whose admin has answered nothing yet. */
const UNPROVEN = 'fabrikam';
const byId = (value: string) => ({ __rl: true, mode: 'id', value });
const FROM_LIST = { __rl: true, mode: 'list', value: '' };

/** The admin has confirmed the account, which is all that listing admins needs; the consent is still being read. Gives the trigger's workflow. */
export async function proveTenant(stage: Awaited<ReturnType<typeof openStage>>, kept: KeptCredentials): Promise<string> {
  const trigger: WorkflowNode = { name: 'M365 Consent Trigger', type: `${PACKAGE}.m365ConsentTrigger`, webhookId: 'consent-pages', parameters: { path: TRIGGER_PATH }, credentials: kept };
  const workflowId = await stage.client.publish('Consent pages', [trigger, { name: 'Nothing', type: 'n8n-nodes-base.noOp', parameters: {} }]);
  await stage.client.publish('Invite two customers', [
    { name: 'Webhook', type: 'n8n-nodes-base.webhook', webhookId: 'invite-two', parameters: { path: 'invite-two', httpMethod: 'POST', responseMode: 'lastNode' } },
    node(kept, 'One', 'customerAccount', 'create', { accountId: UNPROVEN, accountName: 'Fabrikam', expectedTenant: 'fabrikam.example' }),
    node(kept, 'Another', 'customerAccount', 'create', { accountId: CUSTOMER.id, accountName: CUSTOMER.name, expectedTenant: CUSTOMER.domain }),
    node(kept, 'Invite', 'onboarding', 'start', { account: byId(CUSTOMER.id) }),
  ]);
  const invited = (await (await fetch(`${stage.server.origin}/webhook/invite-two`, { method: 'POST', signal: AbortSignal.timeout(60_000) })).json()) as { readonly url: string };
  const { done } = await acceptAsAdmin(stage.sandbox, stage.ca, CUSTOMER.domain, invited.url, 'restricted');
  assert.ok(done.text('done') !== undefined, `${done.status} ${done.url}`);
  return workflowId;
}

/** Saved and not published, since n8n publishes no workflow with a field left empty. Gives its id. */
export async function draw(client: Client, kept: KeptCredentials): Promise<string> {
  const start: WorkflowNode = { name: 'Start', type: 'n8n-nodes-base.manualTrigger', parameters: {} };
  const shown = [
    node(kept, 'Bind admin', 'ssoBinding', 'bind', { account: byId(CUSTOMER.id), admin: FROM_LIST }),
    node(kept, 'Bind too early', 'ssoBinding', 'bind', { account: byId(UNPROVEN), admin: FROM_LIST }),
    node(kept, 'Bind nobody', 'ssoBinding', 'bind', { account: FROM_LIST, admin: FROM_LIST }),
    node(kept, 'Status of nobody', 'onboarding', 'getStatus', { account: byId('nobody') }),
  ];
  const nodes = [start, ...shown].map((one, index) => ({ id: `${index}`, typeVersion: 1, position: [index === 0 ? 0 : 260, index === 0 ? 240 : (index - 1) * 160], ...one }));
  const connections = { [start.name]: { main: [shown.map(({ name }) => ({ node: name, type: 'main', index: 0 }))] } };
  return save(client, { name: 'What it looks like', nodes, connections, settings: { executionOrder: 'v1' } });
}

/** The example as it is imported. Gives its id. */
export async function drawExample(client: Client, example: ExampleWorkflow, kept: KeptCredentials): Promise<string> {
  const { name, nodes, connections, settings } = withCredentials(example, kept);
  return save(client, { name, nodes, connections, settings });
}

async function save(client: Client, workflow: Json): Promise<string> {
  return (await client.data('POST', '/rest/workflows', workflow))['id'] as string;
}

function node(kept: KeptCredentials, name: string, resource: string, operation: string, parameters: Json): WorkflowNode {
  return { name, type: `${PACKAGE}.m365Onboarding`, parameters: { resource, operation, ...parameters }, credentials: kept };
}
