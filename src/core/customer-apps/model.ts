/**
 * A customer-owned app: an app registration in the customer's own tenant that signs in with a certificate of ours, either
 * registered by us or adopted by its app id. The record is written ahead of every call to Microsoft and holds what became of
 * it, so that the next call goes on where the last one stopped. It holds no secret: the private key is a stored certificate,
 * and the admin's access token is never kept.
 */
import * as z from 'zod/v4';

export const APP_KEY_PATTERN = /^[a-z0-9][a-z0-9-]{0,31}$/;

const permissionSchema = z.object({
  resourceAppId: z.string(),
  type: z.enum(['application', 'delegated']),
  /** At least one of name and id. */
  name: z.string().optional(),
  id: z.string().optional(),
});

const reasonSchema = z.object({ code: z.string(), message: z.string() });

const removalSchema = z.object({
  /** Milliseconds since the Unix epoch. */
  startedAt: z.number(),
  startedBy: z.string(),
  /** Also out of the tenant's recycle bin. */
  purge: z.boolean(),
});

export const customerAppSchema = z.object({
  /** Names this registration in the audit; a later one under the same key has another. */
  id: z.string(),
  accountId: z.string(),
  key: z.string().regex(APP_KEY_PATTERN),
  /** The account's proven tenant when this began. */
  tenantId: z.string(),
  origin: z.enum(['registered', 'adopted']),
  displayName: z.string(),
  /** The alternate key under which Graph makes the application once; null for an adopted one. */
  uniqueName: z.string().nullable(),
  permissions: z.array(permissionSchema),
  certificateName: z.string(),
  certificateId: z.string().nullable(),
  /** When Graph was first asked to make the application: from then on there may be one. */
  askedAt: z.number().nullable(),
  appId: z.string().nullable(),
  objectId: z.string().nullable(),
  keyId: z.string().nullable(),
  servicePrincipalId: z.string().nullable(),
  /** By resource, once the directory showed all of it: what the proof looks for in the app's own tokens. */
  granted: z.array(z.object({ resourceAppId: z.string(), roles: z.array(z.string()), scopes: z.array(z.string()) })).nullable(),
  /** When the token endpoint gave a token with every required role. */
  provenAt: z.number().nullable(),
  /** Object id of the admin whose access token was used last. */
  adminObjectId: z.string().nullable(),
  removal: removalSchema.nullable(),
  /** Why it stands where it stands; empty when the last call came to its end. */
  reasons: z.array(reasonSchema),
  createdAt: z.number(),
  createdBy: z.string(),
});

export type CustomerApp = Readonly<z.infer<typeof customerAppSchema>>;
export type CustomerAppReason = Readonly<z.infer<typeof reasonSchema>>;

/** A permission the app must hold; the shape of an app's required permissions in the configuration, without the reason. */
export type WantedPermission = Readonly<z.infer<typeof permissionSchema>>;

/** In the order they are taken. */
export type CustomerAppStep = 'certificate' | 'application' | 'key' | 'service_principal' | 'permissions' | 'proof';

export type CustomerAppState = 'registering' | 'active' | 'removing';

/** What is to be done next; undefined when the app is active. Pure. */
export function nextStep(app: CustomerApp): CustomerAppStep | undefined {
  if (app.certificateId === null) return 'certificate';
  if (app.appId === null || app.objectId === null) return 'application';
  if (app.keyId === null) return 'key';
  if (app.servicePrincipalId === null) return 'service_principal';
  if (app.granted === null) return 'permissions';
  return app.provenAt === null ? 'proof' : undefined;
}

/** Steps that change something in the customer's tenant and so need its admin. */
export function needsAdmin(step: CustomerAppStep | undefined): boolean {
  return step !== undefined && step !== 'certificate' && step !== 'proof';
}

export function stateOf(app: CustomerApp): CustomerAppState {
  if (app.removal !== null) return 'removing';
  return nextStep(app) === undefined ? 'active' : 'registering';
}

/** No app key of the configuration can begin like this. */
const USER_PREFIX = 'customer:';

/** The name under which a stored certificate says who uses it. */
export function certificateUserOf({ accountId, key }: Pick<CustomerApp, 'accountId' | 'key'>): string {
  return `${USER_PREFIX}${accountId}/${key}`;
}

/** Is it a customer's own app that a certificate names as its user? */
export function isCustomerAppUser(appKey: string): boolean {
  return appKey.startsWith(USER_PREFIX);
}

/** Do both lists ask for the same, whatever their order? */
export function samePermissions(left: readonly WantedPermission[], right: readonly WantedPermission[]): boolean {
  const text = (permissions: readonly WantedPermission[]) =>
    permissions.map(({ resourceAppId, type, name, id }) => JSON.stringify([resourceAppId.toLowerCase(), type, name ?? null, id?.toLowerCase() ?? null])).toSorted().join('\n');
  return text(left) === text(right);
}
