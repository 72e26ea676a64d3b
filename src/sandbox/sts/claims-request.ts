/**
 * The `claims` parameter (OpenID Connect Core section 5.5). MSAL always sends one that asks for optional ID token
 * claims as voluntary; a provider may leave those out, and the sandbox does. Anything that must be honoured,
 * such as an essential claim or a claims challenge for an access token, is not modelled.
 */
import { isJsonObject } from '../jwt';

/** Whether every claim asked for may be left out. */
export function isVoluntaryOnly(text: string): boolean {
  const parsed = parse(text);
  if (!isJsonObject(parsed)) return false;
  return Object.entries(parsed).every(([place, wanted]) => place === 'id_token' && isJsonObject(wanted) && Object.values(wanted).every(isVoluntary));
}

function isVoluntary(wanted: unknown): boolean {
  if (wanted === null) return true;
  return isJsonObject(wanted) && Object.entries(wanted).every(([name, value]) => name === 'essential' && value === false);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
