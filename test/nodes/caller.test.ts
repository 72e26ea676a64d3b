/** Who may be handed something past n8n's execution data, and who may not. */
import type { NodeTypeAndVersion } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';
import { requireCaller } from '../../src/nodes/host/caller';
import { fakeExecution, webhookNode } from './fake-execution';

const ask = (before: readonly NodeTypeAndVersion[], ran = before.map(({ name }) => name), items = 1) => requireCaller(fakeExecution(Array.from({ length: items }, () => ({})), { before, ran }), 0);
const waitNode = (parameters: NodeTypeAndVersion['parameters'] = {}): NodeTypeAndVersion => ({
  name: 'Wait', type: 'n8n-nodes-base.wait', typeVersion: 1.1, disabled: false, parameters: { resume: 'webhook', responseMode: 'responseNode', incomingAuthentication: 'basicAuth', ...parameters },
});

const formTrigger = (authentication?: string): NodeTypeAndVersion => ({ name: 'Trigger', type: 'n8n-nodes-base.formTrigger', typeVersion: 2.6, disabled: false, parameters: authentication === undefined ? {} : { authentication } });
const formPage = (name: string, parameters: NodeTypeAndVersion['parameters'] = { operation: 'page' }): NodeTypeAndVersion => ({ name, type: 'n8n-nodes-base.form', typeVersion: 2.5, disabled: false, parameters });
const askForm = (before: readonly NodeTypeAndVersion[], after: Readonly<Record<string, readonly string[]>> = {}) => requireCaller(fakeExecution([{}], { before, ran: before.map(({ name }) => name), after }), 0);

describe('the caller', () => {
  it('is answered at the last page of a form that asks for a sign-in to n8n', () => {
    expect(askForm([formTrigger('n8nUserAuth'), formPage('First'), formPage('Last')], { First: ['Last'] })).toBeDefined();
  });

  it.each([
    ['the last page of a form anyone may open', [formTrigger('none'), formPage('Last')], {}, /not authenticated/],
    ['the last page of a form that asks for Basic Auth, which n8n does at its first page only', [formTrigger('basicAuth'), formPage('Last')], {}, /not authenticated/],
    ['the last page of a form one of whose triggers anyone may open', [formTrigger('n8nUserAuth'), { ...formTrigger('none'), name: 'Other' }, formPage('Last')], {}, /not authenticated/],
    ['the last page of a form that never said who may open it', [formTrigger(), formPage('Last')], {}, /not authenticated/],
    ['a page whose form is nowhere to be seen', [formPage('Last')], {}, /not authenticated/],
    ['a page another one follows', [formTrigger('n8nUserAuth'), formPage('First'), formPage('Last', { operation: 'completion' })], { First: ['Last'] }, /Nobody's browser waits/],
    ['a form without pages, which n8n has answered', [formTrigger('n8nUserAuth')], {}, /Nobody's browser waits/],
  ])('is refused at %s', (_, before, after, message) => {
    expect(() => askForm(before, after)).toThrow(message);
  });

  it.each(['basicAuth', 'headerAuth', 'jwtAuth', 'n8nOAuth2'])('is answered when the webhook asks for %s', (authentication) => {
    expect(ask([webhookNode({ authentication })])).toBeDefined();
  });

  it('is answered at a Wait node too, and may have started the workflow by a trigger that has answered', () => {
    expect(ask([{ ...webhookNode({ authentication: 'none', responseMode: 'onReceived' }), name: 'Start' }, waitNode()])).toBeDefined();
  });

  it.each([
    ['a webhook without authentication', [webhookNode({ authentication: 'none' })], /not authenticated/],
    ['a webhook whose authentication an expression decides', [webhookNode({ authentication: "={{ 'basicAuth' }}" })], /not authenticated/],
    ['a webhook that never said how it authenticates', [{ ...webhookNode(), parameters: { responseMode: 'responseNode' } }], /not authenticated/],
    ['a Wait node without authentication', [waitNode({ incomingAuthentication: 'none' })], /not authenticated/],
    ['a form of a Wait node, which still has the settings of a webhook', [waitNode({ resume: 'form' })], /not authenticated/],
    ['an authenticated call, and after it such a form', [{ ...waitNode(), name: 'First' }, waitNode({ resume: 'form' })], /not authenticated/],
    ['a time that is over, with the settings of a webhook', [waitNode({ resume: 'timeInterval' })], /not authenticated/],
    ['a known and an unknown caller in one run', [{ ...webhookNode({ authentication: 'none' }), name: 'Open' }, waitNode()], /not authenticated/],
    ['a webhook that has answered already', [webhookNode({ responseMode: 'onReceived' })], /Nobody's browser waits/],
    ['a disabled webhook', [{ ...webhookNode(), disabled: true }], /Nobody's browser waits/],
    ['a form', [{ ...webhookNode(), type: 'n8n-nodes-base.formTrigger' }], /Nobody's browser waits/],
    ['a schedule', [{ name: 'Schedule', type: 'n8n-nodes-base.scheduleTrigger', typeVersion: 1, disabled: false }], /Nobody's browser waits/],
  ])('is refused at %s', (_, before, message) => {
    expect(() => ask(before)).toThrow(message);
  });

  it('is refused when another trigger of the workflow has started this run', () => {
    expect(() => ask([webhookNode()], ['Schedule'])).toThrow(/Nobody's browser waits/);
  });

  it.each([0, 2])('is refused for %i items, since a browser takes one answer', (items) => {
    expect(() => ask([webhookNode()], undefined, items)).toThrow(/exactly one item/);
  });
});
