/**
 * What may stand in the tenant segment of an authority: a GUID or an LDH domain (RFC 5890 section 2.3.1).
 * `common`, `organizations` and `consumers` are refused: with them Microsoft, not we, decides whose tenant it is.
 */
import { isGuid } from './guid';

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
/** Personal Microsoft accounts live in this tenant; it can never be a customer. */
export const CONSUMER_TENANT_ID = '9188040d-6c67-4c5b-b112-36a304b66dad';

export type TenantName = { readonly kind: 'id' | 'domain'; readonly value: string };

/** Read operator input. Undefined when it is neither a GUID nor a domain of at least two labels. */
export function parseTenantName(input: string): TenantName | undefined {
  const value = input.trim().toLowerCase();
  if (isGuid(value)) return value === CONSUMER_TENANT_ID ? undefined : { kind: 'id', value };
  const labels = value.split('.');
  if (value.length > 253 || labels.length < 2 || !labels.every((label) => LABEL.test(label))) return undefined;
  return /^\d+$/.test(labels.at(-1) ?? '') ? undefined : { kind: 'domain', value };
}
