/**
 * The configuration of an installation, checked once at the outer boundary. Secrets are never in it: a credential names
 * a stored certificate, a file or an environment variable. `cloud` fixes the hosts; the `sandbox` section replaces
 * both of them together, and only by loopback addresses, so a real host and a stand-in can never be mixed.
 */
import * as z from 'zod/v4';
import { adminSettingsSchema } from './admins/settings';
import { lifecycleSettingsSchema } from './certificates/lifecycle';
import { parseApps, type PartnerApp } from './consent/apps/apps';
import { OnboardingError } from './errors';
import { CLOUD_ENDPOINTS, type Cloud, type CloudEndpoints, CLOUDS } from './internal/clouds';
import { isGuid } from './internal/guid';

const credentialSchema = z.union(
  [
    z.strictObject({ certificateId: z.string() }),
    z.strictObject({ pfxFile: z.string() }),
    z.strictObject({ pfxFile: z.string(), pfxPasswordEnv: z.string() }),
    z.strictObject({ pfxFile: z.string(), pfxPasswordFile: z.string() }),
    z.strictObject({ pemFile: z.string() }),
    z.strictObject({ secretEnv: z.string() }),
    z.strictObject({ secretFile: z.string() }),
  ],
  { error: 'name exactly one of certificateId, pfxFile (with pfxPasswordEnv or pfxPasswordFile), pemFile, secretEnv, secretFile' },
);

const operatorSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/),
  name: z.string().min(1),
  accounts: z.union([z.literal('all'), z.array(z.string())]),
  may: z.array(z.enum(['onboard', 'impersonate', 'approve', 'certificates'])),
});

const portalSchema = z.object({
  /** The backup portal's identifier: audience of grants, client id at the redemption. */
  audience: z.string().min(1),
  /** An https page of the portal that takes the one-time code by POST. */
  deliverTo: z.string(),
  /** JWKS address of the portal, or its public JWK or JWK set in place. */
  jwksOrClientKey: z.union([z.string(), z.record(z.string(), z.unknown())]),
});

const configurationSchema = z.object({
  cloud: z.enum(CLOUDS).default('global'),
  partnerName: z.string().min(1).max(80).default('Your backup partner'),
  homeTenantId: z.string().refine(isGuid, { message: 'must be a tenant id (GUID)' }),
  apps: z.array(z.looseObject({ key: z.string(), appId: z.string(), credential: credentialSchema })).min(1),
  operators: z.array(operatorSchema).default([]),
  operator: z.string().optional(),
  publicBaseUrl: z.url(),
  settingsUrl: z.url().optional(),
  portal: portalSchema.optional(),
  state: z.string().default('sqlite:state/m365-onboarding.sqlite'),
  adminChoice: z.enum(['manual', 'first']).default('manual'),
  admins: adminSettingsSchema.prefault({}),
  signInResponseMode: z.enum(['form_post', 'query']).default('form_post'),
  certificates: lifecycleSettingsSchema.prefault({}),
  tls: z.object({ certificateFile: z.string(), keyFile: z.string() }).optional(),
  sandbox: z
    .object({
      authorityHost: z.url(),
      graphBaseUrl: z.url(),
      caFile: z.string().optional(),
      /** The sandbox's control door; when present the command line follows the sandbox's clock. */
      control: z.url().optional(),
    })
    .optional(),
});

export type AppCredentialSetting = z.infer<typeof credentialSchema>;
/** Where a credential is: stored here, or in a file or a variable of that name. */
export interface CredentialPlace {
  readonly source: 'stored' | 'pfx' | 'pem' | 'secret';
  /** The certificate's id, the file or the variable. */
  readonly name: string;
}

export function placeOf(setting: AppCredentialSetting): CredentialPlace {
  if ('certificateId' in setting) return { source: 'stored', name: setting.certificateId };
  if ('pfxFile' in setting) return { source: 'pfx', name: setting.pfxFile };
  if ('pemFile' in setting) return { source: 'pem', name: setting.pemFile };
  return { source: 'secret', name: 'secretEnv' in setting ? setting.secretEnv : setting.secretFile };
}

export type Operator = z.infer<typeof operatorSchema>;
export type PortalSetting = z.infer<typeof portalSchema>;

export interface Configuration extends Omit<z.infer<typeof configurationSchema>, 'apps' | 'cloud'> {
  readonly cloud: Cloud;
  readonly apps: readonly PartnerApp[];
  readonly credentials: ReadonlyMap<string, AppCredentialSetting>;
  readonly endpoints: CloudEndpoints;
}

/** Read a parsed JSON configuration. Raises `CONFIG_INVALID` naming the first wrong field. */
export function parseConfiguration(input: unknown): Configuration {
  const parsed = configurationSchema.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    throw invalid(field === '' ? 'configuration' : field, issue?.message ?? 'invalid');
  }
  const { apps, ...rest } = parsed.data;
  requireSafeOrigin('publicBaseUrl', rest.publicBaseUrl);
  if (rest.settingsUrl !== undefined) requireSafeOrigin('settingsUrl', rest.settingsUrl);
  if (rest.portal !== undefined) requireSafeOrigin('portal.deliverTo', rest.portal.deliverTo);
  if (rest.sandbox?.control !== undefined && !LOOPBACK.has(new URL(rest.sandbox.control).hostname)) throw invalid('sandbox.control', 'must be an address on this machine');
  if (rest.operator !== undefined && !rest.operators.some((operator) => operator.id === rest.operator)) throw invalid('operator', 'is not one of operators');
  return {
    ...rest,
    apps: parseApps(apps),
    credentials: new Map(apps.map((app) => [app.key, app.credential])),
    endpoints: resolveEndpoints(rest.cloud, rest.sandbox),
  };
}

/** Both hosts from the cloud, or both from the sandbox. */
export function resolveEndpoints(cloud: Cloud, sandbox: { readonly authorityHost: string; readonly graphBaseUrl: string } | undefined): CloudEndpoints {
  const endpoints = CLOUD_ENDPOINTS[cloud];
  if (sandbox === undefined) return endpoints;
  return { ...endpoints, authorityHost: requireLoopbackOrigin('sandbox.authorityHost', sandbox.authorityHost), graphHost: requireLoopbackOrigin('sandbox.graphBaseUrl', sandbox.graphBaseUrl) };
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function requireLoopbackOrigin(field: string, value: string): string {
  const url = new URL(value);
  if (url.protocol !== 'https:' || !LOOPBACK.has(url.hostname)) throw invalid(field, 'must be an https address on this machine');
  return url.origin;
}

/** Cookies that prove a browser need TLS; browsers make an exception for localhost only. */
function requireSafeOrigin(field: string, value: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname));
  if (!safe) throw invalid(field, 'must be an https address');
}

function invalid(field: string, problem: string): OnboardingError {
  return new OnboardingError('CONFIG_INVALID', `${field}: ${problem}`, { details: { field } });
}
