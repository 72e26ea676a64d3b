/**
 * The node as the tool n8n makes of it for AI agents: it reads, and whatever changes something is refused before anything
 * happens. n8n's Tool Executor, which its editor uses to try a tool, calls it as an agent does and needs no language model.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Json } from '../client.mts';
import { account, type Scene } from '../scene.mts';
import { PACKAGE } from '../stage.mts';

export async function aiTool(n8n: TestContext, { stage, kept, run, one, lastExecution }: Scene): Promise<void> {
  /** Has the tool called once; gives what it told the caller, or how the execution ended. */
  async function callTool(path: string, parameters: Json): Promise<string> {
    const workflowId = await stage.client.publishWorkflow(toolWorkflow(path, parameters, kept));
    const answer = await fetch(`${stage.server.origin}/webhook/${path}`, { method: 'POST', signal: AbortSignal.timeout(120_000) });
    return answer.ok ? answer.text() : lastExecution(workflowId);
  }

  await n8n.test('an AI agent reads with the node', async () => {
    assert.match(await callTool('agent-reads', { resource: 'customerAccount', operation: 'get', account }), /Contoso Ltd/);
    assert.match(await callTool('agent-explains', { resource: 'onboarding', operation: 'explainErrorCode', errorCode: 'consent_wrong_tenant' }), /CONSENT_WRONG_TENANT/);
  });

  await n8n.test('an AI agent changes nothing with the node', async () => {
    const state = async () => (await one('onboarding', 'getStatus', { account }))['state'];
    const before = await state();
    const accounts = await run('customerAccount', 'getMany', { returnAll: true });
    const requests = stage.sandbox.requests().length;
    const wishes: Json[] = [
      { resource: 'customerAccount', operation: 'create', accountId: 'by-agent', accountName: 'By an agent' },
      { resource: 'consent', operation: 'open', account },
      { resource: 'impersonation', operation: 'issue', account, reason: 'An agent wants it', handOver: 'output' },
    ];
    for (const [index, wish] of wishes.entries()) assert.match(await callTool(`agent-changes-${index}`, wish), /An AI agent may not run/);
    assert.equal(stage.sandbox.requests().length, requests, 'Microsoft was not asked either');
    assert.deepEqual(await run('customerAccount', 'getMany', { returnAll: true }), accounts);
    assert.equal(await state(), before);
  });
}

/** Webhook -> Tool Executor, with the node as its only tool. */
function toolWorkflow(path: string, parameters: Json, kept: Json) {
  const nodes = [
    { name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: path, parameters: { path, httpMethod: 'POST', responseMode: 'lastNode' } },
    { name: 'Agent', type: '@n8n/n8n-nodes-langchain.toolExecutor', typeVersion: 1, parameters: { query: '{}', toolName: '' } },
    { name: 'M365 Onboarding', type: `${PACKAGE}.m365OnboardingTool`, typeVersion: 1, parameters, credentials: kept },
  ];
  return {
    name: path,
    nodes: nodes.map((node, index) => ({ id: String(index), position: [index * 200, 0], ...node })),
    connections: { Webhook: { main: [[{ node: 'Agent', type: 'main', index: 0 }]] }, 'M365 Onboarding': { ai_tool: [[{ node: 'Agent', type: 'ai_tool', index: 0 }]] } },
    settings: { executionOrder: 'v1', saveDataSuccessExecution: 'all', saveDataErrorExecution: 'all' },
  };
}
