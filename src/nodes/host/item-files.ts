/**
 * The files of one item: what came in as binary data, what goes out. n8n keeps binary data where its administrator said
 * (memory, disk, object store) for as long as it keeps the execution; whoever attaches a file says what that means for it.
 */
import type { IBinaryKeyData, IExecuteFunctions } from 'n8n-workflow';
import { MAX_FILE_BYTES, OnboardingError } from '../../core/index';
import type { ItemFile, ItemFiles } from './operation';

export interface CollectedFiles extends ItemFiles {
  /** What was attached; undefined for nothing. */
  readonly attached: () => IBinaryKeyData | undefined;
}

export function filesOf(host: IExecuteFunctions, itemIndex: number): CollectedFiles {
  let attached: IBinaryKeyData | undefined;
  return {
    attached: () => attached,
    // Raises n8n's own error, which names the field, when there is no such file.
    readFile: async (field) => {
      const { bytes } = host.helpers.assertBinaryData(itemIndex, field);
      if (bytes !== undefined && bytes > MAX_FILE_BYTES) throw new OnboardingError('PFX_TOO_LARGE', 'The file is larger than 1 MiB, which no certificate file is.');
      return host.helpers.getBinaryDataBuffer(itemIndex, field);
    },
    attachFile: async (field, { bytes, fileName, mimeType }: ItemFile) => {
      attached = { ...attached, [field]: await host.helpers.prepareBinaryData(Buffer.from(bytes), fileName, mimeType) };
    },
  };
}
