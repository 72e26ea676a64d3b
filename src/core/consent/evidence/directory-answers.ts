/**
 * What single answers of Graph about service principals and grants mean. Pure. An answer about another app than was asked
 * for is no answer. Microsoft Graph v1.0 "servicePrincipal", "appRoleAssignment", "oAuth2PermissionGrant", "organization".
 */
import * as z from 'zod/v4';
import { sameGuid } from '../../internal/guid';
import type { GraphResponse } from '../../ports';
import type { AppPrincipal, NamedPermission, ResourceEvidence, Unread } from './evidence-model';

const named = z.object({ id: z.string(), value: z.string().nullish() });
const publishedSchema = z.object({ id: z.string(), appId: z.string(), appRoles: z.array(named).nullish(), oauth2PermissionScopes: z.array(named).nullish() });
const principalSchema = z.object({
  id: z.string(),
  appId: z.string(),
  accountEnabled: z.boolean().nullish(),
  disabledByMicrosoftStatus: z.string().nullish(),
  appRoleAssignmentRequired: z.boolean().nullish(),
});
export const assignmentSchema = z.object({ appRoleId: z.string(), resourceId: z.string(), principalId: z.string() });
export const grantSchema = z.object({ clientId: z.string(), resourceId: z.string(), scope: z.string().nullish(), consentType: z.string() });
export const listSchema = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().optional() });
const errorSchema = z.object({ error: z.object({ code: z.string() }) });
const organizationSchema = z.object({ value: z.array(z.object({ id: z.string(), verifiedDomains: z.array(z.object({ name: z.string(), isInitial: z.boolean().nullish() })) })) });
const deletedSchema = z.object({ value: z.array(z.object({ appId: z.string(), deletedDateTime: z.string() })) });

/** Microsoft's word for "we did not". */
const NOT_DISABLED = 'NotDisabled';

/** What a resource publishes; null when the tenant has no service principal of it. */
export function readPublished(answer: GraphResponse | undefined, appId: string): ResourceEvidence | null | Unread {
  if (answer?.status === 404) return null;
  const parsed = answer?.status === 200 ? publishedSchema.safeParse(answer.body) : undefined;
  if (parsed?.success !== true || !sameGuid(parsed.data.appId, appId)) return unreadAnswer(answer);
  const names = (items: readonly z.infer<typeof named>[] | null | undefined): NamedPermission[] => (items ?? []).map((item) => ({ id: item.id.toLowerCase(), name: item.value ?? item.id }));
  return { objectId: parsed.data.id, roles: names(parsed.data.appRoles), scopes: names(parsed.data.oauth2PermissionScopes) };
}

/** An app's place in the tenant; null when it has none. */
export function readPrincipal(answer: GraphResponse | undefined, appId: string): AppPrincipal | null | Unread {
  if (answer?.status === 404) return null;
  const parsed = answer?.status === 200 ? principalSchema.safeParse(answer.body) : undefined;
  if (parsed?.success !== true || !sameGuid(parsed.data.appId, appId)) return unreadAnswer(answer);
  const { id, accountEnabled, disabledByMicrosoftStatus, appRoleAssignmentRequired } = parsed.data;
  const status = disabledByMicrosoftStatus ?? NOT_DISABLED;
  return { objectId: id, accountEnabled: accountEnabled !== false, disabledByMicrosoft: status === NOT_DISABLED ? null : status, assignmentRequired: appRoleAssignmentRequired === true };
}

export function readSharePointHost(answer: GraphResponse | undefined, tenantId: string): string | undefined {
  const parsed = organizationSchema.safeParse(answer?.body);
  const tenant = parsed.success ? parsed.data.value[0] : undefined;
  if (tenant === undefined || !sameGuid(tenant.id, tenantId)) return undefined;
  return tenant.verifiedDomains.find((domain) => domain.isInitial === true)?.name.split('.')[0];
}

/** When the app's principal was deleted, if it lies in the recycle bin and this could be read. */
export function readDeleted(answer: GraphResponse | undefined, appId: string): string | undefined {
  const parsed = answer?.status === 200 ? deletedSchema.safeParse(answer.body) : undefined;
  return parsed?.success === true ? parsed.data.value.find((row) => sameGuid(row.appId, appId))?.deletedDateTime : undefined;
}

/** A space-separated list, sometimes with a leading space. */
export function splitScopes(scope: string | null | undefined): string[] {
  return (scope ?? '').split(/\s+/).filter((name) => name !== '');
}

export function unreadAnswer(answer: GraphResponse | undefined): Unread {
  const body = errorSchema.safeParse(answer?.body);
  return { outcome: 'unknown', code: answer !== undefined && answer.status >= 400 ? 'GRAPH_REFUSED' : 'GRAPH_ANSWER_INVALID', serviceCode: body.success ? body.data.error.code : undefined };
}
