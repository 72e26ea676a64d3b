/**
 * Hands something to whoever's call started this execution, past n8n's execution data: what is answered here is stored
 * nowhere. It is meant for the operator the credential names (security decision 10), so a caller n8n has not
 * authenticated is refused, and so is a run nobody waits for.
 */
import { type IDataObject, type IExecuteFunctions, NodeOperationError, type NodeTypeAndVersion } from 'n8n-workflow';
import type { Caller } from './operation';

type CallerHost = Pick<IExecuteFunctions, 'getNode' | 'getInputData' | 'getParentNodes' | 'getChildNodes' | 'getWorkflowDataProxy' | 'sendResponse'>;

const FORM_TRIGGER = 'n8n-nodes-base.formTrigger';
const FORM = 'n8n-nodes-base.form';
const WAIT = 'n8n-nodes-base.wait';
/** n8n's nodes that can leave their answer to a later node, and where each says how it authenticates. */
const AUTHENTICATION_OF: Readonly<Record<string, string>> = { 'n8n-nodes-base.webhook': 'authentication', [WAIT]: 'incomingAuthentication' };
const AUTHENTICATED: ReadonlySet<unknown> = new Set(['basicAuth', 'headerAuth', 'jwtAuth', 'n8nOAuth2']);
/** The only one n8n asks for again at every page; with Basic Auth the pages after the first are open to whoever has their address. */
const SIGNED_IN_AT_EVERY_PAGE = 'n8nUserAuth';
/** n8n sets a sandboxing one of its own and takes none from a workflow. */
const POLICY = 'content-security-policy';

const HOW = 'Start the workflow with a Webhook node, or go on after a Wait node that resumes on a webhook call; give it an authentication and set its "Respond" to "Using \'Respond to Webhook\' Node". Or put this node behind the last page of a form whose trigger asks for n8n User Auth. Or choose another way for "Hand Over".';

/** Raises n8n's own error when more than one item, nobody, or somebody unknown would be answered. */
export function requireCaller(host: CallerHost, itemIndex: number): Caller {
  const refuse = (message: string) => new NodeOperationError(host.getNode(), message, { itemIndex, description: HOW });
  if (host.getInputData().length !== 1) throw refuse('A browser can take one answer, so exactly one item is expected');
  const before = host.getParentNodes(host.getNode().name, { includeNodeParameters: true }).filter((node) => !node.disabled && hasRun(host, node.name));
  const awaiting = before.filter((node) => leavesItsAnswer(node) || isLastPage(host, node));
  if (awaiting.length === 0) throw refuse("Nobody's browser waits for an answer of this node");
  if (!awaiting.every((node) => (node.type === FORM ? isFormOfSignedIn(before) : isAuthenticated(node)))) throw refuse('Whoever waits for the answer is not authenticated');
  return {
    answer: async ({ status, headers, body }) => {
      const kept = Object.entries(headers).filter(([name]) => name !== POLICY);
      await host.sendResponse({ statusCode: status, headers: Object.fromEntries(kept) as IDataObject, body });
    },
  };
}

function leavesItsAnswer({ type, parameters }: NodeTypeAndVersion): boolean {
  return type in AUTHENTICATION_OF && parameters?.['responseMode'] === 'responseNode';
}

/** n8n answers the pages before by the address of the next one, and leaves the answer to the last one to a later node. */
function isLastPage(host: CallerHost, { type, name, parameters }: NodeTypeAndVersion): boolean {
  return type === FORM && parameters?.['operation'] !== 'completion' && !host.getChildNodes(name).some((node) => node.type === FORM && !node.disabled);
}

/** n8n keeps what was set for another way to resume: a Wait node for a form or a time still names the authentication of its webhook. */
function isAuthenticated({ type, parameters }: NodeTypeAndVersion): boolean {
  if (type === WAIT && parameters?.['resume'] !== 'webhook') return false;
  return AUTHENTICATED.has(parameters?.[AUTHENTICATION_OF[type] ?? '']);
}

function isFormOfSignedIn(before: readonly NodeTypeAndVersion[]): boolean {
  const triggers = before.filter(({ type }) => type === FORM_TRIGGER);
  return triggers.length > 0 && triggers.every(({ parameters }) => parameters?.['authentication'] === SIGNED_IN_AT_EVERY_PAGE);
}

/** Another trigger of the same workflow may have started it. */
function hasRun(host: CallerHost, name: string): boolean {
  const { $ } = host.getWorkflowDataProxy(0) as { readonly $: (node: string) => { readonly isExecuted: unknown } };
  return $(name).isExecuted === true;
}
