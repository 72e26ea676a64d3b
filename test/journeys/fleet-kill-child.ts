/**
 * A process that sweeps a fleet and kills itself, without a chance to tidy up, right after a write of its own. Bundled and
 * started by fleet-kill.thorough.test.ts; it says what the sweep came to when it lived to see its end.
 */
import { type MortalErrand, runMortalErrands } from './child-side';

export type SweepErrand = MortalErrand;

runMortalErrands(async ({ onboarding }) => onboarding.sweep({ resume: true, concurrency: 4 }));
