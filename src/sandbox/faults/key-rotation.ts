/**
 * New signing keys without a schedule, as the service rolls them. Keys made once are used again after a reset, because
 * making one takes a while.
 */
import { makeWorkKey, type SigningKey, type SigningKeys } from '../signing-keys';
import type { ControlledWorld } from '../world';

export class KeyRotation {
  readonly #made: SigningKey[] = [];
  #before: SigningKeys | undefined;
  #rotations = 0;

  constructor(readonly world: Pick<ControlledWorld, 'signingKeys' | 'setSigningKeys'>) {}

  /** Sign with another key from now on; `cut` stops publishing the one before. */
  rotate(how: 'overlap' | 'cut'): void {
    const before = this.world.signingKeys;
    this.#before ??= before;
    const next = (this.#made[this.#rotations] ??= makeWorkKey(Date.now()));
    this.#rotations += 1;
    const kept = how === 'overlap' ? before.published : before.published.filter((key) => key.audience === 'consumer');
    this.world.setSigningKeys({ current: next, published: [next, ...kept] });
  }

  /** Back to the keys from before the first rotation. */
  reset(): void {
    if (this.#before !== undefined) this.world.setSigningKeys(this.#before);
    this.#before = undefined;
    this.#rotations = 0;
  }
}
