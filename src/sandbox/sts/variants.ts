/** Which side of a contradiction the sign-in host plays; the first value of each is where it starts. */

export const STS_VARIANTS = {
  /** What a client assertion may name as its audience; whether the issuer is taken, nobody has shown. */
  assertionAudience: ['token-endpoint', 'token-endpoint-or-issuer'],
  /** How an app without a service principal in the tenant is refused; both numbers are reported. */
  missingPrincipal: ['7000229', '700016'],
  /** Consent right after the service principal was deleted: 650051 is reported for some minutes. */
  reconsent: ['granted', 'refused'],
  /** Whether a key that was asked for too early goes on being refused for two minutes: reported of federated credentials. */
  earlyKey: ['forgotten', 'remembered'],
} as const;

export type StsVariants = { [Name in keyof typeof STS_VARIANTS]: (typeof STS_VARIANTS)[Name][number] };

/** What is wrong with such a choice, if anything. */
export function problemWithStsVariants(value: Readonly<Record<string, unknown>>): string | undefined {
  const allowed = new Map<string, readonly unknown[]>(Object.entries(STS_VARIANTS));
  const wrong = Object.keys(value).find((name) => allowed.get(name)?.includes(value[name]) !== true);
  return wrong === undefined ? undefined : `sts.${wrong} must be one of: ${(allowed.get(wrong) ?? []).join(', ')}`;
}

export function firstStsVariants(): StsVariants {
  return { assertionAudience: 'token-endpoint', missingPrincipal: '7000229', reconsent: 'granted', earlyKey: 'forgotten' };
}
