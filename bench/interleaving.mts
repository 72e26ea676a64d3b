/** What Microsoft sees of many customers' calls that run through each other. */
import { measure, exactly, type Figure, type FigureResult } from './support/figure.mts';
import { customersNamed } from './support/sandbox.mts';
import { onStage, requestsPerTenant, type RequestCount } from './support/stage.mts';

const TENANTS = 50;
const CALLS = 4;
const CONCURRENCY = 16;

async function run(progress: (text: string) => void): Promise<FigureResult> {
  const customers = customersNamed(TENANTS);
  const keys = customers.map(({ key }) => key);
  return onStage(customers, customers, async (stage) => {
    const host = await stage.host('nodes');
    progress('adopting the customers');
    await host.call('adopt', customers);
    await stage.sandbox.call('takeRequests', null);

    progress(`${TENANTS} tenants, ${CALLS} calls each`);
    const accountIds = Array.from({ length: CALLS }, () => keys).flat();
    const { value: names } = await host.call('listAdmins', { accountIds, concurrency: CONCURRENCY });
    const calls = perTenant(requestsPerTenant(await stage.sandbox.call('takeRequests', null)));

    progress('one consent read each');
    await host.call('verifyConsent', { accountIds: keys, concurrency: CONCURRENCY });
    const reads = perTenant(requestsPerTenant(await stage.sandbox.call('takeRequests', null)));

    const strangers = names.filter((name, index) => name !== `Ada of ${accountIds[index]}`).length;
    return {
      measures: [
        measure(`token requests per tenant and resource, ${CALLS} calls`, 'count', calls.map(({ token }) => token)),
        measure('Graph requests per call', 'count', calls.map(({ graph }) => graph / CALLS)),
        measure('token requests per consent read', 'count', reads.map(({ token }) => token)),
        measure('Graph requests per consent read', 'count', reads.map(({ graph }) => graph)),
      ],
      targets: [
        exactly('tenants whose calls were seen', calls.length, TENANTS),
        exactly('most token requests of any tenant for its one resource', Math.max(...calls.map(({ token }) => token)), 1),
        exactly('answers that came from another tenant', strangers, 0),
        exactly('difference in requests between two tenants, same calls', spread(calls), 0),
        exactly('difference in requests between two tenants, consent reads', spread(reads), 0),
      ],
    };
  });
}

function perTenant(counts: ReadonlyMap<string, RequestCount>): readonly RequestCount[] {
  return [...counts.values()];
}

function spread(counts: readonly RequestCount[]): number {
  const totals = counts.map(({ token, graph }) => token + graph);
  return Math.max(...totals) - Math.min(...totals);
}

export const interleaving: Figure = {
  name: 'interleaving',
  title: 'Calls of many tenants at once',
  about: `${TENANTS} customer tenants with ${CALLS} calls each (list the admins, app-only Graph), in turn over the tenants and ${CONCURRENCY} at a time, by the core
bundle that n8n loads; then one consent read per tenant. Counted in the sandbox's log. Samples are the tenants. Tokens of calls are shared; a
consent read asks for fresh tokens, because an old one proves nothing about today: one per app and resource (2 x 3), and one for each of its two
independent Graph batches. The fifty administrators have different names, so an answer that came with another tenant's token would show.`,
  run,
};
