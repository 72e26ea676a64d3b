/**
 * The world's tenants by id. Declared ones are put in; generated ones are known from the start and made when somebody first
 * asks for them, so that ten thousand cost no more than their ids. Going through `values()` makes them all: what only looks
 * for something goes through `inUse()`, because nothing has happened in any other tenant.
 */
import type { Tenant, Tenants } from './model';

/** Tenants that are known before they are made. */
export interface TenantSource {
  readonly size: number;
  ids(): IterableIterator<string>;
  has(tenantId: string): boolean;
  /** `name` in lower case. */
  idOfDomain(name: string): string | undefined;
  make(tenantId: string): Tenant;
}

export class TenantDirectory implements Tenants {
  readonly #made = new Map<string, Tenant>();
  readonly #declared = new Set<string>();
  readonly #idByDomain = new Map<string, string>();
  #source: TenantSource | undefined;

  /** In place of an earlier one with the same id. */
  add(tenant: Tenant): void {
    this.#made.set(tenant.tenantId, tenant);
    this.#declared.add(tenant.tenantId);
    for (const name of domainsOf(tenant)) this.#idByDomain.set(name, tenant.tenantId);
  }

  /** From now on these are known as well; those an earlier source has made are gone. */
  setSource(source: TenantSource | undefined): void {
    for (const tenantId of this.#made.keys()) if (!this.#declared.has(tenantId)) this.#made.delete(tenantId);
    this.#source = source;
  }

  get(tenantId: string): Tenant | undefined {
    const made = this.#made.get(tenantId);
    if (made !== undefined || this.#source?.has(tenantId) !== true) return made;
    const tenant = this.#source.make(tenantId);
    this.#made.set(tenantId, tenant);
    return tenant;
  }

  has(tenantId: string): boolean {
    return this.#made.has(tenantId) || this.#source?.has(tenantId) === true;
  }

  findByDomain(name: string): Tenant | undefined {
    const wanted = name.toLowerCase();
    const tenantId = this.#idByDomain.get(wanted) ?? this.#source?.idOfDomain(wanted);
    return tenantId === undefined ? undefined : this.get(tenantId);
  }

  inUse(): Iterable<Tenant> {
    return this.#made.values();
  }

  get inUseCount(): number {
    return this.#made.size;
  }

  *declared(): IterableIterator<Tenant> {
    for (const tenant of this.#made.values()) if (this.#declared.has(tenant.tenantId)) yield tenant;
  }

  get size(): number {
    return this.#declared.size + (this.#source?.size ?? 0);
  }

  *keys(): MapIterator<string> {
    yield* this.#declared;
    if (this.#source !== undefined) yield* this.#source.ids();
  }

  *entries(): MapIterator<[string, Tenant]> {
    for (const tenantId of this.keys()) {
      const tenant = this.get(tenantId);
      if (tenant !== undefined) yield [tenantId, tenant];
    }
  }

  *values(): MapIterator<Tenant> {
    for (const [, tenant] of this.entries()) yield tenant;
  }

  [Symbol.iterator](): MapIterator<[string, Tenant]> {
    return this.entries();
  }

  forEach(visit: (tenant: Tenant, tenantId: string, all: ReadonlyMap<string, Tenant>) => void): void {
    for (const [tenantId, tenant] of this.entries()) visit(tenant, tenantId, this);
  }
}

function domainsOf(tenant: Tenant): string[] {
  return tenant.organization.list(Number.POSITIVE_INFINITY).flatMap(({ verifiedDomains }) => verifiedDomains.map(({ name }) => name.toLowerCase()));
}
