/** The workflows this package comes with, against what its nodes really offer. That they run is shown in a real n8n. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { M365Onboarding } from '../../src/nodes/M365Onboarding/M365Onboarding.node';
import { EVENTS } from '../../src/nodes/M365OnboardingTrigger/events';
import { OPERATIONS } from '../../src/nodes/M365Onboarding/resources/operations';

interface ExampleNode {
  readonly name: string;
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly credentials?: Readonly<Record<string, { readonly name: string }>>;
  readonly position: readonly [number, number];
}

interface Example {
  readonly nodes: readonly ExampleNode[];
  readonly connections: Readonly<Record<string, { readonly main: readonly (readonly { readonly node: string }[])[] }>>;
}

const FOLDER = fileURLToPath(new URL('../../examples/n8n/', import.meta.url));
const PACKAGE = 'n8n-nodes-m365-onboarding';
const FORM = 'n8n-nodes-base.form';
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.workflow.json'));
const read = (name: string) => JSON.parse(readFileSync(`${FOLDER}${name}`, 'utf8')) as Example;

it('there is one for onboarding and one for renewing', () => {
  expect(files.toSorted()).toEqual(['onboard-tenant.workflow.json', 'renew-certificates.workflow.json']);
});

it('onboarding begins with forms', () => {
  expect(read('onboard-tenant.workflow.json').nodes.filter(({ type }) => type === 'n8n-nodes-base.formTrigger').length).toBeGreaterThan(0);
});

it('renewing waits for events the trigger offers, and leaves to the other lane what that renews by itself', () => {
  const trigger = read('renew-certificates.workflow.json').nodes.find(({ type }) => type === `${PACKAGE}.m365OnboardingTrigger`);
  const offered = EVENTS.map(({ value }) => value);
  expect((trigger?.parameters['events'] as string[] | undefined)?.toSorted()).toEqual(offered.filter((value) => value !== 'certificate.due').toSorted());
});

describe.each(files)('%s', (file) => {
  const { nodes, connections } = read(file);
  const own = nodes.filter(({ type }) => type === `${PACKAGE}.m365Onboarding`);

  it('chooses operations the node offers, and sets no field the node does not have', () => {
    const known = new Set(new M365Onboarding().description.properties.map(({ name }) => name));
    expect(own.length).toBeGreaterThan(0);
    for (const { name, parameters } of own) {
      expect(OPERATIONS.some(({ resource, option }) => resource === parameters['resource'] && option.value === parameters['operation']), name).toBe(true);
      expect(Object.keys(parameters).filter((field) => !known.has(field)), name).toEqual([]);
    }
  });

  it('names every node once, and wires only nodes there are', () => {
    const names = nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const wired = Object.entries(connections).flatMap(([from, { main }]) => [from, ...main.flat().map(({ node }) => node)]);
    expect(wired.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('brings no credential along, only the names of their types', () => {
    const named = nodes.flatMap(({ credentials = {} }) => Object.entries(credentials));
    expect(new Set(named.map(([type, { name }]) => `${type}: ${name}`))).toEqual(new Set(['m365PartnerApp: M365 Partner App', 'm365OnboardingState: M365 Onboarding State']));
  });

  it('lets nobody act who is not signed in: every form asks for it', () => {
    const forms = nodes.filter(({ type }) => type === 'n8n-nodes-base.formTrigger');
    expect(forms.map(({ parameters }) => [parameters['authentication'], parameters['requireExecuteAccess']])).toEqual(forms.map(() => ['n8nUserAuth', true]));
  });

  it('issues a code only to the browser that waits: right behind the last page of a form', () => {
    const issuing = own.filter(({ parameters }) => parameters['resource'] === 'impersonation');
    expect(issuing.map(({ parameters }) => parameters['handOver'])).toEqual(issuing.map(() => 'browser'));
    for (const { name } of issuing) {
      const lastPages = nodes.filter((node) => node.type === FORM && node.parameters['operation'] === 'page' && !leadsTo(node.name, ({ type }) => type === FORM) && leadsTo(node.name, (one) => one.name === name));
      expect(lastPages.length, name).toBe(1);
    }
  });

  it('explains itself by a note for each part', () => {
    expect(nodes.filter(({ type }) => type === 'n8n-nodes-base.stickyNote').length).toBeGreaterThanOrEqual(4);
  });

  function leadsTo(from: string, wanted: (node: ExampleNode) => boolean, seen = new Set<string>()): boolean {
    return (connections[from]?.main ?? []).flat().some(({ node: name }) => {
      if (seen.has(name)) return false;
      seen.add(name);
      const node = nodes.find((one) => one.name === name);
      return (node !== undefined && wanted(node)) || leadsTo(name, wanted, seen);
    });
  }
});
