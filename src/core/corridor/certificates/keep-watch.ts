/**
 * Lets a process that runs for long notice that the scheduled check has stopped. It watches and changes nothing: a check of its
 * own would be the heartbeat it waits for.
 */
import type { HeartbeatView } from '../../certificates/renewal/heartbeat';
import { asOnboardingError } from '../../errors';
import type { Ports } from '../../ports';

/** Often enough for checks that run hourly, and seldom enough to cost nothing. */
const EVERY_MS = 10 * 60_000;

/** Looks until the signal ends it; logs each alarm once, and its end. Never rejects. */
export async function keepWatch(ports: Pick<Ports, 'clock' | 'logger'>, look: () => Promise<HeartbeatView>, signal: AbortSignal): Promise<void> {
  let said = '';
  while (!signal.aborted) {
    const state = await lookOnce(look);
    if (state.key !== said && state.key !== '') ports.logger.warn(state.message, state.fields);
    said = state.key;
    await ports.clock.sleep(EVERY_MS, signal).catch(() => undefined);
  }
}

async function lookOnce(look: () => Promise<HeartbeatView>) {
  try {
    const { overdue, lastAt, dueBy } = await look();
    const fields = { lastAt: lastAt === null ? null : new Date(lastAt).toISOString(), dueBy };
    return { key: overdue ? `overdue:${String(lastAt)}` : '', message: 'The scheduled check of the certificates has stopped.', fields };
  } catch (error) {
    const { code } = asOnboardingError(error);
    return { key: code, message: 'Whether the scheduled check of the certificates runs could not be read.', fields: { code } };
  }
}
