/**
 * What the tenant that owns an app allows its credentials to be: `policies/defaultAppManagementPolicy`. The default
 * restricts nothing. A policy is changed by PATCH or set in a seed, and refuses certificates that live too long and new
 * client secrets. Sources: "tenantAppManagementPolicy resource type"; refusals: public threads (rules.json).
 */
import { isJsonObject, type JsonObject } from '../jwt';
import type { AppManagementPolicy, KeyCredential } from '../model';
import { checkMembers, contextUrl, NO_CONTENT, readJson, refuseCollectionOptions, type Answer, type Call } from './call';
import { badRequest, GraphRefusal, NotModelled } from './refusal';
import { rule } from './rules';
import { project, type Wire } from './select';

const POLICY_ID = '00000000-0000-0000-0000-000000000000';
const DAY_MS = 24 * 3_600_000;
const NONE: AppManagementPolicy = { id: POLICY_ID, isEnabled: false, maxKeyLifetimeDays: null, forbidsPasswords: false };

export function getAppManagementPolicy(call: Call): Answer {
  refuseCollectionOptions(call.query);
  const view = viewPolicy(policyAt(call, call.world.asOf('graph.get')));
  return {
    status: 200,
    body: {
      '@odata.context': contextUrl(call, 'policies/defaultAppManagementPolicy/$entity'),
      ...project(view, call.query.select, 'tenantAppManagementPolicy'),
    },
  };
}

export function updateAppManagementPolicy(call: Call): Answer {
  const body = readJson(call.body);
  checkMembers(body, 'tenantAppManagementPolicy', ['isEnabled', 'applicationRestrictions'], ['id', 'displayName', 'description']);
  const policy = policyAt(call, call.world.now());
  const changed = { ...policy, ...readRestrictions(body.applicationRestrictions), ...('isEnabled' in body ? { isEnabled: body.isEnabled === true } : {}) };
  call.caller.tenant.appManagementPolicies.put(POLICY_ID, changed, call.world.now());
  return NO_CONTENT;
}

/** Refuses a certificate registered for longer than the tenant allows. */
export function requireAllowedKey(call: Call, credential: KeyCredential): void {
  const { isEnabled, maxKeyLifetimeDays } = policyAt(call, call.world.now());
  if (!isEnabled || maxKeyLifetimeDays === null) return;
  const lifetimeMs = Date.parse(credential.endDateTime) - Date.parse(credential.startDateTime);
  if (lifetimeMs <= maxKeyLifetimeDays * DAY_MS) return;
  const message = `Credential lifetime exceeds the max value allowed as per assigned policy '${POLICY_ID}'.`;
  throw new GraphRefusal(rule('G-POLICY-LIFETIME'), 400, 'CredentialInvalidLifetimeAsPerAppPolicy', message, {
    details: [{ code: 'InvalidKeyEndDate', message, target: 'EndDate' }],
  });
}

export function requirePasswordsAllowed(call: Call): void {
  const { isEnabled, forbidsPasswords } = policyAt(call, call.world.now());
  if (!isEnabled || !forbidsPasswords) return;
  const message = `Credential type not allowed as per assigned policy '${POLICY_ID}'.`;
  throw new GraphRefusal(rule('G-POLICY-PASSWORD'), 400, 'CredentialTypeNotAllowedAsPerAppPolicy', message);
}

function policyAt(call: Call, asOfMs: number): AppManagementPolicy {
  return call.caller.tenant.appManagementPolicies.get(POLICY_ID, asOfMs) ?? NONE;
}

function viewPolicy(policy: AppManagementPolicy): Wire {
  const { maxKeyLifetimeDays, forbidsPasswords } = policy;
  const restriction = { state: 'enabled', restrictForAppsCreatedAfterDateTime: null };
  return {
    id: policy.id,
    displayName: 'Default app management tenant policy',
    description: 'Default tenant policy that enforces app management restrictions on applications and service principals.',
    isEnabled: policy.isEnabled,
    applicationRestrictions: {
      passwordCredentials: forbidsPasswords ? [{ restrictionType: 'passwordAddition', maxLifetime: null, ...restriction }] : [],
      keyCredentials:
        maxKeyLifetimeDays === null
          ? []
          : [{ restrictionType: 'asymmetricKeyLifetime', maxLifetime: `P${maxKeyLifetimeDays}D`, certificateBasedApplicationConfigurationIds: [], ...restriction }],
    },
    servicePrincipalRestrictions: { passwordCredentials: [], keyCredentials: [] },
  };
}

function readRestrictions(value: unknown): Partial<AppManagementPolicy> {
  if (value === undefined) return {};
  if (!isJsonObject(value)) throw invalid();
  const keys = readList(value.keyCredentials);
  const passwords = readList(value.passwordCredentials);
  for (const { restrictionType } of keys) if (restrictionType !== 'asymmetricKeyLifetime') throw new NotModelled(`the key restriction ${String(restrictionType)}`);
  for (const { restrictionType } of passwords) if (restrictionType !== 'passwordAddition') throw new NotModelled(`the password restriction ${String(restrictionType)}`);
  return { maxKeyLifetimeDays: keys[0] === undefined ? null : readDays(keys[0].maxLifetime), forbidsPasswords: passwords.length > 0 };
}

function readList(value: unknown): readonly JsonObject[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  throw invalid();
}

function readDays(value: unknown): number {
  const days = typeof value === 'string' ? /^P(\d{1,5})D(?:T0H0M0S)?$/.exec(value)?.[1] : undefined;
  if (days === undefined) throw invalid();
  return Number(days);
}

function invalid() {
  return badRequest('G-ERR-MEMBER', "Invalid value specified for property 'applicationRestrictions' of resource 'TenantAppManagementPolicy'.");
}
