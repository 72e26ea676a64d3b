/**
 * Every tenant's key, id and domain, a page at a time, declared ones first. Reading a page brings no tenant into being: the
 * names follow from the seed.
 */
import { ControlRefusal } from './control';
import type { JsonObject } from './jwt';
import { seededTenantId } from './seed';
import type { Seed } from './seed-format';
import { generatedNames } from './seed-generated';

export interface TenantRow {
  readonly key: string;
  readonly tenantId: string;
  readonly domain: string;
  readonly displayName: string;
}

const DEFAULT_TOP = 100;
const MAX_TOP = 1000;

/** `skip` and `top` as texts, both optional; `next` is the query of the next page, or null. Raises ControlRefusal. */
export function pageOfTenants(seed: Seed, query: JsonObject): { readonly items: readonly TenantRow[]; readonly count: number; readonly next: string | null } {
  const skip = readNumber(query, 'skip', 0, Number.MAX_SAFE_INTEGER);
  const top = readNumber(query, 'top', DEFAULT_TOP, MAX_TOP);
  const count = seed.tenants.length + (seed.generatedTenants?.count ?? 0);
  const end = Math.min(count, skip + top);
  const items: TenantRow[] = [];
  for (let index = skip; index < end; index += 1) items.push(rowAt(seed, index));
  return { items, count, next: end < count ? `/tenants?skip=${end}&top=${top}` : null };
}

function rowAt(seed: Seed, index: number): TenantRow {
  const declared = seed.tenants[index];
  const spec = seed.generatedTenants;
  const names = declared ?? (spec === undefined ? undefined : generatedNames(spec, index - seed.tenants.length + 1));
  if (names === undefined) throw new ControlRefusal('There is no such tenant.');
  return { key: names.key, tenantId: seededTenantId(seed, names.key), domain: names.domain, displayName: names.name };
}

function readNumber(query: JsonObject, name: string, otherwise: number, most: number): number {
  const text = query[name];
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (text === '' || !Number.isInteger(number) || number < 0 || number > most) throw new ControlRefusal(`${name} is a whole number from 0 to ${most}.`);
  return number;
}
