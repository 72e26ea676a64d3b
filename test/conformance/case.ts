/** One modelled operation of the corpus and how it is performed. */
import type { Reply } from '../sandbox/support';
import type { Stage } from './stage';

export interface Case {
  /** The metadata type of the answer's objects. */
  readonly type: string;
  readonly perform: (stage: Stage) => Promise<Reply>;
  /** What is compared of both sides; absent: the whole body. */
  readonly view?: (body: unknown) => unknown;
  /** A member that an example on a page has, or has otherwise, against all recordings of the same type. */
  readonly pageOnly?: string;
}

export function on(type: string, perform: (stage: Stage) => Promise<Reply>): Case {
  return { type, perform };
}
