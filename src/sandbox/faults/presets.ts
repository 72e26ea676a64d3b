/** The plans that come with the sandbox, by name: data files, in the format of a plan's own file. */
import calm from './presets/calm.json';
import keyRollover from './presets/key-rollover.json';
import lossyNetwork from './presets/lossy-network.json';
import replicationHell from './presets/replication-hell.json';
import roughDay from './presets/rough-day.json';
import stsOutage from './presets/sts-outage.json';
import throttledTenant from './presets/throttled-tenant.json';
import { FaultPlanError } from './plan-fields';

const PRESETS: Readonly<Record<string, unknown>> = {
  calm,
  'rough-day': roughDay,
  'replication-hell': replicationHell,
  'sts-outage': stsOutage,
  'key-rollover': keyRollover,
  'throttled-tenant': throttledTenant,
  'lossy-network': lossyNetwork,
};

export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS);

/** Raises FaultPlanError. */
export function presetNamed(name: string): unknown {
  const found = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  if (found === undefined) throw new FaultPlanError(`preset must be one of ${PRESET_NAMES.join(', ')}.`);
  return found;
}
