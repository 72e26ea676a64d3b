import { NodeOperationError } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOG } from '../../src/core/error-catalog';
import { findServiceCode } from '../../src/core/service-codes';
import { M365OnboardingState } from '../../src/credentials/M365OnboardingState.credentials';
import { M365PartnerApp } from '../../src/credentials/M365PartnerApp.credentials';
import { M365ConsentTrigger } from '../../src/nodes/M365ConsentTrigger/M365ConsentTrigger.node';
import { M365OnboardingTrigger } from '../../src/nodes/M365OnboardingTrigger/M365OnboardingTrigger.node';
import { M365Onboarding } from '../../src/nodes/M365Onboarding/M365Onboarding.node';
import { runItems } from '../../src/nodes/host/run-items';
import type { Operation } from '../../src/nodes/host/operation';
import { fakeExecution } from './fake-execution';

const explain = (errorCode: unknown) => ({ resource: 'onboarding', operation: 'explainErrorCode', errorCode });

async function run(items: readonly Readonly<Record<string, unknown>>[], options = {}) {
  const [output] = await new M365Onboarding().execute.call(fakeExecution(items, options));
  return output;
}

describe('the M365 Onboarding node', () => {
  it('explains a code with its owner and its remedy, whatever its case', async () => {
    const { means, remedy, owner } = ERROR_CATALOG.CONSENT_WRONG_TENANT;
    expect(await run([explain(' consent_wrong_tenant ')])).toEqual([
      { json: { code: 'CONSENT_WRONG_TENANT', means, remedy, owner, reaction: 'act', retryable: false }, pairedItem: { item: 0 } },
    ]);
  });

  it.each(['AADSTS65004', ' aadsts65004', '65004'])('explains Microsoft\'s code %j, with the sentence for the customer\'s admin', async (asked) => {
    const [item] = (await run([explain(asked)])) ?? [];
    expect(item?.json).toMatchObject({ code: 'AADSTS65004', owner: 'customer admin', microsoft: { adminMessage: findServiceCode('AADSTS65004')?.adminMessage, retry: 'user', ownCode: 'CONSENT_DECLINED', lookUpUrl: 'https://login.microsoftonline.com/error?code=65004' } });
  });

  it('answers every item and says which one it answered', async () => {
    const output = await run([explain('TLS_UNTRUSTED'), explain('AUDIT_UNAVAILABLE')]);
    expect(output?.map(({ json, pairedItem }) => [json['code'], pairedItem])).toEqual([['TLS_UNTRUSTED', { item: 0 }], ['AUDIT_UNAVAILABLE', { item: 1 }]]);
  });

  it.each(['NOT_A_CODE', 'constructor', '', { an: 'object' }])('refuses %j and says what to do', async (errorCode) => {
    const failure: unknown = await run([explain('UNEXPECTED'), explain(errorCode)]).catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(NodeOperationError);
    expect(failure).toMatchObject({ type: 'INPUT_INVALID', context: { itemIndex: 1 }, description: expect.stringContaining(ERROR_CATALOG.INPUT_INVALID.remedy) as string });
  });

  it('hands the error on as data when told to continue', async () => {
    expect(await run([explain('NOT_A_CODE')], { continueOnFail: true })).toMatchObject([{ json: { error: { code: 'INPUT_INVALID', owner: 'operator' } }, pairedItem: { item: 0 } }]);
  });

  it('never shows the message of an error that is not ours', async () => {
    const leaky: Operation = { kind: 'offline', resource: 'r', option: { name: 'O', value: 'o' }, fields: [], execute: () => Promise.reject(new Error('password=hunter2')) };
    const item = { resource: 'r', operation: 'o' };
    const thrown: unknown = await runItems(fakeExecution([item]), [leaky]).catch((reason: unknown) => reason);
    const continued = await runItems(fakeExecution([item], { continueOnFail: true }), [leaky]);
    expect(thrown).toBeInstanceOf(NodeOperationError);
    expect(JSON.stringify([thrown, String(thrown), continued])).not.toContain('hunter2');
  });

  it('shows a field only where its operation is chosen', () => {
    const field = new M365Onboarding().description.properties.find(({ name }) => name === 'errorCode');
    expect(field?.displayOptions?.show).toEqual({ resource: ['onboarding'], operation: ['explainErrorCode'] });
  });
});

it.each([new M365Onboarding(), new M365ConsentTrigger(), new M365OnboardingTrigger()])('names a test of its own for each credential it takes', ({ description, methods }) => {
  // n8n tests its own.
  const tests = description.credentials?.filter(({ name }) => name.startsWith('m365')).map(({ testedBy }) => testedBy);
  expect(tests).toHaveLength(2);
  expect(Object.keys(methods.credentialTest)).toEqual(tests);
});

describe('the M365 Partner App credential', () => {
  const credential = new M365PartnerApp();

  it('holds secrets in top-level password fields only, the one place n8n blanks', () => {
    const secrets = credential.properties.filter(({ name }) => /secret|password|pfx|pem/i.test(name));
    expect(secrets.map(({ name, type, typeOptions }) => [name, type, typeOptions?.password])).toEqual([['appSecrets', 'string', true]]);
    expect(credential.properties.filter(({ type }) => type === 'fixedCollection' || type === 'collection')).toEqual([]);
  });

  it('can be decrypted by this package\'s nodes only', () => {
    expect(credential.restrictToSupportedNodes).toBe(true);
    expect(credential.supportedNodes).toEqual(['m365Onboarding', 'm365OnboardingTool', 'm365ConsentTrigger', 'm365OnboardingTrigger']);
  });
});

describe('the M365 Onboarding State credential', () => {
  const credential = new M365OnboardingState();

  it('holds its secrets in top-level password fields only', () => {
    expect(credential.properties.filter(({ typeOptions }) => typeOptions?.password === true).map(({ name }) => name)).toEqual(['stateUrl', 'masterKeys']);
    expect(credential.properties.filter(({ type }) => type === 'fixedCollection' || type === 'collection')).toEqual([]);
  });

  it('takes no expression for who acts, so that no item can decide it', () => {
    const fixed = credential.properties.filter(({ noDataExpression }) => noDataExpression === true).map(({ name }) => name);
    expect(fixed).toEqual(credential.properties.map(({ name }) => name).filter((name) => name !== 'stateUrl' && name !== 'masterKeys'));
  });

  it('can be decrypted by this package\'s nodes only', () => {
    expect([credential.restrictToSupportedNodes, credential.supportedNodes]).toEqual([true, new M365PartnerApp().supportedNodes]);
  });
});
