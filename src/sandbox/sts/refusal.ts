/** What a refusal of the sign-in host says, whatever raised it. */
import type { RuleId } from '../rules';

export interface Refusal {
  readonly rule: RuleId;
  readonly code: number;
  readonly error: string;
  /** At the token endpoint. */
  readonly status: 400 | 401 | 429 | 503;
  readonly message: string;
  /** Some captured answers lack it, so clients must not need it. */
  readonly withoutErrorUri?: true;
}
