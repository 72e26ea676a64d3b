/**
 * Rolling the signing keys over, in the service's steps: the next key is published, new tokens are signed with it, the
 * old one is withdrawn. Tokens signed by a withdrawn key are taken until they expire; an emergency revokes them too.
 * Source: "Signing key rollover in the Microsoft identity platform".
 */
import { makeWorkKey, type SigningKey, type SigningKeys } from './signing-keys';

export type RollOverStep = 'publish' | 'sign' | 'withdraw' | 'complete' | 'emergency';

export const ROLL_OVER_STEPS: readonly RollOverStep[] = ['publish', 'sign', 'withdraw', 'complete', 'emergency'];

/** The keys after one step. A step that has nothing to do changes nothing. */
export function rollOver(keys: SigningKeys, step: RollOverStep, nowMs: number): SigningKeys {
  const steps: Readonly<Record<RollOverStep, () => SigningKeys>> = {
    publish: () => publish(keys, nowMs),
    sign: () => ({ ...keys, current: nextKey(keys) ?? keys.current }),
    withdraw: () => withdraw(keys),
    complete: () => withdraw(rollOver(publish(keys, nowMs), 'sign', nowMs)),
    emergency: () => ({ ...rollOver(keys, 'complete', nowMs), retired: [] }),
  };
  return steps[step]();
}

function publish(keys: SigningKeys, nowMs: number): SigningKeys {
  return nextKey(keys) === undefined ? { ...keys, published: [...keys.published, makeWorkKey(nowMs)] } : keys;
}

/** Published after the one in use, and not in use yet. */
function nextKey({ published, current }: SigningKeys): SigningKey | undefined {
  return published.slice(published.indexOf(current) + 1).find(({ audience }) => audience === 'work');
}

function withdraw(keys: SigningKeys): SigningKeys {
  const { published, current, retired = [] } = keys;
  const old = published.slice(0, published.indexOf(current)).filter(({ audience }) => audience === 'work');
  return { ...keys, published: published.filter((key) => !old.includes(key)), retired: [...retired, ...old] };
}
