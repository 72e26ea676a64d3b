/**
 * A process that advances or removes one account and kills itself, without a chance to tidy up, right after a write of its own. Bundled
 * and started by kill.thorough.test.ts; it says what it reached when there was nothing to write.
 */
import { type MortalErrand, runMortalErrands } from './child-side';

export interface AccountErrand extends MortalErrand {
  readonly accountId: string;
  readonly act: 'advance' | 'remove';
}

runMortalErrands(async ({ onboarding }, { accountId, act }: AccountErrand) =>
  act === 'advance' ? onboarding.advance(accountId) : onboarding.removeAccount({ accountId, operatorId: 'op-1', confirmed: true }),
);
