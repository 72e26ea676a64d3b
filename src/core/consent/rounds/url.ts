/**
 * The admin consent address. `.default` is the only scope that grants application permissions, and it covers every API
 * in the app registration; without `scope` the v2 endpoint answers AADSTS900144.
 * Source: Microsoft Learn "Admin consent on the Microsoft identity platform" (v2-admin-consent).
 */

export interface ConsentUrlInput {
  readonly authorityHost: string;
  /** The expected or proven tenant id, or `organizations` when nothing is known yet. */
  readonly tenant: string;
  readonly appId: string;
  readonly graphResource: string;
  readonly redirectUri: string;
  readonly state: string;
}

export function buildConsentUrl(input: ConsentUrlInput): string {
  const url = new URL(`/${encodeURIComponent(input.tenant)}/v2.0/adminconsent`, input.authorityHost);
  url.searchParams.set('client_id', input.appId);
  url.searchParams.set('scope', `${input.graphResource}/.default`);
  url.searchParams.set('redirect_uri', input.redirectUri);
  url.searchParams.set('state', input.state);
  return url.toString();
}
