/** The last test of a file: every rule of its families was named by an answer, so none is dead or untested. */
import { expect, it } from 'vitest';
import { identityRules } from '../../src/sandbox/rules';
import { rulesSeen } from './support';

export const COVERED_FAMILIES = ['DISC-', 'TENANT-', 'TOKEN-', 'ASSERTION-', 'CODE-', 'AUTHZ-', 'SIGNIN-', 'PAGE-', 'CONSENT-', 'RP-', 'PROVOKED-', 'POLICY-', 'CLOUD-', 'OIDC-'] as const;

export function expectEveryRuleSeen(...families: readonly (typeof COVERED_FAMILIES)[number][]): void {
  it(`reaches every rule of ${families.join(' ')}`, () => {
    const wanted = identityRules.map((rule) => rule.id).filter((id) => families.some((family) => id.startsWith(family)));
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((id) => !rulesSeen.has(id))).toEqual([]);
  });
}
