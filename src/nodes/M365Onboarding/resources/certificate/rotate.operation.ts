/** One step of a rotation per call: a schedule that repeats it brings the rotation to its end, whatever happens in between. */
import type { InstalledOperation } from '../../../host/operation';
import { CERTIFICATE } from '../locators';

export const rotateCertificate: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Rotate', value: 'rotate', action: 'Rotate certificate', description: 'Put a new certificate in its place, proven and without a gap: begin, or take the next step' },
  fields: [
    CERTIFICATE,
    {
      displayName: 'Direction',
      name: 'direction',
      type: 'options',
      default: 'forward',
      description: 'Where the rotation goes',
      options: [
        { name: 'Forward', value: 'forward', description: 'Begin, or take the next step when it is due' },
        { name: 'Undo', value: 'undo', description: 'Take a running rotation back; the old certificate goes on alone' },
      ],
    },
  ],
  execute: async (parameters, { certificates, operatorId, signal }) => {
    const id = parameters.requiredText('certificate');
    const { rotation, step, certificate } = await (parameters.text('direction') === 'undo' ? certificates.undoRotation(id, operatorId, signal) : certificates.rotate(id, operatorId, signal));
    return { ...rotation, step, certificate };
  },
};
