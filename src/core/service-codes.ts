/**
 * What Microsoft's own error codes mean here: one truth for messages, for the token adapters, for the consent callback
 * and for docs/errors.md. Codes and texts of Microsoft's may change at any time, so an unknown code is never an error: it
 * keeps its number. Follows Microsoft Learn "Microsoft Entra authentication and authorization error codes" and Graph
 * "error responses".
 */
import { CONSENT_CODES } from './service-codes/consent';
import { CREDENTIAL_CODES } from './service-codes/credentials';
import { GRAPH_CODES } from './service-codes/graph';
import type { ServiceCodeEntry } from './service-codes/model';
import { PEOPLE_CODES } from './service-codes/people';
import { REQUEST_CODES } from './service-codes/requests';
import { TENANT_CODES } from './service-codes/tenants';

export type { ServiceCodeEntry, ServiceRetry, ServiceWait } from './service-codes/model';

/** Every code that is known, by family; within the sign-in service in no order that means anything. */
export const SERVICE_CODES: readonly ServiceCodeEntry[] = [...CONSENT_CODES, ...PEOPLE_CODES, ...TENANT_CODES, ...CREDENTIAL_CODES, ...REQUEST_CODES, ...GRAPH_CODES];

const BY_CODE: ReadonlyMap<string, ServiceCodeEntry> = new Map(SERVICE_CODES.map((known) => [known.serviceCode.toLowerCase(), known]));

/**
 * What is known about a code of Microsoft's: `AADSTS65004`, a bare AADSTS number, or a Graph code, in any case. Undefined
 * for one nobody has described yet, and for none.
 */
export function findServiceCode(serviceCode: string | undefined): ServiceCodeEntry | undefined {
  const asked = serviceCode?.trim().toLowerCase() ?? '';
  return BY_CODE.get(/^\d{4,9}$/.test(asked) ? `aadsts${asked}` : asked);
}

/** Microsoft's own page about an AADSTS number; undefined for any other code. Nothing but the number is in the address. */
export function serviceCodeLookUpUrl(serviceCode: string | undefined): string | undefined {
  const number = /^(?:AADSTS)?(\d{4,9})$/i.exec(serviceCode?.trim() ?? '')?.[1];
  return number === undefined ? undefined : `https://login.microsoftonline.com/error?code=${number}`;
}
