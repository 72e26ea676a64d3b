/** How fast the consents of a fleet are verified on one machine, sandbox included. */
import { exactly, type Figure, type FigureResult, measure } from './support/figure.mts';
import { customersNamed } from './support/sandbox.mts';
import { onStage, requestsPerTenant } from './support/stage.mts';

const TENANTS = 50;
const ROUNDS = 5;
const CONCURRENCY = 8;
/** The journey makes the next read 15 seconds after a good one. */
const BETWEEN_ROUNDS_SECONDS = 16;

async function run(progress: (text: string) => void): Promise<FigureResult> {
  const customers = customersNamed(TENANTS);
  const accountIds = customers.map(({ key }) => key);
  return onStage(customers, customers, async (stage) => {
    const host = await stage.host('library');
    progress('adopting the customers');
    await host.call('adopt', customers);
    const perSecond: number[] = [];
    const requests: number[] = [];
    let proven = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      progress(`round ${round + 1} of ${ROUNDS}`);
      await stage.sandbox.call('takeRequests', null);
      const { value, durationMs } = await host.call('verifyConsent', { accountIds, concurrency: CONCURRENCY });
      proven = value;
      perSecond.push(TENANTS / (durationMs / 1000));
      requests.push(...[...requestsPerTenant(await stage.sandbox.call('takeRequests', null)).values()].map(({ token, graph }) => token + graph));
      await stage.advanceClocks(BETWEEN_ROUNDS_SECONDS, [host]);
    }
    return {
      measures: [measure('accounts per second', 'per second', perSecond), measure('requests per account and read', 'count', requests)],
      targets: [
        exactly(`accounts proven after ${ROUNDS} reads`, proven, TENANTS),
        exactly('difference in requests between two reads of any accounts', Math.max(...requests) - Math.min(...requests), 0),
        exactly('reads that reached the directory', requests.length, TENANTS * ROUNDS),
      ],
    };
  });
}

export const consentVerify: Figure = {
  name: 'consent-verify',
  title: 'Verifying consents',
  about: `\`consent verify\` for ${TENANTS} accounts, ${CONCURRENCY} at a time, until all are proven: ${ROUNDS} reads each with fresh tokens on fresh TLS sockets, state in SQLite. The
clock is moved between the rounds. Samples of the rate are the rounds, those of the requests the reads. The sandbox runs beside it and takes its share
of the machine, for the other end of every TLS handshake too, so the rate says how it compares with the last run here, not what Microsoft's throttling would let through.`,
  run,
};
