/**
 * Whom an installation takes for an admin, as its configuration says: which roles, who is left out although the role would do,
 * and what makes one candidate better than another. Roles by their name (for those we know) or template id.
 * Source: Microsoft Learn "Microsoft Entra built-in roles".
 */
import * as z from 'zod/v4';
import { isGuid } from '../internal/guid';
import { type AdminExclusions, DEFAULT_EXCLUSIONS, RANK_CRITERIA, type RankPreferences } from './model';
import { DEFAULT_RANKING } from './ranking';
import { type AdminPolicy, DEFAULT_ADMIN_POLICY, ROLE_NAMES } from './roles';

export interface AdminSettings {
  readonly policy: AdminPolicy;
  readonly ranking: RankPreferences;
  readonly exclude: AdminExclusions;
}

const IDS_BY_NAME: ReadonlyMap<string, string> = new Map(Object.entries(ROLE_NAMES).map(([id, name]) => [name.toLowerCase(), id]));

const roleSchema = z
  .string()
  .refine((role) => isGuid(role) || IDS_BY_NAME.has(role.toLowerCase()), { message: 'is neither a role template id nor the name of a built-in role known here' })
  .transform((role) => (isGuid(role) ? role : (IDS_BY_NAME.get(role.toLowerCase()) ?? role)).toLowerCase());

const rolesSchema = z
  .strictObject({ anyOf: z.array(roleSchema).min(1).max(20).optional(), allOf: z.array(roleSchema).min(1).max(20).optional() })
  .refine(({ anyOf, allOf }) => (anyOf === undefined) !== (allOf === undefined), { message: 'give anyOf or allOf' });

const excludeSchema = z.strictObject({
  breakGlass: z.array(z.string().min(1).max(64).regex(/^[^@\s]+$/, { message: 'is the part before the @, with * for anything' })).max(50).optional(),
  synced: z.boolean().optional(),
  withoutMailbox: z.boolean().optional(),
});

export const adminSettingsSchema = z
  .strictObject({
    roles: rolesSchema.optional(),
    ranking: z
      .array(z.enum(RANK_CRITERIA))
      .refine((order) => new Set(order).size === order.length, { message: 'names a criterion twice' })
      .refine((order) => !(order.includes('cloud_only') && order.includes('synced')), { message: 'names cloud_only and synced, which contradict each other' })
      .optional(),
    exclude: excludeSchema.optional(),
  })
  .transform(({ roles, ranking, exclude }): AdminSettings => ({
    policy: roles === undefined ? DEFAULT_ADMIN_POLICY : readPolicy(roles),
    ranking: ranking === undefined ? DEFAULT_RANKING : { order: ranking },
    exclude: {
      breakGlass: exclude?.breakGlass ?? DEFAULT_EXCLUSIONS.breakGlass,
      synced: exclude?.synced ?? DEFAULT_EXCLUSIONS.synced,
      withoutMailbox: exclude?.withoutMailbox ?? DEFAULT_EXCLUSIONS.withoutMailbox,
    },
  }));

function readPolicy({ anyOf, allOf }: z.infer<typeof rolesSchema>): AdminPolicy {
  return anyOf === undefined ? { mode: 'allOf', roleTemplateIds: allOf ?? [] } : { mode: 'anyOf', roleTemplateIds: anyOf };
}
