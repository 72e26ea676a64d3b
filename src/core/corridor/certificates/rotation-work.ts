/** What every part of a rotation works with. */
import type { RotationSettings } from '../../certificates/lifecycle';
import type { TokenSource } from '../../ports';
import type { OnboardingContext } from '../context';

export interface RotationWork {
  readonly context: OnboardingContext;
  readonly settings: RotationSettings;
  /** Tokens of the apps as if they signed in with this stored certificate already. */
  readonly tokensWith: (certificateId: string) => TokenSource;
  /** Files that apps of this configuration sign in with, beside the store. */
  readonly staticSources: () => Promise<readonly StaticSource[]>;
  /** How long the home tenant's policy is waited for at most. */
  readonly limitPolicyTime: (signal?: AbortSignal) => AbortSignal;
  readonly operatorId: string;
  readonly signal: AbortSignal | undefined;
}

export interface StaticSource {
  readonly appKey: string;
  readonly source: 'pfx' | 'pem';
  readonly file: string;
  readonly thumbprintSha256: string;
}
