/**
 * What a polling trigger of n8n puts out: each occasion that stands and that this node has not put out before. What it has put
 * out is kept by n8n for this one node, so that several workflows each get everything; a test run shows what stands and uses
 * nothing up. The look is no check: it leaves no heartbeat, or it would silence the alarm it is there to raise.
 */
import type { IDataObject, INodeExecutionData, IPollFunctions } from 'n8n-workflow';
import { type AccountOccasion, listAccountOccasions, occasionId, type Occasion } from '../../core/index';
import { openHost, workplaceOf } from './installation';
import type { Workplace } from './operation';
import { shownError } from './shown-error';

type Standing = Omit<Occasion, 'type'> & { readonly type: string; readonly accountId?: string };

/** In n8n's static data of the node: when each occasion was put out, by its id. */
interface Told {
  occasions?: Record<string, number>;
}

/** What has not stood for so long is forgotten, so that the list does not grow for ever. */
const FORGOTTEN_AFTER_MS = 400 * 86_400_000;

/** Null when there is nothing new. Raises n8n's own error. */
export async function pollOccasions(host: IPollFunctions): Promise<INodeExecutionData[][] | null> {
  try {
    const opened = await openHost(host);
    try {
      const now = opened.installation.ports.clock.now();
      const standing = await findStanding(workplaceOf(opened, undefined), wantedEvents(host));
      const fresh = host.getMode() === 'manual' ? standing : keepNew(host.getWorkflowStaticData('node'), standing, now);
      return fresh.length === 0 ? null : [fresh.map((occasion) => ({ json: itemOf(occasion, now) }))];
    } finally {
      opened.release();
    }
  } catch (reason) {
    throw shownError(host.getNode(), reason);
  }
}

function wantedEvents(host: Pick<IPollFunctions, 'getNodeParameter'>): ReadonlySet<string> {
  const events: unknown = host.getNodeParameter('events', []);
  return new Set(Array.isArray(events) ? events.map(String) : []);
}

async function findStanding({ certificates, onboarding, operatorId }: Workplace, wanted: ReadonlySet<string>): Promise<readonly Standing[]> {
  const asks = (room: string) => [...wanted].some((type) => type.startsWith(`${room}.`));
  const ofCertificates: readonly Standing[] = asks('certificate') ? (await certificates.check(operatorId, { recorded: false })).occasions : [];
  const ofAccounts: readonly AccountOccasion[] = asks('account') ? await listAccountOccasions(onboarding) : [];
  return [...ofCertificates, ...ofAccounts].filter(({ type }) => wanted.has(type));
}

/** Pure but for the list, which n8n keeps when it was replaced. */
export function keepNew(told: Told, standing: readonly Standing[], now: number): readonly Standing[] {
  const before = told.occasions ?? {};
  const fresh = standing.filter((occasion) => before[idOf(occasion)] === undefined);
  const stillStanding = standing.map((occasion) => [idOf(occasion), now] as const);
  // Written once a day at most while nothing is new: n8n stores the whole of it at every change.
  const isOutdated = standing.some((occasion) => now - (before[idOf(occasion)] ?? now) > 86_400_000);
  if (fresh.length > 0 || isOutdated) {
    const kept = Object.entries(before).filter(([, at]) => now - at < FORGOTTEN_AFTER_MS);
    told.occasions = Object.fromEntries([...kept, ...stillStanding]);
  }
  return fresh;
}

function idOf({ type, subject }: Standing): string {
  return occasionId({ type, subject });
}

function itemOf(occasion: Standing, now: number): IDataObject {
  const { type, accountId, data } = occasion;
  return { event: type, occasionId: idOf(occasion), at: new Date(now).toISOString(), accountId: accountId ?? null, ...data };
}
