/**
 * Looks at every credential in use, one item each. An effect although it only reads the credentials: it leaves the heartbeat
 * that says somebody looked, and an AI agent that looks must not silence the alarm of the schedule that stopped.
 */
import type { InstalledOperation } from '../../../host/operation';

export const checkCertificates: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Check', value: 'check', action: 'Check certificates', description: 'Say of every credential in use when it is renewed and what is wrong; for a schedule' },
  fields: [
    { displayName: 'Rotate', name: 'rotate', type: 'boolean', default: false, description: 'Whether to begin the rotation of what is due, and to take one step of each that is running' },
    { displayName: 'Ask Directory', name: 'askDirectory', type: 'boolean', default: false, description: 'Whether to ask the directory when client secrets end, and whether the apps have the keys they should: two reads per app at most' },
  ],
  execute: async (parameters, { certificates, operatorId, signal }) => {
    const { items, appKeys, heartbeat, steps, complete } = await certificates.check(operatorId, { rotate: parameters.flag('rotate'), directory: parameters.flag('askDirectory'), signal });
    return items.map((item) => ({
      ...item,
      step: steps.find(({ certificateId }) => certificateId === item.certificateId)?.step ?? null,
      registrations: appKeys === null ? null : appKeys.filter(({ appKey }) => item.appKeys.includes(appKey)),
      complete,
      heartbeat,
    }));
  },
};
