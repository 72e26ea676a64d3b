/** How the sign-in host begins, and begins again after a reset: what the seed and the options ask it to play. */
import { seededTenantId } from '../seed';
import { seededAppId } from '../seed-apps';
import type { Seed } from '../seed-format';
import type { StsState } from './context';
import { firstStsVariants, type StsVariants } from './variants';

export type RelyingPartyChoice = string | Readonly<Record<string, string>>;

/** Sessions, codes and requests gone; variants, refusals and relying-party cases as at the start. Raises RangeError. */
export function beginSts(sts: StsState, seed: Seed, chosen: { readonly variants?: Partial<StsVariants> | undefined; readonly relyingParty?: RelyingPartyChoice | undefined } = {}): void {
  for (const memory of [sts.sessions, sts.interactions, sts.codes, sts.refreshTokens]) memory.clear();
  sts.consentRequests.length = 0;
  sts.declineVariant = seed.declineVariant ?? null;
  sts.variants = { ...firstStsVariants(), ...seed.variants?.sts, ...chosen.variants };
  beginProvocations(sts, seed);
  sts.relyingParty.clear();
  const { relyingParty } = chosen;
  if (typeof relyingParty === 'string') sts.relyingParty.set(relyingParty);
  else for (const [appKey, caseId] of Object.entries(relyingParty ?? {})) setRelyingParty(sts, seed, caseId, appKey);
}

/** For all apps, or the one with this key. Raises RangeError for a case or an app there is not. */
export function setRelyingParty(sts: StsState, seed: Seed, caseId: string | null, appKey: string | undefined): void {
  if (appKey !== undefined && !seed.apps.some(({ key }) => key === appKey)) throw new RangeError(`There is no app "${appKey}".`);
  sts.relyingParty.set(caseId, appKey === undefined ? undefined : seededAppId(seed, appKey));
}

function beginProvocations(sts: StsState, seed: Seed): void {
  sts.provocations.clear();
  for (const { tenant, app, ...provocation } of seed.provoke ?? []) {
    const tenantId = tenant === undefined ? undefined : seededTenantId(seed, tenant);
    const appId = app === undefined ? undefined : seededAppId(seed, app);
    sts.provocations.add({ ...provocation, tenantId, appId });
  }
}
