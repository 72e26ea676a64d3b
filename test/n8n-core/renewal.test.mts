/** The example workflow that renews certificates, and its trigger, in n8n's engine, over the packed package and the real sandbox. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IDataObject, IRun } from 'n8n-workflow';
import { readExample } from '../n8n/example.mts';
import { loadEngine, outputOf } from './engine.mts';
import { openStage } from './stage.mts';
import { STAND_INS } from './stand-ins.mts';

/** A certificate of a day is due as soon as it is made. */
const AT_ONCE = JSON.stringify({ renewal: { atLifetimeFraction: 0.000_001, jitterHours: 0 } });

let stage: Awaited<ReturnType<typeof openStage>>;
let engine: Awaited<ReturnType<typeof loadEngine>>;
let certificateId = '';

before(async () => {
  stage = await openStage(9);
  const { m365OnboardingState, m365PartnerApp } = stage.credentials;
  const state = { ...m365OnboardingState, lifecycle: AT_ONCE };
  const setup = await loadEngine(stage.directory, { m365OnboardingState: state, m365PartnerApp });
  const own = (name: string, operation: string, parameters: IDataObject) => ({ name, type: 'm365Onboarding', parameters: { resource: 'certificate', operation, ...parameters } });
  const made = await setup.run(setup.buildWorkflow([own('Generate', 'generate', { certificateName: 'Backup', keyBits: 2048, lifetimeDays: 1 })]), [{}]);
  certificateId = outputOf(made, 'Generate')[0]?.['id'] as string;
  const byId = { __rl: true, mode: 'id', value: certificateId };
  outputOf(await setup.run(setup.buildWorkflow([own('Register', 'register', { certificate: byId, appKey: 'backup' })]), [{}]), 'Register');
  const apps = (JSON.parse(String(m365PartnerApp.apps)) as { key: string }[]).map((app) => (app.key === 'backup' ? { ...app, credential: { certificateId } } : app));
  engine = await loadEngine(stage.directory, { m365OnboardingState: state, m365PartnerApp: { ...m365PartnerApp, apps: JSON.stringify(apps) } }, STAND_INS);
});

after(async () => stage.close());

const example = () => engine.importWorkflow(readExample('renew-certificates'));
const hourly = async () => engine.run(example(), [{}], 'Every hour');
/** A node that did not run put out nothing. */
const put = (run: IRun, node: string) => (run.data.resultData.runData[node] === undefined ? [] : outputOf(run, node));

void test('every hour each certificate that needs a step is taken one further', async () => {
  const first = await hourly();
  assert.deepEqual(put(first, 'Check every credential').map(({ name, source, status, stepDue }) => [name, source, status, stepDue]), [['Backup', 'stored', 'due', true], ['App Secrets/restore', 'secret', 'unwatched', false]]);
  assert.deepEqual(put(first, 'Take the next step').map(({ step, state }) => [step, state]), [['issue', 'registering']]);
  const second = await hourly();
  assert.deepEqual(put(second, 'Until the next hour').map(({ step, state }) => [step, state]), [['register', 'proving']]);
  assert.deepEqual(put(second, 'Tell somebody'), []);
});

void test('a step that does not go through is told with what to do about it', async () => {
  const broken = readExample('renew-certificates');
  const nodes = broken.nodes.map((node) => (node.name === 'Take the next step' ? { ...node, parameters: { ...node.parameters, certificate: { __rl: true, mode: 'id', value: 'nobody' } } } : node));
  const isDue = broken.nodes.find(({ name }) => name === 'Is a step due?');
  const always = nodes.map((node) => (node.name === isDue?.name ? { ...node, parameters: { conditions: { conditions: [{ leftValue: true }] } } } : node));
  const run = await engine.run(engine.importWorkflow({ ...broken, nodes: always }), [{}], 'Every hour');
  const told = put(run, 'Tell somebody');
  assert.equal(told[0]?.['code'], 'CERTIFICATE_NOT_FOUND', JSON.stringify(told));
  assert.match(told[0]?.['message'] as string, /nobody.+List the certificates/);
});

void test('the trigger starts the other lane once with what failed, whoever else watches, and a test run uses nothing up', async () => {
  const [watching, other] = [example(), example()];
  const node = 'Something needs attention';
  assert.deepEqual(await engine.poll(watching, node), []);
  const undo = engine.buildWorkflow([{ name: 'Undo', type: 'm365Onboarding', parameters: { resource: 'certificate', operation: 'rotate', certificate: { __rl: true, mode: 'id', value: certificateId }, direction: 'undo' } }]);
  assert.equal(outputOf(await engine.run(undo, [{}]), 'Undo')[0]?.['state'], 'rolled_back');
  assert.deepEqual((await engine.poll(watching, node, 'manual')).map(({ event }) => event), ['certificate.rotation_failed']);
  const started = await engine.poll(watching, node);
  assert.deepEqual(started.map(({ event, name }) => [event, name]), [['certificate.rotation_failed', 'Backup']]);
  assert.deepEqual(await engine.poll(watching, node), []);
  assert.deepEqual((await engine.poll(other, node)).map(({ event }) => event), ['certificate.rotation_failed']);
  const told = put(await engine.run(watching, started, node), 'Tell somebody');
  assert.deepEqual(told.map(({ subject }) => subject), ['certificate: rotation failed']);
  assert.match(told[0]?.['message'] as string, /^Backup The new key was taken back/);
});
